"""The index a baseline and, if there is one, a decoder make: features, weights, scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.baseline_fit import fit_index_scale
from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.estimation.index import IndexScale, IndexWeights, shrunk_correlation
from neurofeedback.processing.features import FEATURES
from neurofeedback.settings.model import Settings

_NAMES = list(FEATURES)


@dataclass(frozen=True, slots=True, eq=False)
class IndexModel:
    """What makes an index of z-scores: positions of its features in ``FEATURES``, their weights, and its scale."""

    columns: list[int]
    weights: IndexWeights
    scale: IndexScale


def build_index_model(
    baseline: Baseline, columns: list[int], decoder: DecoderWeights | None, settings: Settings
) -> IndexModel:
    """Return the index of the evidence profile, or with a decoder's weights in place of the profile's.

    Weights R^-1 mu are a decoder's if mu = R w; so what is done where features are missing stays as it is.
    Features the baseline has never seen are left out. With too little left the profile's index stays.

    Parameters
    ----------
    columns : list of int
        The profile's features.
    """
    own = IndexModel(columns, baseline.weights, baseline.scale)
    if decoder is None:
        return own
    seen = [
        (_NAMES.index(name), weight) for name, weight in decoder.weights if np.isfinite(baseline.mu[_NAMES.index(name)])
    ]
    if not any(weight for _, weight in seen):
        return own
    driven = [column for column, _ in seen]
    z = baseline.z[:, driven]
    correlation = shrunk_correlation(z, settings.index.correlation_shrinkage)
    mu = correlation @ np.array([weight for _, weight in seen])
    weights = IndexWeights(mu, correlation, settings.index.min_information)
    scale, _ = fit_index_scale(z, weights, settings)
    return own if scale is None else IndexModel(driven, weights, scale)
