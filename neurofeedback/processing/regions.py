"""From channels to regions: means over the channels that count in a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.settings.montages import REGIONS, Montage


class Regions:
    """Every feature's mean over its region's valid channels."""

    def __init__(self, montage: Montage) -> None:
        self._rows = [list(montage.rows(region)) for region in REGIONS]
        self._member = np.zeros((len(montage.ch_names), len(REGIONS)))
        for column, rows in enumerate(self._rows):
            self._member[rows, column] = 1
        self._min_valid = montage.min_valid
        self._region = [REGIONS.index(feature.region) for feature in FEATURES.values()]
        self._place = [
            region * len(KINDS) + feature.kind_row
            for region, feature in zip(self._region, FEATURES.values(), strict=True)
        ]

    def means(self, values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Average ``(..., n, n_channels, len(KINDS))`` to ``(..., n, len(FEATURES))``.

        ``valid`` is ``(n, n_channels)``; NaN where a region has too few valid channels.
        """
        counted = np.where(valid[..., None], values, 0.0)
        sums = np.concatenate([np.take(counted, rows, axis=-2).sum(axis=-2) for rows in self._rows], axis=-1)
        n_valid = np.take(self._counts(valid), self._region, axis=-1)
        means = np.take(sums, self._place, axis=-1) / np.maximum(n_valid, 1)
        return np.where(n_valid >= self._min_valid, means, np.nan)

    def enough(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether ``(n, n_channels)`` holds for enough channels of each feature's region, ``(n, len(FEATURES))``."""
        return np.take(self._counts(flags) >= self._min_valid, self._region, axis=-1)

    def _counts(self, flags: NDArray[np.bool_]) -> NDArray[np.float64]:
        return flags @ self._member
