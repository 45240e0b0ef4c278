"""A counter of blocks whose size only the samples show, as an Athena's: losses are in their places all the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.acquisition.placement.counter_rules import CounterRule
from neurofeedback.acquisition.placement.sample_placement import SamplePlacer

RULE = CounterRule(256, repeat=0)
SFREQ = 256.0


def place(messages, size, *, cuts=(), flush=False, start=0):
    """Place samples worth their positions, sent in messages: each is its blocks and its time (s)."""
    samples, counters, times = [], [], []
    for number, (blocks, time) in enumerate(messages):
        for block in blocks:
            samples += range(block * size, (block + 1) * size)
            counters += [(number % 65536) << 8 | (start + block) % 256] * size
            times += [time] * size
    placer = SamplePlacer(1, SFREQ, RULE)
    edges = [0, *sorted(cuts), len(samples)]
    placed = [placer.place([samples[a:b]], counters[a:b], times[a:b]) for a, b in pairwise(edges)]
    placed += [placer.flush()] if flush else []
    pieces = [piece for piece in placed if piece is not None]
    data = np.concatenate([piece.data for piece in pieces], axis=1)[0] if pieces else np.empty(0)
    return data, [run for piece in pieces for run in piece.lost], placer


def stream(n_messages, size, blocks_per_message, lost=(), late_s=()):
    """Messages of an hour-long stream's beginning; some lost, each up to so late (s)."""
    period_s = blocks_per_message * size / SFREQ
    delays = [*late_s, *[0.0] * n_messages]
    times = np.maximum.accumulate([(i + 1) * period_s + delays[i] for i in range(n_messages)])
    return [
        (range(i * blocks_per_message, (i + 1) * blocks_per_message), float(times[i]))
        for i in range(n_messages)
        if i not in lost
    ]


def assert_in_place(data, kept):
    expected = np.full(max(kept) + 1, np.nan)
    expected[kept] = kept
    np.testing.assert_array_equal(data, expected)


@given(
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from([1, 2, 4]),
    st.sets(st.integers(8, 199), max_size=40),
    st.lists(st.floats(0, 0.04), max_size=200),
    st.integers(0, 255),
)
@settings(max_examples=15)
def test_losses_of_messages_are_in_their_places(size, blocks_per_message, lost, late_s, start):
    messages = stream(200, size, blocks_per_message, lost, late_s)
    data, runs, _ = place(messages, size, start=start)
    kept = [sample for blocks, _ in messages for sample in range(blocks[0] * size, (blocks[-1] + 1) * size)]
    assert_in_place(data, kept)
    assert sum(run.n_samples for run in runs) == kept[-1] + 1 - len(kept)


@given(st.lists(st.integers(0, 1600), max_size=5))
@settings(max_examples=10)
def test_result_does_not_depend_on_the_split_into_calls(cuts):
    messages = stream(200, 2, 4, lost={20, 21, 90})
    whole, runs, _ = place(messages, 2)
    again, same_runs, _ = place(messages, 2, cuts=[min(cut, 2 * 4 * 197) for cut in cuts])
    np.testing.assert_array_equal(again, whole)
    assert same_runs == runs


@pytest.mark.parametrize("lost_s", [0.5, 1.9, 2.0, 5.0])
def test_silence_longer_than_a_turn_of_the_counter_keeps_its_length(lost_s):
    n_lost = round(lost_s * SFREQ / 8)
    messages = stream(400 + n_lost, 2, 4, lost=set(range(100, 100 + n_lost)))
    data, runs, _ = place(messages, 2)
    assert [(run.start, run.n_samples) for run in runs] == [(800, 8 * n_lost)]
    assert data[-1] == len(data) - 1


def test_block_that_comes_twice_at_first_does_not_double_the_size():
    messages = stream(60, 4, 1)
    messages.insert(1, messages[0])
    data, runs, placer = place(messages, 4)
    assert not runs
    assert placer.n_dropped == 4
    assert_in_place(data, list(range(240)))


def test_device_that_does_not_count_is_placed_by_the_clock():
    placer = SamplePlacer(1, SFREQ, RULE)
    placed = placer.place([range(300)], [0] * 300, [i / SFREQ for i in range(300)])
    assert placed is not None
    assert placed.data[0].tolist() == list(range(300))


def test_samples_before_a_restart_or_the_end_that_do_not_show_their_blocks_are_dropped():
    placer = SamplePlacer(1, SFREQ, RULE)
    assert placer.place([[1, 2, 3]], [7, 7, 8], [0.0, 0.0, 0.0]) is None
    assert placer.has_pending
    placer.restart()
    assert (placer.has_pending, placer.n_dropped) == (False, 3)
    data, _, placer = place(stream(1, 2, 2), 2, flush=True)
    assert (data.size, placer.has_pending, placer.n_dropped) == (0, False, 4)
    messages = stream(20, 2, 2)
    data, _, _ = place(messages, 2, flush=True)
    assert_in_place(data, list(range(80)))
