"""A visit that is due, ready to be recorded: its settings, and the series that is played or not.

The arm is opened in memory only. In both arms the same series is drawn, loaded and computed; one of the two paths is
chosen last, in the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.feedback.sham import ShamSource, donor_series, surrogate_series
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.facts.changes import log_change
from neurofeedback.recording.facts.session_facts import SessionFacts
from neurofeedback.recording.masking.masked_sessions import read_study_start, unlocked_people
from neurofeedback.recording.session_json import StudyStart
from neurofeedback.session.config import SessionConfig, StudyPart
from neurofeedback.settings.load import load_settings
from neurofeedback.study.donors import MIN_VALID_SHARE, read_donors, read_sitting
from neurofeedback.study.enrolment import Enrolment, arm_record, find_enrolment
from neurofeedback.study.protocol import Protocol, VisitSettings, programme_name, study_folder
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.schedule import VisitStatus, check_clock, next_visit, person_status, visit_deviations
from neurofeedback.study.sealing import ArmRecord, key_path, read_key, seal_chunk
from neurofeedback.study.session_table import study_sessions
from neurofeedback.types import Phase

_MIN_RUN_IN_S = 60.0


@dataclass(frozen=True, slots=True)
class DueVisit:
    """A visit that can be recorded now.

    Parameters
    ----------
    programme : str
        Programme for `load_programme`; empty for the profile's phases.
    status : VisitStatus
        Its window, and the sessions that were recorded for it before.
    deviations : tuple of str
        Why a session today deviates from the protocol: ``early``, ``late`` or ``repeated``.
    """

    enrolment: Enrolment
    status: VisitStatus
    programme: str
    deviations: tuple[str, ...]
    protocol_sha256: str

    @property
    def visit(self) -> VisitSettings:
        """The visit."""
        return self.status.visit


def find_due_visit(root: Path, participant: str, visit: str, today: date, deviation: str = "") -> DueVisit:
    """Return the visit of a participant that is due, or the one named.

    Parameters
    ----------
    visit : str
        Name of a visit; empty for the next one.
    deviation : str
        Why the protocol is deviated from; without it, no visit is recorded outside its window or twice.

    Raises
    ------
    SettingsError
        Nobody is enrolled under this number, there is no such visit, it is not due, or the study is unlocked.
    RecordingError
        The protocol is not frozen, or the clock is behind the recordings.
    """
    protocol, lock = frozen_protocol(root)
    enrolment = find_enrolment(root, participant)
    if protocol.masked and unlocked_people(root):
        raise SettingsError(
            "the study is unlocked, so no session can be masked", got=root, todo="record outside the study"
        )
    sessions = study_sessions(root, protocol)
    check_clock(sessions, today)
    statuses = person_status(protocol, enrolment.participant, sessions, today)
    status = _choose(statuses, visit)
    reasons = visit_deviations(status, today)
    if reasons and not deviation.strip():
        raise SettingsError(
            f"visit {status.visit.name} is not due today",
            got=f"{today}, {' and '.join(reasons)}",
            allowed="" if status.first is None else f"{status.first} to {status.last}, once",
            todo='record it all the same with --deviation "why"',
        )
    programme = programme_name(root, status.visit) if status.visit.programme else ""
    return DueVisit(enrolment, status, programme, reasons, lock.sha256)


def open_visit(root: Path, due: DueVisit) -> StudyPart:
    """Return what the session of a visit plays and stores. The arm leaves this function only within the series.

    Raises
    ------
    RecordingError
        The allocation, the run key, the donors or the run-in are missing or cannot be used.
    """
    protocol, _ = frozen_protocol(root)
    person, visit = due.enrolment, due.visit
    stored = StudyStart(protocol_sha256=due.protocol_sha256, participant=person.participant, visit=visit.name)
    if not (protocol.has_sham and visit.feedback):
        return StudyPart(stored, feedback=visit.feedback)
    record = arm_record(root, person.participant)
    number = sum(one.sealed for _, one in _earlier_sessions(root, person.participant))
    stored = stored.merge(
        StudyStart(**stored.as_dict() | {"series_number": number, "sealed": True, "masked": protocol.masked})
    )
    key = read_key(key_path(due.protocol_sha256, person.site))

    def seal(stem: str, chunk: int, plain: bytes) -> bytes:
        return seal_chunk(plain, chunk_place(due.protocol_sha256, stem, chunk), key)

    return StudyPart(stored, sham_source(root, protocol, stored, record), seal)


def visit_session(config: SessionConfig, due: DueVisit, part: StudyPart, deviation: str) -> SessionConfig:
    """Log why a visit deviates from the protocol, and return its session: person, profile, programme and facts.

    Raises
    ------
    RecordingError
        The log of changes cannot be written.
    """
    person = due.enrolment.participant
    if due.deviations:
        log_change(
            config.recordings,
            "study",
            participant=f"sub-{person}",
            what=f"visit {due.visit.name} recorded {' and '.join(due.deviations)}",
            why=deviation,
        )
    facts = SessionFacts(visit=due.visit.name, note=deviation)
    return replace(
        config, participant=person, profile=due.visit.profile, programme=due.programme, facts=facts, study=part
    )


def chunk_place(protocol_sha256: str, stem: str, chunk: int) -> str:
    """Return what binds a sealed chunk to its study, session and number."""
    return f"{protocol_sha256}|{stem}|{chunk}"


def sham_source(root: Path, protocol: Protocol, start: StudyStart, record: ArmRecord) -> ShamSource:
    """Return the series of a session, and whether it is played in this arm.

    Raises
    ------
    RecordingError
        The donors or the run-in are missing or cannot be used, or the person has had every donor.
    """
    visit = protocol.visit(start.visit)
    arm = next(one for one in protocol.arms if one.name == record.arm)
    selected = arm.feedback[visit.period - 1 if protocol.design == "crossover" else 0] == "sham"
    hop_s = load_settings(visit.profile).spectrum.hop_s
    if protocol.sham.kind == "yoked":
        series = _donor_series(root, protocol, record.seed, start.series_number, hop_s)
    else:
        run_in = _run_in_series(root, protocol, start.participant, hop_s)
        series = surrogate_series(run_in, record.seed + start.series_number)
    return ShamSource(series, selected=selected)


def _donor_series(root: Path, protocol: Protocol, seed: int, number: int, hop_s: float) -> NDArray[np.float64]:
    path = study_folder(root) / protocol.sham.donors
    donors = read_donors(path, protocol.sham.min_donors, hop_s).pool.donors
    if number >= len(donors):
        raise RecordingError(
            "this person has had every donor of the pool", got=f"{number} sessions", allowed=f"{len(donors)} donors"
        )
    order = np.random.default_rng([seed, 0xD0]).permutation(len(donors))
    return donors[int(order[number])].series


def _run_in_series(root: Path, protocol: Protocol, participant: str, hop_s: float) -> NDArray[np.float64]:
    """Return the index of the person's run-in: the first session of a visit without feedback that is long enough."""
    run_in = {visit.name for visit in protocol.visits if not visit.feedback}
    for files, start in _earlier_sessions(root, participant):
        if start.visit not in run_in or (sitting := read_sitting(files, Phase.TRANSFER)) is None:
            continue
        usable = sitting.guided & sitting.valid
        if sitting.hop_s != hop_s or usable.sum() * hop_s < _MIN_RUN_IN_S:
            continue
        if usable.sum() >= MIN_VALID_SHARE * sitting.guided.sum():
            return donor_series(sitting.u, sitting.guided, sitting.valid)
    raise RecordingError(
        "this person has no run-in that a surrogate can be made of",
        got=f"participant {participant}",
        allowed=f"a visit without feedback with {_MIN_RUN_IN_S:g} s of usable signal, {MIN_VALID_SHARE:.0%} of it",
        todo="record the run-in first, or again; the terminal needs --visit and --deviation for that",
    )


def _earlier_sessions(root: Path, participant: str) -> Iterable[tuple[SessionFiles, StudyStart]]:
    """Yield the sessions of a person in this study by time."""
    for stem in find_session_stems(root):
        if not stem.startswith(f"sub-{participant}_"):  # another person's damaged session must not stop this visit
            continue
        files = SessionFiles.from_stem(root, stem)
        start = read_study_start(files)
        if start is not None and start.participant == participant:
            yield files, start


def _choose(statuses: list[VisitStatus], visit: str) -> VisitStatus:
    if visit:
        found = next((one for one in statuses if one.visit.name == visit), None)
        allowed = ", ".join(one.visit.name for one in statuses)
        if found is None:
            raise SettingsError("the protocol has no such visit", got=repr(visit), allowed=allowed)
        return found
    found = next_visit(statuses)
    if found is None:
        raise SettingsError("this person has had every visit", got=f"participant {statuses[0].participant}")
    return found
