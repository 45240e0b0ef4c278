"""Estimation of features, z-scores and the index of each frame from gated windows."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.baseline_tracking import BaselineTracker
from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.estimation.index import IndexScale, IndexSmoother, IndexWeights, weighted_sum
from neurofeedback.estimation.index_model import IndexModel, build_index_model
from neurofeedback.estimation.personal_baseline import PersonalBaseline
from neurofeedback.estimation.zscore import bounded_zscore, index_columns
from neurofeedback.processing.envelope import Envelope, EnvelopeFilter
from neurofeedback.processing.features import FEATURES, FeatureExtractor, individual_bands, select_by_kind
from neurofeedback.processing.framing import mean_of_last_axis
from neurofeedback.processing.pipeline import Windows
from neurofeedback.processing.regions import RegionAverager
from neurofeedback.processing.smoothing import Smoother
from neurofeedback.settings.resolved_profile import Profile

_REPLAY_S = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class FeatureBatch:
    """Features of a batch of frames between two commands.

    ``features``, ``deviations`` (from each channel's baseline median), ``z`` and ``personal_z`` (by the personal
    baseline; NaN without one) are ``(n, len(FEATURES))``, the rest is ``(n,)``. ``valid`` is whether the index can be
    computed, ``usable`` whether it could be from the channels that have a signal at this moment, ``gap`` whether one of
    its channels misses samples, ``lost`` whether nothing has been received for a while; ``signal`` is the share of
    usable signal over the last seconds.
    """

    features: NDArray[np.float64]
    deviations: NDArray[np.float64]
    z: NDArray[np.float64]
    personal_z: NDArray[np.float64]
    valid: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    gap: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    signal: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class IndexEstimate:
    """Index of one frame: whether it is valid, and the smoothed index in baseline spreads (NaN without a baseline).

    ``u`` drives the feedback: ``session_u``, by the session's baseline, or ``personal_u``, by the personal baseline.
    ``tracked_z`` and ``personal_z`` are ``(n_index_features,)``, by the tracked and the personal baseline.
    """

    valid: bool
    u: float
    session_u: float
    personal_u: float
    tracked_z: NDArray[np.float64]
    personal_z: NDArray[np.float64]


class Estimator:
    """Estimates features and index of frames, with smoothed spectra and, once there is one, a baseline.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        Bins of the windows' spectra, Hz.
    personal : PersonalBaseline, optional
        The person's baseline of earlier sessions for these channels; used for feedback if ``use_personal_baseline``.
    """

    def __init__(
        self, profile: Profile, sfreq: float, freqs: NDArray[np.float64], personal: PersonalBaseline | None = None
    ) -> None:
        settings = profile.settings
        self._settings = settings
        self._hop_s = settings.spectrum.hop_s
        self._emg = Smoother(settings.features.emg_smoothing_s, self._hop_s, decays=True)
        self._psd = Smoother(settings.features.aperiodic_smoothing_s, self._hop_s)
        self._extractor = FeatureExtractor(
            freqs, individual_bands(None, settings.bands, settings.gate), settings.features
        )
        envelope = EnvelopeFilter(sfreq, settings.bands.default_iaf_hz, settings.envelope)
        self._envelope = Envelope(len(profile.montage.ch_names), envelope)
        self._regions = RegionAverager(profile.montage)
        self._evidence_columns = index_columns(profile)
        n = len(self._evidence_columns)
        self._columns = self._evidence_columns
        self._weights = IndexWeights(np.array(profile.evidence.mu), np.eye(n), settings.index.min_information)
        self._no_z = np.full(n, np.nan)
        self._smoother = IndexSmoother(settings.index, self._hop_s)
        self._tracker: BaselineTracker | None = None
        self._personal = personal
        self._personal_smoother = IndexSmoother(settings.index, self._hop_s)
        self.use_personal_baseline = False
        self._recent: deque[tuple[NDArray[np.float64], NDArray[np.float64], bool]] = deque(
            maxlen=round(_REPLAY_S / self._hop_s)
        )
        self._index: IndexModel | None = None
        self._decoder: DecoderWeights | None = None
        self._n_lost = settings.gaps.lost_s * sfreq
        regions = {FEATURES[name].region for name in profile.evidence.feature_names}
        self._index_channels = sorted({row for region in regions for row in profile.montage.rows(region)})
        self._measured_channels = np.ones(len(profile.montage.ch_names), dtype=np.bool_)
        self.baseline: Baseline | None = None

    def set_baseline(self, baseline: Baseline) -> None:
        """Use this baseline for all later frames."""
        self.baseline = baseline
        self._measured_channels = baseline.measured_channels
        self._extractor = baseline.feature_extractor
        self._envelope.filter = baseline.envelope
        self._tracker = BaselineTracker(baseline.mu, baseline.spread, self._settings.baseline, self._hop_s)
        self._recent.clear()
        self.set_decoder(self._decoder)

    def set_decoder(self, decoder: DecoderWeights | None) -> None:
        """Use a decoder's weights for the index; None for those of the evidence profile.

        The index is scaled by the baseline again and recomputed over the last 20 s, so that it does not jump.
        """
        self._decoder = decoder
        if self.baseline is None:
            return
        index = build_index_model(self.baseline, self._evidence_columns, decoder, self._settings)
        self._index, self._columns, self._weights = index, index.columns, index.weights
        self._smoother = IndexSmoother(self._settings.index, self._hop_s, start=index.scale.middle)
        self._personal_smoother = IndexSmoother(self._settings.index, self._hop_s)
        for z, personal_z, gap in self._recent:
            self._smooth(z, personal_z, gap=gap)

    @property
    def scale(self) -> IndexScale | None:
        """Distribution of the index in the baseline; None before there is one."""
        return None if self._index is None else self._index.scale

    def update(self, windows: Windows) -> FeatureBatch:
        """Compute the features of a batch of windows."""
        gate_result, baseline = windows.gate_result, self.baseline
        lost = windows.measures.samples_without_signal >= self._n_lost
        usable = (
            self._enough_for_index(self._regions.has_enough_channels(~gate_result.unusable & self._measured_channels))
            & ~lost
        )
        possible = (windows.complete & usable)[:, None]
        learnable = gate_result.valid & possible
        used = (
            select_by_kind(
                gate_result.valid[..., None], gate_result.clean[..., None], gate_result.theta_valid[..., None]
            )
            & (possible & self._measured_channels)[..., None]
        )
        smooth_psd = self._psd.update(windows.psd, learnable)
        smooth_emg = self._emg.update(self._extractor.emg_power(windows.psd), learnable)
        envelope = self._envelope.process(windows.filtered, windows.offsets)[..., None]
        if baseline is None:
            spectral = self._extractor(windows.psd, smooth_psd, np.zeros(smooth_emg.shape))
            features = self._regions.means(np.concatenate([spectral, envelope], axis=-1), used)
            deviations = z = personal_z = np.full(features.shape, np.nan)
        else:
            spectral = self._extractor(windows.psd, smooth_psd, smooth_emg - baseline.emg_median)
            values = np.concatenate([spectral, envelope], axis=-1)
            medians = [
                baseline.channel_median,
                *([] if self._personal is None else [self._personal.median.channel_median]),
            ]
            stacked = [values, *(values - median for median in medians)]
            features, deviations, *from_personal = self._regions.means(np.array(stacked), used)
            personal_z = np.full(features.shape, np.nan)
            if self._personal is not None:
                personal = self._personal.median
                personal_z = bounded_zscore(from_personal[0] - personal.mu, personal.spread, self._settings.baseline)
            z = bounded_zscore(deviations - baseline.mu, baseline.spread, self._settings.baseline)
        good_share = gate_result.good_share * self._measured_channels
        return FeatureBatch(
            features=features,
            deviations=deviations,
            z=z,
            personal_z=personal_z,
            valid=self._enough_for_index(np.isfinite(features if baseline is None else z)),
            usable=usable,
            gap=np.logical_or.reduce(gate_result.reasons["lost"][:, self._index_channels], axis=1),
            lost=lost,
            signal=np.where(lost, 0.0, mean_of_last_axis(good_share[:, self._index_channels])),
        )

    def read_frame(self, batch: FeatureBatch, row: int, *, practising: bool) -> IndexEstimate:
        """Advance the index by one frame; in practice by the tracked baseline, which is then updated.

        The personal baseline is never tracked: it shows changes that last longer than a session.
        """
        valid, personal_z = bool(batch.valid[row]), batch.personal_z[row]
        if self._index is None or self._tracker is None:
            return IndexEstimate(valid, math.nan, math.nan, math.nan, self._no_z, self._no_z)
        tracked_z = self._tracker.update(batch.deviations[row], learn=practising and valid)
        z, gap = tracked_z if practising else batch.z[row], bool(batch.gap[row])
        self._recent.append((z, personal_z, gap))
        value, personal_value = self._smooth(z, personal_z, gap=gap)
        session_u, personal_u = self._index.scale.u(value), personal_value / self._index.scale.spread
        u = personal_u if self.use_personal_baseline and self._personal is not None else session_u
        return IndexEstimate(
            valid, u, session_u, personal_u, tracked_z[self._evidence_columns], personal_z[self._evidence_columns]
        )

    def _smooth(self, z: NDArray[np.float64], personal_z: NDArray[np.float64], *, gap: bool) -> tuple[float, float]:
        """Return the smoothed index of one frame by both baselines."""
        columns, weights = self._columns, self._weights
        value = self._smoother.update(weighted_sum(z[columns], weights), gap=gap)
        if self._personal is None:
            return value, math.nan
        return value, self._personal_smoother.update(weighted_sum(personal_z[columns], weights), gap=gap)

    def _enough_for_index(self, available: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether the available features, ``(n, len(FEATURES))``, are enough for the index."""
        chosen = available.take(self._columns, axis=1)
        return np.array([self._weights.for_available(row) is not None for row in chosen], dtype=np.bool_)
