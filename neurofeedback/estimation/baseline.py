"""The baseline: what it collects, and the frozen reference it becomes.

Its frames are gated, its features computed and its index smoothed a second time with the limits and bands
that only the finished baseline knows; frames already logged stay as they were shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.index import IndexFilter, IndexScale, Weights, scale_from, shrunk_correlation, weigh
from neurofeedback.processing.alpha import find_iaf
from neurofeedback.processing.features import FEATURES, FeatureMaker, Smoother, bands_for, over_region
from neurofeedback.processing.gate import GateLimits, gate_again, limits_from, robust
from neurofeedback.processing.pipeline import Windows
from neurofeedback.settings.model import BaselineSettings, Settings
from neurofeedback.settings.profile import Profile

_MIN_FRAMES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A session's frozen reference.

    ``channel_median`` is ``(n_channels, len(KINDS))``, NaN for a channel that never was valid; ``mu`` and
    ``spread`` are per feature, in the order of ``FEATURES``; ``emg_median`` is the muscle band's density.
    """

    iaf_hz: float | None
    limits: GateLimits
    maker: FeatureMaker
    channel_median: NDArray[np.float64]
    emg_median: NDArray[np.float64]
    mu: NDArray[np.float64]
    spread: NDArray[np.float64]
    weights: Weights
    scale: IndexScale
    clean_s: float
    quality: float


class BaselineCollector:
    """Keeps what a baseline is made of, batch by batch."""

    def __init__(self) -> None:
        self._batches: list[Windows] = []

    def add(self, windows: Windows) -> None:
        """Keep one batch of judged windows."""
        self._batches.append(windows)

    def fit(self, profile: Profile, freqs: NDArray[np.float64], long_freqs: NDArray[np.float64]) -> Baseline | None:
        """Freeze the reference; None when no frame of it can be used."""
        if not self._batches:
            return None
        return _Fit(self._batches, profile, freqs, long_freqs).baseline()


