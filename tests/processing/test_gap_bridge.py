"""Bridging: short gaps filled, longer ones held, still longer ones reset; the same however it is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.processing.gap_bridge import BridgedSamples, GapBridge, join_bridged
from neurofeedback.settings.signal import GapSettings

SFREQ = 100.0  # 5 samples are the longest interpolated gap, 50 the longest without a reset


def bridge(n_channels: int = 1) -> GapBridge:
    return GapBridge(n_channels, SFREQ, GapSettings())


def ramp(n: int, *gaps: tuple[int, int]) -> np.ndarray:
    data = np.arange(n, dtype=np.float32)[None].copy()
    for start, stop in gaps:
        data[:, start:stop] = np.nan
    return data


def push_all(data: np.ndarray, cuts: list[int]) -> BridgedSamples:
    gap_bridge = bridge(len(data))
    edges = [0, *sorted(min(cut, data.shape[1]) for cut in cuts), data.shape[1]]
    return join_bridged([gap_bridge.process(data[:, a:b]) for a, b in pairwise(edges)])


def same(a: BridgedSamples, b: BridgedSamples) -> None:
    assert a.data.tobytes() == b.data.tobytes()
    assert a.lost.tobytes() == b.lost.tobytes()
    assert a.in_long_gap.tobytes() == b.in_long_gap.tobytes()
    assert a.resets == b.resets
    assert [(gap.row, gap.middle, gap.error_autocovariance.tobytes()) for gap in a.fills] == [
        (gap.row, gap.middle, gap.error_autocovariance.tobytes()) for gap in b.fills
    ]


def test_early_gap_of_50_ms_is_interpolated_linearly() -> None:
    out = bridge().process(ramp(40, (20, 25)))
    np.testing.assert_allclose(out.data[0], np.arange(40))
    assert out.lost[0, 20:25].all()
    assert out.lost.sum() == 5
    assert not out.in_long_gap.any()
    assert out.fills == ()


def wave(n: int) -> np.ndarray:
    return 10 * np.sin(2 * np.pi * 10 / SFREQ * np.arange(n, dtype=np.float64))[None]


def test_gap_after_two_seconds_is_filled_by_the_autoregressive_model() -> None:
    data = wave(400)
    data[0, 300:305] = np.nan
    out = bridge().process(data)
    np.testing.assert_allclose(out.data, wave(400), atol=0.5)
    assert [(gap.row, gap.middle) for gap in out.fills] == [(0, 302)]


def test_a_signal_that_does_not_move_is_filled_with_itself() -> None:
    data = np.full((1, 400), 7.0)
    data[0, 300:305] = np.nan
    out = bridge().process(data)
    assert (out.data == 7.0).all()
    assert out.fills == ()


@pytest.mark.parametrize(("gap", "modelled"), [(449, False), (471, True)])
def test_what_was_before_an_outage_is_no_model_of_what_comes_after(gap: int, *, modelled: bool) -> None:
    data = wave(600)
    data[0, 200:271] = np.nan
    data[0, gap : gap + 4] = np.nan
    assert bool(bridge().process(data).fills) is modelled


def test_a_gap_is_filled_whole_when_another_channel_is_waited_for() -> None:
    data = np.concatenate([wave(400), wave(400)])
    data[0, 300:304], data[1, 302:306] = np.nan, np.nan
    gap_bridge = bridge(2)
    first = gap_bridge.process(data[:, :305])
    assert first.data.shape[1] == 300
    same(join_bridged([first, gap_bridge.process(data[:, 305:])]), bridge(2).process(data))


def test_a_gap_of_60_ms_holds_the_last_value_and_does_not_reset() -> None:
    out = bridge().process(ramp(40, (20, 26)))
    assert (out.data[0, 20:26] == 19).all()
    assert out.in_long_gap[0, 20:26].all()
    assert out.resets == ((0, 0),)  # only the start


def test_a_gap_above_half_a_second_resets_where_the_signal_returns() -> None:
    assert bridge().process(ramp(200, (20, 70))).resets == ((0, 0),)
    assert bridge().process(ramp(200, (20, 71))).resets == ((0, 0), (0, 71))


def test_at_most_50_ms_is_held_back_until_a_gap_s_length_is_known() -> None:
    gap_bridge = bridge()
    assert gap_bridge.process(ramp(20, (15, 20))).data.shape[1] == 15
    out = gap_bridge.process(np.full((1, 1), np.nan))
    assert out.data.shape[1] == 6
    assert (out.data == 14).all()
    assert out.in_long_gap.all()


def test_an_open_gap_on_one_channel_holds_all_channels_back_together() -> None:
    data = np.vstack([ramp(20, (17, 20)), ramp(20)])
    assert bridge(2).process(data).data.shape == (2, 17)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_finite_number_is_lost(wrong: float) -> None:
    data = ramp(30)
    data[0, 10] = wrong
    out = bridge().process(data)
    assert np.isfinite(out.data).all()
    assert out.lost[0].nonzero()[0].tolist() == [10]


def test_a_channel_silent_from_the_start_is_zero_until_its_first_number_starts_the_filters() -> None:
    out = bridge().process(ramp(40, (0, 10)))
    assert (out.data[0, :10] == 0).all()
    assert out.in_long_gap[0, :10].all()
    assert out.resets == ((0, 10),)


def test_empty_chunk_gives_no_output() -> None:
    gap_bridge = bridge()
    assert gap_bridge.process(np.empty((1, 0))).data.shape == (1, 0)
    assert gap_bridge.process(ramp(10)).resets == ((0, 0),)
    assert gap_bridge.process(np.empty((1, 0))).resets == ()


def test_pieces_split_and_joined_are_the_whole() -> None:
    data = np.vstack([ramp(400, (20, 90)), ramp(400, (100, 103), (300, 303))])
    whole = bridge(2).process(data)
    assert len(whole.fills) == 1
    for n in (0, 1, 90, 91, 301, 302, 400):
        same(join_bridged(whole.split(n)), whole)


gaps = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 220), st.integers(1, 80)),
    max_size=6,
)


@given(gaps=gaps, cuts=st.lists(st.integers(0, 240), max_size=12), one_by_one=st.booleans())
def test_whole_one_sample_at_a_time_and_random_chunks_give_the_same_bits(
    gaps: list[tuple[int, int, int]], cuts: list[int], one_by_one: bool
) -> None:
    data = np.random.default_rng(0).normal(size=(2, 240)).astype(np.float32)
    for row, start, length in gaps:
        data[row, start : start + length] = np.nan
    same(push_all(data, list(range(240)) if one_by_one else cuts), push_all(data, []))


late_gaps = st.lists(
    st.tuples(st.integers(0, 2), st.integers(200, 390), st.integers(1, 7)),
    max_size=8,
)


@given(gaps=late_gaps, cuts=st.lists(st.integers(200, 400), max_size=12), one_by_one=st.booleans())
def test_gaps_filled_by_a_model_give_the_same_bits_however_they_are_cut(
    gaps: list[tuple[int, int, int]], cuts: list[int], one_by_one: bool
) -> None:
    data = np.random.default_rng(0).normal(size=(3, 400)).astype(np.float32)
    for row, start, length in gaps:
        data[row, start : start + length] = np.nan
    same(push_all(data, list(range(400)) if one_by_one else cuts), push_all(data, []))


@given(gaps=gaps)
def test_samples_that_arrived_are_never_changed(gaps: list[tuple[int, int, int]]) -> None:
    data = np.random.default_rng(1).normal(size=(2, 240)).astype(np.float32)
    for row, start, length in gaps:
        data[row, start : start + length] = np.nan
    out = push_all(data, [])
    n = out.data.shape[1]
    known = np.isfinite(data[:, :n])
    assert (out.data[known] == data[:, :n][known]).all()
    assert (out.lost == ~known).all()
    assert not (out.in_long_gap & ~out.lost).any()
