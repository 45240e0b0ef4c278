"""Voices of the guide tone, and the person's music as a guide.

Partials are whole multiples of the pitch, so that no two of them beat within the EEG's bands. Every voice is as loud as
the warm pad.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.layers import Variation, table_samples, with_variation
from neurofeedback.feedback.loops import Loop, Partial, SpectrumCurve, decibels_at, noise_loop, partials_loop
from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.textures import Texture, shuffled
from neurofeedback.settings.audio_feedback import ToneTimbre

Layers = tuple[Texture, ...]
Chord = tuple[tuple[int, float], ...]

# (harmonic, level): always present, added with brightness, and added with its square.
BASE_HARMONICS: Chord = ((1, 1.0), (2, 0.3), (3, 0.06))
WARM_HARMONICS: Chord = ((2, 0.12), (3, 0.22), (4, 0.10))
BRIGHT_HARMONICS: Chord = ((5, 0.09), (6, 0.06), (7, 0.03))
_PAD = (BASE_HARMONICS, WARM_HARMONICS, BRIGHT_HARMONICS)
_BOWL: tuple[Chord, ...] = (((1, 1.0), (3, 0.35)), ((5, 0.22), (6, 0.08)), ((8, 0.12), (11, 0.06)))
_BREATH: tuple[SpectrumCurve, ...] = (  # multiples of the pitch, dB
    ((0.5, -40), (0.8, -6), (1, 0), (1.3, -3), (2, -16), (4, -40)),
    ((1.2, -30), (2, -6), (3, 0), (4.5, -8), (8, -36)),
    ((3, -34), (5, -4), (7, 0), (11, -8), (20, -40)),
)
_BREATH_LEVELS = (1.0, 0.40, 0.20)
_BREATH_HOP_S = 2.3
_BOWL_VARIATION = Variation(0.15, 4.5, seed=21)
_BREATH_VARIATION = Variation(0.20, 2.5, seed=22)
_LOOP_S = 10.0

_DULL_MUSIC_DB = -6.0
_DULL_MUSIC: SpectrumCurve = ((200, 0), (450, 0), (900, -12), (1800, -30), (4000, -60))
_N_TAPS = 4096
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """The guide tone at a peak of 1 for the pad: three layers (see `BASE_HARMONICS`), and its plain voice, one sine."""

    layers: Layers
    plain: Texture


def make_tone(timbre: ToneTimbre, tone_hz: float, sfreq: int, seed: int) -> Tone:
    """Make a voice of the guide tone; the plain voice, for moments without a state, is that of every voice."""
    pad = at_peak(make_chords(_PAD, tone_hz, sfreq, seed), 1.0)
    sine = make_chords((BASE_HARMONICS[:1],), tone_hz, sfreq, seed)[0]
    scale = float(np.abs(pad[0].table).max() / np.abs(make_chords(_PAD[:1], tone_hz, sfreq, seed)[0]).max())
    plain = Texture(np.float32(scale) * sine)
    match timbre:
        case "pad":
            return Tone(pad, plain)
        case "bowl":
            rng = np.random.default_rng(seed)
            chords = map(Texture, make_chords(_BOWL, tone_hz, sfreq, seed))
            layers = tuple(with_variation(chord, _BOWL_VARIATION, rng, sfreq) for chord in chords)
        case _:
            layers = _make_breath(tone_hz, sfreq, seed)
    target, own = (loudness(*(layer.loop_of_same_power for layer in voice), sfreq=sfreq) for voice in (pad, layers))
    return Tone(tuple(layer * 10 ** ((target - own) / 20) for layer in layers), plain)


def make_chords(chords: Iterable[Chord], tone_hz: float, sfreq: int, seed: int) -> list[Loop]:
    """Return a loop of partials for each chord; one seed gives one harmonic the same phase as the first of each."""
    rng = np.random.default_rng(seed)
    return [
        partials_loop(rng, round(_LOOP_S * sfreq), sfreq, tuple(_partial(tone_hz, *harmonic) for harmonic in chord))
        for chord in chords
    ]


def at_peak(layers: Iterable[NDArray[np.floating]], peak: float) -> Layers:
    """Return loops as textures whose sum has this peak at most."""
    layers = tuple(layers)
    highest = float(np.abs(np.stack(layers)).sum(axis=0).max())
    return tuple(Texture((layer * (peak / highest)).astype(np.float32)) for layer in layers)


def dulled(music: Texture, sfreq: int) -> Texture:
    """Return a loop low-passed and softer, without a shift in phase, so that both crossfade without a comb filter."""
    hz = np.fft.rfftfreq(_N_TAPS, 1 / sfreq)
    magnitude = 10 ** ((decibels_at(np.maximum(hz, 1.0), _DULL_MUSIC) + _DULL_MUSIC_DB) / 20)
    kernel = np.roll(np.fft.irfft(magnitude), _N_TAPS // 2) * np.hanning(_N_TAPS + 1)[:-1]
    response = np.fft.rfft(kernel, _BLOCK)[:, None]
    table, hop = music.table, _BLOCK - _N_TAPS
    filtered = np.empty_like(table)
    for start in range(0, len(table), hop):
        places = np.arange(start - _N_TAPS // 2, start - _N_TAPS // 2 + _BLOCK)
        piece = np.fft.irfft(np.fft.rfft(table.take(places, axis=0, mode="wrap"), axis=0) * response, axis=0)
        length = min(hop, len(table) - start)
        filtered[start : start + length] = piece[_N_TAPS : _N_TAPS + length]
    return Texture(filtered)


def _make_breath(tone_hz: float, sfreq: int, seed: int) -> Layers:
    rng = np.random.default_rng(seed)
    layers: list[Texture] = []
    for curve, level in zip(_BREATH, _BREATH_LEVELS, strict=True):
        scaled = tuple((tone_hz * ratio, decibels) for ratio, decibels in curve)
        noise = noise_loop(rng, table_samples(sfreq), sfreq, scaled, stereo_width=0.6)
        layers.append(
            with_variation(shuffled(rng, noise, round(_BREATH_HOP_S * sfreq)), _BREATH_VARIATION, rng, sfreq) * level
        )
    return tuple(layers)


def _partial(tone_hz: float, harmonic: int, level: float) -> Partial:
    return Partial(tone_hz * harmonic, level, pan_depth=0.15, pan_hz=0.1 * (1 + harmonic % 3))