class _Fit:
    def __init__(
        self, batches: Sequence[Windows], profile: Profile, freqs: NDArray[np.float64], long_freqs: NDArray[np.float64]
    ) -> None:
        self._profile = profile
        self._settings: Settings = profile.settings
        self._freqs, self._long_freqs = freqs, long_freqs
        self._psd = np.concatenate([w.psd for w in batches])
        self._long_psd = np.concatenate([w.long_psd for w in batches])
        starts = np.cumsum([0, *(len(w.ends) for w in batches[:-1])])
        self._long_at = np.concatenate([w.long_at + start for w, start in zip(batches, starts, strict=True)])
        fixed_bad = np.concatenate([w.verdicts.fixed_bad for w in batches])
        out = np.concatenate([w.verdicts.out for w in batches])
        ln_emg = np.concatenate([w.measures.ln_emg for w in batches])
        slow_ptp = np.concatenate([w.measures.slow_ptp for w in batches])
        slow = np.concatenate([w.measures.slow_samples for w in batches])
        filled = np.concatenate([w.filled for w in batches])
        self._limits = limits_from(slow, ln_emg, fixed_bad, self._settings.gate)
        gated = gate_again(
            slow_ptp=slow_ptp, ln_emg=ln_emg, fixed_bad=fixed_bad, out=out, limits=self._limits, settings=self._settings
        )
        self._valid = gated & filled[:, None]

    def baseline(self) -> Baseline | None:
        if not self._valid.any():
            return None
        iaf_hz = self._iaf()
        maker = FeatureMaker(
            self._freqs, bands_for(iaf_hz, self._settings.bands, self._settings.gate), self._settings.features
        )
        emg = maker.emg_power(self._psd)
        emg_median = _median_where(emg[..., None], self._valid)[:, 0]
        features = self._settings.features
        hop_s = self._settings.spectrum.hop_s
        smooth_emg = Smoother(features.emg_smoothing_s, hop_s).push(emg, self._valid)
        smooth_psd = Smoother(features.aperiodic_smoothing_s, hop_s).push(self._psd, self._valid)
        values = maker(self._psd, smooth_psd, np.fmax(smooth_emg - emg_median, 0.0))
        channel_median = _median_where(values, self._valid)
        deviations = regional(values - channel_median, self._valid, self._profile)
        mu, spread = self._reference(deviations)
        z = squash(deviations, mu, spread, self._settings.baseline)
        weights, scale, n_valid = self._index(z)
        clean_s = n_valid * hop_s
        quality = min(1.0, clean_s / self._settings.baseline.full_quality_clean_s)
        return (
            Baseline(
                iaf_hz, self._limits, maker, channel_median, emg_median, mu, spread, weights, scale, clean_s, quality
            )
            if scale
            else None
        )

    def _iaf(self) -> float | None:
        rows = self._profile.montage.rows("posterior") or self._profile.montage.rows("all")
        window = max(1, round(self._settings.spectrum.window_s / self._settings.spectrum.hop_s))
        earlier = np.maximum(self._long_at - window, 0)  # a long window is two short ones, end to end
        usable = (self._valid[self._long_at] & self._valid[earlier])[:, rows]
        if not usable.any():
            return None
        chosen = self._long_psd[:, rows][usable]
        return find_iaf(self._long_freqs, chosen.mean(axis=0), self._settings.bands, self._settings.features)

    def _reference(self, deviations: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        mu, spread = np.full(len(FEATURES), np.nan), np.full(len(FEATURES), np.nan)
        for k, feature in enumerate(FEATURES.values()):
            known = deviations[np.isfinite(deviations[:, k]), k]
            if len(known) >= _MIN_FRAMES:
                mu[k], measured = robust(known)
                spread[k] = max(measured, floor_of(feature.kind, self._settings.baseline))
        return mu, spread

    def _index(self, z: NDArray[np.float64]) -> tuple[Weights, IndexScale | None, int]:
        index = self._settings.index
        chosen = z[:, index_columns(self._profile)]
        correlation = shrunk_correlation(chosen, index.correlation_shrink)
        weights = Weights(np.array(self._profile.evidence.mu), correlation, index.min_information)
        smoother = IndexFilter(index, self._settings.spectrum.hop_s)
        raw = np.array([weigh(row, weights) for row in chosen])
        smooth = np.array([smoother.push(value) for value in raw])
        valid = np.isfinite(raw)
        if valid.sum() < _MIN_FRAMES:
            return weights, None, int(valid.sum())
        return (
            weights,
            scale_from(smooth[valid], self._settings.threshold.target_rate, index.expected_sd),
            int(valid.sum()),
        )


def regional(deviations: NDArray[np.float64], valid: NDArray[np.bool_], profile: Profile) -> NDArray[np.float64]:
    """Every feature's mean over its region's valid channels.

    ``deviations`` is ``(n, n_channels, len(KINDS))``, ``valid`` is ``(n, n_channels)``; returns
    ``(n, len(FEATURES))`` with NaN where a region has too few valid channels.
    """
    montage = profile.montage
    columns = [
        over_region(np.ascontiguousarray(deviations[..., f.kind_row]), valid, montage.rows(f.region), montage.min_valid)
        for f in FEATURES.values()
    ]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def squash(
    deviations: NDArray[np.float64], mu: NDArray[np.float64], spread: NDArray[np.float64], settings: BaselineSettings
) -> NDArray[np.float64]:
    """z-scores in baseline spreads, bent towards +-limit: limit * tanh(z / limit)."""
    return settings.z_limit * np.tanh((deviations - mu) / (settings.z_limit * spread))


def index_columns(profile: Profile) -> list[int]:
    """Positions of the index's features in ``FEATURES``."""
    names = list(FEATURES)
    return [names.index(name) for name in profile.evidence.feature_names]


def floor_of(kind: str, settings: BaselineSettings) -> float:
    """Lowest spread of one kind of feature."""
    floors = {
        "theta": settings.theta_floor,
        "alpha": settings.alpha_floor,
        "beta": settings.beta_floor,
        "delta": settings.delta_floor,
        "emg": settings.beta_floor,
        "chi": settings.chi_floor,
        "o_theta": settings.theta_floor,
        "o_alpha": settings.alpha_floor,
        "cog": settings.iaf_floor_hz,
    }
    return floors[kind]


def _median_where(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Median over frames of ``(n, n_channels, k)`` where ``(n, n_channels)`` holds; NaN for a channel without."""
    out = np.full(values.shape[1:], np.nan)
    for row in range(values.shape[1]):
        if valid[:, row].any():
            out[row] = np.median(values[valid[:, row], row], axis=0)
    return out
