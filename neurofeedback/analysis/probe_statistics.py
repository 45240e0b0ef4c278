"""Statistics of probe answers: shares of wandering with their intervals, trend, and sessions needed to see a change.

Progress is measured by answers alone: the index is relative to each session's baseline, and the threshold adapts so
that the reward rate stays constant. The session is the unit: its share differs from the next one's, and neighbouring
sessions may be alike. Both are allowed for, see ``session_memory``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurofeedback.analysis.session_memory import MemoryEffect, memory_effect

MIN_SESSIONS = 5
MIN_TREND_SESSIONS = 8
MIN_ANSWERS = 40
MAX_SESSIONS_NEEDED = 400
MAX_RELATIVE_WEIGHT = 2.0
_LEVEL = 0.95
_POWER = 0.80
_SD_LEVEL = 0.76  # nominal: shares are bounded, so it contains the SD in about .80
_MAX_LOG_ODDS = 50.0
_CERTAIN_NCP = 10.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """Number of answers "wandering" and "focus" of one session or of several."""

    n_wander: int
    n_focus: int

    @property
    def n(self) -> int:
        """Number of answers of both kinds."""
        return self.n_wander + self.n_focus


@dataclass(frozen=True, slots=True)
class WanderingShare:
    """Share of answers "wandering" with its 95 % interval, all 0 to 1, from ``n`` answers."""

    value: float
    low: float
    high: float
    n: int


def estimate_wandering_share(answers: AnswerCounts) -> WanderingShare | None:
    """Return the share of wandering in these very sessions with Jeffreys' interval; None without answers.

    Notes
    -----
    Brown, Cai and DasGupta 2001, Statistical Science 16:101, recommend it for small numbers.

    Examples
    --------
    >>> share = estimate_wandering_share(AnswerCounts(6, 14))
    >>> round(share.value, 2), round(share.low, 2), round(share.high, 2)
    (0.3, 0.14, 0.52)
    """
    if answers.n == 0:
        return None
    from scipy.special import betaincinv  # takes half a second; not for opening the window

    posterior = (answers.n_wander + 0.5, answers.n_focus + 0.5)
    low = 0.0 if answers.n_wander == 0 else float(betaincinv(*posterior, 0.025))
    high = 1.0 if answers.n_focus == 0 else float(betaincinv(*posterior, 0.975))
    return WanderingShare(answers.n_wander / answers.n, low, high, answers.n)


@dataclass(frozen=True, slots=True)
class LongRunShare:
    """95 % interval (0 to 1) of a person's share of wandering over many sessions like these."""

    low: float
    high: float
    n_sessions: int


def estimate_long_run_share(sessions: Sequence[AnswerCounts]) -> LongRunShare | None:
    """Return the interval of the share over many sessions; None for fewer than 5 sessions with answers.

    Parameters
    ----------
    sessions : sequence of AnswerCounts
        In order of time; sessions without answers count in the numbering.

    Notes
    -----
    Logit of the pooled share (half an answer of each kind added) with Student's t on one degree less than sessions.
    Its binomial variance is multiplied by Pearson's dispersion, of which the part above 1 is inflated for AR(.5)
    between sessions. Simulated coverage, 5 to 40 sessions: .91 to .98 under AR(.5), .96 and more for independent ones.
    """
    places, wander, n = _limit_weights(sessions)
    if len(places) < MIN_SESSIONS:
        return None
    from scipy.special import expit, logit  # takes long to load, as above

    ones = np.ones((len(places), 1))
    effect = memory_effect(places, ones, ones[:, 0])
    share = (wander.sum() + 0.5) / (n.sum() + 1)
    dispersion = _inflate_excess(_dispersion_about_mean(wander, n), effect)
    binomial_sd = 1 / math.sqrt(float(n.sum()) * share * (1 - share))
    half_width = _half_width(binomial_sd, dispersion, len(places) - 1)
    low = float(expit(logit(share) - half_width)) if wander.any() else 0.0
    high = float(expit(logit(share) + half_width)) if (wander < n).any() else 1.0
    return LongRunShare(low, high, len(places))


def _limit_weights(sessions: Sequence[AnswerCounts]) -> tuple[list[int], Floats, Floats]:
    """Return place, answers "wandering" and all answers of each session that has answers.

    A session with more than twice the median number of answers counts as one with twice the median: its share differs
    from the next one's as any other does. With one of 400 answers at an end, up to .22 of null histories had a trend.
    """
    places = [place for place, answers in enumerate(sessions) if answers.n]
    wander = np.array([sessions[place].n_wander for place in places], float)
    n = np.array([sessions[place].n for place in places], float)
    if not places:
        return places, wander, n
    factor = np.minimum(1.0, MAX_RELATIVE_WEIGHT * np.median(n) / n)
    return places, wander * factor, n * factor


