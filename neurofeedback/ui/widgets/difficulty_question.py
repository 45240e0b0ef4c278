"""The question on difficult experiences after a sitting, answered by one press and saved as a form."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton, QWidget

from neurofeedback.texts import after
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.announcer import announce
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import button, column, label, row

if TYPE_CHECKING:
    from neurofeedback.settings.questionnaire import Questionnaire

FORM = "difficult"
"""Name of the form, which the terminal asks, too."""


class DifficultyQuestion(QWidget):
    """Asks once after a sitting; a strong answer shows the stop advice and suggests a pause."""

    def __init__(self) -> None:
        super().__init__()
        self._source: tuple[Path, str, str] | None = None
        self._form: Questionnaire | None = None
        self._question = label()
        self._question.setWordWrap(True)
        self.buttons: dict[int, QPushButton] = {}
        self._row = row()
        self.advice = label(live=True, name=after.ADVICE_NAME)
        self.advice.setWordWrap(True)
        self._message = label(live=True, quiet=True)
        self._message.setWordWrap(True)
        self._task: BackgroundTask[tuple[str, ...]] = BackgroundTask(self, "difficulty")
        self._task.done.connect(self._saved)
        self._task.failed.connect(self._failed)
        inside = column(self, gap=6)
        for part in (self._question, self.advice, self._message):
            inside.addWidget(part)
        inside.insertLayout(1, self._row)
        self.hide()

    def ask(self, recordings: Path, participant: str, session: str) -> None:
        """Ask about a sitting; an empty session for one without a headset.

        Raises
        ------
        SettingsError
            The form cannot be read.
        """
        from neurofeedback.settings.load import load_questionnaire  # Pydantic, which a session has loaded

        self._source, self._form = (recordings, participant, session), load_questionnaire(FORM)
        if not self.buttons:
            self._make_buttons(self._form)
        self._question.setText(self._form.items[0].text)
        self.advice.clear()
        self._message.clear()
        self._enable(on=True)
        self.show()
        announce(self._question.text())

    def _make_buttons(self, form: Questionnaire) -> None:
        for option in form.options(form.items[0]):
            self.buttons[option.value] = button(option.text, partial(self._answer, option.value))
            self._row.addWidget(self.buttons[option.value], alignment=Qt.AlignmentFlag.AlignLeft)
        self._row.addStretch(1)

    def _answer(self, value: int) -> None:
        if self._form is None or self._source is None:
            return
        answers = {self._form.items[0].id: value}
        self.advice.setText("\n\n".join(self._form.advice_for(answers)))  # before anything that may fail
        self._enable(on=False)
        self._task.enqueue(partial(_save, self._form, answers, self._source))

    def _enable(self, *, on: bool) -> None:
        for each in self.buttons.values():
            each.setEnabled(on)

    def _saved(self, notices: tuple[str, ...]) -> None:
        self._message.setText("\n".join((tr(after.DIFFICULTY_SAVED), *notices)))

    def _failed(self, sentence: str) -> None:
        self._message.setText(sentence)
        self._enable(on=True)


def _save(
    form: Questionnaire, answers: dict[str, int], source: tuple[Path, str, str], _handle: TaskHandle
) -> tuple[str, ...]:
    from neurofeedback.recording.facts.forms import save_answers

    recordings, participant, session = source
    return save_answers(recordings, form, answers, participant=participant, session=session, when="after").notices
