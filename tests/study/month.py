"""A clinic's month in small, played by a child process that is killed at several moments; run by ``test_month.py``.

Each thing that is confirmed to a person is written to a pipe. After a kill the dataset is completed as at the next
start; everything confirmed must be there, and the records must hold. Then the month goes on after the last finished
step: a step that was broken off is done again, as a person would.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.errors import EXIT_OK
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.facts.course_file import course_path, freeze_course, is_frozen, new_course
from neurofeedback.recording.facts.entries import read_entries, save_entry
from neurofeedback.recording.facts.entry_models import AnyEntry, Consent, DoseEnd, ReadyToLeave
from neurofeedback.recording.facts.entry_parsing import parse_dose, parse_vitals
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.recording.facts.forms import acknowledge_answers, save_answers
from neurofeedback.recording.facts.merge_entries import merge_entries, merge_into_recordings
from neurofeedback.recording.facts.session_facts import SessionFacts
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.session.config import SessionConfig, SessionMode
from neurofeedback.session.session import Session
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import load_questionnaire, save_contacts
from neurofeedback.types import Chunk
from neurofeedback.verification.check_facts import check_record, check_session_facts
from neurofeedback.verification.check_result import CheckStatus
from tests.bids import bids_errors

WHO = "07"
DAY = datetime(2026, 11, 2).astimezone()
DOSE_AT = DAY + timedelta(hours=14)
Confirm = Callable[[str], object]
Step = Callable[[Path, Confirm, int], None]

KILLS = ((0, 29), (1, 12), (1, 16), (3, 16), (3, 20), (3, 44), (3, 55), (4, 12), (5, 20), (6, 26))
"""Step, and the number of writes to the disk in it after which the process is killed."""
VALIDATED = (3, 44)
"""The kill after which the whole dataset is validated, too: within the recording of the infusion."""
N_CONFIRMED = 11
"""Answers and entries that the steps confirm at least."""


def enter(root: Path, confirm: Confirm, entry: AnyEntry, at: datetime, supersedes: str = "") -> str:
    """Save an entry, as the terminal and the window do."""
    saved, _ = save_entry(root, WHO, entry, at=at, supersedes=supersedes)
    confirm(saved)
    merge_into_recordings(root, WHO, at)
    return saved


def answer(root: Path, confirm: Confirm, form: str, at: datetime, value: int = 0) -> str:
    """Answer every item of a form with a value."""
    questionnaire = load_questionnaire(form)
    answers = {item.id: value for item in questionnaire.items}
    saved = save_answers(root, questionnaire, answers, participant=WHO, asked_at=at)
    confirm(saved.hash)
    return saved.hash


class AttendedSource(SimulatedSource):
    """A simulated headset; while it is read, an attendant enters what happens."""

    entered: tuple[Callable[[], object], ...] = ()

    def read(self) -> Chunk | None:
        chunk = super().read()
        if chunk is not None and self.entered and chunk.stop > 256 * 5:
            self.entered[0]()
            self.entered = self.entered[1:]
        return chunk


def record(
    root: Path,
    started: datetime,
    mode: SessionMode,
    facts: SessionFacts | None = None,
    entered: tuple[Callable[[], object], ...] = (),
) -> None:
    """Record a short session."""

    def find(_device: str, *, now: Callable[[], float], seed: int, duration_s: float | None) -> SimulatedSource:
        source = AttendedSource(seed, now, duration_s=duration_s)
        source.entered = entered
        return source

    config = SessionConfig(
        "simulated:1", root, WHO, minutes=0.5 if mode == "record" else 1.0, audio="none", seed=1, fast=True, mode=mode,
        facts=facts, start_time=started,
    )  # fmt: skip
    session = Session(config, find)
    session.start()
    result = session.join()
    assert result is not None
    assert result.exit_code == EXIT_OK, result.message


def begin(root: Path, confirm: Confirm, _attempt: int) -> None:
    """Make and freeze the course, and enter the consent."""
    if not course_path(root, WHO).exists():
        new_course(root, WHO, "infusion", f"{DAY:%Y-%m-%d}")
    freeze_course(root, WHO)
    enter(root, confirm, Consent(version="2"), DAY + timedelta(hours=8))


def before(root: Path, confirm: Confirm, _attempt: int) -> None:
    """Ask the forms before."""
    answer(root, confirm, "phq9", DAY + timedelta(hours=9), 1)
    answer(root, confirm, "gad7", DAY + timedelta(hours=9, minutes=5), 1)


def record_before(root: Path, _confirm: Confirm, attempt: int) -> None:
    """Record before the dose."""
    record(root, DOSE_AT - timedelta(minutes=40 - attempt), "record", SessionFacts(condition="pre"))


def infusion(root: Path, confirm: Confirm, attempt: int) -> None:
    """Record without feedback, while the attendant enters dose, vital signs and end; then correct one of them."""
    at = DOSE_AT + timedelta(minutes=attempt)
    moments = (
        (parse_dose("35 mg", "ketamine", "iv"), at + timedelta(seconds=5)),
        (parse_vitals("146/92 pulse 84"), at + timedelta(seconds=10)),
        (DoseEnd(), at + timedelta(seconds=20)),
    )
    entered = tuple(lambda one=one: enter(root, confirm, *one) for one in moments)
    record(root, at, "record", SessionFacts(condition="during", substance="ketamine", dose="35 mg"), entered)
    vitals = [one for one in read_entries(root, WHO) if one.line.entry.kind == "vitals"][-1]
    enter(root, confirm, parse_vitals("136/92 pulse 84"), vitals.at, vitals.hash)


def after(root: Path, confirm: Confirm, _attempt: int) -> None:
    """Ask about the effect, and let the person leave."""
    answer(root, confirm, "effect", DOSE_AT + timedelta(minutes=80), 2)
    leaving = ReadyToLeave(escort="sister", told_not_to_drive=True)
    enter(root, confirm, leaving, DOSE_AT + timedelta(hours=2))


def sitting(root: Path, _confirm: Confirm, attempt: int) -> None:
    """Sit at home with feedback."""
    record(root, DAY + timedelta(days=3, hours=8, minutes=attempt), "practice")


def weeks(root: Path, confirm: Confirm, _attempt: int) -> None:
    """Ask the forms of the weeks; one answer waits for staff, who acknowledge it."""
    answer(root, confirm, "mood", DAY + timedelta(days=7, hours=12), 3)
    waiting = answer(root, confirm, "phq9", DAY + timedelta(days=14, hours=12), 1)
    acknowledge_answers(root, "phq9", waiting, by="Dr. Roe", done="called")
    answer(root, confirm, "phq9", DAY + timedelta(days=28, hours=12), 0)


STEPS: tuple[Step, ...] = (begin, before, record_before, infusion, after, sitting, weeks)


def play(root: Path, steps: range, attempt: int, kill_after: int, pipe: int) -> None:
    """Play some steps of the month; kill the process after a number of writes to the disk, unless that is 0."""
    n_writes, sync = 0, os.fsync

    def count(fd: int) -> None:
        nonlocal n_writes
        n_writes += 1
        if n_writes == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(fd)

    os.fsync = count
    for number in steps:
        STEPS[number](root, lambda hash_: os.write(pipe, f"{hash_}\n".encode()), attempt)


def run(root: Path, steps: range, attempt: int, kill_after: int = 0) -> set[str]:
    """Play in a child process, which is killed if wanted; return the hashes that were confirmed before that."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.close(read)
        code = 1
        try:
            play(root, steps, attempt, kill_after, write)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as lines:
        confirmed = set(lines.read().split())
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == (-signal.SIGKILL if kill_after else 0), f"{steps} ended with {ended}"
    return confirmed


