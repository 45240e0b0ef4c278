"""Lost, repeated, late and garbled samples find their places, however they are cut into pushes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurofeedback.acquisition.placement.counter_rules import CounterRule
from neurofeedback.acquisition.placement.counter_tracking import MAX_HOLD_S, arrival_times
from neurofeedback.acquisition.placement.sample_placement import SamplePlacer
from neurofeedback.types import LostRun

CYTON = CounterRule(256)
DAISY = CounterRule(256, step=2)
MUSE = CounterRule(65536, repeat=12)
SFREQ = 250.0


def count(rule: CounterRule, sample: int) -> int:
    return sample // rule.repeat * rule.step % rule.modulus


def feed(samples, times=None, *, rule=CYTON, cuts=(), ledger=None):
    """Push samples, each worth its own number, in the given pieces; return data, lost runs and the ledger."""
    samples = list(samples)
    times = [sample / SFREQ for sample in samples] if times is None else list(times)
    counters = [count(rule, sample) if rule else 0 for sample in samples]
    ledger = ledger or SamplePlacer(1, SFREQ, rule)
    edges = [0, *sorted(cuts), len(samples)]
    placed = [ledger.place([samples[a:b]], counters[a:b], times[a:b]) for a, b in pairwise(edges)]
    return *collect(placed), ledger


def collect(placed):
    placed = [piece for piece in placed if piece is not None]
    for left, right in pairwise(placed):
        assert left.first_sample + left.data.shape[1] == right.first_sample
    data = np.concatenate([piece.data for piece in placed], axis=1) if placed else np.empty((1, 0), np.float32)
    return data, [run for piece in placed for run in piece.lost]


def missing(runs):
    return [i for run in runs for i in range(run.start, run.start + run.n_samples)]


def assert_in_place(data, kept):
    """Each sample is worth its true position: it must stand there, and all else must be NaN."""
    expected = np.full(max(kept) + 1, np.nan, np.float32)
    expected[list(kept)] = list(kept)
    np.testing.assert_array_equal(data[0], expected)


@pytest.mark.parametrize("rule", [CYTON, DAISY])
def test_lost_packets_keep_their_place(rule):
    kept = [i for i in range(1000) if i % 7 and not 300 <= i < 340]
    kept = [0, *kept]
    data, lost, _ = feed(kept, rule=rule)
    assert_in_place(data, kept)
    assert missing(lost) == sorted(set(range(1000)) - set(kept))
    assert {run.cause for run in lost} == {"lost"}


def test_lost_blocks_of_twelve_keep_their_place():
    blocks = [0, 1, 4, 5, 6, 9]
    kept = [12 * block + i for block in blocks for i in range(12)]
    data, lost, _ = feed(kept, rule=MUSE)
    assert_in_place(data, kept)
    assert [(run.start, run.n_samples) for run in lost] == [(24, 24), (84, 24)]


@pytest.mark.parametrize("n_lost", [255, 256, 257, 512, 600, 5000])
def test_clock_counts_whole_cycles_of_the_counter(n_lost):
    kept = [*range(100), *range(100 + n_lost, 1000 + n_lost)]
    data, lost, _ = feed(kept)
    assert_in_place(data, kept)
    assert lost == [LostRun(100, n_lost)]


@pytest.mark.parametrize("late_s", [0.6, 1.0, 2.1, 5.0])
def test_a_late_burst_is_no_gap(late_s):
    stall = 100 + round(late_s * SFREQ)
    times = [max(i, stall) / SFREQ if i >= 100 else i / SFREQ for i in range(stall + 200)]
    data, lost, _ = feed(range(stall + 200), times)
    assert_in_place(data, range(stall + 200))
    assert not lost


@pytest.mark.parametrize(
    "late_s", [0.3, 0.55, 0.75]
)  # a whole turn less a quarter: later, it may as well be a turn more
@pytest.mark.parametrize("n_lost", [0, 3, 250, 1500])
def test_samples_that_stay_late_for_seconds_do_not_lengthen_a_gap(late_s, n_lost):
    kept = [*range(1000), *range(1000 + n_lost, 3000 + n_lost)]
    times = [i / SFREQ + (late_s if 1000 <= i < 2000 + n_lost else 0.0) for i in kept]
    data, lost, _ = feed(kept, np.maximum.accumulate(times))
    assert_in_place(data, kept)
    assert missing(lost) == list(range(1000, 1000 + n_lost))


def test_a_loss_within_a_late_burst_is_counted():
    kept = [i for i in range(800) if not 250 <= i < 260]
    times = [max(i, 500) / SFREQ if i >= 100 else i / SFREQ for i in kept]
    data, lost, _ = feed(kept, times)
    assert_in_place(data, kept)
    assert lost == [LostRun(250, 10)]


@pytest.mark.parametrize("n_lost", [256 + 40, 512 + 130, 768 + 180])
def test_samples_queued_by_the_host_are_placed_before_the_loss(n_lost):
    """A port that nobody reads keeps the oldest bytes and loses what comes once it is full."""
    lost = range(230, 230 + n_lost)
    kept = [i for i in range(lost.stop + 600) if i not in lost]
    frozen = [max(i, lost.stop) / SFREQ if i >= 100 else i / SFREQ for i in kept]
    data, runs, ledger = feed(kept, frozen)
    if n_lost % 256 > 64:
        assert runs == [LostRun(230, n_lost)]
        assert_in_place(data, kept)
    assert data.shape[1] == lost.stop + 600, "whatever the counter hides, what comes afterwards is in its place"
    assert ledger.n_dropped == 0


@given(st.integers(130, 3000), st.integers(1, 120), st.floats(0.0, 0.25))
def test_cycles_are_counted_when_samples_come_in_bursts(n_lost, burst, before_s):
    """A busy machine reads late, in bursts: the promptest arrivals count, not those that happen to be next."""
    kept = [*range(1000), *range(1000 + n_lost, 2000 + n_lost)]
    times = [(i // burst + 1) * burst / SFREQ for i in kept]
    times[900:1000] = [max(times[899], kept[i] / SFREQ + before_s) for i in range(900, 1000)]
    times = np.maximum.accumulate(times).tolist()
    data, lost, _ = feed(kept, times)
    assert data.shape[1] == 2000 + n_lost
    assert len(missing(lost)) == n_lost
    if burst <= SFREQ / 10:
        assert missing(lost) == list(range(1000, 1000 + n_lost))
        assert_in_place(data, kept)
    else:  # of a longer burst it cannot be told which samples were read late: they may be placed too early
        after = kept[1000 + burst :]
        np.testing.assert_array_equal(data[0, after], np.array(after, np.float32))
        assert set(missing(lost)) <= set(range(1000, 1000 + n_lost + burst))


def test_doubtful_samples_are_held_no_longer_than_needed():
    """Their pace shows within 1.5 s that none had been queued; a queue that drains slowly is not waited for."""
    for back_s, pace, held_s in ((2.48, 1.0, 1.5), (10.0, 1.4, MAX_HOLD_S)):
        kept = [*range(100), *range(620, 2200)]
        times = [i / SFREQ if i < 100 else back_s + (i - 620) / SFREQ / pace for i in kept]
        ledger = SamplePlacer(1, SFREQ, CYTON)
        released = [at for i, at in zip(kept, times, strict=True) if feed([i], [at], ledger=ledger)[0].size]
        assert released[100] - back_s == pytest.approx(held_s, abs=2 / SFREQ)


def test_placer_names_whether_samples_are_held() -> None:
    placer = SamplePlacer(1, SFREQ, CYTON)
    feed(range(100), ledger=placer)
    assert not placer.has_pending
    feed([600], ledger=placer)
    assert placer.has_pending


def test_lasting_delay_that_no_whole_cycle_explains_is_no_loss() -> None:
    late_s = 0.84
    times = [i / SFREQ + (late_s if i >= 1000 else 0.0) for i in range(12_000)]
    data, lost, placer = feed(range(12_000), np.maximum.accumulate(times))
    assert_in_place(data, range(12_000))
    assert not lost
    assert placer.n_dropped == 0


def test_whole_cycle_lost_without_a_silence_becomes_a_gap_once_all_are_late_by_it() -> None:
    times = np.arange(6000) / SFREQ + np.interp(np.arange(6000), [1000, 2000], [0.0, 256 / SFREQ])
    data, lost, _ = feed(range(6000), times)
    (gap,) = lost
    assert (gap.n_samples, gap.cause) == (256, "gap")
    np.testing.assert_array_equal(data[0, gap.start + 256 :], np.arange(gap.start, 6000))


def test_duplicates_are_dropped():
    samples = [0, 1, 2, 2, 3, 1, 2, 3, 4, 5]
    data, lost, ledger = feed(samples, times=[i / SFREQ for i in range(10)])
    assert_in_place(data, range(6))
    assert not lost
    assert ledger.n_dropped == 4


def test_a_repeated_block_is_dropped():
    block = [*range(12)]
    data, lost, ledger = feed([*block, *block, *range(12, 24)], times=[i / SFREQ for i in range(36)], rule=MUSE)
    assert_in_place(data, range(24))
    assert not lost
    assert ledger.n_dropped == 12


@pytest.mark.parametrize("counter", [120, 150, 180])
def test_one_garbled_counter_is_dropped(counter):
    samples = [*range(20), 20 + counter, *range(21, 60)]
    data, lost, ledger = feed(samples, times=[i / SFREQ for i in range(60)])
    assert_in_place(data, [i for i in range(60) if i != 20])
    assert lost == [LostRun(20, 1)]
    assert ledger.n_dropped == 1


def test_restarted_counter_is_placed_by_time():
    ledger = SamplePlacer(1, SFREQ, CYTON)
    feed(range(100), ledger=ledger)
    again = [count(CYTON, i + 128) for i in range(100, 300)]
    placed = ledger.place([range(100, 300)], again, [i / SFREQ for i in range(100, 300)])
    assert placed is not None
    assert placed.first_sample == 100
    assert abs(placed.data.shape[1] - 200) <= 1
    assert not [run for run in placed.lost if run.cause == "lost"]


def test_gap_after_a_restart_is_measured_by_the_clock():
    ledger = SamplePlacer(1, SFREQ, CYTON)
    feed(range(100), ledger=ledger)
    ledger.restart()
    _, lost, _ = feed(range(100), times=[3.0 + i / SFREQ for i in range(100)], ledger=ledger)
    assert lost == [LostRun(100, 650, cause="gap")]


@given(st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_after_a_restart_late_samples_do_not_lengthen_the_gap(before_s, after_s):
    """The promptest of a quarter of a second tells when they were taken, not the first."""
    ledger = SamplePlacer(1, SFREQ, CYTON)
    feed(range(100), times=[min(0.4, i / SFREQ + before_s) for i in range(100)], ledger=ledger)
    ledger.restart()
    times = [3.0 + max(i / SFREQ, after_s) for i in range(200)]
    _, lost, _ = feed(range(200), times=times, ledger=ledger)
    assert [(run.start, run.cause) for run in lost] == [(100, "gap")]
    assert abs(lost[0].n_samples - 650) <= 1


@pytest.mark.parametrize("rule", [CYTON, DAISY])
@pytest.mark.parametrize("burst", [135, 150, 200, 300, 600])
def test_samples_that_a_busy_host_reads_in_rare_bursts_are_placed_after_a_restart(rule, burst):
    """Half a turn of the counter and more lies between two bursts, so none confirms the one before."""
    placer = SamplePlacer(1, SFREQ, rule)
    feed(range(100), rule=rule, ledger=placer)
    placer.restart()
    times = [3.0 + (i // burst + 1) * burst / SFREQ for i in range(10 * burst)]
    data, lost, _ = feed(range(10 * burst), times, rule=rule, ledger=placer)
    assert placer.n_dropped == 0
    assert [(run.start, run.cause) for run in lost] == [(100, "gap")]
    assert lost[0].n_samples == pytest.approx(650, abs=2)
    placed = data[0, lost[0].n_samples :]
    np.testing.assert_array_equal(placed, np.arange(placed.size))
    assert placed.size >= 9 * burst


def test_restarted_numbering_counts_from_zero_with_losses_in_place():
    placer = SamplePlacer(1, 250.0, CYTON)
    placer.place(np.zeros((1, 10)), range(10), np.arange(10) / 250)
    assert placer.restart_numbering() == 10
    placed = placer.place(np.ones((1, 2)), [13, 14], [13 / 250, 14 / 250])
    assert placed is not None
    assert (placed.first_sample, placed.lost) == (0, (LostRun(0, 3),))
    np.testing.assert_array_equal(placed.data, [[np.nan, np.nan, np.nan, 1, 1]])
    assert placer.restart_numbering() == 5


def test_without_a_counter_only_a_long_silence_is_a_gap():
    times = [i / SFREQ if i < 500 else i / SFREQ + 2.0 for i in range(1000)]
    _, lost, _ = feed(range(1000), times, rule=None)
    assert [run.cause for run in lost] == ["gap"]
    assert (lost[0].start, lost[0].n_samples) == (500, pytest.approx(500, abs=1))
    burst = [max(i, 800) / SFREQ if i >= 500 else i / SFREQ for i in range(1000)]
    data, lost, _ = feed(range(1000), burst, rule=None)
    assert_in_place(data, range(1000))
    assert not lost


def test_what_is_not_a_number_is_listed_for_its_channels():
    data = np.ones((3, 6))
    data[0, 1:3] = np.nan
    data[2, 1:3] = np.inf
    data[1, 5] = 1e300
    placed = SamplePlacer(3, SFREQ, CYTON).place(data, [0, 1, 2, 3, 5, 6], [0.0] * 6)
    assert placed is not None
    assert placed.lost == (
        LostRun(1, 2, (0, 2), "invalid"),
        LostRun(4, 1),
        LostRun(6, 1, (1,), "invalid"),
    )
    assert placed.data.dtype == np.float32
    expected = np.zeros((3, 7), bool)
    expected[[0, 2], 1:3] = expected[:, 4] = expected[1, 6] = True
    np.testing.assert_array_equal(np.isnan(placed.data), expected)


@st.composite
def troubled_streams(draw):
    """Samples with losses, repeats, silences and bursts, and their arrival times."""
    samples, times, clock, sample = [], [], 0.0, 0
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["run", "loss", "silence", "late", "repeat", "garbage"]))
        if kind == "silence":
            sample += draw(st.integers(125, 900))
        elif kind == "loss":
            sample += draw(st.integers(1, 60))
        elif kind == "repeat" and samples:
            samples.append(samples[-1])
            times.append(times[-1])
        elif kind == "garbage":
            samples.append(sample + draw(st.integers(0, 255)))
            times.append(max(clock, sample / SFREQ))
        delay = draw(st.floats(0.4, 2.0)) if kind == "late" else 0.0
        due = sample / SFREQ + delay
        for _ in range(draw(st.integers(1, 150))):
            clock = max(clock, due, sample / SFREQ)
            samples.append(sample)
            times.append(clock)
            sample += 1
    return samples, times


@given(troubled_streams(), st.data(), st.sampled_from([CYTON, DAISY, MUSE, None]))
def test_result_does_not_depend_on_the_split_into_calls(stream, data, rule):
    samples, times = stream
    cuts = data.draw(st.lists(st.integers(0, len(samples)), max_size=8))
    whole, whole_lost, _ = feed(samples, times, rule=rule)
    for pieces in (cuts, range(1, len(samples))):
        again, lost, _ = feed(samples, times, rule=rule, cuts=pieces)
        np.testing.assert_array_equal(again, whole)
        assert lost == whole_lost


@given(troubled_streams(), st.sampled_from([CYTON, DAISY, MUSE, None]))
def test_nan_stands_exactly_where_a_loss_is_listed(stream, rule):
    samples, times = stream
    data, lost, _ = feed(samples, times, rule=rule)
    assert np.flatnonzero(np.isnan(data[0])).tolist() == missing(lost)


@given(st.sets(st.integers(1, 2000), max_size=300))
def test_any_loss_without_a_long_silence_is_exact(lost):
    kept = [i for i in range(2001) if i not in lost]
    data, runs, _ = feed(kept)
    assert_in_place(data, kept)
    assert missing(runs) == [i for i in range(max(kept)) if i in lost]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(0, 100), st.floats(0, 5))
def test_arrival_times_lie_between_the_reads_and_never_fall(stamps, since, passed):
    times = arrival_times(np.array(stamps), since, since + passed)
    assert times == sorted(times)
    assert since <= times[0]
    assert times[-1] == since + passed


GARBAGE_THEN_DUPLICATE = (
    [1, 3, 4, 5, 252, 6, 12, 7, 8],
    [0.004, 0.012, 0.016, 0.02, 0.024, 0.024, 0.028, 0.028, 0.032],
)


@given(troubled_streams(), st.sampled_from([CYTON, DAISY, MUSE, None]))
@example(GARBAGE_THEN_DUPLICATE, MUSE)
def test_samples_held_at_the_end_are_placed_in_order_and_none_later_than_taken(stream, rule):
    samples, times = stream
    data, _, placer = feed(samples, times, rule=rule)
    before = data.shape[1]
    was_held, n_dropped = placer.has_pending, placer.n_dropped
    placed = placer.flush()
    assert not placer.has_pending
    assert placer.flush() is None
    if not was_held:
        assert placed is None
    elif placed is None:
        assert placer.n_dropped > n_dropped
    else:
        assert placed.first_sample == before
        np.testing.assert_array_equal(
            np.flatnonzero(np.isnan(placed.data[0])) + before, [i for i in missing(placed.lost) if i >= before]
        )


@pytest.mark.parametrize("n_after", [1, 40, 300])
@pytest.mark.parametrize(("n_lost", "rule"), [(40, CYTON), (900, CYTON), (1400, CYTON), (900, DAISY), (900, None)])
def test_samples_after_a_gap_at_the_end_are_all_there_and_no_loss_is_invented(n_lost, rule, n_after):
    kept = [*range(500), *range(500 + n_lost, 500 + n_lost + n_after)]
    data, lost, placer = feed(kept, rule=rule)
    rest, rest_lost = collect([placer.flush()])
    data = np.concatenate([data, rest], axis=1)
    positions = np.flatnonzero(~np.isnan(data[0]))
    assert data[0, positions].tolist() == kept
    assert (positions <= kept).all()
    assert missing([*lost, *rest_lost]) == np.flatnonzero(np.isnan(data[0])).tolist()
    if rest_lost and positions[-1] < kept[-1]:
        assert rest_lost[0].cause == "gap"


def test_single_garbled_counter_at_the_end_is_dropped():
    samples = [*range(500), 650]
    times = [i / SFREQ for i in range(501)]
    data, _, placer = feed(samples, times)
    assert placer.flush() is None
    assert (data.shape[1], placer.n_dropped) == (500, 1)
