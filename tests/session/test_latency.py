"""The latency that is logged and shown: the age of the newest sample when the tone was set, not that of its read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neurofeedback.acquisition.boards import BOARDS
from neurofeedback.acquisition.brainflow import BoardSource
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.source import Source
from neurofeedback.recording.session_json import LatencyPercentiles
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.types import Chunk, StreamInfo


class Waiting:
    """A source whose every chunk had been waiting for so long, s."""

    def __init__(self, source: Source, waited_s: float) -> None:
        self._source, self._waited_s = source, waited_s
        self.open, self.close = source.open, source.close

    @property
    def stream(self) -> StreamInfo:
        return self._source.stream

    def read(self) -> Chunk | None:
        chunk = self._source.read()
        return None if chunk is None else replace(chunk, buffer_delay_s=self._waited_s)


def latency_ms(folder: Path, waited_s: float) -> LatencyPercentiles:
    def find(device: str, **options: object) -> Source:
        return Waiting(open_source(device, **options), waited_s)

    sitting = Session(SessionConfig(device="simulated:3", minutes=0.25, recordings=folder, fast=True), find)
    sitting.start()
    outcome = sitting.join(60)
    assert outcome is not None
    assert outcome.exit_code == 0, outcome.message
    return outcome.summary.latency_ms


def test_latency_includes_wait_for_read(tmp_path: Path) -> None:
    at_once, later = (latency_ms(tmp_path / str(waited_s), waited_s) for waited_s in (0.0, 0.5))
    assert at_once.p50 < 250
    for name in ("p50", "p95", "max"):
        assert getattr(later, name) - getattr(at_once, name) == pytest.approx(500.0, abs=0.02)


def first_chunk(source: BoardSource) -> Chunk:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (chunk := source.read()) is not None:
            return chunk
    raise AssertionError("nothing came")


@pytest.mark.parametrize(
    ("ahead_s", "expected"), [(0.0, None), (-3600.0, 0.0), (3600.0, "whole")], ids=["right", "set back", "set forward"]
)
def test_latency_follows_board_timestamps(ahead_s: float, expected: object) -> None:
    reads: list[float] = []

    def remembered(clock: Callable[[], float]) -> float:
        reads.append(clock())
        return reads[-1]

    walls: list[float] = []

    def wall() -> float:
        walls.append(time.time() + ahead_s)
        return walls[-1]

    source = BoardSource(BOARDS["synthetic"], now=lambda: remembered(time.monotonic), wall=wall)
    source.open()
    try:
        first_chunk(source)
        chunk = first_chunk(source)
    finally:
        source.close()
    longest = reads[-1] - reads[-2]
    assert chunk.device_time is not None
    if expected is None:
        assert chunk.buffer_delay_s == pytest.approx(min(max(0.0, walls[-1] - chunk.device_time), longest))
    else:
        assert chunk.buffer_delay_s == (longest if expected == "whole" else 0.0)
