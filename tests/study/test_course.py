"""Courses: plan, due list, freezing, withdrawal without a trace, and pseudonymized export."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.analysis.course.course_plan import CourseData, due_items, home_weeks, read_course_data, todays_items
from neurofeedback.analysis.history import PastSession, past_sessions
from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import change_log_path
from neurofeedback.recording.facts.course_file import (
    changed_since_frozen,
    check_course,
    course_path,
    freeze_course,
    is_frozen,
    new_course,
    read_course,
)
from neurofeedback.recording.facts.entries import read_entries, save_entry
from neurofeedback.recording.facts.entry_models import Consent, DoseEnd, ReadyToLeave
from neurofeedback.recording.facts.entry_parsing import parse_dose, parse_vitals
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.recording.facts.session_facts import SessionFacts, write_facts
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.recording.session_writer import SessionWriter
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.course import Course
from neurofeedback.settings.load import available, load_course, load_questionnaire, save_contacts
from neurofeedback.storage.bin import move_to_bin
from neurofeedback.study.privacy.pseudonymize import export_pseudonymized
from neurofeedback.study.privacy.withdraw import withdraw_participant
from neurofeedback.types import Chunk, StreamInfo
from neurofeedback.ui.app_state import AppState, save_state, state_path
from tests.recording.test_forms import ITEM_9, PHQ9, START, write_old_tables, wrong
from tests.recording.test_session_facts import LABEL

CONTACTS = ClinicContacts(clinic="Ward 3", emergency="112", crisis_line="555 0199")
DOSE = parse_dose("35 mg", "ketamine", "iv")
DOSE_AT = START.replace(hour=14, minute=10)


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    return home


def planned(root: Path, template: str = "infusion") -> Course:
    new_course(root, "07", template, f"{START:%Y-%m-%d}")
    course = read_course(root, "07")
    assert course is not None
    return course


@pytest.mark.parametrize("name", ["esketamine", "infusion", "meditation"])
def test_shipped_courses_are_complete_and_ask_only_forms_that_exist(name: str) -> None:
    course = load_course(name)
    assert {planned.form for planned in course.forms} <= set(available("questionnaires"))
    days = [planned.day for planned in course.forms if planned.form == "phq9"]
    assert days in ([0, 14, 28], []), "a PHQ-9 asks of two weeks"


def test_a_course_is_never_overwritten_and_cannot_be_frozen_without_contacts(tmp_path: Path) -> None:
    course = planned(tmp_path)
    text = course_path(tmp_path, "07").read_text()
    with pytest.raises(SettingsError, match="already"):
        new_course(tmp_path, "07", "meditation", "2026-11-01")
    assert course_path(tmp_path, "07").read_text() == text
    assert any("contacts are missing" in line for line in check_course(course))
    with pytest.raises(SettingsError, match="no contacts of a clinic"):
        freeze_course(tmp_path, "07")


def test_a_frozen_course_that_is_changed_is_noticed(tmp_path: Path) -> None:
    save_contacts(CONTACTS)
    assert planned(tmp_path).contacts == CONTACTS
    freeze_course(tmp_path, "07")
    assert is_frozen(tmp_path, "07")
    path = course_path(tmp_path, "07")
    path.write_text(path.read_text().replace("per_week = 5", "per_week = 2"))
    assert not is_frozen(tmp_path, "07")
    with pytest.raises(RecordingError, match="changed after it was frozen"):
        freeze_course(tmp_path, "07")
    path.unlink()
    assert not is_frozen(tmp_path, "07")


def test_a_form_that_changed_after_the_course_was_frozen_is_named(tmp_path: Path) -> None:
    save_contacts(CONTACTS)
    planned(tmp_path)
    lock = freeze_course(tmp_path, "07")
    before = lock.read_text()
    assert freeze_course(tmp_path, "07").read_text() == before, "a lock that holds is left as it is"
    sha256 = json.loads(before)["forms_sha256"]["phq9"]
    lock.write_text(before.replace(sha256, "0" * 64))
    assert not is_frozen(tmp_path, "07")
    assert changed_since_frozen(tmp_path, "07") == ["form phq9"]
    shown = CliRunner().invoke(app, ["course", "next", "07", "--recordings", str(tmp_path)])
    assert "changed after it was frozen: form phq9" in shown.stdout


def test_a_course_belongs_to_the_person_of_its_file(tmp_path: Path) -> None:
    planned(tmp_path)
    path = course_path(tmp_path, "07")
    path.write_text(path.read_text().replace('participant = "07"', 'participant = "08"'))
    course = read_course(tmp_path, "sub-07")
    assert course is not None
    assert course.participant == "07"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be changed here")
def test_days_are_those_of_the_calendar_when_the_clocks_change(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        course = load_course("meditation").model_copy(update={"participant": "07", "start": "2026-03-23"})
        data = CourseData(course, (), (), ())
        weeks = home_weeks(data)
        forms = [item.at for item in due_items(data, course.first_day) if item.kind == "form"]
        shown = [f"{week.start:%d %H:%M}-{week.end:%d %H:%M}" for week in weeks]
    time.tzset()
    assert shown[:2] == ["23 00:00-30 00:00", "30 00:00-06 00:00"]
    assert {f"{at:%H:%M}" for at in forms} == {"12:00"}


def test_a_template_has_no_due_list() -> None:
    assert due_items(CourseData(load_course("infusion"), (), (), ()), START) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('[[recordings]]\ndose = "x"', "there is no dose x"),
        ('start = "1 May"', "start"),
        ("days = 0", "days"),
        ('[[doses]]\nname = "a"\nday = 1\nsubstance = "k"\ntime = "25:00"', "time"),
    ],
)
def test_mistakes_in_a_course_are_named(change: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'title = "Own"\n{change}\n')
    with pytest.raises(SettingsError, match=message):
        load_course(str(path))


def test_unusual_plans_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    doses = "".join(f'[[doses]]\nname = "d{n}"\nday = {day}\nsubstance = "k"\n' for n, day in enumerate((3, 1, 1)))
    path.write_text(f'title = "Own"\ndays = 5\n{doses}[[forms]]\nform = "phq9"\nday = 9\n')
    notices = " ".join(check_course(load_course(str(path))))
    for part in ("no first day", "not in order", "Two doses are planned on day 1", "phq9 on day 9 is after the end"):
        assert part in notices


def states(data: CourseData, now: datetime) -> dict[str, str]:
    return {f"{item.kind} {item.at:%d %H:%M}": item.state for item in due_items(data, now)}


def test_the_due_list_follows_the_dose_that_was_given(tmp_path: Path) -> None:
    course = planned(tmp_path)
    before = states(read_course_data(tmp_path, course), DOSE_AT - timedelta(days=2))
    assert set(before.values()) == {"later"}
    save_entry(tmp_path, "07", DOSE, at=DOSE_AT)
    save_entry(tmp_path, "07", parse_vitals("140/90"), at=DOSE_AT + timedelta(minutes=45))
    save_answers(tmp_path, PHQ9, ITEM_9, participant="07", asked_at=START)
    now = DOSE_AT + timedelta(minutes=100)
    found = states(read_course_data(tmp_path, course), now)
    assert found["dose 01 14:10"] == "done"
    assert found["vitals 01 14:05"] == "missed"
    assert found["vitals 01 14:50"] == "done"
    assert found["vitals 01 16:10"] == "later"
    assert found["dose_end 01 14:10"] == "due", "an infusion without an end"
    assert found["form 01 15:30"] == "due", "own items 80 min after the dose, not after the plan"
    assert found["form 01 12:00"] in {"done", "due"}
    assert found["form 15 12:00"] == "later"
    save_entry(tmp_path, "07", DoseEnd(), at=DOSE_AT + timedelta(minutes=40))
    save_entry(tmp_path, "07", ReadyToLeave(escort="sister", told_not_to_drive=True), at=DOSE_AT + timedelta(hours=2))
    found = states(read_course_data(tmp_path, course), now + timedelta(hours=1))
    assert "dose_end 01 14:10" not in found
    assert found["ready 01 16:10"] == "done"
    (dose, *_, leaving) = read_entries(tmp_path, "07")
    save_entry(tmp_path, "07", leaving.line.entry, at=dose.at + timedelta(days=3), supersedes=leaving.hash)
    found = states(read_course_data(tmp_path, course), now + timedelta(hours=1))
    assert found["ready 01 16:10"] == "due", "another day"
    assert todays_items(due_items(read_course_data(tmp_path, course), now), now)


def test_only_practice_counts_for_the_home_plan() -> None:
    course = load_course("meditation").model_copy(update={"participant": "07", "start": "2026-11-01"})
    sessions = tuple(
        PastSession(f"sub-07_ses-{n}", (START + timedelta(days=day)).isoformat(), "x", practice_s=practice)
        for n, (day, practice) in enumerate([(0, 600.0), (1, 600.0), (1, None), (8, 600.0)])
    )
    weeks = home_weeks(CourseData(course, (), (), sessions))
    assert [(week.planned, week.done) for week in weeks] == [(5, 2), (5, 1), (5, 0), (5, 0)]


def test_the_due_list_begins_with_an_answer_that_nobody_acknowledged(tmp_path: Path) -> None:
    planned(tmp_path)
    save_answers(tmp_path, PHQ9, ITEM_9, participant="07", asked_at=START)
    result = CliRunner().invoke(app, ["course", "next", "07", "--recordings", str(tmp_path), "--all"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("! Not yet acknowledged: sub-07 answered 1")
    assert "Ketamine without supervision, at home, is a risk" in result.stdout


# Leaving


def fill(root: Path, label: str) -> None:
    """Store data of every kind about a person."""
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    other = SessionWriter(root, SessionHeader(label, stream, "", StartState(), (), START), sync=lambda _: None)
    other.process_chunk(Chunk(0, np.ones((4, 256), np.float32)))
    other.close()
    write_notes(other.files, SessionNotes(note="slept badly", condition="pre"))
    write_facts(root, label, LABEL, SessionFacts(condition="during", substance="ketamine"))
    new_course(root, label, "infusion", f"{START:%Y-%m-%d}")
    save_entry(root, label, Consent(version="2"), at=START)
    save_entry(root, label, DOSE, at=START)
    save_answers(root, load_questionnaire("mood"), {"mood": 3}, participant=label, asked_at=START)
    save_answers(root, PHQ9, ITEM_9, participant=label, asked_at=START + timedelta(days=14))
    table = next((root / f"sub-{label}").rglob("*_task-mood_beh.tsv"))
    table.write_text(table.read_text() + "edited\n")
    save_answers(root, load_questionnaire("mood"), {"mood": 4}, participant=label, asked_at=START)
    past_sessions(root, label)
    binned = root / f"sub-{label}" / "ses-20261102T090000"
    binned.mkdir()
    (binned / "sub.txt").write_text(f"sub-{label}")
    move_to_bin(root, f"sub-{label}_{binned.name}", (binned,), root / "none.lock")
    save_state(state_path(), AppState(participant=label))


def traces(folder: Path, label: str) -> list[str]:
    """Return the paths below a folder that hold a label in their name or content."""
    words = (f"sub-{label}".encode(), f'"{label}"'.encode())
    return [
        str(path)
        for path in folder.rglob("*")
        if f"sub-{label}" in path.name or (path.is_file() and any(word in path.read_bytes() for word in words))
    ]


@pytest.mark.parametrize("move", [False, True])
def test_withdrawing_leaves_no_trace_outside_the_receipt(move: bool, own_settings: Path) -> None:
    root = own_settings / "recordings"
    fill(root, "Anna77")
    fill(root, "Anna7")
    assert len(traces(own_settings, "Anna7")) > 15
    others = len(traces(own_settings, "Anna77"))
    done = withdraw_participant(root, "Anna7", move=move, by="Dr. Roe", why="asked to")
    assert done.n_files > 15
    assert done.receipt.exists()
    left = [path for path in traces(own_settings, "Anna7") if "sub-Anna77" not in Path(path).name]
    left = [
        path
        for path in left
        if "/withdrawn/" not in path and b"Anna7" in Path(path).read_bytes().replace(b"Anna77", b"")
    ]
    assert left == []
    assert len(traces(own_settings, "Anna77")) >= others - 1, "the cache may go"
    assert wrong(root) == {}
    with pytest.raises(RecordingError, match="no data"):
        withdraw_participant(root, "Anna7")


def test_withdrawal_removes_tables_of_an_earlier_version_and_incomplete_lines(tmp_path: Path) -> None:
    write_old_tables(tmp_path)
    table = tmp_path / "phenotype" / "phq9_after.tsv"
    table.write_text(table.read_text() + table.read_text().splitlines()[-1].replace("sub-07", "sub-08") + "\n")
    with pytest.raises(RecordingError, match="have no dates"):
        withdraw_participant(tmp_path, "07", since=START.date())
    save_answers(tmp_path, PHQ9, ITEM_9, participant="07", asked_at=START)
    log = change_log_path(tmp_path)
    log.with_name("changes.jsonl.incomplete").write_text('{"data":{"participant":"sub-07","why":"x\n')
    withdraw_participant(tmp_path, "07")
    assert traces(tmp_path, "07") == []
    assert "sub-08" in table.read_text()


def test_withdrawal_from_a_day_on_leaves_what_was_before(tmp_path: Path) -> None:
    fill(tmp_path, "07")
    withdraw_participant(tmp_path, "07", since=START.date() + timedelta(days=1))
    assert (tmp_path / "sub-07" / f"ses-{LABEL}").is_dir()
    assert not list(tmp_path.rglob("*_task-phq9_beh.tsv"))
    assert list(tmp_path.rglob("*_task-mood_beh.tsv"))


def test_withdrawal_while_a_session_runs_is_refused(tmp_path: Path) -> None:
    stream = StreamInfo("muse-2", 256.0, ("TP9", "AF7"), montage="muse")
    running = SessionWriter(tmp_path, SessionHeader("07", stream, "", StartState(), (), START), sync=lambda _: None)
    save_entry(tmp_path, "07", DOSE, at=START)
    with pytest.raises(RecordingError, match="being recorded right now"):
        withdraw_participant(tmp_path, "07")
    running.close()
    assert withdraw_participant(tmp_path, "07").n_lines > 0


def test_a_pseudonymized_export_holds_days_and_no_names(tmp_path: Path) -> None:
    root, key = tmp_path / "recordings", tmp_path / "keys" / "key.json"
    fill(root, "Anna7")
    tables = export_pseudonymized(root, ["Anna7"], tmp_path / "out", key)
    text = "".join(path.read_text() for path in tables)
    for secret in ("Anna7", "2026", "slept badly", "Roe"):
        assert secret not in text
    rows = [line.split("\t") for line in (tmp_path / "out" / "answers.tsv").read_text().splitlines()]
    assert {(row[1], row[3]) for row in rows[1:]} == {("0", "mood"), ("14", "phq9")}
    assert "during" in (tmp_path / "out" / "sessions.tsv").read_text()
    assert "\tmg\t35\n" in (tmp_path / "out" / "entries.tsv").read_text()
    again = export_pseudonymized(root, ["Anna7"], tmp_path / "again", key)
    assert again[1].read_text() == tables[1].read_text()
    with pytest.raises(SettingsError, match="not empty"):
        export_pseudonymized(root, ["Anna7"], tmp_path / "out", key)
    with pytest.raises(SettingsError, match="key would lie"):
        export_pseudonymized(root, ["Anna7"], tmp_path / "new", tmp_path / "new" / "key.json")
    both = export_pseudonymized(root, ["sub-Anna7", "Anna7"], tmp_path / "both", key)
    assert both[1].read_text() == tables[1].read_text(), "a label with sub- is the same person, once"
    with pytest.raises(SettingsError, match="is a file"):
        export_pseudonymized(root, ["Anna7"], key, tmp_path / "other.json")
    for text in ("no JSON", "[1]", '{"Anna7": 1}'):
        key.write_text(text)
        with pytest.raises(RecordingError):
            export_pseudonymized(root, ["Anna7"], tmp_path / "wrong", key)
    assert not (tmp_path / "wrong").exists()


def test_a_session_whose_label_is_no_time_is_exported_without_one(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    fill(root, "Anna7")
    for path in sorted(root.rglob(f"*{LABEL}*"), reverse=True):
        path.rename(path.with_name(path.name.replace(LABEL, "first")))
    export_pseudonymized(root, ["Anna7"], tmp_path / "out", tmp_path / "key.json")
    header, row = (line.split("\t") for line in (tmp_path / "out" / "sessions.tsv").read_text().splitlines())
    assert dict(zip(header, row, strict=True))["day"] == "n/a"


def test_withdrawal_and_consent_in_the_terminal(tmp_path: Path) -> None:
    where = ["--recordings", str(tmp_path)]
    given = CliRunner().invoke(app, ["participant", "consent", "07", "--version", "2", "--date", "2026-11-01", *where])
    assert "consent to version 2 on 2026-11-01" in given.stdout
    refused = CliRunner().invoke(app, ["participant", "withdraw", "07", "--from", "all", *where], input="n\n")
    assert refused.exit_code != 0
    assert traces(tmp_path, "07")
    done = CliRunner().invoke(app, ["participant", "withdraw", "07", "--from", "all", "--yes", *where])
    assert done.exit_code == 0, done.output
    assert traces(tmp_path, "07") == []
