"""Transmission quality of a session: lost samples, gaps, effective sampling rate, and latency to the sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from neurofeedback.analysis.frame_table import Floats
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceReads
from neurofeedback.types import LostRun

_MIN_SPAN_S = 5.0


@dataclass(frozen=True, slots=True)
class Transmission:
    """Loss, gaps, rate and latency of one session.

    ``effective_sfreq`` (Hz) is the rate at which samples, lost ones included, arrived by the host's clock; None
    for recordings too short to measure it. ``latency_ms`` is (median, 95th percentile) of the newest sample's age when
    the sound was set; None without sound.
    """

    n_samples: int
    n_lost: int
    n_gaps: int
    longest_gap_s: float
    sfreq: float
    effective_sfreq: float | None
    latency_ms: tuple[float, float] | None

    @property
    def lost_share(self) -> float:
        """Share of samples lost on at least one channel."""
        return self.n_lost / self.n_samples

    @property
    def drift(self) -> float | None:
        """Effective rate relative to the nominal rate, minus 1; None if it was not measured."""
        return None if self.effective_sfreq is None else self.effective_sfreq / self.sfreq - 1


def summarize_transmission(recording: Recording, reads: DeviceReads, latency_ms: Floats) -> Transmission:
    """Summarize the transmission of a session; ``latency_ms`` has one value per frame, NaN where there was none."""
    known = latency_ms[np.isfinite(latency_ms)]
    gaps = gap_lengths(recording.lost)
    quantiles = np.percentile(known, (50, 95)) if known.size else None
    return Transmission(
        n_samples=recording.n_samples,
        n_lost=count_lost_samples(recording.lost),
        n_gaps=len(gaps),
        longest_gap_s=max(gaps, default=0) / recording.stream.sfreq,
        sfreq=recording.stream.sfreq,
        effective_sfreq=effective_sfreq(reads),
        latency_ms=None if quantiles is None else (float(quantiles[0]), float(quantiles[1])),
    )


def gap_lengths(lost: Iterable[LostRun]) -> list[int]:
    """Return the lengths of the gaps, in samples; runs that touch or overlap, on any channels, are one gap.

    Examples
    --------
    >>> gap_lengths([LostRun(0, 5), LostRun(5, 5, (1,)), LostRun(20, 3)])
    [10, 3]
    """
    gaps: list[list[int]] = []
    for run in sorted(lost, key=lambda run: run.start):
        if gaps and run.start <= gaps[-1][1]:
            gaps[-1][1] = max(gaps[-1][1], run.start + run.n_samples)
        else:
            gaps.append([run.start, run.start + run.n_samples])
    return [stop - start for start, stop in gaps]


def effective_sfreq(reads: DeviceReads) -> float | None:
    """Fit the rate (Hz) at which reads reached the host, by least squares; None for less than 5 s.

    Examples
    --------
    >>> reads = DeviceReads()
    >>> for k in range(20):
    ...     reads.append(250 * k, 250, float("nan"), 7 + 1.01 * (k + 1))
    >>> round(effective_sfreq(reads), 3)
    247.525
    """
    stops, times = reads.arrivals()
    if times.size < 2 or times[-1] - times[0] < _MIN_SPAN_S:
        return None
    times -= times.mean()
    return float(times @ (stops - stops.mean()) / (times @ times))
