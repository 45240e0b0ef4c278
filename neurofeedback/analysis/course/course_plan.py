"""What a course plans, what is done, and what is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

from neurofeedback.analysis.history import PastSession, past_sessions
from neurofeedback.recording.facts.course_file import read_course
from neurofeedback.recording.facts.entries import LoggedEntry, open_doses, read_entries
from neurofeedback.recording.facts.entry_models import DoseGiven, ReadyToLeave, Vitals
from neurofeedback.recording.facts.form_records import AskedForm, read_all_forms
from neurofeedback.settings.course import Course, PlannedDose
from neurofeedback.texts import course as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import record

DueState = Literal["done", "due", "missed", "later"]
DueKind = Literal["dose", "dose_end", "form", "recording", "vitals", "home", "ready"]
_RECORDING_WINDOW = timedelta(minutes=45)
_DOSE_WINDOW = timedelta(hours=12)
_VITALS_WINDOW = timedelta(minutes=15)
_NOON, _WEEK = timedelta(hours=12), timedelta(days=7)
OBSERVED = timedelta(hours=24)
"""How long after a dose an entry that the person may leave, or vital signs, belong to it."""


@dataclass(frozen=True, slots=True)
class DueItem:
    """One thing that is planned: when, what kind, in words, whether it is done, and the form that it asks."""

    at: datetime
    kind: DueKind
    what: str
    state: DueState
    form: str = ""


@dataclass(frozen=True, slots=True)
class CourseData:
    """What is stored about a person's course.

    Parameters
    ----------
    course : Course
        The plan.
    entries : tuple of LoggedEntry
        The attendant's entries by time, without corrected ones.
    forms : tuple of AskedForm
        All askings by time, corrected ones too.
    sessions : tuple of PastSession
        All sessions by time.
    """

    course: Course
    entries: tuple[LoggedEntry, ...]
    forms: tuple[AskedForm, ...]
    sessions: tuple[PastSession, ...]

    @property
    def doses(self) -> tuple[LoggedEntry, ...]:
        """The doses that were entered."""
        return tuple(one for one in self.entries if isinstance(one.line.entry, DoseGiven))


@dataclass(frozen=True, slots=True)
class HomeWeek:
    """Planned and done sittings of a week of the home plan."""

    number: int
    start: datetime
    planned: int
    done: int

    def state(self, now: datetime) -> DueState:
        """Return whether the week is later, running (due), done or missed."""
        if self.done >= self.planned:
            return "done"
        return "later" if now < self.start else "due" if now < self.end else "missed"

    @property
    def end(self) -> datetime:
        """The same time of day a week later, also if the clocks change in it."""
        return (self.start.replace(tzinfo=None) + _WEEK).astimezone()


def read_course_data(root: Path, course: Course) -> CourseData:
    """Read what is stored about the person of a course."""
    return CourseData(
        course,
        tuple(read_entries(root, course.participant)),
        tuple(read_all_forms(root, course.participant)),
        tuple(past_sessions(root, course.participant)) if (root / "derivatives").is_dir() else (),
    )


def due_items(data: CourseData, now: datetime) -> list[DueItem]:
    """Return everything that is planned, by time, with its state; a session or answer counts for one plan alone."""
    course = data.course
    if not course.start:
        return []
    items = [
        *_dose_items(data, now),
        *_form_items(data, now),
        *_recording_items(data, now),
        *_vitals_items(data, now),
        *_open_items(data, now),
        *(_home_item(week, now) for week in home_weeks(data)),
    ]
    return sorted(items, key=lambda item: item.at)


def dose_time(data: CourseData, name: str) -> datetime:
    """Return the entered time of a planned dose, else the planned one."""
    planned = next(dose for dose in data.course.doses if dose.name == name)
    at = data.course.dose_time(planned)
    given = _given(data, planned)
    return at if given is None else given.at


def home_weeks(data: CourseData) -> list[HomeWeek]:
    """Return planned and done sittings of each week of the home plan. Recordings without practice do not count."""
    home = data.course.home
    if home is None or not data.course.start:
        return []
    n_days = home.to_day - home.from_day + 1
    starts = [data.course.time_of(day) for day in range(home.from_day, home.to_day + 8, 7)]
    return [
        HomeWeek(
            number + 1,
            start,
            round(home.per_week * min(7, n_days - 7 * number) / 7),
            sum(start <= one.started_at < end for one in data.sessions if one.practice_s),
        )
        for number, (start, end) in enumerate(pairwise(starts))
    ]


def _given(data: CourseData, planned: PlannedDose) -> LoggedEntry | None:
    """Return the entered dose that is nearest to a planned one, within half a day and on no other planned one."""
    at = data.course.dose_time(planned)
    near = [one for one in data.doses if abs(one.at - at) <= _DOSE_WINDOW]
    others = [data.course.dose_time(dose) for dose in data.course.doses if dose.name != planned.name]
    own = [one for one in near if all(abs(one.at - at) <= abs(one.at - other) for other in others)]
    return min(own, key=lambda one: abs(one.at - at), default=None)


def _state(at: datetime, now: datetime, window: timedelta, *, done: bool) -> DueState:
    if done:
        return "done"
    if now < at - window:
        return "later"
    return "due" if now <= at + window else "missed"


def _dose_items(data: CourseData, now: datetime) -> Iterator[DueItem]:
    for dose in data.course.doses:
        given = _given(data, dose)
        what = tr(texts.DUE_DOSE, name=dose.name, substance=dose.substance, dose=dose.dose, route=dose.route)
        at = data.course.dose_time(dose) if given is None else given.at
        yield DueItem(at, "dose", what, _state(at, now, _DOSE_WINDOW, done=given is not None))


def _form_items(data: CourseData, now: datetime) -> Iterator[DueItem]:
    used: set[str] = set()
    for planned in data.course.forms:
        window = timedelta(hours=planned.window_h)
        offset = timedelta(minutes=planned.offset_min)
        if planned.dose:
            at = dose_time(data, planned.dose) + offset
        else:
            at = data.course.time_of(planned.day, _NOON + offset)
        near = [
            one
            for one in data.forms
            if one.answers.form == planned.form
            and not one.superseded_by
            and one.hash not in used
            and abs(one.asked_at - at) <= window
        ]
        found = min(near, key=lambda one: abs(one.asked_at - at), default=None)
        if found is not None:
            used.add(found.hash)
        yield DueItem(
            at,
            "form",
            tr(texts.DUE_FORM, form=planned.form),
            _state(at, now, window, done=found is not None),
            planned.form,
        )


def _recording_items(data: CourseData, now: datetime) -> Iterator[DueItem]:
    used: set[str] = set()
    for planned in data.course.recordings:
        offset = timedelta(minutes=planned.offset_min)
        at = dose_time(data, planned.dose) + offset if planned.dose else data.course.time_of(planned.day, offset)
        near = [one for one in data.sessions if one.stem not in used and abs(one.started_at - at) <= _RECORDING_WINDOW]
        found = min(near, key=lambda one: abs(one.started_at - at), default=None)
        if found is not None:
            used.add(found.stem)
        condition = f", {planned.condition}" if planned.condition else ""
        what = tr(texts.DUE_RECORDING, minutes=planned.minutes, mode=planned.mode, condition=condition)
        yield DueItem(at, "recording", what, _state(at, now, _RECORDING_WINDOW, done=found is not None))


def _vitals_items(data: CourseData, now: datetime) -> Iterator[DueItem]:
    measured = [one.at for one in data.entries if isinstance(one.line.entry, Vitals)]
    for dose in data.course.doses:
        for offset in dose.vitals_min:
            at = dose_time(data, dose.name) + timedelta(minutes=offset)
            done = any(abs(one - at) <= _VITALS_WINDOW for one in measured)
            yield DueItem(at, "vitals", tr(texts.DUE_VITALS), _state(at, now, _VITALS_WINDOW, done=done))


def _open_items(data: CourseData, now: datetime) -> Iterator[DueItem]:
    """Yield infusions without an end, and doses after which nobody entered that the person may leave."""
    for one in open_doses(data.entries):
        yield DueItem(one.at, "dose_end", tr(texts.DUE_DOSE_END, at=f"{one.at:%Y-%m-%d %H:%M}"), "due")
    for dose in data.course.doses:
        given = _given(data, dose)
        if given is None:
            continue
        at = given.at + timedelta(minutes=dose.observe_min)
        done = any(
            isinstance(one.line.entry, ReadyToLeave) and given.at <= one.at <= given.at + OBSERVED
            for one in data.entries
        )
        yield DueItem(at, "ready", tr(texts.DUE_READY), _state(at, now, _DOSE_WINDOW, done=done))


def _home_item(week: HomeWeek, now: datetime) -> DueItem:
    what = tr(texts.DUE_HOME, done=week.done, planned=week.planned)
    return DueItem(week.start, "home", what, week.state(now))


def attendant_items(root: Path, participant: str, now: datetime) -> list[DueItem]:
    """Return what an attendant has to enter around a dose: what is due, and what comes next within the hour.

    Without a course there is none. Only the course and the entries are read, so that it may be asked during a session.

    Raises
    ------
    SettingsError
        The course cannot be used.
    """
    course = read_course(root, participant)
    if course is None:
        return []
    data = CourseData(course, tuple(read_entries(root, participant)), (), ())
    items = [item for item in due_items(data, now) if item.kind in {"vitals", "dose_end", "ready"}]
    open_items = [item for item in items if item.state in {"due", "later"}]
    coming = [item for item in open_items if now + _VITALS_WINDOW < item.at <= now + timedelta(hours=1)]
    return [item for item in open_items if item.at <= now + _VITALS_WINDOW] + coming[:1]


def due_line(root: Path, participant: str, now: datetime) -> str:
    """Return what an attendant has to enter around a dose as one line; empty if there is nothing."""
    items = "; ".join(f"{item.at:%H:%M} {item.what}" for item in attendant_items(root, participant, now))
    return tr(record.DUE, items=items) if items else ""


def todays_items(items: Iterable[DueItem], now: datetime) -> list[DueItem]:
    """Return what is due or of today."""
    return [item for item in items if item.state == "due" or item.at.date() == now.date()]
