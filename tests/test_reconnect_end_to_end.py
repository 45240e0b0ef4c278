"""Test `train` through outages of emulated headsets, on BrainFlow's real drivers.

All sessions run side by side, because a Muse alone takes four seconds to be released; then each is checked.
"""

from __future__ import annotations

import contextlib
import csv
import shutil
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.emulators import cyton, muse
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Fault, FaultKind, Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.feedback.gain_ramps import FADE_OUT_S
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording import frame_log
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead, read_timing
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.types import CommandKind, EventKind, Frame, LostRun, Phase, State
from neurofeedback.verification.check_result import CheckStatus
from neurofeedback.verification.replay import compare_with_log, replay
from neurofeedback.verification.verify import verify
from tests.bids import bids_errors
from tests.programs import Program, fork_server

pytestmark = [
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)"),
    pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals"),
    pytest.mark.real_time,
    pytest.mark.timeout(600),  # the first test waits for all sessions
]

SIGNAL_S = 60.0
Measured = Callable[[str, object], None]


class MuseUnderTest:
    """An emulated Muse on its own bus. Its signal does not pause: sample numbers follow true time."""

    device, sfreq, n_first = "muse-2", 256.0, 12  # the driver does not deliver the first block of a stream
    resolution_uv = 1e-3

    def __init__(self, scenario: Scenario, chunks: Iterable[NDArray], folder: Path) -> None:
        self.head = MuseHeadband(chunks, Faults(scenario.loss, schedule=scenario.faults), seed=3)
        self.environment: dict[str, str] = {}

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        with EmulatedMuse(self.head) as headset:
            self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = headset.address
            yield

    @property
    def late_s(self) -> float:
        """Largest delay of a sample by a busy machine, s."""
        return self.head.late_s

    @property
    def began(self) -> float | None:
        """Host's time of the first sample."""
        return self.head._first_sample_at

    def moment(self, sample: int) -> float:
        """Host's time at which a sample was taken."""
        assert self.began is not None
        return self.began + sample / self.sfreq

    @cached_property
    def sent(self) -> NDArray:
        return (np.concatenate(self.head.counts, axis=1) - 2048) * muse.SCALE_UV

    @cached_property
    def lost(self) -> set[int]:
        return {12 * block + i for block, _ in self.head.lost_packets for i in range(12)}

    @property
    def streams(self) -> list[int]:
        """First sample of each stream."""
        return [12 * block for block in self.head.stream_starts]


class ClockedFirmware(CytonFirmware):
    """A board with outages by the clock, also while it does not stream; it lists when each stream started."""

    def __init__(self, chunks: Iterable[NDArray], faults: Faults) -> None:
        super().__init__(chunks, faults, seed=3)
        self.streams: list[tuple[int, float]] = []
        self._now_s = 0.0

    def receive(self, commands: bytes, at: float) -> bytes:
        answers = super().receive(commands, at)
        if b"b" in commands and self.streaming and not self.faults.dropped(self.elapsed(at)):
            self.streams.append((len(self.counts), at))
        return answers

    def send(self, at: float) -> bytes:
        self._now_s = self.elapsed(at)
        return super().send(at)

    def _silent(self, at_s: float) -> bool:
        return super()._silent(self._now_s)


class CytonUnderTest:
    """An emulated Cyton on its own port. Sample numbers pause while it does not stream."""

    sfreq, n_first = 250.0, 0
    resolution_uv = cyton.SCALE_UV / 100

    def __init__(self, scenario: Scenario, chunks: Iterable[NDArray], folder: Path) -> None:
        self.firmware = ClockedFirmware(chunks, Faults(scenario.loss, schedule=scenario.faults))
        self.environment: dict[str, str] = {}
        self.device = ""

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        with EmulatedCyton(self.firmware) as board:
            self.device = f"cyton:{board.port}"
            yield

    @property
    def late_s(self) -> float:
        return self.firmware.late_s

    @property
    def streams(self) -> list[int]:
        return [first for first, _ in self.firmware.streams]

    @property
    def began(self) -> float | None:
        return self.firmware._first_sample_at

    def moment(self, sample: int) -> float:
        first, at = [stream for stream in self.firmware.streams if stream[0] <= sample][-1]
        return at + (sample - first) / self.sfreq

    @cached_property
    def sent(self) -> NDArray:
        return np.array(self.firmware.counts).T * cyton.SCALE_UV

    @cached_property
    def lost(self) -> set[int]:
        return set(self.firmware.lost_samples)


