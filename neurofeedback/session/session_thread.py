"""A sitting that runs in a thread of its own, with or without a headset."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from neurofeedback.errors import EXIT_OK, NeurofeedbackError
from neurofeedback.session.config import SessionResult
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot
from neurofeedback.session.plan import SessionPlan
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import error_text, tr


class SessionThread(ABC):
    """Starts, stops and waits for a sitting, and publishes how it ended.

    Parameters
    ----------
    name : str
        Name of the thread.
    now : callable
        Returns the time, s.
    notices : list of str
        Notices before the start, such as a missing sound device; what is appended later counts too.
    has_system_voice : bool
        A screen says by the system's own voice what has no recording and no engine.

    Attributes
    ----------
    live_state : LiveState
        What is shown while it runs.
    """

    def __init__(
        self, name: str, now: Callable[[], float], notices: list[str], *, has_system_voice: bool = False
    ) -> None:
        self.live_state = LiveState(now, has_system_voice=has_system_voice)
        self.live_state.publish(Snapshot(message=" ".join(notices)))
        self._notices = notices
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._result: SessionResult | None = None

    @property
    @abstractmethod
    def plan(self) -> SessionPlan:
        """The phases and their lengths."""

    @abstractmethod
    def _run_to_end(self) -> SessionResult:
        """Run the sitting; what it opened is closed when this returns or raises."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices before the start, such as a missing sound device."""
        return tuple(self._notices)

    def start(self) -> None:
        """Start in a thread; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Request an orderly end; returns at once."""
        self.live_state.send_request(Request(RequestKind.STOP))

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        """Wait up to ``timeout_s``; None if it is still running."""
        self._thread.join(timeout_s)
        return None if self._thread.is_alive() else self._result

    def _run(self) -> None:
        result = SessionResult(1, tr(session_notices.PROGRAM_FAULT))
        try:
            result = self._run_to_end()
        except NeurofeedbackError as error:
            result = SessionResult(error.exit_code, error_text(error))
        finally:
            self._result = result
            status = "ended" if result.exit_code == EXIT_OK else "failed"
            self.live_state.publish(replace(self.live_state.snapshot, status=status, message=result.message))
