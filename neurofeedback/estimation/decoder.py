"""The personal decoder: this person's own signs of wandering, learned from this person's own answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.course import Course, numbers_in
from neurofeedback.estimation.decoder_fit import Fit, fit_map
from neurofeedback.estimation.prior import priors_of
from neurofeedback.estimation.usual import Usual, pooled
from neurofeedback.settings.estimate import DecoderSettings
from neurofeedback.settings.evidence import Evidence

_TIME_UNIT_MIN = 10.0
_TIME_PRECISION = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """What was learned.

    Parameters
    ----------
    names : tuple of str
        The features.
    weights, sd : ndarray, shape (n_features,)
        Of a feature in the person's usual spreads, wandering positive; and how unsure each is.
    intercept : float
        Log odds of wandering at the sitting's median and the mean time on task.
    shares : tuple of (str, float)
        How far each evidence profile is borne out by the answers; they add up to 1.
    n : int
        Answers learned from, of which ``n_wander`` said elsewhere, in ``n_sessions`` sittings.
    with_presses : bool
        Presses were learned from, too.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float64]
    sd: NDArray[np.float64]
    intercept: float
    shares: tuple[tuple[str, float], ...]
    n: int
    n_wander: int
    n_sessions: int
    with_presses: bool = False

    def score(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weighted sum of ``(n, n_features)`` without the intercept, ``(n,)``."""
        return x @ self.weights

    def logit(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of wandering, ``(n,)``; before calibration."""
        return self.intercept + self.score(x)


def fit_decoder(
    course: Course,
    evidence: Evidence,
    settings: DecoderSettings,
    *,
    day: float,
    device: str,
    with_presses: bool = False,
) -> Decoder:
    """Learn from lessons: one fit for each evidence profile, averaged by how likely each makes the answers.

    Parameters
    ----------
    day, device : float, str
        When and with what the decoder will be used; older answers, and another device's, count for less.
    """
    taught = course if with_presses else course.only(~course.pressed)
    usual = pooled([sitting.varied for sitting in taught.sittings], course.names, settings.past_windows)
    priors = priors_of(evidence, course.names, usual.correlation, settings)
    weights = _weights(taught, settings, day, device)
    design, nuisance = _design(taught, device)
    lax = np.array([_TIME_PRECISION] + [settings.intercept_precision] * (nuisance - 1))
    fits = [
        fit_map(
            design,
            taught.wander,
            weights,
            np.concatenate([prior.mean, np.zeros(nuisance)]),
            np.concatenate([prior.sd**-2, lax]),
        )
        for prior in priors
    ]
    shares = _shares(fits)
    mode, sd = _average(fits, shares)
    n_features = len(course.names)
    asked = ~taught.pressed
    return Decoder(
        names=course.names,
        weights=mode[:n_features],
        sd=sd[:n_features],
        intercept=_intercept(taught, weights, mode, device),
        shares=tuple((prior.name, float(share)) for prior, share in zip(priors, shares, strict=True)),
        n=int(asked.sum()),
        n_wander=int(taught.wander[asked].sum()),
        n_sessions=len(numbers_in(taught.session[asked])),
        with_presses=with_presses and bool(taught.pressed.any()),
    )


def _weights(course: Course, settings: DecoderSettings, day: float, device: str) -> NDArray[np.float64]:
    """Sureness x balance, on average 1 for an answer; then less for age and for another device."""
    if not len(course.wander):
        return np.zeros(0)
    own = np.where(course.pressed, settings.press_weight, course.weight)
    balanced = own.copy()
    for kind in (course.wander, ~course.wander):
        if own[kind].sum() > 0:
            balanced[kind] *= min(own.sum() / (2.0 * own[kind].sum()), settings.balance_cap)
    count = np.where(course.pressed, settings.press_weight, 1.0).sum()
    age = np.exp(-np.maximum(day - course.days, 0.0) / settings.age_days)
    other = np.where(course.on_device(device), 1.0, 1.0 / settings.device_variance)
    return balanced * (count / balanced.sum()) * age * other


def _design(course: Course, device: str) -> tuple[NDArray[np.float64], int]:
    """Features, time on task, and an intercept for each device, this one first; and how many are no features."""
    time = (course.minutes - (course.minutes.mean() if len(course.minutes) else 0.0)) / _TIME_UNIT_MIN
    others = sorted({sitting.device for sitting in course.sittings} - {device})
    intercepts = [course.on_device(name).astype(np.float64) for name in (device, *others)]
    return np.column_stack([course.x, time, *intercepts]), 1 + len(intercepts)


def _shares(fits: list[Fit]) -> NDArray[np.float64]:
    evidence = np.array([fit.log_evidence for fit in fits])
    likely = np.exp(evidence - evidence.max())
    return likely / likely.sum()


def _average(fits: list[Fit], shares: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and spread of the mixture of the fits' normal approximations."""
    modes = np.array([fit.mode for fit in fits])
    mean = shares @ modes
    variance = shares @ (np.array([np.diag(fit.covariance) for fit in fits]) + (modes - mean) ** 2)
    return mean, np.sqrt(variance)


def _intercept(course: Course, weights: NDArray[np.float64], mode: NDArray[np.float64], device: str) -> float:
    """Undo the balancing: the log odds of wandering as often as the person said so, on this device if known."""
    asked = ~course.pressed
    here = course.on_device(device)
    rate = (course.wander[asked].sum() + 1.0) / (asked.sum() + 2.0)
    if not here.any():
        return _logit(rate)
    total = weights[here].sum()
    balanced = (weights[here & course.wander].sum() + 1e-3 * total) / (total * (1 + 2e-3))
    return float(mode[len(course.names) + 1] + _logit(rate) - _logit(balanced))


def _logit(p: float) -> float:
    return float(np.log(p / (1.0 - p)))


def sureness(decoder: Decoder) -> NDArray[np.float64]:
    """How sure the direction of each weight is, ``(n_features,)``: 0.5 for not at all, 1 for certain."""
    ratios = (np.abs(decoder.weights) / decoder.sd).tolist()
    return np.array([0.5 * (1.0 + math.erf(ratio / math.sqrt(2.0))) for ratio in ratios])


def index_weights(decoder: Decoder, usual: Usual) -> NDArray[np.float64]:
    """Return the decoder's weights on z-scores as frames have them, ``(n_features,)``."""
    return decoder.weights / usual.sd
