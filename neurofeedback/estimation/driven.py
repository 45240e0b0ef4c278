"""The index a baseline and, if there is one, a decoder make: features, weights, scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.drive import Drive
from neurofeedback.estimation.index import IndexScale, Weights, shrunk_correlation
from neurofeedback.estimation.reference import index_scale
from neurofeedback.processing.features import FEATURES
from neurofeedback.settings.model import Settings

_NAMES = list(FEATURES)


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """What makes an index of z-scores: positions of its features in ``FEATURES``, their weights, and its scale."""

    columns: list[int]
    weights: Weights
    scale: IndexScale


def index_of(baseline: Baseline, columns: list[int], drive: Drive | None, settings: Settings) -> Index:
    """Return the index of the evidence profile, or with a decoder's weights in place of the profile's.

    Weights R^-1 mu are a decoder's if mu = R w; so what is done where features are missing stays as it is.
    Features the baseline has never seen are left out. With too little left the profile's index stays.

    Parameters
    ----------
    columns : list of int
        The profile's features.
    """
    own = Index(columns, baseline.weights, baseline.scale)
    if drive is None:
        return own
    seen = [
        (_NAMES.index(name), weight) for name, weight in drive.weights if np.isfinite(baseline.mu[_NAMES.index(name)])
    ]
    if not any(weight for _, weight in seen):
        return own
    driven = [column for column, _ in seen]
    z = baseline.z[:, driven]
    correlation = shrunk_correlation(z, settings.index.correlation_shrink)
    mu = correlation @ np.array([weight for _, weight in seen])
    weights = Weights(mu, correlation, settings.index.min_information)
    scale, _ = index_scale(z, weights, settings)
    return own if scale is None else Index(driven, weights, scale)
