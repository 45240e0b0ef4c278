"""Every fault that a headset can have, through BrainFlow's real drivers: what is recorded is what was sent."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.emulators.fault_parsing import check_faults, parse_fault
from neurofeedback.emulators.faults import FaultKind, Faults
from neurofeedback.emulators.headset import STARVED_S, Headset
from tests.emulators.under_test import HEADSETS, HeadsetKind, noisy_rhythm
from tests.helpers import ROOT

LENGTH_S = 4.0
AT_ONCE = 3
MATRIX = ("Muse 2", "Athena", "Ganglion", "Ganglion, firmware 2", "Cyton", "Cyton with Daisy", "Crown")
"""Muse S and 2016 send what a Muse 2 sends."""

LINES = {
    FaultKind.LOSS: "loss share=0.05 at_s=0.5",
    FaultKind.DUPLICATE: "duplicate share=0.1 at_s=0.5",
    FaultKind.GARBAGE: "garbage share=0.1",
    FaultKind.STALL: "stall at_s=1.5 for_s=0.7",
    FaultKind.DROP: "drop at_s=1.5 for_s=3",
    FaultKind.UNPLUG: "unplug at_s=1.5 for_s=2",
    FaultKind.ABSENT: "absent for_s=1",
    FaultKind.REFUSE: "refuse times=1",
    FaultKind.REPLY: "reply times=1",
    FaultKind.LIFTED: "lifted channels=2 at_s=1.5",
    FaultKind.BROKEN: "broken channels=3 at_s=1.5",
    FaultKind.MAINS: "mains uv=50 at_s=1.5",
    FaultKind.COUNTER: "counter at_s=1.6 to={count}",
    FaultKind.CLOCK: "clock at_s=1.5 by_s=0.3",
    FaultKind.STRANGE: "strange share=0.05 at_s=0.5",
    FaultKind.BATTERY: "battery percent=0 at_s=1.5",
    FaultKind.SATURATED: "saturated at_s=1.5",
}
COUNTS = {"Muse 2": 37, "Athena": 54, "Ganglion": 63, "Cyton": 147, "Cyton with Daisy": 148, "Crown": 413}
"""Three packets more than each would count at 1.6 s (a Daisy, two samples)."""

MOVES = {FaultKind.DROP, FaultKind.UNPLUG, FaultKind.COUNTER, FaultKind.CLOCK}
"""Faults after which the place of the samples comes from the clock, or from a wrong count."""

PAUSES = {("Cyton", FaultKind.DROP), ("Cyton", FaultKind.UNPLUG)}
"""Where the emulator does not count what it would have sent."""

READER = """
import json, os, sys, time
import numpy as np
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.reconnect import ReconnectingSource
from neurofeedback.errors import SourceError

def read(device, out, length_s):
    source, chunks, refused, begun = ReconnectingSource(open_source(device), 1.0), [], 0, time.monotonic()
    while True:
        try:
            source.open()
            break
        except SourceError:
            refused += 1
            if time.monotonic() > begun + 60:
                return 1
    n_present, wanted = 0, length_s * source.stream.sfreq
    while n_present < wanted and time.monotonic() < begun + 90:
        chunk = source.read()
        if chunk is None:
            time.sleep(0.01)
        else:
            chunks.append(chunk)
            n_present += int(np.isfinite(chunk.data).all(axis=0).sum())
    data = np.concatenate([chunk.data for chunk in chunks], axis=1)
    np.savez(out, data=data, refused=refused, reconnects=source.reconnects)
    return 0 if n_present >= wanted else 2

children = []
for device, environment, out in json.loads(sys.argv[1]):
    children.append(os.fork())
    if not children[-1]:
        os.environ.update(environment)
        os._exit(read(device, out, float(sys.argv[2])))
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def line_of(name: str, kind: FaultKind) -> str:
    """The fault as it is scripted for a headset; the count of a packet is its own."""
    return LINES[kind].format(count=COUNTS.get(name, 0))


@dataclass
class Session:
    """What one session recorded."""

    data: NDArray[np.float32]
    headset: Headset


def record(name: str, folder: Path) -> Iterator[tuple[FaultKind, Session]]:
    """Record each fault of a headset, a few side by side, and once more those that a busy machine starved."""
    kind = HEADSETS[name]
    possible = [fault for fault in FaultKind if fault in kind.make([], Faults()).possible_faults]
    waiting = [possible[i : i + AT_ONCE] for i in range(0, len(possible), AT_ONCE)]
    again: list[FaultKind] = []
    for faults in waiting:
        for fault, session in _record_together(name, faults, folder).items():
            if session.headset.late_s >= STARVED_S:
                again.append(fault)
            else:
                yield fault, session
    for fault in again:
        yield fault, _record_together(name, [fault], folder)[fault]


