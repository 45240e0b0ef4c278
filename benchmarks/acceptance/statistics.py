"""Estimates over people: the person is the unit, never the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval and how many people (or events) it rests on."""

    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 1


def mean_of(values: ArrayLike) -> Estimate:
    """Return the mean over people with its t interval; people without a value (NaN) are left out."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return Estimate(float(known.mean()) if len(known) else math.nan, n=len(known))
    half = float(stats.t.ppf(0.975, len(known) - 1)) * float(known.std(ddof=1)) / math.sqrt(len(known))
    middle = float(known.mean())
    return Estimate(middle, middle - half, middle + half, len(known))


def share_of(hits: Sequence[bool] | NDArray[np.bool_]) -> Estimate:
    """Return a share of independent cases with its Wilson interval.

    Examples
    --------
    >>> share_of([True] * 10).low > 0.7
    True
    """
    n, k = len(hits), int(np.sum(hits))
    if n == 0:
        return Estimate(math.nan, n=0)
    interval = stats.binomtest(k, n).proportion_ci(method="wilson")
    return Estimate(k / n, float(interval.low), float(interval.high), n)


def pooled(counts: Sequence[tuple[int, int]]) -> Estimate:
    """Return a share of events pooled over people, its interval from a bootstrap over the people."""
    table = np.array(counts, dtype=np.float64).reshape(-1, 2)
    hits, total = table.sum(axis=0)
    if total == 0:
        return Estimate(math.nan, n=0)
    drawn = np.random.default_rng(0).integers(len(table), size=(2000, len(table)))
    sums = table[drawn].sum(axis=1)
    low, high = np.nanquantile(sums[:, 0] / np.maximum(sums[:, 1], 1), (0.025, 0.975))
    return Estimate(float(hits / total), float(low), float(high), int(total))


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve; NaN with only one class.

    Examples
    --------
    >>> auc(np.array([0.0, 1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    0.875
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if n_positive == 0 or n_negative == 0:
        return math.nan
    ranks = stats.rankdata(scores)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
