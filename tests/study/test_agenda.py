"""What is to be done in a study on a day: the steps of a visit, and which are done."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from neurofeedback.recording.facts.form_records import AskedWhen, read_form
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.study.agenda import Agenda, PersonAgenda, StepKind, link_forms_before, read_agenda, when_template
from neurofeedback.study.enrolment import Enrolment
from neurofeedback.study.schedule import VisitStatus
from neurofeedback.texts.studies import study

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import add_session, frozen_study

TODAY = date.today()
PERSON = Enrolment(kind="enrolled", participant="07", site="A", stratum="", at="", by="MB", consent="v1")
CHANGES = (
    ('forms_before = ["expectancy"]', 'forms_before = ["expectancy"]\nforms_after = ["difficult"]\nask_guess = true'),
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("neurofeedback.study.agenda.read_enrolments", lambda _: [PERSON])
    monkeypatch.setattr("neurofeedback.study.session_table.read_enrolments", lambda _: [PERSON])
    return frozen_study(tmp_path / "data", "crossover", *CHANGES)


def read(root: Path) -> tuple[Agenda, PersonAgenda, VisitStatus]:
    agenda = read_agenda(root, TODAY)
    (person,) = agenda.people
    return agenda, person, person.visits[0]


def answer(root: Path, form: str, when: AskedWhen) -> None:
    questionnaire = load_questionnaire(form)
    answers = {item.id: questionnaire.options(item)[0].value for item in questionnaire.items}
    save_answers(root, questionnaire, answers, participant="07", when=when, visit="run-in")


def open_kinds(agenda: Agenda, status: VisitStatus, *, again: bool = False) -> list[str]:
    return [step.kind.value for step in agenda.steps(status, again=again) if step.is_open]


ALL = [kind.value for kind in StepKind]


def test_a_visit_goes_through_its_steps_in_their_order(root: Path) -> None:
    agenda, person, first = read(root)
    assert open_kinds(agenda, first) == ALL
    assert agenda.current(person) == person.next == first
    answer(root, "expectancy", "before")
    agenda, _, first = read(root)
    assert open_kinds(agenda, first) == ALL[1:]
    files = add_session(root, "07", str(TODAY), "run-in", clock="00:00:00")
    agenda, person, first = read(root)
    assert open_kinds(agenda, first) == ALL[3:]
    assert agenda.current(person) == first, "it is to be finished, although the next visit follows"
    assert person.next is not None
    assert person.next.visit.name == "a1"
    session = files.session_label.removeprefix("ses-")
    for _ in range(2):  # joined once
        link_forms_before(root, "07", first.visit, session, TODAY)
    (asked,) = read_form(root, "expectancy")
    assert asked.session == session
    answer(root, "difficult", "after")
    agenda, _, first = read(root)
    assert open_kinds(agenda, first) == ALL[4:]
    assert open_kinds(agenda, first, again=True) == ALL[1:], "the form before was asked today"


def test_a_form_that_was_not_asked_before_the_sitting_is_not_asked_after_it(root: Path) -> None:
    add_session(root, "07", str(TODAY - timedelta(days=1)), "run-in")
    answer(root, "expectancy", "before")
    agenda, person, first = read(root)
    step = agenda.steps(first)[0]
    assert (step.missed, step.done) == (True, False)
    assert agenda.current(person) == person.next, "nothing of an earlier day is finished today"


def test_nobody_guesses_after_a_session_that_broke_off(root: Path) -> None:
    files = add_session(root, "07", str(TODAY), "run-in", clock="00:00:00")
    path = files.derived_file("summary.json")
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"finished": False}), encoding="utf-8")
    agenda, _, first = read(root)
    assert open_kinds(agenda, first) == [StepKind.FORM_AFTER.value]
    assert open_kinds(agenda, first, again=True) == ALL


def test_days_of_a_visit_in_words(root: Path) -> None:
    _, person, first = read(root)
    assert when_template(first) == study.NEXT_FIRST
    add_session(root, "07", str(TODAY - timedelta(days=1)), "run-in")
    _, person, first = read(root)
    assert when_template(first) == study.NEXT_DONE
    assert when_template(person.visits[1]) == study.NEXT_LATER
