"""z-scores: distances of features from their baseline in baseline spreads, bounded against outliers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.features import FEATURES
from neurofeedback.settings.estimation import BaselineSettings
from neurofeedback.settings.resolved_profile import Profile


def bounded_zscore(
    distance: NDArray[np.float64], spread: NDArray[np.float64], settings: BaselineSettings
) -> NDArray[np.float64]:
    """Return the distance in spreads, bounded: limit * tanh(z / limit)."""
    return settings.z_limit * np.tanh(distance / (settings.z_limit * spread))


def index_columns(profile: Profile) -> list[int]:
    """Return the positions of the index's features in ``FEATURES``."""
    names = list(FEATURES)
    return [names.index(name) for name in profile.evidence.feature_names]


def spread_floors(settings: BaselineSettings) -> NDArray[np.float64]:
    """Return the lowest allowed spread of every feature, in the order of ``FEATURES``."""
    by_kind = {
        "theta": settings.theta_floor,
        "alpha": settings.alpha_floor,
        "beta": settings.beta_floor,
        "delta": settings.delta_floor,
        "emg": settings.beta_floor,
        "chi": settings.chi_floor,
        "o_theta": settings.theta_floor,
        "o_alpha": settings.alpha_floor,
        "cog": settings.iaf_floor_hz,
        "envelope": settings.envelope_floor,
    }
    return np.array([by_kind[feature.kind] for feature in FEATURES.values()])
