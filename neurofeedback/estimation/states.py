"""State machine: FOCUS or WANDER by a threshold with hysteresis and dwell time; UNKNOWN and LOST override both.

Whether a frame is valid and its signal usable follows from the artifacts that ``processing.gate`` finds.
"""

from __future__ import annotations

from neurofeedback.settings.estimation import ConfidenceSettings, ThresholdSettings
from neurofeedback.types import State

_OTHER = {State.FOCUS: State.WANDER, State.WANDER: State.FOCUS}


class StateMachine:
    """Changes between FOCUS and WANDER only after the index has stayed beyond the threshold for the dwell time.

    It is UNKNOWN while there is no usable signal, no frame has been valid for some time, the session is paused, or
    there is no baseline yet (the engine decides the last two).
    """

    def __init__(self, threshold: ThresholdSettings, confidence: ConfidenceSettings, hop_s: float) -> None:
        self._hysteresis = threshold.hysteresis
        self._dwell = max(1, round(threshold.dwell_s / hop_s))
        self._unknown_after = max(1, round(confidence.unknown_after_s / hop_s))
        self._beyond = 0
        self._since_valid = self._unknown_after
        self._task_state = State.FOCUS

    def update(self, u: float, threshold_u: float, *, valid: bool, usable: bool, lost: bool) -> State:
        """Return the state after one frame; index and threshold, in baseline spreads, are used in valid frames only."""
        self._since_valid = 0 if valid else self._since_valid + 1
        if valid:
            self._update_task_state(u, threshold_u)
        if lost:
            return State.LOST
        if not usable or self._since_valid >= self._unknown_after:
            return State.UNKNOWN
        return self._task_state

    def _update_task_state(self, u: float, threshold_u: float) -> None:
        wandering = self._task_state is State.WANDER
        beyond = u < threshold_u - self._hysteresis if wandering else u > threshold_u + self._hysteresis
        self._beyond = self._beyond + 1 if beyond else 0
        if self._beyond >= self._dwell:
            self._task_state, self._beyond = _OTHER[self._task_state], 0
