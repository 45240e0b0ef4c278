"""Background sounds: the chosen one, a neutral one without a state, and one for a lost headset.

A background is a list of layers, each an endless texture (see `neurofeedback.feedback.textures`). All backgrounds are
equally loud (ITU-R BS.1770), the neutral and lost ones softer. No envelope has a line between 2 and 45 Hz: drops,
chirps and swells come at random times, and the partials of chords are whole multiples of one pitch above 55 Hz, as
are those of the tone, so that every beat is, too.
A new one also needs its name in ``settings.audio_feedback.BackgroundName`` and in ``texts.settings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.layers import (
    CREST_FACTOR,
    ChordLayer,
    CricketLayer,
    DropLayer,
    Layer,
    NoiseLayer,
    Variation,
    render_layer,
)
from neurofeedback.feedback.loops import Loop, SpectrumCurve, soft_limit, unit_rms
from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.textures import Texture
from neurofeedback.types import BackgroundMode

Layers = tuple[Texture, ...]

LOOP_CROSSFADE_S = 2.0  # the end of a user's sound file crossfades into its beginning
USER_FILE = "file"

_RAIN: SpectrumCurve = ((60, -12), (120, -2), (300, 2), (700, 1), (1500, -3), (3500, -8), (8000, -16), (15000, -36))
_DOWNPOUR: SpectrumCurve = ((40, -12), (90, -3), (250, 0), (600, -1), (1500, -4), (4000, -9), (9000, -16), (16000, -36))
_GUST: SpectrumCurve = ((40, -20), (80, -3), (160, 0), (320, -6), (700, -18), (1500, -34))
_FOREST: SpectrumCurve = ((180, -24), (400, -6), (800, 0), (1600, -5), (3500, -18), (8000, -40))
_LEAVES: SpectrumCurve = ((1200, -30), (2500, -4), (4500, 0), (8000, -8), (14000, -34))
_SWELL: SpectrumCurve = ((35, -14), (70, -2), (150, 0), (400, -6), (900, -16), (2500, -34))
_SURF: SpectrumCurve = ((100, -16), (300, -4), (700, 0), (1800, -3), (4000, -10), (9000, -24), (15000, -40))
_FOAM: SpectrumCurve = ((1500, -26), (3500, -4), (6000, 0), (10000, -7), (15000, -26))
_BROOK: SpectrumCurve = ((80, -18), (200, -8), (450, -3), (900, 0), (2000, -6), (5000, -16), (12000, -36))
_NIGHT_AIR: SpectrumCurve = ((40, -12), (80, 0), (200, -3), (500, -10), (1500, -24), (6000, -40))
_AIR: SpectrumCurve = ((150, -30), (500, -8), (900, -6), (2500, -14), (6000, -40))
_HUSH: SpectrumCurve = ((250, -40), (550, -8), (800, 0), (1200, -3), (2000, -24), (4000, -60))
_LOW_CHORD = ((1, 1.0), (3, 0.30), (5, 0.12), (8, 0.05))
_HIGH_CHORD = ((3, 1.0), (4, 0.6), (6, 0.3), (9, 0.12))


def _sloped(decibels_per_octave: float) -> SpectrumCurve:
    octaves = np.log2(16000 / 40)
    return ((40.0, 0.0), (16000.0, decibels_per_octave * float(octaves)), (18000.0, -90.0))


BACKGROUNDS: dict[str, tuple[Layer, ...]] = {
    "rain": (
        NoiseLayer(1.0, _RAIN, variation=Variation(0.10, 5.0)),
        DropLayer(0.40, per_s=60, hz=(900, 4500), decay_s=0.004, variation=Variation(0.20, 6.5)),
        DropLayer(0.35, per_s=25, hz=(160, 620), decay_s=0.010),
    ),
    "heavy_rain": (
        NoiseLayer(1.0, _DOWNPOUR, variation=Variation(0.16, 6.0)),
        DropLayer(0.35, per_s=150, hz=(700, 5000), decay_s=0.003, variation=Variation(0.20, 4.5)),
        DropLayer(0.45, per_s=50, hz=(130, 500), decay_s=0.012),
    ),
    "wind": (
        NoiseLayer(0.7, _GUST, 0.5, Variation(0.35, 5.5)),
        NoiseLayer(1.0, _FOREST, variation=Variation(0.40, 4.5, seed=11)),
        NoiseLayer(0.22, _LEAVES, variation=Variation(0.60, 4.5, seed=11)),
    ),
    "sea": (
        NoiseLayer(0.6, _SWELL, 0.6, Variation(0.20, 7.0)),
        NoiseLayer(1.0, _SURF, variation=Variation(0.55, 3.5, seed=12)),
        NoiseLayer(0.20, _FOAM, variation=Variation(0.75, 3.5, seed=12)),
    ),
    "stream": (
        NoiseLayer(0.7, _BROOK, variation=Variation(0.12, 4.5)),
        DropLayer(0.65, per_s=130, hz=(380, 1500), decay_s=0.012, rise=0.5, variation=Variation(0.25, 4.0)),
        DropLayer(0.35, per_s=110, hz=(1400, 4500), decay_s=0.004, rise=0.3, variation=Variation(0.25, 5.5)),
    ),
    "night": (
        NoiseLayer(1.0, _NIGHT_AIR, 0.7, Variation(0.25, 6.0)),
        NoiseLayer(0.20, _FOREST, variation=Variation(0.40, 6.0)),
        CricketLayer(0.11, 4150, 67, 0.25, (0.35, 0.9), (0.4, 1.8)),
        CricketLayer(0.08, 4620, 74, 0.80, (0.25, 0.7), (0.7, 2.6)),
        CricketLayer(0.05, 3780, 62, 0.55, (0.5, 1.4), (1.5, 4.5)),
    ),
    "drone": (
        ChordLayer(1.0, _LOW_CHORD[:1], Variation(0.16, 7.0)),
        ChordLayer(0.36, _LOW_CHORD[1:], Variation(0.30, 6.0)),
        NoiseLayer(0.35, _AIR, 0.8, Variation(0.25, 5.0)),
    ),
    "bowls": (
        ChordLayer(0.55, ((1, 1.0), (3, 0.12)), Variation(0.40, 7.5)),
        ChordLayer(0.50, ((5, 1.0), (13, 0.30), (25, 0.08)), Variation(0.55, 6.0)),
        ChordLayer(0.35, ((7, 1.0), (19, 0.25)), Variation(0.65, 8.5)),
        NoiseLayer(0.20, _AIR, 0.8, Variation(0.20, 5.0)),
    ),
    "white": (NoiseLayer(1.0, _sloped(0.0)),),
    "pink": (NoiseLayer(1.0, _sloped(-3.0103)),),
    "brown": (NoiseLayer(1.0, _sloped(-6.0206)),),
}
STATE_BACKGROUNDS: dict[BackgroundMode, tuple[Layer, ...]] = {
    BackgroundMode.NEUTRAL: (NoiseLayer(1.0, _HUSH, 0.1),),
    BackgroundMode.LOST: (ChordLayer(1.0, _HIGH_CHORD, Variation(0.25, 2.75)),),
}
ATTENUATION_LU: dict[BackgroundMode, float] = {
    BackgroundMode.NORMAL: 0.0,
    BackgroundMode.NEUTRAL: 4.5,
    BackgroundMode.LOST: 6.0,
}


def make_backgrounds(
    name: str, tone_hz: float, sfreq: float, seed: int, user_sound: Loop | None = None
) -> dict[BackgroundMode, Layers]:
    """Make the layers of every background mode; each mode is at 0 LUFS minus its `ATTENUATION_LU`.

    Parameters
    ----------
    name : str
        A key of `BACKGROUNDS`, or `USER_FILE` together with ``user_sound``.
    tone_hz : float
        Pitch of the guide tone (Hz): noise is notched around it, and chords are tuned to it.
    sfreq : float
        Sampling rate of the sound, Hz.
    seed : int
        The same seed gives the same sound.
    user_sound : ndarray of float32, shape (n_samples, 2), optional
        The user's own sound, used in place of a named background.
    """
    if user_sound is not None:
        loop = crossfade_loop(user_sound, round(LOOP_CROSSFADE_S * sfreq))
        limited = soft_limit(unit_rms(loop), CREST_FACTOR).astype(np.float32)
        normal: Layers = (Texture(limited),)
    else:
        normal = _render_layers(BACKGROUNDS[name], tone_hz, sfreq, seed + 1)
    normal = _normalize_loudness(normal, -ATTENUATION_LU[BackgroundMode.NORMAL], sfreq)
    return {**_state_backgrounds(tone_hz, sfreq, seed), BackgroundMode.NORMAL: normal}


@lru_cache(2)
def _state_backgrounds(tone_hz: float, sfreq: float, seed: int) -> Mapping[BackgroundMode, Layers]:
    """Return the neutral and the lost background, which no choice changes."""
    return {
        mode: _normalize_loudness(_render_layers(layers, tone_hz, sfreq, seed), -ATTENUATION_LU[mode], sfreq)
        for mode, layers in STATE_BACKGROUNDS.items()
    }


def crossfade_loop(sound: NDArray[np.floating], overlap: int) -> Loop:
    """Return a seamless loop of any sound: its end crossfades into its beginning at equal power.

    Parameters
    ----------
    sound : ndarray, shape (n_samples, 2)
        The sound.
    overlap : int
        Length of the crossfade in samples; limited to a quarter of the sound.
    """
    overlap = min(overlap, len(sound) // 4)
    body, tail = sound[: len(sound) - overlap].astype(np.float32), sound[len(sound) - overlap :]
    angle = np.linspace(0, np.pi / 2, overlap)[:, None]
    body[:overlap] = body[:overlap] * np.sin(angle) + tail * np.cos(angle)
    return body


def _render_layers(layers: tuple[Layer, ...], tone_hz: float, sfreq: float, seed: int) -> Layers:
    rng = np.random.default_rng(seed)
    return tuple(render_layer(layer, rng, tone_hz, sfreq) for layer in layers)


def _normalize_loudness(layers: Layers, lufs: float, sfreq: float) -> Layers:
    gain = 10 ** ((lufs - loudness(*(layer.loop_of_same_power for layer in layers), sfreq=sfreq)) / 20)
    return tuple(layer * gain for layer in layers)
