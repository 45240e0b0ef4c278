"""Test `train` while the program or its disk stands still, on BrainFlow's real drivers and emulated headsets."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import CommandKind, EventKind
from neurofeedback.verification.check_result import CheckStatus
from neurofeedback.verification.verify import verify
from tests.audio.test_server import SFREQ, RecordedSound, monitor, octaves, sound_server, tone_level, until
from tests.test_reconnect_end_to_end import HEADSETS, EmulatedSession, Program, Scenario, fork_server

pytestmark = [
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs pseudo-terminals and signals"),
    pytest.mark.real_time,
    pytest.mark.timeout(600),
]
STOP_AT_S = 9.0
BUSY = "while True: pass"


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """Other work on every core."""
    workers = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


@contextlib.contextmanager
def stopped(program: Program) -> Iterator[None]:
    """The program does not run."""
    program.interrupt(signal.SIGSTOP)
    try:
        yield
    finally:
        program.interrupt(signal.SIGCONT)


@contextlib.contextmanager
def frozen_disk(disk: Path) -> Iterator[None]:
    """Whoever writes to the disk waits."""
    subprocess.run(["fsfreeze", "--freeze", disk], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", disk], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(100 * 2**20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def sit(
    emulator_name: str,
    stop_s: float,
    folder: Path,
    audio: str = "none",
    environment: dict[str, str] | None = None,
    halt: Callable[[Program], contextlib.AbstractContextManager[None]] = stopped,
    spare_s: float = 0.0,
) -> EmulatedSession:
    """Run a session that stands still for some seconds."""
    scenario = Scenario(emulator_name, baseline_s=4.0, practice_s=10.0 + stop_s + spare_s, lost_s=3.0)
    data = simulate(
        draw_person(5),
        seconds=stop_s + spare_s + 40.0,
        seed=5,
        montage=load_montage(emulator_name),
        headset=get_headset(emulator_name),
    ).data
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profile.toml").write_text(scenario.profile, encoding="utf-8")
    emulator = HEADSETS[emulator_name](scenario, repeat(data), folder)
    with fork_server() as process, emulator.connected():
        command = ["train", "--headless", "--device", emulator.device, "--audio", audio]
        command += ["--profile", str(folder / "profile.toml"), "--recordings", str(folder / "rec")]
        program = Program(process, command, emulator.environment | (environment or {}), folder)
        session = EmulatedSession(scenario, emulator, folder, program)
        deadline = time.monotonic() + 60
        while emulator.began is None or time.monotonic() < emulator.began + STOP_AT_S:
            assert time.monotonic() < deadline, program.out + program.err
            time.sleep(0.01)
        with halt(program):
            time.sleep(stop_s)
        session.follow()
    assert program.returncode == 0, program.out + program.err
    return session


def assert_nothing_lost(session: EmulatedSession) -> None:
    recording = session.recording
    (header,) = session.folder.glob("rec/sub-*/ses-*/eeg/*_eeg.vhdr")
    verified = verify(header)
    assert verified.status is CheckStatus.OK, verified.results
    assert recording.lost == ()
    n_samples = session.data.shape[1]
    first = session.first_sent[0]
    np.testing.assert_allclose(
        session.data,
        session.emulator.sent[:, first : first + n_samples],
        rtol=1e-6,
        atol=session.emulator.resolution_uv,
    )


def assert_nothing_lost_and_nothing_rewarded(session: EmulatedSession, stop_s: float) -> None:
    assert_nothing_lost(session)
    recording = session.recording
    stops = [event for event in recording.events if event.kind is EventKind.STOPPED]
    assert max(float(event.value.removesuffix(" s")) for event in stops) == pytest.approx(stop_s, abs=1.5)
    switches = [(command.sample, command.value) for command in recording.commands if command.kind is CommandKind.LATE]
    assert {value for _, value in switches} == {"on", "off"}
    assert recording.frames_path is not None
    with recording.frames_path.open(encoding="utf-8", newline="") as log:
        rows = list(csv.DictReader(log, delimiter="\t"))
    late = [row for row in rows if [value for at, value in switches if at <= int(row["sample"])][-1:] == ["on"]]
    assert len(late) >= 4 * (stop_s - 1.5)
    assert {(row["reward"], float(row["tone_gain"])) for row in late} == {("0", 0.0)}


@pytest.mark.parametrize(
    ("emulator_name", "stop_s"),
    [
        ("cyton", 3.0),
        pytest.param("cyton", 20.0, marks=pytest.mark.slow),
        pytest.param("cyton", 60.0, marks=pytest.mark.slow),
        pytest.param("muse", 20.0, marks=pytest.mark.slow),
    ],
)
def test_stopped_program_loses_nothing_and_rewards_nothing_late(
    emulator_name: str, stop_s: float, tmp_path: Path
) -> None:
    with busy_machine() if stop_s > 10 else contextlib.nullcontext():
        session = sit(emulator_name, stop_s, tmp_path)
    assert_nothing_lost_and_nothing_rewarded(session, stop_s)


@pytest.mark.slow
@pytest.mark.sound
@pytest.mark.skipif(not (shutil.which("pulseaudio") and shutil.which("parec")), reason="needs pulseaudio and parec")
@pytest.mark.parametrize("emulator_name", ["cyton", "muse"])
def test_tone_of_a_stopped_program_is_neutral_within_1_5_s(
    emulator_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"PULSE_SERVER": f"unix:{tmp_path / 'pulse.socket'}", "XDG_RUNTIME_DIR": str(tmp_path)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    heard = RecordedSound(tmp_path / "heard.raw")
    stops: list[int] = []

    @contextlib.contextmanager
    def stopped_while_the_tone_sounds(program: Program) -> Iterator[None]:
        until(lambda: tone_level(heard.sound()[-SFREQ:]) > -60, 30.0)
        with stopped(program):
            stops.append(len(heard.sound()))
            yield

    with sound_server(tmp_path), monitor(heard.path):
        folder = tmp_path / "session"
        session = sit(emulator_name, 20.0, folder, "auto", environment, stopped_while_the_tone_sounds, spare_s=30.0)
    assert_nothing_lost_and_nothing_rewarded(session, 20.0)
    sound, at, step = heard.sound(), stops[0], SFREQ // 10
    levels = np.array([tone_level(sound[i : i + step]) for i in range(at, at + 15 * SFREQ, step)])
    neutral = float(np.median(levels[30:]))
    assert np.abs(levels[15:] - neutral).max() < 3.0, levels[:30]
    starts = (at - 3 * SFREQ, at + SFREQ * 3 // 2, at + 10 * SFREQ)
    before, soon, later = (octaves(sound[start : start + 3 * SFREQ]) for start in starts)
    changed = (np.maximum(before, later) > -60) & (np.abs(before - later) > 8)
    assert changed.sum() >= 2, "the background became plain"
    assert (np.abs(soon - later) < np.abs(soon - before))[changed].all()
    assert neutral > -60


@pytest.mark.slow
@pytest.mark.parametrize("emulator_name", ["cyton", "muse"])
def test_disk_frozen_for_8_s_delays_no_frame_and_loses_nothing(emulator_name: str, disk: Path, tmp_path: Path) -> None:
    (tmp_path / "rec").symlink_to(disk, target_is_directory=True)
    session = sit(emulator_name, 8.0, tmp_path, halt=lambda _: frozen_disk(disk))
    assert_nothing_lost(session)
    recording = session.recording
    (back,) = (event for event in recording.events if event.kind is EventKind.DISK_BACK)
    assert float(back.value.removesuffix(" s")) == pytest.approx(8.0, abs=1.5)
    assert [event.kind for event in recording.events].count(EventKind.DISK_BLOCKED) == 1
    assert not [command for command in recording.commands if command.kind is CommandKind.LATE]
    latency_ms = recording.summary.latency_ms
    assert latency_ms is not None
    assert latency_ms.max < 1000
