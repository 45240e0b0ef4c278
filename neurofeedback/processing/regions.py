"""Regional means over the valid channels of a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.settings.montages import FEATURE_REGIONS, Montage


class RegionAverager:
    """Averages every feature over its region's valid channels."""

    def __init__(self, montage: Montage) -> None:
        self._rows = [list(montage.rows(region)) for region in FEATURE_REGIONS]
        self._member = np.zeros((len(montage.ch_names), len(FEATURE_REGIONS)))
        for column, rows in enumerate(self._rows):
            self._member[rows, column] = 1
        self._region = [FEATURE_REGIONS.index(feature.region) for feature in FEATURES.values()]
        needed = [montage.min_valid_in(place) for place in FEATURE_REGIONS]
        self._needed = np.take(needed, self._region)
        self._columns = [
            region * len(KINDS) + feature.kind_row
            for region, feature in zip(self._region, FEATURES.values(), strict=True)
        ]

    def means(self, values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Average ``(..., n, n_channels, len(KINDS))`` to ``(..., n, len(FEATURES))``.

        ``valid`` is ``(n, n_channels, len(KINDS))``; NaN where a region has too few valid channels.
        """
        n_valid = self._sums(valid)
        means = self._sums(np.where(valid, values, 0.0)) / np.maximum(n_valid, 1)
        return np.where(n_valid >= self._needed, means, np.nan)

    def _sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum ``(..., n_channels, len(KINDS))`` over each feature's region."""
        sums = [np.take(values, rows, axis=-2).sum(axis=-2) for rows in self._rows]
        return np.take(np.concatenate(sums, axis=-1), self._columns, axis=-1)

    def has_enough_channels(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether ``(n, n_channels)`` is true for enough channels of each feature's region, ``(n, len(FEATURES))``."""
        return np.take(self._counts(flags), self._region, axis=-1) >= self._needed

    def _counts(self, flags: NDArray[np.bool_]) -> NDArray[np.float64]:
        return flags @ self._member
