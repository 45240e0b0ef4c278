"""Work that takes a while, in a helper thread: says how far it is, can be cancelled, answers in the window's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Generic, TypeVar

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import tr

_log = logging.getLogger(__name__)
_LOOK_MS = 50
Result = TypeVar("Result")


class CancelledError(Exception):
    """Raised inside the work when nobody wants it any more."""


class TaskHandle:
    """What the work holds: it says how far it is, and finds out there that it shall stop."""

    def __init__(self) -> None:
        self._cancelled = Event()
        self.share = 0.0

    def cancel(self) -> None:
        """Stop the work at its next step."""
        self._cancelled.set()

    def report_progress(self, share: float) -> None:
        """Say how far it is, 0 to 1.

        Raises
        ------
        CancelledError
            Nobody wants it any more.
        """
        self.share = share
        if self._cancelled.is_set():
            raise CancelledError


class BackgroundTask(QObject, Generic[Result]):
    """One piece of work at a time; starting another one cancels the one before, whose answer is then lost.

    ``done(result)`` or ``failed(sentence)`` comes once, in the window's thread; ``went(share)`` meanwhile.
    """

    done = pyqtSignal(object)
    failed = pyqtSignal(str)
    progressed = pyqtSignal(float)

    def __init__(self, parent: QObject, name: str) -> None:
        super().__init__(parent)
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._now: tuple[TaskHandle, Future[Result]] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.poll)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._now is not None

    def start(self, work: Callable[[TaskHandle], Result]) -> None:
        """Do this instead of whatever is under way."""
        self.cancel()
        ticket = TaskHandle()
        self._now = (ticket, self._helper.submit(work, ticket))
        self._timer.start()

    def cancel(self) -> None:
        """Give up what is under way; nothing more is heard of it."""
        if self._now is not None:
            self._now[0].cancel()
            self._now[1].cancel()
        self._now = None
        self._timer.stop()

    def poll(self) -> None:
        """See whether it is done: the timer calls this."""
        if self._now is None:
            return
        ticket, future = self._now
        if not future.done():
            self.progressed.emit(ticket.share)
            return
        self._now = None
        self._timer.stop()
        self._answer(future)

    def _answer(self, future: Future[Result]) -> None:
        error = future.exception()
        if error is None:
            self.done.emit(future.result())
        elif isinstance(error, NeurofeedbackError):
            self.failed.emit(str(error))
        elif isinstance(error, OSError):
            self.failed.emit(tr(window.FILE_FAILED, error=error))
        elif not isinstance(error, CancelledError):
            _log.error("work in the background failed", exc_info=error)
            self.failed.emit(tr(window.PROGRAM_FAULT, error=repr(error)))
