"""A power cut leaves what was shown: samples within half a second, and a session that ended well whole."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.power_cut import (
    KINDS,
    MAX_LOSS_S,
    check_cut,
    cut_power,
    hindrance,
    make_image,
    mounted,
    run_sessions,
    shown,
)
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.types import Chunk, StreamInfo

HEADER = SessionHeader(
    "01", StreamInfo("synthetic", 250.0, ("Fz", "Pz")), "", StartState(), ("chi_all",), datetime(2026, 11, 22, 9)
)


N_SAMPLES, BYTES_PER_SAMPLE = 1000, 8


@pytest.fixture(params=KINDS, scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    if why := hindrance(request.param):
        pytest.skip(why)
    return request.param


@pytest.fixture
def disk(kind: str, tmp_path: Path) -> Iterator[tuple[str, Path, Path]]:
    image = make_image(kind, tmp_path)
    with mounted(kind, image) as folder:
        yield kind, image, folder / "recordings"


def test_sessions_survive_a_power_cut(
    disk: tuple[str, Path, Path], sync_to_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", sync_to_disk)
    kind, image, root = disk
    synced = threading.Event()

    def sync(fd: int) -> None:
        size = os.fstat(fd).st_size
        sync_to_disk(fd)
        if size == N_SAMPLES * BYTES_PER_SAMPLE:
            synced.set()

    writer = SessionWriter(root, HEADER, sync=sync)
    for first in range(0, N_SAMPLES, 100):
        writer.process_chunk(Chunk(first, np.ones((2, 100), np.float32), host_time=first / 250))
    assert synced.wait(60)
    live = cut_power(image, "live"), shown(root, ended=False)
    writer.close()
    ended = cut_power(image, "ended"), shown(root, ended=True)
    for moment, (copy, before) in (("live", live), ("ended", ended)):
        (cut,) = check_cut(kind, moment, copy, before)
        assert (cut.faults, cut.lost_s) == ((), 0.0)


@pytest.mark.slow
def test_simulated_sessions_survive_a_power_cut_at_eight_moments(kind: str, tmp_path: Path) -> None:
    for cut in run_sessions(kind, tmp_path, together=2, seed=0):
        assert cut.faults == ()
        assert max(cut.lost_s, cut.lost_frames_s) <= MAX_LOSS_S
