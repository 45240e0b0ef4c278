"""The sound bank: every sound of a session, rendered once at its final level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.backgrounds import Layers, make_backgrounds
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.feedback.gain_ramps import RANGE_DB, integer_ramp_steps
from neurofeedback.feedback.loops import Loop
from neurofeedback.feedback.textures import Texture
from neurofeedback.feedback.tone_voices import Chord, at_peak, dulled, make_chords, make_tone
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode

_SEED = 20260101

# Shares of the ceiling. Peaks of background and full tone rarely coincide; the limiter handles the rest.
BACKGROUND_PEAK = 0.6
TONE_PEAK = 0.6
BELL_PEAK = 0.6
REWARD_PEAK = 0.12
SHIMMER_PEAK = 0.05
CALM_PEAK = 0.14
INTERSAMPLE_MARGIN = 0.93  # room for peaks between samples
_BACKGROUND_CREST_LU = 9.5  # peak over loudness of any background; one value, so a low ceiling lowers all alike

NEUTRAL_MUSIC_GAIN = 0.6
_CALM_HARMONICS = ((4, 1.0), (5, 0.5), (6, 0.6), (8, 0.25))
_REWARD = ((6, 1.0), (9, 0.5), (12, 0.3))  # open fifths and octaves above the tone, without its fundamental
_SHIMMER = ((20, 1.0), (21, 0.7), (24, 0.5), (27, 0.3))
_FLICKER_HZ = 1.3  # below the EEG's bands, which no sound is to drive

# Modes of a bowl (ratio, level, decay in s); each is a pair of slowly beating frequencies, as in real bowls.
MODES = ((1.0, 1.0, 2.6), (2.71, 0.5, 1.5), (5.15, 0.18, 0.7), (8.1, 0.05, 0.35))
BEATING_HZ = 0.6
ATTACK_S = 0.012
RING_S = 8.0

# Frequency ratio of each bell to the guide tone, and its strokes (s, level).
BELLS: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "begin": (2.0, ((0.0, 1.0),)),
    "phase": (3.0, ((0.0, 0.55),)),
    "end": (1.5, ((0.0, 1.0), (2.5, 0.8))),
    "interval": (2.5, ((0.0, 0.4),)),
    "probe": (4.0, ((0.0, 0.35),)),
    "wander": (2.0, ((0.0, 0.3),)),
}

# The breath pacer: pitch of empty and of full lungs as ratios to the guide tone, and the time to swell and to fade.
_EMPTY, _FULL = 1.0, 1.5
_BREATH_LEVEL = 0.3  # of a bell
_BREATH_HARMONICS = ((1, 1.0), (2, 0.35), (3, 0.12))
_BREATH_EDGE_S = 1.0  # slow enough for the EEG's bands, short enough to hear the turn


@dataclass(frozen=True, slots=True, eq=False)
class Music:
    """The person's own sound, and the same low-passed and softer, in phase with it."""

    clear: Texture
    dull: Texture


@dataclass(frozen=True, slots=True, eq=False)
class SoundBank:
    """All sounds of a session, and the ramp steps of each gain; ``reward`` and ``shimmer`` are empty when off.

    ``plain_tone`` sounds in place of ``tone`` without a state. ``music`` guides in place of the tone.
    """

    sfreq: int
    ceiling: float
    tone: Layers
    plain_tone: Texture
    backgrounds: dict[BackgroundMode, Layers]
    bells: dict[str, Loop]
    reward: Layers
    shimmer: Layers
    calm: Layers
    music: Music | None
    ramp_steps: NDArray[np.int64]
    immediate_ramp_steps: NDArray[np.int64]


def make_sound_bank(settings: AudioSettings, user_sound: Loop | None = None) -> SoundBank:
    """Render every sound of a session; the same settings give the same samples.

    Parameters
    ----------
    settings : AudioSettings
        Sounds, levels and sampling rate.
    user_sound : ndarray of float32, shape (n_samples, 2), optional
        The user's own sound at ``settings.sfreq_hz``, for the background ``file``.
    """
    sfreq, tone_hz = settings.sfreq_hz, settings.tone_hz
    ceiling = _ceiling(settings)
    level_s = RANGE_DB / settings.tone_slew_db_per_s
    backgrounds = {
        mode: _at_level(layers, settings.background_lufs, BACKGROUND_PEAK * ceiling)
        for mode, layers in make_backgrounds(settings.background, tone_hz, sfreq, _SEED, user_sound).items()
    }
    music = None
    if user_sound is not None and settings.background_follows:
        (clear,) = backgrounds[BackgroundMode.NORMAL]
        music = Music(clear, dulled(clear, sfreq))
        backgrounds[BackgroundMode.NORMAL] = ()
    bell_peak = _bell_peak(settings)
    tone_peak = 0.0 if music else TONE_PEAK * ceiling * _amplitude(settings.tone_db)
    tone = make_tone(settings.tone_timbre, tone_hz, sfreq, _SEED)
    return SoundBank(
        sfreq=sfreq,
        ceiling=ceiling,
        tone=tuple(layer * tone_peak for layer in tone.layers),
        plain_tone=tone.plain * tone_peak,
        backgrounds=backgrounds,
        bells={name: np.float32(bell_peak) * bell for name, bell in render_bells(tone_hz, sfreq).items()},
        reward=_make_chord(_REWARD, tone_hz, sfreq, REWARD_PEAK * ceiling) if settings.reward_layer else (),
        shimmer=_make_shimmer(tone_hz, sfreq, SHIMMER_PEAK * ceiling) if settings.drowsiness_shimmer else (),
        calm=_make_chord(_CALM_HARMONICS, tone_hz, sfreq, CALM_PEAK * ceiling * _amplitude(settings.calm_db)),
        music=music,
        ramp_steps=integer_ramp_steps(sfreq, level_s, immediate=False),
        immediate_ramp_steps=integer_ramp_steps(sfreq, level_s, immediate=True),
    )


