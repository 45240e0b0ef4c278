"""From judged windows to estimates: features, z-scores, index, confidence and state of each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline, index_columns, regional, squash
from neurofeedback.estimation.index import IndexFilter, Weights, weigh
from neurofeedback.estimation.tracking import Tracker
from neurofeedback.processing.features import FEATURES, FeatureMaker, Smoother, bands_for
from neurofeedback.processing.pipeline import Windows
from neurofeedback.settings.profile import Profile


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Estimates of a batch of frames that no command divides.

    ``features`` and ``z`` are ``(n, len(FEATURES))``; ``deviations`` are the features minus each channel's
    baseline median; ``usable`` tells whether the index could be had at all from channels with a signal;
    ``signal`` is the share of usable signal over the last seconds.
    """

    features: NDArray[np.float64]
    deviations: NDArray[np.float64]
    z: NDArray[np.float64]
    usable: NDArray[np.bool_]
    signal: NDArray[np.float64]


class Estimator:
    """Keeps the smoothed spectra and, once there is one, the baseline."""

    def __init__(self, profile: Profile, freqs: NDArray[np.float64]) -> None:
        settings = profile.settings
        self._profile = profile
        self._hop_s = settings.spectrum.hop_s
        self._emg = Smoother(settings.features.emg_smoothing_s, self._hop_s)
        self._psd = Smoother(settings.features.aperiodic_smoothing_s, self._hop_s)
        self._maker = FeatureMaker(freqs, bands_for(None, settings.bands, settings.gate), settings.features)
        self._columns = index_columns(profile)
        n = len(self._columns)
        self._weights = Weights(np.array(profile.evidence.mu), np.eye(n), settings.index.min_information)
        self._smoother = IndexFilter(settings.index, self._hop_s)
        self._tracker: Tracker | None = None
        self.baseline: Baseline | None = None
        regions = {name.rsplit("_", 1)[-1] for name in profile.evidence.feature_names}
        self._needed = tuple(sorted({row for region in regions for row in profile.montage.rows(region)}))

    def adopt(self, baseline: Baseline | None) -> None:
        """Judge all later frames by this baseline."""
        self.baseline = baseline
        if baseline is None:
            return
        self._maker = baseline.maker
        self._weights = baseline.weights
        self._smoother = IndexFilter(self._profile.settings.index, self._hop_s)
        self._smoother.value = baseline.scale.middle
        mu, spread = baseline.mu[self._columns], baseline.spread[self._columns]
        self._tracker = Tracker(mu, spread, self._profile.settings.baseline, self._hop_s)

    def push(self, windows: Windows) -> Batch:
        """Estimate what needs no memory of single frames."""
        verdicts, baseline = windows.verdicts, self.baseline
        valid = verdicts.valid & windows.filled[:, None]
        smooth_psd = self._psd.push(windows.psd, valid)
        smooth_emg = self._emg.push(self._maker.emg_power(windows.psd), valid)
        if baseline is None:
            values = self._maker(windows.psd, smooth_psd, np.zeros(smooth_emg.shape))
            features = regional(values, valid, self._profile)
            none = np.full(features.shape, np.nan)
            return Batch(features, none, none, self._usable(windows), self._signal(windows))
        valid = valid & np.isfinite(baseline.channel_median).all(axis=1)
        values = self._maker(windows.psd, smooth_psd, np.fmax(smooth_emg - baseline.emg_median, 0.0))
        deviations = regional(values - baseline.channel_median, valid, self._profile)
        z = squash(deviations, baseline.mu, baseline.spread, self._profile.settings.baseline)
        features = regional(values, valid, self._profile)
        return Batch(features, deviations, z, self._usable(windows), self._signal(windows))

    def available(self, batch: Batch, row: int) -> bool:
        """Whether a frame before any baseline holds enough of what the index will need."""
        return self._weights.of(np.isfinite(batch.features[row, self._columns])) is not None

    def index(self, batch: Batch, row: int, *, tracked: bool, learn: bool) -> tuple[float, float, NDArray[np.float64]]:
        """Advance the index by one frame.

        Returns
        -------
        raw, smooth : float
            Index of this frame (NaN when it is not valid) and the smoothed one.
        tracked_z : ndarray, shape (n_index_features,)
            By the slowly tracked baseline.
        """
        if self._tracker is None:
            nothing = float("nan")
            return nothing, nothing, np.full(len(self._columns), np.nan)
        fixed_z = batch.z[row, self._columns]
        valid = self._weights.of(np.isfinite(fixed_z)) is not None
        tracked_z = self._tracker.push(batch.deviations[row, self._columns], learn=learn and valid)
        raw = weigh(tracked_z if tracked else fixed_z, self._weights)
        return raw, self._smoother.push(raw), tracked_z

    def _usable(self, windows: Windows) -> NDArray[np.bool_]:
        montage = self._profile.montage
        present = ~windows.verdicts.unusable
        columns = [
            np.take(present, montage.rows(FEATURES[name].region), axis=1).sum(axis=1) >= montage.min_valid
            for name in self._profile.evidence.feature_names
        ]
        together = np.stack(columns, axis=1)
        return np.array([self._weights.of(row) is not None for row in together], dtype=np.bool_)

    def _signal(self, windows: Windows) -> NDArray[np.float64]:
        return np.take(windows.verdicts.good_share, self._needed, axis=1).mean(axis=1)
