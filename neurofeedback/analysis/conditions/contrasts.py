"""Difference between two sets of sessions in one measure.

From five sessions a side that take turns, the session is the unit: difference, Hedges' g and their intervals, p, and q
over all measures. With fewer, or with one side mostly before the other, there are the difference and the person's own
SD between sessions, and no p.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import stdtrit

from neurofeedback.analysis.session_memory import memory_effect

MIN_SESSIONS_FOR_TEST = 5
MAX_ORDER_INFLATION = 1.25
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
        Of the difference; only from five sessions a side that take turns.
    g : float, optional
        Hedges' g_av: the difference over the root mean square of both SDs, corrected for few sessions.
    p, q : float, optional
        Of Welch's test, and after Benjamini and Hochberg over all measures compared.
    within_interval : EffectInterval, optional
        Of the difference between two single recordings, from their blocks; it holds for these two recordings only.
    order_inflation : float, optional
        Result of ``order_inflation`` for these sessions; above 1.25 there is no test.
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
    order_inflation: float | None = None

    @property
    def separated(self) -> bool:
        """Whether there are enough sessions for a test, and only their order in time forbids it."""
        enough = min(self.n) >= MIN_SESSIONS_FOR_TEST
        return enough and (self.order_inflation is None or self.order_inflation > MAX_ORDER_INFLATION)

    @property
    def n(self) -> tuple[int, int]:
        """Number of sessions on each side."""
        return len(self.a), len(self.b)


def order_inflation(is_b: Sequence[bool]) -> float | None:
    """Return how much Welch's test understates the variance if neighbouring sessions are alike, by AR(.5).

    Parameters
    ----------
    is_b : sequence of bool
        For each session in order of time: whether it is of side b.

    Returns
    -------
    float or None
        1 for independent sessions; None if a side has no session, or there are fewer than three.

    Examples
    --------
    >>> before_after, alternating = [False] * 5 + [True] * 5, [False, True] * 5
    >>> round(order_inflation(before_after), 1), round(order_inflation(alternating), 1)
    (2.7, 0.4)
    """
    return _order_inflation(tuple(is_b))


@lru_cache(maxsize=64)
def _order_inflation(is_b: tuple[bool, ...]) -> float | None:
    side = np.asarray(is_b, float)
    n_b, n_a = side.sum(), (1 - side).sum()
    if not n_a or not n_b or len(side) < 3:
        return None
    return memory_effect(range(len(side)), np.column_stack([1 - side, side]), side / n_b - (1 - side) / n_a).inflation


def compute_contrast(
    a: Sequence[float], b: Sequence[float], own_sd: float | None = None, *, is_b: Sequence[bool] | None = None
) -> Contrast:
    """Compare the sessions of two sides.

    Parameters
    ----------
    a, b : sequence of float
        One value for each session.
    own_sd : float, optional
        The person's SD from other sessions, used if these sessions give none.
    is_b : sequence of bool, optional
        For each session of both sides in order of time: whether it is of side b. Without it there is no test.

    Raises
    ------
    ValueError
        A side has no session.

    Notes
    -----
    Welch's test of scipy; Hedges 1981 for g and its correction, with the variance of Lakens 2013 and Student's t for
    its interval. There is no test if ``order_inflation`` is above 1.25: under AR(.5) such orders have p < .05 in .07 to
    .18 of null comparisons. The rule looks at the order alone, never at a value.
    """
    if not a or not b:
        raise ValueError("a side without sessions cannot be compared")
    one, other = np.asarray(a, float), np.asarray(b, float)
    difference = float(other.mean() - one.mean())
    inflation = None if is_b is None else order_inflation(is_b)
    found = Contrast(tuple(a), tuple(b), difference, _pooled_sd(one, other) or own_sd, order_inflation=inflation)
    if min(len(a), len(b)) < MIN_SESSIONS_FOR_TEST or found.separated:
        return found
    interval, p, free = _welch(one, other)
    g, g_se = _hedges(one, other)
    g_half_width = float(stdtrit(free, 0.5 + _CONFIDENCE_LEVEL / 2)) * g_se
    return replace(found, interval=interval, g=g, g_interval=EffectInterval(g - g_half_width, g + g_half_width), p=p)


def _pooled_sd(one: Floats, other: Floats) -> float | None:
    free = len(one) + len(other) - 2
    if free < 1:
        return None
    squares = float(np.sum((one - one.mean()) ** 2) + np.sum((other - other.mean()) ** 2))
    return math.sqrt(squares / free)


def _welch(one: Floats, other: Floats) -> tuple[EffectInterval, float, float]:
    """Return the interval of the difference, p, and the degrees of freedom, also where no session differs."""
    difference = float(other.mean() - one.mean())
    if (np.ptp(one) == 0 and np.ptp(other) == 0) or one.var() + other.var() == 0:  # scipy has no test then
        return EffectInterval(difference, difference), float(difference == 0), float(len(one) + len(other) - 2)
    with warnings.catch_warnings():  # values that hardly differ lose precision; the interval stays right
        warnings.simplefilter("ignore", RuntimeWarning)
        result = stats.ttest_ind(other, one, equal_var=False)
    limits = result.confidence_interval(_CONFIDENCE_LEVEL)
    return EffectInterval(float(limits.low), float(limits.high)), float(result.pvalue), float(result.df)


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
    return _welch(np.asarray(a, float), np.asarray(b, float))[0]


def add_q_values(contrasts: Mapping[str, Contrast]) -> dict[str, Contrast]:
    """Add q to all contrasts with a p: the false discovery rate of Benjamini and Hochberg 1995."""
    tested = {name: found.p for name, found in contrasts.items() if found.p is not None}
    if not tested:
        return dict(contrasts)
    q = stats.false_discovery_control(list(tested.values()))
    return {**contrasts, **{name: replace(contrasts[name], q=float(one)) for name, one in zip(tested, q, strict=True)}}