def make_breath(settings: AudioSettings, turn: Turn) -> Loop:
    """Render the sound of a breath, shape (n_samples, 2), as long as the breath itself.

    A soft tone that glides with the filling of the lungs. It is silent at both turns.
    """
    return _render_breath(turn, settings.tone_hz, settings.sfreq_hz, _BREATH_LEVEL * _bell_peak(settings))


def _ceiling(settings: AudioSettings) -> float:
    return INTERSAMPLE_MARGIN * _amplitude(settings.ceiling_dbfs)


def _bell_peak(settings: AudioSettings) -> float:
    return BELL_PEAK * _ceiling(settings) * _amplitude(settings.bells_db)


def _amplitude(decibels: float) -> float:
    return 10 ** (decibels / 20)


def _make_chord(chord: Chord, tone_hz: float, sfreq: int, peak: float) -> Layers:
    return at_peak(make_chords((chord,), tone_hz, sfreq, _SEED), peak)


def _make_shimmer(tone_hz: float, sfreq: int, peak: float) -> Layers:
    """Return high partials that alternate between the ears."""
    chord = _make_chord(_SHIMMER, tone_hz, sfreq, 1.0)[0].table
    flicker = np.sin(2 * np.pi * _FLICKER_HZ * np.arange(len(chord)) / sfreq)[:, None] * np.array((0.4, -0.4))
    return at_peak([chord * (1 + flicker)], peak)


def _at_level(layers: Layers, lufs: float, peak: float) -> Layers:
    """Return layers of 0 LUFS scaled to a loudness, or lower where the peak would exceed the limit."""
    gain = min(_amplitude(lufs), peak / _amplitude(_BACKGROUND_CREST_LU))
    return tuple(layer * gain for layer in layers)


@lru_cache(2)
def render_bells(tone_hz: float, sfreq: float) -> Mapping[str, Loop]:
    """Return every bell of `BELLS`, shape (n_samples, 2), with a peak of 1 at most and silent ends."""
    return {name: _render_bell(tone_hz * ratio, strokes, sfreq) for name, (ratio, strokes) in BELLS.items()}


@lru_cache(4)
def _render_breath(turn: Turn, tone_hz: float, sfreq: int, peak: float) -> Loop:
    share = np.linspace(0.0, 1.0, round(turn.length_s * sfreq))
    fill = (1 - np.cos(np.pi * (share if turn.inhaling else 1 - share))) / 2
    phase = 2 * np.pi * np.cumsum(tone_hz * (_EMPTY + (_FULL - _EMPTY) * fill)) / sfreq
    tone = sum(level * np.sin(number * phase) for number, level in _BREATH_HARMONICS)
    from_turn_s = turn.length_s * np.minimum(share, 1 - share)
    sound = np.sin(np.pi / 2 * np.minimum(from_turn_s / _BREATH_EDGE_S, 1)) ** 2 * tone
    sound *= peak / np.abs(sound).max()
    return np.stack((sound, sound), axis=1).astype(np.float32)


def _render_bell(hz: float, strokes: tuple[tuple[float, float], ...], sfreq: float) -> Loop:
    bowl = _render_bowl(hz, sfreq)
    sound = np.zeros_like(bowl)
    for stroke_s, level in strokes:
        at = round(stroke_s * sfreq)
        sound[at:] += level * bowl[: len(bowl) - at]
    fade = np.clip(np.arange(len(sound), 0, -1) / sfreq, 0, 1)[:, None] ** 2
    return (sound * fade).astype(np.float32)


def _render_bowl(hz: float, sfreq: float) -> NDArray[np.float64]:
    t = np.arange(round(RING_S * sfreq)) / sfreq
    sound = np.zeros((t.size, 2))
    for ratio, level, decay_s in MODES:
        if hz * ratio < sfreq / 3:
            sound += level * np.exp(-t / decay_s)[:, None] * _beating_pair(hz * ratio, t)
    attack = np.sin(np.pi / 2 * np.clip(t / ATTACK_S, 0, 1))[:, None] ** 2
    sound *= attack
    return sound / np.abs(sound).max()


def _beating_pair(hz: float, t: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = (np.sin(2 * np.pi * (hz + sign * BEATING_HZ / 2) * t) for sign in (-1, 1))
    return np.stack((low + 0.6 * high, 0.6 * low + high), axis=1)
