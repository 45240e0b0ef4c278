"""A disk that does not answer delays nobody; what waits is written in order, and a full queue is an error."""

from __future__ import annotations

import errno
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.errors import RecordingError
from neurofeedback.recording import session_writer
from neurofeedback.recording.live_files import LiveFiles
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.storage.disk_queue import DiskQueue
from neurofeedback.storage.disk_syncer import DiskSyncer
from neurofeedback.types import Chunk, StreamInfo

STREAM = StreamInfo("simulated:1", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
N_FROZEN = 40


class Disk:
    """Writes that wait while the disk is frozen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = threading.Event()
        self.answers.set()
        append = LiveFiles.append_chunk

        def append_when_thawed(files: LiveFiles, chunk: Chunk) -> None:
            assert self.answers.wait(60)
            append(files, chunk)

        monkeypatch.setattr(LiveFiles, "append_chunk", append_when_thawed)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def chunk(first: int) -> Chunk:
    return Chunk(first, np.full((4, 16), first, np.float32), host_time=first / 256)


def open_writer(folder: Path) -> SessionWriter:
    header = SessionHeader("01", STREAM, "", StartState(), ("alpha_all",), datetime.now(UTC))
    writer = SessionWriter(folder, header, in_background=True)
    writer.process_chunk(chunk(0))
    return writer


def test_writes_run_in_order_and_a_failure_is_raised_at_the_next() -> None:
    done: list[int] = []
    queue = DiskQueue()
    for i in range(50):
        queue.put(lambda i=i: done.append(i))

    def fail() -> None:
        raise OSError(errno.ENOSPC, "no space left")

    queue.put(fail)
    queue.close()
    assert done == list(range(50))
    with pytest.raises(OSError, match="no space left"):
        queue.put(lambda: None)


def test_fault_of_the_program_in_a_write_is_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[object] = []
    ended = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda args: (faults.append(args.exc_type), ended.set()))
    writer = open_writer(tmp_path)
    monkeypatch.setattr(LiveFiles, "append_chunk", lambda files, chunk: chunk.nothing)
    writer.process_chunk(chunk(16))
    assert ended.wait(60)
    with pytest.raises(RecordingError, match="fault of this program"):
        writer.process_chunk(chunk(32))
    assert writer.close() is not None
    assert (faults, writer.n_samples) == ([AttributeError], 16)


def test_fault_of_the_program_in_a_sync_is_a_failed_write(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: faults.append(args.exc_type))
    syncer = DiskSyncer(lambda: (1,), sync=lambda descriptor: {}[descriptor])
    syncer.stop()
    assert faults == [KeyError]
    assert syncer.error is not None


def test_full_queue_is_an_error_that_says_for_how_long_the_disk_has_not_answered() -> None:
    now = 0.0
    thaw = threading.Event()
    queue = DiskQueue(max_bytes=100, full_wait_s=0.01, clock=lambda: now)
    queue.put(lambda: thaw.wait(60), 60)
    queue.put(lambda: None, 40)
    now = 8.0
    assert queue.delay_s == 8.0
    with pytest.raises(TimeoutError, match="the disk has not answered for 8 s"):
        queue.put(lambda: None, 40)
    thaw.set()
    queue.close()


def test_frozen_disk_delays_no_chunk_and_loses_nothing(tmp_path: Path, disk: Disk) -> None:
    writer = open_writer(tmp_path)
    disk.answers.clear()
    for i in range(1, N_FROZEN):
        writer.process_chunk(chunk(16 * i))
    assert writer.n_samples == 16
    assert writer.disk_delay_s > 0
    disk.answers.set()
    writer.close()
    assert writer.n_samples == 16 * N_FROZEN
    data = np.fromfile(writer.files.eeg_file("eeg.eeg"), "<f4").reshape(-1, 4)[:, 0]
    np.testing.assert_array_equal(data, np.repeat(16.0 * np.arange(N_FROZEN), 16))


def test_disk_that_never_answers_ends_the_session_with_a_message_and_what_is_saved_is_recovered(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_writer, "DiskQueue", lambda: DiskQueue(max_bytes=1000, full_wait_s=0.01))
    writer = open_writer(tmp_path)
    disk.answers.clear()
    for i in range(1, 4):
        writer.process_chunk(chunk(16 * i))
    with pytest.raises(RecordingError, match=r"disk has not answered for \d+ s.*16 samples \(0.1 s\) are saved in"):
        writer.process_chunk(chunk(16 * 4))
    writer.close()
    disk.answers.set()
    assert recover_sessions(tmp_path)