@dataclass(frozen=True)
class Scenario:
    """The faults of one session and its expected end. Times are seconds from the headset's first sample."""

    emulator: str
    faults: tuple[Fault, ...] = ()
    baseline_s: float = 4.0
    practice_s: float = 3.0
    loss: float = 0.0
    exit_code: int = 0
    reconnects: int = 0
    interrupt_at_s: float | None = None
    give_up_s: float = 300.0
    lost_s: float = 1.0

    @property
    def profile(self) -> str:
        phases = {"settle_s": 1.0, "baseline_s": self.baseline_s, "practice_s": self.practice_s, "min_practice_s": 2.0}
        lines = [f"{name} = {value}" for name, value in (phases | {"transfer_s": 0.0, "debrief_s": 1.0}).items()]
        gaps = ["[gaps]", f"give_up_s = {self.give_up_s}", f"lost_s = {self.lost_s}"]
        baseline = [
            "[baseline]",
            "min_clean_s = 2.0",
            "late_window_s = 60.0",
        ]  # the buffer of late windows is full within a minute
        return "\n".join(["[phases]", *lines, *baseline, *gaps])


def drop(at_s: float, for_s: float | None = 3.0) -> Fault:
    return Fault(kind=FaultKind.DROP, at_s=at_s, for_s=for_s)


def unplug(at_s: float, for_s: float | None = None) -> Fault:
    return Fault(kind=FaultKind.UNPLUG, at_s=at_s, for_s=for_s)


STALL = Fault(kind=FaultKind.STALL, at_s=10.0, for_s=6.0)
OUTAGE = Fault(kind=FaultKind.STALL, at_s=8.0, for_s=2.0)
SCENARIOS = {  # the longest first
    "muse in a row": Scenario("muse", (drop(0.0, 6.0), drop(16.0)), 4.0, 24.0, reconnects=2),
    "cyton in a row": Scenario("cyton", (drop(0.0, 6.0), drop(15.0), drop(22.5)), 4.0, 20.0, reconnects=3),
    "muse stall": Scenario("muse", (STALL,), 6.0, 12.0, reconnects=1),
    "cyton stall": Scenario("cyton", (STALL,), 6.0, 12.0, reconnects=1),
    "muse baseline": Scenario("muse", (drop(3.0),), 13.0, reconnects=1),
    "cyton baseline": Scenario("cyton", (drop(3.0),), 11.0, reconnects=1),
    "cyton replugged": Scenario("cyton", (unplug(5.0, 3.0),), 4.0, 7.0, reconnects=1),
    "muse outage": Scenario("muse", (OUTAGE,), 4.0, 8.0),
    "cyton outage": Scenario("cyton", (OUTAGE,), 4.0, 8.0),
    "muse gone": Scenario("muse", (drop(4.0, None),), exit_code=3, give_up_s=6.0),
    "cyton unplugged": Scenario("cyton", (unplug(4.0),), exit_code=3, give_up_s=6.0),
    "muse loss": Scenario("muse", loss=0.02, lost_s=3.0),  # without an outage a busy machine must not make one
    "muse ended": Scenario("muse", (drop(4.0, None),), exit_code=130, interrupt_at_s=12.5),
    "cyton loss": Scenario("cyton", loss=0.02, lost_s=3.0),
    "muse clean": Scenario("muse", lost_s=3.0),
    "cyton clean": Scenario("cyton", lost_s=3.0),
}
NIGHTLY = ("muse clean", "cyton clean", "muse outage", "cyton baseline")
"""What the nightly run adds: another of these shows the same with the other headset, or with more faults."""
HEADSETS = {"muse": MuseUnderTest, "cyton": CytonUnderTest}
N_AT_ONCE = 6


