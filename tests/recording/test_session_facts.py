"""Session facts in the table of sessions: set, changed, edited elsewhere, with time zero outside the recording."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import read_changes
from neurofeedback.recording.facts.session_facts import (
    SessionFacts,
    read_facts,
    sessions_table,
    update_facts,
    write_facts,
)
from neurofeedback.recording.facts.time_zero import parse_clock, time_zero_facts
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_notes import SessionNotes, read_notes, write_notes
from neurofeedback.recording.session_writer import SessionWriter
from neurofeedback.types import Chunk, StreamInfo
from tests.bids import bids_errors
from tests.recording.test_forms import START

LABEL = START.strftime("%Y%m%dT%H%M%S")


@pytest.fixture
def writer(tmp_path: Path) -> SessionWriter:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    writer = SessionWriter(tmp_path, SessionHeader("07", stream, "", StartState(), (), START), sync=lambda _: None)
    writer.process_chunk(Chunk(0, np.ones((4, 256), np.float32)))
    writer.close(SessionSummary(duration_s=600.0))
    return writer


def test_a_session_tagged_twice_leaves_both_values_in_the_log(writer: SessionWriter, tmp_path: Path) -> None:
    assert write_facts(tmp_path, "07", LABEL, SessionFacts(condition="pre", eyes="closed"), by="nurse") == ()
    facts, notices = update_facts(tmp_path, "07", LABEL, {"condition": "during"}, by="Dr. Roe", why="wrong one")
    assert facts == SessionFacts(condition="during", eyes="closed") == read_facts(tmp_path, "07", LABEL)
    assert "was pre and is during now" in notices[0]
    changes = [c for c in read_changes(tmp_path).changes if c.what == "facts"]
    assert (changes[-1].by, changes[-1].why) == ("Dr. Roe", "wrong one")
    assert (changes[-1].before, changes[-1].after) == ('{"condition": "pre"}', '{"condition": "during"}')
    assert write_facts(tmp_path, "07", LABEL, facts) == (), "the same again changes nothing"
    assert bids_errors(tmp_path) == []


def test_notes_and_facts_agree_in_both_directions(writer: SessionWriter, tmp_path: Path) -> None:
    write_notes(writer.files, SessionNotes(note="calm", condition="during", substance="ketamine", minutes_since=12.5))
    facts = read_facts(tmp_path, "07", LABEL)
    assert facts == SessionFacts(condition="during", substance="ketamine", minutes_from_anchor=12.5)
    update_facts(tmp_path, "07", LABEL, {"dose": "35 mg"})
    notes = read_notes(writer.files)
    assert (notes.note, notes.dose, notes.under_substance) == ("calm", "35 mg", True)
    assert "condition" not in writer.files.derived_file("after.json").read_text()


@pytest.mark.parametrize(
    ("facts", "counts"),
    [
        (SessionFacts(condition="home"), True),
        (SessionFacts(condition="pre"), True),
        (SessionFacts(condition="home", substance="ketamine"), False),
        (SessionFacts(condition="during"), False),
    ],
)
def test_the_substance_decides_what_counts_for_baseline_and_decoder(facts: SessionFacts, counts: bool) -> None:
    assert facts.under_substance is not counts


@pytest.mark.parametrize(
    ("text", "minutes", "sentence"),
    [
        ("08:30", 30.0, "30 minutes before the recording"),
        ("9:05", -5.0, ""),
        ("10:00", -60.0, "50.0 minutes after the recording ended"),
    ],
)
def test_time_zero_outside_the_recording_is_reported(
    text: str, minutes: float, sentence: str, writer: SessionWriter, tmp_path: Path
) -> None:
    _, measured, notice = time_zero_facts(tmp_path, "07", LABEL, text)
    assert measured == minutes
    assert sentence in notice
    assert bool(notice) == bool(sentence)


def test_a_clock_time_means_the_nearest_day() -> None:
    near = START.replace(hour=0, minute=10)
    assert parse_clock("23:55", near) < near
    assert parse_clock("0:20", near) > near
    with pytest.raises(RecordingError, match="ISO 8601"):
        parse_clock("25:99", near)


def test_a_table_from_a_spreadsheet_is_read_and_its_columns_stay(writer: SessionWriter, tmp_path: Path) -> None:
    write_facts(tmp_path, "07", LABEL, SessionFacts(condition="pre"))
    path = sessions_table(tmp_path, "07")
    header, row = path.read_text().splitlines()
    path.write_bytes(f"\ufeff{header}\tweather\r\n{row.replace('pre', 'home')}\train\r\n".encode())
    assert read_facts(tmp_path, "07", LABEL) == SessionFacts(condition="home")
    _, notices = update_facts(tmp_path, "07", LABEL, {"eyes": "open"})
    assert "edited outside" in notices[0]
    assert "rain" in path.read_text()
    (copy,) = (tmp_path / "sourcedata" / "edited").iterdir()
    assert "home" in copy.read_text()


def test_quotes_of_a_spreadsheet_are_removed_and_own_ones_stay(writer: SessionWriter, tmp_path: Path) -> None:
    write_facts(tmp_path, "07", LABEL, SessionFacts(condition="pre", note='"calm", then "busy"', dose='"35"'))
    path = sessions_table(tmp_path, "07")
    facts = read_facts(tmp_path, "07", LABEL)
    assert facts is not None
    assert (facts.note, facts.dose) == ('"calm", then "busy"', '"35"')
    quoted = path.read_text().replace("\tpre\t", '\t"pre ""1"""\t').replace("session_id", '"session_id"')
    path.write_text(quoted + "\n" + "\t\n")
    facts = read_facts(tmp_path, "07", LABEL)
    assert facts is not None
    assert (facts.condition, facts.dose) == ('pre "1"', '"35"')


