"""The radio link: packets of samples that arrive late or are lost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.simulation.headset_specs import HeadsetSpec
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts
from neurofeedback.types import LostRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 1024


@dataclass(frozen=True, slots=True)
class RadioLink:
    """Properties of the radio link.

    Parameters
    ----------
    loss : float
        Share of lost packets, 0 to below 1.
    jitter_s : tuple of float
        Shortest and longest transmission time of a packet, s; 5 to 40 ms for Bluetooth.
    outages : tuple of (float, float)
        Onset and duration of periods without any packet, s; an infinite one is a lost headset.
    """

    loss: float = 0.0
    jitter_s: tuple[float, float] = (0.005, 0.040)
    outages: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """Samples ``first`` to before ``stop``, and their arrival (s after the first sample was measured)."""

    first: int
    stop: int
    arrival_s: float
    lost: bool


def draw_outages(seconds: float, every_s: float, seed: int) -> tuple[tuple[float, float], ...]:
    """Draw outages of 0.5 to 5 s with a mean time between their onsets (s).

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
    """Raise an error if the loss is out of range.

    Raises
    ------
    SettingsError
        The loss is not within 0 to below 1.
    """
    if not 0 <= link.loss < 1:
        raise SettingsError(tr(texts.PACKET_LOSS), got=link.loss, allowed=tr(texts.PACKET_LOSS_ALLOWED))


def draw_packets(link: RadioLink, headset: HeadsetSpec, n_samples: int, seed: int) -> Iterator[Packet]:
    """Yield the packets of a recording in order of arrival; the first is never lost."""
    n_packets = math.ceil(n_samples / headset.samples_per_packet)
    arrival_s = 0.0
    for batch in range(math.ceil(n_packets / _BATCH)):
        rng = rng_for(seed, RandomStream.LINK, batch)
        travel_s = rng.uniform(*link.jitter_s, _BATCH).tolist()
        dropped = (rng.random(_BATCH) < link.loss).tolist()
        for place in range(min(_BATCH, n_packets - batch * _BATCH)):
            first = (batch * _BATCH + place) * headset.samples_per_packet
            stop = min(first + headset.samples_per_packet, n_samples)
            sent_s = stop / headset.sfreq
            arrival_s = max(arrival_s, sent_s + travel_s[place])
            in_outage = any(onset <= sent_s < onset + duration for onset, duration in link.outages)
            yield Packet(first, stop, arrival_s, lost=first > 0 and (dropped[place] or in_outage))


def lost_runs(packets: Iterable[Packet]) -> tuple[LostRun, ...]:
    """Return the runs of lost samples, with adjacent packets joined.

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
    """Return samples from ``first`` on, shape (n_channels, n_samples), with NaN in the lost runs."""
    masked = data.copy()
    for run in runs:
        masked[:, run.start - first : run.start - first + run.n_samples] = np.nan
    return masked
