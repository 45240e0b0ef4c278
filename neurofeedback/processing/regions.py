"""From channels to regions: means over the channels that count in a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.settings.montages import REGIONS, Montage


class Regions:
    """Every feature's mean over its region's valid channels."""

    def __init__(self, montage: Montage) -> None:
        self._rows = [np.array(montage.rows(region), dtype=np.int64) for region in REGIONS]
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
        means = [self._mean(values, valid, rows) for rows in self._rows]
        return np.take(np.concatenate(means, axis=-1), self._place, axis=-1)

    def enough(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether ``(n, n_channels)`` holds for enough channels of each feature's region, ``(n, len(FEATURES))``."""
        counts = np.stack([flags[:, rows].sum(axis=1) for rows in self._rows], axis=-1)
        return np.take(counts >= self._min_valid, self._region, axis=-1)

    def _mean(
        self, values: NDArray[np.float64], valid: NDArray[np.bool_], rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        counts = np.take(valid, rows, axis=-1)
        total = np.sum(np.where(counts[..., None], np.take(values, rows, axis=-2), 0.0), axis=-2)
        count = counts.sum(axis=-1)[:, None]
        return np.where(count >= self._min_valid, total / np.maximum(count, 1), np.nan)