def _dispersion_about_mean(wander: Floats, n: Floats) -> float:
    """Return Pearson's chi2 about the pooled share over its degrees of freedom; 1 where answers are of one kind."""
    share = wander.sum() / n.sum()
    if not 0 < share < 1:
        return 1.0
    return float(np.sum((wander - n * share) ** 2 / (n * share * (1 - share)))) / (len(n) - 1)


def _inflate_excess(dispersion: float, effect: MemoryEffect) -> float:
    """Return the dispersion with its part above 1 inflated: the scatter of single answers has no memory."""
    return 1.0 + max(dispersion - 1.0, 0.0) * effect.inflation


@dataclass(frozen=True, slots=True)
class WanderingTrend:
    """Change of the odds of wandering from one session to the next, as a factor with its 95 % interval.

    Parameters
    ----------
    first, last : float
        The model's shares for the first and the last session.
    quasibinomial_low, quasibinomial_high : float
        The interval that assumes independent sessions. It is too narrow if neighbouring sessions are alike.
    """

    factor: float
    low: float
    high: float
    first: float
    last: float
    n_sessions: int
    n_answers: int
    quasibinomial_low: float
    quasibinomial_high: float

    @property
    def is_significant(self) -> bool:
        """Whether the interval excludes "no change"."""
        return not self.low <= 1.0 <= self.high


def fit_wandering_trend(sessions: Sequence[AnswerCounts]) -> WanderingTrend | None:
    """Fit a quasi-binomial regression of the answers on the session's number, robust to memory between sessions.

    Parameters
    ----------
    sessions : sequence of AnswerCounts
        In order of time; sessions without answers count in the numbering.

    Returns
    -------
    WanderingTrend or None
        None for fewer than 8 sessions with answers, fewer than 40 answers, or answers of one kind only.

    Notes
    -----
    statsmodels' binomial ``GLM``. Of Pearson's dispersion the part above 1 is inflated for AR(.5) between sessions,
    and Student's t has the degrees of freedom that AR(.5) leaves. Simulated rejections of a true null at 8 to 40
    sessions: at most .03 for independent sessions, .065 under AR(.5), .10 to .15 under AR(.7), which is not held. The
    plain quasi-binomial interval, returned beside it, rejects .09 to .18 under AR(.5).
    """
    places, wander, n = _limit_weights(sessions)
    n_answers = sum(answers.n for answers in sessions)
    one_kind = not wander.any() or bool((wander == n).all())
    if len(places) < MIN_TREND_SESSIONS or n_answers < MIN_ANSWERS or one_kind:
        return None
    numbers = np.array(places, float)
    x = (numbers - numbers.mean()) / numbers.std()
    intercept, slope, binomial_sd, dispersion = _fit_binomial(x, wander, n)
    effect = _slope_effect(range(len(x)) if places[-1] - places[0] < len(x) else tuple(places))
    robust = _half_width(binomial_sd, _inflate_excess(dispersion, effect), effect.degrees_of_freedom)
    plain = _half_width(binomial_sd, max(1.0, dispersion), len(x) - 2)
    offsets = (0.0, -robust, robust, -plain, plain)
    factor, low, high, plain_low, plain_high = (_odds((slope + offset) / numbers.std()) for offset in offsets)
    first, last = (_logistic(intercept + slope * place) for place in (x[0], x[-1]))
    return WanderingTrend(factor, low, high, first, last, len(places), n_answers, plain_low, plain_high)


def _fit_binomial(x: Floats, wander: Floats, n: Floats) -> tuple[float, float, float, float]:
    """Return intercept, slope, the slope's binomial SD, and Pearson's dispersion about the fit."""
    from statsmodels.genmod.families import Binomial  # takes long to load, as above
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    ends = np.full((2, 2), 0.5)  # answers that change once and completely would have no fit
    counts = np.concatenate([np.column_stack([wander, n - wander]), ends])
    predictor = np.concatenate([x, x[[0, -1]]])
    model = GLM(counts, np.column_stack([np.ones(len(predictor)), predictor]), family=Binomial())
    with warnings.catch_warnings():  # all sessions may lie on one line; the interval shows the uncertainty
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        result = model.fit()
    dispersion = float(np.sum(np.asarray(result.resid_pearson)[: len(x)] ** 2)) / (len(x) - 2)
    return float(result.params[0]), float(result.params[1]), float(result.bse[1]), dispersion


