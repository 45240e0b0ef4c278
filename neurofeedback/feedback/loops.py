"""Raw material of sound: seamless stereo loops of noise and partials.

A loop is ``(n_samples, 2)`` and is made in the frequency domain, where everything repeats after exactly
``n_samples``: its end runs into its beginning without a seam.
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
    """One sinusoid. ``swirl`` is the share that wanders between the ears at ``pan_hz``."""

    hz: float
    level: float
    pan_depth: float
    pan_hz: float


def noise_loop(rng: Generator, n_samples: int, sfreq: float, curve: SpectrumCurve, *, stereo_width: float) -> Loop:
    """Steady noise of a given colour, rms 1.

    Parameters
    ----------
    rng : Generator
        Source of the phases.
    n_samples : int
        Length of the loop.
    sfreq : float
        Sampling rate of the sound, Hz.
    curve : tuple of (Hz, dB)
        Spectrum by rising breakpoints, joined in log frequency; silent outside.
    width : float
        0 is the same in both ears, 1 is as wide as it gets.
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
    """Read a curve at these frequencies (Hz); its ends go on level."""
    points = np.array(curve, np.float64)
    return np.interp(np.log(hz), np.log(points[:, 0]), points[:, 1])


def partials_loop(rng: Generator, n_samples: int, sfreq: float, tones: tuple[Partial, ...]) -> Loop:
    """Sinusoids with a slow swirl; what leaves one ear enters the other, so the power never moves.

    Frequencies are rounded to whole cycles of the loop; those above its Nyquist frequency are left out.
    """
    spectrum = np.zeros((2, n_samples // 2 + 1), np.complex128)
    for tone in tones:
        cycles = round(tone.hz * n_samples / sfreq)
        wander = cycles + round(tone.pan_hz * n_samples / sfreq)
        if wander < n_samples // 2:
            phase, offset = np.exp(2j * np.pi * rng.random(2))
            spectrum[:, cycles] += tone.level * phase
            spectrum[:, wander] += tone.level * tone.pan_depth * offset * np.array([1, -1])
    return (np.fft.irfft(spectrum, n_samples) * (n_samples / 2)).T.astype(np.float32, order="C")


def swell_loop(rng: Generator, n_samples: int, sfreq: float, *, slowest_s: float, fastest_s: float) -> Loop:
    """Slow random movement of rms 1 for both ears together, with periods between the two (s)."""
    return noise_loop(rng, n_samples, sfreq, ((1 / slowest_s, 0.0), (1 / fastest_s, -6.0)), stereo_width=0.25)


def unit_rms(loop: NDArray[np.floating]) -> Loop:
    """Scale a loop to rms 1 over both ears."""
    return (loop / np.sqrt(np.mean(np.square(loop, dtype=np.float64)))).astype(np.float32)


def soft_limit(x: NDArray[np.floating], ceiling: float) -> NDArray[np.floating]:
    """Leave alone what is below the knee; bend the rest so that nothing passes the ceiling.

    Examples
    --------
    >>> limit(np.array([0.1, -0.5, 50.0]), 1.0).round(2)
    array([ 0.1, -0.5,  1. ])
    """
    over = np.maximum(np.abs(x) / ceiling - LIMITER_KNEE, 0) / (1 - LIMITER_KNEE)
    bent = ceiling * (LIMITER_KNEE + (1 - LIMITER_KNEE) * over / (1 + over))
    return np.where(over > 0, np.copysign(bent, x), x)