@dataclass
class EmulatedSession:
    """One session and its emulated headset."""

    scenario: Scenario
    emulator: MuseUnderTest | CytonUnderTest
    folder: Path
    program: Program
    started_at: float = field(default_factory=time.monotonic)
    memory_mb: list[float] = field(default_factory=list)
    interrupted_at: float = 0.0
    interrupted_on: float = 0.0
    ended_at: float = 0.0

    def follow(self) -> None:
        """Interrupt it when that is due, and wait for its end."""
        if self.scenario.interrupt_at_s is not None:
            while self.program.returncode is None and not self._is_due(self.scenario.interrupt_at_s):
                time.sleep(0.02)
            self.interrupted_at, self.interrupted_on = time.monotonic(), time.time()
            self.program.interrupt()
        self._watch()
        self.ended_at = time.monotonic()

    def _watch(self) -> None:
        """Wait for its end; note its memory every second."""
        deadline = time.monotonic() + self.scenario.baseline_s + self.scenario.practice_s + 90
        while self.program.returncode is None:
            if time.monotonic() > deadline:
                self.program.interrupt(signal.SIGKILL)
                raise AssertionError("it did not end: " + self.program.out + self.program.err)
            time.sleep(0.02)
            if time.monotonic() > self.started_at + len(self.memory_mb) and (rss_mb := self.program.rss_mb()):
                self.memory_mb.append(rss_mb)

    def _is_due(self, at_s: float) -> bool:
        return self.emulator.began is not None and time.monotonic() >= self.emulator.began + at_s

    @cached_property
    def recording(self) -> Recording:
        (header,) = self.folder.glob("rec/sub-*/ses-*/eeg/*_eeg.vhdr")
        return open_recording(header)

    @cached_property
    def data(self) -> NDArray[np.float32]:
        return np.concatenate([chunk.data for chunk in self.recording.iter_chunks(4096)], axis=1)

    @cached_property
    def reads(self) -> tuple[DeviceRead, ...]:
        (path,) = self.folder.glob("rec/derivatives/*/sub-*/ses-*/*_timing.tsv")
        return read_timing(path)[0]

    @cached_property
    def frames(self) -> list[Frame]:
        return list(replay(self.recording).frames)

    @property
    def starved(self) -> bool:
        """Whether a busy machine delayed the headset, and the program lost it or did not find it in time."""
        if self.program.returncode != self.scenario.exit_code or self.emulator.late_s <= self.scenario.lost_s / 4:
            return False
        n_outages = sum(fault.at_s > 0 for fault in self.scenario.faults)
        return len(self.gaps) > n_outages or self.recording.summary.reconnects != self.scenario.reconnects

    @property
    def summary_path(self) -> Path:
        (path,) = self.folder.glob("rec/derivatives/*/sub-*/ses-*/*_summary.json")
        return path

    @property
    def pieces(self) -> list[tuple[int, int]]:
        """First sample, and the one after the last, of each connection."""
        gaps = [(gap.start, gap.start + gap.n_samples) for gap in self.gaps]
        edges = [0, *(edge for gap in gaps for edge in gap), self.recording.n_samples]
        return list(zip(edges[::2], edges[1::2], strict=True))

    @property
    def first_sent(self) -> list[int]:
        """First sample that the driver delivers of each stream that sent any."""
        lost, ends = self.emulator.lost, [*self.emulator.streams[1:], self.emulator.sent.shape[1]]
        firsts = [
            next((i for i in range(start, end) if i not in lost), None)
            for start, end in zip(self.emulator.streams, ends, strict=True)
        ]
        return [first + self.emulator.n_first for first in firsts if first is not None]

    @property
    def gaps(self) -> list[LostRun]:
        """The lost runs that only the host's clock has measured: those of reconnects."""
        return [run for run in self.recording.lost if run.cause == "gap"]

    @cached_property
    def latencies(self) -> dict[int, str]:
        """Each logged frame's latency, by its sample."""
        path = self.recording.frames_path
        assert path is not None
        with path.open(encoding="utf-8", newline="") as log:
            return {int(row["sample"]): row["latency_ms"] for row in csv.DictReader(log, delimiter="\t")}

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def silences_s(self) -> list[tuple[float, float]]:
        """When each outage was noticed, and when samples came again or the session ended; s of the sound."""
        began_at = self.reads[0].host_time - self.reads[0].n_samples / self.emulator.sfreq
        edges = [(self.arrived(gap.start - 1), self.arrived(gap.start + gap.n_samples)) for gap in self.gaps]
        if self.scenario.exit_code:
            edges.append((self.reads[-1].host_time, began_at + sound_s(self.folder / "sound.wav") - FADE_OUT_S))
        return [(last - began_at + self.scenario.lost_s, back - began_at) for last, back in edges]

    def arrived(self, sample: int) -> float:
        """Host's time at which a sample was read."""
        return next(read.host_time for read in self.reads if read.start <= sample < read.start + read.n_samples)


