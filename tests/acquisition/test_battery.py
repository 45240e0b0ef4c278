"""The charge of a headset's battery: read, recorded, and reported once when low."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.acquisition.battery import BatteryMonitor
from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.formats.reader import open_recording
from neurofeedback.session.clock import VirtualClock
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.fit.contact_check import ContactCheck
from neurofeedback.session.live_state import LiveState, Snapshot
from neurofeedback.session.session import Session
from neurofeedback.settings.load import load_montage, load_settings
from neurofeedback.types import AuxChunk, Chunk, EventKind


def chunk_of(readings: list[float], first_sample: int = 0, sfreq: float = 1.0) -> Chunk:
    """A chunk with readings of a battery."""
    battery = AuxChunk("battery", sfreq, ("battery",), ("%",), 0.0, first_sample, np.array([readings], np.float32))
    return Chunk(first_sample, np.zeros((1, len(readings)), np.float32), auxiliary=(battery,))


def read_all(readings: list[float], period_s: int = 1) -> tuple[BatteryMonitor, list[bool]]:
    """Return a monitor after these readings, and after which the battery was low."""
    monitor, low = BatteryMonitor(), list[bool]()
    for number, percent in enumerate(readings):
        monitor.update(chunk_of([percent], period_s * number))
        low.append(monitor.is_low)
    return monitor, low


@pytest.mark.parametrize("reading", [0.0, 255.0, float("nan"), -1.0, 100.5])
def test_what_is_no_charge_is_not_shown(reading: float) -> None:
    monitor, low = read_all([reading] * 20)
    assert (monitor.level, any(low)) == (None, False)
    monitor, low = read_all([80.0, 80.0, *[reading] * 20])
    assert (monitor.level, any(low)) == (80.0, False)


def test_a_few_low_readings_are_no_low_battery() -> None:
    _, low = read_all([60.0] * 20 + [5.0] * 5 + [60.0] * 20)
    assert not any(low)
    _, low = read_all([5.0] * 5)
    assert low == [False] * 4 + [True]
    _, low = read_all([*np.arange(20.0, 10.0, -0.5).tolist(), 30.0, 10.0])
    assert low[-3:] == [True] * 3


def test_minutes_left_follow_the_fall_of_the_last_half_hour() -> None:
    falling = [90.0 - 0.5 * minute for minute in range(60)]
    monitor, _ = read_all(falling, period_s=60)
    assert monitor.first_level == 90.0
    assert monitor.level is not None
    assert monitor.minutes_left == pytest.approx(2 * monitor.level, rel=0.15)
    monitor, _ = read_all([90.0] * 60, period_s=60)
    assert monitor.minutes_left is None


def test_many_readings_a_second_count_as_one() -> None:
    monitor = BatteryMonitor()
    low = list[bool]()
    for number in range(64):  # eight seconds
        monitor.update(chunk_of([10.0] * 8, 8 * number, sfreq=64.0))
        low.append(monitor.is_low)
    assert 24 < low.index(True) < 48


class FallingBattery(SimulatedSource):
    """The simulated meditator with a battery that falls from 20 by 1 % a second."""

    def read(self) -> Chunk | None:
        chunk = super().read()
        if chunk is None:
            return None
        sfreq, first = self.stream.sfreq, chunk.first_sample
        percent = (20 - np.arange(first, chunk.stop) / sfreq).astype(np.float32)[None]
        battery = AuxChunk("battery", sfreq, ("battery",), ("%",), 0.0, first, percent)
        return replace(chunk, auxiliary=(*chunk.auxiliary, battery))


def test_fit_shows_the_charge() -> None:
    source = FallingBattery(1, count(step=0.25).__next__, duration_s=5.0)
    source.open()
    montage = load_montage("muse")
    check = ContactCheck(source, source.stream, montage, load_settings("default"), VirtualClock())
    levels = [shown.battery for shown in check.snapshots() if shown.battery is not None]
    assert 17 < levels[0] <= 20


def test_session_records_the_charge_and_reports_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_: str, *, now: Callable[[], float], seed: int | None, duration_s: float) -> FallingBattery:
        return FallingBattery(seed or 1, now, duration_s=duration_s)

    published: list[Snapshot] = []
    publish = LiveState.publish
    monkeypatch.setattr(LiveState, "publish", lambda state, shown: (published.append(shown), publish(state, shown)))
    session = Session(
        SessionConfig("simulated:7", tmp_path, minutes=0.25, audio="none", fast=True, mode="record"), find
    )
    session.start()
    result = session.join(60.0)
    assert result is not None
    assert result.exit_code == 0, result.message
    assert result.session_dir is not None
    recording = open_recording(result.session_dir)
    (low,) = [event for event in recording.events if event.kind is EventKind.BATTERY_LOW]
    assert (low.value, low.sample / 256) == ("15 %", pytest.approx(10.0, abs=1.5))
    assert recording.summary.battery_start_percent == 20
    assert recording.summary.battery_end_percent == pytest.approx(10, abs=1)
    assert list(tmp_path.rglob("*recording-battery_physio.tsv.gz"))
    levels = [shown.battery for shown in published if shown.battery is not None]
    assert levels[0] > levels[-1]
    assert any(shown.message.startswith("The headset's battery is low: 15 %") for shown in published)