def check(root: Path, confirmed: set[str]) -> None:
    """Complete the dataset as the next start does; everything confirmed is there, and every record holds."""
    recover_sessions(root)
    entries = {one.hash for one in read_entries(root, WHO, corrected=True)}
    assert confirmed <= entries | {one.hash for one in read_all_forms(root, WHO)}
    results = [result for result in check_record(root) if result.item != "tables"]  # written again with the next answer
    for stem in find_session_stems(root):
        files = SessionFiles.from_stem(root, stem)
        if files.eeg_file("eeg.vhdr").exists():
            open_recording(files.raw)
            results += check_session_facts(files)
    wrong = [result for result in results if result.status is not CheckStatus.OK]
    assert not wrong, wrong


def main(root: Path) -> None:
    """Play the month with all kills."""
    save_contacts(ClinicContacts(clinic="Ward 3", emergency="112", crisis_line="555"))
    first, confirmed = 0, set[str]()
    for attempt, (step, kill_after) in enumerate(KILLS):
        if first < step:
            confirmed |= run(root, range(first, step), attempt)
            check(root, confirmed)
        first = step
        confirmed |= run(root, range(step, step + 1), attempt, kill_after)
        check(root, confirmed)
        if (step, kill_after) == VALIDATED:
            assert bids_errors(root) == []
    confirmed |= run(root, range(first, len(STEPS)), len(KILLS))
    check(root, confirmed)
    assert len(confirmed) > N_CONFIRMED
    assert is_frozen(root, WHO)
    assert bids_errors(root) == []
    sessions = [SessionFiles.from_stem(root, stem) for stem in find_session_stems(root)]
    recorded = [files for files in sessions if files.eeg_file("eeg.vhdr").exists()]
    assert len(recorded) > 3
    assert not any(merge_entries(files) for files in recorded), "every entry is among the events of its recording"
    assert {result.status for result in check_record(root)} == {CheckStatus.OK}, "tables agree again, too"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
