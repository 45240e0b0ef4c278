"""The program as a person starts it: real boards of BrainFlow, real files, signals, full disks."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import mne
import numpy as np
import pytest

from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.recovery import recover_sessions

HERE = Path(sys.executable).parent


def start(
    recordings: Path, *options: str, minutes: float = 0.3, largest_kb: int | None = None
) -> subprocess.Popen[str]:
    limit = [] if largest_kb is None else ["bash", "-c", f'ulimit -f {largest_kb}; exec "$@"', "limited"]
    command = [*limit, str(HERE / "neurofeedback"), "train", "--headless", "--recordings", str(recordings)]
    command += ["--minutes", str(minutes), "--audio", "none", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(HERE / "neurofeedback"), *arguments], capture_output=True, text=True, timeout=100, check=False
    )


def validate(root: Path) -> list[str]:
    """Errors of the official validator, for the dataset and for its derivative on its own."""
    codes = []
    for folder in (root, root / "derivatives" / "neurofeedback"):
        done = subprocess.run(
            [str(HERE / "bids-validator-deno"), str(folder), "--json"], capture_output=True, text=True, check=False
        )
        issues = json.loads(done.stdout)["issues"]["issues"]
        codes += [issue["code"] for issue in issues if issue.get("severity") == "error"]
    return codes


def raw_files(root: Path) -> list[Path]:
    return sorted(root.glob("sub-*/ses-*/eeg/*_eeg.vhdr"))


def wait_for(found, *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it never came"
        threading.Event().wait(0.01)


def test_the_synthetic_board_is_recorded_in_full_and_replays_to_the_same_log(tmp_path: Path) -> None:
    sitting = start(tmp_path, "--device", "synthetic", minutes=0.3)
    out, err = sitting.communicate(timeout=100)
    assert sitting.returncode == 0, err
    assert validate(tmp_path) == []
    (vhdr,) = raw_files(tmp_path)
    raw = mne.io.read_raw_brainvision(vhdr, verbose="error")
    summary = json.loads(next(tmp_path.glob("derivatives/*/sub-*/ses-*/*_summary.json")).read_text())
    assert summary["finished"] is True
    assert raw.n_times == summary["n_samples"]
    # on a busy machine the board makes its samples late
    assert raw.n_times / raw.info["sfreq"] == pytest.approx(summary["duration_s"], abs=1.0)
    assert str(tmp_path) in out + err
    page = next(line.removeprefix("The report is ") for line in err.splitlines() if line.startswith("The report is "))
    assert Path(page).is_file()
    replayed = json.loads(run("replay", str(vhdr), "--json").stdout)
    assert replayed["same_as_log"] == "identical"


def test_ctrl_c_ends_the_session_in_order(tmp_path: Path) -> None:
    sitting = start(tmp_path, "--device", "synthetic", minutes=3)
    wait_for(lambda: raw_files(tmp_path))
    sitting.send_signal(signal.SIGINT)
    _, err = sitting.communicate(timeout=60)
    assert sitting.returncode == 130
    assert "Traceback" not in err
    assert open_recording(raw_files(tmp_path)[0]).summary.finished is True


def test_a_background_process_that_ignores_ctrl_c_is_ended_by_sigterm(tmp_path: Path) -> None:
    """A shell without job control starts what follows it with an ampersand so."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sitting = start(tmp_path, "--device", "synthetic", minutes=3)
    finally:
        signal.signal(signal.SIGINT, before)
    wait_for(lambda: raw_files(tmp_path))
    sitting.send_signal(signal.SIGTERM)
    _, err = sitting.communicate(timeout=60)
    assert sitting.returncode == 130
    assert "Traceback" not in err
    assert open_recording(raw_files(tmp_path)[0]).summary.finished is True


def test_a_disk_that_fills_ends_the_recording_and_keeps_what_was_written(tmp_path: Path) -> None:
    limit = 100 * 1024
    sitting = start(tmp_path, "--device", "synthetic", minutes=2, largest_kb=100)
    out, err = sitting.communicate(timeout=100)
    assert sitting.returncode == 4
    assert "the disk is full" in out + err
    assert "Traceback" not in out + err
    assert validate(tmp_path) == []
    stored = open_recording(raw_files(tmp_path)[0])
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
def test_killed_at_any_moment_at_most_half_a_second_is_lost(moment: str | int, tmp_path: Path) -> None:
    largest_kb = 58 if moment == "full disk" else None
    sitting = start(tmp_path, "--device", "simulated:4", minutes=0.3, largest_kb=largest_kb)
    lived = kill_at(sitting, moment, tmp_path)
    if not raw_files(tmp_path):
        assert moment == "connecting"
        recover_sessions(tmp_path)
        return
    assert validate(tmp_path) == []
    before = what_is_there(tmp_path)
    recover_sessions(tmp_path)
    assert validate(tmp_path) == []
    after = what_is_there(tmp_path)
    assert after >= before
    n_samples, n_frames, _ = after
    if lived is not None:
        assert n_samples >= (lived - 0.5) * 256
    assert n_frames >= (n_samples - 128) // 64 - 1
    raw = mne.io.read_raw_brainvision(raw_files(tmp_path)[0], verbose="error")
    assert raw.n_times == n_samples


def kill_at(sitting: subprocess.Popen[str], moment: str | int, root: Path) -> float | None:
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
    os.killpg(sitting.pid, signal.SIGKILL)
    lived = time.monotonic() - began
    sitting.communicate(timeout=30)
    return lived if isinstance(moment, int) else None


def what_is_there(root: Path) -> tuple[int, int, int]:
    """Samples, whole frames and whole events on disk."""
    recording = open_recording(raw_files(root)[0])
    assert recording.frames_path is not None
    frames = recording.frames_path.read_text().splitlines()
    n_values = np.array([line.count("\t") for line in frames])
    assert (n_values == n_values[0]).all()
    return recording.n_samples, len(frames) - 1, len(recording.commands) + len(recording.events)
