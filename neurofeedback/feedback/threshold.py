"""Reward control: a threshold that follows a quantile of the index, so that reward comes at the rate aimed at."""

from __future__ import annotations

import math

from neurofeedback.settings.estimation import ThresholdSettings


class RewardThreshold:
    """Stochastic quantile tracking: up a little after each reward missed, down after each one given.

    Parameters
    ----------
    start_u : float
        The baseline's quantile of the smoothed index, in baseline spreads.
    """

    def __init__(self, initial_u: float, settings: ThresholdSettings, hop_s: float) -> None:
        self.value = initial_u
        self.target_rate = settings.target_rate
        self._step = hop_s / settings.time_constant_s * settings.gain
        self._lowest, self._highest = (initial_u - 1, initial_u + 1) if settings.bounded else (-math.inf, math.inf)

    def update(self, u: float, *, adapt: bool) -> bool:
        """Judge one valid frame: is the index below the threshold? Then, if asked, learn from it."""
        reward = u < self.value
        if adapt:
            moved = self.value + self._step * (self.target_rate - reward)
            self.value = min(max(moved, self._lowest), self._highest)
        return reward
