"""Rules of feedback: from the index of one frame to state, reward, guidance, bell and sign of calm. Pure.

The wearer's own index and a sham series go through the same rules, each with a threshold and state machine of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from neurofeedback.feedback.cues import CalmSign, WanderingBell
from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.feedback.threshold import RewardThreshold
from neurofeedback.settings.model import Settings
from neurofeedback.types import PlayedFeedback, State

JUDGED_STATES = frozenset({State.FOCUS, State.WANDER})
"""States in which the index is judged by the threshold."""


class StateUpdate(Protocol):
    """A state machine such as ``estimation.states.StateMachine``."""

    def update(self, u: float, threshold_u: float, *, valid: bool, usable: bool, lost: bool) -> State:
        """Return the state after one frame."""
        ...


@dataclass(frozen=True, slots=True)
class OwnFrame:
    """What the wearer's own signal determines in one frame, in the real and in the sham arm.

    ``gap`` is whether samples are missing, ``late`` whether the samples come too late for feedback.
    """

    valid: bool
    usable: bool
    lost: bool
    gap: bool
    state: State
    signal: float
    confidence: float
    drowsy: bool
    practising: bool
    paused: bool
    late: bool

    @property
    def silenced(self) -> bool:
        """Whether the frame gives no feedback although it may belong to practice."""
        return self.paused or self.late


class FeedbackRules:
    """Computes feedback from an index, frame by frame.

    Parameters
    ----------
    states : StateUpdate
        A new state machine with the session's settings.
    """

    def __init__(self, settings: Settings, hop_s: float, states: StateUpdate) -> None:
        self._settings = settings.threshold
        self._hop_s = hop_s
        self._states = states
        self._threshold: RewardThreshold | None = None
        self._target_rate = settings.threshold.target_rate
        self._mapper = GuidanceMapper(settings.feedback, hop_s)
        self._bell = WanderingBell(settings.bell, hop_s)
        self._calm_sign = CalmSign(settings.calm, hop_s)

    def reset_threshold(self, initial_u: float) -> None:
        """Restart the threshold, in baseline spreads."""
        self._threshold = RewardThreshold(initial_u, self._settings, self._hop_s)
        self._threshold.target_rate = self._target_rate

    def set_target_rate(self, target_rate: float) -> None:
        """Change the share of frames to reward."""
        self._target_rate = target_rate
        if self._threshold is not None:
            self._threshold.target_rate = target_rate

    def set_tone_depth(self, depth: float) -> None:
        """Change how much of the tone's range is used."""
        self._mapper.depth = depth

    def update_state(self, u: float, *, valid: bool, usable: bool, lost: bool) -> State:
        """Return the state of one frame; without a threshold nothing is judged."""
        if self._threshold is None:
            return State.LOST if lost else State.UNKNOWN
        return self._states.update(u, self._threshold.value, valid=valid, usable=usable, lost=lost)

    def update(self, u: float, state: State, own: OwnFrame) -> PlayedFeedback:
        """Return the feedback of one frame; index and threshold are NaN in a state that is not judged."""
        threshold, reward = math.nan, False
        if self._threshold is None or state not in JUDGED_STATES:
            u = math.nan
        else:
            threshold = self._threshold.value
            reward = own.valid and self._threshold.update(u, adapt=own.practising and not own.late) and not own.late
        feedback = own.practising and not own.late
        guidance = self._mapper.update(
            u, own.confidence, own.signal, state, feedback=own.practising, paused=own.silenced
        )
        guidance = replace(
            guidance,
            bell=self._bell.update(u, own.confidence, state, feedback=feedback),
            reward=reward and own.practising,
            drowsy=own.drowsy and own.practising,
            calm=self._calm_sign.update(own.confidence, state, feedback=feedback),
        )
        return PlayedFeedback(u, threshold, reward, state, guidance)
