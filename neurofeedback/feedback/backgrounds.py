"""Background sounds: the chosen one, a neutral one without a state, and one for a lost headset.

A background is a list of layers. Their loop lengths share no short common multiple, so the mix repeats only after
many minutes. All backgrounds are equally loud (ITU-R BS.1770), the neutral and lost ones slightly softer.
A new one also needs its name in ``settings.audio_feedback.BackgroundName``, ``ui.preferences.CHOICES`` and
``texts.settings``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurofeedback.feedback.loops import (
    Loop,
    Partial,
    SpectrumCurve,
    decibels_at,
    noise_loop,
    partials_loop,
    soft_limit,
    swell_loop,
    unit_rms,
)
from neurofeedback.feedback.loudness import loudness
from neurofeedback.types import BackgroundMode

Layers = tuple[Loop, ...]

TONE_NOTCH_DB = -12.0
CREST_FACTOR = 3.2  # rare noise peaks are limited to this multiple of the rms, which saves headroom
LOOP_CROSSFADE_S = 2.0  # the end of a user's sound file crossfades into its beginning
USER_FILE = "file"


@dataclass(frozen=True, slots=True)
class NoiseLayer:
    """Noise with a given spectrum. ``swell_params``: swell depth (natural log), slowest and fastest period (s)."""

    seconds: float
    level: float
    curve: SpectrumCurve
    stereo_width: float
    swell_params: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class DropLayer:
    """Rain drops: short decaying tones at random pitches and stereo positions."""

    seconds: float
    level: float
    per_s: float


@dataclass(frozen=True, slots=True)
class ChordLayer:
    """Sinusoids over the guide tone's root, each (frequency ratio, level, panning frequency in Hz).

    ``swell_params`` are those of `NoiseLayer`. ``n_waves`` slow waves over the loop lower its gain to 0.4; 0 for none.
    """

    seconds: float
    level: float
    tones: tuple[tuple[float, float, float], ...]
    pan_depth: float
    swell_params: tuple[float, float, float] | None = None
    n_waves: int = 0


Layer = NoiseLayer | DropLayer | ChordLayer

_RAIN: SpectrumCurve = ((70, -34), (200, -20), (700, -10), (1400, -1), (2400, 0), (4500, -7), (9000, -18), (15000, -40))
_WIND_LOW: SpectrumCurve = ((50, -30), (75, -4), (120, 0), (170, -12), (300, -30))
_WIND_HIGH: SpectrumCurve = ((350, -40), (650, -6), (1000, 0), (1700, -7), (3500, -24), (8000, -50))
_AIR: SpectrumCurve = ((150, -30), (500, -8), (900, -6), (2500, -14), (6000, -40))
_HUSH: SpectrumCurve = ((250, -40), (550, -8), (800, 0), (1200, -3), (2000, -24), (4000, -60))
_LOW_CHORD = ((1, 1.0, 0.1), (1.5, 0.6, 0.15), (3, 0.25, 0.1), (4.5, 0.08, 0.25), (6, 0.04, 0.2))
_HIGH_CHORD = ((3, 1.0, 0.15), (4.5, 0.7, 0.2), (6, 0.35, 0.1), (9, 0.15, 0.25))

BACKGROUNDS: dict[str, tuple[Layer, ...]] = {
    "rain": (NoiseLayer(17, 1.0, _RAIN, stereo_width=0.9), DropLayer(23, 0.4, per_s=40)),
    "wind": (
        NoiseLayer(19, 0.5, _WIND_LOW, stereo_width=0.3),
        NoiseLayer(31, 1.0, _WIND_HIGH, stereo_width=0.9, swell_params=(0.35, 16, 3)),
    ),
    "drone": (
        ChordLayer(20, 1.0, _LOW_CHORD, pan_depth=0.5, swell_params=(0.12, 20, 5)),
        NoiseLayer(17, 0.35, _AIR, stereo_width=0.8),
    ),
}
STATE_BACKGROUNDS: dict[BackgroundMode, tuple[Layer, ...]] = {
    BackgroundMode.NEUTRAL: (NoiseLayer(16, 1.0, _HUSH, stereo_width=0.1),),
    BackgroundMode.LOST: (ChordLayer(20, 1.0, _HIGH_CHORD, pan_depth=0.4, n_waves=4),),
}
ATTENUATION_LU: dict[BackgroundMode, float] = {
    BackgroundMode.NORMAL: 0.0,
    BackgroundMode.NEUTRAL: 2.0,
    BackgroundMode.LOST: 4.0,
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
    backgrounds = {mode: _render_layers(layers, tone_hz, sfreq, seed) for mode, layers in STATE_BACKGROUNDS.items()}
    if user_sound is not None:
        backgrounds[BackgroundMode.NORMAL] = (
            _normalize_and_limit(crossfade_loop(user_sound, round(LOOP_CROSSFADE_S * sfreq))),
        )
    else:
        backgrounds[BackgroundMode.NORMAL] = _render_layers(BACKGROUNDS[name], tone_hz, sfreq, seed + 1)
    return {mode: _normalize_loudness(layers, -ATTENUATION_LU[mode], sfreq) for mode, layers in backgrounds.items()}


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
    return tuple(np.float32(layer.level) * _render_layer(layer, rng, tone_hz, sfreq) for layer in layers)


def _render_layer(layer: Layer, rng: Generator, tone_hz: float, sfreq: float) -> Loop:
    match layer:
        case NoiseLayer():
            return _render_noise(layer, rng, tone_hz, sfreq)
        case DropLayer():
            return _normalize_and_limit(_render_drops(layer, rng, sfreq))
        case _:
            return _render_chord(layer, rng, _root_pitch(tone_hz), sfreq)


def _render_noise(layer: NoiseLayer, rng: Generator, tone_hz: float, sfreq: float) -> Loop:
    loop = noise_loop(
        rng, round(layer.seconds * sfreq), sfreq, _notch_tone(layer.curve, tone_hz), stereo_width=layer.stereo_width
    )
    return _normalize_and_limit(
        loop if layer.swell_params is None else loop * _swell_gain(layer.swell_params, rng, len(loop), sfreq)
    )


def _swell_gain(swell_params: tuple[float, float, float], rng: Generator, n_samples: int, sfreq: float) -> Loop:
    depth, slowest_s, fastest_s = swell_params
    return np.exp(depth * swell_loop(rng, n_samples, sfreq, slowest_s=slowest_s, fastest_s=fastest_s))


def _render_chord(layer: ChordLayer, rng: Generator, root_hz: float, sfreq: float) -> Loop:
    tones = tuple(Partial(root_hz * ratio, level, layer.pan_depth, hz) for ratio, level, hz in layer.tones)
    loop = unit_rms(partials_loop(rng, round(layer.seconds * sfreq), sfreq, tones))
    if layer.swell_params is not None:
        loop = loop * _swell_gain(layer.swell_params, rng, len(loop), sfreq)
    if layer.n_waves:
        wave = np.sin(np.pi * np.arange(len(loop)) * layer.n_waves / len(loop))[:, None] ** 2
        loop = loop * (0.4 + 0.6 * wave)
    return unit_rms(loop)


def _render_drops(layer: DropLayer, rng: Generator, sfreq: float) -> NDArray[np.float64]:
    n_samples = round(layer.seconds * sfreq)
    sound = np.zeros((n_samples, 2))
    t = np.arange(round(0.03 * sfreq)) / sfreq
    shape = (t / 0.002) * np.exp(-t / 0.004) * (1 - t / t[-1])
    for at in rng.integers(n_samples, size=int(layer.per_s * layer.seconds)):
        pitch_hz, pan = 1000 * 4 ** rng.random(), rng.uniform(0.2, 0.8)
        drop = rng.lognormal(0, 0.6) * shape * np.sin(2 * np.pi * pitch_hz * t)
        sound[np.arange(at, at + t.size) % n_samples] += np.outer(drop, (pan, 1 - pan))
    return sound


def _notch_tone(curve: SpectrumCurve, tone_hz: float) -> SpectrumCurve:
    """Attenuate a spectrum around the guide tone's first partials, with slopes half an octave wide."""
    hz = np.geomspace(curve[0][0], curve[-1][0], 200)
    notch = ((0.6 * tone_hz, 0), (0.85 * tone_hz, TONE_NOTCH_DB), (3.2 * tone_hz, TONE_NOTCH_DB), (4.5 * tone_hz, 0))
    decibels = decibels_at(hz, curve) + decibels_at(hz, notch)
    return tuple(zip(hz.tolist(), decibels.tolist(), strict=True))


def _root_pitch(tone_hz: float) -> float:
    """Return the guide tone's pitch lowered by octaves to 55-110 Hz.

    Examples
    --------
    >>> _root_pitch(196.0)
    98.0
    """
    return tone_hz / 2 ** math.ceil(math.log2(tone_hz / 110))


def _normalize_and_limit(loop: NDArray[np.floating]) -> Loop:
    return soft_limit(unit_rms(loop), CREST_FACTOR).astype(np.float32)


def _normalize_loudness(layers: Layers, lufs: float, sfreq: float) -> Layers:
    gain = np.float32(10 ** ((lufs - loudness(*layers, sfreq=sfreq)) / 20))
    return tuple(gain * layer for layer in layers)
