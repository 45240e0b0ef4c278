"""Blocks given out twice are marked on their channel; whatever an electrode measures is not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.acquisition.boards import BOARDS
from neurofeedback.acquisition.placement.muse_stale_blocks import StalePacketFilter
from neurofeedback.acquisition.placement.sample_placement import SamplePlacer
from neurofeedback.emulators.muse import SCALE_UV, quantise

BLOCK, N_CHANNELS = 12, 4
COUNTER = 4


def table(data):
    """Put samples beside the counts of their blocks, as the driver does."""
    counts = np.arange(data.shape[1]) // BLOCK
    return np.concatenate([data, counts[None]])


def measured(signal):
    return (quantise(signal) - 2048) * SCALE_UV


def marked(data, cuts=()):
    stale = StalePacketFilter(range(N_CHANNELS), COUNTER, BLOCK)
    whole = table(data)
    edges = [0, *sorted(cuts), whole.shape[1]]
    return np.concatenate([stale.process(whole[:, a:b]) for a, b in pairwise(edges)], axis=1)[:N_CHANNELS]


def noise(n_blocks, seed=1, uv=10.0):
    return measured(np.random.default_rng(seed).normal(0, uv, (N_CHANNELS, n_blocks * BLOCK)))


@given(
    st.sets(st.tuples(st.integers(0, 3), st.integers(1, 19)), max_size=30),
    st.lists(st.integers(0, 20 * BLOCK), max_size=12),
)
def test_exactly_the_blocks_given_out_twice_are_marked_however_reads_cut_them(stale, cuts):
    data = noise(20)
    for channel, block in sorted(stale, key=lambda place: place[1]):
        at = block * BLOCK
        data[channel, at : at + BLOCK] = data[channel, at - BLOCK : at]
    expected = data.copy()
    for channel, block in stale:
        expected[channel, block * BLOCK : (block + 1) * BLOCK] = np.nan
    np.testing.assert_array_equal(marked(data, cuts), expected)


@given(
    st.integers(0, 2**32 - 1),
    st.floats(2.0, 300.0),  # below, a 12-bit signal is all but flat
    st.floats(0.0, 0.99),
    st.sampled_from([0.0, 50.0, 60.0]),
    st.floats(0.0, 1500.0),
)
def test_no_signal_of_a_head_is_marked(seed, uv, colour, mains_hz, mains_uv):
    """Noise of any colour, with mains hum that may drive it into the rails."""
    rng, n = np.random.default_rng(seed), 60 * BLOCK
    signal = np.empty((N_CHANNELS, n))
    signal[:, 0] = 0.0
    for i, white in enumerate(rng.standard_normal((n - 1, N_CHANNELS)), start=1):
        signal[:, i] = colour * signal[:, i - 1] + np.sqrt(1 - colour**2) * uv * white
    data = measured(signal + mains_uv * np.sin(2 * np.pi * mains_hz * np.arange(n) / 256))
    np.testing.assert_array_equal(marked(data), data)


@pytest.mark.parametrize("levels", [[-1000.0], [0.0], [-1000.0, 999.5], [0.0, 0.5, 1.0]])
def test_flat_and_railed_electrodes_are_left_to_be_judged_as_contact(levels):
    data = np.resize(levels, (N_CHANNELS, 10 * BLOCK))
    np.testing.assert_array_equal(marked(data), data)


def test_a_block_that_broke_off_is_passed_on_and_compared_with_nothing():
    stale = StalePacketFilter([0], 1, 4)
    rows = np.array([[1, 7, 3, 5, 1, 7, 1, 7, 3, 5], [0, 0, 0, 0, 1, 1, 2, 2, 2, 2]], float)
    np.testing.assert_array_equal(stale.process(rows), rows)
    assert stale.n_stale == 0


def test_a_new_stream_is_compared_with_itself_alone():
    stale, rows = StalePacketFilter([0], 1, 4), np.array([[1, 7, 3, 5], [0, 0, 0, 0]], float)
    stale.process(rows)
    stale.process(rows[:, :2])
    stale.restart()
    np.testing.assert_array_equal(stale.process(rows), rows)


def test_marked_blocks_are_listed_as_lost_runs_of_their_channel():
    data = noise(5)
    data[2, 24:36] = data[2, 12:24]
    rows = StalePacketFilter(range(N_CHANNELS), COUNTER, BLOCK).process(table(data))
    placer = SamplePlacer(N_CHANNELS, 256.0, BOARDS["muse-2"].counter)
    placed = placer.place(rows[:N_CHANNELS], rows[COUNTER].astype(int).tolist(), np.arange(60) / 256)
    assert placed is not None
    ((run),) = placed.lost
    assert (run.start, run.n_samples, run.channels, run.cause) == (24, 12, (2,), "invalid")
    assert np.isnan(placed.data).sum() == 12
