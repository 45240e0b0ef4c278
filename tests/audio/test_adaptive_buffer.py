"""How much the device is to hold."""

from __future__ import annotations

import pytest

from neurofeedback.audio.adaptive_buffer import LONG_BUFFER_MS, SHORTEN_AFTER_S, SHORTEN_AGAIN_AFTER_S, AdaptiveBuffer

TIGHT_MS = 30
CALM, CLOSE = 0.010, 0.022


def watch(
    buffer: AdaptiveBuffer,
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
        buffer.update(now_s, late_s, steady=steady, load=load)
    return now_s


def test_buffer_starts_long_and_becomes_short_on_a_calm_machine() -> None:
    buffer = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(buffer, 0.0, SHORTEN_AFTER_S - 1)
    assert buffer.buffer_ms == LONG_BUFFER_MS
    watch(buffer, now_s, 2)
    assert buffer.buffer_ms == TIGHT_MS


@pytest.mark.parametrize(("late_s", "steady"), [(CLOSE, True), (CALM, False)])
def test_buffer_stays_long_when_lateness_is_high_or_unknown(late_s: float, steady: bool) -> None:
    buffer = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(buffer, 0.0, 10 * SHORTEN_AFTER_S, late_s, steady=steady)
    assert buffer.buffer_ms == LONG_BUFFER_MS
    watch(buffer, now_s, SHORTEN_AFTER_S - 1)
    assert buffer.buffer_ms == LONG_BUFFER_MS


def test_one_risky_delay_makes_the_buffer_long_for_a_long_time() -> None:
    buffer = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(buffer, 0.0, SHORTEN_AFTER_S + 1)
    assert buffer.update(now_s + 1, CLOSE, steady=True)
    now_s = watch(buffer, now_s + 1, SHORTEN_AGAIN_AFTER_S - 1)
    assert buffer.buffer_ms == LONG_BUFFER_MS
    watch(buffer, now_s, 3)
    assert buffer.buffer_ms == TIGHT_MS


def test_buffer_stays_long_while_the_cores_are_busy() -> None:
    buffer = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(buffer, 0.0, 10 * SHORTEN_AFTER_S, load=0.6)
    assert buffer.buffer_ms == LONG_BUFFER_MS
    watch(buffer, now_s, SHORTEN_AFTER_S + 1)
    assert buffer.buffer_ms == TIGHT_MS


def test_high_load_makes_the_buffer_long_before_sound_is_late() -> None:
    buffer = AdaptiveBuffer(TIGHT_MS)
    now_s = watch(buffer, 0.0, SHORTEN_AFTER_S + 1)
    watch(buffer, now_s, 1, load=0.6)
    assert buffer.buffer_ms == LONG_BUFFER_MS


def test_buffer_is_long_after_a_lost_device() -> None:
    buffer = AdaptiveBuffer(TIGHT_MS)
    watch(buffer, 0.0, SHORTEN_AFTER_S + 1)
    buffer.use_long_buffer()
    assert buffer.buffer_ms == LONG_BUFFER_MS


def test_longer_buffer_of_the_settings_is_used() -> None:
    buffer = AdaptiveBuffer(200)
    watch(buffer, 0.0, 2 * SHORTEN_AFTER_S)
    assert buffer.buffer_ms == 200
