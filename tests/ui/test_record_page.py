"""Record only in the window: nothing changes while it is locked, and an attendant's entries are answered on screen."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.recording.facts.course_file import new_course
from neurofeedback.recording.facts.entries import read_entries, save_entry
from neurofeedback.recording.facts.entry_models import DoseGiven
from neurofeedback.recording.facts.entry_parsing import parse_dose
from neurofeedback.recording.facts.session_facts import SessionFacts
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import Request, RequestKind
from neurofeedback.ui.clinic import record_page
from neurofeedback.ui.clinic.attendant import EntryDialog, RecordDialog
from neurofeedback.ui.clinic.record_page import RecordPage
from neurofeedback.ui.pages.after_page import AfterPage
from neurofeedback.ui.theme import DARK
from tests.ui.test_main_window import Open, Room, moment, open_room  # noqa: F401 - a fixture

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def room(open_room: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Room:  # noqa: F811
    """Return a window in which a recording has begun."""
    monkeypatch.setattr(record_page, "HOLD_S", 0.02)
    found = open_room()
    found.window._home.record_button.click()
    dialog = found.window._dialog
    assert isinstance(dialog, RecordDialog)
    dialog.fields["condition"].setText("pre")
    dialog.begin.click()
    qtbot.waitUntil(found.window.session_visible)
    with qtbot.waitActive(found.window):  # a shortcut needs it; offscreen, a closed dialog leaves no window active
        found.window.activateWindow()
    return found


def page_of(room: Room) -> RecordPage:
    (page,) = room.window.findChildren(RecordPage)
    return page


def unlock(page: RecordPage, qtbot: QtBot) -> None:
    qtbot.keyPress(page, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not page.locked)
    qtbot.keyRelease(page, Qt.Key.Key_L)


def texts(page: RecordPage) -> str:
    return "\n".join(line.text() for line in page.findChildren(QLabel) if line.isVisible())


def test_a_recording_asks_for_its_facts_and_has_no_questions(room: Room) -> None:
    (config,) = room.requests
    assert (config.mode, config.minutes, config.probe_interval_s, config.programme) == ("record", 60.0, 0.0, "")
    assert config.facts == SessionFacts(condition="pre")
    shown = texts(page_of(room))
    assert "does not monitor" in shown
    assert "hold Ctrl and L" in shown
    assert "index" not in shown.lower()


def test_a_substance_needs_an_attendant(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = RecordDialog(SessionConfig("simulated", tmp_path))
    qtbot.addWidget(dialog)
    assert dialog.begin.isEnabled()
    dialog.fields["substance"].setText("ketamine")
    assert not dialog.begin.isEnabled()
    assert "prescriber's decision" in dialog.safety.text()
    dialog.agreed.setChecked(True)
    assert dialog.begin.isEnabled()
    dialog.fields["dose"].setText("x" * 10_000)
    assert not dialog.begin.isEnabled()
    assert dialog.message.text()


def test_nothing_happens_while_it_is_locked(room: Room, qtbot: QtBot) -> None:
    page = page_of(room)
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_D, Qt.Key.Key_K, Qt.Key.Key_Space, Qt.Key.Key_F11, Qt.Key.Key_F1):
        qtbot.keyClick(page, key)
    qtbot.mouseClick(page, Qt.MouseButton.LeftButton)
    qtbot.keyPress(page, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyRelease(page, Qt.Key.Key_L)  # too short
    room.window.close()
    assert page.locked
    assert room.sitting.stopped == 0
    assert not room.window.isFullScreen()
    assert isinstance(room.window._dialog, RecordDialog), "no dialog of an entry"
    assert room.sitting.live_state.drain_requests() == []


def test_an_attendant_unlocks_marks_and_ends(room: Room, qtbot: QtBot) -> None:
    page = page_of(room)
    unlock(page, qtbot)
    room.sitting.live_state.drain_requests()
    qtbot.keyClick(page, Qt.Key.Key_K)
    assert room.sitting.live_state.drain_requests() == [Request(RequestKind.MARK)]
    assert "Marked at" in texts(page)
    qtbot.keyClick(page, Qt.Key.Key_L)
    assert page.locked
    unlock(page, qtbot)
    page._lock_timer.timeout.emit()
    assert page.locked
    unlock(page, qtbot)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert room.sitting.stopped == 0, "asked first"
    page._end_now()
    qtbot.waitUntil(lambda: not room.window.session_visible())
    assert room.sitting.stopped == 1
    assert not any(one.isVisible() for one in room.window.findChildren(RecordPage))


def test_a_dose_is_entered_while_the_recording_goes_on(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    page = page_of(room)
    unlock(page, qtbot)
    qtbot.keyClick(page, Qt.Key.Key_D)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    pressed = dialog.tab.moment
    dialog.tab.text.setText("35 mg")
    dialog.tab.substance.setText("ketamine")
    dialog.tab.route.setCurrentText("iv")
    dialog.tab.save.click()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    (config,) = room.requests
    (entry,) = read_entries(config.recordings, config.participant)
    assert isinstance(entry.line.entry, DoseGiven)
    assert pressed is not None
    assert entry.at == pressed.replace(microsecond=0), "the time of the key, not of saving"
    assert "35 mg" in texts(page)
    page.show_snapshot(moment(signal_lost_s=4.0), 0.1)
    assert "No signal for 4 s" in texts(page)


def test_a_page_that_locks_itself_closes_an_entry_but_not_while_somebody_types(room: Room, qtbot: QtBot) -> None:
    page = page_of(room)
    unlock(page, qtbot)
    qtbot.keyClick(page, Qt.Key.Key_N)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    page._lock_timer.setInterval(3_600_000)
    page._lock_timer.start()
    page._lock_timer.setInterval(7_200_000)  # the next start is seen by its length
    qtbot.keyClick(dialog.tab.text, "a")
    assert page._lock_timer.remainingTime() > 3_700_000
    page._lock_timer.timeout.emit()
    assert page.locked
    assert not dialog.isVisible()


def press(room: Room, qtbot: QtBot, key: Qt.Key) -> None:
    """Unlock the page and press a key on it; offscreen, a closed dialog leaves no window active."""
    with qtbot.waitActive(room.window):
        room.window.activateWindow()
    page = page_of(room)
    unlock(page, qtbot)
    qtbot.keyClick(page, key)


def test_what_was_typed_into_an_entry_is_there_again_after_the_page_locked_itself(room: Room, qtbot: QtBot) -> None:
    page = page_of(room)
    press(room, qtbot, Qt.Key.Key_V)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    qtbot.keyClicks(dialog.tab.text, "128/84")
    page._lock_timer.timeout.emit()
    assert not dialog.isVisible()
    assert "is not saved yet" in texts(page)
    press(room, qtbot, Qt.Key.Key_N)
    other = room.window._dialog
    assert isinstance(other, EntryDialog)
    assert other is not dialog
    page._lock_timer.timeout.emit()
    assert not other.isVisible(), "nothing was typed"
    press(room, qtbot, Qt.Key.Key_V)
    assert dialog.isVisible()
    assert dialog.tab.text.text() == "128/84"
    assert f"Begun at {dialog.tab.moment:%H:%M}" in dialog.tab.message.text()
    page._lock_timer.timeout.emit()
    unlock(page, qtbot)
    page._end_now()
    qtbot.waitUntil(lambda: not room.window.session_visible())
    qtbot.waitUntil(dialog.isVisible)
    dialog.tab.save.click()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    (config,) = room.requests
    (entry,) = read_entries(config.recordings, config.participant)
    assert entry.at == dialog.tab.moment.replace(microsecond=0)


def test_a_window_that_closes_with_the_recording_asks_for_an_entry_that_is_not_saved(room: Room, qtbot: QtBot) -> None:
    page = page_of(room)
    press(room, qtbot, Qt.Key.Key_V)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    qtbot.keyClicks(dialog.tab.text, "128/84")
    page._lock_timer.timeout.emit()
    unlock(page, qtbot)
    room.window.close()
    qtbot.waitUntil(dialog.isVisible)
    assert room.window.isVisible()
    dialog.reject()
    room.window.close()
    assert not room.window.isVisible()


def test_an_entry_that_was_being_saved_when_the_page_locked_is_no_draft(room: Room, qtbot: QtBot) -> None:
    page = page_of(room)
    press(room, qtbot, Qt.Key.Key_V)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    qtbot.keyClicks(dialog.tab.text, "128/84")
    dialog.tab.save.click()
    page._lock_timer.timeout.emit()
    qtbot.waitUntil(lambda: not dialog.tab.task.busy)
    press(room, qtbot, Qt.Key.Key_V)
    assert room.window._dialog is not dialog
    assert isinstance(room.window._dialog, EntryDialog)
    assert room.window._dialog.tab.kind.currentData() == "vitals"


def test_the_end_of_an_infusion_needs_no_text(room: Room, qtbot: QtBot) -> None:
    unlock(page_of(room), qtbot)
    qtbot.keyClick(page_of(room), Qt.Key.Key_E)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    assert dialog.tab.kind.currentData() == "end"
    assert dialog.tab.save.isEnabled()
    dialog.reject()


def test_an_attendant_enters_during_a_practice_with_feedback(open_room: Open, qtbot: QtBot) -> None:  # noqa: F811
    room = open_room()
    qtbot.keyClick(room.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert room.window._dialog is None, "no session, no entry"
    qtbot.keyClick(room.button("Sit"), Qt.Key.Key_Space)
    qtbot.waitUntil(room.window.session_visible)
    qtbot.keyClick(room.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = room.window._dialog
    assert isinstance(dialog, EntryDialog)
    dialog.saved.emit("Saved: 14:02 note")
    assert "Saved: 14:02 note" in room.shown()
    dialog.reject()


def test_the_page_after_a_recording_shows_no_index(qtbot: QtBot, tmp_path: Path) -> None:
    after = AfterPage(DARK, WaterRenderer(), ("default",))
    qtbot.addWidget(after)
    after.show()
    for task, wanted in (("rest", False), ("meditation", True)):
        folder = tmp_path / task
        (folder / "eeg").mkdir(parents=True)
        (folder / "eeg" / f"sub-07_ses-1_task-{task}_eeg.vhdr").touch()
        after.activate(SessionResult(0, session_dir=folder, summary=SessionSummary(duration_s=600.0)), folder)
        after._more.show()
        found = "\n".join(line.text() for line in after.findChildren(QLabel) if line.isVisible())
        assert after._timeline.isVisible() is wanted
        assert ("What the program has learned" in found) is wanted
        assert ("Recorded for 10 minutes." in found) is not wanted
        after.cancel()


def test_the_attendant_sees_what_is_due(qtbot: QtBot, tmp_path: Path) -> None:
    now = datetime.now().astimezone()
    new_course(tmp_path, "07", "infusion", f"{now:%Y-%m-%d}", clock=f"{now:%H:%M}")
    save_entry(tmp_path, "07", parse_dose("35 mg", "ketamine", "iv"), at=now)
    page = RecordPage(tmp_path, "07")
    qtbot.addWidget(page)
    page.activate()
    qtbot.waitUntil(lambda: "end of the infusion" in page._due.text())


def test_an_interrupt_of_the_program_ends_a_locked_recording(room: Room, qtbot: QtBot) -> None:
    assert page_of(room).locked
    room.window.interrupt()
    qtbot.waitUntil(lambda: not room.window.isVisible())
    assert room.sitting.stopped == 1
