"""The texts of the experimenter's page, chosen by what is due and done."""

from __future__ import annotations

from datetime import date

from PyQt6.QtCore import QDate, QLocale

from neurofeedback.errors import EXIT_OK
from neurofeedback.session.config import SessionResult
from neurofeedback.study.agenda import Agenda, PersonAgenda, StepKind, VisitStep
from neurofeedback.study.schedule import VisitState, VisitStatus
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session_notices import COMPLETE
from neurofeedback.texts.studies import study_page
from neurofeedback.ui.session_result import headline_lines

_STEPS = {
    StepKind.FORM_BEFORE: study_page.STEP_FORM_BEFORE,
    StepKind.CONTACT: study_page.STEP_CONTACT,
    StepKind.SITTING: study_page.STEP_SITTING,
    StepKind.FORM_AFTER: study_page.STEP_FORM_AFTER,
    StepKind.GUESS: study_page.STEP_GUESS,
    StepKind.GUESS_EXPERIMENTER: study_page.STEP_GUESS_EXPERIMENTER,
}
_NEXT = {
    StepKind.FORM_BEFORE: study_page.NEXT_FORM,
    StepKind.CONTACT: study_page.NEXT_SITTING,
    StepKind.SITTING: study_page.NEXT_SITTING,
    StepKind.FORM_AFTER: study_page.NEXT_FORM,
    StepKind.GUESS: study_page.NEXT_GUESS,
    StepKind.GUESS_EXPERIMENTER: study_page.NEXT_GUESS_EXPERIMENTER,
}
_STATES = {
    VisitState.DUE: study_page.STATE_DUE,
    VisitState.LATE: study_page.STATE_LATE,
    VisitState.LATER: study_page.STATE_LATER,
    VisitState.DONE: study_page.STATE_DONE,
    VisitState.EXCLUDED: study_page.STATE_DONE,
}


def day_text(day: date | None, template: str = study_page.WINDOW_FORMAT) -> str:
    """Return a day in the language of the window; empty for none."""
    return "" if day is None else QLocale().toString(QDate(day.year, day.month, day.day), tr(template))


def state_text(agenda: Agenda, status: VisitStatus) -> str:
    """Return when a visit is due, or that it is done or to be finished today."""
    started = agenda.started.get((status.participant, status.visit.name))
    if started is not None and started.date() == agenda.today and agenda.next_step(status) is not None:
        return tr(study_page.STATE_OPEN)
    template = study_page.STATE_FIRST if status.first is None else _STATES[status.state]
    return tr(template, first=day_text(status.first), last=day_text(status.last))


def visit_text(status: VisitStatus, n_visits: int) -> str:
    """Return a visit with its number and name."""
    return tr(study_page.VISIT, number=status.number, n=n_visits, visit=status.visit.name)


def row_texts(agenda: Agenda, person: PersonAgenda) -> tuple[str, str, str]:
    """Return the cells of a person: number, visit, and when it is due."""
    status, n = agenda.current(person), len(person.visits)
    number = person.enrolment.participant
    if status is None:
        return number, "", tr(study_page.ALL_DONE, n=n)
    visit = tr(study_page.ROW_VISIT, number=status.number, n=n, visit=status.visit.name)
    return number, visit, state_text(agenda, status)


def step_line(step: VisitStep, *, is_next: bool) -> str:
    """Return the line of a step with its mark: done, next, or open."""
    mark = study_page.STEP_NEXT if is_next else study_page.STEP_OPEN
    if not step.is_open:
        mark = study_page.STEP_DONE if step.done else study_page.STEP_MISSED
    return tr(mark, step=tr(_STEPS[step.kind], form=step.form))


def next_text(step: VisitStep | None) -> str:
    """Return the text of the button that does a step."""
    return study_page.NOTHING_LEFT if step is None else _NEXT[step.kind]


def end_text(result: SessionResult) -> str:
    """Return how a sitting ended: length, usable signal and one message, as in the terminal."""
    over = study_page.SITTING_OVER if result.exit_code == EXIT_OK else study_page.SITTING_FAILED
    message = result.message.removeprefix(tr(COMPLETE)).strip()
    return " ".join(filter(None, (tr(over), *headline_lines(result, without_feedback=True), message)))
