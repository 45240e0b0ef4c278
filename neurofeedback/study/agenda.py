"""What is to be done in a study today: who is due, and the steps of a visit with those that are done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from neurofeedback.recording.facts.form_records import AskedForm, AskedWhen, form_session, read_form
from neurofeedback.recording.facts.forms import link_answers
from neurofeedback.recording.masking.masked_sessions import unlocked_people
from neurofeedback.study.enrolment import Enrolment, read_enrolments
from neurofeedback.study.guesses import Guesser, read_guesses
from neurofeedback.study.protocol import Protocol, VisitSettings
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.schedule import VisitState, VisitStatus, check_clock, next_visit, person_status
from neurofeedback.study.session_table import study_sessions
from neurofeedback.texts.studies import study as texts

_TEMPLATES = {
    VisitState.DUE: texts.NEXT_DUE,
    VisitState.LATE: texts.NEXT_LATE,
    VisitState.LATER: texts.NEXT_LATER,
    VisitState.DONE: texts.NEXT_DONE,
    VisitState.EXCLUDED: texts.NEXT_DONE,
}


class StepKind(StrEnum):
    """Kinds of steps of a visit, in their order."""

    FORM_BEFORE = "form before"
    CONTACT = "contact"
    SITTING = "sitting"
    FORM_AFTER = "form after"
    GUESS = "guess by participant"
    GUESS_EXPERIMENTER = "guess by experimenter"


GUESSERS: Mapping[StepKind, Guesser] = {
    StepKind.GUESS: "participant",
    StepKind.GUESS_EXPERIMENTER: "experimenter",
}
"""Who guesses in which step."""


@dataclass(frozen=True, slots=True)
class VisitStep:
    """One step of a visit.

    ``form`` is the questionnaire, empty for other steps; ``missed`` is a form before the sitting that was not asked.
    """

    kind: StepKind
    form: str = ""
    done: bool = False
    missed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the step is still to be done."""
        return not (self.done or self.missed)


@dataclass(frozen=True, slots=True)
class PersonAgenda:
    """The visits of one person, in the order of the protocol."""

    enrolment: Enrolment
    visits: tuple[VisitStatus, ...]

    @property
    def next(self) -> VisitStatus | None:
        """The first visit that is not done; None after the last."""
        return next_visit(self.visits)


