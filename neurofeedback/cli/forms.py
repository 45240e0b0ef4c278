"""The questionnaires a profile asks around a sitting, in the terminal."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.cli.ask import asked, tell
from neurofeedback.recording.phenotype import write_answers
from neurofeedback.recording.reader import session_at
from neurofeedback.settings.load import load_questionnaire, load_settings
from neurofeedback.settings.questionnaire import Questionnaire


class Forms:
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
        self._given: list[tuple[Questionnaire, dict[str, int]]] = []

    def ask_before(self) -> None:
        """Ask what is to be asked before."""
        self._given = [(questionnaire, asked(questionnaire)) for questionnaire in self._before]
        for questionnaire, given in self._given:
            tell(questionnaire, given, questionnaire.score(given))

    def keep_and_ask_after(self, session: Path) -> None:
        """Keep the earlier answers with the session's folder, then ask what is to be asked after."""
        files = session_at(session)
        if files is None:
            return
        for questionnaire, given in self._given:
            write_answers(files.root, files.stem, questionnaire, "before", given)
        for questionnaire in self._after:
            given = asked(questionnaire)
            tell(questionnaire, given, write_answers(files.root, files.stem, questionnaire, "after", given))
