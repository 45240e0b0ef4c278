"""Killed at any instant, a session loses nothing that was acknowledged, and the next start completes it.

One process forks a child for every file operation of a session, the first, the second and so on to the last;
each child dies by SIGKILL in the middle of its own operation, a write half done.
"""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import mne
import numpy as np
import pytest

from neurofeedback.formats.reader import open_recording
from neurofeedback.recording import events
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import LatencyPercentiles, SessionSummary, StartState, parse_document
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.types import Chunk, Event, EventKind, StreamInfo
from tests.bids import bids_errors

STREAM = StreamInfo(device="synthetic", sfreq=250.0, ch_names=("Fz", "Pz"))
HEADER = SessionHeader(
    "01", STREAM, "", StartState(versions={"neurofeedback": "0"}), ("chi_all",), datetime(2026, 11, 22, 9)
)
N_CHUNKS, CHUNK, MOTION = 4, 60, 9
GAP = (130, 40)

CHILD = """
import builtins, io, os, signal, sys
from pathlib import Path
import numpy as np
from dataclasses import replace
from tests_recording_child import CHUNK, GAP, HEADER, MOTION, N_CHUNKS
from neurofeedback.recording.session_writer import SessionWriter
from neurofeedback.storage import private_files
from neurofeedback.types import *

os.fsync = private_files._sync = lambda *_: None  # a kill does not lose what the system holds

def die_at(count):
    left = [count]
    def hook(module, name):
        real = getattr(module, name)
        def call(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                if name == "write":
                    real(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        setattr(module, name, call)
    for name in ("write", "open", "rename", "replace", "mkdir", "unlink", "rmdir", "close"):
        hook(os, name)
    hook(io, "open")

def sit(root, acknowledge):
    writer = SessionWriter(root, HEADER, sync=lambda fd: None)
    writer.process_event(Event(0, EventKind.START))
    nan = float("nan")
    for i in range(N_CHUNKS):
        data = np.random.default_rng(i).normal(0, 30, (2, CHUNK)).astype(np.float32)
        lost = ()
        if GAP[0] // CHUNK == i:
            a = GAP[0] - i * CHUNK
            data[:, a : a + GAP[1]] = nan
            lost = (LostRun(*GAP),)
        motion = AuxChunk("motion", 52.0, ("x", "y"), ("g", "g"), 0.5, MOTION * i, data[:, :MOTION].copy())
        writer.process_chunk(Chunk(i * CHUNK, data, lost, host_time=i * CHUNK / 250, auxiliary=(motion,)))
        acknowledge(f"s{(i + 1) * CHUNK}")
        stop = CHUNK * (i + 1)
        frame = Frame(i, stop, stop / 250, Phase.PRACTICE, True, 1.0, 0.3, State.FOCUS, False, 0.1, 54.0, 0.2,
                      i % 2 == 0, Guidance(), (1.0,), (), 20.0)
        writer.process_frames([frame])
        acknowledge(f"f{i + 1}")
        writer.process_event(Command(CHUNK * i, CommandKind.PHASE, "practice"))
        acknowledge(f"e{i + 1}")
    writer.close()
    acknowledge("done")

def child(folder, count):
    folder.mkdir()
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    write = os.write
    die_at(count)
    sit(folder / "recordings", lambda word: write(said, word.encode() + b"\\n"))
    os._exit(0)

count = 0
while True:
    count += 1
    pid = os.fork()
    if pid == 0:
        child(Path(sys.argv[1]) / f"{count:03}", count)
    if os.WIFEXITED(os.waitpid(pid, 0)[1]):
        break
"""


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork and SIGKILL")
    folder = tmp_path_factory.mktemp("killed")
    module = folder / "tests_recording_child.py"
    module.write_text(Path(__file__).read_text())
    (folder / "kills").mkdir()
    subprocess.run(
        [sys.executable, "-c", CHILD, folder / "kills"],
        check=True,
        timeout=110,
        env=os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return folder / "kills"


@pytest.fixture
def killed(kills: Path, tmp_path: Path) -> list[Path]:
    """One folder a kill, in the order of the session's file operations; the last session ended in order."""
    shutil.copytree(kills, tmp_path / "kills")
    return [folder for folder in sorted((tmp_path / "kills").iterdir()) if (folder / "recordings").exists()]


def acknowledged(folder: Path) -> dict[str, int]:
    words = (folder / "said").read_text().split()
    counts = {kind: [int(w[1:]) for w in words if w[0] == kind and w != "done"] for kind in "sfe"}
    return {kind: max(values, default=0) for kind, values in counts.items()} | {"done": int("done" in words)}


def sessions(root: Path) -> list[Path]:
    return sorted(root.glob("sub-*/ses-*/eeg/*.vhdr"))


def assert_whole(root: Path) -> None:
    """What the validator and readers need, cheap enough for every kill."""
    table = root / "participants.tsv"
    listed = set(table.read_text().splitlines()[1:]) if table.exists() else {p.name for p in root.glob("sub-*")}
    assert listed == {path.name for path in root.glob("sub-*")}
    for header in sessions(root):
        assert header.with_suffix(".eeg").stat().st_size >= 8
        there = sorted(p.name.rsplit("_")[-1] for p in header.parent.iterdir() if not p.name.startswith("."))
        assert [name for name in there if not name.startswith("physio")] == [
            "channels.tsv", "eeg.eeg", "eeg.json", "eeg.vhdr", "eeg.vmrk", "events.json", "events.tsv",
        ]  # fmt: skip


def test_the_kills_hit_every_stage(killed):
    last_write = [acknowledged(folder) for folder in killed]
    assert {s["s"] for s in last_write} == {i * CHUNK for i in range(N_CHUNKS + 1)}
    assert last_write[-1]["done"] == 1
    parts = [list((folder / "recordings").glob(".sub-*.part")) for folder in killed]
    assert sum(map(bool, parts)) > 5


def test_killed_session_has_a_valid_dataset_with_all_acknowledged_data(killed):
    for folder in killed:
        root, last_write = folder / "recordings", acknowledged(folder)
        assert_whole(root)
        if last_write["s"]:
            recording = open_recording(root)
            assert recording.n_samples >= last_write["s"]
            assert len(recording.frames_path.read_bytes().split(b"\n")) - 2 >= last_write["f"]
            assert len(recording.commands) >= last_write["e"]


def test_the_next_start_completes_what_was_broken_off(killed):
    for folder in killed:
        root, last_write = folder / "recordings", acknowledged(folder)
        before = {path: path.stat().st_size for path in root.glob("sub-*/ses-*/eeg/*.eeg")}
        recover_sessions(root)
        assert_whole(root)
        assert not list(root.glob(".sub-*"))
        assert recover_sessions(root) == []
        for header in sessions(root):
            check_completed(open_recording(header), last_write, header)
        for path, size in before.items():
            assert path.stat().st_size == size - size % 8


def check_completed(recording, last_write: dict[str, int], header: Path) -> None:
    summary = recording.summary
    assert summary.finished or not last_write["done"]
    assert summary.n_samples == recording.n_samples >= last_write["s"]
    assert summary.n_frames >= last_write["f"]
    raw = mne.io.read_raw_brainvision(header, verbose="error")
    assert raw.n_times == recording.n_samples
    lost = np.concatenate([np.isnan(c.data).all(axis=0) for c in recording.iter_chunks(50)])
    assert raw.get_data(reject_by_annotation="omit", verbose="error").shape[1] == raw.n_times - lost.sum()
    written = np.concatenate([np.random.default_rng(i).normal(0, 30, (2, CHUNK)) for i in range(N_CHUNKS)], axis=1)
    data = np.concatenate([c.data for c in recording.iter_chunks(50)], axis=1)
    np.testing.assert_array_equal(data[:, ~lost], written.astype(np.float32)[:, : lost.size][:, ~lost])
    assert set(np.flatnonzero(lost)) == set(range(*(GAP[0], min(sum(GAP), lost.size))))
    check_motion(header, last_write, written)


def check_motion(header: Path, last_write: dict[str, int], written: np.ndarray) -> None:
    """The motion beside the samples is physio now, as far as it was acknowledged at least, and nothing else is left."""
    table = header.with_name(header.name.replace("_eeg.vhdr", "_recording-motion_physio.tsv.gz"))
    if last_write["s"] or table.exists():
        rows = np.loadtxt(io.BytesIO(gzip.decompress(table.read_bytes())), ndmin=2).T
        pieces = [written[:, i * CHUNK : i * CHUNK + MOTION] for i in range(N_CHUNKS)]
        np.testing.assert_allclose(rows, np.concatenate(pieces, axis=1)[:, : rows.shape[1]], rtol=1e-6)
        assert rows.shape[1] >= last_write["s"] // CHUNK * MOTION
        sidecar = json.loads(table.with_suffix("").with_suffix(".json").read_text())
        assert (sidecar["SamplingFrequency"], sidecar["StartTime"], sidecar["Columns"]) == (
            52.0,
            0.5,
            ["x", "y"],
        )
    assert not list(header.parents[3].glob("derivatives/*/*/*/*_recording-*"))


def test_the_validator_agrees_before_and_after_the_next_start(killed):
    building = [folder for folder in killed if list((folder / "recordings").glob(".sub-*.part"))]
    under_way = [folder for folder in killed if sessions(folder / "recordings") and not torn(folder)]
    closing = [folder for folder in under_way if len(list(folder.glob("recordings/sub-*/*/*/*_physio.*"))) == 1]
    half = [folder for folder in under_way if list(folder.glob("recordings/sub-*/*/*/[!.]*_physio.json"))]
    under_way = [folder for folder in under_way if folder not in half]  # a table and its description are two files
    assert closing
    rng = np.random.default_rng(2026)
    some = (rng.choice(np.array(folders, object), 2, replace=False) for folders in (building, under_way))
    chosen = dict.fromkeys([*(folder for pair in some for folder in pair), closing[0]])
    before = [shutil.copytree(folder / "recordings", folder / "before") for folder in chosen]
    for folder in chosen:
        recover_sessions(folder / "recordings")
        SessionWriter(folder / "recordings", HEADER).close()
    assert bids_errors(*before, *(folder / "recordings" for folder in chosen)) == []


def torn(folder: Path) -> bool:
    """Whether it was killed in the middle of writing an event: a system writes a line as a whole or not at all."""
    return any(not path.read_bytes().endswith(b"\n") for path in folder.glob("recordings/sub-*/*/*/*_events.tsv"))


@pytest.fixture
def live(tmp_path: Path) -> Iterator[SessionWriter]:
    writer = SessionWriter(tmp_path, HEADER)
    writer.process_chunk(Chunk(0, np.ones((2, 100), np.float32)))
    yield writer
    writer.close()


def test_a_live_session_is_left_alone(live: SessionWriter, tmp_path: Path):
    assert is_locked(live.files.lock_path)
    assert recover_sessions(tmp_path) == []
    assert not live.files.derived_file("summary.json").exists()
    live.process_chunk(Chunk(100, np.ones((2, 100), np.float32)))
    assert open_recording(live.raw).n_samples == 200


def test_a_finished_session_is_left_alone(tmp_path: Path):
    writer = SessionWriter(tmp_path, HEADER)
    writer.process_chunk(Chunk(0, np.ones((2, 100), np.float32)))
    writer.close(parse_document(SessionSummary, {"note": "calm"}))
    assert not is_locked(writer.files.lock_path)
    assert recover_sessions(tmp_path) == []
    assert json.loads(writer.files.derived_file("summary.json").read_text())["note"] == "calm"


def test_recovery_computes_the_summary_from_files(killed):
    broken_off = [
        f / "recordings" for f in killed if acknowledged(f)["e"] == N_CHUNKS and recover_sessions(f / "recordings")
    ]
    summary = open_recording(broken_off[0]).summary
    assert summary.finished is False
    assert summary.valid_fraction == 1.0
    assert summary.reward_rate == 0.5
    assert summary.n_lost == 40
    assert summary.latency_ms == LatencyPercentiles(p50=20.0, p95=20.0, max=20.0)
    assert summary.versions == {"neurofeedback": "0"}
    assert summary.phases == {"practice": N_CHUNKS * CHUNK / 250}


def broken_off(root: Path) -> SessionFiles:
    writer = SessionWriter(root, HEADER)
    writer.process_chunk(Chunk(0, np.ones((2, 100), np.float32)))
    writer.process_event(Event(0, EventKind.MARK))
    writer.close()
    writer.files.derived_file("summary.json").unlink()
    return writer.files


def test_damaged_session_does_not_block_recovery_of_others(tmp_path: Path, caplog):
    damaged, whole = broken_off(tmp_path), broken_off(tmp_path)
    damaged.derived_file("start.json").write_text("{}")
    assert recover_sessions(tmp_path) == [whole.derived]
    assert damaged.stem in caplog.text


@pytest.mark.parametrize("lost", [lambda path: path.unlink(), lambda path: os.truncate(path, 0)])
def test_events_table_lost_in_a_power_cut_is_recreated(tmp_path: Path, lost: Callable[[Path], None]):
    files = broken_off(tmp_path)
    lost(files.eeg_file("events.tsv"))
    assert recover_sessions(tmp_path) == [files.derived]
    assert files.eeg_file("events.tsv").read_text() == events.HEADER
    assert open_recording(files.raw).events == ()


def test_garbled_frame_log_does_not_block_recovery_of_others(tmp_path: Path, caplog):
    garbled, whole = broken_off(tmp_path), broken_off(tmp_path)
    with garbled.frame_log.open("ab") as log:
        log.write(b"\xff" * 64 + b"\t25\n")
    assert recover_sessions(tmp_path) == [whole.derived]
    assert f"{garbled.frame_log} is not a frame log" in caplog.text
    garbled.frame_log.unlink()
    assert recover_sessions(tmp_path) == [garbled.derived]


def test_recovery_of_a_missing_folder_is_no_error(tmp_path: Path):
    assert recover_sessions(tmp_path / "nowhere") == []


def test_a_session_whose_samples_a_power_cut_emptied_is_set_aside_with_a_message(tmp_path: Path, caplog):
    writer = SessionWriter(tmp_path, HEADER)
    writer.process_chunk(Chunk(0, np.ones((2, 50), np.float32)))
    writer.close()
    os.truncate(writer.files.eeg_file("eeg.eeg"), 0)
    assert recover_sessions(tmp_path) == []
    aside = tmp_path / f".{writer.files.stem}.empty"
    assert "lost all its samples" in caplog.text
    assert str(aside) in caplog.text
    assert list(aside.rglob("*_summary.json"))
    assert list(aside.rglob("*_eeg.vhdr"))
    assert not list(tmp_path.glob("sub-01/ses-*"))
    assert bids_errors(tmp_path) == []
    caplog.clear()
    assert recover_sessions(tmp_path) == []
    assert caplog.text == ""
