"""Stillness of the head, second by second, from accelerometer and gyroscope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.processing.body.rhythm import Floats, fill_missing

STILL_G = 0.02
"""Largest acceleration of a still second, RMS above 0.5 Hz, g: heartbeat and sensor noise reach a few thousandths."""

STILL_DPS = 5.0
"""Largest angular rate of a still second, RMS, degrees/s; slow breath turns a head by less than one."""

_HIGH_PASS_HZ = 0.5
_GRAVITY_G = (0.5, 1.5)  # a sensor that reads less or more is dead or has another scale
_MIN_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Motion of the head in seconds.

    Parameters
    ----------
    start_s : float
        Time of the first second since the recording's first sample, s.
    accel_rms : ndarray, shape (n_seconds,)
        RMS of the acceleration above 0.5 Hz, g; NaN where it is not known.
    still : ndarray of bool, shape (n_seconds,)
        Whether the head was still; False where it is not known.
    """

    start_s: float
    accel_rms: Floats
    still: NDArray[np.bool_]

    def still_share(self, start_s: float, stop_s: float) -> float | None:
        """Return the share of known seconds in a stretch that were still; None where none is known."""
        first = max(0, round(start_s - self.start_s))
        inside = slice(first, max(first, round(stop_s - self.start_s)))
        known = np.isfinite(self.accel_rms[inside])
        return float(self.still[inside][known].mean()) if known.any() else None


def measure_motion(accel_g: Floats, gyro_dps: Floats | None, sfreq: float, start_s: float) -> Motion | None:
    """Return the motion of each whole second; None with less than two seconds.

    Parameters
    ----------
    accel_g : ndarray, shape (3, n_samples)
        Acceleration with gravity, g; NaN for missing samples.
    gyro_dps : ndarray, shape (3, n_samples), optional
        Angular rate, degrees/s.
    sfreq : float
        Hz.
    start_s : float
        Time of the first sample since the recording's first sample, s.
    """
    n_samples = int(accel_g.shape[1])
    n_seconds = int(n_samples / sfreq)
    if n_seconds < _MIN_S:
        return None
    second = np.floor(np.arange(n_samples) / sfreq).astype(np.int64)
    inside = second < n_seconds
    sos = signal.butter(2, _HIGH_PASS_HZ, "highpass", fs=sfreq, output="sos")
    filled = np.array([fill_missing(axis) for axis in accel_g])
    fast = np.asarray(signal.sosfiltfilt(sos, filled, axis=1), np.float64)
    rms = _second_rms(fast, second, inside)
    size = np.sqrt(_second_means(np.sum(filled**2, axis=0), second, inside))
    missing = _second_means((~np.isfinite(accel_g)).any(axis=0).astype(float), second, inside)
    known = (missing < 1.0) & (size > _GRAVITY_G[0]) & (size < _GRAVITY_G[1])
    still = known & (rms < STILL_G)
    if gyro_dps is not None:
        turning = np.array([fill_missing(axis) for axis in gyro_dps])
        turning -= np.median(turning, axis=1, keepdims=True)  # a gyroscope at rest has an offset
        still &= _second_rms(turning, second, inside) < STILL_DPS
    return Motion(start_s, np.where(known, rms, np.nan), still)


def _second_rms(values: Floats, second: NDArray[np.int64], inside: NDArray[np.bool_]) -> Floats:
    return np.sqrt(_second_means(np.sum(values**2, axis=0), second, inside))


def _second_means(values: Floats, second: NDArray[np.int64], inside: NDArray[np.bool_]) -> Floats:
    return np.bincount(second[inside], values[inside]) / np.bincount(second[inside])
