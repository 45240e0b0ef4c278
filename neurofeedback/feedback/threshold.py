"""Reward control: a threshold that follows a quantile of the index, so that reward comes at the rate aimed at."""

from __future__ import annotations

from neurofeedback.settings.model import ThresholdSettings


class RewardThreshold:
    """Stochastic quantile tracking: up a little after each reward missed, down after each one given.

    Parameters
    ----------
    start, spread : float
        The baseline's quantile of the smoothed index, and the index spread.
    """

    def __init__(self, start: float, spread: float, settings: ThresholdSettings, hop_s: float) -> None:
        self.value = start
        self.target_rate = settings.target_rate
        self._start, self._spread = start, spread
        self._step = hop_s / settings.time_constant_s * settings.gain * spread
        self._bounded = settings.bounded

    def push(self, index: float, *, learn: bool) -> bool:
        """Judge one valid frame: is the index below the threshold? Then, if asked, learn from it."""
        reward = index < self.value
        if learn:
            self.value += self._step * (self.target_rate - reward)
            if self._bounded:
                self.value = min(max(self.value, self._start - self._spread), self._start + self._spread)
        return reward
