"""Long work, faults, a second window, and sittings that broke off."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.ui.background import BackgroundTask, CancelledError, TaskHandle
from neurofeedback.ui.crash_dialog import CrashHandler, crash_report, install_crash_handler
from neurofeedback.ui.single_instance import lock_single_window
from neurofeedback.ui.unfinished_sessions import complete_unfinished

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


class Heard:
    """A job and everything it says."""

    def __init__(self, parent: QWidget) -> None:
        self.job: BackgroundTask[object] = BackgroundTask(parent, "test")
        self.done: list[object] = []
        self.failed: list[str] = []
        self.went: list[float] = []
        self.job.done.connect(self.done.append)
        self.job.failed.connect(self.failed.append)
        self.job.progressed.connect(self.went.append)


def test_work_is_done_in_a_helper_and_answers_in_the_windows_thread(qtbot: QtBot, parent: QWidget) -> None:
    heard = Heard(parent)
    heard.job.start(lambda _ticket: threading.current_thread().name)
    assert heard.job.busy
    qtbot.waitUntil(lambda: bool(heard.done))
    assert "test" in str(heard.done[0])
    assert not heard.job.busy


def test_how_far_it_is_is_heard(qtbot: QtBot, parent: QWidget) -> None:
    heard, go = Heard(parent), threading.Event()

    def work(ticket: TaskHandle) -> None:
        ticket.report_progress(0.5)
        go.wait(30)

    heard.job.start(work)
    qtbot.waitUntil(lambda: 0.5 in heard.went)
    go.set()
    qtbot.waitUntil(lambda: len(heard.done) == 1)


def test_cancelled_work_stops_at_its_next_step_and_says_nothing(qtbot: QtBot, parent: QWidget) -> None:
    heard, go, stopped = Heard(parent), threading.Event(), threading.Event()

    def work(ticket: TaskHandle) -> None:
        go.wait(30)
        try:
            ticket.report_progress(1.0)
        except CancelledError:
            stopped.set()
            raise

    heard.job.start(work)
    heard.job.cancel()
    go.set()
    assert stopped.wait(30) or not heard.job.busy
    heard.job.poll()
    assert heard.done == heard.failed == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RecordingError("the file is gone", todo="look again"), "the file is gone"),
        (FileNotFoundError(2, "No such file", "x"), "could not be read or written"),
        (ZeroDivisionError("by zero"), "A fault of the program"),
    ],
)
def test_failures_are_said_in_words(qtbot: QtBot, parent: QWidget, error: Exception, words: str) -> None:
    def fail(_ticket: TaskHandle) -> None:
        raise error

    heard = Heard(parent)
    heard.job.start(fail)
    qtbot.waitUntil(lambda: bool(heard.failed))
    assert words in heard.failed[0]
    assert heard.done == []


def test_a_second_window_is_refused_in_one_sentence(tmp_path: Path) -> None:
    lock = lock_single_window(tmp_path / "deep")
    assert lock is not None
    with pytest.raises(SettingsError, match="open already"):
        lock_single_window(tmp_path / "deep")
    lock.release()
    again = lock_single_window(tmp_path / "deep")
    assert again is not None
    again.release()


def test_where_no_lock_can_be_held_the_window_opens(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert lock_single_window(tmp_path / "file") is None


def faulty() -> None:
    raise ZeroDivisionError("by zero")


def test_a_fault_in_any_thread_is_shown_once_with_a_report_to_copy(
    qtbot: QtBot, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashes = CrashHandler(parent)
    with install_crash_handler(crashes):
        for _ in range(2):
            thread = threading.Thread(target=faulty)
            thread.start()
            thread.join()
        qtbot.waitUntil(lambda: crashes.dialog is not None and crashes.dialog.isVisible())
    dialog = crashes.dialog
    assert dialog is not None
    dialog.copy_button.click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert "ZeroDivisionError: by zero" in clipboard.text()
    dialog.accept()
    assert not dialog.isVisible()


def test_hooks_are_given_back(parent: QWidget) -> None:
    before = (sys.excepthook, threading.excepthook)
    with install_crash_handler(CrashHandler(parent)):
        assert sys.excepthook != before[0]
    assert (sys.excepthook, threading.excepthook) == before


def test_ctrl_c_is_no_fault(parent: QWidget) -> None:
    crashes = CrashHandler(parent)
    crashes.handle(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert crashes.dialog is None


def test_a_report_names_the_program_and_the_place() -> None:
    try:
        faulty()
    except ZeroDivisionError as error:
        report = crash_report(ZeroDivisionError, error, error.__traceback__)
    assert report.startswith("neurofeedback ")
    assert "in faulty" in report


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset whose only session has lost its summary, as after a kill."""
    folder = tmp_path_factory.mktemp("broken")
    sitting = Session(
        SessionConfig("simulated:2", folder, participant="07", minutes=0.5, audio="none", seed=2, fast=True)
    )
    sitting.start()
    assert sitting.join(120.0) is not None
    (stem,) = find_session_stems(folder)
    files = SessionFiles.from_stem(folder, stem)
    files.derived_file("summary.json").unlink()
    start = files.derived_file("start.json")
    document = json.loads(start.read_text())
    document["start"]["plan"] = [{"phase": "practice", "length_s": 1200.0}]
    start.write_text(json.dumps(document))
    return folder


def test_what_broke_off_is_completed_and_offered(broken_off: Path) -> None:
    found = complete_unfinished(broken_off)
    assert found is not None
    assert (found.participant, found.minutes_left) == ("07", 20)
    assert found.session.name.startswith("ses-")
    assert complete_unfinished(broken_off) is None


def test_nothing_broke_off(tmp_path: Path) -> None:
    assert complete_unfinished(tmp_path / "none") is None
    assert complete_unfinished(tmp_path) is None
