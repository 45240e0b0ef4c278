"""Running the app: one window of this program at a time, ended in order by Ctrl-C, with faults shown in words."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QMessageBox

from neurofeedback.errors import SettingsError
from neurofeedback.recording.file_lock import FileLock
from neurofeedback.ui.app_state import AppDefaults, state_path
from neurofeedback.ui.crash_dialog import CrashHandler, install_crash_handler
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.session_bridge import Launch
from neurofeedback.ui.single_instance import lock_single_window
from neurofeedback.ui.translation import install_translation, tr

WARM_AFTER_MS = 3000


def run_app(launch: Launch, defaults: AppDefaults) -> int:
    """Open the window and run it to its end.

    Parameters
    ----------
    launch : callable
        Makes a sitting from a request; the app starts it. Called in a helper thread, so it may take its time;
        what it raises of ``NeurofeedbackError`` is shown in words.
    defaults : AppDefaults
        What the command line knows.

    Returns
    -------
    int
        Exit code of the last sitting, 130 after Ctrl-C.

    Raises
    ------
    SettingsError
        The window is open already.
    """
    app = QApplication.instance() or QApplication(["neurofeedback"])
    app.setApplicationName("neurofeedback")
    if isinstance(app, QApplication):
        app.setStyle("Fusion")
    folder = (defaults.state_file or state_path()).parent
    install_translation(app, folder)
    lock = _only_window(folder)
    window = MainWindow(launch, defaults)
    window.show()
    QTimer.singleShot(WARM_AFTER_MS, window.preload)
    try:
        with _interrupts_end(window), install_crash_handler(CrashHandler(window)):
            app.exec()
    finally:
        if lock is not None:
            lock.release()
    return window.exit_code


def _only_window(folder: Path) -> FileLock | None:
    try:
        return lock_single_window(folder)
    except SettingsError as error:
        if sys.stderr is None or not sys.stderr.isatty():  # started by its icon: nobody reads a terminal
            QMessageBox.information(None, "Neurofeedback", tr(str(error)))
        raise


@contextmanager
def _interrupts_end(window: MainWindow) -> Iterator[None]:
    """Let Ctrl-C and a request to terminate close the window (its timer lets Python see them)."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        window.interrupt()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
