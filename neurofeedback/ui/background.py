"""Run a task in a helper thread, with progress, cancellation, and its result in the window's thread."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Generic, TypeVar

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import error_text, tr

_log = logging.getLogger(__name__)
_POLL_MS = 20
Result = TypeVar("Result")


class CancelledError(Exception):
    """Raised inside a task that has been cancelled."""


class TaskHandle:
    """The task's side: it reports progress here and learns whether it has been cancelled."""

    def __init__(self) -> None:
        self._cancelled = Event()
        self.share = 0.0
        self.part: object = None

    def cancel(self) -> None:
        """Stop the task when it next reports its progress."""
        self._cancelled.set()

    def report_progress(self, share: float) -> None:
        """Report the progress, 0 to 1.

        Raises
        ------
        CancelledError
            The task has been cancelled.
        """
        self.share = share
        if self._cancelled.is_set():
            raise CancelledError

    def report_part(self, part: object) -> None:
        """Report what is known of the result so far; of several at once, only the newest is seen."""
        self.part = part


class BackgroundTask(QObject, Generic[Result]):
    """Runs one task at a time; starting another one cancels the task before and drops its result.

    A task that saves something is enqueued instead, so that none is lost. For each task that is not cancelled
    ``done(result)`` or ``failed(sentence)`` is emitted once, in the window's thread; before it ``progressed(share)``,
    and ``part(value)`` for what is reported of the result.
    """

    done = pyqtSignal(object)
    failed = pyqtSignal(str)
    progressed = pyqtSignal(float)
    part = pyqtSignal(object)

    def __init__(self, parent: QObject, name: str) -> None:
        super().__init__(parent)
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._tasks: deque[tuple[TaskHandle, Future[Result]]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self.poll)

    @property
    def busy(self) -> bool:
        """Whether a task is running or waits."""
        return bool(self._tasks)

    def start(self, work: Callable[[TaskHandle], Result]) -> None:
        """Start a task; one that is running is cancelled."""
        self.cancel()
        self.enqueue(work)

    def enqueue(self, work: Callable[[TaskHandle], Result]) -> None:
        """Start a task once those before it are done."""
        handle = TaskHandle()
        self._tasks.append((handle, self._helper.submit(work, handle)))
        self._timer.start()

    def cancel(self) -> None:
        """Cancel the running task and those that wait; no signal follows."""
        for handle, future in self._tasks:
            handle.cancel()
            future.cancel()
        self._tasks.clear()
        self._timer.stop()

    def poll(self) -> None:
        """Emit the progress, or the result once the task is done. Called by the timer."""
        if not self._tasks:
            return
        handle, future = self._tasks[0]
        if not future.done():
            self.progressed.emit(handle.share)
            part, handle.part = handle.part, None
            if part is not None:
                self.part.emit(part)
            return
        self._tasks.popleft()
        if not self._tasks:
            self._timer.stop()
        self._emit_result(future)

    def _emit_result(self, future: Future[Result]) -> None:
        error = future.exception()
        if error is None:
            self.done.emit(future.result())
        elif isinstance(error, NeurofeedbackError):
            self.failed.emit(error_text(error))
        elif isinstance(error, OSError):
            self.failed.emit(tr(window.FILE_FAILED, error=error))
        elif not isinstance(error, CancelledError):
            _log.error("a background task failed", exc_info=error)
            self.failed.emit(tr(window.PROGRAM_FAULT, error=repr(error)))