def start_session(
    emulator: MuseUnderTest | CytonUnderTest, scenario: Scenario, folder: Path, process: subprocess.Popen[str]
) -> EmulatedSession:
    (folder / "profile.toml").write_text(scenario.profile, encoding="utf-8")
    command = ["train", "--headless", "--device", emulator.device, "--participant", folder.name.replace("-", "")]
    command += ["--profile", str(folder / "profile.toml"), "--recordings", str(folder / "rec")]
    command += ["--audio", str(folder / "sound.wav") if scenario.faults else "none"]
    return EmulatedSession(scenario, emulator, folder, Program(process, command, emulator.environment, folder))


def signals() -> dict[str, NDArray]:
    person = draw_person(5)
    return {
        name: simulate(person, seconds=SIGNAL_S, seed=5, montage=load_montage(name), headset=get_headset(name)).data
        for name in HEADSETS
    }


def run_sessions(
    scenarios: dict[str, Scenario], root: Path, *, repeat_starved: bool = True
) -> dict[str, EmulatedSession]:
    """Run sessions side by side, as many as two cores allow, each with its own headset.

    A session that a busy machine disturbed is repeated alone.
    """
    signal_data = signals()

    def run(name: str, where: Path = root) -> EmulatedSession:
        scenario, folder = scenarios[name], where / name.replace(" ", "-")
        folder.mkdir(parents=True)
        emulator = HEADSETS[scenario.emulator](scenario, repeat(signal_data[scenario.emulator]), folder)
        with emulator.connected():
            session = start_session(emulator, scenario, folder, process)
            session.follow()
        return session

    with fork_server() as process, ThreadPoolExecutor(N_AT_ONCE) as pool:
        sessions = dict(zip(scenarios, pool.map(run, scenarios), strict=True))
        for name, session in sessions.items():
            if repeat_starved and session.starved:
                sessions[name] = run(name, root / "repeated")
    return sessions


def params(*names: str) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in NIGHTLY else []) for name in names]


