"""The sound bank: every sound of a session, rendered once at its final level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.backgrounds import Layers, make_backgrounds
from neurofeedback.feedback.gain_ramps import RANGE_DB, integer_ramp_steps
from neurofeedback.feedback.loops import Loop, Partial, partials_loop
from neurofeedback.feedback.textures import Texture
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode

_SEED = 20260101

# Shares of the ceiling. Peaks of background and full tone rarely coincide; the limiter handles the rest.
BACKGROUND_PEAK = 0.6
TONE_PEAK = 0.6
BELL_PEAK = 0.6
REWARD_PEAK = 0.12
SHIMMER_PEAK = 0.05
INTERSAMPLE_MARGIN = 0.93  # room for peaks between samples
_BACKGROUND_CREST_LU = 9.5  # peak over loudness of any background; one value, so a low ceiling lowers all alike

# (harmonic, level): always present, added with brightness, and added with its square.
BASE_HARMONICS = ((1, 1.0), (2, 0.3), (3, 0.06))
WARM_HARMONICS = ((2, 0.12), (3, 0.22), (4, 0.10))
BRIGHT_HARMONICS = ((5, 0.09), (6, 0.06), (7, 0.03))
_REWARD = ((6, 1.0), (9, 0.5), (12, 0.3))  # open fifths and octaves above the tone, without its fundamental
_SHIMMER = ((20, 1.0), (21, 0.7), (24, 0.5), (27, 0.3))
_FLICKER_HZ = 5.0
_LOOP_S = 10.0

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


@dataclass(frozen=True, slots=True, eq=False)
class SoundBank:
    """All sounds of a session, and the ramp steps of each gain; ``reward`` and ``shimmer`` are empty when off."""

    sfreq: int
    ceiling: float
    tone: Layers
    backgrounds: dict[BackgroundMode, Layers]
    bells: dict[str, Loop]
    reward: Layers
    shimmer: Layers
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
    ceiling = INTERSAMPLE_MARGIN * 10 ** (settings.ceiling_dbfs / 20)
    level_s = RANGE_DB / settings.tone_slew_db_per_s
    backgrounds = make_backgrounds(settings.background, tone_hz, sfreq, _SEED, user_sound)
    bell_peak = BELL_PEAK * ceiling * _amplitude(settings.bells_db)
    return SoundBank(
        sfreq=sfreq,
        ceiling=ceiling,
        tone=_make_tone(tone_hz, sfreq, TONE_PEAK * ceiling * _amplitude(settings.tone_db)),
        backgrounds={
            mode: _at_level(layers, settings.background_lufs, BACKGROUND_PEAK * ceiling)
            for mode, layers in backgrounds.items()
        },
        bells={name: np.float32(bell_peak) * bell for name, bell in render_bells(tone_hz, sfreq).items()},
        reward=_make_chord(_REWARD, tone_hz, sfreq, REWARD_PEAK * ceiling) if settings.reward_layer else (),
        shimmer=_make_shimmer(tone_hz, sfreq, SHIMMER_PEAK * ceiling) if settings.drowsiness_shimmer else (),
        ramp_steps=integer_ramp_steps(sfreq, level_s, immediate=False),
        immediate_ramp_steps=integer_ramp_steps(sfreq, level_s, immediate=True),
    )


def _amplitude(decibels: float) -> float:
    return 10 ** (decibels / 20)


def _make_tone(tone_hz: float, sfreq: int, peak: float) -> Layers:
    rng = np.random.default_rng(_SEED)
    n_samples = round(_LOOP_S * sfreq)
    layers = [
        partials_loop(rng, n_samples, sfreq, tuple(_partial(tone_hz, *harmonic) for harmonic in chord))
        for chord in (BASE_HARMONICS, WARM_HARMONICS, BRIGHT_HARMONICS)
    ]
    return _at_peak(layers, peak)


def _make_chord(chord: tuple[tuple[int, float], ...], tone_hz: float, sfreq: int, peak: float) -> Layers:
    rng = np.random.default_rng(_SEED)
    tones = tuple(_partial(tone_hz, *harmonic) for harmonic in chord)
    return _at_peak([partials_loop(rng, round(_LOOP_S * sfreq), sfreq, tones)], peak)


def _make_shimmer(tone_hz: float, sfreq: int, peak: float) -> Layers:
    """Return high partials that alternate quickly between the ears."""
    chord = _make_chord(_SHIMMER, tone_hz, sfreq, 1.0)[0].table
    flicker = np.sin(2 * np.pi * _FLICKER_HZ * np.arange(len(chord)) / sfreq)[:, None] * np.array((0.4, -0.4))
    return _at_peak([chord * (1 + flicker)], peak)


def _partial(tone_hz: float, harmonic: int, level: float) -> Partial:
    return Partial(tone_hz * harmonic, level, pan_depth=0.15, pan_hz=0.1 * (1 + harmonic % 3))


def _at_peak(layers: Iterable[NDArray[np.floating]], peak: float) -> Layers:
    layers = tuple(layers)
    highest = float(np.abs(np.stack(layers)).sum(axis=0).max())
    return tuple(Texture((layer * (peak / highest)).astype(np.float32)) for layer in layers)


def _at_level(layers: Layers, lufs: float, peak: float) -> Layers:
    """Return layers of 0 LUFS scaled to a loudness, or lower where the peak would exceed the limit."""
    gain = min(_amplitude(lufs), peak / _amplitude(_BACKGROUND_CREST_LU))
    return tuple(layer * gain for layer in layers)


@lru_cache(2)
def render_bells(tone_hz: float, sfreq: float) -> Mapping[str, Loop]:
    """Return every bell of `BELLS`, shape (n_samples, 2), with a peak of 1 at most and silent ends."""
    return {name: _render_bell(tone_hz * ratio, strokes, sfreq) for name, (ratio, strokes) in BELLS.items()}


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
