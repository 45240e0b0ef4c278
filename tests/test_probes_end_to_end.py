"""Two sittings with questions on an emulated Muse, through BrainFlow's driver, the terminal and a pipe of keys.

What is answered lands where it was pressed, the decoder file learns it, the next sitting starts from it, and both
are replayed byte for byte.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording import frame_log
from neurofeedback.recording.events import probes_from_events
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import simulate
from neurofeedback.texts.probe_questions import WORDING_VERSION
from neurofeedback.types import CommandKind, Event, EventKind
from neurofeedback.verification.replay import compare_with_log, replay

pytestmark = [
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)"),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a message bus"),
    pytest.mark.real_time,
    pytest.mark.timeout(300),
]

SFREQ = 256.0
N_FIRST = 12  # the driver keeps the first block of a stream to itself
RADIO_S = 1.0  # how late a block may arrive
PROFILE = """
name = "short"
[phases]
settle_s = 1.0
baseline_s = 6.0
practice_s = {practice_s}
min_practice_s = 2.0
transfer_s = 0.0
debrief_s = 1.0
[baseline]
min_clean_s = 3.0
[probes]
interval_s = [6.0, 6.5]
timeout_s = 2.0
learn_live = true
[decoder]
min_answers_to_refit = 1
"""
PROGRAM = """
from neurofeedback.cli import main
from neurofeedback.cli.helpers import window
window._write_report = lambda session: None
main.main()
"""
"""Reports cost more than these sittings, and are tested elsewhere."""
KEYS = {
    EventKind.PROBE: b"2",
    EventKind.ANSWER_WHERE: b"4",
    EventKind.ANSWER_SURE: b"1",
    CommandKind.DECODER: b" ",
}
"""The key that is pressed after each row."""
EVENTS = "sub-P1/ses-*/eeg/*_events.tsv"


@dataclass
class Keys:
    """A person at the keyboard: answers every question a while after it, and remembers when.

    Rows go by their number while the sitting lasts; when it closes they are put into the order of time.
    """

    pressed: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)

    def sit(self, program: subprocess.Popen[bytes], root: Path, before: set[Path]) -> None:
        while program.poll() is None:
            rows = next((rows_of(path) for path in set(root.glob(EVENTS)) - before), [])
            if len(rows) > len(self.rows):
                self.seen |= dict.fromkeys(range(len(self.rows), len(rows)), time.monotonic())
                self.rows = rows
            if rows and rows[-1][3] in KEYS:
                self._press(program, KEYS[rows[-1][3]], len(rows))
            time.sleep(0.02)

    def _press(self, program: subprocess.Popen[bytes], key: bytes, row: int) -> None:
        """Press a key, a moment after what made one wish to; its row will be the next."""
        if time.monotonic() < self.seen[row - 1] + 0.4 or row in self.pressed:
            return
        self.pressed[row] = time.monotonic()
        assert program.stdin
        with contextlib.suppress(BrokenPipeError):
            program.stdin.write(key)
            program.stdin.flush()


def rows_of(path: Path) -> list[list[str]]:
    """Rows of an ``events.tsv``, as far as it has grown."""
    return [line.split("\t") for line in path.read_text().splitlines()[1:]]


@dataclass
class Sat:
    """A sitting that is over."""

    events: Path
    head: MuseHeadband
    keys: Keys
    out: str

    @cached_property
    def recording(self) -> Recording:
        return open_recording(self.events)

    def rows(self, kind: EventKind) -> list[Event]:
        return [event for event in self.recording.events if event.kind is kind]

    def moment(self, sample: int) -> float:
        """Host's time at which a sample was taken; the head it sits on does not pause."""
        assert self.head._first_sample_at is not None
        return self.head._first_sample_at + (sample + N_FIRST) / SFREQ


def sit(root: Path, folder: Path, *, seed: int, practice_s: float) -> Sat:
    profile = folder / f"short-{seed}.toml"
    profile.write_text(PROFILE.format(practice_s=practice_s))
    data = simulate(
        draw_person(seed), seconds=60, seed=seed, montage=load_montage("muse"), headset=get_headset("muse")
    ).data  # fmt: skip
    head, keys = MuseHeadband(iter([data]), Faults(), seed=seed), Keys()
    with EmulatedMuse(head) as headset:
        command = [sys.executable, "-c", PROGRAM, "train", "--headless", "--device", "muse-2", "--audio", "none"]
        command += ["--participant", "P1", "--profile", str(profile), "--recordings", str(root), "--seed", str(seed)]
        pipe = subprocess.PIPE
        environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": headset.address}
        before = set(root.glob(EVENTS))
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as program:
            person = threading.Thread(target=keys.sit, args=(program, root, before), daemon=True)
            person.start()
            out, err = _streams(program)
            person.join(10)
    assert program.returncode == 0, err
    (new,) = set(root.glob(EVENTS)) - before
    return Sat(new, head, keys, out)


