"""Entries of an attendant: read back, never guessed, and anything unusual reported and logged."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import SettingsError
from neurofeedback.recording.events import read_events
from neurofeedback.recording.facts import entries
from neurofeedback.recording.facts.changes import change_log_path, read_changes
from neurofeedback.recording.facts.entries import (
    dose_ends,
    find_entry,
    minutes_since_dose,
    open_doses,
    read_entries,
    save_entry,
)
from neurofeedback.recording.facts.entry_models import AdverseEvent, AnyEntry, AttendantNote, DoseEnd, Medicine
from neurofeedback.recording.facts.entry_parsing import parse_dose, parse_vitals
from neurofeedback.recording.facts.merge_entries import merge_into_recordings
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionWriter
from neurofeedback.storage.hash_chain import append_entry, read_chain
from neurofeedback.types import EventKind, StreamInfo
from neurofeedback.verification.check_facts import check_record, check_session_facts
from neurofeedback.verification.check_result import CheckStatus
from tests.recording.test_forms import START, wrong
from tests.recording.test_session_facts import writer  # noqa: F401 - a fixture

DOSE = parse_dose("35 mg over 40 min", "ketamine", "iv")


def enter(root: Path, entry: AnyEntry, minutes: float = 0) -> tuple[str, ...]:
    return save_entry(root, "07", entry, at=START + timedelta(minutes=minutes), by="nurse")[1]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("120/80", (120, 80, None, None)),
        ("BP 120/80, HR 64, SpO2 97%", (120, 80, 64, 97)),
        ("pulse 64 sat 98", (None, None, 64, 98)),
    ],
)
def test_vital_signs_are_read_into_columns(text: str, values: tuple[int | None, ...]) -> None:
    found = parse_vitals(text)
    assert (found.systolic, found.diastolic, found.pulse, found.spo2) == values
    assert found.text == text


@pytest.mark.parametrize("text", ["", "fine", "80/120", "120/80 64", "1200/80", "spo2 9", "pulse 64 or 70", "bp 120"])
def test_vital_signs_that_cannot_be_read_are_never_guessed(text: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        parse_vitals(text)


@pytest.mark.parametrize(("text", "route"), [("some", "iv"), ("35 mg", "by mouth"), ("0 mg", "iv")])
def test_a_dose_that_cannot_be_read_is_refused(text: str, route: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        parse_dose(text, "ketamine", route)


@pytest.mark.parametrize(
    ("text", "mg", "mg_per_kg"),
    [
        ("35 mg over 40 min", 35, None),
        ("0,5 mg/kg", None, 0.5),
        ("0.5 mg/kg (35,5 mg) over 40 min", 35.5, 0.5),
        ("28MG", 28, None),
    ],
)
def test_a_dose_is_read_with_a_point_or_a_comma(text: str, mg: float | None, mg_per_kg: float | None) -> None:
    found = parse_dose(text, "ketamine", "iv")
    assert (found.mg, found.mg_per_kg, found.text) == (mg, mg_per_kg, text)


@pytest.mark.parametrize(
    "text",
    [
        ".5 mg/kg",
        "0,500 mg/kg",
        "1,500 mg",
        "1 500 mg",
        "2 x 28 mg",
        "10 + 25 mg",
        "25 & 10 mg",
        "5e1 mg",
        "half of 50 mg",
        "500 mcg and 5 mg",
        "50 mg bolus then 10 ug",
        "50mg in 100ml",
        "28 mg x2",
        "28 mg twice",
        "20 mg then 15 mg",
        "20-30 mg",
        "20 to 30 mg",
        "1/2 mg",
        "50 mg/ml 0.7 ml",
        "0.5 mg/kg/h",
        "0.5 mg per kg",
        "0.5 mg/kg and mg",
    ],
)
def test_a_dose_that_can_be_read_in_two_ways_is_never_guessed(text: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        parse_dose(text, "ketamine", "iv")


def test_two_infusions_in_a_day_and_one_without_an_end_are_reported_and_both_stay(tmp_path: Path) -> None:
    assert enter(tmp_path, DOSE) == ()
    notices = enter(tmp_path, DOSE, 180)
    assert len(notices) == 2
    assert "second dose on the same day" in notices[0]
    assert "no end entered" in notices[1]
    enter(tmp_path, DoseEnd(), 220)
    found = read_entries(tmp_path, "07")
    assert [one.at for one in open_doses(found)] == [START]
    assert minutes_since_dose(found, START + timedelta(minutes=200)) == 20.0
    assert [one.why for one in read_changes(tmp_path).changes if one.kind == "notice"] == list(notices)


@pytest.mark.parametrize(
    ("entry", "minutes", "sentence"),
    [
        (DOSE, -1440, "before the last one"),
        (DoseEnd(), -5, "no open infusion"),
        (AttendantNote(text="asleep"), 0.5, "within a minute"),
        (AdverseEvent(term="nausea", how_bad="severe", serious=True), 9, "this program reports to nobody"),
    ],
)
def test_unusual_entries_are_reported(entry: AnyEntry, minutes: float, sentence: str, tmp_path: Path) -> None:
    enter(tmp_path, DOSE)
    enter(tmp_path, AttendantNote(text="calm"))
    assert sentence in " ".join(enter(tmp_path, entry, minutes))
    assert len(read_entries(tmp_path, "07")) == 3


def test_an_entry_in_the_future_and_one_of_another_computer_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now().astimezone()
    _, notices = save_entry(tmp_path, "07", AttendantNote(text="a"), at=now + timedelta(hours=1))
    assert "in the future" in notices[0]
    with monkeypatch.context() as patch:
        patch.setattr(entries, "machine_code", lambda: "other")
        _, notices = save_entry(tmp_path, "07", AttendantNote(text="b"), at=now)
        assert "another computer" in notices[0]
        save_entry(tmp_path, "07", AttendantNote(text="c"), at=now, clock_offset_s=-95)
    newest = read_entries(tmp_path, "07")[0]
    assert (newest.line.clock_offset_s, newest.at) == (-95, (now - timedelta(seconds=95)).replace(microsecond=0))


def test_a_clock_that_is_behind_that_of_the_other_computer_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, DOSE)
    earlier = (datetime.now().astimezone() - timedelta(days=365)).isoformat(timespec="seconds")
    monkeypatch.setattr(entries, "machine_code", lambda: "other")
    monkeypatch.setattr(entries, "now_text", lambda: earlier)
    notices = save_entry(tmp_path, "07", AttendantNote(text="b"), at=START)[1]
    assert any("clock is ahead" in notice for notice in notices)


def test_a_correction_replaces_an_entry_in_the_list_and_not_in_the_record(tmp_path: Path) -> None:
    first, _ = save_entry(tmp_path, "07", DOSE, at=START)
    save_entry(tmp_path, "07", parse_dose("30 mg", "ketamine", "iv"), at=START, supersedes=first[:9], reason="typo")
    (left,) = read_entries(tmp_path, "07")
    assert left.line.entry.model_dump()["mg"] == 30
    assert len(read_entries(tmp_path, "07", corrected=True)) == 2
    assert wrong(tmp_path) == {}


def test_a_correction_without_a_time_happened_when_the_corrected_entry_did(tmp_path: Path) -> None:
    first, _ = save_entry(tmp_path, "07", DOSE, at=START)
    dose = parse_dose("30 mg", "ketamine", "iv")
    second, _ = save_entry(tmp_path, "07", dose, supersedes=first, clock_offset_s=-95)
    assert [one.at for one in read_entries(tmp_path, "07")] == [START]
    save_entry(tmp_path, "07", dose, supersedes=second, at=START + timedelta(minutes=5))
    assert [one.at for one in read_entries(tmp_path, "07")] == [START + timedelta(minutes=5)]


def test_an_entry_is_corrected_once_and_named_exactly(tmp_path: Path) -> None:
    first, _ = save_entry(tmp_path, "07", DOSE, at=START)
    second, _ = save_entry(tmp_path, "07", DOSE, supersedes=first)
    with pytest.raises(SettingsError, match=f"corrected already.*{second[:12]}"):
        save_entry(tmp_path, "07", DOSE, supersedes=first)
    with pytest.raises(SettingsError, match="no such entry"):
        save_entry(tmp_path, "07", DOSE, supersedes="xyz")
    with pytest.raises(SettingsError, match="more than one entry"):
        find_entry(tmp_path, "07", "")
    assert len(read_entries(tmp_path, "07")) == 1


def test_an_entry_that_cannot_be_logged_is_saved_once(tmp_path: Path) -> None:
    enter(tmp_path, DOSE)
    path = change_log_path(tmp_path)
    path.unlink()
    path.mkdir()
    notices = enter(tmp_path, DOSE, 0.5)
    assert "do not enter it again" in notices[0]
    assert len(read_entries(tmp_path, "07")) == 2


def test_an_end_is_that_of_the_infusion_and_not_of_a_later_oral_dose(tmp_path: Path) -> None:
    enter(tmp_path, DOSE)
    enter(tmp_path, parse_dose("5 mg", "midazolam", "oral"), 20)
    enter(tmp_path, DoseEnd(), 40)
    ((start, end),) = dose_ends(read_entries(tmp_path, "07"))
    assert (start.at, end.at if end else None) == (START, START + timedelta(minutes=40))


def test_verify_finds_a_changed_entry(tmp_path: Path) -> None:
    enter(tmp_path, DOSE)
    path = entries.entries_path(tmp_path, "07")
    path.write_text(path.read_text().replace("35.0", "70.0"))
    assert "line 1 was changed" in wrong(tmp_path)["record"]
    path.unlink()
    assert "was removed" in wrong(tmp_path)["record"]


def test_entries_become_events_of_the_recording_that_covers_them(writer: SessionWriter, tmp_path: Path) -> None:  # noqa: F811
    enter(tmp_path, DOSE, -0.5)
    enter(tmp_path, parse_vitals("128/84 pulse 71"), 0.01)
    enter(tmp_path, AttendantNote(text="after the recording"), 20)
    assert merge_into_recordings(tmp_path, "07", START) == ([writer.files.stem], ())
    assert merge_into_recordings(tmp_path, "07", START) == ([], ()), "nothing is added twice"
    _, events = read_events(writer.files.eeg_file("events.tsv"))
    (event,) = [event for event in events if event.kind is EventKind.ENTRY]
    value = json.loads(event.value)
    assert (value["kind"], value["systolic"], value["minutes_from_dose"]) == ("vitals", 128, 0.5)
    assert {result.status for result in check_session_facts(writer.files)} == {CheckStatus.OK}
    path = writer.files.eeg_file("events.tsv")
    path.write_text(path.read_text().replace("128", "118"))
    assert [result.item for result in check_session_facts(writer.files) if result.status is CheckStatus.WRONG] == [
        "events"
    ]
    assert {result.status for result in check_record(tmp_path)} == {CheckStatus.OK}


def entry_values(writer: SessionWriter) -> list[dict[str, object]]:  # noqa: F811
    _, events = read_events(writer.files.eeg_file("events.tsv"))
    return [json.loads(event.value) for event in events if event.kind is EventKind.ENTRY]


def test_a_late_dose_or_a_correction_replaces_rows_of_events(writer: SessionWriter, tmp_path: Path) -> None:  # noqa: F811
    first, _ = save_entry(tmp_path, "07", parse_vitals("128/84"), at=START + timedelta(seconds=0.6))
    merge_into_recordings(tmp_path, "07", START)
    assert [value.get("minutes_from_dose") for value in entry_values(writer)] == [None]
    enter(tmp_path, DOSE, -10)
    merge_into_recordings(tmp_path, "07", START - timedelta(minutes=10))
    assert [value["minutes_from_dose"] for value in entry_values(writer)] == [10.0]
    save_entry(tmp_path, "07", parse_vitals("118/84"), supersedes=first)
    merge_into_recordings(tmp_path, "07", START)
    assert [value["systolic"] for value in entry_values(writer)] == [118]
    assert {result.status for result in check_session_facts(writer.files)} == {CheckStatus.OK}


def test_a_correction_to_another_day_leaves_no_row_and_damage_is_only_reported(
    writer: SessionWriter,  # noqa: F811
    tmp_path: Path,
) -> None:
    first, _ = save_entry(tmp_path, "07", DOSE, at=START)
    merge_into_recordings(tmp_path, "07", START)
    assert len(entry_values(writer)) == 1
    where = ["--recordings", str(tmp_path), "--yes", "--correct", first, "--reason", "day"]
    arguments = ["course", "log", "07", "dose", "35 mg", "--at", "2026-11-09T09:00", *where]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert entry_values(writer) == []
    writer.files.derived_file("start.json").write_text("{")
    done = CliRunner().invoke(app, ["course", "log", "07", "note", "calm", "--recordings", str(tmp_path), "--yes"])
    assert done.exit_code == 0, done.output
    assert "was not added to the events" in done.stdout


def test_entries_made_during_a_session_that_was_killed_are_among_its_events(
    writer: SessionWriter,  # noqa: F811
    tmp_path: Path,
) -> None:
    enter(tmp_path, parse_vitals("128/84"), 0.01)
    writer.files.derived_file("summary.json").unlink()  # as a kill leaves it
    assert recover_sessions(tmp_path) == [writer.files.derived]
    assert [value["systolic"] for value in entry_values(writer)] == [128]
    assert {result.status for result in check_session_facts(writer.files)} == {CheckStatus.OK}


def test_the_next_entry_completes_what_a_kill_left_out_of_the_events(writer: SessionWriter, tmp_path: Path) -> None:  # noqa: F811
    enter(tmp_path, parse_vitals("128/84"), 0.01)  # killed before it was among the events
    enter(tmp_path, AttendantNote(text="slept"), 600)
    merge_into_recordings(tmp_path, "07", START + timedelta(minutes=600))
    assert [value["systolic"] for value in entry_values(writer)] == [128]


def test_a_line_with_fields_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    enter(tmp_path, Medicine(name="lorazepam 1 mg"))
    ((_, line),) = read_chain(entries.entries_path(tmp_path, "07")).content
    old: dict[str, JsonValue] = {"kind": "medicine", "name": "lorazepam 1 mg", "dose": "", "change": ""}
    append_entry(entries.entries_path(tmp_path, "07"), {**line, "entry": old})
    assert [one.line.entry for one in read_entries(tmp_path, "07")] == 2 * [Medicine(name="lorazepam 1 mg")]


@pytest.mark.parametrize("kind", ["end", "ready"])
def test_text_that_an_entry_cannot_hold_is_refused(kind: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["course", "log", "07", kind, "14:45", "--recordings", str(tmp_path), "--yes"])
    assert isinstance(done.exception, SettingsError)
    assert "--at 14:45" in str(done.exception)
    assert read_entries(tmp_path, "07") == []


def test_a_correction_in_the_terminal_stays_at_the_time_of_the_entry(tmp_path: Path) -> None:
    first, _ = save_entry(tmp_path, "07", DOSE, at=START)
    where = ["--recordings", str(tmp_path), "--yes", "--correct"]
    assert CliRunner().invoke(app, ["course", "log", "07", "dose", "30 mg", *where, first]).exit_code == 0
    (left,) = read_entries(tmp_path, "07")
    assert left.at == START
    moved = CliRunner().invoke(app, ["course", "log", "07", "dose", "30 mg", *where, left.hash, "--at", "09:20"])
    assert moved.exit_code == 0, moved.output
    assert [one.at for one in read_entries(tmp_path, "07")] == [START + timedelta(minutes=20)]


def test_a_running_session_is_left_alone(tmp_path: Path) -> None:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7"), montage="muse")
    running = SessionWriter(tmp_path, SessionHeader("07", stream, "", StartState(), (), START), sync=lambda _: None)
    enter(tmp_path, DOSE)
    assert merge_into_recordings(tmp_path, "07", START) == ([], ())
    running.close()


def test_an_attendant_enters_in_the_terminal(tmp_path: Path) -> None:
    where = ["--recordings", str(tmp_path), "--by", "nurse", "--yes"]
    first = CliRunner().invoke(app, ["course", "log", "07", "dose", "35 mg", "--at", "2026-11-01T14:02", *where])
    assert first.exit_code == 0, first.output
    assert "no alarms" in first.stderr
    done = CliRunner().invoke(app, ["course", "log", "07", "vitals", "130/85", "--at", "2026-11-01T14:42", *where])
    assert "systolic 130 diastolic 85" in done.stdout
    assert "40 min from the dose" in done.stdout
    refused = CliRunner().invoke(app, ["course", "log", "07", "vitals", "quite high", *where])
    assert isinstance(refused.exception, SettingsError)
    shown = CliRunner().invoke(app, ["course", "show", "07", "--recordings", str(tmp_path)]).stdout.splitlines()
    assert [line.split("  ")[2].split()[0] for line in shown] == ["dose", "vitals"]
