"""Reward threshold: it tracks a quantile of the index, so that the reward rate is near its target."""

from __future__ import annotations

import math

from neurofeedback.settings.estimation import ThresholdSettings


class RewardThreshold:
    """Stochastic quantile tracking: a step up after a frame without reward, a step down after one with reward.

    Parameters
    ----------
    initial_u : float
        Start value: the quantile of the smoothed index in the baseline, in baseline spreads.
    """

    def __init__(self, initial_u: float, settings: ThresholdSettings, hop_s: float) -> None:
        self.value = initial_u
        self.target_rate = settings.target_rate
        self._step = hop_s / settings.time_constant_s * settings.gain
        self._lowest, self._highest = (initial_u - 1, initial_u + 1) if settings.bounded else (-math.inf, math.inf)

    def update(self, u: float, *, adapt: bool) -> bool:
        """Return whether one valid frame is rewarded (index below the threshold); then adapt if ``adapt``."""
        reward = u < self.value
        if adapt:
            adapted = self.value + self._step * (self.target_rate - reward)
            self.value = min(max(adapted, self._lowest), self._highest)
        return reward
