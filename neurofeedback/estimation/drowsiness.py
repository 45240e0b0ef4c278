"""The drowsiness flag: alpha gone and slow waves up, averaged over many seconds. A second output beside the index."""

from __future__ import annotations

import math
from collections import deque

from neurofeedback.settings.model import DrowsinessSettings


class DrowsinessFlag:
    """Averages z-scores over the last valid frames; raised while both rules hold.

    ``level`` moves both thresholds away from 0, or towards it: 1 is the usual one.
    """

    def __init__(self, settings: DrowsinessSettings, hop_s: float) -> None:
        self._settings = settings
        self._length = max(1, round(settings.window_s / hop_s))
        self._alpha: deque[float] = deque(maxlen=self._length)
        self._slow: deque[float] = deque(maxlen=self._length)
        self.level = 1.0

    def push(self, z_alpha: float, z_theta: float, z_delta: float) -> bool:
        """Take posterior alpha above 1/f, theta and delta of one frame (z); NaN is left out."""
        slow = (z_theta + z_delta) / 2
        if not math.isnan(z_alpha + slow):
            self._alpha.append(z_alpha)
            self._slow.append(slow)
        if len(self._alpha) < self._length:
            return False
        s, n = self._settings, self.level * self._length
        return sum(self._alpha) < s.alpha_below_z * n and sum(self._slow) > s.slow_above_z * n
