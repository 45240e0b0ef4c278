"""The dialogs of a visit: confirm the person, ask a form, ask for a guess of the arm."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from neurofeedback.study.agenda import GUESSERS, StepKind, VisitStep
from neurofeedback.study.guesses import MAX_TEXT, Guesser
from neurofeedback.texts import forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study, study_page
from neurofeedback.ui.background import BackgroundTask
from neurofeedback.ui.study.visit_tasks import leave_form_out, store_guess
from neurofeedback.ui.widgets.basic import MARGIN, ComboBox, button, column, label, row
from neurofeedback.ui.widgets.facts_tabs import FormTab

if TYPE_CHECKING:
    from neurofeedback.study.schedule import VisitStatus

_WIDTH = 620
_FORM_SIZE = (680, 560)


class ConfirmDialog(QDialog):
    """Asks for the number of the person who is here, and why the visit deviates from the protocol, if it does.

    Parameters
    ----------
    n_visits : int
        Visits of the protocol.
    reasons : tuple of str
        Why it deviates: ``early``, ``late``, ``repeated``; none for a visit that is due.
    why : str
        A reason that was given already.
    """

    def __init__(
        self, status: VisitStatus, n_visits: int, reasons: tuple[str, ...], why: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._participant, self._reasons = status.participant, reasons
        self.setWindowTitle(tr(study_page.CONFIRM_TITLE))
        self.setMinimumWidth(_WIDTH)
        self.number, self.why = QLineEdit(), QLineEdit(why)
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.begin = button(study_page.CONFIRM_BEGIN, self.accept, main=True)
        lines = [
            label(
                tr(
                    study_page.CONFIRM,
                    participant=status.participant,
                    number=status.number,
                    n=n_visits,
                    visit=status.visit.name,
                )
            )
        ]
        words = ", ".join(tr(study_page.DEVIATION_WORDS[one]) for one in reasons)
        if reasons:
            lines.append(label(tr(study_page.DEVIATES, reasons=words)))
        fields = QFormLayout()
        for text, field in ((study_page.NUMBER, self.number), (study_page.WHY, self.why))[: 2 if reasons else 1]:
            field.setAccessibleName(tr(text).replace("&", ""))
            field.textChanged.connect(self._update)
            fields.addRow(tr(text), field)
        inside = column(self, MARGIN, gap=14)
        for line in (*lines, self.message):
            line.setWordWrap(True)
        for line in lines:
            inside.addWidget(line)
        inside.addLayout(fields)
        inside.addWidget(self.message)
        inside.addLayout(_foot(self.begin, button(study_page.CANCEL, self.reject, flat=True)))
        self.number.setFocus()
        self._update()

    @property
    def deviation(self) -> str:
        """Why the visit deviates from the protocol; empty for one that does not."""
        return " ".join(self.why.text().split()) if self._reasons else ""

    def _update(self) -> None:
        typed = self.number.text().strip()
        right = typed.isascii() and typed.isdigit() and int(typed) == int(self._participant)
        whole = len(typed) >= len(self._participant.lstrip("0"))
        wrong = tr(study_page.WRONG_NUMBER, participant=self._participant) if whole and not right else ""
        self.message.setText(wrong)
        self.begin.setEnabled(right and bool(self.deviation or not self._reasons))


class VisitFormDialog(QDialog):
    """Asks one form of a visit; ``left_out`` is whether it was left out, which is logged."""

    def __init__(
        self, root: Path, status: VisitStatus, step: VisitStep, session: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._root, self._participant, self._form = root, status.participant, step.form
        self._warned = False
        self.setWindowTitle(tr(study_page.FORM_TITLE, form=step.form, participant=status.participant))
        self.setMinimumSize(*_FORM_SIZE)
        self.tab = FormTab(root, status.participant, session, (step.form,))
        self.tab.when = "before" if step.kind is StepKind.FORM_BEFORE else "after"
        self.tab.visit = status.visit.name
        self.tab.choice.hide()
        self.tab.task.done.connect(self._saved)
        self.task: BackgroundTask[None] = BackgroundTask(self, "left-out")
        self.task.done.connect(self.accept)
        self.task.failed.connect(self.tab.finish)
        self.finish = button(study_page.DONE, self.accept, main=True)
        self.finish.hide()
        self.leave_out = button(study_page.LEAVE_OUT, self._leave_out, flat=True)
        self.leave_out.setAutoDefault(False)  # Enter in a line saves
        inside = column(self, 0, gap=0)
        inside.addWidget(self.tab, 1)
        foot = _foot(self.finish, self.leave_out)
        foot.setContentsMargins(MARGIN // 2, 0, MARGIN // 2, MARGIN // 2)
        inside.addLayout(foot)

    def reject(self) -> None:
        """Close; answers that are not saved are dropped only by closing once more."""
        if self.tab.unsaved and not self._warned:
            self._warned = True
            self.tab.finish(tr(study_page.NOT_SAVED_YET))
            return
        super().reject()

    def _saved(self, _lines: tuple[str, ...]) -> None:
        """Show score and advice until they are read."""
        self.tab.save.hide()
        self.leave_out.hide()
        self.finish.show()
        self.finish.setFocus()

    def _leave_out(self) -> None:
        self.task.start(partial(leave_form_out, self._root, self._form, self._participant, study_page.LEFT_OUT))


class GuessDialog(QDialog):
    """Asks the participant or the experimenter for the arm, how sure, and why. It has no answer at first."""

    def __init__(self, root: Path, status: VisitStatus, kind: StepKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root, self._status = root, status
        self._guesser: Guesser = GUESSERS[kind]
        own = self._guesser == "participant"
        self.setWindowTitle(tr(study_page.GUESS_TITLE if own else study_page.GUESS_TITLE_EXPERIMENTER))
        self.setMinimumWidth(_WIDTH)
        real, sham = (study_page.GUESS_REAL, "real"), (study_page.GUESS_SHAM, "sham")
        self.guess = _choices(real, sham, (study_page.GUESS_UNKNOWN, "unknown"))
        self.forced = _choices(real, sham)
        self.sure = _choices(*((str(k), str(k)) for k in range(11)))
        self.why, self.tried = QLineEdit(), QLineEdit()
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.message.setWordWrap(True)
        self.save = button(study_page.SAVE, self._save, main=True)
        self.task: BackgroundTask[None] = BackgroundTask(self, "guess")
        self.task.done.connect(self.accept)
        self.task.failed.connect(self._failed)
        self._inside = column(self, MARGIN, gap=6)
        self._forced_part = QWidget()
        self._add(study.GUESS_QUESTION if own else study.GUESS_QUESTION_OTHER, self.guess)
        self._inside.addWidget(self._forced_part)
        forced_inside = column(self._forced_part, gap=6)
        forced_inside.addWidget(label(study_page.FORCED))
        forced_inside.addWidget(self.forced)
        self.forced.setAccessibleName(tr(study_page.FORCED))
        self._add(study.SURE_QUESTION, self.sure)
        self._add(study.WHY_QUESTION, self.why)
        if own:
            self._add(study.TRIED_QUESTION, self.tried)
        self._inside.addWidget(self.message)
        self._inside.addLayout(_foot(self.save, button(study_page.CANCEL, self.reject, flat=True)))
        for box in (self.guess, self.forced, self.sure):
            box.currentIndexChanged.connect(self._update)
        self._update()

    def _add(self, question: str, field: QLineEdit | ComboBox) -> None:
        caption = label(question)
        caption.setWordWrap(True)
        field.setAccessibleName(tr(question))
        if isinstance(field, QLineEdit):
            field.setMaxLength(MAX_TEXT)
        self._inside.addWidget(caption)
        self._inside.addWidget(field)

    def _update(self) -> None:
        unknown = self.guess.currentData() == "unknown"
        self._forced_part.setVisible(unknown)
        answered = bool(self.guess.currentData() and self.sure.currentData())
        self.save.setEnabled(answered and bool(self.forced.currentData() or not unknown) and not self.task.busy)

    def answers(self) -> dict[str, str | int]:
        """Return the answers as they stand in the fields."""
        unknown = self.guess.currentData() == "unknown"
        return {
            "guess": str(self.guess.currentData()),
            "forced": str(self.forced.currentData()) if unknown else "",
            "sure": int(self.sure.currentData()),
            "why": self.why.text(),
            "tried": self.tried.text(),
        }

    def _save(self) -> None:
        self.task.start(partial(store_guess, self._root, self._status, self._guesser, self.answers()))
        self.save.setEnabled(False)

    def _failed(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._update()


def _choices(*choices: tuple[str, str]) -> ComboBox:
    """Return a box with nothing chosen."""
    box = ComboBox()
    box.addItem("", "")
    for text, value in choices:
        box.addItem(tr(text), value)
    return box


def _foot(*buttons: QWidget) -> QHBoxLayout:
    foot = row(*buttons)
    foot.addStretch(1)
    return foot
