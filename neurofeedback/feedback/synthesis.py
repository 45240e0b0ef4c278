"""Sound synthesis: guidance in, samples out; the samples do not depend on the buffer sizes.

Every sound is a precomputed texture multiplied by a smooth gain.
"""

from __future__ import annotations

from collections.abc import Iterable
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
from neurofeedback.feedback.sound_bank import NEUTRAL_MUSIC_GAIN, Music, SoundBank
from neurofeedback.feedback.textures import Texture
from neurofeedback.types import BackgroundMode, Guidance

_BACKGROUND_RAMPS = {
    BackgroundMode.NORMAL: GainRamp.NORMAL,
    BackgroundMode.NEUTRAL: GainRamp.NEUTRAL,
    BackgroundMode.LOST: GainRamp.LOST,
}


@dataclass(frozen=True, slots=True)
class BellHit:
    """A bell and the sample at which it starts."""

    bell: str
    sample: int


@dataclass(frozen=True, slots=True, eq=False)
class SoundHit:
    """A sound of its own, such as a spoken sentence, and the sample at which it starts."""

    sound: Loop
    sample: int

    @property
    def stop(self) -> int:
        """The sample after its last."""
        return self.sample + len(self.sound)


@dataclass(frozen=True, slots=True)
class SynthState:
    """State of the synthesizer: samples rendered so far, current gains, bells, sentences and breaths not yet over."""

    position: int = 0
    gains: tuple[int, ...] = initial_gains()
    bell_hits: tuple[BellHit, ...] = ()
    speech: tuple[SoundHit, ...] = ()
    breaths: tuple[SoundHit, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether the master gain has reached 0."""
        return self.gains[GainRamp.MASTER] == 0


def add_bell_hit(state: SynthState, bell: str) -> SynthState:
    """Return the state with a bell that starts now; bells still ringing go on."""
    return replace(state, bell_hits=(*state.bell_hits, BellHit(bell, state.position)))


def add_speech(state: SynthState, sound: Loop) -> SynthState:
    """Return the state with a sentence that starts now, or after the last one: never two at once."""
    start = max(state.position, *(hit.stop for hit in state.speech)) if state.speech else state.position
    return replace(state, speech=(*state.speech, SoundHit(sound, start)))


def cut_speech(state: SynthState, fade: int) -> SynthState:
    """Return the state in which the sentence being said fades out within ``fade`` samples, and no other follows."""
    begun = (hit for hit in state.speech if hit.sample <= state.position)
    return replace(state, speech=tuple(_cut(hit, state.position, fade) for hit in begun))


def change_breath(state: SynthState, sound: Loop | None, fade: int) -> SynthState:
    """Return the state with the sound of a breath that starts now, if any; the one before fades out in ``fade``."""
    before = tuple(_cut(hit, state.position, fade) for hit in state.breaths)
    return replace(state, breaths=before if sound is None else (*before, SoundHit(sound, state.position)))


def _cut(hit: SoundHit, position: int, fade: int) -> SoundHit:
    """Return a sound that is being played with a fade from this position on."""
    played = position - hit.sample
    sound = hit.sound[: played + fade].copy()
    sound[played:] *= np.linspace(1, 0, fade, dtype=np.float32)[: len(sound) - played, None]
    return SoundHit(sound, hit.sample)


def with_master_silent(state: SynthState) -> SynthState:
    """Return the state with its master gain at 0, for a fade-in."""
    gains = list(state.gains)
    gains[GainRamp.MASTER] = 0
    return replace(state, gains=tuple(gains))


def render(
    sounds: SoundBank,
    state: SynthState,
    guidance: Guidance,
    n_samples: int,
    *,
    master_on: bool = True,
    volume: float = 1.0,
) -> tuple[SynthState, NDArray[np.float32]]:
    """Render the next samples under one guidance.

    Parameters
    ----------
    sounds : SoundBank
        The sounds.
    state : SynthState
        State after the previous call; ``SynthState()`` at first.
    guidance : Guidance
        The guidance from here on. Tone gain 1 is the full tone, 0 none.
    n_samples : int
        Number of samples to render.
    master_on : bool
        False fades everything out within `FADE_OUT_S`.
    volume : float
        Amplitude of everything: 1 is the level of the settings, `MAX_VOLUME` the maximum. Ramped within 1 s.

    Returns
    -------
    state : SynthState
        State after these samples.
    samples : ndarray of float32, shape (n_samples, 2)
        Stereo samples within the ceiling.
    """
    steps = sounds.immediate_ramp_steps if guidance.immediate else sounds.ramp_steps
    gains = ramp_gains(state.gains, _targets(guidance, volume, master_on=master_on), steps, n_samples)
    mix = _mix_layers(sounds, gains, state.position)
    mix *= _factor(smooth_gain(_at_rest(gains[GainRamp.FADE_IN])))
    bell_hits = _mix_bells(sounds, state, mix)
    speech, breaths = (_mix_sounds(hits, state.position, mix) for hits in (state.speech, state.breaths))
    master, volume_gain = _at_rest(gains[GainRamp.MASTER]), _at_rest(gains[GainRamp.VOLUME])
    mix *= _factor(smooth_gain(master) * (MAX_VOLUME / UNIT * volume_gain))
    last_gains = tuple(gains[:, -1].tolist()) if n_samples else state.gains
    new_state = SynthState(state.position + n_samples, last_gains, bell_hits, speech, breaths)
    return new_state, soft_limit(mix, sounds.ceiling).astype(np.float32)


def _mix_layers(sounds: SoundBank, gains: NDArray[np.int64], position: int) -> NDArray[np.float64]:
    """Return the mix of guide tone, backgrounds, reward layer, sign of calm and shimmer."""
    mix = np.zeros((gains.shape[1], 2))
    _mix_tone(mix, sounds, gains, position)
    for mode, layers in sounds.backgrounds.items():
        _mix_textures(mix, layers, equal_power_gain(_at_rest(gains[_BACKGROUND_RAMPS[mode]])), position)
    if sounds.music is not None:
        _mix_music(mix, sounds.music, gains, position)
    for ramp, layers in ((GainRamp.REWARD, sounds.reward), (GainRamp.SHIMMER, sounds.shimmer)):
        _mix_textures(mix, layers, amplitude(_at_rest(gains[ramp])), position)
    _mix_textures(mix, sounds.calm, smooth_gain(_at_rest(gains[GainRamp.CALM])), position)
    return mix


def _mix_tone(mix: NDArray[np.float64], sounds: SoundBank, gains: NDArray[np.int64], position: int) -> None:
    """Add the guide tone; without a state its plain voice takes the place of the chosen one."""
    tone = amplitude(_at_rest(gains[GainRamp.LEVEL]))
    brightness = _at_rest(gains[GainRamp.BRIGHTNESS]) / UNIT
    plain = smooth_gain(_at_rest(gains[GainRamp.NEUTRAL]))
    voiced = tone * (1 - plain)
    for layer, gain in zip(sounds.tone, (voiced, voiced * brightness, voiced * brightness**2), strict=True):
        _mix_textures(mix, (layer,), gain, position)
    _mix_textures(mix, (sounds.plain_tone,), tone * plain, position)


def _mix_music(mix: NDArray[np.float64], music: Music, gains: NDArray[np.int64], position: int) -> None:
    """Add the person's music: the higher the guidance, the duller, and half dull and softer without a state."""
    dullness = _at_rest(gains[GainRamp.LEVEL]) / UNIT
    normal, neutral = (smooth_gain(_at_rest(gains[ramp])) for ramp in (GainRamp.NORMAL, GainRamp.NEUTRAL))
    level = normal + NEUTRAL_MUSIC_GAIN * neutral
    _mix_textures(mix, (music.clear,), level * (1 - dullness), position)
    _mix_textures(mix, (music.dull,), level * dullness, position)


def _at_rest(ramp: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one value of a ramp that does not move, else the ramp; one factor costs half of the time."""
    return ramp[:1] if ramp.size and ramp[0] == ramp[-1] else ramp


def _factor(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    return gain[:, None]


def _mix_textures(
    mix: NDArray[np.float64], textures: Iterable[Texture], gain: NDArray[np.float64], position: int
) -> None:
    if gain.any():
        for texture in textures:
            mix += _factor(gain) * texture.read(position, len(mix))


def _mix_bells(sounds: SoundBank, state: SynthState, mix: NDArray[np.float64]) -> tuple[BellHit, ...]:
    """Add the bells to the mix in place; return those that still ring after it."""
    stop = state.position + len(mix)
    for hit in state.bell_hits:
        piece = sounds.bells[hit.bell][state.position - hit.sample : stop - hit.sample]
        mix[: len(piece)] += piece
    return tuple(hit for hit in state.bell_hits if stop - hit.sample < len(sounds.bells[hit.bell]))


def _mix_sounds(hits: tuple[SoundHit, ...], position: int, mix: NDArray[np.float64]) -> tuple[SoundHit, ...]:
    """Add sounds of their own to the mix in place; return those that are not over after it."""
    stop = position + len(mix)
    for hit in hits:
        begin = max(position, hit.sample)
        piece = hit.sound[begin - hit.sample : max(stop - hit.sample, 0)]
        mix[begin - position :][: len(piece)] += piece
    return tuple(hit for hit in hits if stop < hit.stop)


def _targets(guidance: Guidance, volume: float, *, master_on: bool) -> NDArray[np.int64]:
    targets = np.zeros(len(GainRamp), np.int64)
    targets[GainRamp.LEVEL] = position_for_amplitude(guidance.tone_gain)
    targets[GainRamp.BRIGHTNESS] = position_for_share(guidance.brightness)
    targets[_BACKGROUND_RAMPS[guidance.background]] = UNIT
    targets[GainRamp.FADE_IN] = UNIT
    targets[GainRamp.MASTER] = UNIT if master_on else 0
    targets[GainRamp.VOLUME] = position_for_share(volume / MAX_VOLUME)
    targets[GainRamp.REWARD] = UNIT if guidance.reward and not guidance.immediate else 0
    targets[GainRamp.CALM] = UNIT if guidance.calm and not guidance.immediate else 0
    targets[GainRamp.SHIMMER] = UNIT if guidance.drowsy else 0
    return targets
