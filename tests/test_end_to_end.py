"""The program as a person starts it: real boards of BrainFlow, real files, signals, full disks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mne
import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.timing import read_timing
from tests.bids import bids_errors
from tests.programs import Program, fork_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")
HERE = Path(sys.executable).parent
OPTIONS = ("train", "--headless", "--audio", "none")


def start(*options: str) -> subprocess.Popen[str]:
    """Start the program as a person does."""
    pipe = subprocess.PIPE
    return subprocess.Popen([str(HERE / "neurofeedback"), *OPTIONS, *options], stdout=pipe, stderr=pipe, text=True)


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    with fork_server() as process:
        yield process


@pytest.fixture
def run(server: subprocess.Popen[str], tmp_path: Path) -> Callable[..., Program]:
    """Fork the program with these options; it records into the folder ``recordings``."""

    def started(*options: str, largest_kb: int | None = None) -> Program:
        where = ("--recordings", str(tmp_path / "recordings"))
        return Program(server, [*OPTIONS, *where, *options], {}, tmp_path, largest_kb)

    return started


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def code_of(program: Program) -> int | None:
    wait_for(lambda: program.returncode is not None)
    return program.returncode


def raw_files(root: Path) -> list[Path]:
    return sorted(root.glob("sub-*/ses-*/eeg/*_eeg.vhdr"))


def wait_for(found, *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it never came"
        threading.Event().wait(0.01)


def test_the_synthetic_board_is_recorded_in_full_and_replays_to_the_same_log(root: Path) -> None:
    sitting = start("--device", "synthetic", "--minutes", "0.25", "--recordings", str(root))
    out, err = sitting.communicate(timeout=100)
    assert sitting.returncode == 0, err
    assert bids_errors(root) == []
    (vhdr,) = raw_files(root)
    raw = mne.io.read_raw_brainvision(vhdr, verbose="error")
    summary = json.loads(next(root.glob("derivatives/*/sub-*/ses-*/*_summary.json")).read_text())
    assert summary["finished"] is True
    assert raw.n_times == summary["n_samples"]
    # on a busy machine the board makes its samples late
    assert raw.n_times / raw.info["sfreq"] == pytest.approx(summary["duration_s"], abs=1.0)
    assert str(root) in out + err
    page = next(line.removeprefix("The report is ") for line in err.splitlines() if line.startswith("The report is "))
    assert Path(page).is_file()
    replayed = CliRunner().invoke(app, ["replay", str(vhdr), "--json"])
    assert json.loads(replayed.stdout)["same_as_log"] == "identical"


def test_ctrl_c_ends_the_session_in_order(run: Callable[..., Program], root: Path) -> None:
    sitting = run("--device", "synthetic", "--minutes", "3")
    wait_for(lambda: raw_files(root))
    sitting.interrupt()
    assert code_of(sitting) == 130
    assert "Traceback" not in sitting.err
    assert open_recording(raw_files(root)[0]).summary.finished is True


def test_a_background_process_that_ignores_ctrl_c_is_ended_by_sigterm(root: Path) -> None:
    """A shell without job control starts what follows it with an ampersand so."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sitting = start("--device", "synthetic", "--minutes", "3", "--recordings", str(root))
    finally:
        signal.signal(signal.SIGINT, before)
    wait_for(lambda: raw_files(root))
    sitting.send_signal(signal.SIGTERM)
    _, err = sitting.communicate(timeout=60)
    assert sitting.returncode == 130
    assert "Traceback" not in err
    assert open_recording(raw_files(root)[0]).summary.finished is True


def test_a_disk_that_fills_ends_the_recording_and_keeps_what_was_written(
    run: Callable[..., Program], root: Path
) -> None:
    sitting = run("--device", "synthetic", "--minutes", "2", largest_kb=50)
    assert code_of(sitting) == 4
    assert "the disk is full" in " ".join((sitting.out + sitting.err).split())
    assert "Traceback" not in sitting.out + sitting.err
    assert bids_errors(root) == []
    stored = open_recording(raw_files(root)[0])
    limit = 50 * 1024
    assert limit // 100 < stored.n_samples <= limit // 64  # whichever file reaches the limit first ends it


MOMENTS = [
    pytest.param("connecting", id="connecting"),
    pytest.param("first chunk", id="first-chunk"),
    *(
        pytest.param(seed, id=f"random-{seed}", marks=[pytest.mark.real_time, *([pytest.mark.slow] if seed else [])])
        for seed in range(6)
    ),
    pytest.param("ending", id="ending", marks=pytest.mark.slow),
    pytest.param("full disk", id="full-disk", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_at_most_half_a_second_is_lost(
    moment: str | int, run: Callable[..., Program], root: Path
) -> None:
    largest_kb = 58 if moment == "full disk" else None
    sitting = run("--device", "simulated:4", "--minutes", "0.3", largest_kb=largest_kb)
    lived = kill_at(sitting, moment, root)
    if not raw_files(root):
        assert moment == "connecting"
        recover_sessions(root)
        return
    killed = shutil.copytree(root, root.with_name("killed"))
    before = what_is_there(root)
    recover_sessions(root)
    assert bids_errors(killed, root) == []
    after = what_is_there(root)
    assert after >= before
    n_samples, n_frames, _ = after
    if lived is not None:
        assert n_samples >= (lived - 0.5) * 256
    (table,) = root.glob("derivatives/*/sub-*/ses-*/*_timing.tsv")
    last_read = read_timing(table)[0][-1]  # on a busy machine it may be a long one, whose frames were not made yet
    assert n_frames >= (last_read.start - 128) // 64 - 1
    raw = mne.io.read_raw_brainvision(raw_files(root)[0], verbose="error")
    assert raw.n_times == n_samples


def kill_at(sitting: Program, moment: str | int, root: Path) -> float | None:
    """Kill; return the seconds it had recorded by then, where that is known."""
    if moment == "connecting":
        wait_for(root.exists)
    else:
        wait_for(lambda: raw_files(root))
    began = time.monotonic()
    if isinstance(moment, int):
        until = began + float(np.random.default_rng(moment).uniform(0.5, 12.0))
        wait_for(lambda: time.monotonic() >= until)
    elif moment == "ending":
        wait_for(lambda: any("debrief" in path.read_text() for path in root.glob("sub-*/ses-*/eeg/*_events.tsv")))
    elif moment == "full disk":
        wait_for(lambda: any(path.stat().st_size >= 57 * 1024 for path in root.glob("sub-*/ses-*/eeg/*.eeg")))
    sitting.kill()
    lived = time.monotonic() - began
    code_of(sitting)
    return lived if isinstance(moment, int) else None


def what_is_there(root: Path) -> tuple[int, int, int]:
    """Samples, whole frames and whole events on disk."""
    recording = open_recording(raw_files(root)[0])
    assert recording.frames_path is not None
    frames = recording.frames_path.read_text().splitlines()
    n_values = np.array([line.count("\t") for line in frames])
    assert (n_values == n_values[0]).all()
    return recording.n_samples, len(frames) - 1, len(recording.commands) + len(recording.events)
