"""Priors on decoder weights from group studies, one for each evidence profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.evidence import Evidence


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """A normal prior on the decoder's weights, ``(n_features,)`` each, and the evidence profile it is from.

    ``probability`` is the share of the profile in the mixture.
    """

    name: str
    probability: float
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


def build_priors(
    evidence: Evidence, names: tuple[str, ...], correlation: NDArray[np.float64], settings: DecoderSettings
) -> tuple[Prior, ...]:
    """Return one prior for each evidence profile.

    Means are R^-1 mu, shrunk, over the profile's own features alone: over all features, those without a study
    would become suppressors. Every other feature has mean 0.

    Parameters
    ----------
    names : tuple of str
        Features of the decoder.
    correlation : ndarray, shape (n_features, n_features)
        Of the person's unlabelled windows, before shrinkage.
    """
    shrunk = 0.5 * correlation + 0.5 * np.eye(len(names))
    return tuple(
        _build_prior(member, probability, names, shrunk, settings) for member, probability in evidence.weighted_profiles
    )


def untaught_weights(
    evidence: Evidence, names: tuple[str, ...], correlation: NDArray[np.float64], settings: DecoderSettings
) -> NDArray[np.float64]:
    """Return the weights of the index before any answer, ``(n_features,)``: of one member, or their average."""
    priors = build_priors(evidence, names, correlation, settings)
    own = [prior.mean for prior in priors if prior.name == evidence.index_member]
    return own[0] if own else np.sum([prior.probability * prior.mean for prior in priors], axis=0)


def _build_prior(
    profile: Evidence,
    probability: float,
    names: tuple[str, ...],
    correlation: NDArray[np.float64],
    settings: DecoderSettings,
) -> Prior:
    known = [feature for feature in profile.features if feature.feature in names]
    rows = [names.index(feature.feature) for feature in known]
    mean, sd = np.zeros(len(names)), np.full(len(names), settings.default_between_sd)
    mean[rows] = settings.prior_shrinkage * np.linalg.solve(
        correlation[np.ix_(rows, rows)], np.array([feature.mu for feature in known])
    )
    sd[rows] = [feature.between_sd for feature in known]
    return Prior(profile.name, probability, mean, settings.prior_sd_factor * sd)
