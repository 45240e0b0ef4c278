"""Rare cues, off by default: the wandering bell, and the sign of calm."""

from __future__ import annotations

import math

from neurofeedback.settings.audio_feedback import BellSettings, CalmSettings
from neurofeedback.types import State


class WanderingBell:
    """Rings once wandering has been likely for the dwell time, then stays silent for the refractory time.

    Notes
    -----
    The likelihood is p = 1 / (1 + exp(-(logit(pi0) + d0 u))): the prior wandering rate pi0, updated by the index u.
    It is used for this rule only and never shown.
    """

    def __init__(self, settings: BellSettings, hop_s: float) -> None:
        self._settings = settings
        self._min_u = (_logit(settings.min_likelihood) - _logit(settings.prior_wandering_rate)) / settings.index_weight
        self._dwell = max(1, round(settings.dwell_s / hop_s))
        self._refractory = round(settings.refractory_s / hop_s)
        self._n_likely = 0
        self._n_since_bell = self._refractory

    def update(self, u: float, confidence: float, state: State, *, feedback: bool) -> bool:
        """Process one frame, ``u`` in baseline spreads; return whether the bell rings now."""
        self._n_since_bell += 1
        confident = feedback and state is State.WANDER and confidence >= self._settings.min_confidence
        self._n_likely = self._n_likely + 1 if confident and u >= self._min_u else 0
        if self._n_likely < self._dwell or self._n_since_bell <= self._refractory:
            return False
        self._n_likely = self._n_since_bell = 0
        return self._settings.enabled


class CalmSign:
    """Sounds for some seconds after a stretch of focus, then waits; ends at once when the state is no longer focus.

    It never sounds under UNKNOWN or LOST, nor outside practice.
    """

    def __init__(self, settings: CalmSettings, hop_s: float) -> None:
        self._settings = settings
        self._dwell, self._length, self._refractory = (
            max(1, round(seconds / hop_s)) for seconds in (settings.dwell_s, settings.length_s, settings.refractory_s)
        )
        self._n_focused = 0
        self._n_since_begin = self._length + self._refractory

    def update(self, confidence: float, state: State, *, feedback: bool) -> bool:
        """Process one frame; return whether the sign sounds in it."""
        self._n_since_begin += 1
        focused = feedback and state is State.FOCUS and confidence >= self._settings.min_confidence
        if not focused:
            self._n_focused = 0
            return False
        self._n_focused += 1
        if self._n_focused >= self._dwell and self._n_since_begin > self._length + self._refractory:
            self._n_since_begin = 0
        return self._settings.enabled and self._n_since_begin < self._length and self._n_focused >= self._dwell


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
