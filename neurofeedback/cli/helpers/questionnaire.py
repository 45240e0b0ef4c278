"""Questionnaires in the terminal: ask the items, print the score, and ask before and after a session."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.cli.helpers.common import echo
from neurofeedback.formats.reader import find_session
from neurofeedback.session.questionnaires import write_answers
from neurofeedback.settings.load import load_questionnaire, load_settings
from neurofeedback.settings.questionnaire import Item, Questionnaire
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr


class SessionQuestionnaires:
    """The questionnaires of a profile; answers given before a session are saved once its folder exists.

    Raises
    ------
    SettingsError
        The profile names a questionnaire that does not exist or is not valid.
    """

    def __init__(self, profile: str) -> None:
        names = load_settings(profile).questionnaires
        self._before = [load_questionnaire(name) for name in names.before]
        self._after = [load_questionnaire(name) for name in names.after]
        self._answers_before: list[tuple[Questionnaire, dict[str, int]]] = []

    def ask_before(self) -> None:
        """Ask the questionnaires that come before the session."""
        self._answers_before = [(questionnaire, ask_items(questionnaire)) for questionnaire in self._before]
        for questionnaire, answers in self._answers_before:
            print_score(questionnaire, answers, questionnaire.score(answers))

    def save_and_ask_after(self, session: Path) -> None:
        """Save the earlier answers in the session's folder, then ask those that come after the session."""
        files = find_session(session)
        if files is None:
            return
        for questionnaire, answers in self._answers_before:
            write_answers(files.root, files.stem, questionnaire, "before", answers)
        for questionnaire in self._after:
            answers = ask_items(questionnaire)
            print_score(questionnaire, answers, write_answers(files.root, files.stem, questionnaire, "after", answers))


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
    return answers


def print_score(questionnaire: Questionnaire, answers: dict[str, int], score: int | None) -> None:
    """Print the score with its authors' name for it, and the advice that these answers call for."""
    if score is None:
        echo(tr(terminal.SAVED_WITHOUT_SCORE))
    elif name := questionnaire.score_label(score):
        echo(tr(terminal.SAVED_NAMED_SCORE, score=score, name=name))
    else:
        echo(tr(terminal.SAVED_SCORE, score=score))
    for advice in questionnaire.advice_for(answers):
        echo(f"\n{advice}")


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