FormKey = tuple[str, str, str, AskedWhen]


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is to be done in a study on a day.

    Parameters
    ----------
    people : tuple of PersonAgenda
        The people who are enrolled, in the order of enrolment.
    started : mapping
        Start of the latest session by participant and visit.
    broke_off : frozenset
        Participants and visits whose latest session broke off; nobody guesses after it, as the first guess stands.
    asked : mapping
        Times of asking by participant, visit, form and ``before`` or ``after``.
    guessed : frozenset
        Participant, visit and who guessed.
    is_unlocked : bool
        Whether it is a masked study that is unlocked, so that no further visit can be recorded.
    """

    protocol: Protocol
    today: date
    people: tuple[PersonAgenda, ...]
    started: Mapping[tuple[str, str], datetime]
    broke_off: frozenset[tuple[str, str]]
    asked: Mapping[FormKey, tuple[datetime, ...]]
    guessed: frozenset[tuple[str, str, Guesser]]
    is_unlocked: bool = False

    def steps(self, status: VisitStatus, *, again: bool = False) -> tuple[VisitStep, ...]:
        """Return the steps of a visit; ``again`` for a visit that is about to be recorded once more."""
        person, visit = status.participant, status.visit
        latest = None if again else self.started.get((person, visit.name))
        found: list[VisitStep] = []
        for form in visit.forms_before:
            day = self.today if latest is None else latest.date()
            asked = any(at.date() == day for at in self._times(status, form, "before"))
            found.append(VisitStep(StepKind.FORM_BEFORE, form, asked, missed=latest is not None and not asked))
        found += [VisitStep(kind, done=latest is not None) for kind in (StepKind.CONTACT, StepKind.SITTING)]
        found += [
            VisitStep(
                StepKind.FORM_AFTER,
                form,
                latest is not None and any(at >= latest for at in self._times(status, form, "after")),
            )
            for form in visit.forms_after
        ]
        if visit.ask_guess and (again or (person, visit.name) not in self.broke_off):
            found += [VisitStep(kind, done=(person, visit.name, by) in self.guessed) for kind, by in GUESSERS.items()]
        return tuple(found)

    def current(self, person: PersonAgenda) -> VisitStatus | None:
        """Return the visit of today that has steps left, else the next one; None after the last."""
        for status in person.visits:
            started = self.started.get((status.participant, status.visit.name))
            if started is not None and started.date() == self.today and self.next_step(status) is not None:
                return status
        return person.next

    def next_step(self, status: VisitStatus, *, again: bool = False) -> VisitStep | None:
        """Return the first step that is not done; None after the last."""
        return next((one for one in self.steps(status, again=again) if one.is_open), None)

    def with_form(self, status: VisitStatus, form: str, when: AskedWhen, at: datetime) -> Agenda:
        """Return the agenda with a form that has just been answered or left out."""
        key = (status.participant, status.visit.name, form, when)
        return replace(self, asked={**self.asked, key: (*self.asked.get(key, ()), at)})

    def _times(self, status: VisitStatus, form: str, when: AskedWhen) -> tuple[datetime, ...]:
        return self.asked.get((status.participant, status.visit.name, form, when), ())


def read_agenda(root: Path, today: date) -> Agenda:
    """Read who is due and what is done.

    Raises
    ------
    RecordingError
        The protocol is not frozen, the clock is behind the recordings, or a record was changed.
    """
    protocol, _ = frozen_protocol(root)
    sessions = study_sessions(root, protocol)
    check_clock(sessions, today)
    people = tuple(
        PersonAgenda(one, tuple(person_status(protocol, one.participant, sessions, today)))
        for one in read_enrolments(root)
    )
    latest = {(one.participant, one.visit): one for one in sessions}  # they are sorted by time
    started = {key: one.started for key, one in latest.items()}
    broke_off = frozenset(key for key, one in latest.items() if not one.numbers["finished"])
    forms = {form for visit in protocol.visits for form in (*visit.forms_before, *visit.forms_after)}
    asked: dict[FormKey, tuple[datetime, ...]] = {}
    for form in sorted(forms):
        for one in read_form(root, form):
            key = (one.answers.participant, one.answers.visit, form, one.answers.when)
            asked[key] = (*asked.get(key, ()), one.asked_at)
    guesses: set[tuple[str, str, Guesser]] = {(one.participant, one.visit, one.guesser) for one in read_guesses(root)}
    is_unlocked = protocol.masked and bool(unlocked_people(root))
    return Agenda(protocol, today, people, started, broke_off, asked, frozenset(guesses), is_unlocked)


def when_template(status: VisitStatus) -> str:
    """Return the text about the days of a visit; its fields are ``first`` and ``last``."""
    return texts.NEXT_FIRST if status.first is None else _TEMPLATES[status.state]


def link_forms_before(root: Path, participant: str, visit: VisitSettings, session: str, day: date) -> None:
    """Join the forms that were asked before a sitting on its day to its session.

    Raises
    ------
    RecordingError
        The disk cannot be written.
    """
    for form in visit.forms_before:
        for one in read_form(root, form):
            if _is_unlinked(one) and one.asked_at.date() == day and _is_before(one, participant, visit.name):
                link_answers(root, form, one.hash, session)


def _is_unlinked(one: AskedForm) -> bool:
    return not one.answers.session and one.session == form_session(one.answers)


def _is_before(one: AskedForm, participant: str, visit: str) -> bool:
    answers = one.answers
    return (answers.participant, answers.visit, answers.when) == (participant, visit, "before")
