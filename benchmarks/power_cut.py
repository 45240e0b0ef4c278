"""Cut the power of a disk at eight moments of simulated sessions, and check what the next start finds.

The sessions run on a loop-mounted file system. At each moment they are stopped, the image of the disk is copied, and
they go on; the copy holds what a power cut leaves. Needs root, loop devices, ``mkfs.ext4`` and ``mkfs.xfs``::

    python benchmarks/power_cut.py --runs 20 --together 5
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession

ROOT = Path(__file__).resolve().parents[1]
KINDS = {
    "ext4": (("mkfs.ext4", "-q", "-F"), "loop,noauto_da_alloc"),
    "xfs": (("mkfs.xfs", "-q", "-f"), "loop,nouuid"),
}
"""How to make and mount each file system. Plain ext4 would write replaced files at once and hide a missing sync."""
SIZE_BYTES = 400_000_000
RUNNING_S = (0.0, 1.0, 3.0, 8.0, 16.0, 25.0)
ENDED_S = (0.0, 30.0)
MAX_LOSS_S = 0.5


def hindrance(kind: str) -> str:
    """Return why a disk of this kind cannot be mounted here; empty if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "mounting a disk needs root on Linux"
    if shutil.which(KINDS[kind][0][0]) is None:
        return f"{KINDS[kind][0][0]} is not installed"
    with tempfile.TemporaryDirectory() as folder:
        try:
            image = make_image(kind, Path(folder))
            with mounted(kind, image):
                return ""
        except subprocess.CalledProcessError as error:
            return f"a disk cannot be mounted here: {error.stderr.strip()}"


def make_image(kind: str, folder: Path) -> Path:
    """Return the image of a new, empty disk."""
    image = folder / f"{kind}.img"
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    _run(*KINDS[kind][0], str(image))
    return image


@contextmanager
def mounted(kind: str, image: Path, rights: str = "rw") -> Iterator[Path]:
    """Mount an image for the block, to write (``rw``) or to read (``ro``), and return its folder."""
    folder = image.with_suffix(".mounted")
    folder.mkdir(exist_ok=True)
    _run("mount", "-t", kind, "-o", f"{KINDS[kind][1]},{rights}", str(image), str(folder))
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


def cut_power(image: Path, name: str) -> Path:
    """Return a copy of a disk as a power cut would leave it now: without what the system holds in memory."""
    copy = image.with_name(f"{image.stem}-{name}.img")
    _run("cp", "--sparse=always", str(image), str(copy))
    return copy


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a stopped session had written: its stem, samples, frames, and whether it had ended."""

    stem: str
    n_samples: int
    n_frames: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """Seconds of signal and of frames that one session lost in a power cut, and what was wrong with it."""

    kind: str
    moment: str
    stem: str
    lost_s: float
    lost_frames_s: float
    faults: tuple[str, ...]


def shown(root: Path, *, ended: bool) -> list[Shown]:
    """Return what the sessions below a folder have written, published or not."""
    found = []
    for data in sorted(root.glob("sub-*/ses-*/eeg/*_eeg.eeg")):
        stem = data.name.removesuffix("_eeg.eeg")
        sub, ses = stem.split("_")[:2]
        derived = root / "derivatives" / "neurofeedback" / sub / ses
        frames = derived / f"{stem}_desc-frames_timeseries.tsv"
        n_channels = len(json.loads((derived / f"{stem}_start.json").read_text())["stream"]["ch_names"])
        n_frames = frames.read_bytes().count(b"\n") - 1
        found.append(Shown(stem, data.stat().st_size // (4 * n_channels), n_frames, ended))
    return found


def check_cut(kind: str, moment: str, image: Path, before: list[Shown]) -> list[Cut]:
    """Mount a copy, complete its sessions as the next start does, and compare them with what had been written."""
    from neurofeedback.analysis.history import past_sessions
    from neurofeedback.recording.recovery import recover_sessions

    with mounted(kind, image) as folder:
        root = folder / "recordings"
        recover_sessions(root)
        invalid = validate(root) if before else []
        history = {row.stem: row for row in past_sessions(root, cache=image.with_suffix(".sqlite"))}
        cuts = [_check_session((kind, moment), root, one, history, invalid) for one in before]
    image.unlink()
    return cuts


def _check_session(
    at: tuple[str, str], root: Path, before: Shown, history: dict[str, PastSession], invalid: list[str]
) -> Cut:
    import mne

    from neurofeedback.errors import RecordingError
    from neurofeedback.formats.reader import open_recording
    from neurofeedback.recording.bids_paths import SessionFiles

    files = SessionFiles.from_stem(root, before.stem)
    faults = [] if before.stem in history else ["not in the history"]
    faults += invalid
    try:
        recording = open_recording(files.raw)
        raw = mne.io.read_raw_brainvision(files.eeg_file("eeg.vhdr"), verbose="error")
    except (RecordingError, OSError, ValueError) as error:
        return Cut(*at, before.stem, float("inf"), float("inf"), (*faults, str(error)))
    if raw.n_times != recording.n_samples:
        faults.append(f"MNE reads {raw.n_times} samples, we {recording.n_samples}")
    if before.ended and not recording.summary.finished:
        faults.append("ended well, but is not marked as finished")
    lost = (before.n_samples - recording.n_samples) / recording.stream.sfreq
    lost_frames = (before.n_frames - (recording.summary.n_frames or 0)) * 0.25
    return Cut(*at, before.stem, lost, lost_frames, tuple(faults))


def validate(root: Path) -> list[str]:
    """Return the validator's errors about a dataset."""
    tool = Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run(
        [tool, root, "--format", "json", "--ignoreWarnings"], check=False, capture_output=True, text=True
    )
    if not done.stdout:
        return [f"the validator failed: {done.stderr[-300:]}"]
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [f"{i['code']} {i.get('location', '')}" for i in issues if i["severity"] == "error"]


