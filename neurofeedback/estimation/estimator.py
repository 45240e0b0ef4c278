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
from neurofeedback.estimation.kept import Kept
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

    ``features``, ``deviations`` (from each channel's baseline median), ``z`` and ``own_z`` (by the baseline kept of
    earlier sessions; NaN without one) are ``(n, len(FEATURES))``, the rest is ``(n,)``. ``valid`` tells that the
    index can be had, ``usable`` that it could be had from the channels that have any signal at this moment, ``gap``
    that a channel it needs misses samples, ``lost`` that nothing has come for a while; ``signal`` is the share of
    usable signal over the last seconds.
    """

    features: NDArray[np.float64]
    deviations: NDArray[np.float64]
    z: NDArray[np.float64]
    own_z: NDArray[np.float64]
    valid: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    gap: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    signal: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One frame: whether its index counts, the smoothed index in baseline spreads (NaN without a baseline).

    ``u`` is the one that drives: ``session_u``, by the session's baseline, or ``own_u``, by the one kept of earlier
    sessions. ``tracked_z`` and ``own_z`` are ``(n_index_features,)``, by the slowly tracked and the kept baseline.
    """

    valid: bool
    u: float
    session_u: float
    own_u: float
    tracked_z: NDArray[np.float64]
    own_z: NDArray[np.float64]


class Estimator:
    """Keeps the smoothed spectra and, once there is one, the baseline.

    Parameters
    ----------
    freqs : ndarray, shape (n_freqs,)
        Bins of the windows' spectra, Hz.
    kept : Kept, optional
        The baseline kept of earlier sessions, of these channels; ``by_own`` lets it drive.
    """

    def __init__(self, profile: Profile, sfreq: float, freqs: NDArray[np.float64], kept: Kept | None = None) -> None:
        settings = profile.settings
        self._settings = settings
        self._hop_s = settings.spectrum.hop_s
        self._emg = Smoother(settings.features.emg_smoothing_s, self._hop_s, fades=True)
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
        self._kept = kept
        self._own_smoother = IndexFilter(settings.index, self._hop_s)
        self.by_own = False
        self._recent: deque[tuple[NDArray[np.float64], NDArray[np.float64], bool]] = deque(
            maxlen=round(_RERUN_S / self._hop_s)
        )
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
        self._own_smoother = IndexFilter(self._settings.index, self._hop_s)
        for z, own_z, gap in self._recent:
            self._smooth(z, own_z, gap=gap)

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
            deviations = z = own_z = np.full(features.shape, np.nan)
        else:
            spectral = self._maker(windows.psd, smooth_psd, smooth_emg - baseline.emg_median)
            values = np.concatenate([spectral, envelope], axis=-1)
            medians = [baseline.channel_median, *([] if self._kept is None else [self._kept.usual.channel_median])]
            stacked = [values, *(values - median for median in medians)]
            features, deviations, *from_usual = self._regions.means(np.stack(stacked), counting)
            own_z = np.full(features.shape, np.nan)
            if self._kept is not None:
                usual = self._kept.usual
                own_z = squash(from_usual[0] - usual.mu, usual.spread, self._settings.baseline)
            z = squash(deviations - baseline.mu, baseline.spread, self._settings.baseline)
        return Batch(
            features=features,
            deviations=deviations,
            z=z,
            own_z=own_z,
            valid=self._sufficient(np.isfinite(features if baseline is None else z)),
            usable=usable,
            gap=np.asarray(verdicts.reasons["lost"][:, self._needed].any(axis=1), dtype=np.bool_),
            lost=lost,
            signal=np.where(lost, 0.0, (verdicts.good_share * self._known)[:, self._needed].mean(axis=1)),
        )

    def read(self, batch: Batch, row: int, *, practising: bool) -> Reading:
        """Advance the index by one frame; in practice it is measured from the tracked baseline, which then learns.

        The kept baseline is never tracked: it is there to show what lasts longer than a sitting.
        """
        valid, own_z = bool(batch.valid[row]), batch.own_z[row]
        if self._index is None or self._tracker is None:
            return Reading(valid, math.nan, math.nan, math.nan, self._no_z, self._no_z)
        tracked_z = self._tracker.push(batch.deviations[row], learn=practising and valid)
        z, gap = tracked_z if practising else batch.z[row], bool(batch.gap[row])
        self._recent.append((z, own_z, gap))
        value, own_value = self._smooth(z, own_z, gap=gap)
        session_u, own_u = self._index.scale.u(value), own_value / self._index.scale.spread
        u = own_u if self.by_own and self._kept is not None else session_u
        return Reading(valid, u, session_u, own_u, tracked_z[self._logged], own_z[self._logged])

    def _smooth(self, z: NDArray[np.float64], own_z: NDArray[np.float64], *, gap: bool) -> tuple[float, float]:
        """Take the z-scores of one frame by both baselines; return both indices, smoothed."""
        columns, weights = self._columns, self._weights
        value = self._smoother.push(weigh(z[columns], weights), gap=gap)
        if self._kept is None:
            return value, math.nan
        return value, self._own_smoother.push(weigh(own_z[columns], weights), gap=gap)

    def _sufficient(self, available: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether the features at hand, ``(n, len(FEATURES))``, hold enough of the index."""
        chosen = np.take(available, self._columns, axis=1)
        return np.array([self._weights.of(row) is not None for row in chosen], dtype=np.bool_)
