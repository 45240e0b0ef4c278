"""Wandering by a person's own answers: its share with an interval, its trend, and what change could be seen at all.

The index and the reward rate say nothing over time (the threshold holds the reward rate where it is by design), so
progress is judged by answers alone.
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
    """How often the probes of one session, or of several, were answered with wandering and with focus."""

    n_wander: int
    n_focus: int

    @property
    def n(self) -> int:
        """Answers that say one or the other."""
        return self.n_wander + self.n_focus


@dataclass(frozen=True, slots=True)
class WanderingShare:
    """A share of answers with its 95 % interval, all 0 to 1."""

    value: float
    low: float
    high: float
    n: int


def estimate_wandering_share(answers: AnswerCounts) -> WanderingShare | None:
    """Share of wandering with Jeffreys' interval; None without any answer.

    Notes
    -----
    Brown, Cai and DasGupta 2001, Statistical Science 16:101, recommend it for small numbers.

    Examples
    --------
    >>> share = share_of(AnswerCounts(6, 14))
    >>> round(share.value, 2), round(share.low, 2), round(share.high, 2)
    (0.3, 0.14, 0.52)
    """
    if answers.n == 0:
        return None
    from scipy.special import betaincinv  # half a second, and the window may not wait for it

    posterior = (answers.n_wander + 0.5, answers.n_focus + 0.5)
    low = 0.0 if answers.n_wander == 0 else float(betaincinv(*posterior, 0.025))
    high = 1.0 if answers.n_focus == 0 else float(betaincinv(*posterior, 0.975))
    return WanderingShare(answers.n_wander / answers.n, low, high, answers.n)


@dataclass(frozen=True, slots=True)
class WanderingTrend:
    """Change of the odds of wandering from one session to the next, as a factor with its 95 % interval.

    ``first`` and ``last`` are the shares the model gives the first and the last session.
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
        """Whether the interval leaves "no change" out."""
        return not self.low <= 1.0 <= self.high


def fit_wandering_trend(sessions: Sequence[AnswerCounts]) -> WanderingTrend | None:
    """Mixed logistic regression of the answers on the session's number; sessions differ by a random intercept.

    Parameters
    ----------
    sessions : sequence of AnswerCounts
        In their order; those without answers keep their place.

    Returns
    -------
    Trend or None
        None for fewer than 5 sessions with answers, fewer than 40 answers, or answers of one kind alone.

    Notes
    -----
    Posterior mode and its curvature of statsmodels' ``BinomialBayesMixedGLM``. The session is the unit, so the
    interval takes Student's t on two degrees fewer than sessions: with the normal quantile it covered .90. Over more
    than 60 sessions, where that takes seconds and then minutes, the scatter between sessions is the dispersion of a
    quasi-binomial regression instead.
    """
    asked = [(place, answers) for place, answers in enumerate(sessions) if answers.n]
    n_answers = sum(answers.n for _, answers in asked)
    one_kind = not all(sum(answers) for answers in zip(*((a.n_wander, a.n_focus) for _, a in asked), strict=True))
    if len(asked) < MIN_SESSIONS or n_answers < MIN_ANSWERS or one_kind:
        return None
    places = np.array([place for place, _ in asked], float)
    scaled = (places - places.mean()) / places.std()
    fitted = _fit_mixed if len(asked) <= _MAX_MIXED_SESSIONS else _fit_quasibinomial
    slope, slope_sd, intercept = fitted(scaled, [answers for _, answers in asked])
    first, last = (_logistic(intercept + slope * place) for place in (scaled[0], scaled[-1]))
    reach = _t_quantile(len(asked) - 2) * slope_sd
    factor, low, high = (_odds((slope + offset) / places.std()) for offset in (0.0, -reach, reach))
    return WanderingTrend(factor, low, high, first, last, len(asked), n_answers)


