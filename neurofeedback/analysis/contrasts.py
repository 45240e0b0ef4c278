"""Difference between two sets of sessions in one measure.

From five sessions a side, the session is the unit: difference, Hedges' g and their intervals, p, and q over all
measures. With fewer, there are the difference and the person's own SD between sessions, and no p.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

MIN_SESSIONS_FOR_TEST = 5
_CONFIDENCE_LEVEL = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EffectInterval:
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """Side b minus side a in one measure.

    Parameters
    ----------
    a, b : tuple of float
        One value for each session.
    sd : float, optional
        SD between sessions within a side, pooled over the sides, or the person's own SD from other sessions.
    interval : EffectInterval, optional
        Of the difference; only from five sessions a side.
    g : float, optional
        Hedges' g_av: the difference over the root mean square of both SDs, corrected for few sessions.
    p, q : float, optional
        Of Welch's test, and after Benjamini and Hochberg over all measures compared.
    within_interval : EffectInterval, optional
        Of the difference between two single recordings, from their blocks; it holds for these two recordings only.
    """

    a: tuple[float, ...]
    b: tuple[float, ...]
    difference: float
    sd: float | None = None
    interval: EffectInterval | None = None
    g: float | None = None
    g_interval: EffectInterval | None = None
    p: float | None = None
    q: float | None = None
    within_interval: EffectInterval | None = None

    @property
    def n(self) -> tuple[int, int]:
        """Number of sessions on each side."""
        return len(self.a), len(self.b)


def compute_contrast(a: Sequence[float], b: Sequence[float], own_sd: float | None = None) -> Contrast:
    """Compare the sessions of two sides.

    Parameters
    ----------
    a, b : sequence of float
        One value for each session.
    own_sd : float, optional
        The person's SD from other sessions, used if these sessions give none.

    Raises
    ------
    ValueError
        A side has no session.

    Notes
    -----
    Welch 1947 for the difference; Hedges 1981 for g and its correction, with the variance of Lakens 2013 and Student's
    t for its interval.
    """
    if not a or not b:
        raise ValueError("a side without sessions cannot be compared")
    one, other = np.asarray(a, float), np.asarray(b, float)
    difference = float(other.mean() - one.mean())
    found = Contrast(tuple(a), tuple(b), difference, _pooled_sd(one, other) or own_sd)
    if min(len(a), len(b)) < MIN_SESSIONS_FOR_TEST:
        return found
    se, free = _welch(one, other)
    half_width = float(stats.t(free).ppf(0.5 + _CONFIDENCE_LEVEL / 2)) * se
    g, g_se = _hedges(one, other)
    g_half_width = float(stats.t(free).ppf(0.5 + _CONFIDENCE_LEVEL / 2)) * g_se
    return replace(
        found,
        interval=EffectInterval(difference - half_width, difference + half_width),
        g=g,
        g_interval=EffectInterval(g - g_half_width, g + g_half_width),
        p=float(2 * stats.t(free).sf(abs(difference) / se)) if se else float(difference == 0),
    )


def _pooled_sd(one: Floats, other: Floats) -> float | None:
    free = len(one) + len(other) - 2
    if free < 1:
        return None
    squares = float(np.sum((one - one.mean()) ** 2) + np.sum((other - other.mean()) ** 2))
    return math.sqrt(squares / free)


def _welch(one: Floats, other: Floats) -> tuple[float, float]:
    """Return the standard error of the difference and its degrees of freedom."""
    parts = np.array([side.var(ddof=1) / len(side) for side in (one, other)])
    se = float(np.sqrt(parts.sum()))
    if se == 0:
        return 0.0, float(len(one) + len(other) - 2)
    free = parts.sum() ** 2 / np.sum(parts**2 / (np.array([len(one), len(other)]) - 1))
    return se, float(free)


def _hedges(one: Floats, other: Floats) -> tuple[float, float]:
    """Return Hedges' g_av and its standard error."""
    sd = math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    if sd == 0:
        return 0.0, 0.0
    free = len(one) + len(other) - 2
    correction = 1 - 3 / (4 * free - 1)
    g = correction * float(other.mean() - one.mean()) / sd
    variance = 1 / len(one) + 1 / len(other) + g * g / (2 * free)
    return g, correction * math.sqrt(variance)


def block_interval(a: Sequence[float], b: Sequence[float]) -> EffectInterval | None:
    """Return the interval of the difference between two recordings from their blocks; None for fewer than 2 blocks.

    Blocks of one recording are alike for reasons that another day does not share, so it does not hold for other days.
    """
    if min(len(a), len(b)) < 2:
        return None
    one, other = np.asarray(a, float), np.asarray(b, float)
    se, free = _welch(one, other)
    half_width = float(stats.t(free).ppf(0.5 + _CONFIDENCE_LEVEL / 2)) * se
    difference = float(other.mean() - one.mean())
    return EffectInterval(difference - half_width, difference + half_width)


def add_q_values(contrasts: Mapping[str, Contrast]) -> dict[str, Contrast]:
    """Add q to all contrasts with a p: the false discovery rate of Benjamini and Hochberg 1995."""
    tested = {name: found.p for name, found in contrasts.items() if found.p is not None}
    if not tested:
        return dict(contrasts)
    q = stats.false_discovery_control(list(tested.values()))
    return {**contrasts, **{name: replace(contrasts[name], q=float(one)) for name, one in zip(tested, q, strict=True)}}
