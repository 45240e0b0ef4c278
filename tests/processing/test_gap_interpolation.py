"""Filled gaps: what is likeliest, how much it may miss, and spectra that a gap does not tilt."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.processing.gap_interpolation import GapInterpolation, draw_gap, interpolate_gap
from neurofeedback.processing.pipeline import Pipeline
from neurofeedback.processing.spectrum import in_band
from neurofeedback.settings import Profile, Settings
from neurofeedback.settings.load import load_evidence, load_montage
from neurofeedback.simulation.noise import power_law, shaped_noise

SFREQ, N_PAST, N_GAP = 256.0, 512, 12


def background(seed: int = 0, n: int = 600) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(scale=0.625, size=n))


def filled(signal: np.ndarray, n_gap: int = N_GAP) -> GapInterpolation:
    found = interpolate_gap(signal[:N_PAST], n_gap, float(signal[N_PAST + n_gap]))
    assert found is not None
    return found


def test_rhythms_and_hum_go_on_through_the_gap() -> None:
    t = np.arange(600) / SFREQ
    signal = background() + 8 * np.sin(2 * np.pi * 10 * t) + 30 * np.sin(2 * np.pi * 50 * t)
    truth = signal[N_PAST : N_PAST + N_GAP]
    straight = np.linspace(signal[N_PAST - 1], signal[N_PAST + N_GAP], N_GAP + 2)[1:-1]
    missed = np.std(filled(signal).values - truth)
    assert missed < 0.25 * np.std(straight - truth)


@pytest.mark.parametrize("factor", [-1.0, 0.5, 20.0])
def test_what_is_larger_or_upside_down_is_filled_larger_or_upside_down(factor: float) -> None:
    one, other = filled(background()), filled(factor * background())
    np.testing.assert_allclose(other.values, factor * one.values, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.error_autocovariance, factor**2 * one.error_autocovariance, rtol=1e-6)


def test_an_electrode_s_offset_moves_along() -> None:
    np.testing.assert_allclose(filled(background() + 500).values, filled(background()).values + 500)


def test_doubt_is_what_is_missed_on_average() -> None:
    found = [(signal, filled(signal)) for signal in map(background, range(200))]
    missed = np.mean([np.sum((got.values - signal[N_PAST : N_PAST + N_GAP]) ** 2) for signal, got in found])
    assert missed == pytest.approx(np.mean([got.error_autocovariance[0] for _, got in found]), rel=0.15)


def test_a_signal_that_does_not_move_has_no_model() -> None:
    assert interpolate_gap(np.full(N_PAST, 3.0), N_GAP, 3.0) is None


@pytest.mark.long
def test_gaps_tilt_no_spectrum() -> None:
    """Without what the filled gaps lack, beta would fall by several percent and theta by none: as in wandering."""
    rng = np.random.default_rng(3)
    n = round(200 * SFREQ)
    data = shaped_noise(6.0 * power_law(np.fft.rfftfreq(n, 1 / SFREQ), 1.35), n, 4, rng)
    holed = data.copy()
    lost = np.repeat(rng.random((4, data.shape[1] // N_GAP)) < 0.05, N_GAP, axis=1)
    holed[:, : lost.shape[1]][lost] = np.nan
    freqs, whole = spectrum_of(data)
    _, other = spectrum_of(holed)
    for low_hz, high_hz in ((4.0, 7.5), (8.0, 13.0), (14.0, 28.0), (30.0, 44.0)):
        band = in_band(freqs, low_hz, high_hz)
        assert other[..., band].mean() == pytest.approx(whole[..., band].mean(), rel=0.03)


def spectrum_of(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    profile = Profile(settings=Settings(), montage=load_montage("muse"), evidence=load_evidence("breath-novice"))
    pipeline = Pipeline(SFREQ, profile)
    pipeline.append(data)
    spectra = []
    while (windows := pipeline.windows(pipeline.ready)) is not None:
        spectra.append(windows.psd[windows.complete])
    return pipeline.freqs, np.concatenate(spectra)


def test_drawn_samples_scatter_about_the_expected_ones_with_the_model_s_error() -> None:
    signal = background()
    past, after = signal[:N_PAST], float(signal[N_PAST + N_GAP])
    expected = interpolate_gap(past, N_GAP, after)
    rng = np.random.default_rng(5)
    drawn = np.array([draw_gap(past, N_GAP, after, rng) for _ in range(2000)])
    assert expected is not None
    error = drawn - expected.values
    assert np.sum(error**2, axis=1).mean() == pytest.approx(expected.error_autocovariance[0], rel=0.1)
    np.testing.assert_allclose(error.mean(axis=0), 0.0, atol=0.15 * error.std())
    assert draw_gap(np.full(N_PAST, 3.0), N_GAP, 3.0, rng) is None
