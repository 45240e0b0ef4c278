"""Tone synthesis: guidance in, samples out, and the same samples however they are asked for.

All that sounds is a precomputed loop times a smooth gain. Gains are whole numbers that walk towards their
goals in whole steps, so a buffer boundary changes nothing, to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.beds import CREST, Layers, make_beds
from neurofeedback.feedback.bells import make_bells
from neurofeedback.feedback.texture import Loop, Partial, limit, partials
from neurofeedback.settings.model import AudioSettings
from neurofeedback.types import Bed, Guidance

FADE_OUT_S = 1.0

_UNIT = 1 << 30
_SEED = 20260101
_RANGE_DB = 32.0  # from full tone down to the edge of hearing; what lies below is no use waiting for
_IMMEDIATE_S = 0.2
_BRIGHTEN_S = 4.0
_CROSSFADE_S = 0.25
_ARRIVE_S = 2.5

# Shares of the ceiling. Peaks of bed and full tone seldom meet; where they do, and with bells, the limiter bends them.
_BED_PEAK = 0.6
_TONE_PEAK = 0.6
_BELL_PEAK = 0.6
_MARGIN = 0.97  # room for peaks between samples

# Harmonic, level: what sounds always, and what brightness adds (the last grows with its square).
_BODY = ((1, 1.0), (2, 0.3), (3, 0.06))
_WARM = ((2, 0.12), (3, 0.22), (4, 0.10))
_BRIGHT = ((5, 0.09), (6, 0.06), (7, 0.03))
_TONE_LOOP_S = 10.0


class _Knob(IntEnum):
    LEVEL = 0
    BRIGHTNESS = 1
    OWN = 2
    NEUTRAL = 3
    LOST = 4
    ARRIVAL = 5
    CURTAIN = 6


_BED_KNOBS = {Bed.OWN: _Knob.OWN, Bed.NEUTRAL: _Knob.NEUTRAL, Bed.LOST: _Knob.LOST}


@dataclass(frozen=True, slots=True)
class Strike:
    """A bell and the sample at which it was struck."""

    bell: str
    at: int


@dataclass(frozen=True, slots=True)
class Voice:
    """Where the sound stands: samples rendered so far, the gains on their way, bells still ringing."""

    position: int = 0
    knobs: tuple[int, ...] = (0, 0, 0, 0, 0, 0, _UNIT)
    strikes: tuple[Strike, ...] = ()

    @property
    def silent(self) -> bool:
        """The curtain has fallen."""
        return self.knobs[_Knob.CURTAIN] == 0


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """What a voice plays: all sounds at their final level, and how fast each gain may walk."""

    sfreq: int
    ceiling: float
    tone: Layers
    beds: dict[Bed, Layers]
    bells: dict[str, Loop]
    steps: NDArray[np.int64]
    immediate_steps: NDArray[np.int64]


def make_instrument(settings: AudioSettings) -> Instrument:
    """Make every sound of a sitting; the same settings give the same samples."""
    sfreq, tone_hz = settings.sfreq_hz, settings.tone_hz
    ceiling = _MARGIN * 10 ** (settings.ceiling_dbfs / 20)
    rms = 10 ** (settings.bed_dbfs / 20)
    beds = make_beds(settings.bed, tone_hz, sfreq, _SEED)
    return Instrument(
        sfreq=sfreq,
        ceiling=ceiling,
        tone=_make_tone(tone_hz, sfreq, _TONE_PEAK * ceiling),
        beds={bed: _at_level(layers, rms, _BED_PEAK * ceiling) for bed, layers in beds.items()},
        bells={name: _BELL_PEAK * ceiling * bell for name, bell in make_bells(tone_hz, sfreq).items()},
        steps=_steps(sfreq, _RANGE_DB / settings.tone_slew_db_per_s, _BRIGHTEN_S),
        immediate_steps=_steps(sfreq, _IMMEDIATE_S, _IMMEDIATE_S),
    )


def strike(voice: Voice, bell: str) -> Voice:
    """Strike a bell now; the ones that ring go on ringing."""
    return replace(voice, strikes=(*voice.strikes, Strike(bell, voice.position)))


def render(
    instrument: Instrument, voice: Voice, guidance: Guidance, n_samples: int, *, sounding: bool = True
) -> tuple[Voice, NDArray[np.float32]]:
    """Sound for the next samples under one guidance.

    Parameters
    ----------
    instrument : Instrument
        The sounds.
    voice : Voice
        Where the last rendering ended; ``Voice()`` to begin.
    guidance : Guidance
        What holds from here on. Tone gain 1 is the full tone, 0 none.
    n_samples : int
        How many samples to render.
    sounding : bool
        False draws the curtain: everything is silent after `FADE_OUT_S`.

    Returns
    -------
    voice : Voice
        Where this rendering ended.
    samples : ndarray of float32, shape (n_samples, 2)
        Never beyond the ceiling.
    """
    steps = instrument.immediate_steps if guidance.immediate else instrument.steps
    walk = _walk(voice.knobs, _goals(guidance, sounding=sounding), steps, n_samples)
    mix = _stage(instrument, walk, voice.position) * _smooth(walk[_Knob.ARRIVAL])[:, None]
    strikes = _ring(instrument, voice, mix)
    mix *= _smooth(walk[_Knob.CURTAIN])[:, None]
    knobs = tuple(walk[:, -1].tolist()) if n_samples else voice.knobs
    after = Voice(voice.position + n_samples, knobs, strikes)
    return after, limit(mix, instrument.ceiling).astype(np.float32)


def _stage(instrument: Instrument, walk: NDArray[np.int64], position: int) -> NDArray[np.float64]:
    """Guide tone and beds together."""
    mix = np.zeros((walk.shape[1], 2))
    level, brightness = _amplitude(walk[_Knob.LEVEL]), walk[_Knob.BRIGHTNESS] / _UNIT
    for layer, gain in zip(instrument.tone, (level, level * brightness, level * brightness**2), strict=True):
        _add(mix, layer, gain, position)
    for bed, layers in instrument.beds.items():
        gain = _equal_power(walk[_BED_KNOBS[bed]])
        for layer in layers:
            _add(mix, layer, gain, position)
    return mix


def _add(mix: NDArray[np.float64], loop: Loop, gain: NDArray[np.float64], position: int) -> None:
    if gain.any():
        mix += gain[:, None] * _play(loop, position, len(mix))


def _play(loop: Loop, position: int, n_samples: int) -> Loop:
    start = position % len(loop)
    piece = loop[start : start + n_samples]
    return piece if len(piece) == n_samples else loop.take(np.arange(start, start + n_samples), axis=0, mode="wrap")


def _ring(instrument: Instrument, voice: Voice, mix: NDArray[np.float64]) -> tuple[Strike, ...]:
    """Add the bells to the mix; returns those that still ring after it."""
    stop = voice.position + len(mix)
    for struck in voice.strikes:
        piece = instrument.bells[struck.bell][voice.position - struck.at : stop - struck.at]
        mix[: len(piece)] += piece
    return tuple(struck for struck in voice.strikes if stop - struck.at < len(instrument.bells[struck.bell]))


def _goals(guidance: Guidance, *, sounding: bool) -> NDArray[np.int64]:
    goals = np.zeros(len(_Knob), np.int64)
    goals[_Knob.LEVEL] = _level(guidance.tone_gain)
    goals[_Knob.BRIGHTNESS] = round(_UNIT * min(max(guidance.brightness, 0.0), 1.0))
    goals[_BED_KNOBS[guidance.bed]] = _UNIT
    goals[_Knob.ARRIVAL] = _UNIT
    goals[_Knob.CURTAIN] = _UNIT if sounding else 0
    return goals


def _steps(sfreq: int, level_s: float, brightness_s: float) -> NDArray[np.int64]:
    """Whole steps a sample, from the time each knob takes over its full range (s)."""
    durations_s = (level_s, brightness_s, _CROSSFADE_S, _CROSSFADE_S, _CROSSFADE_S, _ARRIVE_S, FADE_OUT_S)
    return np.array([math.ceil(_UNIT / (duration_s * sfreq)) for duration_s in durations_s], np.int64)


def _walk(now: tuple[int, ...], goals: NDArray[np.int64], steps: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Walk every knob towards its goal: its next n positions, ``(n_knobs, n)``."""
    start = np.array(now, np.int64)
    ways = start[:, None] + (np.sign(goals - start) * steps)[:, None] * np.arange(1, n + 1)
    return np.clip(ways, np.minimum(start, goals)[:, None], np.maximum(start, goals)[:, None])


