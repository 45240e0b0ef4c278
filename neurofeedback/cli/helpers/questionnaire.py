"""Forms in the terminal: ask the items, save the answers at once, print the score and the advice."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from neurofeedback.cli.helpers.common import echo
from neurofeedback.errors import NeurofeedbackError, RecordingError
from neurofeedback.formats.reader import find_session
from neurofeedback.recording.facts.form_records import AskedWhen
from neurofeedback.recording.facts.forms import SavedForm, find_correctable, link_answers, log_not_asked, save_answers
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import load_contacts, load_questionnaire, load_settings
from neurofeedback.settings.questionnaire import Item, Questionnaire
from neurofeedback.texts import forms, terminal
from neurofeedback.texts.catalogue import tr


class SessionQuestionnaires:
    """The forms of a profile, asked before and after a session; answers are saved as soon as they are given.

    ``names`` are the forms before and after a visit of a study, in place of the profile's.

    Raises
    ------
    SettingsError
        The profile names a form that does not exist or is not valid.
    """

    def __init__(
        self,
        profile: str,
        recordings: Path,
        participant: str,
        names: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        visit: str = "",
    ) -> None:
        own = load_settings(profile).questionnaires
        before, after = (own.before, own.after) if names is None else names
        self._visit = visit
        self._recordings, self._participant = recordings, participant
        self._before = [load_questionnaire(name) for name in before]
        self._after = [load_questionnaire(name) for name in after]
        self._saved_before: list[tuple[str, SavedForm]] = []

    def ask_before(self) -> None:
        """Ask the forms that come before the session, and save the answers."""
        for questionnaire in self._before:
            saved = ask_and_save(questionnaire, self._recordings, self._participant, when="before", visit=self._visit)
            if saved is not None:
                self._saved_before.append((questionnaire.name, saved))

    def link_and_ask_after(self, session: Path) -> None:
        """Link the earlier answers to the session, then ask the forms that come after it."""
        files = find_session(session)
        if files is None:
            return
        for form, saved in self._saved_before:
            _print_notices(link_answers(files.root, form, saved.hash, files.session_label))
        for questionnaire in self._after:
            ask_and_save(
                questionnaire,
                self._recordings,
                self._participant,
                when="after",
                session=files.session_label,
                visit=self._visit,
            )

    def log_not_asked(self, why: str) -> None:
        """Print and log that the forms could not be asked."""
        for questionnaire in (*self._before, *self._after):
            echo(tr(forms.NOT_ASKED, form=questionnaire.name, why=why), err=True)
            log_not_asked(self._recordings, questionnaire.name, self._participant, why)


def ask_and_save(
    questionnaire: Questionnaire,
    recordings: Path,
    participant: str,
    *,
    when: AskedWhen = "",
    session: str = "",
    asked_at: datetime | None = None,
    asked_by: str = "self",
    visit: str = "",
    supersedes: str = "",
    reason: str = "",
) -> SavedForm | None:
    """Ask a form in the terminal and save the answers at once; None if nothing was answered or saved."""
    if supersedes:  # a wrong hash is found before the questions, so that no answer is lost
        supersedes = find_correctable(recordings, questionnaire.name, participant, supersedes).hash
    if any(pointer.clinic_text for pointer in questionnaire.pointers):
        echo(tr(forms.BEFORE_FORM))
    answers = ask_items(questionnaire)
    if not answers:
        echo(f"\n{tr(terminal.NOTHING_ANSWERED)}")
        return None
    for advice in questionnaire.advice_for(answers, _contacts()):  # before anything that may fail
        echo(f"\n{advice}\n")
    while True:
        try:
            saved = save_answers(
                recordings,
                questionnaire,
                answers,
                participant=participant,
                session=session,
                when=when,
                asked_at=asked_at,
                asked_by=asked_by,
                visit=visit,
                supersedes=supersedes,
                reason=reason,
            )
        except RecordingError as error:
            if not _wants_retry(error):
                echo(tr(forms.NOT_SAVED, form=questionnaire.title, answers=answers), err=True)
                raise
        else:
            print_score(questionnaire, saved.score)
            _print_notices(saved.notices)
            return saved


def ask_items(questionnaire: Questionnaire) -> dict[str, int]:
    """Ask every item; an empty line skips one, the end of the input skips the rest."""
    echo(questionnaire.title)
    if questionnaire.instruction:
        echo(questionnaire.instruction)
    answers: dict[str, int] = {}
    for item in questionnaire.items:
        try:
            value = _ask_item(questionnaire, item)
        except EOFError:
            break
        if value is not None:
            answers[item.id] = value
    echo(f"\n{questionnaire.source}")
    return answers


def print_score(questionnaire: Questionnaire, score: int | None) -> None:
    """Print the score of answers that are saved, with its authors' name for it."""
    if not any(item.scored for item in questionnaire.items):
        echo(tr(terminal.SAVED))
    elif score is None:
        echo(tr(terminal.SAVED_WITHOUT_SCORE))
    elif name := questionnaire.score_label(score):
        echo(tr(terminal.SAVED_NAMED_SCORE, score=score, name=name))
    else:
        echo(tr(terminal.SAVED_SCORE, score=score))


def _contacts() -> ClinicContacts | None:
    """Return the clinic's contacts; a damaged file of them must not hide the advice."""
    try:
        return load_contacts()
    except NeurofeedbackError as error:
        echo(error, err=True)
        return None


def _print_notices(notices: tuple[str, ...]) -> None:
    for notice in notices:
        echo(notice)


def _wants_retry(error: RecordingError) -> bool:
    """Ask at a terminal whether to try again; without one, never."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{tr(forms.SAVE_FAILED, error=error)} ").strip().lower() != "q"
    except EOFError:
        return False


def _ask_item(questionnaire: Questionnaire, item: Item) -> int | None:
    """Ask one item until the answer is one of its choices or empty."""
    choices = questionnaire.options(item)
    echo(f"\n{item.text}")
    for choice in choices:
        echo(f"  {choice.value}  {choice.text}")
    while True:
        line = input("> ").strip()
        if not line:
            return None
        if line in {str(choice.value) for choice in choices}:
            return int(line)
        echo(tr(terminal.ANSWER_CHOICES, choices=", ".join(str(choice.value) for choice in choices)))
