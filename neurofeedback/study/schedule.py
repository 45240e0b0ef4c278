"""Which visits are due, done, late, missed or excluded, person by person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from neurofeedback.errors import RecordingError
from neurofeedback.study.protocol import Protocol, VisitSettings
from neurofeedback.study.session_table import StudySession, counting_session, exclusions_of


class VisitState(StrEnum):
    """State of one visit of one person."""

    DONE = "done"
    EXCLUDED = "excluded"
    DUE = "due"
    LATE = "late"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class VisitStatus:
    """One visit of one person.

    ``first`` and ``last`` are the days of its window, None before the first visit; ``sessions`` are those recorded for
    it, ``rules`` the exclusion rules that the one that counts meets (the last one without, if there is one), and
    ``off_window_days`` how far it was outside.
    """

    participant: str
    visit: VisitSettings
    number: int
    state: VisitState
    first: date | None
    last: date | None
    sessions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    off_window_days: int = 0


def check_clock(sessions: Iterable[StudySession], today: date) -> None:
    """Check that this computer's date is not before the newest session.

    Raises
    ------
    RecordingError
        It is.
    """
    newest = max((one.date for one in sessions), default=today)
    if newest > today + timedelta(days=1):
        raise RecordingError(
            "the clock of this computer is behind the recordings",
            got=f"today is {today}, the newest session is of {newest}",
            todo="set the clock; windows of visits are counted by it",
        )


def visit_window(visit: VisitSettings, start: date) -> tuple[date, date]:
    """Return the first and last day of a visit's window; ``start`` is the day of the first visit."""
    day = start + timedelta(days=visit.day)
    return day - timedelta(days=visit.early_days), day + timedelta(days=visit.late_days)


def person_status(
    protocol: Protocol, participant: str, sessions: Iterable[StudySession], today: date
) -> list[VisitStatus]:
    """Return the status of all visits of one person, in the order of the protocol."""
    by_visit: dict[str, list[StudySession]] = {}
    for one in sessions:
        if one.participant == participant:
            by_visit.setdefault(one.visit, []).append(one)
    first = by_visit.get(protocol.visits[0].name)
    start = first[0].date if first else None
    return [
        _visit_status(protocol, (participant, number), by_visit.get(visit.name, []), start, today)
        for number, visit in enumerate(protocol.visits, start=1)
    ]


def next_visit(statuses: Iterable[VisitStatus]) -> VisitStatus | None:
    """Return the first visit that is not done; None after the last."""
    return next((one for one in statuses if one.state not in {VisitState.DONE, VisitState.EXCLUDED}), None)


def visit_deviations(status: VisitStatus, today: date) -> tuple[str, ...]:
    """Return why a session today would deviate from the protocol: ``repeated``, ``early`` or ``late``."""
    reasons = ["repeated"] if status.sessions else []
    if status.state is VisitState.LATER or (status.first is not None and today < status.first):
        reasons.append("early")
    if status.last is not None and today > status.last:
        reasons.append("late")
    return tuple(reasons)


def _visit_status(
    protocol: Protocol, key: tuple[str, int], done: list[StudySession], start: date | None, today: date
) -> VisitStatus:
    participant, number = key
    visit = protocol.visits[number - 1]
    window = (None, None) if start is None else visit_window(visit, start)
    if done:
        counted = counting_session(done, protocol) or done[-1]
        rules = tuple(exclusions_of(counted, protocol))
        state = VisitState.EXCLUDED if rules else VisitState.DONE
        off = _days_off(counted.date, *window)
        return VisitStatus(participant, visit, number, state, *window, tuple(one.session for one in done), rules, off)
    state = VisitState.DUE if number == 1 else VisitState.LATER
    if window[0] is not None and window[1] is not None:
        state = VisitState.LATER if today < window[0] else VisitState.DUE if today <= window[1] else VisitState.LATE
    return VisitStatus(participant, visit, number, state, *window)


def _days_off(day: date, first: date | None, last: date | None) -> int:
    if first is None or last is None:
        return 0
    return min(0, (day - first).days) or max(0, (day - last).days)