@pytest.fixture(scope="module")
def sessions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, EmulatedSession]:
    """Every session that a test of this run asks for; those of each change in any case."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    asked = {spec.params.get("session") for spec in specs if spec is not None}
    chosen = {name: scenario for name, scenario in SCENARIOS.items() if name not in NIGHTLY or name in asked}
    return run_sessions(chosen, tmp_path_factory.mktemp("reconnect"))


@pytest.fixture(params=params(*SCENARIOS))
def session(request: pytest.FixtureRequest, sessions: dict[str, EmulatedSession]) -> EmulatedSession:
    return sessions[request.param]


def only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("session", params(*names), indirect=True)


WITH_OUTAGE = only(*(name for name, scenario in SCENARIOS.items() if scenario.reconnects))
WITH_SILENCE = only(*(name for name, scenario in SCENARIOS.items() if scenario.reconnects or scenario.exit_code))


def test_session_ends_with_its_exit_code_and_complete_files(session: EmulatedSession) -> None:
    output = session.program.out + session.program.err
    assert session.program.returncode == session.scenario.exit_code, output
    assert "Traceback" not in output
    assert "Exception" not in output
    summary = session.recording.summary
    assert summary.finished is True
    assert summary.n_samples == session.data.shape[1] > 3 * session.emulator.sfreq
    assert summary.reconnects == session.scenario.reconnects


@only(*(name for name in SCENARIOS if name != "muse loss"))
def test_samples_equal_those_sent_and_lost_ones_are_in_place(session: EmulatedSession) -> None:
    sent = session.emulator.sent.copy()
    sent[:, sorted(session.emulator.lost)] = np.nan
    starts = session.first_sent
    assert len(session.pieces) == len(starts)
    for (start, stop), first in zip(session.pieces, starts, strict=True):
        expected = sent[:, first : first + stop - start]
        np.testing.assert_allclose(
            session.data[:, start:stop], expected, rtol=1e-6, atol=session.emulator.resolution_uv
        )


@only("muse loss")
def test_samples_of_a_lossy_muse_are_within_a_block_of_their_place(session: EmulatedSession) -> None:
    """Its driver may hand out some channels a block late after a loss (docs/decisions/0008)."""
    sent = session.emulator.sent.astype(np.float32).reshape(4, -1, 12)
    got = session.data[:, : session.data.shape[1] // 12 * 12].reshape(4, -1, 12)
    there = ~np.isnan(got).any(axis=(0, 2))
    assert 0.85 < there.mean() < 1.0
    first = next(n for n in range(1, 9) if (got[:, 0] == sent[:, n]).all(axis=-1).any())
    for block in np.flatnonzero(there):
        late = [(got[:, block] == sent[:, first + block - back]).all(axis=-1) for back in (0, 1)]
        assert late[0].any()
        assert (late[0] | late[1]).all()


@WITH_OUTAGE
def test_samples_sent_before_an_outage_are_complete(session: EmulatedSession) -> None:
    """But for a port that is pulled out, with what was still on its way: as much as nobody had read yet."""
    emulator, faults = session.emulator, session.scenario.faults
    for (start, stop), first in zip(session.pieces[:-1], session.first_sent, strict=False):
        outage_at = min(
            fault.at_s + emulator.began for fault in faults if fault.at_s + emulator.began > emulator.moment(first)
        )
        sent = range(first, first + stop - start + round(emulator.sfreq))
        last = max(i for i in sent if i not in emulator.lost and emulator.moment(i) < outage_at + 0.05)
        missing = last - (first + stop - start - 1)
        assert missing == 0 or (missing > 0 and faults[0].kind is FaultKind.UNPLUG)


@WITH_OUTAGE
def test_gap_length_is_true_within_its_logged_uncertainty(session: EmulatedSession) -> None:
    back = [event for event in session.recording.events if event.kind is EventKind.SIGNAL_BACK and event.sample]
    events = [event for event in back if event.value != "0.000 s"]  # a busy machine may keep samples waiting: none lost
    assert [event.sample for event in events] == [gap.start + gap.n_samples for gap in session.gaps]
    for i, (gap, event) in enumerate(zip(session.gaps, events, strict=True)):
        reported_s, uncertainty_s = (float(part.removesuffix(" s")) for part in event.value.split(" +-"))
        before, after = (start for start, _ in session.pieces[i : i + 2])
        last = session.first_sent[i] + gap.start - before - 1
        between_s = (
            session.emulator.moment(session.first_sent[i + 1])
            - session.emulator.moment(last)
            - 1 / session.emulator.sfreq
        )
        assert after == gap.start + gap.n_samples
        assert reported_s == pytest.approx(gap.n_samples / session.emulator.sfreq, abs=0.001)
        assert reported_s == pytest.approx(between_s, abs=uncertainty_s + 0.1 + session.emulator.late_s)


@WITH_OUTAGE
def test_frames_resume_within_ten_seconds_of_the_headsets_return_and_count_after_settling(
    session: EmulatedSession, record_property: Measured
) -> None:
    assert session.emulator.began is not None
    last = max(session.scenario.faults, key=lambda fault: fault.at_s)
    assert last.for_s is not None
    back_at = session.emulator.began + last.at_s + last.for_s
    stop = session.pieces[-1][0]
    fresh = next(frame for frame in session.frames if frame.sample > stop)
    resumed_s = session.arrived(fresh.sample - 1) - back_at
    record_property("figure", f"{session.name}: frames again {resumed_s:.1f} s after the headset is back")
    assert resumed_s <= 10.0 + session.emulator.late_s
    never_arrived = {frame.sample for frame in session.frames if np.isnan(session.data[:, frame.sample - 1]).all()}
    assert never_arrived == {sample for sample, latency in session.latencies.items() if latency == "n/a"}
    settled = stop + 2 * session.emulator.sfreq
    assert not any(frame.valid for frame in session.frames if stop < frame.sample <= settled)
    assert {frame.state for frame in session.frames if stop - 256 < frame.sample <= stop} == {State.LOST}


@only("muse outage", "cyton outage")
def test_frames_are_valid_within_four_seconds_after_a_two_second_outage(
    session: EmulatedSession, record_property: Measured
) -> None:
    """T16: counted in samples from the first one after it to the first frame that counts again."""
    first_lost = session.recording.lost[0]
    assert first_lost.n_samples / session.emulator.sfreq == pytest.approx(2.0, abs=0.1)
    back = first_lost.start + first_lost.n_samples
    valid = next(frame for frame in session.frames if frame.valid and frame.sample > back)
    recovered_s = (valid.sample - back) / session.emulator.sfreq
    record_property("figure", f"{session.name}: valid again {recovered_s:.1f} s after the outage")
    assert recovered_s <= 4.0
    assert not any(np.isnan(frame.guidance.tone_gain) for frame in session.frames)


@only("muse stall", "cyton stall", "muse baseline", "cyton baseline")
def test_session_continues_with_the_same_baseline_and_phases(session: EmulatedSession) -> None:
    phases = [command.value for command in session.recording.commands if command.kind is CommandKind.PHASE]
    assert phases == [Phase.BASELINE, Phase.PRACTICE, Phase.DEBRIEF]


def test_replay_gives_the_same_frames(session: EmulatedSession) -> None:
    replayed = replay(session.recording)
    lines = [replayed.header, *map(frame_log.format_row, session.frames)]
    assert compare_with_log(session.recording, lines) == "identical"


def test_mne_skips_the_gaps(session: EmulatedSession) -> None:
    raw = mne.io.read_raw_brainvision(session.recording.path.with_suffix(".vhdr"), verbose="error")
    n_lost = np.isnan(session.data).all(axis=0).sum()
    assert raw.n_times == session.data.shape[1]
    assert raw.get_data(reject_by_annotation="omit", verbose="error").shape[1] == raw.n_times - n_lost


def test_verify_finds_no_failure(session: EmulatedSession) -> None:
    found = verify(session.recording.path)
    assert found.status is CheckStatus.OK, [
        finding.text for finding in found.results if finding.status is CheckStatus.WRONG
    ]


def test_all_sessions_together_are_a_valid_dataset(sessions: dict[str, EmulatedSession], tmp_path: Path) -> None:
    people = []
    for session in sessions.values():
        shutil.copytree(session.folder / "rec", tmp_path, dirs_exist_ok=True)
        header, *rows = (session.folder / "rec" / "participants.tsv").read_text().splitlines(keepends=True)
        people += rows
    (tmp_path / "participants.tsv").write_text(header + "".join(people))
    assert bids_errors(tmp_path) == []


@WITH_SILENCE
def test_sound_is_neutral_half_a_second_after_signal_loss_is_detected(
    session: EmulatedSession, record_property: Measured
) -> None:
    """The guide tone is off and so, at its pitch, is the bed, which takes another colour; in the sound as recorded."""
    sound, silences_s = session.folder / "sound.wav", session.silences_s
    before = max(np.median(tone_levels(sound, max(0.0, noticed_s - 3.0), noticed_s)) for noticed_s, _ in silences_s)
    for noticed_s, back_s in silences_s:
        during = tone_levels(sound, noticed_s, back_s)
        loud = np.flatnonzero(during > 0.15 * before)
        neutral_s = STEP_S * (loud[-1] + 1 if loud.size else 0)
        record_property("figure", f"{session.name}: sound neutral {neutral_s:.2f} s after the silence is noticed")
        assert neutral_s <= 0.5 + session.emulator.late_s


STEP_S = 0.05


def sound_s(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def tone_levels(path: Path, start_s: float, stop_s: float) -> NDArray[np.float64]:
    """Amplitude at the guide tone's pitch in each quarter of a second that begins STEP_S after the one before."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        file.setpos(round(start_s * rate))
        frames = file.readframes(round((stop_s - start_s) * rate))
    sound = np.frombuffer(frames, "<i2").reshape(-1, 2).mean(axis=1)
    quarter = rate // 4
    windows = np.lib.stride_tricks.sliding_window_view(sound, quarter)[:: round(STEP_S * rate)]
    carrier = np.hanning(quarter) * np.exp(-2j * np.pi * 196.0 * np.arange(quarter) / rate)
    return np.abs(windows @ carrier) * 4 / quarter


