"""Permutation and multiscale entropy: known values, and nothing beside the spectrum in noise."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf

from neurofeedback.processing.entropies import (
    ENTROPIES,
    SCALES,
    TOLERANCE,
    multiscale_entropy,
    permutation_entropy,
    window_entropies,
)

RATIOS = [ENTROPIES.index(name) for name in ("lzc_ratio", "permutation_ratio", "multiscale_ratio")]


def noise(n_windows: int, chi: float, seed: int = 1) -> NDArray[np.float64]:
    """Windows of 4 s at 256 Hz of Gaussian noise with the power 1 / f^chi."""
    freqs = np.maximum(np.fft.rfftfreq(1024 * n_windows, 1 / 256), 0.5)
    white = np.random.default_rng(seed).standard_normal(1024 * n_windows)
    return np.fft.irfft(np.fft.rfft(white) * freqs ** (-chi / 2)).reshape(n_windows, 1024)


def sample_entropy_by_definition(signal: NDArray[np.float64], tolerance: float) -> float:
    n = len(signal) - 2
    counts = []
    for length in (2, 3):
        cut = np.stack([signal[k : k + n] for k in range(length)])
        alike = np.abs(cut[:, :, None] - cut[:, None, :]).max(axis=0) <= tolerance
        counts.append(alike.sum() - n)
    return float(np.log(counts[0] / counts[1]))


def test_permutation_entropy_is_1_for_equal_shares_of_all_orders_and_0_for_one() -> None:
    assert permutation_entropy(np.arange(50.0)) == 0.0
    shares = permutation_entropy(np.random.default_rng(2).standard_normal((3, 200_000)))
    assert shares == pytest.approx([1.0] * 3, abs=1e-3)
    for order in permutations((1.0, 2.0, 3.0)):
        assert permutation_entropy(np.array(order)) == 0.0


def test_permutation_entropy_of_known_shares() -> None:
    rising_and_falling = np.abs(np.arange(-50.0, 51.0) + 0.1)  # 49 falls, one turn, 49 rises
    shares = np.array([49, 1, 49]) / 99
    expected = -(shares * np.log(shares)).sum() / np.log(6)
    assert permutation_entropy(rising_and_falling) == pytest.approx(expected)


def test_multiscale_entropy_of_white_noise_is_known() -> None:
    """Two numbers are alike with probability erf(.1 sqrt(scale)), as the mean over a scale has a smaller SD."""
    found = np.mean([multiscale_entropy(one) for one in np.random.default_rng(3).standard_normal((6, 1500))])
    assert found == pytest.approx(float(np.mean(-np.log(erf(TOLERANCE / 2 * np.sqrt(SCALES))))), abs=0.05)


def test_multiscale_entropy_is_the_mean_of_sample_entropies_by_definition() -> None:
    signal = noise(1, 1.3)[0][:300] - 0.1
    means = [signal[: 300 // scale * scale].reshape(-1, scale).mean(axis=1) for scale in SCALES]
    expected = np.mean([sample_entropy_by_definition(one, TOLERANCE * signal.std()) for one in means])
    assert multiscale_entropy(signal) == pytest.approx(float(expected), abs=0.01)
    assert np.isnan(multiscale_entropy(np.ones(100)))


@pytest.mark.parametrize("chi", [1.0, 1.6])
def test_over_surrogates_noise_has_nothing_left_at_any_slope(chi: float) -> None:
    found = window_entropies(noise(40, chi))
    assert found.shape == (40, len(ENTROPIES))
    assert found[:, RATIOS].mean(axis=0) == pytest.approx([1.0] * 3, abs=0.03)


def test_all_three_follow_the_slope_and_their_ratios_do_not() -> None:
    flat, steep = (window_entropies(noise(30, chi)).mean(axis=0) for chi in (1.0, 1.6))
    for name in ("lzc", "permutation", "multiscale"):
        assert flat[ENTROPIES.index(name)] > 1.01 * steep[ENTROPIES.index(name)], name
    assert flat[RATIOS] == pytest.approx(steep[RATIOS], abs=0.05)


def test_regular_spikes_have_less_multiscale_entropy_than_their_spectrum_allows() -> None:
    times = np.arange(1024) / 256
    spikes = 8 * np.maximum(np.sin(2 * np.pi * 3 * times), 0) ** 12  # regular and sharp; surrogates are neither
    found = window_entropies(spikes + 0.3 * noise(8, 0.0, seed=5))
    assert found[:, ENTROPIES.index("multiscale_ratio")].mean() < 0.7


def test_size_and_offset_do_not_matter() -> None:
    window = noise(1, 1.3)
    assert window_entropies(40 * window + 7) == pytest.approx(window_entropies(window), rel=0.01)
