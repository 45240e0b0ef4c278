"""Run the app: one window at a time, closed in order by Ctrl-C, with a dialog for unexpected errors."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QMessageBox

from neurofeedback.errors import EXIT_OK, SettingsError
from neurofeedback.storage.toml_text import read_value
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.languages import known_language
from neurofeedback.ui.app_language import use_language
from neurofeedback.ui.app_state import AppDefaults, state_path
from neurofeedback.ui.crash_dialog import CrashHandler, install_crash_handler
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.session_bridge import Launch
from neurofeedback.ui.single_instance import RaiseServer, lock_single_window, raise_open_window

PRELOAD_AFTER_MS = 3000


def run_app(launch: Launch, defaults: AppDefaults) -> int:
    """Open the window and run the app until it is closed.

    Parameters
    ----------
    launch : callable
        Makes a session from its configuration; the app starts it. Called in a helper thread, so it may take some
        seconds. The message of a ``NeurofeedbackError`` is shown.
    defaults : AppDefaults
        Defaults from the command line.

    Returns
    -------
    int
        Exit code of the last session, 130 after Ctrl-C; 0 at once if the window is open already, which is raised then.

    Raises
    ------
    SettingsError
        The window is open already, and does not answer.
    """
    app = QApplication.instance() or QApplication(["neurofeedback"])
    app.setApplicationName("neurofeedback")
    if isinstance(app, QApplication):
        app.setStyle("Fusion")
    folder = (defaults.state_file or state_path()).parent
    stored = read_value(defaults.preferences_file or folder / "settings.toml", "language")
    use_language(defaults.language or known_language(stored), folder)
    try:
        lock = lock_single_window(folder)
    except SettingsError as error:
        if raise_open_window(folder):
            return EXIT_OK
        _show_open_already(error)
        raise
    main_window = MainWindow(launch, defaults)
    RaiseServer(folder, main_window.raise_window, main_window)
    main_window.show()
    QTimer.singleShot(PRELOAD_AFTER_MS, main_window.preload)
    try:
        with _close_on_signals(main_window), install_crash_handler(CrashHandler(main_window)):
            app.exec()
    finally:
        if lock is not None:
            lock.release()
    return main_window.exit_code


def _show_open_already(error: SettingsError) -> None:
    if sys.stderr is None or not sys.stderr.isatty():  # started by its icon: there is no terminal to read
        QMessageBox.information(None, tr(window.APP_TITLE), error_text(error))


@contextmanager
def _close_on_signals(main_window: MainWindow) -> Iterator[None]:
    """Close the window on SIGINT and SIGTERM (its timer returns to Python often enough to handle them)."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        main_window.interrupt()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