# Amplitude over the way from silence to full tone: even steps are even decibels, the first bit fades from nothing.
_CURVE_BITS = 12
_WAY = np.arange((1 << _CURVE_BITS) + 1) / (1 << _CURVE_BITS)
_FADE_IN = 0.04
_CURVE = 10 ** (_RANGE_DB / 20 * (np.maximum(_WAY, _FADE_IN) - 1)) * np.minimum(_WAY / _FADE_IN, 1)


def _level(gain: float) -> int:
    """Find where on the way the amplitude is ``gain``."""
    return round(_UNIT * float(np.interp(gain, _CURVE, _WAY)))


def _amplitude(level: NDArray[np.int64]) -> NDArray[np.float64]:
    """Amplitude of each level by table: a SIMD ``exp`` need not agree with itself at buffer ends."""
    scaled = level / (_UNIT >> _CURVE_BITS)
    below = np.minimum(scaled.astype(np.int64), (1 << _CURVE_BITS) - 1)
    return _CURVE[below] + (_CURVE[below + 1] - _CURVE[below]) * (scaled - below)


def _smooth(knob: NDArray[np.int64]) -> NDArray[np.float64]:
    x = knob / _UNIT
    return x * x * (3 - 2 * x)


def _equal_power(knob: NDArray[np.int64]) -> NDArray[np.float64]:
    """Two beds that cross keep their power: the squares of x and 1 - x add up to 1."""
    x = knob / _UNIT
    return x * np.sqrt(3 - 2 * x)


def _make_tone(tone_hz: float, sfreq: int, peak: float) -> Layers:
    rng = np.random.default_rng(_SEED)
    n_samples = round(_TONE_LOOP_S * sfreq)
    layers = [
        partials(rng, n_samples, sfreq, tuple(_partial(tone_hz, *harmonic) for harmonic in chord))
        for chord in (_BODY, _WARM, _BRIGHT)
    ]
    highest = float(np.abs(np.stack(layers)).sum(axis=0).max())
    return tuple((layer * (peak / highest)).astype(np.float32) for layer in layers)


def _partial(tone_hz: float, harmonic: int, level: float) -> Partial:
    return Partial(tone_hz * harmonic, level, swirl=0.15, swirl_hz=0.1 * (1 + harmonic % 3))


def _at_level(layers: Layers, rms: float, peak: float) -> Layers:
    """Layers of rms 1 at the level asked for, lower where that is too much for the ceiling."""
    gain = min(rms, peak / CREST)
    return tuple((gain * layer).astype(np.float32) for layer in layers)
