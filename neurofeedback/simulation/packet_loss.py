"""The radio link: samples travel in packets that arrive late, or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.simulation.headset_specs import HeadsetSpec
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.types import LostRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 1024


@dataclass(frozen=True, slots=True)
class RadioLink:
    """How packets travel.

    Parameters
    ----------
    loss : float
        Share of packets that never arrive, 0 to below 1.
    jitter_s : tuple of float
        Shortest and longest travel of a packet, s; Bluetooth takes 5 to 40 ms.
    outages : tuple of (float, float)
        Onset and duration of stretches in which nothing gets through, s; an endless one is a headset gone.
    """

    loss: float = 0.0
    jitter_s: tuple[float, float] = (0.005, 0.040)
    outages: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """Samples ``first`` to before ``stop``, and when they arrive (s after the first sample was taken)."""

    first: int
    stop: int
    arrival_s: float
    lost: bool


def draw_outages(seconds: float, every_s: float, seed: int) -> tuple[tuple[float, float], ...]:
    """Draw stretches of .5 to 5 s in which nothing gets through, at random, so far apart on average (s).

    Examples
    --------
    >>> draw_outages(600.0, math.inf, 1)
    ()
    """
    rng = rng_for(seed, RandomStream.OUTAGES)
    drawn: list[tuple[float, float]] = []
    onset_s = 0.0
    while math.isfinite(every_s) and (onset_s := onset_s + float(rng.exponential(every_s))) < seconds:
        drawn.append((onset_s, float(rng.uniform(0.5, 5.0))))
    return tuple(drawn)


def check_link(link: RadioLink) -> None:
    """Refuse a link that cannot be.

    Raises
    ------
    SettingsError
        The loss is not a share.
    """
    if not 0 <= link.loss < 1:
        raise SettingsError("packet loss is a share", got=link.loss, allowed="0 to below 1")


def draw_packets(link: RadioLink, headset: HeadsetSpec, n_samples: int, seed: int) -> Iterator[Packet]:
    """Yield the packets of a recording in order; none overtakes another, and the first is never lost."""
    n_packets = math.ceil(n_samples / headset.samples_per_packet)
    before_s = 0.0
    for batch in range(math.ceil(n_packets / _BATCH)):
        rng = rng_for(seed, RandomStream.LINK, batch)
        travel_s = rng.uniform(*link.jitter_s, _BATCH).tolist()
        unlucky = (rng.random(_BATCH) < link.loss).tolist()
        for place in range(min(_BATCH, n_packets - batch * _BATCH)):
            first = (batch * _BATCH + place) * headset.samples_per_packet
            stop = min(first + headset.samples_per_packet, n_samples)
            sent_s = stop / headset.sfreq
            before_s = max(before_s, sent_s + travel_s[place])
            silent = any(onset <= sent_s < onset + duration for onset, duration in link.outages)
            yield Packet(first, stop, before_s, lost=first > 0 and (unlucky[place] or silent))


def lost_runs(packets: Iterable[Packet]) -> tuple[LostRun, ...]:
    """Join lost packets that follow each other.

    Examples
    --------
    >>> lost_runs([Packet(12, 24, 0, True), Packet(24, 36, 0, True), Packet(36, 48, 0, False)])
    (LostRun(start=12, n_samples=24, channels=None, cause='lost'),)
    """
    runs: list[LostRun] = []
    for packet in packets:
        if not packet.lost:
            continue
        start = packet.first
        if runs and runs[-1].start + runs[-1].n_samples == start:
            start = runs.pop().start
        runs.append(LostRun(start, packet.stop - start))
    return tuple(runs)


def mask_lost(data: NDArray[np.float32], runs: Iterable[LostRun], first: int = 0) -> NDArray[np.float32]:
    """Return samples from ``first`` on, shape (n_channels, n_samples), with NaN where runs say they were lost."""
    holed = data.copy()
    for run in runs:
        holed[:, run.start - first : run.start - first + run.n_samples] = np.nan
    return holed
