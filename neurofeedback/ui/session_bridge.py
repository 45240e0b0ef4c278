"""The link between a session and the window: a timer polls its live state, and the latest snapshot is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from PyQt6.QtCore import QElapsedTimer, QObject, Qt, QTimer, pyqtSignal

from neurofeedback.errors import EXIT_OK, NeurofeedbackError
from neurofeedback.session.config import RunningSession, SessionConfig, SessionResult
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import session_notices, window
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.ui.sound.system_voice import SystemVoice, system_voice_for

_log = logging.getLogger(__name__)

Launch = Callable[[SessionConfig], RunningSession]
IDLE_MS = 200
MAX_STEP_S = 0.25


class SessionBridge(QObject):
    """Starts, polls and ends sessions without blocking the window.

    ``shown(snapshot, step_s)`` is emitted at every poll of a session, with the seconds since the last one, and
    ``ended(result)`` once.
    """

    shown = pyqtSignal(object, float)
    ended = pyqtSignal(object)

    def __init__(self, launch: Launch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._launch = launch
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="launch")
        self._launching: Future[RunningSession] | None = None
        self._session: RunningSession | None = None
        self._system_voice: SystemVoice | None = None
        self._stopping = False
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.poll)
        self._timer.start(IDLE_MS)

    @property
    def active(self) -> bool:
        """Whether a session is being launched, running or ending."""
        return self._launching is not None or self._session is not None

    @property
    def running(self) -> bool:
        """Whether a session has been launched and has not ended."""
        return self._session is not None

    @property
    def stopping(self) -> bool:
        """Whether the session has been asked to stop and has not ended."""
        return self._stopping and self.active

    def set_rate(self, polls_per_second: int) -> None:
        """Poll this often while a session is active."""
        interval = 1000 // polls_per_second
        if self.active and self._timer.interval() != interval:
            self._timer.setInterval(interval)

    def begin(self, request: SessionConfig) -> None:
        """Launch a session in a helper thread (its imports and settings take a while)."""
        if self.active:
            return
        self._stopping = False
        self._system_voice = system_voice_for(request)
        request = replace(request, has_system_voice=self._system_voice is not None)
        self._launching = self._helper.submit(self._launch, request)
        self._since.start()
        self.set_rate(30)

    def stop(self) -> None:
        """Ask the session to stop; ``ended`` follows."""
        self._stopping = True
        if self._session is not None:
            self._session.stop()

    def begin_now(self) -> None:
        """Start the session whatever the contact of the headset."""
        self.send_request(Request(RequestKind.BEGIN))

    def measure_impedance(self) -> None:
        """Measure the impedance of the electrodes while the headset is put on."""
        self.send_request(Request(RequestKind.IMPEDANCE))

    def send_request(self, request: Request) -> None:
        """Pass a request to the running session, if there is one."""
        if self._session is not None:
            self._session.live_state.send_request(request)

    def poll(self) -> None:
        """Show the latest snapshot. Called by the timer."""
        if self._launching is not None:
            self.shown.emit(Snapshot(), self._step_s())
            if self._launching.done():
                self._start(self._launching)
        elif self._session is not None:
            self._show_latest(self._session)

    def _step_s(self) -> float:
        return min(self._since.restart() / 1000, MAX_STEP_S)

    def _start(self, launching: Future[RunningSession]) -> None:
        self._launching = None
        error = launching.exception()
        if error is not None:
            self._finish(_error_result(error))
        elif self._stopping:
            self._finish(SessionResult(EXIT_OK, tr(session_notices.ENDED_BEFORE_START)))
        else:
            self._session = launching.result()
            self._session.start()

    def _show_latest(self, session: RunningSession) -> None:
        result = session.join(0.0)
        snapshot = session.live_state.snapshot
        if self._system_voice is not None:
            self._system_voice.follow(session.live_state.drain_speech(), snapshot)
        self.shown.emit(snapshot, self._step_s())
        if result is not None:
            self._session = None
            self._finish(result)

    def _finish(self, result: SessionResult) -> None:
        self._timer.setInterval(IDLE_MS)
        self.ended.emit(result)


def _error_result(error: BaseException) -> SessionResult:
    if isinstance(error, NeurofeedbackError):
        return SessionResult(error.exit_code, error_text(error))
    _log.error("the session could not be launched", exc_info=error)
    return SessionResult(1, tr(window.PROGRAM_FAULT_NOT_RECORDED, error=repr(error)))
