"""The random processes are as loud, as slow and as steep as their formula says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from neurofeedback.simulation.noise import (
    RandomStream,
    flat_band,
    narrow_band,
    ornstein_uhlenbeck,
    power_law,
    rng_for,
    shaped_noise,
)

SFREQ, N = 256, 256 * 256
FREQS = np.arange(N // 2 + 1) * SFREQ / N


def power_of_bins(noise):
    """Mean square in each bin of a signal that is periodic."""
    return 2 * np.abs(np.fft.rfft(noise, axis=-1) / N) ** 2


def test_each_stream_and_part_is_its_own_and_repeats():
    draws = {
        (seed, draw, part): rng_for(seed, draw, part).random()
        for seed in (0, 1)
        for draw in RandomStream
        for part in (0, 1)
    }
    assert len(set(draws.values())) == len(draws)
    assert rng_for(0, RandomStream.STATES).random() == draws[0, RandomStream.STATES, 0]


def test_ornstein_uhlenbeck_has_its_spread_and_time_constant():
    drawn = ornstein_uhlenbeck(400_000, tau_s=2.0, sfreq=20.0, rng=rng_for(0, RandomStream.TONIC))
    assert drawn.std() == pytest.approx(1.0, abs=0.05)
    correlation = np.corrcoef(drawn[:-40], drawn[40:])[0, 1]  # 40 samples are one time constant
    assert correlation == pytest.approx(np.exp(-1), abs=0.05)


def test_ornstein_uhlenbeck_is_stationary_from_its_first_sample():
    first = [
        ornstein_uhlenbeck(2, tau_s=100.0, sfreq=20.0, rng=rng_for(seed, RandomStream.TONIC))[0] for seed in range(400)
    ]
    assert np.std(first) == pytest.approx(1.0, abs=0.1)


def test_a_longer_ornstein_uhlenbeck_begins_with_the_shorter():
    short, long = (ornstein_uhlenbeck(n, tau_s=1.0, sfreq=20.0, rng=rng_for(3, RandomStream.TONIC)) for n in (50, 90))
    np.testing.assert_array_equal(short, long[:50])


@pytest.mark.parametrize("exponent", [0.6, 1.0, 1.35, 1.9])
def test_power_law_noise_has_its_slope_and_rms(exponent):
    noise = shaped_noise(power_law(FREQS, exponent), N, 8, rng_for(1, RandomStream.APERIODIC))
    power = power_of_bins(noise).mean(0)
    inside = (FREQS >= 2) & (FREQS <= 40)
    assert np.sqrt(power[inside].sum()) == pytest.approx(1.0, rel=0.03)
    slope = np.polyfit(np.log(FREQS[inside]), np.log(power[inside]), 1)[0]
    assert -slope == pytest.approx(exponent, abs=0.03)


def test_power_law_noise_is_level_below_its_corner_and_has_no_mean():
    amplitude = power_law(FREQS, 1.35)
    assert amplitude[0] == 0
    assert np.ptp(amplitude[(FREQS > 0) & (FREQS <= 1)]) == 0


def test_flat_band_is_of_unit_rms_inside_its_edges_and_silent_outside():
    noise = shaped_noise(flat_band(FREQS, 20, 110), N, 4, rng_for(2, RandomStream.MUSCLE_NOISE))
    assert noise.std() == pytest.approx(1.0, rel=0.02)
    assert power_of_bins(noise)[:, (FREQS < 20) | (FREQS > 110)].max() < 1e-20


def test_narrow_band_is_of_unit_rms_and_its_bandwidth():
    envelope = narrow_band(N * 16, bandwidth_hz=1.2, sfreq=SFREQ, rng=rng_for(3, RandomStream.ALPHA))
    assert envelope.real.std() == pytest.approx(1.0, rel=0.05)
    freqs, psd = signal.welch(envelope, SFREQ, nperseg=8192, return_onesided=False, detrend=False)
    half = np.interp([0.6, -0.6], *(array[np.argsort(freqs)] for array in (freqs, psd))) / psd[0]
    np.testing.assert_allclose(half, 0.5, atol=0.12)
