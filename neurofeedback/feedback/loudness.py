"""Loudness by ITU-R BS.1770-5.

The K-weighted mean square is a sum over spectra of blocks, so that no filter has to settle.
The standard's gate is left out: backgrounds have no passages 10 LU below the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OFFSET_DB = -0.691
_BLOCK = 1 << 15

# Annex 1, tables 1 and 2, as their analogue prototypes: a high shelf for the head, a high-pass for the ear.
_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_SHELF_SLOPE = 0.4996667741545416
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773


def k_weight(hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the power gain of the K-weighting at each frequency (Hz).

    Examples
    --------
    >>> (10 * np.log10(k_weight(np.array([997.0, 10000.0]))) + OFFSET_DB).round(2)
    array([-0.04,  3.31])
    """
    return _shelf(hz) * _high_pass(hz)


def loudness(*loops: NDArray[np.floating], sfreq: float) -> float:
    """Return the loudness of uncorrelated loops played together, LUFS.

    Parameters
    ----------
    *loops : ndarray, shape (n_samples, 2)
        Stereo loops, full scale 1; their lengths may differ.
    sfreq : float
        Sampling rate of the sound, Hz.

    Returns
    -------
    float
        -0.691 + 10 log10 of the K-weighted mean squares of both ears; minus infinity for silence.
    """
    power = sum(_weighted_power(loop, sfreq) for loop in loops)
    return OFFSET_DB + 10 * float(np.log10(power)) if power > 0 else -np.inf


def _weighted_power(sound: NDArray[np.floating], sfreq: float) -> float:
    """Return the K-weighted mean square of both ears, from blocks of two thirds of a second."""
    n_blocks = -(-len(sound) // _BLOCK)
    blocks = np.zeros((n_blocks * _BLOCK, 2), sound.dtype)
    blocks[: len(sound)] = sound
    weights = k_weight(np.fft.rfftfreq(_BLOCK, 1 / sfreq))
    weights[1:-1] *= 2
    power = 0.0
    for block in blocks.reshape(n_blocks, _BLOCK, 2):
        spectrum = np.fft.rfft(block.T, axis=1)
        power += float(np.dot((spectrum.real**2 + spectrum.imag**2).sum(axis=0), weights))
    return power / _BLOCK / len(sound)


def _shelf(hz: NDArray[np.floating]) -> NDArray[np.float64]:
    top, middle = 10 ** (_SHELF_DB / 20), 10 ** (_SHELF_DB / 20 * _SHELF_SLOPE)
    x = (hz / _SHELF_HZ) ** 2
    return ((1 - top * x) ** 2 + x * (middle / _SHELF_Q) ** 2) / ((1 - x) ** 2 + x / _SHELF_Q**2)


def _high_pass(hz: NDArray[np.floating]) -> NDArray[np.float64]:
    x = (hz / _PASS_HZ) ** 2
    return x**2 / ((1 - x) ** 2 + x / _PASS_Q**2)
