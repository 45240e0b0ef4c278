"""The wandering bell: a rare cue when the index clearly indicates wandering. Off by default."""

from __future__ import annotations

import math

from neurofeedback.settings.audio_feedback import BellSettings
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


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
