"""Recordings with known truth: rate, losses, marks and amplitude, as every format and its faults would store them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.fuzz.seeds import Seed

STARTED = 1_700_000_000.0
_MUSE_PACKET = 12
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a file holds.

    Parameters
    ----------
    sfreq : float
        Sampling rate, Hz.
    n_samples : int
        Samples from the first to the last that is present, lost ones included.
    kept : ndarray of int
        Numbers of the samples that are present, from 0.
    data : ndarray, shape (n_channels, n_samples)
        Microvolts of every sample.
    marks : tuple of int
        Sample numbers of the marks inside the recording.
    """

    sfreq: float
    n_samples: int
    kept: NDArray[np.int64]
    data: Floats
    marks: tuple[int, ...] = ()

    @property
    def values(self) -> Floats:
        """The samples that are present, shape (n_channels, n_kept)."""
        return self.data[:, self.kept]

    @property
    def times(self) -> Floats:
        """Time of each sample that is present since the first, s."""
        return self.kept / self.sfreq

    def gaps(self) -> list[tuple[int, int]]:
        """Return start and length of each run of lost samples."""
        steps = np.diff(self.kept)
        return [(int(self.kept[i]) + 1, int(steps[i]) - 1) for i in np.flatnonzero(steps > 1)]


@dataclass(frozen=True, slots=True)
class Case:
    """A file with its truth; ``faults`` names what is odd about it."""

    kind: str
    seed: Seed
    truth: Truth
    faults: tuple[str, ...] = field(default=())


def make_truth(rng: random.Random, sfreq: float, n_channels: int, *, loss: str = "any", block: int = 1) -> Truth:
    """Draw a recording of 6 to 16 s with losses: ``any``, ``none``, ``holes``, or ``short`` holes only.

    ``block`` samples are lost together.
    """
    n_samples = round(rng.uniform(6, 16) * sfreq) // block * block
    numbers = np.random.default_rng(rng.randrange(2**32))
    present = np.ones(n_samples, bool)
    edge = round(sfreq)
    for _ in range(rng.choice((0, 1, 1, 2)) if loss in {"any", "holes", "short"} else 0):
        longest = 0.5 if loss == "short" else rng.choice((0.05, 0.8, 3.0))
        length = max(1, round(rng.uniform(0.02, longest) * sfreq)) // block * block
        start = rng.randrange(edge, n_samples - edge - length) // block * block
        present[start : start + length] = False
    if loss == "any" and rng.random() < 0.3:
        lost = numbers.random(n_samples // block) < rng.choice((0.01, 0.1, 0.35))
        present[np.flatnonzero(np.repeat(lost, block))] = False
    present[: edge // block * block] = present[n_samples - edge // block * block :] = True
    times = np.arange(n_samples) / sfreq
    phases = numbers.uniform(0, 6, n_channels)[:, np.newaxis]
    data = 20 * np.sin(2 * np.pi * 10 * times + phases) + numbers.normal(0, 5, (n_channels, n_samples))
    kept = np.flatnonzero(present)
    marks = sorted(rng.sample(kept[edge:-edge].tolist(), rng.choice((0, 2, 5))))
    return Truth(sfreq, n_samples, kept, np.round(data, 3), tuple(marks))


def clock(
    rng: random.Random, truth: Truth, *, packet: int = 1, exact: bool = False, bursts: bool = False
) -> tuple[Floats, str]:
    """Return time stamps of the present samples as a host writes them, and their kind.

    With ``packet``, all samples of a packet may share a stamp; with ``bursts``, the stamps of a Muse are possible.
    """
    numbers = np.random.default_rng(rng.randrange(2**32))
    kinds = ["exact", "jitter", *(["clumps"] if packet > 1 else []), *(["bursts", "fast"] if bursts else [])]
    kind = "exact" if exact else rng.choice(kinds)
    if kind == "jitter":
        jitter = numbers.uniform(0, rng.choice((0.1, 0.3)) / truth.sfreq, truth.kept.size)
        return truth.times + jitter, kind
    if kind == "clumps":
        return (truth.kept // packet * packet + packet - 1) / truth.sfreq, kind
    if kind in {"bursts", "fast"}:
        return _muse_stamps(rng, truth, fast=kind == "fast"), kind
    return truth.times, kind


def _muse_stamps(rng: random.Random, truth: Truth, *, fast: bool) -> Floats:
    """Return stamps in ms that run too fast for a while and then pause, as those of a Muse by Bluetooth do.

    Packets of 12 samples come in bursts of about 8, faster than they were measured; or the stamps of each packet are
    closer than its samples.
    """
    speed = rng.choice((0.94, 0.96, 0.98))
    burst = _MUSE_PACKET if fast else rng.choice((7, 8, 9)) * _MUSE_PACKET
    first = truth.kept // burst * burst
    within = truth.kept - first
    if not fast:
        in_packet = within % _MUSE_PACKET
        stamps = first + (within - in_packet) * speed + in_packet
    else:
        stamps = first + within * speed
    return np.round(stamps / truth.sfreq, 3)
