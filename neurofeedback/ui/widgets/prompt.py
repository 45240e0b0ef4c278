"""A question over the picture: a probe, the end of the session, or a pause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLayout, QPushButton, QSizePolicy

from neurofeedback.texts import sit
from neurofeedback.ui.announcer import announce
from neurofeedback.ui.widgets.basic import button, column, label

_WIDTH = 900


@dataclass(frozen=True, slots=True)
class PromptAnswer:
    """One answer: its key as shown, its text, and its action."""

    key: str
    text: str
    action: Callable[[], object]


class Prompt(QFrame):
    """Shows a question and a row of answers with their keys; it does not take the keyboard focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._shown: tuple[object, ...] = ()
        self._title = label(large=True, name=sit.QUESTION)
        self._hint = label(quiet=True, name=sit.HINT)
        for label_ in (self._title, self._hint):
            label_.setWordWrap(True)
            label_.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._answers = QHBoxLayout()
        self._answers.setSpacing(8)
        inside = column(self, 16, gap=14)
        inside.addWidget(self._title)
        inside.addLayout(self._answers)
        inside.addWidget(self._hint)
        inside.setSizeConstraint(QLayout.SizeConstraint.SetDefaultConstraint)
        self.setMaximumWidth(_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the full width, so that the answers of every question stand at the same positions."""
        return QSize(_WIDTH, super().sizeHint().height())

    def show_question(self, title: str, choices: Sequence[PromptAnswer], hint: str = "") -> None:
        """Show a question; the same question shown again changes nothing."""
        shown = (title, tuple((choice.key, choice.text) for choice in choices), hint)
        if shown != self._shown:
            self._shown = shown
            self._title.setText(title)
            self._hint.setText(hint)
            self._hint.setVisible(bool(hint))
            self._fill(choices)
            announce(title, ", ".join(f"{choice.key} {choice.text}" for choice in choices) + ".", hint, urgent=True)
        self.show()

    def dismiss(self) -> None:
        """Hide the question."""
        self._shown = ()
        self.hide()

    def _fill(self, choices: Sequence[PromptAnswer]) -> None:
        while (item := self._answers.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for choice in choices:
            self._answers.addWidget(_answer_button(choice), 1)


def _answer_button(choice: PromptAnswer) -> QPushButton:
    shown = choice.text.replace("&", "&&")
    answer = button(f"{choice.key}\n{shown}", choice.action, name=f"{choice.text} ({choice.key})", answer=True)
    answer.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return answer
