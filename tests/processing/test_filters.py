"""The filters ahead of everything: latency (T2), mains, warm start."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from neurofeedback.processing.block_measures import noise_bandwidth
from neurofeedback.processing.filters import (
    CausalFilter,
    blink_sos,
    checked_filter_in_place,
    emg_sos,
    filter_in_place,
    find_mains,
    prefilter_sos,
)
from neurofeedback.settings.signal import FilterSettings, GateSettings

RATES = [125.0, 200.0, 250.0, 256.0]


def gain_db(sos: np.ndarray, hz: float, sfreq: float) -> float:
    _, response = signal.sosfreqz(sos, worN=[hz], fs=sfreq)
    return float(20 * np.log10(abs(response[0]) + 1e-12))


@pytest.mark.parametrize("sfreq", [*RATES, 100.0, 500.0, 1000.0])
@pytest.mark.parametrize("mains", ["auto", 50, 60])
def test_t2_the_prefilter_delays_4_to_40_hz_by_at_most_20_ms(sfreq: float, mains: str | int) -> None:
    sos = prefilter_sos(sfreq, FilterSettings(mains_hz=mains))
    hz = np.arange(4, 40.01, 0.01)
    _, response = signal.sosfreqz(sos, worN=hz, fs=sfreq)
    delay_s = -np.diff(np.unwrap(np.angle(response))) / (2 * np.pi * 0.01)
    assert np.abs(delay_s).max() <= 0.020


@pytest.mark.parametrize("sfreq", RATES)
def test_both_mains_frequencies_are_notched_until_one_is_detected(sfreq: float) -> None:
    sos = prefilter_sos(sfreq, FilterSettings())
    assert gain_db(sos, 50.0, sfreq) < -60
    assert gain_db(sos, 60.0, sfreq) < -60
    assert abs(gain_db(sos, 40.0, sfreq)) < 0.2
    assert abs(gain_db(sos, 44.0, sfreq)) < 0.6


def test_only_the_configured_mains_frequency_is_notched() -> None:
    sos = prefilter_sos(256.0, FilterSettings(mains_hz=60))
    assert gain_db(sos, 60.0, 256.0) < -60
    assert abs(gain_db(sos, 50.0, 256.0)) < 0.5


def test_second_harmonic_is_notched_below_the_nyquist_limit() -> None:
    assert gain_db(prefilter_sos(256.0, FilterSettings(mains_hz=50)), 100.0, 256.0) < -60
    assert abs(gain_db(prefilter_sos(200.0, FilterSettings(mains_hz=50)), 95.0, 200.0)) < 0.1


def test_a_constant_offset_of_an_amplifier_is_gone_from_the_first_sample() -> None:
    causal = CausalFilter(prefilter_sos(250.0, FilterSettings()), 2)
    out = causal.process(np.full((2, 100), 150_000.0), [(0, 0), (1, 0)])
    assert np.abs(out).max() < 1e-5


def test_filter_reset_of_one_channel_leaves_others_unchanged() -> None:
    data = np.random.default_rng(0).normal(size=(2, 300))
    sos = prefilter_sos(250.0, FilterSettings())
    plain = CausalFilter(sos, 2).process(data)
    reset = CausalFilter(sos, 2).process(data, [(1, 150)])
    assert (plain[0] == reset[0]).all()
    assert (plain[1, :150] == reset[1, :150]).all()
    assert not np.allclose(plain[1, 150:], reset[1, 150:])


@given(
    st.lists(st.integers(0, 200), max_size=8), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 199)), max_size=4)
)
def test_the_same_bits_however_the_samples_are_cut(cuts: list[int], resets: list[tuple[int, int]]) -> None:
    data = np.random.default_rng(0).normal(size=(3, 200))
    resets = sorted(resets, key=lambda pair: pair[1])
    sos = prefilter_sos(256.0, FilterSettings())
    whole = CausalFilter(sos, 3).process(data, resets)
    causal, edges = CausalFilter(sos, 3), [0, *sorted(cuts), 200]
    pieces = [
        causal.process(data[:, a:b], [(row, at - a) for row, at in resets if a <= at < b]) for a, b in pairwise(edges)
    ]
    assert np.concatenate(pieces, axis=1).tobytes() == whole.tobytes()


@pytest.mark.parametrize("sfreq", [*RATES, 2000.0])
def test_gate_filters_pass_the_bands_of_their_rules(sfreq: float) -> None:
    gate = GateSettings()
    assert gain_db(blink_sos(sfreq, gate), 3.0, sfreq) > -0.5
    assert gain_db(blink_sos(sfreq, gate), 14.0, sfreq) < -20
    assert gain_db(emg_sos(sfreq, gate), 36.0, sfreq) > -0.5
    assert gain_db(emg_sos(sfreq, gate), 15.0, sfreq) < -20
    assert noise_bandwidth(emg_sos(sfreq, gate), sfreq) == pytest.approx(14.0, rel=0.1)


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("sfreq", [*RATES, 512.0])
def test_the_mains_frequency_is_found(mains_hz: float, sfreq: float) -> None:
    rng = np.random.default_rng(0)
    t = np.arange(int(10 * sfreq)) / sfreq
    data = 10 * rng.normal(size=(4, t.size)) + 5 * np.sin(2 * np.pi * (mains_hz + 0.02) * t)
    assert find_mains(data, sfreq) == mains_hz


def test_mains_frequency_is_detected_from_one_noisy_electrode() -> None:
    rng = np.random.default_rng(0)
    for mains_hz in (50.0, 60.0):
        data = rng.normal(size=(8, 2560))
        data[3] += 2 * np.sin(2 * np.pi * mains_hz * np.arange(2560) / 256)
        assert find_mains(data, 256.0) == mains_hz


def test_zeros_give_no_mains_frequency() -> None:
    assert find_mains(np.zeros((4, 2560)), 256.0) == 50.0


def test_sfreq_too_low_for_60_hz_gives_50_hz_mains() -> None:
    assert find_mains(np.random.default_rng(0).normal(size=(2, 1000)), 100.0) == 50.0


def test_compiled_filter_equals_the_checked_one() -> None:
    sos, data = blink_sos(256.0, GateSettings()), np.random.default_rng(0).normal(size=(3, 200))
    states = np.random.default_rng(1).normal(size=(3, len(sos), 2))
    (one, after), (other, after_other) = (data.copy(), states.copy()), (data.copy(), states.copy())
    filter_in_place(sos, one, after)
    checked_filter_in_place(sos, other, after_other)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(after, after_other)
