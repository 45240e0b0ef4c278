"""Underruns are counted on a model of the device's buffer."""

from __future__ import annotations

import pytest

from neurofeedback.audio.buffer_monitor import BufferMonitor

PERIOD = 0.02


def run(meter: BufferMonitor, now: float, *gaps_s: float, sound_s: float = PERIOD, rendering: bool = False) -> float:
    """Hand over after each gap, which went by in rendering or in waiting for the device; returns the last time."""
    for gap in gaps_s:
        asked = now if rendering else now + gap
        now += gap
        meter.record_delivery(asked, now, sound_s)
    return now


def steady() -> tuple[BufferMonitor, float]:
    meter = BufferMonitor(3 * PERIOD)
    return meter, run(meter, 5.0, 0, 0, 0, *[PERIOD] * 60)


def test_delivery_in_time_is_no_underrun() -> None:
    meter, now = steady()
    run(meter, now, *[0.03, 0.01] * 200)
    assert meter.underruns == 0


@pytest.mark.parametrize(("gap_s", "count"), [(0.055, 0), (0.065, 1), (3.0, 1)])
def test_a_gap_longer_than_the_buffer_is_one_underrun(gap_s: float, count: int) -> None:
    meter, now = steady()
    run(meter, now, gap_s, 0, 0, *[PERIOD] * 100)
    assert meter.underruns == count


def test_constantly_slow_delivery_underruns_repeatedly() -> None:
    meter, now = steady()
    run(meter, now, *[0.025] * 100, rendering=True)
    assert meter.underruns == 11  # 60 ms shrink by 5 at each turn: every ninth comes too late


def test_stalls_of_the_first_seconds_do_not_count() -> None:
    meter = BufferMonitor(3 * PERIOD)
    now = run(meter, 0.0, 0, 0.9, *[PERIOD] * 40, 0.7, *[PERIOD] * 60)
    assert meter.underruns == 0
    run(meter, now, 0.2)
    assert meter.underruns == 1


def test_clocks_that_differ_by_a_tenth_of_a_percent_are_no_underrun() -> None:
    for drift in (0.999, 1.001):
        meter, now = steady()
        run(meter, now, *[PERIOD * drift] * 30000)
        assert meter.underruns == 0


def test_monitor_learns_a_buffer_longer_than_requested() -> None:
    meter = BufferMonitor(3 * PERIOD)
    now = run(meter, 0.0, *[0] * 10, *[0.1, 0, 0, 0, 0] * 15)
    run(meter, now, *[0.1, 0, 0, 0, 0] * 50)
    assert meter.underruns == 0


def test_worst_lateness_is_reset_when_read() -> None:
    meter, now = steady()
    assert meter.steady
    meter.pop_worst_lateness_s()
    now = run(meter, now, PERIOD, PERIOD + 0.015, 0.005, PERIOD)
    assert meter.pop_worst_lateness_s() == pytest.approx(0.015, abs=0.001)
    run(meter, now, PERIOD)
    assert meter.pop_worst_lateness_s() < 0.001
    assert meter.underruns == 0


def test_paused_sound_server_is_no_underrun() -> None:
    meter, now = steady()
    for _ in range(20):
        now = run(meter, now, PERIOD + 0.03, *[PERIOD] * 10)
    assert meter.underruns == 0
    assert meter.pop_worst_lateness_s() == pytest.approx(0.03, abs=0.001)


def test_repeated_short_delays_add_up_to_an_underrun() -> None:
    meter, now = steady()
    run(meter, now, *[0.03, PERIOD, PERIOD] * 10, rendering=True)
    assert meter.underruns > 0
