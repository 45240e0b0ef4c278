"""The baseline of a session: collected windows, and the frozen reference computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.index import IndexScale, IndexWeights
from neurofeedback.processing.envelope import EnvelopeFilter
from neurofeedback.processing.features import FeatureExtractor
from neurofeedback.processing.gate_limits import GateLimits
from neurofeedback.processing.pipeline import Windows


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Frozen reference of a session.

    Parameters
    ----------
    iaf_hz : float or None
        Individual alpha frequency; None without a peak (the default is used then).
    limits : GateLimits
        The gate's limits for each channel.
    feature_extractor : FeatureExtractor
        For this person's bands.
    envelope : EnvelopeFilter
        For this person's alpha frequency.
    channel_median : ndarray, shape (n_channels, len(KINDS))
        NaN for a channel that was never valid.
    emg_median : ndarray, shape (n_channels,)
        Density of the muscle band, uV^2/Hz.
    mu, spread : ndarray, shape (len(FEATURES),)
        Median and spread of the regional deviations from the channels' medians; NaN for a feature never valid.
    z : ndarray, shape (n, len(FEATURES))
        z-scores of its frames, gated again; the scale of any other index is fitted on them.
    weights : IndexWeights
        Weights of the index.
    scale : IndexScale
        Distribution of the smoothed index.
    clean_s : float
        Seconds with a valid index.
    quality : float
        0 to 1: clean seconds relative to those of a full baseline.
    """

    iaf_hz: float | None
    limits: GateLimits
    feature_extractor: FeatureExtractor
    envelope: EnvelopeFilter
    channel_median: NDArray[np.float64]
    emg_median: NDArray[np.float64]
    mu: NDArray[np.float64]
    spread: NDArray[np.float64]
    z: NDArray[np.float64]
    weights: IndexWeights
    scale: IndexScale
    clean_s: float
    quality: float

    @property
    def measured_channels(self) -> NDArray[np.bool_]:
        """Channels that have a reference, ``(n_channels,)``; no other is used."""
        return np.asarray(np.isfinite(self.channel_median).all(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class BaselineData:
    """Collected windows of one baseline; first axis is the frame.

    ``fixed_bad`` includes muscle as judged at the time: a baseline full of muscle has no normal level of its own.
    ``psd`` is ``(n, n_channels, n_freqs)``, ``slow_samples`` ``(n, n_channels, n_slow)``, ``filtered``
    ``(n_channels, n_samples)``; ``ends`` are each frame's end in ``filtered``; the rest is ``(n, n_channels)``.
    """

    psd: NDArray[np.float64]
    filtered: NDArray[np.float64]
    ends: NDArray[np.int64]
    complete: NDArray[np.bool_]
    fixed_bad: NDArray[np.bool_]
    excluded: NDArray[np.bool_]
    ln_emg: NDArray[np.float64]
    slow_ptp: NDArray[np.float64]
    slow_samples: NDArray[np.float64]


class BaselineCollector:
    """Collects the gated windows of one baseline, batch by batch."""

    def __init__(self) -> None:
        self._batches: list[Windows] = []
        self._usable: list[NDArray[np.bool_]] = []

    def add(self, windows: Windows, usable: NDArray[np.bool_]) -> None:
        """Add one batch of gated windows; ``usable`` ``(n,)`` marks those that may enter the baseline."""
        self._batches.append(windows)
        self._usable.append(usable)

    @property
    def n_frames(self) -> int:
        """Number of collected frames."""
        return sum(len(usable) for usable in self._usable)

    def trim_to(self, n_frames: int) -> None:
        """Drop batches that lie wholly before the last ``n_frames``."""
        while self._usable and self.n_frames - len(self._usable[0]) >= n_frames:
            self._batches.pop(0)
            self._usable.pop(0)

    def to_data(self, n_frames: int | None = None) -> BaselineData | None:
        """Return the last ``n_frames``, or all, as arrays; None if there are none."""
        if not self._batches:
            return None
        batches = self._batches
        last = slice(-(n_frames or self.n_frames), None)
        ends = np.concatenate([w.ends for w in batches])
        begin = 0 if len(ends[last]) == len(ends) else int(ends[last.start - 1] - ends[-1])
        filtered = np.concatenate([w.filtered for w in batches], axis=1)[:, begin:]
        return BaselineData(
            psd=np.concatenate([w.psd for w in batches])[last],
            filtered=filtered,
            ends=ends[last] - ends[-1] + filtered.shape[1],
            complete=np.concatenate([w.complete for w in batches])[last],
            fixed_bad=(
                np.concatenate([w.gate_result.fixed_bad | w.gate_result.reasons["muscle"] for w in batches])
                | ~np.concatenate(self._usable)[:, None]
            )[last],
            excluded=np.concatenate([w.gate_result.excluded for w in batches])[last],
            ln_emg=np.concatenate([w.measures.ln_emg for w in batches])[last],
            slow_ptp=np.concatenate([w.measures.slow_ptp for w in batches])[last],
            slow_samples=np.concatenate([w.measures.slow_samples for w in batches])[last],
        )
