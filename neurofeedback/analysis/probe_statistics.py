"""Statistics of probe answers: share of wandering with its interval, trend, and sessions needed to detect a change.

Progress is measured by answers alone: the index is relative to each session's baseline, and the threshold adapts so
that the reward rate stays constant.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_SESSIONS = 5
MIN_ANSWERS = 40
_POWER_Z = 1.96 + 0.84
_MAX_SESSIONS = 400
_PRIOR_SD = 2.0
_MAX_MIXED_SESSIONS = 60
_MAX_LOG_ODDS = 50.0


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
    """Return the share of wandering with Jeffreys' interval; None without answers.

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
class WanderingTrend:
    """Change of the odds of wandering from one session to the next, as a factor with its 95 % interval.

    ``first`` and ``last`` are the model's shares for the first and the last session.
    """

    factor: float
    low: float
    high: float
    first: float
    last: float
    n_sessions: int
    n_answers: int

    @property
    def is_significant(self) -> bool:
        """Whether the interval excludes "no change"."""
        return not self.low <= 1.0 <= self.high


def fit_wandering_trend(sessions: Sequence[AnswerCounts]) -> WanderingTrend | None:
    """Fit a mixed logistic regression of the answers on the session's number, with a random intercept per session.

    Parameters
    ----------
    sessions : sequence of AnswerCounts
        In order of time; sessions without answers count in the numbering.

    Returns
    -------
    WanderingTrend or None
        None for fewer than 5 sessions with answers, fewer than 40 answers, or answers of one kind only.

    Notes
    -----
    Posterior mode and its curvature of statsmodels' ``BinomialBayesMixedGLM``. The session is the unit, so the
    interval uses Student's t with two degrees of freedom fewer than sessions: the normal quantile covered only .90.
    Over more than 60 sessions, where this model takes seconds to minutes, a quasi-binomial regression is used, whose
    dispersion stands for the variance between sessions.
    """
    answered = [(number, answers) for number, answers in enumerate(sessions) if answers.n]
    n_answers = sum(answers.n for _, answers in answered)
    one_kind = not all(sum(answers) for answers in zip(*((a.n_wander, a.n_focus) for _, a in answered), strict=True))
    if len(answered) < MIN_SESSIONS or n_answers < MIN_ANSWERS or one_kind:
        return None
    numbers = np.array([number for number, _ in answered], float)
    scaled = (numbers - numbers.mean()) / numbers.std()
    fit = _fit_mixed if len(answered) <= _MAX_MIXED_SESSIONS else _fit_quasibinomial
    slope, slope_sd, intercept = fit(scaled, [answers for _, answers in answered])
    first, last = (_logistic(intercept + slope * number) for number in (scaled[0], scaled[-1]))
    half_width = _t_quantile(len(answered) - 2) * slope_sd
    factor, low, high = (_odds((slope + offset) / numbers.std()) for offset in (0.0, -half_width, half_width))
    return WanderingTrend(factor, low, high, first, last, len(answered), n_answers)


def _fit_mixed(numbers: NDArray[np.float64], sessions: Sequence[AnswerCounts]) -> tuple[float, float, float]:
    """Return slope, its SD and the intercept, on the logit scale; ``numbers`` have mean 0 and SD 1."""
    from scipy.sparse import csr_matrix  # takes long to load, as above
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM  # takes a second
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    rows = np.repeat(np.arange(len(numbers)), [answers.n for answers in sessions])
    wander = np.concatenate([np.repeat([1.0, 0.0], [answers.n_wander, answers.n_focus]) for answers in sessions])
    fixed = np.column_stack([np.ones(len(rows)), numbers[rows]])
    by_session = csr_matrix((np.ones(len(rows)), (np.arange(len(rows)), rows)))
    prior: dict[str, Any] = {"vcp_p": 0.5, "fe_p": _PRIOR_SD}
    model = BinomialBayesMixedGLM(wander, fixed, by_session, ident=np.zeros(len(numbers), int), **prior)
    with warnings.catch_warnings():  # the gradient at the mode is 1e-4, the SD some tenths
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # rounding can make the curvature negative: see below
        result = model.fit_map()
    slope_sd = float(result.fe_sd[1])
    if not math.isfinite(slope_sd):
        slope_sd = _slope_sd_without_scatter(fixed, result.fe_mean)
    return float(result.fe_mean[1]), slope_sd, float(result.fe_mean[0])


def _fit_quasibinomial(numbers: NDArray[np.float64], sessions: Sequence[AnswerCounts]) -> tuple[float, float, float]:
    """Return the same as ``_fit_mixed``, with Pearson's dispersion for the variance between sessions."""
    from statsmodels.genmod.families import Binomial  # takes long to load, as above
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    ends = [[0.5, 0.5], [0.5, 0.5]]  # answers that change once and completely would have no fit
    counts = np.array([[answers.n_wander, answers.n_focus] for answers in sessions] + ends)
    predictor = np.concatenate([numbers, numbers[[0, -1]]])
    model = GLM(counts, np.column_stack([np.ones(len(predictor)), predictor]), family=Binomial())
    with warnings.catch_warnings():  # all sessions may lie on one line; the interval shows the uncertainty
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        result = model.fit()
    dispersion = max(1.0, float(result.pearson_chi2) / (len(numbers) - 2))
    return float(result.params[1]), float(result.bse[1]) * math.sqrt(dispersion), float(result.params[0])


def _slope_sd_without_scatter(fixed: NDArray[np.float64], mean: NDArray[np.float64]) -> float:
    """Return the SD of the slope without variance between sessions: by plain logistic regression with the prior.

    With hundreds of sessions without such variance, the curvature of the random intercept is rounding error.
    """
    share = 1 / (1 + np.exp(-fixed @ mean))
    curvature = fixed.T @ (fixed * (share * (1 - share))[:, None]) + np.eye(2) / _PRIOR_SD**2
    return float(np.sqrt(np.linalg.inv(curvature)[1, 1]))


def _t_quantile(degrees_of_freedom: int) -> float:
    from scipy.stats import t  # takes long to load, as above

    return float(t(degrees_of_freedom).ppf(0.975))


def _odds(x: float) -> float:
    return math.exp(min(max(x, -_MAX_LOG_ODDS), _MAX_LOG_ODDS))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + _odds(-x))


def sessions_needed(reduction: float, share: float, answers_per_session: float, session_sd: float = 0.0) -> int | None:
    """Return the number of sessions that detect a steady reduction of wandering with a power of 80 %.

    Parameters
    ----------
    reduction : float
        Share of wandering at the beginning minus that at the end, 0 to 1.
    share : float
        Share of wandering now, 0 to 1.
    answers_per_session : float
        Mean number of answers in a session.
    session_sd : float
        SD of the true share between sessions, 0 to 1.

    Returns
    -------
    int or None
        None if more than 400 sessions are needed.

    Notes
    -----
    Standard error of a regression slope over evenly spaced sessions, 5 % two-sided. At 20 answers per session it
    gives the power of .65 that simulation gave for two points per session over twelve sessions.

    Examples
    --------
    >>> sessions_needed(0.24, 0.33, 20), sessions_needed(0.10, 0.33, 20), sessions_needed(0.04, 0.33, 5)
    (16, 102, None)
    """
    sd = math.sqrt(share * (1 - share) / answers_per_session + session_sd**2)
    for n in range(MIN_SESSIONS, _MAX_SESSIONS + 1):
        slope_se = sd / math.sqrt(n * (n * n - 1) / 12)
        if reduction / (n - 1) >= _POWER_Z * slope_se:
            return n
    return None
