"""The personal decoder: a logistic regression of a person's answers on the features before them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.feature_covariance import WindowCovariance, pool_covariances
from neurofeedback.learning.logistic_regression import LaplaceFit, fit_map
from neurofeedback.learning.prior import build_priors
from neurofeedback.learning.training_set import TrainingSet, unique_sessions
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.evidence import Evidence

_TIME_UNIT_MIN = 10.0
_TIME_PRECISION = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """A fitted decoder.

    Parameters
    ----------
    names : tuple of str
        The features.
    weights, sd : ndarray, shape (n_features,)
        Weight of each feature in units of the person's window spread, positive for wandering; and its standard
        deviation.
    intercept : float
        Log odds of wandering at the session's median and the mean time on task.
    profile_probabilities : tuple of (str, float)
        Posterior probability of each evidence profile; they add up to 1.
    n_answers, n_wander, n_sessions : int
        Answers in the training set, those that reported wandering, and the sessions they are from.
    with_self_caught : bool
        Presses of "I was away" are in the training set, too.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float64]
    sd: NDArray[np.float64]
    intercept: float
    profile_probabilities: tuple[tuple[str, float], ...]
    n_answers: int
    n_wander: int
    n_sessions: int
    with_self_caught: bool = False

    def score(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weighted sum of ``(n, n_features)`` without the intercept, ``(n,)``."""
        return x @ self.weights

    def logit(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of wandering, ``(n,)``; before calibration."""
        return self.intercept + self.score(x)


def fit_decoder(
    training_set: TrainingSet,
    evidence: Evidence,
    settings: DecoderSettings,
    *,
    day: float,
    device: str,
    with_self_caught: bool = False,
) -> Decoder:
    """Fit one decoder for each evidence profile and average them by weight times marginal likelihood.

    Parameters
    ----------
    day, device : float, str
        Day and device of use; older answers and those of another device get less weight.
    """
    used = training_set if with_self_caught else training_set.subset(~training_set.self_caught)
    pooled = pool_covariances(
        [session.window_covariance for session in used.sessions], training_set.names, settings.prior_windows
    )
    priors = build_priors(evidence, training_set.names, pooled.correlation, settings)
    weights = _window_weights(used, settings, day, device)
    design, nuisance = _design_matrix(used, device)
    nuisance_precision = np.array([_TIME_PRECISION] + [settings.intercept_precision] * (nuisance - 1))
    fits = [
        fit_map(
            design,
            used.wander,
            weights,
            np.concatenate([prior.mean, np.zeros(nuisance)]),
            np.concatenate([prior.sd**-2, nuisance_precision]),
        )
        for prior in priors
    ]
    probabilities = _profile_probabilities(fits, [prior.probability for prior in priors])
    mode, sd = _average_fits(fits, probabilities)
    n_features = len(training_set.names)
    asked = ~used.self_caught
    return Decoder(
        names=training_set.names,
        weights=mode[:n_features],
        sd=sd[:n_features],
        intercept=_intercept(used, weights, mode, device),
        profile_probabilities=tuple(
            (prior.name, float(probability)) for prior, probability in zip(priors, probabilities, strict=True)
        ),
        n_answers=int(asked.sum()),
        n_wander=int(used.wander[asked].sum()),
        n_sessions=len(unique_sessions(used.session_index[asked])),
        with_self_caught=with_self_caught and bool(used.self_caught.any()),
    )


def _window_weights(
    training_set: TrainingSet, settings: DecoderSettings, day: float, device: str
) -> NDArray[np.float64]:
    """Return certainty times class balance, 1 on average for an answer, lowered for age and for another device."""
    if not len(training_set.wander):
        return np.zeros(0)
    certainty = np.where(training_set.self_caught, settings.press_weight, training_set.weight)
    balanced = certainty.copy()
    for kind in (training_set.wander, ~training_set.wander):
        if certainty[kind].sum() > 0:
            balanced[kind] *= min(certainty.sum() / (2.0 * certainty[kind].sum()), settings.max_class_weight)
    count = np.where(training_set.self_caught, settings.press_weight, 1.0).sum()
    age = np.exp(-np.maximum(day - training_set.days, 0.0) / settings.age_decay_days)
    device_weight = np.where(training_set.on_device(device), 1.0, 1.0 / settings.other_device_variance_factor)
    return balanced * (count / balanced.sum()) * age * device_weight


def _design_matrix(training_set: TrainingSet, device: str) -> tuple[NDArray[np.float64], int]:
    """Return features, time on task and an intercept for each device, this one first; and the size of the last two."""
    time = (training_set.minutes - (training_set.minutes.mean() if len(training_set.minutes) else 0.0)) / _TIME_UNIT_MIN
    others = sorted({session.device for session in training_set.sessions} - {device})
    intercepts = [training_set.on_device(name).astype(np.float64) for name in (device, *others)]
    return np.column_stack([training_set.x, time, *intercepts]), 1 + len(intercepts)


def _profile_probabilities(fits: list[LaplaceFit], before: list[float]) -> NDArray[np.float64]:
    evidence = np.array([fit.log_evidence for fit in fits]) + np.log(before)
    likelihood = np.exp(evidence - evidence.max())
    return likelihood / likelihood.sum()


def _average_fits(
    fits: list[LaplaceFit], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of the mixture of the fits' normal approximations."""
    modes = np.array([fit.mode for fit in fits])
    mean = probabilities @ modes
    variance = probabilities @ (np.array([np.diag(fit.covariance) for fit in fits]) + (modes - mean) ** 2)
    return mean, np.sqrt(variance)


def _intercept(
    training_set: TrainingSet, weights: NDArray[np.float64], mode: NDArray[np.float64], device: str
) -> float:
    """Return the intercept without class balancing, for the reported rate of wandering, on this device if known."""
    asked = ~training_set.self_caught
    here = training_set.on_device(device)
    rate = (training_set.wander[asked].sum() + 1.0) / (asked.sum() + 2.0)
    if not here.any():
        return _logit(rate)
    total = weights[here].sum()
    balanced = (weights[here & training_set.wander].sum() + 1e-3 * total) / (total * (1 + 2e-3))
    return float(mode[len(training_set.names) + 1] + _logit(rate) - _logit(balanced))


def _logit(p: float) -> float:
    return float(np.log(p / (1.0 - p)))


def sign_probability(decoder: Decoder) -> NDArray[np.float64]:
    """Return the probability that each weight has its sign, ``(n_features,)``: 0.5 to 1."""
    ratios = (np.abs(decoder.weights) / decoder.sd).tolist()
    return np.array([0.5 * (1.0 + math.erf(ratio / math.sqrt(2.0))) for ratio in ratios])


def index_weights(decoder: Decoder, window_covariance: WindowCovariance) -> NDArray[np.float64]:
    """Return the decoder's weights on the z-scores of frames, ``(n_features,)``."""
    return decoder.weights / window_covariance.sd
