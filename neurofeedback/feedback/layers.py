"""Kinds of layers that backgrounds are made of, and how each is rendered as a texture of rms 1."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from neurofeedback.feedback.loops import Loop, SpectrumCurve, decibels_at, noise_loop, soft_limit, unit_rms
from neurofeedback.feedback.textures import Texture, random_swell, shuffled

TONE_NOTCH_DB = -6.0
CREST_FACTOR = 3.2  # rare noise peaks are limited to this multiple of the rms, which saves headroom
MIN_TABLE_S = 21.0
GRAIN_HOP_S = 2.65  # no whole part of a second, nor of the spacing of any swell

LOWEST_OCTAVE_HZ = 110.0

_DROP_S = 0.04
_MIN_PULSE_HZ = 60.0  # crickets that pulse below it would put a line into the band of the EEG


@dataclass(frozen=True, slots=True)
class Variation:
    """Slow random swell: standard deviation of ln(gain), and the time from one value to the next, s."""

    depth: float
    spacing_s: float
    seed: int = 0  # layers of one seed and spacing swell together


@dataclass(frozen=True, slots=True)
class NoiseLayer:
    """Noise with a given spectrum; ``stereo_width`` 0 is one signal for both ears, 1 the widest."""

    level: float
    curve: SpectrumCurve
    stereo_width: float = 0.9
    variation: Variation | None = None


@dataclass(frozen=True, slots=True)
class DropLayer:
    """Drops and bubbles: short decaying tones at random times, pitches (Hz) and places; ``rise`` raises the pitch."""

    level: float
    per_s: float
    hz: tuple[float, float]
    decay_s: float
    rise: float = 0.0
    variation: Variation | None = None


@dataclass(frozen=True, slots=True)
class CricketLayer:
    """A far cricket: chirps of irregular length and distance; its pulses are faster than any EEG band."""

    level: float
    hz: float
    pulse_hz: float
    pan: float
    chirp_s: tuple[float, float]
    pause_s: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ChordLayer:
    """Sinusoids (whole multiple of the root, level) that swell together; no beat is slower than the root."""

    level: float
    tones: tuple[tuple[int, float], ...]
    variation: Variation


Layer = NoiseLayer | DropLayer | CricketLayer | ChordLayer


def render_layer(layer: Layer, rng: Generator, tone_hz: float, sfreq: float) -> Texture:
    """Render a layer at its level; the guide tone's pitch (Hz) notches noise and tunes chords."""
    n_samples, hop = table_samples(sfreq), round(GRAIN_HOP_S * sfreq)
    match layer:
        case NoiseLayer():
            curve = notch_tone(layer.curve, tone_hz)
            noise = noise_loop(rng, n_samples, sfreq, curve, stereo_width=layer.stereo_width)
            sound = shuffled(rng, _limited(noise), hop)
        case DropLayer():
            sound = shuffled(rng, _limited(_render_drops(layer, rng, n_samples, sfreq)), hop)
        case CricketLayer():
            return shuffled(rng, unit_rms(_render_cricket(layer, rng, n_samples, sfreq)), hop) * layer.level
        case _:
            sound = Texture(_render_chord(layer, rng, root_pitch(tone_hz), n_samples, sfreq))
    if layer.variation is not None:
        sound = with_variation(sound, layer.variation, rng, sfreq)
    return sound * layer.level


def table_samples(sfreq: float) -> int:
    """Return the length of tables: a power of two, whose Fourier transform is the fastest."""
    return 1 << math.ceil(math.log2(MIN_TABLE_S * sfreq))


def with_variation(sound: Texture, variation: Variation, rng: Generator, sfreq: float) -> Texture:
    """Return a texture with a slow random swell; layers of one seed above 0 swell together."""
    source = np.random.default_rng(variation.seed) if variation.seed else rng
    return replace(sound, swell=random_swell(source, variation.depth, round(variation.spacing_s * sfreq)))


def _limited(loop: NDArray[np.floating]) -> Loop:
    return soft_limit(unit_rms(loop), CREST_FACTOR).astype(np.float32)


