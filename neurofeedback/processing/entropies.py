"""Permutation and multiscale entropy, beside the Lempel-Ziv complexity, raw and relative to surrogates.

All are computed from the same windows: 4 s at 125 Hz, 1 to 40 Hz. Each is mostly a function of the spectrum, so each
has a ratio to phase-randomised surrogates of the same spectrum: 1 for a linear Gaussian signal.

They are written out here instead of taken from a library: antropy compiles with numba (about 150 MB), and neurokit2
brings pandas, scikit-learn and matplotlib with it; both compute one signal at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.complexity import band_limited_windows, surrogate_ratio

ENTROPIES = ("lzc", "lzc_ratio", "permutation", "permutation_ratio", "multiscale", "multiscale_ratio")
SCALES = (1, 2, 3, 4, 5)
TOLERANCE = 0.2
_N_MULTISCALE_SURROGATES = 2
_TOLERANCE_STEPS = 500
_LARGEST = 16_000  # differences of two such numbers, and a tolerance more, fit into 16 bits

Floats = NDArray[np.float64]


def window_entropies(windows: NDArray[np.floating]) -> Floats:
    """Return the ``ENTROPIES`` of windows of 4 s.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, n_samples)
        Any unit, any rate above 80 Hz; the rate follows from the length.

    Returns
    -------
    ndarray, shape (n_windows, 6)
        NaN where a constant window has no entropy.
    """
    own, surrogates = band_limited_windows(windows)
    permutation = permutation_entropy(own)
    of_surrogates = permutation_entropy(surrogates).mean(axis=1)
    few = surrogates[:, :_N_MULTISCALE_SURROGATES]
    multiscale = np.array([multiscale_entropy(one) for one in own]).reshape(-1)
    expected = np.array([[multiscale_entropy(one) for one in each] for each in few]).reshape(len(few), -1)
    ratio = np.divide(permutation, of_surrogates, out=np.full(len(own), np.nan), where=of_surrogates > 0)
    return np.column_stack(
        [surrogate_ratio(own, surrogates), permutation, ratio, multiscale, multiscale / expected.mean(axis=1)]
    )


def permutation_entropy(signals: Floats) -> Floats:
    """Return the entropy of the order of three successive samples, divided by that of equal shares: 0 to 1.

    Parameters
    ----------
    signals : ndarray, shape (..., n_samples)

    Returns
    -------
    ndarray, shape (...)

    Notes
    -----
    Bandt & Pompe 2002 Phys Rev Lett 88:174102, of order 3 and delay 1, as Olofsen et al. 2008 Br J Anaesth 101:810 use
    it under anaesthesia.

    Examples
    --------
    >>> float(permutation_entropy(np.arange(100.0)))
    0.0
    """
    first, second, third = signals[..., :-2], signals[..., 1:-1], signals[..., 2:]
    order = (first < second) + 2 * (second < third).astype(np.int8) + 4 * (first < third).astype(np.int8)
    shares = np.stack([(order == kind).mean(axis=-1) for kind in range(8)], axis=-1)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=-1) / np.log(6)) + 0.0


def multiscale_entropy(signal: Floats) -> float:
    """Return the mean of the sample entropies of a signal and of its means over 2 to 5 samples.

    Parameters
    ----------
    signal : ndarray, shape (n_samples,)

    Returns
    -------
    float
        NaN for a constant signal, or if no two sequences of three samples are alike at a scale.

    Notes
    -----
    Costa, Goldberger & Peng 2002 Phys Rev Lett 89:068102: sequences of two and three samples (m = 2) are alike if no
    sample differs by more than .2 SD of the whole signal, the same at all scales. At 125 Hz the scales are 8 to 40 ms.
    """
    sd = float(signal.std())
    if sd <= 0:
        return np.nan
    steps = signal * (_TOLERANCE_STEPS / (TOLERANCE * sd))
    return float(np.mean([_sample_entropy(_coarse(steps, scale)) for scale in SCALES]))


def _coarse(signal: Floats, scale: int) -> Floats:
    whole = len(signal) // scale * scale
    return signal[:whole].reshape(-1, scale).mean(axis=1)


def _sample_entropy(steps: Floats) -> float:
    """Return -ln(A / B) for sequences of 3 and 2 samples, in units of 1/500 of the tolerance."""
    values = np.clip(np.rint(steps), -_LARGEST, _LARGEST).astype(np.int16)
    shifted = values + np.int16(_TOLERANCE_STEPS)
    alike = np.subtract.outer(shifted, values).view(np.uint16) <= 2 * _TOLERANCE_STEPS
    pairs = alike[:-2, :-2] & alike[1:-1, 1:-1]
    n_pairs = np.count_nonzero(pairs) - len(pairs)  # a sequence is always like itself
    n_triples = np.count_nonzero(pairs & alike[2:, 2:]) - len(pairs)
    return float(np.log(n_pairs / n_triples)) if n_triples else np.nan
