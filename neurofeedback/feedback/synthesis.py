"""Tone synthesis: guidance in, samples out, and the same samples however they are asked for.

All that sounds is a precomputed loop times a smooth gain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.gain_ramps import (
    MAX_VOLUME,
    UNIT,
    GainRamp,
    amplitude,
    equal_power_gain,
    initial_gains,
    position_for_amplitude,
    position_for_share,
    ramp_gains,
    smooth_gain,
)
from neurofeedback.feedback.loops import Loop, soft_limit
from neurofeedback.feedback.sound_bank import SoundBank
from neurofeedback.types import BackgroundMode, Guidance

_BACKGROUND_RAMPS = {
    BackgroundMode.NORMAL: GainRamp.OWN,
    BackgroundMode.NEUTRAL: GainRamp.NEUTRAL,
    BackgroundMode.LOST: GainRamp.LOST,
}


@dataclass(frozen=True, slots=True)
class BellHit:
    """A bell and the sample at which it was struck."""

    bell: str
    sample: int


@dataclass(frozen=True, slots=True)
class SynthState:
    """Where the sound stands: samples rendered so far, the gains on their way, bells still ringing."""

    position: int = 0
    gains: tuple[int, ...] = initial_gains()
    bell_hits: tuple[BellHit, ...] = ()

    @property
    def silent(self) -> bool:
        """The curtain has fallen."""
        return self.gains[GainRamp.MASTER] == 0


def add_bell_hit(state: SynthState, bell: str) -> SynthState:
    """Strike a bell now; the ones that ring go on ringing."""
    return replace(state, bell_hits=(*state.bell_hits, BellHit(bell, state.position)))


def with_master_silent(state: SynthState) -> SynthState:
    """Go on where this voice stands, silent, with the curtain about to rise."""
    knobs = list(state.gains)
    knobs[GainRamp.MASTER] = 0
    return replace(state, gains=tuple(knobs))


def render(
    sounds: SoundBank,
    state: SynthState,
    guidance: Guidance,
    n_samples: int,
    *,
    master_on: bool = True,
    volume: float = 1.0,
) -> tuple[SynthState, NDArray[np.float32]]:
    """Sound for the next samples under one guidance.

    Parameters
    ----------
    instrument : SoundBank
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
        Amplitude of everything, 1 as the settings say, at most `MAX_VOLUME`; walked to within a second.

    Returns
    -------
    voice : Voice
        Where this rendering ended.
    samples : ndarray of float32, shape (n_samples, 2)
        Never beyond the ceiling.
    """
    steps = sounds.immediate_ramp_steps if guidance.immediate else sounds.ramp_steps
    ways = ramp_gains(state.gains, _targets(guidance, volume, master_on=master_on), steps, n_samples)
    mix = _mix_layers(sounds, ways, state.position) * smooth_gain(ways[GainRamp.FADE_IN])[:, None]
    strikes = _mix_bells(sounds, state, mix)
    mix *= (smooth_gain(ways[GainRamp.MASTER]) * (MAX_VOLUME / UNIT * ways[GainRamp.VOLUME]))[:, None]
    knobs = tuple(ways[:, -1].tolist()) if n_samples else state.gains
    after = SynthState(state.position + n_samples, knobs, strikes)
    return after, soft_limit(mix, sounds.ceiling).astype(np.float32)


def _mix_layers(sounds: SoundBank, gains: NDArray[np.int64], position: int) -> NDArray[np.float64]:
    """Guide tone, beds, and the layers that come and go, together."""
    mix = np.zeros((gains.shape[1], 2))
    tone, brightness = amplitude(gains[GainRamp.LEVEL]), gains[GainRamp.BRIGHTNESS] / UNIT
    for layer, gain in zip(sounds.tone, (tone, tone * brightness, tone * brightness**2), strict=True):
        _mix_loop(mix, layer, gain, position)
    for bed, layers in sounds.backgrounds.items():
        for layer in layers:
            _mix_loop(mix, layer, equal_power_gain(gains[_BACKGROUND_RAMPS[bed]]), position)
    for knob, layers in ((GainRamp.REWARD, sounds.reward), (GainRamp.SHIMMER, sounds.shimmer)):
        for layer in layers:
            _mix_loop(mix, layer, amplitude(gains[knob]), position)
    return mix


def _mix_loop(mix: NDArray[np.float64], loop: Loop, gain: NDArray[np.float64], position: int) -> None:
    if gain.any():
        mix += gain[:, None] * _read_loop(loop, position, len(mix))


def _read_loop(loop: Loop, position: int, n_samples: int) -> Loop:
    start = position % len(loop)
    piece = loop[start : start + n_samples]
    return piece if len(piece) == n_samples else loop.take(np.arange(start, start + n_samples), axis=0, mode="wrap")


def _mix_bells(sounds: SoundBank, state: SynthState, mix: NDArray[np.float64]) -> tuple[BellHit, ...]:
    """Add the bells to the mix; returns those that still ring after it."""
    stop = state.position + len(mix)
    for struck in state.bell_hits:
        piece = sounds.bells[struck.bell][state.position - struck.sample : stop - struck.sample]
        mix[: len(piece)] += piece
    return tuple(struck for struck in state.bell_hits if stop - struck.sample < len(sounds.bells[struck.bell]))


def _targets(guidance: Guidance, volume: float, *, master_on: bool) -> NDArray[np.int64]:
    goals = np.zeros(len(GainRamp), np.int64)
    goals[GainRamp.LEVEL] = position_for_amplitude(guidance.tone_gain)
    goals[GainRamp.BRIGHTNESS] = position_for_share(guidance.brightness)
    goals[_BACKGROUND_RAMPS[guidance.background]] = UNIT
    goals[GainRamp.FADE_IN] = UNIT
    goals[GainRamp.MASTER] = UNIT if master_on else 0
    goals[GainRamp.VOLUME] = position_for_share(volume / MAX_VOLUME)
    goals[GainRamp.REWARD] = UNIT if guidance.reward and not guidance.immediate else 0
    goals[GainRamp.SHIMMER] = UNIT if guidance.drowsy else 0
    return goals
