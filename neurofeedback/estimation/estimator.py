"""From judged windows to readings: features, z-scores and the index of each frame."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.drive import Drive
from neurofeedback.estimation.driven import Index, index_of
from neurofeedback.estimation.index import IndexFilter, IndexScale, Weights, weigh
from neurofeedback.estimation.scores import index_columns, squash
from neurofeedback.estimation.tracking import Tracker
from neurofeedback.processing.envelope import Envelope, EnvelopeFilter
from neurofeedback.processing.features import FEATURES, FeatureMaker, bands_for, by_kind
from neurofeedback.processing.pipeline import Windows
from neurofeedback.processing.regions import Regions
from neurofeedback.processing.smoothing import Smoother
from neurofeedback.settings.profile import Profile

_RERUN_S = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What needs no memory of single frames, for frames that no command divides.

    ``features``, ``deviations`` (from each channel's baseline median) and ``z`` are ``(n, len(FEATURES))``,
    the rest is ``(n,)``. ``valid`` tells that the index can be had, ``usable`` that it could be had from the
    channels that have any signal at this moment, ``gap`` that a channel it needs misses samples, ``lost`` that
    nothing has come for a while; ``signal`` is the share of usable signal over the last seconds.
    """

    features: NDArray[np.float64]
    deviations: NDArray[np.float64]
    z: NDArray[np.float64]
    valid: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    gap: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    signal: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One frame: whether its index counts, the smoothed index in baseline spreads (NaN without a baseline).

    ``tracked_z`` is ``(n_index_features,)``, by the slowly tracked baseline.
    """

    valid: bool
    u: float
    tracked_z: NDArray[np.float64]


class Estimator:
    """Keeps the smoothed spectra and, once there is one, the baseline."""

    def __init__(self, profile: Profile, sfreq: float, freqs: NDArray[np.float64]) -> None:
        settings = profile.settings
        self._settings = settings
        self._hop_s = settings.spectrum.hop_s
        self._emg = Smoother(settings.features.emg_smoothing_s, self._hop_s)
        self._psd = Smoother(settings.features.aperiodic_smoothing_s, self._hop_s)
        self._maker = FeatureMaker(freqs, bands_for(None, settings.bands, settings.gate), settings.features)
        envelope = EnvelopeFilter(sfreq, settings.bands.default_iaf_hz, settings.envelope)
        self._envelope = Envelope(len(profile.montage.ch_names), envelope)
        self._regions = Regions(profile.montage)
        self._logged = index_columns(profile)
        n = len(self._logged)
        self._columns = self._logged
        self._weights = Weights(np.array(profile.evidence.mu), np.eye(n), settings.index.min_information)
        self._no_z = np.full(n, np.nan)
        self._smoother = IndexFilter(settings.index, self._hop_s)
        self._tracker: Tracker | None = None
        self._recent: deque[tuple[NDArray[np.float64], bool]] = deque(maxlen=round(_RERUN_S / self._hop_s))
        self._index: Index | None = None
        self._drive: Drive | None = None
        self._n_lost = settings.gaps.lost_s * sfreq
        regions = {FEATURES[name].region for name in profile.evidence.feature_names}
        self._needed = sorted({row for region in regions for row in profile.montage.rows(region)})
        self._known = np.ones(len(profile.montage.ch_names), dtype=np.bool_)
        self.baseline: Baseline | None = None

    def adopt(self, baseline: Baseline) -> None:
        """Judge all later frames by this baseline."""
        self.baseline = baseline
        self._known = baseline.known
        self._maker = baseline.maker
        self._envelope.filter = baseline.envelope
        self._tracker = Tracker(baseline.mu, baseline.spread, self._settings.baseline, self._hop_s)
        self._recent.clear()
        self.drive(self._drive)

    def drive(self, drive: Drive | None) -> None:
        """Let a decoder's weights make the index from now on; None for those of the evidence profile.

        The index is scaled by the baseline anew, and runs again over the last 20 s, so that it does not jump.
        """
        self._drive = drive
        if self.baseline is None:
            return
        index = index_of(self.baseline, self._logged, drive, self._settings)
        self._index, self._columns, self._weights = index, index.columns, index.weights
        self._smoother = IndexFilter(self._settings.index, self._hop_s, start=index.scale.middle)
        for z, gap in self._recent:
            self._smoother.push(weigh(z[self._columns], self._weights), gap=gap)

    @property
    def scale(self) -> IndexScale | None:
        """Where the index lies in the baseline; None before there is one."""
        return None if self._index is None else self._index.scale

    def push(self, windows: Windows) -> Batch:
        """Estimate what needs no memory of single frames."""
        verdicts, baseline = windows.verdicts, self.baseline
        lost = windows.measures.silence >= self._n_lost
        usable = self._sufficient(self._regions.enough(~verdicts.unusable & self._known)) & ~lost
        possible = (windows.filled & usable)[:, None]
        learnable = verdicts.valid & possible
        counting = by_kind(verdicts.valid[..., None], verdicts.clean[..., None]) & (possible & self._known)[..., None]
        smooth_psd = self._psd.push(windows.psd, learnable)
        smooth_emg = self._emg.push(self._maker.emg_power(windows.psd), learnable)
        envelope = self._envelope.push(windows.filtered, windows.offsets)[..., None]
        if baseline is None:
            spectral = self._maker(windows.psd, smooth_psd, np.zeros(smooth_emg.shape))
            features = self._regions.means(np.concatenate([spectral, envelope], axis=-1), counting)
            deviations = z = np.full(features.shape, np.nan)
        else:
            spectral = self._maker(windows.psd, smooth_psd, np.fmax(smooth_emg - baseline.emg_median, 0.0))
            values = np.concatenate([spectral, envelope], axis=-1)
            both = np.stack([values, values - baseline.channel_median])
            features, deviations = self._regions.means(both, counting)
            z = squash(deviations - baseline.mu, baseline.spread, self._settings.baseline)
        return Batch(
            features=features,
            deviations=deviations,
            z=z,
            valid=self._sufficient(np.isfinite(features if baseline is None else z)),
            usable=usable,
            gap=np.asarray(verdicts.reasons["lost"][:, self._needed].any(axis=1), dtype=np.bool_),
            lost=lost,
            signal=np.where(lost, 0.0, (verdicts.good_share * self._known)[:, self._needed].mean(axis=1)),
        )

    def read(self, batch: Batch, row: int, *, practising: bool) -> Reading:
        """Advance the index by one frame; in practice it is measured from the tracked baseline, which then learns."""
        valid = bool(batch.valid[row])
        if self._index is None or self._tracker is None:
            return Reading(valid, math.nan, self._no_z)
        tracked_z = self._tracker.push(batch.deviations[row], learn=practising and valid)
        z, gap = tracked_z if practising else batch.z[row], bool(batch.gap[row])
        self._recent.append((z, gap))
        value = self._smoother.push(weigh(z[self._columns], self._weights), gap=gap)
        return Reading(valid, self._index.scale.u(value), tracked_z[self._logged])

    def _sufficient(self, available: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether the features at hand, ``(n, len(FEATURES))``, hold enough of the index."""
        chosen = np.take(available, self._columns, axis=1)
        return np.array([self._weights.of(row) is not None for row in chosen], dtype=np.bool_)
