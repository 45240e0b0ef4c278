"""Spectra of the last seconds for the researcher's window: plain arrays in and out. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
WINDOW_S = 2.0
SHOWN_HZ = (1.0, 45.0)
ALPHA_HZ = (8.0, 13.0)
_MIN_UV2 = 1e-6


def spectrum_db(segments: Sequence[Floats], sfreq: float) -> tuple[Floats, Floats]:
    """Power density of the last seconds, averaged over half-overlapping windows (Welch 1967).

    Parameters
    ----------
    segments : sequence of ndarray, each (n_channels, n_samples)
        Signal in uV, in order; windows with a gap (NaN) are left out.
    sfreq : float
        Samples a second, Hz.

    Returns
    -------
    freqs : ndarray, shape (n_freqs,)
        Hz.
    levels : ndarray, shape (n_channels, n_freqs)
        dB of uV^2/Hz; NaN for a channel without a whole window.

    Examples
    --------
    >>> times = np.arange(1024) / 256
    >>> freqs, levels = spectrum_db([10 * np.sin(2 * np.pi * 10 * times)[None]], 256.0)
    >>> float(freqs[np.argmax(levels[0])])
    10.0
    """
    n_window = round(WINDOW_S * sfreq)
    freqs = np.fft.rfftfreq(n_window, 1 / sfreq)
    shown = (freqs >= SHOWN_HZ[0]) & (freqs <= SHOWN_HZ[1])
    signal = np.concatenate(segments, axis=1) if segments else np.zeros((0, 0))
    if signal.shape[1] < n_window:
        return freqs[shown], np.full((signal.shape[0], int(shown.sum())), np.nan)
    taper = np.hanning(n_window + 1)[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(signal, n_window, axis=1)[:, :: n_window // 2]
    windows = windows - windows.mean(axis=2, keepdims=True)
    power = 2 * np.abs(np.fft.rfft(windows * taper, axis=2)) ** 2 / (sfreq * (taper**2).sum())
    return freqs[shown], 10 * np.log10(_mean_of_complete(power)[:, shown] + _MIN_UV2)


def alpha_db(freqs: Floats, levels: Floats) -> Floats:
    """Return the mean level in the alpha band of each channel, dB, shape (n_channels,)."""
    inside = (freqs >= ALPHA_HZ[0]) & (freqs <= ALPHA_HZ[1])
    return levels[:, inside].mean(axis=1)


def scalp_map(places: Floats, values: Floats, size: int = 48) -> Floats:
    """Spread values of electrodes over a head seen from above, by inverse square distance (Shepard 1968).

    Parameters
    ----------
    places : ndarray, shape (n_channels, 2)
        Positions on the head, its rim at 1; x to the right, y to the front.
    values : ndarray, shape (n_channels,)
        One value an electrode; NaN where there is none.

    Returns
    -------
    ndarray, shape (size, size)
        The first row is the front; NaN outside the head.
    """
    valid = np.isfinite(values)
    axis = np.linspace(-1, 1, size)
    x, y = np.meshgrid(axis, -axis)
    outside = x**2 + y**2 > 1
    if not valid.any():
        return np.full((size, size), np.nan)
    distance2 = (x[..., None] - places[valid, 0]) ** 2 + (y[..., None] - places[valid, 1]) ** 2
    weights = 1 / (distance2 + 0.01)
    spread = (weights * values[valid]).sum(axis=2) / weights.sum(axis=2)
    return np.where(outside, np.nan, spread)


def _mean_of_complete(power: Floats) -> Floats:
    """Average over windows (axis 1) without gaps; NaN where there is none."""
    complete = np.isfinite(power).all(axis=2, keepdims=True)
    count = complete.sum(axis=1)
    return np.where(count, np.where(complete, power, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