def _fit_mixed(places: NDArray[np.float64], sessions: Sequence[AnswerCounts]) -> tuple[float, float, float]:
    """Slope, its SD and the intercept, on the logit scale; ``places`` have mean 0 and SD 1."""
    from scipy.sparse import csr_matrix  # see share_of
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM  # takes a second
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    rows = np.repeat(np.arange(len(places)), [answers.n for answers in sessions])
    wandered = np.concatenate([np.repeat([1.0, 0.0], [answers.n_wander, answers.n_focus]) for answers in sessions])
    fixed = np.column_stack([np.ones(len(rows)), places[rows]])
    by_session = csr_matrix((np.ones(len(rows)), (np.arange(len(rows)), rows)))
    prior: dict[str, Any] = {"vcp_p": 0.5, "fe_p": _PRIOR_SD}
    model = BinomialBayesMixedGLM(wandered, fixed, by_session, ident=np.zeros(len(places), int), **prior)
    with warnings.catch_warnings():  # of a gradient of 1e-4 at the mode, with an SD of some tenths
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # of a curvature that rounding made negative: see below
        result = model.fit_map()
    slope_sd = float(result.fe_sd[1])
    if not math.isfinite(slope_sd):
        slope_sd = _slope_sd_without_scatter(fixed, result.fe_mean)
    return float(result.fe_mean[1]), slope_sd, float(result.fe_mean[0])


def _fit_quasibinomial(places: NDArray[np.float64], sessions: Sequence[AnswerCounts]) -> tuple[float, float, float]:
    """Slope, its SD and the intercept, as ``_fitted``, with Pearson's dispersion for the scatter between sessions."""
    from statsmodels.genmod.families import Binomial  # see share_of
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    ends = [[0.5, 0.5], [0.5, 0.5]]  # a mind that changed for good would have no fit
    counts = np.array([[answers.n_wander, answers.n_focus] for answers in sessions] + ends)
    where = np.concatenate([places, places[[0, -1]]])
    model = GLM(counts, np.column_stack([np.ones(len(where)), where]), family=Binomial())
    with warnings.catch_warnings():  # of a line that all sessions lie on: how sure it is, the interval says
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        result = model.fit()
    dispersion = max(1.0, float(result.pearson_chi2) / (len(places) - 2))
    return float(result.params[1]), float(result.bse[1]) * math.sqrt(dispersion), float(result.params[0])


def _slope_sd_without_scatter(fixed: NDArray[np.float64], mean: NDArray[np.float64]) -> float:
    """SD of the slope where sessions do not differ besides: the curvature of plain logistic regression, prior and all.

    Hundreds of sessions without any scatter leave the random intercept's own curvature to rounding.
    """
    share = 1 / (1 + np.exp(-fixed @ mean))
    curvature = fixed.T @ (fixed * (share * (1 - share))[:, None]) + np.eye(2) / _PRIOR_SD**2
    return float(np.sqrt(np.linalg.inv(curvature)[1, 1]))


def _t_quantile(degrees_of_freedom: int) -> float:
    from scipy.stats import t  # see share_of

    return float(t(degrees_of_freedom).ppf(0.975))


def _odds(x: float) -> float:
    return math.exp(min(max(x, -_MAX_LOG_ODDS), _MAX_LOG_ODDS))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + _odds(-x))


def sessions_needed(reduction: float, share: float, answers_per_session: float, spread: float = 0.0) -> int | None:
    """Sittings after which a fall spread evenly over them would be seen four times in five.

    Parameters
    ----------
    fall : float
        How much lower the share of wandering is at the end than at the beginning, 0 to 1.
    share : float
        Share of wandering today, 0 to 1.
    answers_each : float
        Answers in a sitting.
    spread : float
        SD of the true share from sitting to sitting, 0 to 1.

    Returns
    -------
    int or None
        None where not even 400 would do.

    Notes
    -----
    Standard error of a regression slope over evenly spaced sessions, 5 % two-sided. At 20 answers a sitting it gives
    the .65 that simulation gave for two points a sitting over twelve.

    Examples
    --------
    >>> sessions_needed(0.24, 0.33, 20), sessions_needed(0.10, 0.33, 20), sessions_needed(0.04, 0.33, 5)
    (16, 102, None)
    """
    sd = math.sqrt(share * (1 - share) / answers_per_session + spread**2)
    for n in range(MIN_SESSIONS, _MAX_SESSIONS + 1):
        slope_se = sd / math.sqrt(n * (n * n - 1) / 12)
        if reduction / (n - 1) >= _POWER_Z * slope_se:
            return n
    return None