def _streams(program: subprocess.Popen[bytes]) -> tuple[str, str]:
    """Read both streams to their end; the keyboard stays open."""
    assert program.stdout
    assert program.stderr
    errors: list[bytes] = []
    reading = threading.Thread(target=lambda: errors.extend(program.stderr), daemon=True)
    reading.start()
    out = program.stdout.read().decode()
    program.wait(60)
    reading.join(10)
    return out, b"".join(errors).decode()


@pytest.fixture(scope="module")
def sittings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sat, Sat]:
    root, folder = tmp_path_factory.mktemp("recordings"), tmp_path_factory.mktemp("profiles")
    first = sit(root, folder, seed=5, practice_s=11.0)
    model = next(root.glob("derivatives/*/sub-P1/*model.json")).read_text()
    second = sit(root, folder, seed=6, practice_s=9.0)
    assert next(root.glob("derivatives/*/sub-P1/*model.json")).read_text() != model
    return first, second


def test_each_probe_was_answered_by_piped_keys(sittings: tuple[Sat, Sat]) -> None:
    probes = [probe for sat in sittings for probe in probes_from_events(sat.recording.events)]
    assert len(probes) == len(sittings)
    assert [(probe.where, probe.sure, probe.sleepy) for probe in probes] == [(2, 4, 1)] * len(probes)
    assert {row.value for row in sittings[0].rows(EventKind.PROBE)} == {WORDING_VERSION}


def test_each_answer_lies_at_the_sample_of_its_key_press(
    sittings: tuple[Sat, Sat], record_property: Callable[[str, object], None]
) -> None:
    off: list[float] = []
    for sat in sittings:
        for number, pressed in sat.keys.pressed.items():
            place = sat.moment(int(sat.keys.rows[number][2]))
            off.append(place - pressed)
            assert place <= sat.keys.seen[number]
    assert len(off) == 8
    middle = sorted(off)[len(off) // 2]  # a starved machine may hold back a block or two, and what is pressed then
    assert abs(middle) < RADIO_S + max(sat.head.late_s for sat in sittings)
    record_property("figure", f"piped keys: answers lie {1000 * middle:+.0f} ms from the press (median of {len(off)})")


def test_response_times_are_those_between_question_and_key(sittings: tuple[Sat, Sat]) -> None:
    for sat in sittings:
        opened = 0
        for event in sat.recording.events:
            if event.response_s is not None:
                # answers are timed by the clock, samples placed by when they arrive
                assert event.response_s == pytest.approx((event.sample - opened) / SFREQ, abs=0.05)
                assert 0.2 <= event.response_s <= 2.0
            opened = event.sample if event.kind is EventKind.PROBE or event.response_s is not None else opened


def test_a_press_of_the_space_bar_is_logged(sittings: tuple[Sat, Sat]) -> None:
    assert [len(sat.rows(EventKind.PRESS)) for sat in sittings] == [1, 1]


def test_terminal_asks_probes_and_names_the_index(sittings: tuple[Sat, Sat]) -> None:
    assert "Just before the sound: where was your mind? 1 on the breath, 2 elsewhere, 3 not sure" in sittings[0].out
    assert "is based on studies of other people, and on your answers once there are enough" in sittings[0].out
    assert "studies of other people and on your" in sittings[1].out


def test_the_next_sitting_starts_from_what_was_learned(sittings: tuple[Sat, Sat]) -> None:
    first, second = (sat.recording.start_state.engine for sat in sittings)
    assert first.decoder == ""
    assert json.loads(second.decoder)["n_answers"] >= 1


def test_each_refit_is_a_command_two_seconds_after_the_answer_that_brought_it(sittings: tuple[Sat, Sat]) -> None:
    refits = [command for command in sittings[0].recording.commands if command.kind is CommandKind.DECODER]
    assert refits
    answered = [event.sample for event in sittings[0].rows(EventKind.ANSWER_SLEEPY)]
    for refit in refits:
        assert refit.sample - max(sample for sample in answered if sample < refit.sample) >= 2 * SFREQ


def test_both_are_replayed_byte_for_byte(sittings: tuple[Sat, Sat]) -> None:
    for sat in sittings:
        replayed = replay(sat.recording)
        lines = [replayed.header, *map(frame_log.format_row, replayed.frames)]
        assert compare_with_log(sat.recording, lines) == "identical"


def test_the_summary_counts_probes(sittings: tuple[Sat, Sat]) -> None:
    for sat in sittings:
        assert sat.recording.summary.probes == len(sat.rows(EventKind.PROBE))
