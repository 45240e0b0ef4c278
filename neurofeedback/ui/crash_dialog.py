"""The dialog for an unexpected error of the program, with a report to copy."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QWidget

from neurofeedback._version import __version__
from neurofeedback.storage.error_log import record_error
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.safe_text import escape_controls, redact
from neurofeedback.ui.identifying_names import identifying_names
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row

_log = logging.getLogger(__name__)


def crash_report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Return the report of an error: versions and traceback, without names of the person or the computer."""
    where = "".join(traceback.format_exception(kind, error, trace))
    report = f"neurofeedback {__version__}\n{platform.platform()}, Python {platform.python_version()}\n\n{where}"
    return escape_controls(redact(report, identifying_names()))


class CrashDialog(QDialog):
    """Shows an explanation, the report, and a button that copies it."""

    def __init__(self, report: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(window.CRASH_TITLE))
        self.resize(720, 420)
        self._report = report
        words = label(window.CRASH_EXPLANATION)
        words.setWordWrap(True)
        text = QPlainTextEdit(report)
        text.setReadOnly(True)
        text.setAccessibleName(tr(window.CRASH_REPORT))
        self.copy_button = button(window.CRASH_COPY, self.copy)
        keys = row(self.copy_button)
        keys.addStretch(1)
        keys.addWidget(button(window.CRASH_CONTINUE, self.accept, main=True))
        inside = column(self, MARGIN, gap=16)
        inside.addWidget(words)
        inside.addWidget(text, 1)
        inside.addLayout(keys)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._report)


class CrashHandler(QObject):
    """Handles uncaught exceptions of any thread; shows the first one in the window's thread."""

    happened = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.dialog: CrashDialog | None = None
        self.happened.connect(self.show_report)

    def handle(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log an exception and show its report; KeyboardInterrupt is ignored."""
        if issubclass(kind, KeyboardInterrupt):
            return
        record_error(error, trace)
        _log.critical("a fault of the program", exc_info=(kind, error, trace))
        self.happened.emit(crash_report(kind, error, trace))

    def show_report(self, report: str) -> None:
        """Show a report, unless one is shown already: the first is closest to the cause."""
        if self.dialog is not None and self.dialog.isVisible():
            return
        self.dialog = CrashDialog(report, self._parent)
        self.dialog.open()


@contextmanager
def install_crash_handler(handler: CrashHandler) -> Iterator[None]:
    """Send the uncaught exceptions of all threads to ``handler`` while the context lasts."""

    def handle_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            handler.handle(args.exc_type, args.exc_value, args.exc_traceback)

    before: tuple[Callable[..., object], Callable[..., object]] = (sys.excepthook, threading.excepthook)
    sys.excepthook, threading.excepthook = handler.handle, handle_thread
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before
