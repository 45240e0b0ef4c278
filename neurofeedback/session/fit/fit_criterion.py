"""The criterion of a good headset fit from the last seconds of each electrode."""

from __future__ import annotations

import math
from collections import deque

from neurofeedback.processing.contact import MAX_BADNESS
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.signal import ContactSettings
from neurofeedback.texts.contact import NO_SIGNAL
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality, HeadsetFit

_VERDICT_SCORES = {ContactLevel.GOOD: 1.0, ContactLevel.FAIR: 0.75, ContactLevel.BAD: 0.0}
_REGIONS = ("frontal", "posterior")


class FitCriterion:
    """Rates the headset fit from electrode quality, second by second."""

    def __init__(self, montage: Montage, settings: ContactSettings) -> None:
        self._montage = montage
        self._settings = settings
        self._recent: deque[list[float]] = deque(maxlen=settings.recent_s)
        self._all_good_s = 0
        self._good_enough_s = 0

    def update(self, electrodes: tuple[ElectrodeQuality, ...]) -> HeadsetFit:
        """Take one second of all electrodes."""
        self._recent.append([_VERDICT_SCORES[electrode.contact.level] for electrode in electrodes])
        good_shares = tuple(sum(scores) / self._settings.recent_s for scores in zip(*self._recent, strict=True))
        steady = tuple(share >= self._settings.steady_share for share in good_shares)
        all_good, good_enough = all(steady), self._is_good_enough(steady)
        self._all_good_s = self._all_good_s + 1 if all_good else 0
        self._good_enough_s = self._good_enough_s + 1 if good_enough else 0
        return HeadsetFit(
            electrodes, good_shares, steady, all_good, good_enough, self._starts_in_s() if good_enough else None
        )

    def reset(self) -> HeadsetFit:
        """Reset after a loss of signal."""
        self._recent.clear()
        self._all_good_s = self._good_enough_s = 0
        ch_names = self._montage.ch_names
        electrodes = tuple(_no_signal(name) for name in ch_names)
        return HeadsetFit(
            electrodes, (0.0,) * len(ch_names), (False,) * len(ch_names), all_good=False, good_enough=False
        )

    def _is_good_enough(self, steady: tuple[bool, ...]) -> bool:
        """Return whether most electrodes are steady, and as many of each region as its features need."""
        if sum(steady) < self._settings.min_good_share * len(steady):
            return False
        return all(self._is_region_covered(self._montage.rows(region), steady) for region in _REGIONS)

    def _is_region_covered(self, rows: tuple[int, ...], steady: tuple[bool, ...]) -> bool:
        return sum(steady[row] for row in rows) >= min(self._montage.min_valid, len(rows))

    def _starts_in_s(self) -> float:
        good_enough_s = self._settings.good_enough_s - self._good_enough_s
        all_good_s = self._settings.all_good_s - self._all_good_s if self._all_good_s else math.inf
        return float(max(0, min(good_enough_s, all_good_s)))


def _no_signal(ch_name: str) -> ElectrodeQuality:
    return ElectrodeQuality(
        ChannelContact(ch_name, ContactLevel.BAD, (NO_SIGNAL,)),
        MAX_BADNESS,
        math.nan,
        math.nan,
        1.0,
    )
