"""Seamless stereo loops of noise and sinusoids.

A loop is ``(n_samples, 2)``. It is made in the frequency domain, so it is exactly periodic in ``n_samples``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Loop = NDArray[np.float32]
SpectrumCurve = tuple[tuple[float, float], ...]

LIMITER_KNEE = 0.8


@dataclass(frozen=True, slots=True)
class Partial:
    """One sinusoid; the share ``pan_depth`` of it pans between the ears at ``pan_hz``."""

    hz: float
    level: float
    pan_depth: float
    pan_hz: float


def noise_loop(rng: Generator, n_samples: int, sfreq: float, curve: SpectrumCurve, *, stereo_width: float) -> Loop:
    """Return stationary noise with a given spectrum, rms 1.

    Parameters
    ----------
    rng : Generator
        Random generator of the phases.
    n_samples : int
        Length of the loop.
    sfreq : float
        Sampling rate of the sound, Hz.
    curve : tuple of (Hz, dB)
        Spectrum as rising breakpoints, interpolated over log frequency; zero outside.
    stereo_width : float
        0 is the same signal in both ears, 1 is the widest.
    """
    magnitude = _magnitude(n_samples, sfreq, curve)
    phase = rng.uniform(0, 2 * np.pi, (2, magnitude.size))
    middle, side = np.fft.irfft(magnitude * np.exp(1j * phase), n_samples)
    return unit_rms(np.stack((middle + stereo_width * side, middle - stereo_width * side), axis=1))


def _magnitude(n_samples: int, sfreq: float, curve: SpectrumCurve) -> NDArray[np.float64]:
    hz = np.arange(1, n_samples // 2 + 1) * (sfreq / n_samples)
    magnitude = np.zeros(n_samples // 2 + 1)
    inside = (hz >= curve[0][0]) & (hz <= curve[-1][0])
    magnitude[1:][inside] = 10 ** (decibels_at(hz[inside], curve) / 20)
    return magnitude


def decibels_at(hz: NDArray[np.floating], curve: SpectrumCurve) -> NDArray[np.float64]:
    """Return a curve (dB) at these frequencies (Hz); it is constant beyond its ends."""
    points = np.array(curve, np.float64)
    return np.interp(np.log(hz), np.log(points[:, 0]), points[:, 1])


def partials_loop(rng: Generator, n_samples: int, sfreq: float, tones: tuple[Partial, ...]) -> Loop:
    """Return sinusoids that pan slowly between the ears at constant total power.

    Frequencies are rounded to whole cycles of the loop; those above its Nyquist frequency are omitted.
    """
    spectrum = np.zeros((2, n_samples // 2 + 1), np.complex128)
    for tone in tones:
        cycles = round(tone.hz * n_samples / sfreq)
        panned = cycles + round(tone.pan_hz * n_samples / sfreq)
        if panned < n_samples // 2:
            phase, offset = np.exp(2j * np.pi * rng.random(2))
            spectrum[:, cycles] += tone.level * phase
            spectrum[:, panned] += tone.level * tone.pan_depth * offset * np.array([1, -1])
    return (np.fft.irfft(spectrum, n_samples) * (n_samples / 2)).T.astype(np.float32, order="C")


def unit_rms(loop: NDArray[np.floating]) -> Loop:
    """Return a loop scaled to rms 1 over both ears."""
    return (loop / np.sqrt(np.mean(np.square(loop, dtype=np.float64)))).astype(np.float32)


def soft_limit(x: NDArray[np.floating], ceiling: float) -> NDArray[np.floating]:
    """Return a signal limited to a ceiling: unchanged below the knee, compressed above it.

    Examples
    --------
    >>> soft_limit(np.array([0.1, -0.5, 50.0]), 1.0).round(2)
    array([ 0.1, -0.5,  1. ])
    """
    over = np.maximum(np.abs(x) / ceiling - LIMITER_KNEE, 0) / (1 - LIMITER_KNEE)
    limited = ceiling * (LIMITER_KNEE + (1 - LIMITER_KNEE) * over / (1 + over))
    return np.where(over > 0, np.copysign(limited, x), x)
