"""Sources of the EEG in independent pieces of 64 s that overlap by 2 s and are crossfaded.

All sources are made at one common rate and resampled to the device's rate in the frequency domain, so the same seed
gives the same signal at any rate. The pieces fade with a quarter sine, so the joined signal has constant power.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.simulation.disturbances import NO_SHIFT, SessionShift
from neurofeedback.simulation.noise import (
    FLATTEN_BELOW_HZ,
    RandomStream,
    band_gain,
    flat_band,
    narrow_band,
    power_law,
    rng_for,
    shaped_noise,
)
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.scalp import ScalpGains
from neurofeedback.simulation.slow_processes import BANDS, BANDWIDTH_HZ, LEAD_S, SlowProcesses, interpolate
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]

SOURCE_HZ = 512
PIECE_S = 64
FADE_S = int(LEAD_S)
STEP_S = PIECE_S - FADE_S

LAYERS = ("brain", *BANDS, "chi", "muscle", "broken")
GAMMA_LAYER = len(LAYERS)
"""One more layer, made only for sessions whose gamma changes within them."""
BAND_HZ = {"delta": (1.5, 4.0), "theta": (4.0, 7.5), "alpha": (8.0, 13.0), "beta": (14.0, 28.0), "gamma": (30.0, 45.0)}
_COMMON_SHARE = 0.45
_TILT_PIVOT_HZ = 9.0
_MUSCLE_HZ = (20.0, 110.0)
_BROKEN_CHI = 0.6
_BROKEN_HZ = (1.0, 100.0)
_N_SOURCE = PIECE_S * SOURCE_HZ
_FREQS = np.arange(_N_SOURCE // 2 + 1) / PIECE_S


def _fade() -> Floats:
    """Return a window with quarter sines at both ends; their squares add up to 1 where two pieces overlap."""
    n_fade = FADE_S * SOURCE_HZ
    ramp = np.sin(0.5 * np.pi * (np.arange(n_fade) + 0.5) / n_fade)
    return np.concatenate([ramp, np.ones(_N_SOURCE - 2 * n_fade), ramp[::-1]])


_FADE = _fade()
_BAND_GAINS = [band_gain(_FREQS, *BAND_HZ[band]) for band in BANDS]
_GAMMA_GAIN = band_gain(_FREQS, *BAND_HZ["gamma"])
_TILT = -0.5 * np.log(np.maximum(_FREQS, FLATTEN_BELOW_HZ) / _TILT_PIVOT_HZ)
_MUSCLE = flat_band(_FREQS, *_MUSCLE_HZ)
_BROKEN = power_law(_FREQS, _BROKEN_CHI, l_freq=_BROKEN_HZ[0], h_freq=_BROKEN_HZ[1])


def check_rate(sfreq: float) -> int:
    """Return the sampling rate as an integer.

    Raises
    ------
    SettingsError
        The rate is not a whole number of Hz, or too low for beta and the aperiodic fit.
    """
    if not 100 <= sfreq <= 4096 or sfreq != int(sfreq):
        raise SettingsError(tr(texts.SFREQ), got=f"{sfreq} Hz", allowed=tr(texts.SFREQ_ALLOWED))
    return int(sfreq)


@dataclass(frozen=True, slots=True, eq=False)
class HeadModel:
    """Everything that determines the signal of the brain."""

    person: Person
    scalp: ScalpGains
    drifts: SlowProcesses
    seed: int
    shift: SessionShift = NO_SHIFT
    with_gamma: bool = False


def _shift_gain(shift: SessionShift) -> Floats:
    """Return the gain of each frequency for a session whose bands are shifted throughout."""
    gain = np.ones(_FREQS.size)
    for band, edges_hz in BAND_HZ.items():
        gain += np.expm1(0.5 * getattr(shift, band)) * band_gain(_FREQS, *edges_hz)
    return gain


def draw_piece(head: HeadModel, number: int, sfreq: int) -> Floats:
    """Draw one piece, faded at both ends; it depends only on the arguments.

    Piece ``number`` starts ``number * STEP_S - FADE_S`` seconds into the session.

    Returns
    -------
    array, shape (n_layers, n_channels, n_samples)
        The layers named by ``LAYERS``, and gamma's if wanted: the brain's signal
        without changes of band power (uV), the contribution of
        each band to it (uV), the change for an exponent larger by 1 (uV), and noise of rms 1 for muscle and for
        broken electrodes.
    """
    times = number * STEP_S - FADE_S + np.arange(_N_SOURCE) / SOURCE_HZ
    gain = _shift_gain(head.shift)
    still = _spectrum(_aperiodic(head, number)) * gain
    brain = still + _spectrum(_oscillations(head, number, times)) * gain
    n_channels = head.scalp.alpha.size
    muscle = shaped_noise(_MUSCLE, _N_SOURCE, n_channels, rng_for(head.seed, RandomStream.MUSCLE_NOISE, number))
    broken = shaped_noise(_BROKEN, _N_SOURCE, n_channels, rng_for(head.seed, RandomStream.BROKEN_NOISE, number))
    layers = [brain, *(brain * gain for gain in _BAND_GAINS), still * _TILT, _spectrum(muscle), _spectrum(broken)]
    if head.with_gamma:
        layers.append(brain * _GAMMA_GAIN)
    return np.stack([_at_rate(layer, sfreq) for layer in layers])


def _aperiodic(head: HeadModel, number: int) -> Floats:
    size_uv = head.scalp.aperiodic_uv
    rng = rng_for(head.seed, RandomStream.APERIODIC, number)
    drawn = shaped_noise(power_law(_FREQS, head.person.chi + head.shift.chi), _N_SOURCE, 1 + size_uv.size, rng)
    return size_uv * (np.sqrt(_COMMON_SHARE) * drawn[:1] + np.sqrt(1.0 - _COMMON_SHARE) * drawn[1:])


def _oscillations(head: HeadModel, number: int, times: Floats) -> Floats:
    person, scalp = head.person, head.scalp
    sources = (
        ("theta", person.theta_uv * scalp.theta, RandomStream.THETA),
        ("alpha", person.alpha_uv * scalp.alpha, RandomStream.ALPHA),
        ("beta", person.beta_uv * scalp.beta, RandomStream.BETA),
    )
    total = np.zeros((scalp.alpha.size, times.size))
    for name, size_uv, draw in sources:
        rng = rng_for(head.seed, draw, number)
        envelope = narrow_band(times.size, bandwidth_hz=BANDWIDTH_HZ[name], sfreq=SOURCE_HZ, rng=rng)
        carrier = np.exp(2j * np.pi * interpolate(head.drifts.phase_cycles[name], times))
        total += size_uv * ((envelope * carrier).real * interpolate(head.drifts.envelope[name], times))
    return total


def _spectrum(signal: Floats) -> Complexes:
    return np.fft.rfft(signal * _FADE, axis=-1)


def _at_rate(spectrum: Complexes, sfreq: int) -> Floats:
    """Return the signal of a spectrum at another rate, without frequencies above half that rate."""
    n_samples = PIECE_S * sfreq
    in_range = spectrum[..., : (n_samples + 1) // 2]
    return np.fft.irfft(in_range, n_samples, axis=-1) * (n_samples / _N_SOURCE)
