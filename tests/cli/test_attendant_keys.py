"""An attendant's keys in the terminal: read back, never guessed, saved at the time of the key, answered on screen."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from neurofeedback.cli.helpers import attendant_keys
from neurofeedback.cli.helpers.attendant_keys import AttendantKeys
from neurofeedback.cli.helpers.keyboard import key_names
from neurofeedback.cli.helpers.terminal_view import render_panel, run_in_terminal
from neurofeedback.errors import EXIT_OK
from neurofeedback.recording.facts.course_file import new_course
from neurofeedback.recording.facts.entries import entries_path, read_entries
from neurofeedback.recording.facts.entry_models import AttendantNote, DoseEnd, DoseGiven, StopSound, Vitals
from neurofeedback.recording.facts.entry_parsing import parse_vitals
from neurofeedback.session.config import SessionResult
from neurofeedback.session.live_state import Request, RequestKind
from tests.cli.test_terminal_view import Scripted, moment
from tests.recording.test_forms import START


class Desk:
    """An attendant at a keyboard; every key takes a second."""

    def __init__(self, root: Path) -> None:
        self.root, self.now, self.sent = root, START, list[Request]()
        self.keys = AttendantKeys(root, "07", "ketamine", send=self.sent.append, now=lambda: self.now)

    def type(self, text: str) -> list[bool]:
        taken: list[bool] = []
        for key in key_names(text):
            taken.append(self.keys.press(key))
            self.now += timedelta(seconds=1)
        return taken

    def saved(self) -> list[tuple[datetime, object]]:
        return [(one.at, one.line.entry) for one in read_entries(self.root, "07")]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_dose_has_the_time_of_its_key_and_is_read_back(desk: Desk) -> None:
    assert all(desk.type("d35 mx\x7fg\n\niv\n"))
    assert "Read as: 09:00" in desk.keys.line
    assert "35 mg" in desk.keys.line
    assert desk.saved() == []
    desk.type("z\n")
    ((at, entry),) = desk.saved()
    assert isinstance(entry, DoseGiven)
    assert (at, entry.mg, entry.substance, entry.route) == (START, 35.0, "ketamine", "iv")
    assert desk.keys.line.startswith("Saved: 09:00")
    assert desk.type(" pq") == [False, False, False], "keys are those of the session again"


def test_another_time_and_the_end_of_an_infusion(desk: Desk) -> None:
    desk.type("d35 mg\n\niv\n\nv128/84 pulse 71 @9:20\n\ne9:40\n\ne")
    (_, vitals), (_, end) = desk.saved()[1:]
    assert isinstance(vitals, Vitals)
    assert isinstance(end, DoseEnd)
    assert [f"{at:%H:%M}" for at, _ in desk.saved()] == ["09:00", "09:20", "09:40"]
    desk.type("\x1b")
    assert desk.keys.line == "Not saved."
    assert len(desk.saved()) == 3


@pytest.mark.parametrize("typed", ["d2 x 28 mg\n\niv\n", "vgood\n", "n\n", "e25:99\n"])
def test_what_cannot_be_read_is_asked_again(typed: str, desk: Desk) -> None:
    desk.type(typed)
    assert desk.saved() == []
    assert desk.keys.status
    assert desk.keys.question
    assert "Read as" not in desk.keys.question


@pytest.mark.parametrize(("typed", "reason"), [("xtoo loud\n", "too loud"), ("x\x1b", "")])
def test_stopping_the_sound_needs_no_answer(typed: str, reason: str, desk: Desk) -> None:
    desk.type(typed)
    assert desk.sent == [Request(RequestKind.MUTE, "on")]
    assert desk.saved() == [(START, StopSound(reason=reason))]


def test_a_mark_is_answered_and_goes_to_the_session(desk: Desk) -> None:
    assert desk.type("k") == [False]
    assert desk.keys.line == "Marked at 09:00:00."


def test_a_full_disk_leaves_the_entry_to_be_saved_again(desk: Desk) -> None:
    path = entries_path(desk.root, "07")
    path.mkdir(parents=True)
    desk.type("nslept\n\n")
    assert "Is a directory" in desk.keys.status
    assert "Read as" in desk.keys.question
    path.rmdir()
    desk.type("\n")
    assert desk.saved() == [(START, AttendantNote(text="slept"))]


def test_the_screen_shows_questions_and_answers(desk: Desk) -> None:
    desk.type("nca")
    out = io.StringIO()
    Console(file=out, width=120).print(render_panel(moment(), desk.keys))
    assert "Note; @14:02 for another time: ca" in out.getvalue()
    assert "v vital signs" in out.getvalue()
    lines = io.StringIO()
    desk.type("lm\n\n")
    run_in_terminal(Scripted([moment(1.0), moment(1.25)], SessionResult(EXIT_OK)), Console(file=lines), desk.keys)
    assert lines.getvalue().count("Saved: 09:00") == 1


def test_what_is_due_is_named_until_it_is_entered(desk: Desk) -> None:
    assert desk.keys.due() == ""
    new_course(desk.root, "07", "infusion", f"{START:%Y-%m-%d}", clock=f"{START:%H:%M}")
    desk.type("d35 mg\n\niv\n\n")
    desk.now = START + timedelta(minutes=30)
    assert desk.keys.due() == "Due: 09:00 end of the infusion of 2026-11-01 09:00: not entered; 09:40 vital signs"
    desk.type("e\n\nv128/84\n\n")
    assert desk.keys.due() == ""
    desk.now = START + timedelta(minutes=61)
    assert desk.keys.due() == "Due: 11:00 vital signs"
    out = io.StringIO()
    Console(file=out, width=120).print(render_panel(moment(), desk.keys))
    assert "Due: 11:00 vital signs" in out.getvalue()


def test_a_session_that_ends_before_the_reason_saves_the_stop_of_the_sound(desk: Desk) -> None:
    desk.type("x")
    assert desk.keys.close() == ""
    assert [entry for _, entry in desk.saved()] == [StopSound(reason="")]
    desk.type("nslee")
    assert "slee" in desk.keys.close()
    assert len(desk.saved()) == 1


def test_the_screen_shows_the_last_whole_line_while_an_entry_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def read(text: str) -> Vitals:
        shown.append(desk.keys.line)
        return parse_vitals(text)

    monkeypatch.setattr(attendant_keys, "parse_vitals", read)
    desk.type("v120/80\n")
    assert len(shown) == 1
    assert shown[0].endswith("120/80")
