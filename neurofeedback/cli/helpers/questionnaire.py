"""The questionnaires a profile asks around a sitting, in the terminal."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.cli.commands.ask import ask_items, print_score
from neurofeedback.formats.reader import find_session
from neurofeedback.recording.questionnaires import write_answers
from neurofeedback.settings.load import load_questionnaire, load_settings
from neurofeedback.settings.questionnaire import Questionnaire


class SessionQuestionnaires:
    """Asked before are kept until there is a session to keep them with.

    Raises
    ------
    SettingsError
        The profile names a questionnaire that is not there or cannot be used.
    """

    def __init__(self, profile: str) -> None:
        wanted = load_settings(profile).questionnaires
        self._before = [load_questionnaire(name) for name in wanted.before]
        self._after = [load_questionnaire(name) for name in wanted.after]
        self._answers_before: list[tuple[Questionnaire, dict[str, int]]] = []

    def ask_before(self) -> None:
        """Ask what is to be asked before."""
        self._answers_before = [(questionnaire, ask_items(questionnaire)) for questionnaire in self._before]
        for questionnaire, given in self._answers_before:
            print_score(questionnaire, given, questionnaire.score(given))

    def save_and_ask_after(self, session: Path) -> None:
        """Keep the earlier answers with the session's folder, then ask what is to be asked after."""
        files = find_session(session)
        if files is None:
            return
        for questionnaire, given in self._answers_before:
            write_answers(files.root, files.stem, questionnaire, "before", given)
        for questionnaire in self._after:
            given = ask_items(questionnaire)
            print_score(questionnaire, given, write_answers(files.root, files.stem, questionnaire, "after", given))
