"""Tests of background tasks, the crash dialog, the window lock and unfinished sessions."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.ui.background import BackgroundTask, CancelledError, TaskHandle
from neurofeedback.ui.crash_dialog import CrashHandler, crash_report, install_crash_handler
from neurofeedback.ui.single_instance import RaiseServer, lock_single_window, raise_open_window
from neurofeedback.ui.unfinished_sessions import complete_unfinished

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


class Recorder:
    """A job and everything it says."""

    def __init__(self, parent: QWidget) -> None:
        self.job: BackgroundTask[object] = BackgroundTask(parent, "test")
        self.done: list[object] = []
        self.failed: list[str] = []
        self.went: list[float] = []
        self.job.done.connect(self.done.append)
        self.job.failed.connect(self.failed.append)
        self.job.progressed.connect(self.went.append)


def test_task_runs_in_a_helper_and_finishes_in_the_windows_thread(qtbot: QtBot, parent: QWidget) -> None:
    recorder = Recorder(parent)
    recorder.job.start(lambda _handle: threading.current_thread().name)
    assert recorder.job.busy
    qtbot.waitUntil(lambda: bool(recorder.done))
    assert "test" in str(recorder.done[0])
    assert not recorder.job.busy


def test_task_progress_is_emitted(qtbot: QtBot, parent: QWidget) -> None:
    recorder, go = Recorder(parent), threading.Event()

    def work(handle: TaskHandle) -> None:
        handle.report_progress(0.5)
        go.wait(30)

    recorder.job.start(work)
    qtbot.waitUntil(lambda: 0.5 in recorder.went)
    go.set()
    qtbot.waitUntil(lambda: len(recorder.done) == 1)


def test_parts_of_a_result_are_emitted_before_it(qtbot: QtBot, parent: QWidget) -> None:
    task: BackgroundTask[str] = BackgroundTask(parent, "test")
    received: list[object] = []
    seen = threading.Event()
    task.part.connect(received.append)
    task.part.connect(lambda _: seen.set())
    task.done.connect(received.append)

    def work(handle: TaskHandle) -> str:
        handle.report_part("half")
        assert seen.wait(30)
        return "whole"

    task.start(work)
    qtbot.waitUntil(lambda: not task.busy)
    assert received == ["half", "whole"]


def test_cancelled_task_stops_at_its_next_report_and_emits_nothing(qtbot: QtBot, parent: QWidget) -> None:
    recorder, go, stopped = Recorder(parent), threading.Event(), threading.Event()

    def work(handle: TaskHandle) -> None:
        go.wait(30)
        try:
            handle.report_progress(1.0)
        except CancelledError:
            stopped.set()
            raise

    recorder.job.start(work)
    recorder.job.cancel()
    go.set()
    assert stopped.wait(30) or not recorder.job.busy
    recorder.job.poll()
    assert recorder.done == recorder.failed == []


def test_enqueued_tasks_all_run_in_their_order(qtbot: QtBot, parent: QWidget) -> None:
    recorder, go, ran = Recorder(parent), threading.Event(), []

    def work(n: int) -> int:
        assert go.wait(30)
        ran.append(n)
        return n

    for n in range(3):
        recorder.job.enqueue(lambda _handle, n=n: work(n))
    go.set()
    qtbot.waitUntil(lambda: not recorder.job.busy)
    assert ran == recorder.done == [0, 1, 2]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RecordingError("the file is gone", todo="look again"), "the file is gone"),
        (FileNotFoundError(2, "No such file", "x"), "could not be read or written"),
        (ZeroDivisionError("by zero"), "A fault of the program"),
    ],
)
def test_task_errors_are_emitted_as_sentences(qtbot: QtBot, parent: QWidget, error: Exception, words: str) -> None:
    def fail(_ticket: TaskHandle) -> None:
        raise error

    recorder = Recorder(parent)
    recorder.job.start(fail)
    qtbot.waitUntil(lambda: bool(recorder.failed))
    assert words in recorder.failed[0]
    assert recorder.done == []


def test_second_window_is_refused_with_one_sentence(tmp_path: Path) -> None:
    lock = lock_single_window(tmp_path / "deep")
    assert lock is not None
    with pytest.raises(SettingsError, match="open already"):
        lock_single_window(tmp_path / "deep")
    lock.release()
    again = lock_single_window(tmp_path / "deep")
    assert again is not None
    again.release()


def test_window_opens_where_locks_are_impossible(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert lock_single_window(tmp_path / "file") is None


def faulty() -> None:
    raise ZeroDivisionError("by zero")


def test_uncaught_error_of_any_thread_is_shown_once_with_a_report(
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


def test_exception_hooks_are_restored(parent: QWidget) -> None:
    before = (sys.excepthook, threading.excepthook)
    with install_crash_handler(CrashHandler(parent)):
        assert sys.excepthook != before[0]
    assert (sys.excepthook, threading.excepthook) == before


def test_keyboard_interrupt_shows_no_crash_dialog(parent: QWidget) -> None:
    crashes = CrashHandler(parent)
    crashes.handle(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert crashes.dialog is None


def test_crash_report_has_version_and_traceback() -> None:
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


def test_unfinished_session_is_completed_and_offered(broken_off: Path) -> None:
    found = complete_unfinished(broken_off)
    assert found is not None
    assert (found.participant, found.minutes_left) == ("07", 20)
    assert found.session.name.startswith("ses-")
    assert complete_unfinished(broken_off) is None


def test_recording_without_feedback_is_not_resumed_with_it(broken_off: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(broken_off, folder)
    (stem,) = find_session_stems(folder)
    files = SessionFiles.from_stem(folder, stem)
    files.derived_file("summary.json").unlink(missing_ok=True)
    start = files.derived_file("start.json")
    start.write_text(start.read_text().replace('"phase": "practice"', '"phase": "rest"'))
    found = complete_unfinished(folder)
    assert found is not None
    assert found.minutes_left == 0


def test_folder_without_unfinished_sessions_offers_none(tmp_path: Path) -> None:
    assert complete_unfinished(tmp_path / "none") is None
    assert complete_unfinished(tmp_path) is None


def test_second_start_raises_the_open_window(qtbot: QtBot, tmp_path: Path) -> None:
    raised: list[bool] = []
    assert not raise_open_window(tmp_path)
    owner = QObject()
    server = RaiseServer(tmp_path, lambda: raised.append(True), owner)
    asking = threading.Thread(target=raise_open_window, args=(tmp_path,))
    asking.start()
    qtbot.waitUntil(lambda: raised == [True])
    asking.join()
    assert server.parent() is owner
