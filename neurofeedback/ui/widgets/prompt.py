"""One question at a time over the picture: a probe, the end of the sitting, a pause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLayout, QPushButton, QSizePolicy

from neurofeedback.texts import sit
from neurofeedback.ui.widgets.basic import button, column, label

_WIDTH = 900


@dataclass(frozen=True, slots=True)
class PromptAnswer:
    """One way to answer: its key as shown, what it means, and what it does."""

    key: str
    text: str
    action: Callable[[], object]


class Prompt(QFrame):
    """Words and a row of answers, each with its key; nothing takes the keyboard but the keys themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._shown: tuple[object, ...] = ()
        self._title = label(large=True, name=sit.QUESTION)
        self._line = label(quiet=True, name=sit.HINT)
        for words in (self._title, self._line):
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._answers = QHBoxLayout()
        self._answers.setSpacing(8)
        inside = column(self, 16, gap=14)
        inside.addWidget(self._title)
        inside.addLayout(self._answers)
        inside.addWidget(self._line)
        inside.setSizeConstraint(QLayout.SizeConstraint.SetDefaultConstraint)
        self.setMaximumWidth(_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Be as wide as there is room for, so that the answers of every question stand at the same places."""
        return QSize(_WIDTH, super().sizeHint().height())

    def show_question(self, title: str, choices: Sequence[PromptAnswer], line: str = "") -> None:
        """Show a question; one that is shown already stays as it is."""
        shown = (title, tuple((choice.key, choice.text) for choice in choices), line)
        if shown != self._shown:
            self._shown = shown
            self._title.setText(title)
            self._line.setText(line)
            self._line.setVisible(bool(line))
            self._fill(choices)
        self.show()

    def dismiss(self) -> None:
        """Go away."""
        self._shown = ()
        self.hide()

    def _fill(self, choices: Sequence[PromptAnswer]) -> None:
        while (item := self._answers.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for choice in choices:
            self._answers.addWidget(_answer(choice), 1)


def _answer(choice: PromptAnswer) -> QPushButton:
    made = button(f"{choice.key}\n{choice.text}", choice.action, name=f"{choice.text} ({choice.key})", answer=True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
