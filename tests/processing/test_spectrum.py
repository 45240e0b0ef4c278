"""Spectra are MNE's, a sine's power is in its band (T1), blocks end where they should."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.processing.features import KINDS, Bands, FeatureExtractor, individual_bands
from neurofeedback.processing.filters import CausalFilter, prefilter_sos
from neurofeedback.processing.framing import FrameSchedule, SlidingWindows, trailing_windows
from neurofeedback.processing.smoothing import Smoother
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings import Settings
from neurofeedback.types import frame_end

RATES = [125.0, 200.0, 250.0, 256.0]
SETTINGS = Settings()
BANDS = ("theta", "alpha", "beta", "delta")


def bands(iaf_hz: float | None = None) -> Bands:
    return individual_bands(iaf_hz, SETTINGS.bands, SETTINGS.gate)


@pytest.mark.parametrize("sfreq", [*RATES, 100.0, 512.0])
@pytest.mark.parametrize("iaf_hz", [None, 8.7, 11.3])
def test_band_powers_are_those_of_mne_on_the_same_windows(sfreq: float, iaf_hz: float | None) -> None:
    n = round(2 * sfreq)
    rng = np.random.default_rng(0)
    windows = np.cumsum(rng.normal(size=(6, 4, n)), axis=-1) + 100.0
    ours = Periodogram(n, sfreq, 44.0)
    kinds = FeatureExtractor(ours.freqs, bands(iaf_hz), SETTINGS.features)(
        ours(windows), ours(windows), np.zeros((6, 4))
    )
    centred = windows - windows.mean(axis=-1, keepdims=True)
    psd, freqs = mne.time_frequency.psd_array_welch(
        centred, sfreq, fmin=0.0, fmax=44.0, n_fft=n, n_per_seg=n, window="hann", remove_dc=True, verbose=False
    )
    np.testing.assert_allclose(ours.freqs, freqs)
    for name in (*BANDS, "emg"):
        low, high = getattr(bands(iaf_hz), name)
        inside = (freqs >= low - 1e-9) & (freqs <= high + 1e-9)
        theirs = psd[..., inside].mean(axis=-1)
        np.testing.assert_allclose(np.exp(kinds[..., KINDS.index(name)]), theirs, rtol=1e-6)


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize(("hz", "home"), [(6.0, "theta"), (10.0, "alpha"), (20.0, "beta")])
def test_t1_a_sine_of_10_uv_rms_has_its_power_in_its_band(sfreq: float, hz: float, home: str) -> None:
    n = round(2 * sfreq)
    t = np.arange(round(8 * sfreq)) / sfreq
    sine = 10 * np.sqrt(2) * np.sin(2 * np.pi * hz * t + 0.4)[None]
    filtered = CausalFilter(prefilter_sos(sfreq, SETTINGS.filters), 1).process(sine, [(0, 0)])
    spectrum = Periodogram(n, sfreq, 44.0)
    psd = spectrum(filtered[0, -n:])
    power = {name: psd[in_band(spectrum.freqs, *getattr(bands(), name))].sum() * 0.5 for name in BANDS}
    assert power[home] == pytest.approx(100.0, rel=0.03)
    for name in set(BANDS) - {home}:
        assert 10 * np.log10(power[name] / power[home]) < -25


@given(
    sfreq=st.one_of(
        st.sampled_from([125.0, 250.0, 249.9, 256.0, 97.9]), st.floats(98, 5000).map(lambda f: round(f, 3))
    ),
    hop_s=st.sampled_from([0.25, 0.05, 0.02, 0.3]),
    sample=st.integers(0, 10**7),
)
def test_blocks_end_at_the_exact_floor_and_are_counted_by_it(sfreq: float, hop_s: float, sample: int) -> None:
    schedule = FrameSchedule(sfreq, hop_s)
    count = schedule.count_complete(sample)
    step = Fraction(sfreq).limit_denominator(10**6) * Fraction(hop_s).limit_denominator(10**6)
    ends = schedule.ends(max(count - 1, 0), 2).tolist()
    assert ends == [frame_end(max(count - 1, 0), sfreq, hop_s), frame_end(max(count - 1, 0) + 1, sfreq, hop_s)]
    assert int((count + 1) * step) > sample
    assert count == 0 or int(count * step) <= sample
    assert schedule.min_hop_samples in {end - start for start, end in pairwise(ends)} | {int(step)}


def test_frames_at_250_and_125_hz_end_at_whole_samples() -> None:
    assert FrameSchedule(250.0, 0.25).ends(0, 8).tolist() == [62, 125, 187, 250, 312, 375, 437, 500]
    assert FrameSchedule(125.0, 0.25).ends(0, 4).tolist() == [31, 62, 93, 125]


def test_trailing_pieces_are_copies_in_c_order() -> None:
    data = np.arange(20.0).reshape(2, 10)
    out = trailing_windows(data, np.array([4, 10]), 3)
    assert out.tolist() == [[[1, 2, 3], [11, 12, 13]], [[7, 8, 9], [17, 18, 19]]]
    assert out.flags.c_contiguous


def cut(data: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    return [piece for piece in np.split(data, sorted(cuts)) if len(piece)]


cuts = st.lists(st.integers(0, 40), max_size=10)


@given(cuts)
def test_history_windows_do_not_depend_on_how_rows_arrive(cuts: list[int]) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3, 2))
    whole: SlidingWindows[np.float64] = SlidingWindows(7)
    parts: SlidingWindows[np.float64] = SlidingWindows(7)
    expected = whole.append(rows)
    assert expected[-1, 1, 1].tolist() == rows[-7:, 1, 1].tolist()
    assert (expected[0] == rows[0][..., None]).all()  # the first row stands for what was before
    assert np.concatenate([parts.append(piece) for piece in cut(rows, cuts)]).tobytes() == expected.tobytes()


@given(cuts, st.integers(0, 2**32 - 1), st.booleans())
def test_smoothed_values_do_not_depend_on_how_rows_arrive(cuts: list[int], seed: int, fades: bool) -> None:
    rng = np.random.default_rng(seed)
    rows, valid = rng.normal(size=(40, 3, 5)), rng.random((40, 3)) < 0.6
    whole, parts = Smoother(2.0, 0.25, decays=fades), Smoother(2.0, 0.25, decays=fades)
    expected = whole.update(rows, valid)
    pieces = [parts.update(a, b) for a, b in zip(cut(rows, cuts), cut(valid, cuts), strict=True)]
    assert np.concatenate(pieces).tobytes() == expected.tobytes()


def test_smoothing_skips_invalid_frames_and_begins_with_a_plain_mean() -> None:
    rows = np.array([[5.0], [1.0], [1e9], [3.0]])
    valid = np.array([[False], [True], [False], [True]])
    out = Smoother(8.0, 0.25).update(rows, valid)
    assert np.isnan(out[0, 0])
    assert out[1:, 0].tolist() == [1.0, 1.0, 2.0]


def test_fading_smoothing_restarts_after_a_long_break() -> None:
    rows = np.concatenate([np.zeros(100), np.full(80, 1e9), np.ones(1)])[:, None]
    valid = rows < 1e9
    fading, faithful = (Smoother(2.0, 0.25, decays=fades).update(rows, valid)[:, 0] for fades in (True, False))
    assert fading[:180].tolist() == faithful[:180].tolist() == [0.0] * 180
    assert fading[-1] == pytest.approx(1, abs=0.01)
    assert faithful[-1] == pytest.approx(1 - np.exp(-0.125))


def test_fading_smoothing_changes_little_after_a_short_break() -> None:
    rows, valid = np.zeros((103, 1)), np.ones((103, 1), dtype=bool)
    rows[-1], valid[100:102] = 1.0, False
    out = Smoother(2.0, 0.25, decays=True).update(rows, valid)
    assert 1 - np.exp(-0.125) < out[-1, 0] < 1 - np.exp(-0.375)


def test_smoothing_reaches_its_time_constant() -> None:
    rows = np.concatenate([np.zeros((400, 1)), np.ones((32, 1))])
    out = Smoother(8.0, 0.25).update(rows, np.ones((432, 1), dtype=bool))
    assert out[-1, 0] == pytest.approx(1 - np.exp(-1), rel=1e-6)
