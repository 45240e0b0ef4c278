"""Tone synthesis: guidance in, samples out, and the same samples however they are asked for.

All that sounds is a precomputed loop times a smooth gain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.instrument import Instrument
from neurofeedback.feedback.knobs import (
    TOP_VOLUME,
    UNIT,
    Knob,
    amplitude,
    at_rest,
    equal_power,
    level,
    share,
    smooth,
    walk,
)
from neurofeedback.feedback.texture import Loop, limit
from neurofeedback.types import Bed, Guidance

_BED_KNOBS = {Bed.OWN: Knob.OWN, Bed.NEUTRAL: Knob.NEUTRAL, Bed.LOST: Knob.LOST}


@dataclass(frozen=True, slots=True)
class Strike:
    """A bell and the sample at which it was struck."""

    bell: str
    at: int


@dataclass(frozen=True, slots=True)
class Voice:
    """Where the sound stands: samples rendered so far, the gains on their way, bells still ringing."""

    position: int = 0
    knobs: tuple[int, ...] = at_rest()
    strikes: tuple[Strike, ...] = ()

    @property
    def silent(self) -> bool:
        """The curtain has fallen."""
        return self.knobs[Knob.CURTAIN] == 0


def strike(voice: Voice, bell: str) -> Voice:
    """Strike a bell now; the ones that ring go on ringing."""
    return replace(voice, strikes=(*voice.strikes, Strike(bell, voice.position)))


def behind_curtain(voice: Voice) -> Voice:
    """Go on where this voice stands, silent, with the curtain about to rise."""
    knobs = list(voice.knobs)
    knobs[Knob.CURTAIN] = 0
    return replace(voice, knobs=tuple(knobs))


def render(
    instrument: Instrument,
    voice: Voice,
    guidance: Guidance,
    n_samples: int,
    *,
    sounding: bool = True,
    volume: float = 1.0,
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
    volume : float
        Amplitude of everything, 1 as the settings say, at most `TOP_VOLUME`; walked to within a second.

    Returns
    -------
    voice : Voice
        Where this rendering ended.
    samples : ndarray of float32, shape (n_samples, 2)
        Never beyond the ceiling.
    """
    steps = instrument.immediate_steps if guidance.immediate else instrument.steps
    ways = walk(voice.knobs, _goals(guidance, volume, sounding=sounding), steps, n_samples)
    mix = _stage(instrument, ways, voice.position) * smooth(ways[Knob.ARRIVAL])[:, None]
    strikes = _ring(instrument, voice, mix)
    mix *= (smooth(ways[Knob.CURTAIN]) * (TOP_VOLUME / UNIT * ways[Knob.VOLUME]))[:, None]
    knobs = tuple(ways[:, -1].tolist()) if n_samples else voice.knobs
    after = Voice(voice.position + n_samples, knobs, strikes)
    return after, limit(mix, instrument.ceiling).astype(np.float32)


def _stage(instrument: Instrument, ways: NDArray[np.int64], position: int) -> NDArray[np.float64]:
    """Guide tone, beds, and the layers that come and go, together."""
    mix = np.zeros((ways.shape[1], 2))
    tone, brightness = amplitude(ways[Knob.LEVEL]), ways[Knob.BRIGHTNESS] / UNIT
    for layer, gain in zip(instrument.tone, (tone, tone * brightness, tone * brightness**2), strict=True):
        _add(mix, layer, gain, position)
    for bed, layers in instrument.beds.items():
        for layer in layers:
            _add(mix, layer, equal_power(ways[_BED_KNOBS[bed]]), position)
    for knob, layers in ((Knob.REWARD, instrument.reward), (Knob.SHIMMER, instrument.shimmer)):
        for layer in layers:
            _add(mix, layer, amplitude(ways[knob]), position)
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


def _goals(guidance: Guidance, volume: float, *, sounding: bool) -> NDArray[np.int64]:
    goals = np.zeros(len(Knob), np.int64)
    goals[Knob.LEVEL] = level(guidance.tone_gain)
    goals[Knob.BRIGHTNESS] = share(guidance.brightness)
    goals[_BED_KNOBS[guidance.bed]] = UNIT
    goals[Knob.ARRIVAL] = UNIT
    goals[Knob.CURTAIN] = UNIT if sounding else 0
    goals[Knob.VOLUME] = share(volume / TOP_VOLUME)
    goals[Knob.REWARD] = UNIT if guidance.reward and not guidance.immediate else 0
    goals[Knob.SHIMMER] = UNIT if guidance.drowsy else 0
    return goals
