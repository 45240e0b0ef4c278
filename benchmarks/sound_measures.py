"""Measures of rendered sound: spectrum, lines in the envelope, repetition, level of the tone over the background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.sound_bank import SoundBank
from neurofeedback.feedback.synthesis import SynthState, render
from neurofeedback.types import Guidance

Sound = NDArray[np.float64]

ENVELOPE_HZ = 200.0
"""Sampling rate of envelopes, Hz."""
BANDS_HZ = ((40, 11000), (40, 250), (250, 1000), (1000, 4000), (4000, 16000))
"""Bands whose envelopes are searched for lines: all together, and two octaves each."""
EEG_HZ = (2.0, 45.0)
_WINDOW_S = 4.0
_NEIGHBOURS_HZ = (0.75, 3.0)
_INAUDIBLE_DEPTH = 1e-4
"""Amplitude of a modulation, relative to the mean, far below any that is heard or drives an EEG."""


def rendered(bank: SoundBank, guidance: Guidance, seconds: float, settle_s: float = 8.0) -> NDArray[np.float32]:
    """Render a sound under one guidance after its gains have settled, in buffers of half a second."""
    state = SynthState()
    for _ in range(round(settle_s * 2)):
        state, _ = render(bank, state, guidance, bank.sfreq // 2)
    pieces: list[NDArray[np.float32]] = []
    for _ in range(round(seconds * 2)):
        state, piece = render(bank, state, guidance, bank.sfreq // 2)
        pieces.append(piece)
    return np.concatenate(pieces)


def spectrum(sound: NDArray[np.floating], sfreq: int, window_s: float = 0.5) -> tuple[Sound, Sound]:
    """Return frequencies (Hz) and power of both ears (dB per bin; Welch's method with Hann windows)."""
    size = round(window_s * sfreq)
    pieces = sound[: len(sound) // size * size].reshape(-1, size, 2) * np.hanning(size)[None, :, None]
    power = np.mean(np.abs(fft.rfft(pieces, axis=1)) ** 2, axis=(0, 2)) * 16 / 3 / size**2
    return fft.rfftfreq(size, 1 / sfreq), 10 * np.log10(power + 1e-20)


def envelope(sound: NDArray[np.floating], sfreq: int, band_hz: tuple[float, float]) -> Sound:
    """Return the Hilbert envelope of a band of one ear, at `ENVELOPE_HZ`, relative to its mean."""
    whole = fft.rfft(np.asarray(sound, np.float64))
    per_hz = len(sound) / sfreq
    band = whole[round(band_hz[0] * per_hz) : round(band_hz[1] * per_hz)]
    analytic = fft.ifft(band, fft.next_fast_len(3 * len(band)))  # its magnitude has overtones, which must not alias
    slow = fft.rfft(np.abs(analytic))[: round(ENVELOPE_HZ / 2 * per_hz)]
    trace = fft.irfft(slow, round(ENVELOPE_HZ * per_hz))
    return trace / trace.mean()


def strongest_line_db(sound: NDArray[np.floating], sfreq: int, band_hz: tuple[float, float] = BANDS_HZ[0]) -> float:
    """Return by how much the highest line of the envelope's spectrum (2-45 Hz) stands above its neighbours, dB."""
    hz, power = modulation_spectrum(sound, sfreq, band_hz)
    power = power + _INAUDIBLE_DEPTH**2 / 2
    worst = -np.inf
    for centre in np.flatnonzero((hz >= EEG_HZ[0]) & (hz <= EEG_HZ[1])):
        distance = np.abs(hz - hz[centre])
        near = (distance >= _NEIGHBOURS_HZ[0]) & (distance <= _NEIGHBOURS_HZ[1]) & (hz >= 0.75)
        left, right = (np.median(power[near & side]) for side in (hz < hz[centre], hz > hz[centre]))
        worst = max(worst, 10 * float(np.log10(power[centre] / np.sqrt(left * right))))
    return worst


def modulation_spectrum(sound: NDArray[np.floating], sfreq: int, band_hz: tuple[float, float]) -> tuple[Sound, Sound]:
    """Return frequencies (Hz) and power of an ear's envelope, relative to the square of its mean."""
    trace, size = envelope(sound, sfreq, band_hz), round(_WINDOW_S * ENVELOPE_HZ)
    starts = range(0, len(trace) - size + 1, size // 2)
    pieces = np.stack([(trace[start : start + size] - 1) * np.hanning(size) for start in starts])
    power = np.mean(np.abs(fft.rfft(pieces, axis=1)) ** 2, axis=0) * 16 / 3 / size**2
    return fft.rfftfreq(size, 1 / ENVELOPE_HZ), power


def loop_correlation(sound: NDArray[np.floating], sfreq: int, lags_s: tuple[float, float]) -> Sound:
    """Return the normalized autocorrelation of one ear at every lag between two limits (s)."""
    x = np.asarray(sound, np.float32) - np.float32(np.mean(sound))
    size = fft.next_fast_len(2 * len(x), real=True)
    spectrum_of_x = fft.rfft(x, size)
    products = fft.irfft(spectrum_of_x.real**2 + spectrum_of_x.imag**2, size)
    lags = np.arange(round(lags_s[0] * sfreq), min(round(lags_s[1] * sfreq), len(x) * 3 // 4))
    energy = np.concatenate(([0.0], np.cumsum(x.astype(np.float64) ** 2)))
    return products[lags] / np.sqrt(energy[len(x) - lags] * (energy[-1] - energy[lags]))


def band_loudness(sound: NDArray[np.floating], sfreq: int, band_hz: tuple[float, float]) -> float:
    """Return the loudness (LUFS) of a band alone."""
    whole = fft.rfft(np.asarray(sound, np.float64), axis=0)
    hz = fft.rfftfreq(len(sound), 1 / sfreq)
    whole[(hz < band_hz[0]) | (hz > band_hz[1])] = 0
    return loudness(fft.irfft(whole, len(sound), axis=0), sfreq=sfreq)


def share_below(sound: NDArray[np.floating], sfreq: int, hz: float) -> float:
    """Return the share of the power below a frequency."""
    at, decibels = spectrum(sound, sfreq)
    power = 10 ** (decibels / 10)
    return float(power[at < hz].sum() / power.sum())
