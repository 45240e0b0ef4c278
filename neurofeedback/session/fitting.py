"""When a headset fits: what the last seconds of each electrode add up to, and whether a sitting may begin."""

from __future__ import annotations

import math
from collections import deque

from neurofeedback.processing.electrodes import WORDS, WORST
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.signal import ContactSettings
from neurofeedback.types import Contact, Electrode, Fit, Verdict

_WORTH = {Verdict.GOOD: 1.0, Verdict.FAIR: 0.75, Verdict.BAD: 0.0}
_REGIONS = ("frontal", "posterior")


class FitKeeper:
    """Takes the electrodes second by second and says how the headset fits."""

    def __init__(self, montage: Montage, settings: ContactSettings) -> None:
        self._montage = montage
        self._settings = settings
        self._recent: deque[list[float]] = deque(maxlen=settings.recent_s)
        self._everywhere_s = 0
        self._enough_s = 0

    def push(self, electrodes: tuple[Electrode, ...]) -> Fit:
        """Take one second of all electrodes."""
        self._recent.append([_WORTH[electrode.contact.verdict] for electrode in electrodes])
        fills = tuple(sum(worth) / self._settings.recent_s for worth in zip(*self._recent, strict=True))
        steady = tuple(fill >= self._settings.steady_share for fill in fills)
        everywhere, enough = all(steady), self._enough(steady)
        self._everywhere_s = self._everywhere_s + 1 if everywhere else 0
        self._enough_s = self._enough_s + 1 if enough else 0
        return Fit(electrodes, fills, steady, everywhere, enough, self._begins_in_s() if enough else None)

    def lose(self) -> Fit:
        """Start anew, since nothing arrives any more."""
        self._recent.clear()
        self._everywhere_s = self._enough_s = 0
        ch_names = self._montage.ch_names
        electrodes = tuple(_no_signal(name) for name in ch_names)
        return Fit(electrodes, (0.0,) * len(ch_names), (False,) * len(ch_names), everywhere=False, enough=False)

    def _enough(self, steady: tuple[bool, ...]) -> bool:
        """Tell whether most electrodes are steady, and as many of each region as its features need."""
        if sum(steady) < self._settings.enough_share * len(steady):
            return False
        return all(self._covered(self._montage.rows(region), steady) for region in _REGIONS)

    def _covered(self, rows: tuple[int, ...], steady: tuple[bool, ...]) -> bool:
        return sum(steady[row] for row in rows) >= min(self._montage.min_valid, len(rows))

    def _begins_in_s(self) -> float:
        patience = self._settings.patience_s - self._enough_s
        calm = self._settings.calm_s - self._everywhere_s if self._everywhere_s else math.inf
        return float(max(0, min(patience, calm)))


def _no_signal(ch_name: str) -> Electrode:
    return Electrode(Contact(ch_name, Verdict.BAD, (WORDS["lost"],)), WORST, math.nan, math.nan, 1.0)