def _half_width(binomial_sd: float, dispersion: float, degrees_of_freedom: float) -> float:
    from scipy.special import stdtrit  # takes long to load, as above

    return float(stdtrit(degrees_of_freedom, 0.5 + _LEVEL / 2)) * binomial_sd * math.sqrt(dispersion)


def _odds(x: float) -> float:
    return math.exp(min(max(x, -_MAX_LOG_ODDS), _MAX_LOG_ODDS))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + _odds(-x))


def estimate_session_sd(sessions: Sequence[AnswerCounts]) -> tuple[float, float] | None:
    """Return the 80 % interval of the SD between sessions, in log odds of wandering.

    Returns
    -------
    tuple of float or None
        Low and high; None for fewer than 5 sessions with answers, or answers of one kind or one in each session.

    Notes
    -----
    Chi-square interval of Pearson's dispersion phi about the pooled share p, with phi = 1 + (n - 1) p (1 - p) SD^2 for
    n answers a session. Its nominal level is .76: it contains the true SD in .76 to .83 of simulated histories of 10
    sessions, independent or AR(.5), SD .3 to .8. A true trend makes it larger.
    """
    places, wander, n = _limit_weights(sessions)
    if len(places) < MIN_SESSIONS:
        return None
    from scipy.special import chdtri

    share, per_session = float(wander.sum() / n.sum()), float(n.mean())
    if not 0 < share < 1 or per_session <= 1:
        return None
    free = len(places) - 1
    chi_square = _dispersion_about_mean(wander, n) * free
    phis = (chi_square / float(chdtri(free, 0.5 - side * _SD_LEVEL / 2)) for side in (1, -1))
    low, high = (math.sqrt(max(phi - 1, 0.0) / ((per_session - 1) * share * (1 - share))) for phi in phis)
    return low, high


def sessions_needed(reduction: float, share: float, answers_per_session: float, session_sd: float) -> int | None:
    """Return the number of sessions in which the trend of a steady reduction is seen with a power of 80 %.

    Parameters
    ----------
    reduction : float
        Share of wandering at the beginning minus that at the end, 0 to 1.
    share : float
        Share of wandering at the beginning, above ``reduction``.
    answers_per_session : float
        Mean number of answers in a session.
    session_sd : float
        SD between sessions, in log odds.

    Returns
    -------
    int or None
        None if more than 400 sessions are needed.

    Notes
    -----
    Noncentral t of the test of ``fit_wandering_trend`` for sessions with AR(.5). Simulated power .75 to .80; if the
    sessions are independent, it is higher.

    Examples
    --------
    >>> [sessions_needed(0.2, 0.4, 14, sd) for sd in (0.3, 0.5, 0.8)], sessions_needed(0.1, 0.4, 14, 0.8)
    ([58, 101, 206], None)
    """
    change = abs(math.log((share - reduction) / (1 - share + reduction) * (1 - share) / share))
    middle = share - reduction / 2
    information = answers_per_session * middle * (1 - middle)
    excess = max(answers_per_session - 1, 0.0) * middle * (1 - middle) * session_sd**2

    def suffices(n: int) -> bool:
        effect = _slope_effect(range(n))
        squares = n * (n + 1) / (12 * (n - 1))  # of n places from 0 to 1 about their mean
        ncp = change * math.sqrt(squares * information / (1 + excess * effect.variance_factor))
        return _power_of_t(ncp, effect.degrees_of_freedom) >= _POWER

    low, high = MIN_TREND_SESSIONS, MAX_SESSIONS_NEEDED
    if not suffices(high):
        return None
    while low < high:
        middle_n = (low + high) // 2
        low, high = (low, middle_n) if suffices(middle_n) else (middle_n + 1, high)
    return low


@lru_cache(maxsize=MAX_SESSIONS_NEEDED)
def _slope_effect(places: Sequence[int]) -> MemoryEffect:
    """Return the effect of memory on the slope over the sessions of these numbers."""
    x = np.array(places, np.float64) - np.mean(places)
    return memory_effect(places, np.column_stack([np.ones(len(x)), x]), x)


def _power_of_t(ncp: float, degrees_of_freedom: float) -> float:
    """Return the probability of a significant t on the side of the true change."""
    from scipy.special import nctdtr, stdtrit

    if ncp > _CERTAIN_NCP:  # far on nctdtr has no value
        return 1.0
    return 1.0 - float(nctdtr(degrees_of_freedom, ncp, float(stdtrit(degrees_of_freedom, 0.5 + _LEVEL / 2))))