@only("muse ended")
def test_ctrl_c_during_a_muse_search_ends_session_and_program_at_once(
    session: EmulatedSession, record_property: Measured
) -> None:
    """To wait for the attempt under way would take seven seconds."""
    saved_s = session.summary_path.stat().st_mtime - session.interrupted_on
    ended_s = session.ended_at - session.interrupted_at
    record_property("figure", f"{session.name}: saved {saved_s:.1f} s after Ctrl-C, ended after {ended_s:.1f} s")
    assert saved_s < 3.0 + session.emulator.late_s
    assert ended_s < 5.0 + session.emulator.late_s
    assert [event.kind for event in session.recording.events][-2:] == [EventKind.SIGNAL_LOST, EventKind.STOP]


@only("muse gone", "cyton unplugged")
def test_headset_lost_for_good_is_named(session: EmulatedSession) -> None:
    """The Muse's driver is just letting go of it then, which the end of the program waits for."""
    assert f"nothing has come from {session.emulator.device} for 6 s" in " ".join(session.program.err.split())
    assert "Headset lost; looking for it." in session.program.out


@pytest.fixture(scope="module")
def long_sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EmulatedSession]:
    minute = {name: Scenario(name, (drop(8.0, 60.0),), 5.0, 76.0, reconnects=1) for name in HEADSETS}
    return run_sessions(
        {f"{name} minute": scenario for name, scenario in minute.items()}, tmp_path_factory.mktemp("minute")
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["muse minute", "cyton minute"])
def test_after_a_minute_without_a_headset_frames_resume_within_ten_seconds(
    name: str, long_sessions: dict[str, EmulatedSession], record_property: Measured
) -> None:
    session = long_sessions[name]
    test_session_ends_with_its_exit_code_and_complete_files(session)
    test_samples_equal_those_sent_and_lost_ones_are_in_place(session)
    test_gap_length_is_true_within_its_logged_uncertainty(session)
    test_frames_resume_within_ten_seconds_of_the_headsets_return_and_count_after_settling(session, record_property)
    test_sound_is_neutral_half_a_second_after_signal_loss_is_detected(session, record_property)
    test_replay_gives_the_same_frames(session)
    test_verify_finds_no_failure(session)
    test_mne_skips_the_gaps(session)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_sessions_with_a_gap_of_a_minute_are_a_valid_dataset(
    long_sessions: dict[str, EmulatedSession], tmp_path: Path
) -> None:
    test_all_sessions_together_are_a_valid_dataset(long_sessions, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_stays_flat_over_fifty_reconnects(tmp_path: Path, record_property: Measured) -> None:
    cases = {
        "muse fifty": Scenario("muse", tuple(drop(4.0 + 11.5 * i, 1.0) for i in range(50)), 4.0, 580.0, reconnects=50),
        "cyton fifty": Scenario("cyton", tuple(drop(4.0 + 7.0 * i, 3.0) for i in range(50)), 4.0, 360.0, reconnects=50),
    }
    for session in run_sessions(cases, tmp_path, repeat_starved=False).values():
        test_session_ends_with_its_exit_code_and_complete_files(session)
        assert len(session.gaps) == 50
        tenth, fiftieth = (int(session.scenario.faults[number - 1].at_s) for number in (10, 50))  # ending takes its own
        early, late = (np.median(session.memory_mb[at : at + 10]) for at in (tenth, fiftieth))
        record_property("figure", f"{session.name}: {early:.1f} MB after 10 reconnects, {late:.1f} MB after 50")
        assert late - early < 10


def test_samples_held_when_the_person_ends_the_session_are_recorded(tmp_path: Path) -> None:
    """After an outage of more than a cycle of the counter, samples are held until their place is known."""
    outage = Fault(kind=FaultKind.STALL, at_s=6.0, for_s=1.5)
    scenario = Scenario("cyton", (outage,), 4.0, 9.0, exit_code=130, lost_s=3.0, interrupt_at_s=8.4)
    session = run_sessions({"cyton held": scenario}, tmp_path, repeat_starved=False)["cyton held"]
    assert session.program.returncode == scenario.exit_code, session.program.err
    sent_at = {tuple(counts): i for i, counts in enumerate(np.rint(session.emulator.sent.T / cyton.SCALE_UV).tolist())}
    received = session.data[:, np.isfinite(session.data[0])].T
    recorded = [sent_at[tuple(counts)] for counts in np.rint(received / cyton.SCALE_UV).tolist()]
    last = max(i for i in sent_at.values() if session.emulator.moment(i) < session.interrupted_at)
    assert recorded[-1] >= last - 60, "a busy machine may read a quarter of a second late"
    present = [i for i in range(recorded[0], recorded[-1] + 1) if i not in session.emulator.lost]
    assert recorded == present
