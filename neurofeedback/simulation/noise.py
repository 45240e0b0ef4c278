"""Random processes of the simulated meditator: seeded, and stationary from the first sample.

Amplitudes follow from formulas, not from the SD of the drawn samples, so that the power spectrum of a piece of signal
does not depend on its length and rate.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]

FLATTEN_BELOW_HZ = 1.0  # recorded Muse spectra are flat below this or a higher frequency


class RandomStream(IntEnum):
    """Random number streams, one for each process, so that switching one off does not change the others."""

    PERSON = 1
    STATES = 2
    APERIODIC = 3
    ALPHA = 4
    THETA = 5
    BETA = 6
    BAND_DRIFT = 7
    TIREDNESS = 8
    BLINKS = 9
    EYES = 10
    BURSTS = 11
    POPS = 12
    BROKEN = 13
    MUSCLE_NOISE = 14
    BROKEN_NOISE = 15
    TONIC = 16
    ELECTRODES = 17
    MAINS = 18
    LINK = 19
    JITTER = 20
    BURSTING = 21
    HUM = 22
    ANSWERS = 23
    PRESSES = 24
    RESPONSE = 25
    SESSION_SHIFT = 26
    TRIALS = 27
    OUTAGES = 28
    NYSTAGMUS = 29


def rng_for(seed: int, stream: RandomStream, part: int = 0) -> np.random.Generator:
    """Return the generator of one stream, or of a numbered part of it."""
    return np.random.default_rng((seed, int(stream), part))


def ornstein_uhlenbeck(n_samples: int, *, tau_s: float, sfreq: float, rng: np.random.Generator) -> Floats:
    """Draw an Ornstein-Uhlenbeck process of mean 0 and standard deviation 1, stationary from its first sample.

    A longer draw from the same generator state starts with the shorter one.
    """
    decay = float(np.exp(-1.0 / (tau_s * sfreq)))
    innovations = rng.standard_normal(n_samples)
    innovations[1:] *= np.sqrt(1.0 - decay**2)
    return np.asarray(lfilter([1.0], [1.0, -decay], innovations), dtype=np.float64)


def power_law(freqs: Floats, exponent: float, *, l_freq: float = 2.0, h_freq: float = 40.0) -> Floats:
    """Return the amplitude of each frequency bin for a PSD f^-exponent with unit rms between two frequencies.

    The PSD is flat below 1 Hz and 0 at 0 Hz.

    Examples
    --------
    >>> amplitude = power_law(np.arange(0.0, 64.0, 0.5), 1.35)
    >>> float((amplitude[4:81] ** 2).sum().round(12))
    1.0
    """
    amplitude = np.maximum(freqs, FLATTEN_BELOW_HZ) ** (-exponent / 2.0)
    amplitude[freqs == 0.0] = 0.0
    inside = (freqs >= l_freq) & (freqs <= h_freq)
    return amplitude / np.sqrt(np.sum(amplitude[inside] ** 2))


def flat_band(freqs: Floats, l_freq: float, h_freq: float) -> Floats:
    """Return the amplitude of each frequency bin for white noise of unit rms between two frequencies."""
    inside = (freqs >= l_freq) & (freqs <= h_freq)
    return inside / np.sqrt(np.count_nonzero(inside))


def shaped_noise(amplitude: Floats, n_samples: int, n_channels: int, rng: np.random.Generator) -> Floats:
    """Draw Gaussian noise with the given rms in each frequency bin, periodic in ``n_samples``.

    Parameters
    ----------
    amplitude : array, shape (n_samples // 2 + 1,)
        Rms of each bin, uV.

    Returns
    -------
    array, shape (n_channels, n_samples)
    """
    normal = rng.standard_normal((n_channels, 2, amplitude.size))
    return np.fft.irfft((normal[:, 0] + 1j * normal[:, 1]) * (amplitude * n_samples / 2.0), n_samples, axis=-1)


def narrow_band(n_samples: int, *, bandwidth_hz: float, sfreq: float, rng: np.random.Generator) -> Complexes:
    """Draw the complex envelope of an oscillation whose real part has unit rms: a complex AR(1), periodic.

    Its spectrum is the Lorentzian-like |1 - r exp(-i w)|^-2 with r = exp(-pi bandwidth / sfreq).
    """
    decay = np.exp(-np.pi * bandwidth_hz / sfreq)
    omega = 2.0 * np.pi * np.fft.fftfreq(n_samples)
    amplitude = 1.0 / np.abs(1.0 - decay * np.exp(-1j * omega))
    amplitude /= np.sqrt(np.sum(amplitude**2))
    normal = rng.standard_normal((2, n_samples))
    return np.fft.ifft((normal[0] + 1j * normal[1]) * (amplitude * n_samples))


def band_gain(freqs: Floats, l_freq: float, h_freq: float) -> Floats:
    """Return the zero-phase gain of a third-order Butterworth band-pass run forward and backward.

    Examples
    --------
    >>> band_gain(np.array([0.0, 8.0, 10.2, 60.0]), 8.0, 13.0).round(3).tolist()
    [0.0, 0.5, 1.0, 0.0]
    """
    safe = np.maximum(freqs, 1e-6)
    detuning = (safe**2 - l_freq * h_freq) / (safe * (h_freq - l_freq))
    return 1.0 / (1.0 + detuning**6)
