"""Rows are placed by clock and counter: any rate, any stamps, holes of any length, and counters at any loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.clock import StampClock, measure_rate, read_clock
from neurofeedback.formats.rules.packet_counters import read_counter
from neurofeedback.formats.rules.rate import ExpectedRates
from neurofeedback.formats.rules.time_units import to_seconds
from neurofeedback.formats.rules.timing import RowTiming, time_rows
from neurofeedback.formats.rules.units import judge_unit
from neurofeedback.recording.import_report import ClockFaultKind, RateSource

START = 1.6e9
COUNTERS = {
    "cyton": lambda i: i % 256,
    "daisy": lambda i: i * 2 % 256,
    "ganglion in the gui": lambda i: i % 201,
    "emotiv": lambda i: i % 129,
    "rows": lambda i: i,
}
SFREQS = (100.0, 125.0, 128.0, 173.61, 200.0, 220.0, 250.0, 256.0, 300.0, 500.0, 512.0, 1000.0, 2048.0)


def rows_time(times=None, counter=None, **expected) -> RowTiming:
    n_rows = (times if times is not None else counter).size
    return time_rows(Path("file"), n_rows, ExpectedRates(**expected), times, counter)


def with_holes(sfreq: float, holes: list[tuple[float, float]], duration_s: float = 20.0) -> np.ndarray:
    """Return the sample numbers that are present; each hole is its start and length in s."""
    at = np.arange(round(duration_s * sfreq))
    for start_s, length_s in holes:
        at = at[(at < start_s * sfreq) | (at >= (start_s + length_s) * sfreq)]
    return at


def ganglion_without_accelerometer(at: np.ndarray) -> np.ndarray:
    place = at % 201
    return np.where(place == 0, 0, 101 + (place - 1) // 2).astype(float)


# The counter alone


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(COUNTERS)), st.floats(0, 0.6), st.integers(0, 2**31))
def test_counter_places_rows_at_any_loss(board: str, loss: float, seed: int) -> None:
    present = np.random.default_rng(seed).random(4000) >= loss
    present[0] = True
    at = np.flatnonzero(present)
    counted = read_counter(COUNTERS[board](at).astype(float))
    assert counted is not None
    assert np.array_equal(counted.positions, at)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([2, 12]), st.floats(0, 0.4), st.integers(0, 2**31))
def test_counter_of_packets_places_their_rows(rows_per_packet: int, loss: float, seed: int) -> None:
    present = np.repeat(np.random.default_rng(seed).random(400) >= loss, rows_per_packet)
    present[:rows_per_packet] = True
    at = np.flatnonzero(present)
    counted = read_counter((at // rows_per_packet).astype(float))
    assert counted is not None
    assert np.array_equal(counted.positions, at)


@pytest.mark.parametrize("counter", [np.zeros(500), np.arange(5.0), np.random.default_rng(1).normal(0, 99, 500),
                                     np.random.default_rng(2).integers(0, 256, 500).astype(float)])  # fmt: skip
def test_what_does_not_count_is_no_counter(counter: np.ndarray) -> None:
    assert read_counter(counter) is None


def test_counter_with_a_value_that_is_no_number_is_no_counter() -> None:
    counter = np.arange(500.0) % 256
    counter[77] = np.nan
    assert read_counter(counter) is None


def test_counter_whose_cycle_is_longer_than_any_known_is_no_counter() -> None:
    assert read_counter(np.tile(np.r_[0:1000, 90_000:91_000], 3).astype(float)) is None


def test_counter_that_stands_still_in_most_rows_is_no_counter() -> None:
    values = np.cumsum(np.tile([1, 2, 1, 3, 5, 1, 4, 6, 2, 7], 40))
    repeats = np.where(np.arange(values.size) % 20 == 1, 30, 1)
    assert read_counter(np.repeat(values, repeats).astype(float)) is None


def test_counter_that_began_again_within_its_cycle_is_placed_by_the_clock() -> None:
    at = np.concatenate([np.arange(3000), np.arange(5000, 8000)])
    counter = np.concatenate([np.arange(3000), np.arange(3000)]) % 256
    timing = rows_time(START + at / 250, counter.astype(float), header=250.0)
    assert timing.sample_index[3000] - timing.sample_index[2999] == 2001


# The clock alone


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(SFREQS),
    st.lists(st.tuples(st.floats(2, 17), st.floats(0.1, 8)), max_size=2),
    st.sampled_from(["exact", "ms", "jitter", "packets"]),
    st.sampled_from([1.0, 1e3, 1e6]),
    st.integers(0, 2**31),
)
def test_clock_gives_rate_and_holes_in_their_place(sfreq, holes, kind, per_second, seed) -> None:
    at = with_holes(sfreq, holes, 30.0)
    times = START + at / sfreq
    if kind == "ms":
        times = np.round(times, 3)
    elif kind == "jitter":
        times = times + np.random.default_rng(seed).normal(0, 0.1 / sfreq, at.size)
    elif kind == "packets":
        times = START + at // 8 * 8 / sfreq
    timing = rows_time(times * per_second)
    assert timing.rate.sfreq == pytest.approx(sfreq, rel=0.005)
    tolerance = max(0.02, 16 / sfreq) if kind == "packets" else 0.02
    assert np.max(np.abs(timing.sample_index - (at - at[0]))) <= tolerance * sfreq


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([125.0, 200.0, 250.0, 256.0]), st.floats(0.05, 0.5), st.integers(0, 2**31))
def test_regular_clock_counts_single_lost_samples(sfreq: float, loss: float, seed: int) -> None:
    present = np.random.default_rng(seed).random(5000) >= loss
    present[0] = True
    at = np.flatnonzero(present)
    timing = rows_time(START + at / sfreq)
    assert timing.rate.sfreq == sfreq
    assert np.array_equal(timing.sample_index, at)


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("start", [0.0, START])
def test_stamps_of_any_unit_become_seconds(unit: float, start: float) -> None:
    times = start + np.arange(1000) / 256
    seconds = to_seconds(times * unit)
    assert np.diff(seconds) == pytest.approx(1 / 256, rel=1e-2)


def test_heading_gives_the_unit_of_relative_stamps() -> None:
    assert to_seconds(np.arange(100) * 20.0, "Time (ms)")[1] == pytest.approx(0.02)


@pytest.mark.parametrize("back_s", [0.5, 7.3, 3600.0, 7200.0, 86_400.0])
def test_clock_set_back_keeps_the_order_of_rows(back_s: float) -> None:
    times = START + np.arange(5000) / 256
    times[2500:] -= back_s
    timing = rows_time(times)
    assert timing.rate.sfreq == 256
    assert np.array_equal(timing.sample_index, np.arange(5000))
    (fault,) = timing.faults
    assert (fault.kind, fault.n, fault.first_row) == (ClockFaultKind.SET_BACK, 1, 2500)
    assert "The clock was set back" in timing.notices[0]


def test_clock_set_forward_by_an_hour_is_no_gap() -> None:
    times = START + np.arange(5000) / 256
    times[2500:] += 3600
    timing = rows_time(times)
    assert timing.sample_index[-1] == 4999
    assert timing.faults[0].kind is ClockFaultKind.SET_FORWARD


def test_single_wrong_stamps_are_interpolated_and_reported() -> None:
    times = START + np.arange(5000) / 250
    times[[100, 2000]] = 0, np.nan
    timing = rows_time(times)
    assert np.array_equal(timing.sample_index, np.arange(5000))
    assert timing.faults[0].n == 2


def test_burst_that_catches_up_lost_nothing() -> None:
    times = np.arange(3000) / 250
    times[1000:1400] = np.maximum(times[1000:1400], times[1400])
    assert np.array_equal(rows_time(times).sample_index, np.arange(3000))


def test_rows_a_little_late_at_the_end_lost_nothing() -> None:
    times = START + np.arange(5000) / 250 + np.random.default_rng(3).normal(0, 0.35 / 250, 5000)
    times[-50:] += 2.6 / 250
    assert np.array_equal(rows_time(times).sample_index, np.arange(5000))


def test_stamps_of_whole_seconds_give_the_rate() -> None:
    timing = rows_time(np.floor(START + 0.4 + np.arange(8000) / 256))
    assert timing.rate.sfreq == pytest.approx(256, rel=0.005)
    assert timing.sample_index[-1] == 7999


# Clock and counter together


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(COUNTERS)),
    st.floats(0, 0.5),
    st.floats(0.3, 9),
    st.floats(0, 0.004),
    st.integers(0, 2**31),
)
def test_clock_shows_turns_the_counter_cannot(board, loss, hole_s, jitter_s, seed) -> None:
    rng = np.random.default_rng(seed)
    at = with_holes(250.0, [(5.0, hole_s)], 20.0)
    at = at[(rng.random(at.size) >= loss) | (at == 0)]
    times = START + at / 250 + rng.uniform(0, jitter_s, at.size)
    timing = rows_time(times, COUNTERS[board](at).astype(float), header=250.0)
    assert timing.rate.sfreq == 250
    assert np.max(np.abs(timing.sample_index - at)) <= 1


def test_ganglion_without_accelerometer_lost_nothing() -> None:
    at = np.arange(4000)
    timing = rows_time(START + at / 200, ganglion_without_accelerometer(at), nominal=(200.0,))
    assert np.array_equal(timing.sample_index, at)
    assert timing.notices == ()


def test_counter_that_contradicts_the_clock_is_not_used_and_reported() -> None:
    timing = rows_time(START + np.arange(4000) / 250, np.arange(4000.0) * 3 // 2 % 256, header=250.0)
    assert np.array_equal(timing.sample_index, np.arange(4000))
    assert "The packet counter cannot be used" in timing.notices[0]


def test_counter_that_began_anew_is_placed_by_the_clock() -> None:
    counter = np.concatenate([np.arange(600) // 12 + 500, np.arange(600) // 12]).astype(float)
    times = START + np.arange(1200) / 250
    times[600:] += 8.0
    timing = rows_time(times, counter, header=250.0)
    assert timing.sample_index[600] - timing.sample_index[599] == 1 + 8 * 250


@pytest.mark.parametrize("stamp", [-1e308, 1e308, 1e25])
def test_stamps_that_no_clock_shows_leave_the_header_and_counter(stamp: float) -> None:
    times = np.where(np.arange(3000) < 2000, stamp, 5.0)
    timing = rows_time(times, np.arange(3000.0) % 256, header=250.0)
    assert (timing.rate.sfreq, timing.rate.source) == (250, RateSource.HEADER)
    assert np.array_equal(timing.sample_index, np.arange(3000))
    assert "no usable time stamps" in timing.notices[0]


# The rate


def test_header_that_contradicts_the_clock_is_reported_with_both_rates() -> None:
    timing = rows_time(START + np.arange(5000) / 250, np.arange(5000.0) % 256, header=1000.0)
    assert (timing.rate.sfreq, timing.rate.source) == (250, RateSource.CLOCK)
    assert "250 Hz by its time stamps, but 1000 Hz by its header" in timing.notices[0]


def test_stated_rate_is_used_and_the_difference_reported() -> None:
    timing = rows_time(START + np.arange(5000) / 250, stated=500.0)
    assert (timing.rate.sfreq, timing.rate.source) == (500, RateSource.STATED)
    assert "500 Hz as stated" in timing.notices[0]


def test_device_clock_that_differs_little_keeps_the_nominal_rate_without_gaps() -> None:
    timing = rows_time(START + np.arange(60 * 256) / 255.4, nominal=(256.0, 220.0))
    assert (timing.rate.sfreq, timing.rate.source) == (256, RateSource.NOMINAL)
    assert timing.sample_index[-1] == 60 * 256 - 1
    assert timing.notices == ()


def test_nothing_that_gives_the_rate_is_refused_with_what_to_state() -> None:
    with pytest.raises(RecordingError, match="--sfreq"):
        rows_time(np.zeros(500))


@pytest.mark.parametrize("stamps", [np.array([np.nan, 1e30, 4.0]), np.full(40, 3.0)])
def test_stamps_that_do_not_run_are_left_as_they_are(stamps: np.ndarray) -> None:
    np.testing.assert_array_equal(to_seconds(stamps)[-1], stamps[-1])
    assert read_clock(stamps) is None


def test_two_stamps_for_all_rows_are_no_clock() -> None:
    assert read_clock(np.repeat([START, START + 1.0], 50)) is None


def test_few_rows_are_not_counted_singly() -> None:
    clock = read_clock(START + np.arange(16) / 256)
    assert clock is not None
    assert not clock.countable


def test_clock_that_does_not_rise_has_no_rate() -> None:
    assert measure_rate(StampClock(-np.arange(100.0) / 256, np.arange(100), countable=False)) is None


@pytest.mark.parametrize(("n_rows", "step_s"), [(20, 60.0), (6, 8.0)])
def test_rows_too_rare_for_windows_of_ten_seconds_have_their_mean_rate(n_rows: int, step_s: float) -> None:
    clock = StampClock(np.arange(n_rows) * step_s, np.arange(n_rows), countable=False)
    assert measure_rate(clock, known=(256.0,)).sfreq == pytest.approx(1 / step_s)


def test_expected_rate_gives_the_unit_of_relative_stamps() -> None:
    stamps = np.arange(100) * 40.0
    assert np.diff(to_seconds(stamps, expected_hz=25.0))[0] == pytest.approx(0.04)
    assert np.diff(to_seconds(stamps, expected_hz=25_000.0))[0] == pytest.approx(4e-5)


@pytest.mark.parametrize("known", [(256.0, 220.0), ()])
def test_stamps_too_fast_within_packets_give_the_rate_over_ten_seconds(known: tuple[float, ...]) -> None:
    rows = np.arange(60 * 256)
    packet, within = np.divmod(rows, 96)
    jitter = np.random.default_rng(1).normal(0, 0.35 / 256, rows.size)
    clock = read_clock(START + packet * 96 / 256 + within / 265.8 + jitter)
    assert clock is not None
    assert measure_rate(clock, known=known).sfreq == pytest.approx(256, rel=0.005)


def test_clock_of_clumped_stamps_names_the_clumps() -> None:
    clock = read_clock(START + np.arange(4096) // 16 * 16 / 256)
    assert clock is not None
    assert clock.clumped
    assert measure_rate(clock).sfreq == pytest.approx(256)


# Stamps that run too fast and pause, as those of a Muse by Bluetooth


def burst_stamps(at: np.ndarray, sfreq: float, packets: int, speed: float) -> np.ndarray:
    """Return stamps in ms of packets of 12 that come in bursts, faster than they were measured."""
    first = at // (12 * packets) * (12 * packets)
    return np.round((first + (at - first) * speed) / sfreq, 3)


@pytest.mark.parametrize("packets", [1, 7, 8, 9])
@pytest.mark.parametrize("sfreq", [220.0, 250.0, 256.0])
def test_stamps_that_run_too_fast_in_bursts_show_the_rate_over_whole_bursts(sfreq: float, packets: int) -> None:
    at = with_holes(sfreq, [(4.1, 0.4), (9.0, 1.2)], 14.0)
    timing = rows_time(burst_stamps(at, sfreq, packets, 0.96))

    assert timing.rate.sfreq == pytest.approx(sfreq, rel=0.002)
    assert abs(timing.sample_index[-1] - at[-1]) <= 0.02 * sfreq


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("block", [1, 12])
def test_losses_by_chance_are_no_bursts(block: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    lost = np.repeat(random.random(3000 // block) < random.choice([0.01, 0.05, 0.1]), block)
    at = np.flatnonzero(~lost)
    stamps = at / 256 + random.uniform(0, 0.3 / 256, at.size)

    assert rows_time(stamps).rate.sfreq == pytest.approx(256, rel=0.005)


def test_regular_losses_at_the_devices_rate_are_no_bursts() -> None:
    at = np.flatnonzero(np.arange(4000) % 100 >= 5)
    stamps = at / 256 + np.random.default_rng(0).uniform(0, 0.2 / 256, at.size)

    assert rows_time(stamps, nominal=(256.0,)).rate.sfreq == 256.0


def test_gaps_between_scattered_stamps_are_given_with_their_error() -> None:
    at = with_holes(256.0, [(4.1, 0.4)], 12.0)
    notices = rows_time(burst_stamps(at, 256.0, 8, 0.95), nominal=(256.0,)).notices
    whole = rows_time(burst_stamps(np.arange(3000), 256.0, 8, 0.95), nominal=(256.0,)).notices

    assert [notice[:28] for notice in notices] == ["The time stamps scatter by 1"]
    assert whole == ()


# Units


def test_values_too_few_or_without_change_suggest_no_unit() -> None:
    assert judge_unit(np.ones((2, 10))) is None
    assert judge_unit(np.ones((2, 100))) is None
    assert judge_unit(np.vstack([np.full(100, np.nan), 20 * np.sin(np.arange(100.0))])) == "uV"
