"""Index model from a baseline and, if there is one, a decoder: features, weights, scale."""

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
    """Positions of an index's features in ``FEATURES``, their weights, and the index's scale."""

    columns: list[int]
    weights: IndexWeights
    scale: IndexScale


def build_index_model(
    baseline: Baseline, columns: list[int], decoder: DecoderWeights | None, settings: Settings
) -> IndexModel:
    """Return the index model of the evidence profile, or of a decoder's weights.

    Weights R^-1 mu equal the decoder's w if mu = R w, so missing features are treated in the same way. Features without
    a baseline are left out. If too little is left, the profile's model is returned.

    Parameters
    ----------
    columns : list of int
        The profile's features.
    """
    profile_model = IndexModel(columns, baseline.weights, baseline.scale)
    if decoder is None:
        return profile_model
    known = [
        (_NAMES.index(name), weight) for name, weight in decoder.weights if np.isfinite(baseline.mu[_NAMES.index(name)])
    ]
    if not any(weight for _, weight in known):
        return profile_model
    decoder_columns = [column for column, _ in known]
    z = baseline.z[:, decoder_columns]
    correlation = shrunk_correlation(z, settings.index.correlation_shrinkage)
    mu = correlation @ np.array([weight for _, weight in known])
    weights = IndexWeights(mu, correlation, settings.index.min_information)
    scale, _ = fit_index_scale(z, weights, settings)
    return profile_model if scale is None else IndexModel(decoder_columns, weights, scale)
