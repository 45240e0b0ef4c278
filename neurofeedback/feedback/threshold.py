"""Reward control: a threshold that follows a quantile of the index, so that reward comes at the rate aimed at."""

from __future__ import annotations

import math

from neurofeedback.settings.estimate import ThresholdSettings


class RewardThreshold:
    """Stochastic quantile tracking: up a little after each reward missed, down after each one given.

    Parameters
    ----------
    start_u : float
        The baseline's quantile of the smoothed index, in baseline spreads.
    """

    def __init__(self, start_u: float, settings: ThresholdSettings, hop_s: float) -> None:
        self.value = start_u
        self.target_rate = settings.target_rate
        self._step = hop_s / settings.time_constant_s * settings.gain
        self._lowest, self._highest = (start_u - 1, start_u + 1) if settings.bounded else (-math.inf, math.inf)

    def push(self, u: float, *, learn: bool) -> bool:
        """Judge one valid frame: is the index below the threshold? Then, if asked, learn from it."""
        reward = u < self.value
        if learn:
            moved = self.value + self._step * (self.target_rate - reward)
            self.value = min(max(moved, self._lowest), self._highest)
        return reward
