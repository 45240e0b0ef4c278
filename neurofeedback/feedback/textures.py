"""Endless sounds from short tables: shuffled grains and slow swells, a pure function of the sample number.

A loop of noise is heard as a loop. A texture reads its table in grains from places drawn in advance, which overlap at
equal power, and multiplies it by a swell whose values are drawn in advance, too. Both lists last for over an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurofeedback.feedback.loops import Loop

N_GRAINS = 2048
"""Grains and swell values before either list starts again: hours."""

_MAX_SMOOTHSTEP_CACHE = 16
_MIN_GRAIN_DISTANCE = 1 / 16  # of the table: overlapping grains that nearly coincide would colour each other


@dataclass(frozen=True, slots=True, eq=False)
class Grains:
    """Where each grain starts in the table, in each of several streams, and the samples to the next grain, half of one.

    Two streams from one table make as many different sounds as there are pairs of places, at twice the power.
    """

    streams: tuple[tuple[int, ...], ...]
    hop: int


@dataclass(frozen=True, slots=True, eq=False)
class Swell:
    """Gains of both ears, shape ``(n_values, 2)``, ``spacing`` samples apart, with smooth steps between them."""

    values: Loop
    spacing: int


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A table ``(n_samples, 2)``; a plain loop without ``grains``, of constant level without ``swell``."""

    table: Loop
    grains: Grains | None = None
    swell: Swell | None = None

    def __mul__(self, gain: float) -> Texture:
        """Return this texture at another level."""
        return replace(self, table=np.float32(gain) * self.table)

    @property
    def loop_of_same_power(self) -> Loop:
        """A loop whose power is that of this texture."""
        return self.table if self.grains is None else np.float32(len(self.grains.streams) ** 0.5) * self.table

    def read(self, position: int, n_samples: int) -> Loop:
        """Return the samples from ``position`` on, shape ``(n_samples, 2)``, the same for any division."""
        sound = self._read_table(position, n_samples)
        return sound if self.swell is None else sound * _read_swell(self.swell, position, n_samples)

    def _read_table(self, position: int, n_samples: int) -> Loop:
        if self.grains is None:
            return _read_loop(self.table, position, n_samples)
        pieces: list[Loop] = []
        at = position
        while at < position + n_samples:
            number, within = divmod(at, self.grains.hop)
            length = min(self.grains.hop - within, position + n_samples - at)
            pieces.append(_overlap(self.table, self.grains, number, within, length))
            at += length
        return _joined(pieces)


def shuffled(rng: Generator, table: Loop, hop: int, n_streams: int = 2) -> Texture:
    """Return a texture of the table's power that reads grains of ``2 * hop`` samples of noise in random order.

    Raises
    ------
    ValueError
        The table is shorter than four grains; the arguments are its length and ``hop``.
    """
    room = len(table) - 2 * hop
    if room < 6 * hop:
        raise ValueError(len(table), hop)
    streams = tuple(_draw_starts(rng, room, hop, _MIN_GRAIN_DISTANCE * len(table)) for _ in range(n_streams))
    return Texture(table, Grains(streams, hop)) * n_streams**-0.5


def _draw_starts(rng: Generator, room: int, hop: int, min_distance: float) -> tuple[int, ...]:
    starts = [int(rng.integers(room))]
    for places in rng.integers(room, size=(N_GRAINS - 1, 8)).tolist():
        starts.append(next((start for start in places if abs(start - starts[-1] - hop) > min_distance), places[0]))
    return tuple(starts)


def random_swell(rng: Generator, depth: float, spacing: int, stereo: float = 0.25) -> Swell:
    """Return slow random gains with a mean square of 1 and this standard deviation of their natural logarithm.

    ``stereo`` is the share of the variation that differs between the ears.
    """
    both, each = rng.standard_normal((N_GRAINS, 1)), rng.standard_normal((N_GRAINS, 2))
    logarithm = depth * ((1 - stereo**2) ** 0.5 * both + stereo * each)
    values = np.exp(np.clip(logarithm, -2.5 * depth, 2 * depth))  # no rare value is far louder than the others
    step = np.roll(values, -1, axis=0) - values
    mean_square = float((values**2 + values * step + 13 / 35 * step**2).mean())  # of smooth steps between them
    return Swell((values / mean_square**0.5).astype(np.float32), spacing)


@lru_cache(_MAX_SMOOTHSTEP_CACHE)
def equal_power_rise(n_samples: int) -> Loop:
    """Return a quarter of a sine for two ears: its square and that of its mirror image add up to 1."""
    return _for_both_ears(np.sin(np.pi / 2 * (np.arange(n_samples) + 0.5) / n_samples))


@lru_cache(_MAX_SMOOTHSTEP_CACHE)
def _smooth_rise(n_samples: int) -> Loop:
    x = np.arange(n_samples) / n_samples
    return _for_both_ears(x * x * (3 - 2 * x))


@lru_cache(_MAX_SMOOTHSTEP_CACHE)
def _equal_power_fall(n_samples: int) -> Loop:
    return np.ascontiguousarray(equal_power_rise(n_samples)[::-1])


def _for_both_ears(window: NDArray[np.float64]) -> Loop:
    return np.repeat(window.astype(np.float32)[:, None], 2, axis=1)


def _overlap(table: Loop, grains: Grains, number: int, within: int, length: int) -> Loop:
    """Return a piece in which grain ``number`` of each stream rises while the one before falls."""
    rising = equal_power_rise(grains.hop)[within : within + length]
    falling = _equal_power_fall(grains.hop)[within : within + length]
    piece = np.zeros((length, 2), np.float32)
    for starts in grains.streams:
        new = starts[number % N_GRAINS] + within
        old = starts[(number - 1) % N_GRAINS] + grains.hop + within
        piece += rising * table[new : new + length]
        piece += falling * table[old : old + length]
    return piece


def _read_swell(swell: Swell, position: int, n_samples: int) -> Loop:
    rise, pieces = _smooth_rise(swell.spacing), list[Loop]()
    at = position
    while at < position + n_samples:
        number, within = divmod(at, swell.spacing)
        length = min(swell.spacing - within, position + n_samples - at)
        before, after = swell.values[number % N_GRAINS], swell.values[(number + 1) % N_GRAINS]
        pieces.append(before + (after - before) * rise[within : within + length])
        at += length
    return _joined(pieces)


def _read_loop(loop: Loop, position: int, n_samples: int) -> Loop:
    start = position % len(loop)
    piece = loop[start : start + n_samples]
    return piece if len(piece) == n_samples else loop.take(np.arange(start, start + n_samples), axis=0, mode="wrap")


def _joined(pieces: list[Loop]) -> NDArray[np.float32]:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.zeros((0, 2), np.float32)
