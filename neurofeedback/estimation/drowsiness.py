"""Drowsiness flag beside the index: low alpha and high slow power, averaged over many seconds."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from statistics import median

from neurofeedback.settings.estimation import DecoderSettings, DrowsinessSettings

_MIN_THRESHOLD = 0.1
_MIN_LEVEL, _MAX_LEVEL = 0.4, 2.0


class DrowsinessFlag:
    """Flag from z-scores averaged over the last valid frames; true while both rules hold.

    ``level`` scales both thresholds; 1 is the default.
    """

    def __init__(self, settings: DrowsinessSettings, hop_s: float) -> None:
        self._settings = settings
        self._length = max(1, round(settings.window_s / hop_s))
        self._alpha: deque[float] = deque(maxlen=self._length)
        self._slow: deque[float] = deque(maxlen=self._length)
        self.level = 1.0

    def update(self, z_alpha: float, z_theta: float, z_delta: float) -> bool:
        """Update with posterior alpha above 1/f, theta and delta of one frame (z), NaN left out; return the flag."""
        slow = (z_theta + z_delta) / 2
        if not math.isnan(z_alpha + slow):
            self._alpha.append(z_alpha)
            self._slow.append(slow)
        if len(self._alpha) < self._length:
            return False
        s, n = self._settings, self.level * self._length
        return sum(self._alpha) < s.alpha_below_z * n and sum(self._slow) > s.slow_above_z * n


class DrowsinessSigns:
    """Strength of the signs of drowsiness over a session, relative to the default thresholds: 1 raises the flag."""

    def __init__(self, settings: DrowsinessSettings, hop_s: float) -> None:
        self._settings = settings
        self._length = max(1, round(settings.window_s / hop_s))
        self._samples, self._alpha, self._slow = array("q"), array("d"), array("d")

    def append(self, sample: int, z_alpha: float, z_theta: float, z_delta: float) -> None:
        """Append one frame, as ``DrowsinessFlag.update`` does."""
        slow = (z_theta + z_delta) / 2
        if not math.isnan(z_alpha + slow):
            self._samples.append(sample)
            self._alpha.append(z_alpha)
            self._slow.append(slow)

    def at(self, sample: int) -> float:
        """Return the strength at a sample; NaN before there is enough signal."""
        stop = bisect_right(self._samples, sample)
        rows = slice(stop - self._length, stop)
        if stop < self._length:
            return math.nan
        alpha = sum(self._alpha[rows]) / self._length
        slow = sum(self._slow[rows]) / self._length
        s = self._settings
        return min(-alpha / max(-s.alpha_below_z, _MIN_THRESHOLD), slow / max(s.slow_above_z, _MIN_THRESHOLD))


def fit_drowsiness_level(answers: Sequence[tuple[float, int]], settings: DecoderSettings) -> float:
    """Return a person's threshold relative to the default, from pairs of sign strength and sleepiness answer (1 to 5).

    It is half way between the medians of sleepy and of wakeful answers, but high enough that at most a tenth of the
    wakeful ones would raise the flag; it is shrunk to 1 by the number of the rarer kind. If sleepy answers show no more
    signs than wakeful ones it is 1.

    Examples
    --------
    >>> fit_drowsiness_level([(0.2, 1)] * 10 + [(0.8, 5)] * 10, DecoderSettings())
    0.75
    """
    sleepy = sorted(signs for signs, answer in answers if answer >= settings.sleepy_threshold)
    wakeful = sorted(signs for signs, answer in answers if answer < settings.sleepy_threshold)
    if not sleepy or not wakeful or median(sleepy) <= median(wakeful):
        return 1.0
    own = max((median(sleepy) + median(wakeful)) / 2, wakeful[math.ceil(0.9 * len(wakeful)) - 1])
    n = min(len(sleepy), len(wakeful))
    level = (n * own + settings.sleepy_prior_answers) / (n + settings.sleepy_prior_answers)
    return min(max(level, _MIN_LEVEL), _MAX_LEVEL)
