"""The engine's own states, in one table: how far its baseline is, and whether it is paused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class BaselineState(StrEnum):
    """How far the baseline is.

    Settling: none yet. Collecting: in the baseline phase. Collecting late: in practice, because the phase had too
    little clean signal. Judging: frames are judged by a baseline. Renewing: they are, and a new one is collected.
    """

    SETTLING = "settling"
    COLLECTING = "collecting"
    COLLECTING_LATE = "collecting_late"
    JUDGING = "judging"
    RENEWING = "renewing"


class PauseState(StrEnum):
    """Whether frames belong to a pause; resuming while their windows still reach back into it."""

    RUNNING = "running"
    PAUSED = "paused"
    RESUMING = "resuming"


class EngineEvent(StrEnum):
    """What changes a state."""

    BASELINE_PHASE_STARTED = "baseline_phase_started"
    BASELINE_READY = "baseline_ready"
    BASELINE_INSUFFICIENT = "baseline_insufficient"
    PAUSE_ON = "pause_on"
    PAUSE_OFF = "pause_off"
    WINDOW_CLEAR = "window_clear"


_B, _P, _E = BaselineState, PauseState, EngineEvent

TRANSITIONS: Mapping[tuple[BaselineState | PauseState, EngineEvent], BaselineState | PauseState] = {
    (_B.SETTLING, _E.BASELINE_PHASE_STARTED): _B.COLLECTING,
    (_B.COLLECTING, _E.BASELINE_READY): _B.JUDGING,
    (_B.COLLECTING, _E.BASELINE_INSUFFICIENT): _B.COLLECTING_LATE,
    (_B.COLLECTING_LATE, _E.BASELINE_PHASE_STARTED): _B.COLLECTING,
    (_B.COLLECTING_LATE, _E.BASELINE_READY): _B.JUDGING,
    (_B.JUDGING, _E.BASELINE_PHASE_STARTED): _B.RENEWING,
    (_B.RENEWING, _E.BASELINE_READY): _B.JUDGING,
    (_B.RENEWING, _E.BASELINE_INSUFFICIENT): _B.JUDGING,
    (_P.RUNNING, _E.PAUSE_ON): _P.PAUSED,
    (_P.RUNNING, _E.PAUSE_OFF): _P.RUNNING,
    (_P.PAUSED, _E.PAUSE_ON): _P.PAUSED,
    (_P.PAUSED, _E.PAUSE_OFF): _P.RESUMING,
    (_P.RESUMING, _E.PAUSE_ON): _P.PAUSED,
    (_P.RESUMING, _E.PAUSE_OFF): _P.RESUMING,
    (_P.RESUMING, _E.WINDOW_CLEAR): _P.RUNNING,
}
"""State and event to the next state; every other pair is illegal."""

_JUDGED = frozenset({BaselineState.JUDGING, BaselineState.RENEWING})
_PAUSE_EVENTS = frozenset(event for state, event in TRANSITIONS if isinstance(state, PauseState))


class IllegalEventError(RuntimeError):
    """An event that the engine's state does not allow: a fault of the program."""

    def __init__(self, state: BaselineState | PauseState, event: EngineEvent) -> None:
        allowed = ", ".join(each for known, each in TRANSITIONS if known is state)
        super().__init__(f"the event '{event}' is illegal in the state '{state}'; allowed: {allowed}")


class EngineStates:
    """Current states of one engine; every change goes through ``TRANSITIONS``."""

    def __init__(self) -> None:
        self.baseline = BaselineState.SETTLING
        self.pause = PauseState.RUNNING

    @property
    def has_baseline(self) -> bool:
        """Whether frames are judged by a baseline."""
        return self.baseline in _JUDGED

    def advance(self, event: EngineEvent) -> None:
        """Change the state that the event concerns.

        Raises
        ------
        IllegalEventError
            The event is not allowed in this state.
        """
        state = self.pause if event in _PAUSE_EVENTS else self.baseline
        target = TRANSITIONS.get((state, event))
        if target is None:
            raise IllegalEventError(state, event)
        if isinstance(target, PauseState):
            self.pause = target
        else:
            self.baseline = target
