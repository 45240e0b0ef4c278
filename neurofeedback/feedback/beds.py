"""Beds: the background sound in its own colour, a plainer one while unsure, and one for a lost headset.

Every bed leaves room where the guide tone lives. A colour is a few loops whose lengths share no short
common multiple, so that the whole repeats only after many minutes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurofeedback.feedback.texture import Curve, Loop, Partial, decibels_at, limit, noise, partials, swell, unit_rms
from neurofeedback.types import Bed

Layers = tuple[Loop, ...]
Maker = Callable[[Generator, float, float], Layers]

ROOM_DB = -12.0
DROPS_PER_S = 40
CREST = 3.2  # the rare peaks of noise are rounded off here, so that a bed needs less room

RAIN: Curve = ((70, -34), (200, -20), (700, -10), (1400, -1), (2400, 0), (4500, -7), (9000, -18), (15000, -40))
WIND_LOW: Curve = ((50, -30), (75, -4), (120, 0), (170, -12), (300, -30))
WIND_HIGH: Curve = ((350, -40), (650, -6), (1000, 0), (1700, -7), (3500, -24), (8000, -50))
AIR: Curve = ((150, -30), (500, -8), (900, -6), (2500, -14), (6000, -40))
HUSH: Curve = ((250, -40), (550, -8), (800, 0), (1200, -3), (2000, -24), (4000, -60))


def make_beds(name: str, tone_hz: float, sfreq: float, seed: int) -> dict[Bed, Layers]:
    """Make all colours of a bed; the loops of each add up to rms 1 at most.

    Parameters
    ----------
    name : str
        A key of `BEDS`.
    tone_hz : float
        Pitch of the guide tone (Hz): room is left around it, and tonal colours are tuned to it.
    sfreq : float
        Sampling rate of the sound, Hz.
    seed : int
        The same seed gives the same sound.
    """
    rng = np.random.default_rng(seed)
    makers = {Bed.OWN: BEDS[name], Bed.NEUTRAL: _hush, Bed.LOST: _far_glass}
    return {bed: _balance(make(rng, tone_hz, sfreq)) for bed, make in makers.items()}


def _rain(rng: Generator, tone_hz: float, sfreq: float) -> Layers:
    curtain = noise(rng, _length(17, sfreq), sfreq, _with_room(RAIN, tone_hz), width=0.9)
    drops = _drops(rng, _length(23, sfreq), sfreq)
    return _round_off(curtain), 0.4 * _round_off(drops)


def _wind(rng: Generator, tone_hz: float, sfreq: float) -> Layers:
    low = noise(rng, _length(19, sfreq), sfreq, _with_room(WIND_LOW, tone_hz), width=0.3)
    high = noise(rng, _length(31, sfreq), sfreq, _with_room(WIND_HIGH, tone_hz), width=0.9)
    gusts = np.exp(0.35 * swell(rng, len(high), sfreq, slowest_s=16, fastest_s=3))
    return 0.5 * _round_off(low), _round_off(high * gusts)


def _drone(rng: Generator, tone_hz: float, sfreq: float) -> Layers:
    root = _root(tone_hz)
    tones = tuple(
        Partial(root * ratio, level, swirl=0.5, swirl_hz=hz)
        for ratio, level, hz in ((1, 1.0, 0.1), (1.5, 0.6, 0.15), (3, 0.25, 0.1), (4.5, 0.08, 0.25), (6, 0.04, 0.2))
    )
    chord = unit_rms(partials(rng, _length(20, sfreq), sfreq, tones))
    breath = np.exp(0.12 * swell(rng, len(chord), sfreq, slowest_s=20, fastest_s=5))
    air = noise(rng, _length(17, sfreq), sfreq, _with_room(AIR, tone_hz), width=0.8)
    return unit_rms(chord * breath), 0.35 * _round_off(air)


def _hush(rng: Generator, tone_hz: float, sfreq: float) -> Layers:
    return (_round_off(noise(rng, _length(16, sfreq), sfreq, _with_room(HUSH, tone_hz), width=0.1)),)


def _far_glass(rng: Generator, tone_hz: float, sfreq: float) -> Layers:
    root, length = _root(tone_hz), _length(20, sfreq)
    tones = tuple(
        Partial(root * ratio, level, swirl=0.4, swirl_hz=hz)
        for ratio, level, hz in ((3, 1.0, 0.15), (4.5, 0.7, 0.2), (6, 0.35, 0.1), (9, 0.15, 0.25))
    )
    breath = 0.4 + 0.6 * np.sin(np.pi * np.arange(length) * 4 / length)[:, None] ** 2
    return (partials(rng, length, sfreq, tones) * breath.astype(np.float32),)


BEDS: dict[str, Maker] = {"rain": _rain, "wind": _wind, "drone": _drone}


def _drops(rng: Generator, n_samples: int, sfreq: float) -> Loop:
    """Soft drops, each a short rounded ring at its own pitch and place."""
    sound = np.zeros((n_samples, 2))
    t = np.arange(round(0.03 * sfreq)) / sfreq
    shape = (t / 0.002) * np.exp(-t / 0.004) * (1 - t / t[-1])
    for at in rng.integers(n_samples, size=int(DROPS_PER_S * n_samples / sfreq)):
        pitch_hz, pan = 1000 * 4 ** rng.random(), rng.uniform(0.2, 0.8)
        drop = rng.lognormal(0, 0.6) * shape * np.sin(2 * np.pi * pitch_hz * t)
        sound[np.arange(at, at + t.size) % n_samples] += np.outer(drop, (pan, 1 - pan))
    return unit_rms(sound)


def _with_room(curve: Curve, tone_hz: float) -> Curve:
    """Thin a colour out around the guide tone's first partials, with sides half an octave wide."""
    hz = np.geomspace(curve[0][0], curve[-1][0], 200)
    room = ((0.6 * tone_hz, 0), (0.85 * tone_hz, ROOM_DB), (3.2 * tone_hz, ROOM_DB), (4.5 * tone_hz, 0))
    decibels = decibels_at(hz, curve) + decibels_at(hz, room)
    return tuple(zip(hz.tolist(), decibels.tolist(), strict=True))


def _root(tone_hz: float) -> float:
    """Bring the guide tone's pitch down by octaves to 55-110 Hz.

    Examples
    --------
    >>> _root(196.0)
    98.0
    """
    return tone_hz / 2 ** math.ceil(math.log2(tone_hz / 110))


def _length(seconds: float, sfreq: float) -> int:
    return round(seconds * sfreq)


def _round_off(loop: NDArray[np.floating]) -> Loop:
    return limit(unit_rms(loop), CREST).astype(np.float32)


def _balance(layers: Layers) -> Layers:
    """Bring layers to rms 1 together, or lower where the peaks of one would pass `CREST`."""
    rms = np.sqrt(sum(float(np.mean(np.square(layer, dtype=np.float64))) for layer in layers))
    peak = max(float(np.abs(layer).max()) for layer in layers)
    gain = min(1 / rms, CREST / peak)
    return tuple((gain * layer).astype(np.float32) for layer in layers)
