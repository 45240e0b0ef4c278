"""The end of a session: message, exit code, and closed resources."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.errors import SettingsError
from neurofeedback.recording.live_files import LiveFiles
from neurofeedback.recording.repair import complete_interrupted
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.outputs.network_outputs import LslOutput, open_outputs
from neurofeedback.session.session import Session
from neurofeedback.types import Chunk, StreamInfo

MINUTES = 0.5
BASELINE_ENDS_S = 22
NO_ROOM = "No space left on device"


def request(recordings: Path, osc_out: str = "") -> SessionConfig:
    return SessionConfig("simulated:7", recordings, minutes=MINUTES, audio="none", fast=True, osc_out=osc_out)


def sat(sitting: Session) -> SessionResult:
    sitting.start()
    outcome = sitting.join(120.0)
    assert outcome is not None
    return outcome


def test_full_disk_at_completion_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = LiveFiles.append_chunk

    def full(growing: LiveFiles, chunk: Chunk) -> None:
        if chunk.first_sample > BASELINE_ENDS_S * 256:
            raise OSError(errno.ENOSPC, NO_ROOM)
        append(growing, chunk)

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, NO_ROOM)

    monkeypatch.setattr(LiveFiles, "append_chunk", full)
    monkeypatch.setattr(complete_interrupted, "write_summary", refused)
    outcome = sat(Session(request(tmp_path)))
    assert outcome.exit_code == 4
    assert "the disk is full, so the recording ended" in outcome.message
    assert f"What was recorded is in {outcome.session_dir}" in outcome.message


@pytest.mark.parametrize(("pace", "mentioned"), [(0.9, True), (1.0, False)])
def test_message_mentions_wrong_sampling_rate(tmp_path: Path, pace: float, mentioned: bool) -> None:
    class OwnPace(SimulatedSource):
        def __init__(self, now: Callable[[], float], duration_s: float) -> None:
            super().__init__(7, lambda: pace * now(), duration_s=duration_s)
            self._host_now = now

        def read(self) -> Chunk | None:
            chunk = super().read()
            return None if chunk is None else replace(chunk, host_time=self._host_now())

    def find(device: str, *, now: Callable[[], float], seed: int | None, duration_s: float) -> SimulatedSource:
        return OwnPace(now, duration_s)

    outcome = sat(Session(request(tmp_path), find))
    assert outcome.exit_code == 0
    assert ("samples a second where 256 were expected" in outcome.message) is mentioned


def test_failed_output_leaves_no_lock(tmp_path: Path) -> None:
    pytest.importorskip("pythonosc", reason="the extra osc is not installed")
    outcome = sat(Session(request(tmp_path, osc_out="studio..local:9000")))
    assert outcome.exit_code == 2
    assert "studio..local" in outcome.message
    assert not list(tmp_path.glob(".sub-*"))


def test_failed_output_closes_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mne_lsl.lsl", reason="the extra lsl is not installed")
    pytest.importorskip("pythonosc", reason="the extra osc is not installed")
    closed: list[LslOutput] = []
    close = LslOutput.close
    monkeypatch.setattr(LslOutput, "close", lambda outlet: (closed.append(outlet), close(outlet)))
    stream = StreamInfo("simulated:1", 256.0, ("TP9", "AF7", "AF8", "TP10"))
    with pytest.raises(SettingsError, match=r"studio\.\.local"):
        open_outputs("machine", "studio..local:9000", stream, 0.25)
    assert len(closed) == 1
