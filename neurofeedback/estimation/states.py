"""The state machine: FOCUS or WANDER by a threshold with hysteresis and dwell; UNKNOWN and LOST from outside."""

from __future__ import annotations

from neurofeedback.settings.model import ThresholdSettings
from neurofeedback.types import State

_OTHER = {State.FOCUS: State.WANDER, State.WANDER: State.FOCUS}


class StateMachine:
    """Changes between FOCUS and WANDER only after the index has stayed beyond the threshold for the dwell time."""

    def __init__(self, settings: ThresholdSettings, hop_s: float) -> None:
        self._hysteresis = settings.hysteresis
        self._dwell = max(1, round(settings.dwell_s / hop_s))
        self._beyond = 0
        self.state = State.FOCUS

    def push(self, value: float, threshold: float, spread: float) -> State:
        """Take one valid frame: smoothed index, threshold, and index spread (same unit)."""
        margin = self._hysteresis * spread
        wandering = self.state is State.WANDER
        beyond = value < threshold - margin if wandering else value > threshold + margin
        self._beyond = self._beyond + 1 if beyond else 0
        if self._beyond >= self._dwell:
            self.state, self._beyond = _OTHER[self.state], 0
        return self.state
