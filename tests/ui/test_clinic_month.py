"""A clinic's month by the window alone, with an emulated headset, killed at several moments: see ``clinic_month.py``.

No answer that the window confirmed may be lost, and at most half a second of signal; the next window completes the
recording. The dataset validates after every step, and ``verify`` finds nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.emulators.cyton import SCALE_UV, CytonFirmware, EmulatedCyton
from neurofeedback.emulators.fault_parsing import parse_fault
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.facts.entries import read_entries
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.verification.check_result import CheckStatus
from neurofeedback.verification.verify import verify
from tests.bids import bids_errors
from tests.helpers import ROOT
from tests.ui.clinic_window import WHO, check_all

SFREQ = 250
MAX_LOST_S = 0.5
N_STEPS = 9
KILLS = (
    (0, "consent"),
    (1, "half of gad7"),
    (2, "pre"),
    (3, "dose"),
    (3, "drop"),
    (3, "half of a note"),
    (3, "correction"),
    (4, "ready"),
    (6, "sitting"),
    (7, "day 14"),
)
"""Step and moment of each kill."""
FEW_KILLS = ((0, "consent"), (1, "half of gad7"), (3, "vitals"))
RECORDING = {"pre", "dose", "vitals", "drop", "half of a note", "post_24h", "sitting"}
"""Moments at which a session runs."""


def recorded(root: Path) -> list[SessionFiles]:
    """Return the sessions with signal."""
    found = [SessionFiles.from_stem(root, stem) for stem in find_session_stems(root)]
    return [files for files in found if files.eeg_file("eeg.vhdr").exists()]


def lost_s(firmware: CytonFirmware, n_sent: int, files: SessionFiles) -> float:
    """Return the signal that the board had sent until a kill, and that is not in the recording, s."""
    stored = np.fromfile(files.eeg_file("eeg.eeg"), "<f4").reshape(-1, firmware.n_channels)
    sent = np.array(firmware.counts) * SCALE_UV
    first, last = (int(np.flatnonzero(np.isclose(sent, row, atol=0.01).all(axis=1))[0]) for row in stored[[0, -1]])
    lost = set(firmware.lost_samples)
    n_within = sum(at not in lost for at in range(first, last + 1)) - int(stored.any(axis=1).sum())
    n_after = sum(at not in lost for at in range(last + 1, n_sent))
    return (n_within + n_after) / firmware.sfreq


@dataclass
class Player:
    """Plays the month in windows of their own, one after the other, and kills some of them."""

    folder: Path
    process: subprocess.Popen[str]
    confirmed: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    lost: list[tuple[str, float]] = field(default_factory=list)
    states: tuple[str, ...] = ()
    killed_in: tuple[CytonFirmware, int] | None = None
    killed_at: str = ""
    code: int = 0
    n_killed: int = 0

    @property
    def root(self) -> Path:
        return self.folder / "recordings"

    def tell(self, *words: object) -> None:
        """Write a line to the process that plays."""
        assert self.process.stdin
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def lines(self) -> Iterator[list[str]]:
        """Yield the words of each line that the window writes, until its end."""
        assert self.process.stdout
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "ended":
                self.code = int(words[1])
                return
            yield words
        raise AssertionError((self.folder / "errors").read_text())

    def play(self, steps: list[int], kill: tuple[int, str] | None) -> None:
        """Play steps in a new window, to a kill or to the end."""
        stop_at = kill[1] if kill else ""
        unfinished = "unfinished" if self.killed_in else "finished"
        firmware = CytonFirmware(alpha_rhythm(8, SFREQ, seed=self.n_killed), seed=3)
        pid = 0
        with EmulatedCyton(firmware) as board:
            name = stop_at.replace(" ", "_") or "none"
            which = ",".join(map(str, steps)) or "none"
            self.tell(self.root, self.folder, board.port, which, self.n_killed, name, unfinished)
            for what, *words in self.lines():
                if what == "saved":
                    self.confirmed |= set(words)
                elif what == "drop":
                    firmware.add_fault(parse_fault("drop at_s=0 for_s=3"), board._now())
                elif what == "states":
                    self.states = tuple(words)
                elif what in {"open", "done"}:
                    pid = int(words[0]) if what == "open" else pid
                    self.check("open" if what == "open" else f"step {words[0]}")
                    self.tell("go")
                elif what == "moment" and " ".join(words) == stop_at:
                    self.kill(pid, firmware, stop_at)
            assert self.code == (-signal.SIGKILL if kill else 0), (kill, (self.folder / "errors").read_text())
        self.check_answers()

    def kill(self, pid: int, firmware: CytonFirmware, name: str) -> None:
        """Kill the window; where a session runs, once there is some more signal."""
        running = name in RECORDING
        if running:
            wanted = len(firmware.counts) + 2 * SFREQ
            while len(firmware.counts) < wanted:
                time.sleep(0.01)
        n_sent = len(firmware.counts)
        os.kill(pid, signal.SIGKILL)
        self.n_killed += 1
        self.killed_in = (firmware, n_sent) if running else None
        self.killed_at = name

    def check_answers(self) -> None:
        """Everything that the window said is saved is there."""
        found = {one.hash for one in read_entries(self.root, WHO, corrected=True)}
        found |= {one.hash for one in read_all_forms(self.root, WHO)}
        assert self.confirmed <= found

    def check(self, where: str) -> None:
        """Check answers, signal, dataset and what ``verify`` says."""
        self.check_answers()
        if where == "open" and self.killed_in is not None:
            self.lost.append((self.killed_at, lost_s(*self.killed_in, recorded(self.root)[-1])))
            self.killed_in = None
        if not self.confirmed:
            return
        check_all(self.root)
        for files in recorded(self.root):
            if files.stem not in self.checked:
                wrong = [one for one in verify(files.raw).results if one.status is CheckStatus.WRONG]
                assert not wrong, (where, files.stem, wrong)
        self.checked |= {files.stem for files in recorded(self.root)}
        assert bids_errors(self.root) == [], where


@contextmanager
def player_in(folder: Path) -> Iterator[Player]:
    """Start the process that opens the windows."""
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    (folder / "home").mkdir()
    environment = {**os.environ, **dict.fromkeys(names, str(folder / "home"))}
    command = [sys.executable, "-m", "tests.ui.clinic_month"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        (folder / "errors").open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=errors, text=True, start_new_session=True, **pipes
        ) as process,
    ):
        try:
            yield Player(folder, process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with a window that is still open


def play_month(
    player: Player,
    steps: tuple[int, ...],
    kills: tuple[tuple[int, str], ...],
    record_property: Callable[[str, object], None],
) -> None:
    """Play steps of the month with these kills, each to be done again, and check what is left of it."""
    first = 0
    for kill in kills:
        player.play([step for step in steps if step >= first], kill)
        first = kill[0]
    player.play([step for step in steps if step >= first], None)
    assert player.n_killed == len(kills)
    assert len(player.lost) == sum(name in RECORDING for _, name in kills)
    lost = ", ".join(f"{seconds:.3f} s ({name})" for name, seconds in player.lost)
    n = len(player.confirmed)
    record_property("figure", f"month in the window with {len(kills)} kills: none of {n} answers lost; signal {lost}")
    assert all(seconds <= MAX_LOST_S for _, seconds in player.lost), lost


@pytest.mark.real_time
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="the emulated board needs a pseudo-terminal")
def test_a_month_by_the_window_with_three_kills(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    with player_in(tmp_path) as player:
        play_month(player, (0, 1, 3), FEW_KILLS, record_property)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.real_time
@pytest.mark.skipif(sys.platform == "win32", reason="the emulated board needs a pseudo-terminal")
def test_no_answer_is_lost_in_a_month_by_the_window_with_ten_kills(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with player_in(tmp_path) as player:
        play_month(player, tuple(range(N_STEPS)), KILLS, record_property)
    assert len(player.confirmed) > 20
    done = {state for state in player.states if state.startswith(("dose:", "form:", "ready:", "recording:"))}
    assert done == {"dose:done", "form:done", "ready:done", "recording:done"}
