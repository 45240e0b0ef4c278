"""The baseline: what it collects, and the frozen reference it becomes."""

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
    """A session's frozen reference.

    Parameters
    ----------
    iaf_hz : float or None
        Individual alpha frequency; None when no peak stood out and the default was taken.
    limits : GateLimits
        The gate's limits for each channel.
    maker : FeatureExtractor
        Features by this person's bands.
    envelope : EnvelopeFilter
        At this person's alpha frequency.
    channel_median : ndarray, shape (n_channels, len(KINDS))
        NaN for a channel that never was valid.
    emg_median : ndarray, shape (n_channels,)
        Density of the muscle band, uV^2/Hz.
    mu, spread : ndarray, shape (len(FEATURES),)
        Middle and spread of the regional deviations from the channels' medians; NaN for a feature never seen.
    z : ndarray, shape (n, len(FEATURES))
        Of its frames, as gated again: what the scale of any other index is made from.
    weights : IndexWeights
        Of the index.
    scale : IndexScale
        Where the smoothed index lies.
    clean_s : float
        Seconds with a valid index.
    quality : float
        0 to 1: the clean seconds over those a baseline should have.
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
        """Channels that have a reference, ``(n_channels,)``; no other ever counts."""
        return np.asarray(np.isfinite(self.channel_median).all(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class BaselineData:
    """What the windows of one baseline amount to; first axis is the frame.

    ``fixed_bad`` holds muscle as it was judged when it came, too: a clenched baseline has no usual of its own.
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
    """Keeps the judged windows of one baseline, batch by batch."""

    def __init__(self) -> None:
        self._batches: list[Windows] = []
        self._usable: list[NDArray[np.bool_]] = []

    def add(self, windows: Windows, usable: NDArray[np.bool_]) -> None:
        """Keep one batch of judged windows, of which those ``counting`` ``(n,)`` may be learned from."""
        self._batches.append(windows)
        self._usable.append(usable)

    @property
    def n_frames(self) -> int:
        """How many frames are kept."""
        return sum(len(counting) for counting in self._usable)

    def trim_to(self, n_frames: int) -> None:
        """Drop batches that lie wholly before the last ``n_frames``."""
        while self._usable and self.n_frames - len(self._usable[0]) >= n_frames:
            self._batches.pop(0)
            self._usable.pop(0)

    def to_data(self, n_frames: int | None = None) -> BaselineData | None:
        """Put the last ``n_frames`` together, or all; None when there are none."""
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