def test_a_damaged_description_is_written_again(writer: SessionWriter, tmp_path: Path) -> None:
    write_facts(tmp_path, "07", LABEL, SessionFacts(condition="pre"))
    sidecar = sessions_table(tmp_path, "07").with_suffix(".json")
    sidecar.write_text("[1]")
    write_facts(tmp_path, "07", LABEL, SessionFacts(condition="home"))
    assert "condition" in json.loads(sidecar.read_text())


def test_a_damaged_cell_or_table_is_named(writer: SessionWriter, tmp_path: Path) -> None:
    write_facts(tmp_path, "07", LABEL, SessionFacts(condition="pre", minutes_from_anchor=3))
    path = sessions_table(tmp_path, "07")
    path.write_text(path.read_text().replace("\t3\t", "\tsoon\t"))
    with pytest.raises(RecordingError, match="soon"):
        read_facts(tmp_path, "07", LABEL)
    path.write_text("nothing\n")
    with pytest.raises(RecordingError, match="no table of sessions"):
        read_facts(tmp_path, "07", LABEL)


def test_facts_are_set_and_shown_in_the_terminal(writer: SessionWriter, tmp_path: Path) -> None:
    facts = ["--condition", "during", "--substance", "ketamine", "--dose", "35 mg", "--route", "iv"]
    where = ["--recordings", str(tmp_path)]
    result = CliRunner().invoke(app, ["session", "set", LABEL, *facts, "--time-zero", "9:05", *where])
    assert result.exit_code == 0, result.output
    shown = CliRunner().invoke(app, ["session", "show", LABEL, *where]).stdout
    assert "condition during" in shown
    assert "minutes_from_anchor -5, substance ketamine, dose 35 mg, route iv" in shown


def test_answers_and_facts_in_a_notebook(writer: SessionWriter, tmp_path: Path) -> None:
    import neurofeedback as nf

    saved = nf.save_answers(tmp_path, "07", "mood", {"mood": 4}, session=LABEL, asked_at=START)
    table = nf.read_answers(tmp_path, "07")
    assert (table["item"].tolist(), table["value"].tolist(), table["entry"].tolist()) == (["mood"], [4], [saved.hash])
    assert nf.set_session_facts(tmp_path, "07", LABEL, condition="pre") == ()
    assert nf.read_session_facts(tmp_path, "07", LABEL) == SessionFacts(condition="pre")
    with pytest.raises(SettingsError, match="no such fact"):
        nf.set_session_facts(tmp_path, "07", LABEL, weather="rain")
    nf.set_session_facts(tmp_path, "07", LABEL, minutes_from_anchor=5)
    for wrong in ({"minutes_from_anchor": "soon"}, {"dose": 35}):
        with pytest.raises(SettingsError, match="invalid value"):
            nf.set_session_facts(tmp_path, "07", LABEL, **wrong)  # type: ignore[arg-type]
