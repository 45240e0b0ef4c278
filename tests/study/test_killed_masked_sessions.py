"""Masked sessions that are killed while they record, one of each arm: nothing is lost, and nothing names the arm."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

import mne
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.emulators import cyton
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Faults
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.masking.masked_sessions import is_masked, is_sealed
from neurofeedback.recording.masking.played_feedback import CHUNK_BYTES, FRAMES_PER_CHUNK
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.enrolment import EnrolmentRequest, arm_record, enrol, unlock
from neurofeedback.study.masked.played import check_played
from neurofeedback.study.protocol import new_protocol, study_folder
from neurofeedback.study.protocol_lock import freeze_protocol
from neurofeedback.types import Phase
from neurofeedback.verification.verify import CheckStatus, verify
from tests.bids import bids_errors
from tests.programs import Program, fork_server

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, edit_protocol
from test_masked_sessions import CHANGES, write_pool

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork, pseudo-terminals and SIGKILL"),
    pytest.mark.real_time,
    pytest.mark.timeout(300),
]
PROGRAMME = 'name = "study-20-minutes"\ntitle = "Short"\nminutes = 0.6\n\n[[segments]]\n'
PEOPLE = ("07", "08", "09", "10", "11")
ARMS = ("real-first", "sham-first")
SFREQ = 250.0
LOST_S = 0.5
"""What a kill may cost at most."""

MOMENTS = [pytest.param(seed, id=f"random-{seed}", marks=[pytest.mark.slow] if seed else []) for seed in range(6)]


@dataclass
class Killed:
    """A session that was killed: its dataset, what the headset had sent by then, and what was on the disk."""

    root: Path
    sent: NDArray
    sealed: bytes
    printed: str

    @property
    def files(self) -> SessionFiles:
        (stem,) = find_session_stems(self.root)
        return SessionFiles.from_stem(self.root, stem)


@pytest.fixture(scope="module")
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where keys, caches and logs of the program are, here and in the processes that are killed."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "CACHE", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
        patch.setenv("HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, user_folder: Path) -> Path:
    """A frozen crossover with yoked sham and five people, of both arms."""
    folder = tmp_path_factory.mktemp("study")
    root = folder / "data"
    root.mkdir()
    new_protocol(root, "crossover")
    edit_protocol(root, *CHANGES)
    (study_folder(root) / "study-20-minutes.toml").write_text(PROGRAMME, encoding="utf-8")
    write_pool(root)
    freeze_protocol(root, BY)
    allocate(root, "A", folder / "keeper", by="keeper", random=Random(2))
    install_allocation(root, folder / "keeper", by=BY)
    for participant in PEOPLE:
        enrol(root, EnrolmentRequest(participant, {}, "v1", BY))
    return root


@pytest.fixture(scope="module")
def server(user_folder: Path) -> Iterator[subprocess.Popen[str]]:
    with fork_server() as process:
        yield process


def wait_for(found: Callable[[], bool], program: Program) -> None:
    deadline = time.monotonic() + 90.0
    while not found():
        assert program.returncode is None, program.out + program.err
        assert time.monotonic() < deadline, "it never came: " + program.out + program.err
        threading.Event().wait(0.01)


def has_practised(root: Path) -> bool:
    return any(f"\t{Phase.PRACTICE}\t" in path.read_text() for path in root.glob("sub-*/ses-*/eeg/*_events.tsv"))


def record_and_kill(study: Path, server: subprocess.Popen[str], folder: Path, moment: int) -> dict[str, Killed]:
    """Record a person of each arm side by side on a Cyton of their own, and kill both some seconds into practice."""
    people = {arm_record(study, one).arm: one for one in PEOPLE}
    assert set(people) == set(ARMS)
    signal = simulate(
        draw_person(4), seconds=90.0, seed=4, montage=load_montage("cyton"), headset=get_headset("cyton")
    ).data
    killed: dict[str, Killed] = {}
    with ExitStack() as stack:
        running: dict[str, tuple[Program, CytonFirmware, Path]] = {}
        for arm, participant in people.items():
            root = folder / participant / "data"  # a path with the arm would stand in what is printed
            shutil.copytree(study, root)
            firmware = CytonFirmware(iter([signal]), Faults(), seed=3)
            board = stack.enter_context(EmulatedCyton(firmware))
            typed = [
                "train",
                "--study",
                str(root),
                "--participant",
                participant,
                "--visit",
                "a1",
                "--deviation",
                "test",
            ]
            typed += ["--headless", "--audio", "none", "--device", f"cyton:{board.port}"]
            running[arm] = (Program(server, typed, {}, root.parent), firmware, root)
        for program, _, root in running.values():
            wait_for(lambda root=root: has_practised(root), program)
        threading.Event().wait(float(np.random.default_rng(moment).uniform(3.0, 10.0)))
        for arm, (program, firmware, root) in running.items():
            sent = np.array(firmware.counts).T * cyton.SCALE_UV
            program.kill()
            while program.returncode is None:
                threading.Event().wait(0.01)
            (sealed,) = root.glob("derivatives/neurofeedback/sub-*/ses-*/*.sealed")
            killed[arm] = Killed(root, sent, sealed.read_bytes(), program.out + program.err)
    return killed


def words_of(root: Path) -> str:
    """Return all text below a folder, with names of files; without the protocol, the validator, and what is sealed."""
    sealed = (".sealed", ".eeg", ".key")  # any two letters may stand there by chance
    paths = [path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in sealed]
    own = [path for path in paths if study_folder(root) not in path.parents and "deno" not in path.parts]
    return "\n".join(f"{path.relative_to(root)}\n{path.read_text(errors='replace')}" for path in own)


def file_names(one: Killed) -> list[str]:
    files, names = one.files, [str(path.relative_to(one.root)) for path in sorted(one.root.rglob("*"))]
    session = files.raw.name
    return sorted(name.replace(files.participant, "sub-X").replace(session, "ses-X") for name in names)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_masked_session_is_completed_and_still_masked(
    moment: int, study: Path, server: subprocess.Popen[str], user_folder: Path, tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    killed = record_and_kill(study, server, tmp_path, moment)
    for one in killed.values():
        assert "completed at the next start" in check_played(one.root)[0].text
        assert_no_arm_is_named(one, user_folder)
        assert recover_sessions(one.root) == [one.files.derived]
        lost_s = samples_lost(one) / SFREQ
        record_property("figure", f"killed masked session {moment}: {1000 * lost_s:.0f} ms lost")
        assert lost_s <= LOST_S
        assert_sealed_as_recorded(one)
        assert verify(one.files.raw).status is CheckStatus.OK
        assert is_masked(one.files)
        refused = CliRunner().invoke(app, ["report", str(one.files.raw)])
        assert refused.exit_code
        assert "masked" in str(refused.exception)
        assert_no_arm_is_named(one, user_folder)
    assert bids_errors(killed[ARMS[1]].root) == []
    assert file_names(killed[ARMS[0]]) == file_names(killed[ARMS[1]])
    for one in killed.values():
        unlock(one.root, by=BY, why="end")
        (check,) = check_played(one.root)
        assert check.right, check.text
        assert "same feedback" in check.text


def samples_lost(one: Killed) -> int:
    """Return how many samples are missing that were sent before the kill; the others are stored as they were sent."""
    recording = open_recording(one.files.raw)
    stored = np.concatenate([chunk.data for chunk in recording.iter_chunks(4096)], axis=1)
    assert not recording.lost
    assert stored.shape == (one.sent.shape[0], recording.n_samples)
    n = min(recording.n_samples, one.sent.shape[1])  # a few may be sent between the count and the kill
    np.testing.assert_allclose(stored[:, :n], one.sent[:, :n], atol=cyton.SCALE_UV / 50, rtol=1e-6)
    raw = mne.io.read_raw_brainvision(one.files.eeg_file("eeg.vhdr"), verbose="error")
    assert raw.n_times == recording.n_samples
    return one.sent.shape[1] - n


def assert_sealed_as_recorded(one: Killed) -> None:
    """Every whole chunk that was on the disk is there, and those of at most the last second of frames are missing."""
    whole = len(one.sealed) // CHUNK_BYTES
    assert is_sealed(one.files)
    assert one.files.sealed_feedback.read_bytes() == one.sealed[: whole * CHUNK_BYTES]
    n_frames = len(one.files.frame_log.read_text(encoding="utf-8").splitlines()) - 1
    assert whole in {n_frames // FRAMES_PER_CHUNK - 1, n_frames // FRAMES_PER_CHUNK}
    assert whole >= 1


def assert_no_arm_is_named(one: Killed, user_folder: Path) -> None:
    words = "\n".join((words_of(one.root), words_of(user_folder), one.printed))
    assert one.files.stem in words
    assert re.findall(r"real-first|sham-first|selected|\bD[0-3]\b", words) == []
