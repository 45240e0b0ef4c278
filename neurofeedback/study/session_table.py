"""The sessions of a study as rows with the fields of ``session_fields``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from neurofeedback.analysis.history import PastSession, past_sessions
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.session_facts import read_facts
from neurofeedback.recording.masking.masked_sessions import is_sealed, read_study_start
from neurofeedback.recording.session_json import SessionSummary, read_summary
from neurofeedback.study.enrolment import read_enrolments
from neurofeedback.study.protocol import Protocol


@dataclass(frozen=True, slots=True)
class StudySession:
    """One session: labels as text, and numbers by field; None for a missing number.

    ``participant`` is the number as it was enrolled, also where the files (``stem``) have other leading zeros;
    ``program`` is the version that recorded the session, and ``sealed_visit``
    the visit whose series was played or not; empty for a session without sealed feedback.
    """

    participant: str
    session: str
    visit: str
    started: datetime
    device: str
    numbers: dict[str, float | None]
    stem: str = ""
    program: str = ""
    sealed_visit: str = ""

    @property
    def date(self) -> date:
        """Local date of the session."""
        return self.started.date()

    def value(self, field: str) -> str | float | None:
        """Return a field of the table, text or number."""
        labels = {
            "participant": self.participant,
            "session": self.session,
            "visit": self.visit,
            "started": self.started.isoformat(timespec="seconds"),
            "device": self.device,
        }
        return labels[field] if field in labels else self.numbers.get(field)


def study_sessions(root: Path, protocol: Protocol) -> list[StudySession]:
    """Return the sessions of the study's participants by participant and time; others are left out."""
    enrolled = {int(one.participant): one.participant for one in read_enrolments(root)}
    found = [
        _study_session(root, past, enrolled)
        for past in past_sessions(root)
        if protocol.site_of(past.participant) is not None
    ]
    first: dict[str, date] = {}
    for one in sorted(found, key=lambda one: one.started):
        if one.visit == protocol.visits[0].name:
            first.setdefault(one.participant, one.date)
    for one in found:
        start = first.get(one.participant)
        one.numbers["day"] = None if start is None else float((one.date - start).days)
    return sorted(found, key=lambda one: (one.participant, one.started))


def exclusions_of(session: StudySession, protocol: Protocol) -> list[str]:
    """Return the names of the exclusion rules that a session meets."""
    return [one.name for one in protocol.exclusions if one.parsed.excludes(session.numbers)]


def counting_session(sessions: Sequence[StudySession], protocol: Protocol) -> StudySession | None:
    """Return the session of one visit that counts: the last one that no rule excludes; None if there is none."""
    return next((one for one in reversed(sessions) if not exclusions_of(one, protocol)), None)


def _study_session(root: Path, past: PastSession, enrolled: Mapping[int, str]) -> StudySession:
    session = past.stem.split("_")[1].removeprefix("ses-")
    facts = read_facts(root, past.participant, session)
    files = SessionFiles.from_stem(root, past.stem)
    summary = read_summary(files.derived_file("summary.json"))
    visit = facts.visit if facts is not None else ""
    return StudySession(
        participant=enrolled.get(int(past.participant), past.participant),
        session=session,
        visit=visit,
        started=past.started_at,
        device=past.device,
        numbers=_numbers(past, summary),
        stem=past.stem,
        sealed_visit=_sealed_visit(files, visit),
        program=(summary.versions or {}).get("neurofeedback-meditation", ""),
    )


def _sealed_visit(files: SessionFiles, visit: str) -> str:
    """Return the visit that a session with sealed feedback was recorded for; by its facts if its start was lost."""
    if not is_sealed(files):
        return ""
    start = read_study_start(files)
    return visit if start is None else start.visit


def _numbers(past: PastSession, summary: SessionSummary) -> dict[str, float | None]:
    latency, answered = summary.latency_ms, past.n_wander + past.n_focus
    samples = summary.n_samples
    found: dict[str, float | int | None] = {
        "duration_s": past.duration_s,
        "practice_s": past.practice_s,
        "valid_fraction": past.valid_fraction,
        "reward_rate": summary.reward_rate,
        "loss_share": summary.n_lost / samples if samples and summary.n_lost is not None else None,
        "reconnects": summary.reconnects,
        "latency_p50_ms": latency.p50 if latency else None,
        "latency_p95_ms": latency.p95 if latency else None,
        "baseline_clean_s": summary.baseline_clean_s,
        "iaf_hz": past.iaf_hz,
        "exponent": past.exponent,
        "n_probes": past.n_probes,
        "n_wander": past.n_wander,
        "n_focus": past.n_focus,
        "n_unsure": past.n_unsure,
        "wander_share": past.n_wander / answered if answered else None,
        "n_presses": past.n_presses,
        "sleepiness": past.sleepiness,
        "heart_rate": past.heart_rate,
        "breath_rate": past.breath_rate,
        "still_share": past.still_share,
        "finished": int(past.finished),
        "plan_completed": None if summary.plan_completed is None else int(summary.plan_completed),
    }
    return {name: None if value is None else float(value) for name, value in found.items()}
