"""Regional means over the valid channels of a frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.settings.montages import FEATURE_REGIONS, Montage


class RegionAverager:
    """Averages every feature over its region's valid channels."""

    def __init__(self, montage: Montage) -> None:
        regions = [list(montage.rows(region)) for region in FEATURE_REGIONS]
        filled = [rows or [0] for rows in regions]  # an empty region never has enough channels
        self._rows = [row for rows in filled for row in rows]
        self._starts = np.cumsum([0, *(len(rows) for rows in filled[:-1])])
        self._member = np.zeros((len(montage.ch_names), len(FEATURE_REGIONS)))
        for column, rows in enumerate(regions):
            self._member[rows, column] = 1
        self._region = [FEATURE_REGIONS.index(feature.region) for feature in FEATURES.values()]
        needed = [
            montage.min_valid_in(place) if rows else math.inf
            for place, rows in zip(FEATURE_REGIONS, regions, strict=True)
        ]
        self._needed = np.take(needed, self._region)
        self._columns = [
            region * len(KINDS) + feature.kind_row
            for region, feature in zip(self._region, FEATURES.values(), strict=True)
        ]

    def means(self, values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Average ``(..., n, n_channels, len(KINDS))`` to ``(..., n, len(FEATURES))``.

        ``valid`` is ``(n, n_channels, len(KINDS))``; NaN where a region has too few valid channels.
        """
        stacked = np.where(valid, values, 0.0).reshape(math.prod(values.shape[:-3]), *valid.shape)
        joined = np.concatenate([stacked, valid[None]])  # one sum for the values and their number
        sums = np.add.reduceat(joined.take(self._rows, axis=-2), self._starts, axis=-2)
        of_features = sums.reshape(*sums.shape[:-2], math.prod(sums.shape[-2:])).take(self._columns, axis=-1)
        n_valid = of_features[-1]
        means = np.where(n_valid >= self._needed, of_features[:-1] / np.maximum(n_valid, 1), np.nan)
        return means.reshape(*values.shape[:-3], *means.shape[1:])

    def has_enough_channels(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether ``(n, n_channels)`` is true for enough channels of each feature's region, ``(n, len(FEATURES))``."""
        return self._counts(flags).take(self._region, axis=-1) >= self._needed

    def _counts(self, flags: NDArray[np.bool_]) -> NDArray[np.float64]:
        return flags @ self._member
