"""The drowsiness flag: alpha gone and slow waves up, averaged over many seconds. A second output beside the index."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from statistics import median

from neurofeedback.settings.estimation import DecoderSettings, DrowsinessSettings

_MIN_THRESHOLD = 0.1
_MIN_LEVEL, _MAX_LEVEL = 0.4, 2.0


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

    def update(self, z_alpha: float, z_theta: float, z_delta: float) -> bool:
        """Take posterior alpha above 1/f, theta and delta of one frame (z); NaN is left out."""
        slow = (z_theta + z_delta) / 2
        if not math.isnan(z_alpha + slow):
            self._alpha.append(z_alpha)
            self._slow.append(slow)
        if len(self._alpha) < self._length:
            return False
        s, n = self._settings, self.level * self._length
        return sum(self._alpha) < s.alpha_below_z * n and sum(self._slow) > s.slow_above_z * n


class DrowsinessSigns:
    """How far the flag's signs were there at any moment so far, in units of its usual thresholds: 1 just raises it."""

    def __init__(self, settings: DrowsinessSettings, hop_s: float) -> None:
        self._settings = settings
        self._length = max(1, round(settings.window_s / hop_s))
        self._samples: list[int] = []
        self._alpha: list[float] = []
        self._slow: list[float] = []

    def append(self, sample: int, z_alpha: float, z_theta: float, z_delta: float) -> None:
        """Take one frame, as the flag does."""
        slow = (z_theta + z_delta) / 2
        if not math.isnan(z_alpha + slow):
            self._samples.append(sample)
            self._alpha.append(z_alpha)
            self._slow.append(slow)

    def at(self, sample: int) -> float:
        """Return the signs at a moment; NaN before there is enough signal."""
        stop = bisect_right(self._samples, sample)
        rows = slice(stop - self._length, stop)
        if stop < self._length:
            return math.nan
        alpha = sum(self._alpha[rows]) / self._length
        slow = sum(self._slow[rows]) / self._length
        s = self._settings
        return min(-alpha / max(-s.alpha_below_z, _MIN_THRESHOLD), slow / max(s.slow_above_z, _MIN_THRESHOLD))


def fit_drowsiness_level(answers: Sequence[tuple[float, int]], settings: DecoderSettings) -> float:
    """Threshold of this person's flag in units of the usual one, from signs and answers to how sleepy (1 to 5).

    Half way between the middle of the sleepy and of the wakeful answers, but never so low that more than a tenth of
    the wakeful ones would raise it; shrunk to 1 by how few there are of the rarer kind. Where sleepy answers show no
    more signs than wakeful ones the usual threshold stays.

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