def _record_together(name: str, faults: Sequence[FaultKind], folder: Path) -> dict[FaultKind, Session]:
    kind = HEADSETS[name]
    headsets: dict[FaultKind, Headset] = {}
    tasks: list[tuple[str, dict[str, str], str]] = []
    with ExitStack() as stack:
        for fault in faults:
            schedule = (parse_fault(line_of(name, fault)),)
            headsets[fault] = headset = kind.make(noisy_rhythm(kind.n_channels, kind.sfreq), Faults(schedule=schedule))
            check_faults(schedule, headset)
            emulator = stack.enter_context(kind.run(headset))
            tasks.append((kind.device_name(emulator), kind.environment(emulator), str(folder / f"{fault}.npz")))
        command = [sys.executable, "-c", READER, json.dumps(tasks), str(LENGTH_S)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    lines = [line for line in done.stderr.splitlines() if not line.endswith(" was unplugged")]
    assert (done.returncode, lines) == (0, []), faults
    return {fault: Session(np.load(folder / f"{fault}.npz")["data"], headset) for fault, headset in headsets.items()}


def places(kind: HeadsetKind, session: Session) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Index of each whole recorded sample, and of the sent one with its values; -1 if none has.

    Where several have the same values, it is the one that is nearest to where the sample before it leads.
    """
    sent: dict[tuple[int, ...], list[int]] = {}
    for i, column in enumerate(kind.counts(session.headset).T.tolist()):
        sent.setdefault(tuple(column), []).append(i)
    there = np.flatnonzero(np.isfinite(session.data).all(axis=0))
    found: list[int] = []
    shift = kind.n_not_delivered
    for recorded, column in zip(there.tolist(), kind.to_counts(session.data[:, there]).T.tolist(), strict=True):
        candidates = sent.get(tuple(column), [-1])
        found.append(min(candidates, key=lambda at, due=recorded + shift: abs(at - due)))
        shift = found[-1] - recorded if len(candidates) == 1 and found[-1] >= 0 else shift
    return there, np.array(found)


def shares_in_place(session: Session, kind: HeadsetKind) -> list[float]:
    """Share of each channel's samples that are the sent ones, at their place or a block later (decision 8)."""
    sent = kind.counts(session.headset)
    n = session.data.shape[1]
    shares: list[float] = []
    for channel, row in enumerate(session.data):
        there = np.flatnonzero(np.isfinite(row))
        there = there[there >= kind.n_not_delivered]
        counts = kind.to_counts(row[there])
        equal = [counts == sent[channel, kind.n_not_delivered + there - late] for late in (0, kind.n_not_delivered)]
        shares.append(float((equal[0] | equal[1]).mean()))
    assert n >= LENGTH_S * kind.sfreq
    return shares


def assert_joined(numbers: NDArray[np.int64], kind: HeadsetKind, session: Session) -> None:
    """Check that samples have the Daisy's half of their own and the board's half of the next one (decision 7)."""
    counts, sent = kind.to_counts(session.data[:, numbers]), kind.counts(session.headset)
    np.testing.assert_array_equal(counts[8:], sent[8:, numbers])
    np.testing.assert_array_equal(counts[:8], sent[:8, numbers + 1])


@pytest.mark.slow
@pytest.mark.real_time
@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
@pytest.mark.parametrize("name", MATRIX)
def test_every_fault_of_a_headset_is_recorded_as_it_was_sent(name: str, tmp_path: Path) -> None:
    kind = HEADSETS[name]
    for fault, session in record(name, tmp_path):
        is_partial = fault in {FaultKind.LOSS, FaultKind.DUPLICATE}
        if name == "Muse 2" and is_partial:
            assert min(shares_in_place(session, kind)) == 1.0, fault
            continue
        recorded, sent = places(kind, session)
        if name == "Cyton with Daisy" and fault in {FaultKind.LOSS, FaultKind.GARBAGE}:
            joined = recorded[sent < 0]
            assert_joined(joined, kind, session)
            assert joined.size <= 0.01 * recorded.size, fault
            recorded, sent = recorded[sent >= 0], sent[sent >= 0]
        if name == "Ganglion, firmware 2" and (is_partial or fault is FaultKind.STALL):
            # differences: wrong until the next whole sample
            recorded, sent = recorded[sent >= 0], sent[sent >= 0]
            assert sent.size > 0.15 * LENGTH_S * kind.sfreq, fault
        assert sent.min() >= 0, (fault, "a sample that was not sent")
        assert (np.diff(sent) > 0).all(), (fault, "a sample twice")
        shift = sent - recorded
        if fault not in MOVES:
            assert np.ptp(shift) == 0, fault
        elif (name.split(" ", maxsplit=1)[0], fault) not in PAUSES:
            assert np.ptp(shift) <= (0.5 + session.headset.late_s) * kind.sfreq, fault


def test_the_page_lists_the_faults_of_every_headset_as_they_are_tested() -> None:
    page = (ROOT / "docs" / "emulators.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    header = next(row for row in rows if row[0] == "fault")
    assert tuple(header[1:]) == MATRIX
    listed = {
        row[0].strip("`"): row[1:] for row in rows if re.fullmatch(r"`[a-z]+`", row[0]) and len(row) == len(header)
    }
    possible = {name: HEADSETS[name].make([], Faults()).possible_faults for name in MATRIX}
    assert set(listed) == set(FaultKind)
    for fault, cells in listed.items():
        assert [bool(cell) for cell in cells] == [fault in possible[name] for name in MATRIX], fault
