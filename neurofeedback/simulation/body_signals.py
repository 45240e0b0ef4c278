"""Simulated pulse sensor and accelerometer of a headset, with the times of all beats and breaths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

PULSE_SFREQ, ACCEL_SFREQ = 64.0, 52.0
"""Rates of a Muse's pulse sensor and accelerometer, Hz."""

Floats = NDArray[np.float64]

_LEVEL, _PULSE = 200_000.0, 1_000.0  # counts
_BREATH_LEVEL, _BREATH_HEIGHT, _BREATH_INTERVAL = 0.6, 0.2, 0.03  # of the pulse's height, and of the interval
_INTERVAL_SD, _BREATH_SD = 0.01, 0.08
_TILT_G, _SENSOR_NOISE_G = 0.006, 0.002
_BURST_S = 5.0
_BURST_PULSES, _BURST_G = 4.0, 0.12
_WALK_HZ, _WALK_G, _WALK_PULSES = 1.8, 0.2, 3.0


@dataclass(frozen=True, slots=True)
class BodyState:
    """Rates a minute, and what disturbs the sensors.

    Parameters
    ----------
    heart_rate, breath_rate : float
        Mean rates, a minute. The heart follows the breath, by 3 % of its interval.
    noise : float
        SD of the pulse sensor's noise, in heights of the pulse.
    moving_share : float
        Share of time with movements of 5 s, 0 to 1.
    walking : bool
        Steps, 108 a minute, in both sensors.
    """

    heart_rate: float = 66.0
    breath_rate: float = 13.0
    noise: float = 0.05
    moving_share: float = 0.0
    walking: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BodySignals:
    """Signals of one stretch, from time 0.

    Parameters
    ----------
    pulse : ndarray, shape (1, n_samples)
        Counts, at ``PULSE_SFREQ``.
    accel : ndarray, shape (3, n_samples)
        g, at ``ACCEL_SFREQ``.
    beats_s, breaths_s : ndarray
        Time of each beat, and of the end of each breath in, s.
    """

    pulse: Floats
    accel: Floats
    beats_s: Floats
    breaths_s: Floats

    def true_rate(self, times_s: Floats, start_s: float, stop_s: float) -> float:
        """Return the rate (a minute) of events over a stretch, by those next to its ends."""
        first, last = np.searchsorted(times_s, start_s) - 1, np.searchsorted(times_s, stop_s)
        return float(60 * (last - first) / (times_s[last] - times_s[first]))


def simulate_body(duration_s: float, state: BodyState, seed: int) -> BodySignals:
    """Simulate a pulse sensor and an accelerometer.

    Examples
    --------
    >>> signals = simulate_body(60.0, BodyState(heart_rate=60.0), seed=1)
    >>> round(signals.true_rate(signals.beats_s, 0.0, 60.0))
    60
    """
    rng = np.random.default_rng([seed, 71])
    breath_lengths = 60 / state.breath_rate * (1 + _BREATH_SD * rng.standard_normal(int(duration_s) + 9))
    breaths_s = np.cumsum(breath_lengths) - 2 * breath_lengths[0]
    beats_s = _beats(duration_s, state, breaths_s, rng)
    pulse_s, accel_s = (np.arange(round(duration_s * sfreq)) / sfreq for sfreq in (PULSE_SFREQ, ACCEL_SFREQ))
    bursts = rng.random(int(duration_s / _BURST_S) + 1) < state.moving_share
    pulse = _pulse_wave(pulse_s, beats_s, breaths_s)
    pulse += state.noise * rng.standard_normal(pulse_s.size)
    pulse += _BURST_PULSES * _movement(pulse_s, bursts, PULSE_SFREQ, rng)[0]
    tilt = _TILT_G * _breath(accel_s, breaths_s)
    accel = np.stack([tilt, 0.5 * tilt, np.sqrt(1 - tilt**2)])
    accel += _SENSOR_NOISE_G * rng.standard_normal(accel.shape)
    accel += _BURST_G * _movement(accel_s, bursts, ACCEL_SFREQ, rng, 3)
    if state.walking:
        pulse += _WALK_PULSES * np.sin(2 * np.pi * _WALK_HZ * pulse_s)
        accel[2] += _WALK_G * np.sin(2 * np.pi * _WALK_HZ * accel_s)
    return BodySignals(np.asarray(np.round(_LEVEL + _PULSE * pulse), np.float64)[None], accel, beats_s, breaths_s)


def _beats(duration_s: float, state: BodyState, breaths_s: Floats, rng: np.random.Generator) -> Floats:
    times = [-2.0]
    while times[-1] < duration_s + 5:
        follow = 1 - _BREATH_INTERVAL * float(_breath(np.array([times[-1]]), breaths_s)[0])
        times.append(times[-1] + 60 / state.heart_rate * follow * (1 + _INTERVAL_SD * float(rng.standard_normal())))
    return np.array(times)


def _breath(at_s: Floats, breaths_s: Floats) -> Floats:
    """Return the filling of the lungs, -1 to 1, with a maximum at each time of ``breaths_s``."""
    return np.cos(2 * np.pi * np.interp(at_s, breaths_s, np.arange(breaths_s.size)))


def _pulse_wave(at_s: Floats, beats_s: Floats, breaths_s: Floats) -> Floats:
    """Return less light at each beat, with a second, smaller wave; level and height follow the breath."""
    place = np.clip(np.searchsorted(beats_s, at_s, side="right") - 1, 0, beats_s.size - 2)
    share = (at_s - beats_s[place]) / np.diff(beats_s)[place]
    wave = np.exp(-0.5 * ((share - 0.3) / 0.1) ** 2) + 0.3 * np.exp(-0.5 * ((share - 0.65) / 0.1) ** 2)
    breath = _breath(at_s, breaths_s)
    return _BREATH_LEVEL * breath - wave * (1 + _BREATH_HEIGHT * breath)


def _movement(
    at_s: Floats, bursts: NDArray[np.bool_], sfreq: float, rng: np.random.Generator, n_rows: int = 1
) -> Floats:
    sos = signal.butter(2, (0.5, 5.0), "bandpass", fs=sfreq, output="sos")
    shaken = np.asarray(signal.sosfilt(sos, rng.standard_normal((n_rows, at_s.size)), axis=1), np.float64)
    return shaken / shaken.std(axis=1, keepdims=True) * bursts[(at_s / _BURST_S).astype(int)]