def run_sessions(kind: str, folder: Path, together: int, seed: int) -> list[Cut]:
    """Run sessions of half a minute on one disk and cut its power at every moment."""
    image = make_image(kind, folder)
    copies: list[tuple[str, Path, list[Shown]]] = []
    with mounted(kind, image) as disk:
        root = disk / "recordings"
        sessions = [_start_session(root, number, seed * together + number) for number in range(1, together + 1)]
        while not list(root.glob("sub-*/ses-*/eeg/*_eeg.eeg")):
            time.sleep(0.01)
        began = time.monotonic()
        for moment_s in RUNNING_S:
            time.sleep(max(0.0, began + moment_s - time.monotonic()))
            copies.append(_cut_while_stopped(image, root, f"{moment_s:g} s", sessions))
        for session in sessions:
            session.wait()
        ended = time.monotonic()
        for moment_s in ENDED_S:
            time.sleep(max(0.0, ended + moment_s - time.monotonic()))
            name = f"end + {moment_s:g} s"
            copies.append((name, cut_power(image, name.replace(" ", "")), shown(root, ended=True)))
    image.unlink()
    return [cut for name, copy, before in copies for cut in check_cut(kind, name, copy, before)]


def _start_session(root: Path, participant: int, seed: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "neurofeedback", "train", "--device", f"simulated:{seed}", "--minutes", "0.5"]
    command += ["--headless", "--recordings", str(root), "--participant", f"{participant:02}"]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def _cut_while_stopped(
    image: Path, root: Path, name: str, sessions: list[subprocess.Popen[bytes]]
) -> tuple[str, Path, list[Shown]]:
    live = [session for session in sessions if session.poll() is None]
    for session in live:
        os.killpg(session.pid, signal.SIGSTOP)
    try:
        return name, cut_power(image, name.replace(" ", "")), shown(root, ended=False)
    finally:
        for session in live:
            os.killpg(session.pid, signal.SIGCONT)


def main() -> int:
    """Run sessions on every file system and print a table; exit with 1 if a session was harmed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="sessions on each file system")
    parser.add_argument("--together", type=int, default=5, help="sessions that run at once on one disk")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--folder", type=Path, help="where the images are; by default the temporary folder")
    options = parser.parse_args()
    cuts: list[Cut] = []
    for kind in options.kinds:
        if why := hindrance(kind):
            print(f"{kind}: skipped, {why}")
            continue
        for batch in range(options.runs // options.together):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                cuts += run_sessions(kind, Path(folder), options.together, batch)
            print_table(cuts)
    return int(any(cut.faults or max(cut.lost_s, cut.lost_frames_s) > MAX_LOSS_S for cut in cuts))


def print_table(cuts: list[Cut]) -> None:
    """Print for each disk and moment how many sessions were cut off, what they lost, and their faults."""
    print(f"{'disk':<6}{'moment':<14}{'sessions':>9}{'lost, s (most)':>16}{'frames, s (most)':>18}{'faults':>8}")
    for kind, moment in dict.fromkeys((cut.kind, cut.moment) for cut in cuts):
        here = [cut for cut in cuts if (cut.kind, cut.moment) == (kind, moment)]
        lost, frames = max(cut.lost_s for cut in here), max(cut.lost_frames_s for cut in here)
        print(
            f"{kind:<6}{moment:<14}{len(here):>9}{lost:>16.2f}{frames:>18.2f}{sum(bool(cut.faults) for cut in here):>8}"
        )
    for cut in cuts:
        for fault in cut.faults:
            print(f"{cut.kind}, {cut.moment}, {cut.stem}: {fault}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