def _render_drops(layer: DropLayer, rng: Generator, n_samples: int, sfreq: float) -> NDArray[np.float64]:
    sound = np.zeros((n_samples, 2))
    t = np.arange(round(_DROP_S * sfreq)) / sfreq
    shape = np.minimum(t / 0.002, 1) * np.exp(-t / layer.decay_s) * (1 - t / t[-1])
    n_drops = int(layer.per_s * n_samples / sfreq)
    low, high = layer.hz
    for at in rng.integers(n_samples - t.size, size=n_drops).tolist():
        hz, pan = low * (high / low) ** rng.random(), rng.uniform(0.15, 0.85)
        phase = 2 * np.pi * hz * (t + layer.rise * t**2 / (2 * _DROP_S))
        drop = rng.lognormal(0, 0.6) * (low / hz) ** 0.5 * shape * np.sin(phase)
        sound[at : at + t.size] += np.outer(drop, (pan**0.5, (1 - pan) ** 0.5))
    return sound


def _render_cricket(layer: CricketLayer, rng: Generator, n_samples: int, sfreq: float) -> NDArray[np.float64]:
    t = np.arange(n_samples) / sfreq
    chirps = np.zeros(n_samples)
    at = round(rng.uniform(*layer.pause_s) * sfreq)
    while True:
        length = round(rng.uniform(*layer.chirp_s) * sfreq)
        if at + length > n_samples:
            break
        chirps[at : at + length] = rng.uniform(0.5, 1.0) * np.sin(np.pi * np.arange(length) / length) ** 2
        at += length + round(rng.uniform(*layer.pause_s) * sfreq)
    pulses = 0.6 + 0.4 * np.sin(2 * np.pi * max(layer.pulse_hz, _MIN_PULSE_HZ) * t)
    wander = np.cumsum(rng.standard_normal(n_samples // 4800 + 2))
    hz = layer.hz + 6 * np.interp(np.arange(n_samples) / 4800, np.arange(wander.size), wander)
    sound = chirps * pulses * np.sin(2 * np.pi * np.cumsum(hz) / sfreq)
    return np.outer(sound, (layer.pan**0.5, (1 - layer.pan) ** 0.5))


def _render_chord(layer: ChordLayer, rng: Generator, root_hz: float, n_samples: int, sfreq: float) -> Loop:
    """Return whole cycles of sinusoids, each with its own phase in each ear, without panning and beats."""
    spectrum = np.zeros((2, n_samples // 2 + 1), np.complex128)
    for ratio, level in layer.tones:
        cycles = round(root_hz * ratio * n_samples / sfreq)
        phase, spread = rng.uniform(0, 2 * np.pi), rng.uniform(-0.6, 0.6)
        spectrum[:, cycles] = level * np.exp(1j * (phase + np.array([spread, -spread])))
    return unit_rms(np.fft.irfft(spectrum, n_samples).T)


def notch_tone(curve: SpectrumCurve, tone_hz: float) -> SpectrumCurve:
    """Attenuate a spectrum around the guide tone's first partials, with slopes half an octave wide."""
    hz = np.geomspace(curve[0][0], curve[-1][0], 200)
    notch = ((0.6 * tone_hz, 0), (0.85 * tone_hz, TONE_NOTCH_DB), (3.2 * tone_hz, TONE_NOTCH_DB), (4.5 * tone_hz, 0))
    decibels = decibels_at(hz, curve) + decibels_at(hz, notch)
    return tuple(zip(hz.tolist(), decibels.tolist(), strict=True))


def root_pitch(tone_hz: float) -> float:
    """Return the pitch of chords, Hz: the guide tone's lowered by octaves to 55-110 Hz, or twice a tone below that.

    So every difference between a partial of the tone and one of a chord lies above the EEG's bands.

    Examples
    --------
    >>> root_pitch(196.0), root_pitch(100.0)
    (98.0, 200.0)
    """
    if tone_hz <= LOWEST_OCTAVE_HZ:
        return 2 * tone_hz
    return tone_hz / 2 ** math.ceil(math.log2(tone_hz / LOWEST_OCTAVE_HZ))
