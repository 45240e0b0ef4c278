"""A row belongs where its counter says: packets and whole turns lost, a burst that catches up, a counter begun anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.formats.rules.packet_counters import CounterPattern, detect_pattern, place_rows

SFREQ = 250.0
BOARDS = {
    "cyton": CounterPattern(1, 1, 256),
    "daisy": CounterPattern(1, 2, 256),
    "ganglion": CounterPattern(2, 1, 101),
    "muse": CounterPattern(12, 1, 65536),
}


def count(rule: CounterPattern, n_rows: int) -> np.ndarray:
    return (np.arange(n_rows) // rule.rows_per_value * rule.step % rule.modulus).astype(float)


@pytest.mark.parametrize("board", ["cyton", "daisy", "ganglion"])
def test_a_counter_tells_its_own_rule(board: str):
    assert detect_pattern(count(BOARDS[board], 3000)) == BOARDS[board]


@pytest.mark.parametrize("counter", [np.zeros(500), np.arange(5.0), np.random.default_rng(1).normal(0, 99, 500)])
def test_what_does_not_count_is_no_counter(counter: np.ndarray):
    assert detect_pattern(counter) is None


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(BOARDS)))
def test_rows_lost_in_packets_are_placed_exactly(data: st.DataObject, board: str):
    rule = BOARDS[board]
    n_packets = data.draw(st.integers(20, 60))
    lost = data.draw(st.sets(st.integers(1, n_packets - 1), max_size=8))
    kept = np.repeat([packet not in lost for packet in range(n_packets)], rule.rows_per_value)
    counter = count(rule, kept.size)[kept]
    expected = np.flatnonzero(kept)
    assert place_rows(counter, rule, SFREQ).tolist() == expected.tolist()
    assert place_rows(counter, rule, SFREQ, expected / SFREQ).tolist() == expected.tolist()


def test_a_clock_tells_whole_turns_that_are_missing():
    rule = BOARDS["cyton"]
    kept = np.ones(5000, bool)
    kept[1000 : 1000 + 3 * 256 + 10] = False
    at = np.flatnonzero(kept)
    counter, jitter = count(rule, kept.size)[kept], np.random.default_rng(2).uniform(0, 0.05, at.size)
    assert place_rows(counter, rule, SFREQ, at / SFREQ + jitter).tolist() == at.tolist()
    assert place_rows(counter, rule, SFREQ)[-1] == at[-1] - 3 * 256  # the fewest that explain the counter


def test_a_burst_that_catches_up_lost_nothing():
    rule = BOARDS["cyton"]
    at = np.arange(3000)
    times = at / SFREQ
    times[1000:1400] = np.maximum(times[1000:1400], times[1400])
    assert place_rows(count(rule, 3000), rule, SFREQ, times).tolist() == at.tolist()


def test_a_counter_that_began_anew_is_placed_by_the_clock():
    rule = CounterPattern(12, 1, 0)
    counter = np.concatenate([np.arange(600) // 12 + 500, np.arange(600) // 12]).astype(float)
    times = np.arange(1200) / SFREQ
    times[600:] += 8.0
    at = place_rows(counter, rule, SFREQ, times)
    assert at[600] - at[599] == 1 + 8 * 250
    assert place_rows(counter, rule, SFREQ)[-1] == 1199


@pytest.mark.parametrize("stamp", [-1e308, 1e308, 1e25])
def test_a_stamp_that_no_clock_shows_is_a_place_that_no_recording_has(stamp: float):
    rule = BOARDS["cyton"]
    times = np.arange(3000) / SFREQ
    times[:1000] = min(stamp, 0.0)
    times[1000:] = max(stamp, times[1000])
    assert place_rows(count(rule, 3000), rule, SFREQ, times)[-1] > 1e11
