"""How much the device is to hold."""

from __future__ import annotations

import pytest

from neurofeedback.audio.adaptive_buffer import LONG_BUFFER_MS, SHORTEN_AFTER_S, SHORTEN_AGAIN_AFTER_S, AdaptiveBuffer

TIGHT_MS = 30
CALM, CLOSE = 0.010, 0.022


def watch(
    cushion: AdaptiveBuffer,
    now_s: float,
    seconds: float,
    late_s: float = CALM,
    *,
    steady: bool = True,
    load: float = 0.2,
) -> float:
    """Push twice a second; returns the time after."""
    for _ in range(round(2 * seconds)):
        now_s += 0.5
        cushion.update(now_s, late_s, steady=steady, load=load)
    return now_s


def test_it_begins_roomy_and_becomes_tight_where_the_machine_is_calm() -> None:
    cushion = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(cushion, 0.0, SHORTEN_AFTER_S - 1)
    assert cushion.buffer_ms == LONG_BUFFER_MS
    watch(cushion, now_s, 2)
    assert cushion.buffer_ms == TIGHT_MS


@pytest.mark.parametrize(("late_s", "steady"), [(CLOSE, True), (CALM, False)])
def test_it_stays_roomy_where_samples_come_late_or_nobody_knows(late_s: float, steady: bool) -> None:
    cushion = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(cushion, 0.0, 10 * SHORTEN_AFTER_S, late_s, steady=steady)
    assert cushion.buffer_ms == LONG_BUFFER_MS
    watch(cushion, now_s, SHORTEN_AFTER_S - 1)
    assert cushion.buffer_ms == LONG_BUFFER_MS


def test_one_close_call_and_it_is_roomy_for_a_long_time() -> None:
    cushion = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(cushion, 0.0, SHORTEN_AFTER_S + 1)
    assert cushion.update(now_s + 1, CLOSE, steady=True)
    now_s = watch(cushion, now_s + 1, SHORTEN_AGAIN_AFTER_S - 1)
    assert cushion.buffer_ms == LONG_BUFFER_MS
    watch(cushion, now_s, 3)
    assert cushion.buffer_ms == TIGHT_MS


def test_it_stays_roomy_while_other_programs_keep_the_cores_busy() -> None:
    cushion = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(cushion, 0.0, 10 * SHORTEN_AFTER_S, load=0.6)
    assert cushion.buffer_ms == LONG_BUFFER_MS
    watch(cushion, now_s, SHORTEN_AFTER_S + 1)
    assert cushion.buffer_ms == TIGHT_MS


def test_other_programs_that_begin_make_it_roomy_before_anything_comes_late() -> None:
    cushion = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(cushion, 0.0, SHORTEN_AFTER_S + 1)
    watch(cushion, now_s, 1, load=0.6)
    assert cushion.buffer_ms == LONG_BUFFER_MS


def test_a_device_that_was_lost_begins_roomy() -> None:
    cushion = AdaptiveBuffer(TIGHT_MS)
    watch(cushion, 0.0, SHORTEN_AFTER_S + 1)
    cushion.use_long_buffer()
    assert cushion.buffer_ms == LONG_BUFFER_MS


def test_a_long_buffer_asked_for_is_kept() -> None:
    cushion = AdaptiveBuffer(200)
    watch(cushion, 0.0, 2 * SHORTEN_AFTER_S)
    assert cushion.buffer_ms == 200
