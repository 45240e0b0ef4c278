"""Dialogs that correct an entry or answers, and acknowledge an answer; what was saved first stays in the record."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording.facts.entries import LoggedEntry
from neurofeedback.recording.facts.entry_models import (
    AdverseEvent,
    AttendantNote,
    Consent,
    DoseEnd,
    DoseGiven,
    Medicine,
    ReadyToLeave,
    StopSound,
    Vitals,
)
from neurofeedback.recording.facts.form_records import AskedForm
from neurofeedback.recording.facts.forms import acknowledge_answers
from neurofeedback.recording.facts.time_zero import parse_clock
from neurofeedback.texts import forms
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.clinic import person
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row
from neurofeedback.ui.widgets.facts_tabs import EntryTab, FormTab, store_answers, store_entry

_WIDTH = 640
_FORM_HEIGHT = 600
_NAMES = {"dose_end": "end"}
"""Kinds of entries that have another name in the list of the tab."""
_CORRECTED_ONLY = {"stop_sound": person.STOP_SOUND, "consent": person.CONSENT}


class EntryCorrection(EntryTab):
    """Takes an entry again; its time stays unless another one is typed."""

    def __init__(self, recordings: Path, participant: str, old: LoggedEntry) -> None:
        self.reason = QLineEdit()
        super().__init__(recordings, participant)
        self._old = old
        kind = _NAMES.get(old.line.entry.kind, old.line.entry.kind)
        with QSignalBlocker(self.kind):
            self.kind.clear()
            self.kind.addItem(tr({**forms.ENTRY_KINDS, **_CORRECTED_ONLY}[kind]), kind)
        self._fields.addRow(tr(person.REASON), self.reason)
        self.reason.setAccessibleName(tr(person.REASON))
        self.at.setPlaceholderText(tr(person.CORRECT_AT, at=f"{old.at:%Y-%m-%d %H:%M}"))
        self._fill()
        self._show_fields()
        self.watch(self.reason)
        self.mark_saved()

    def _fill(self) -> None:
        entry = self._old.line.entry
        match entry:
            case DoseGiven():
                self.substance.setText(entry.substance)
                self.route.setCurrentText(tr(entry.route))
                self.text.setText(entry.text)
            case Vitals() | AttendantNote():
                self.text.setText(entry.text)
            case ReadyToLeave():
                self.text.setText(entry.escort)
                self.told.setChecked(entry.told_not_to_drive)
            case AdverseEvent():
                self.text.setText(entry.term)
                self.how_bad.setCurrentText(tr(entry.how_bad))
                self.serious.setCurrentText(tr(forms.YES if entry.serious else forms.NO))
                self.adverse = entry
            case Medicine():
                self.text.setText(entry.name)
            case Consent():
                self.text.setText(entry.version)
            case StopSound():
                self.text.setText(entry.reason)
            case DoseEnd():
                pass

    def clear(self) -> None:
        """Leave the fields as they are: the dialog closes."""

    def update_save(self) -> None:
        """Enable the button where something is changed, and a reason is given."""
        super().update_save()
        if not self.reason.text().strip():
            self.save.setEnabled(False)

    def _save(self) -> None:
        try:
            entry = self.read()
            typed = self.at.text().strip()
            at = parse_clock(typed, self._old.at) if typed else self._old.at
        except NeurofeedbackError as error:
            self.finish(error_text(error))
            return
        reason = self.reason.text().strip()
        by = self.by.text().strip()
        self.run(partial(store_entry, *self._source, entry, at, by, corrects=self._old, reason=reason))


class FormCorrection(FormTab):
    """Asks a form again, filled with the answers as they are."""

    def __init__(self, recordings: Path, participant: str, old: AskedForm) -> None:
        self.reason, self.by = QLineEdit(), QLineEdit()
        super().__init__(recordings, participant, "", (old.answers.form,))
        self._old = old
        self.choice.hide()
        lines = QFormLayout()
        for text, line in ((person.REASON, self.reason), (person.BY, self.by)):
            line.setAccessibleName(tr(text))
            lines.addRow(tr(text), line)
        if isinstance(inside := self.layout(), QVBoxLayout):
            inside.insertLayout(inside.indexOf(self.message), lines)
        for item, box in self.boxes.items():
            box.setCurrentIndex(max(0, box.findData(old.answers.items.get(item))))
        self.watch(self.reason)
        self.mark_saved()

    def clear(self) -> None:
        """Leave the answers as they are: the dialog closes."""

    def update_save(self) -> None:
        """Enable the button where an answer is changed, and a reason is given."""
        super().update_save()
        if not self.reason.text().strip():
            self.save.setEnabled(False)

    def _save(self) -> None:
        questionnaire, answers = self._questionnaire, self._answers()
        if questionnaire is None:
            return
        self.show_advice(answers)
        recordings, participant, _ = self._source
        self.run(
            partial(
                store_answers,
                recordings,
                questionnaire,
                answers,
                participant=participant,
                asked_by=self.by.text().strip() or self._old.answers.asked_by,
                supersedes=self._old.hash,
                reason=self.reason.text().strip(),
            )
        )


class CorrectionDialog(QDialog):
    """Corrects an entry or answers; ``saved`` carries what was saved, in words.

    It stays open while advice is shown.
    """

    saved = pyqtSignal(str)

    def __init__(
        self, recordings: Path, participant: str, old: LoggedEntry | AskedForm, line: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(person.CORRECT_TITLE, line=line))
        self.setMinimumWidth(_WIDTH)
        self.tab: EntryCorrection | FormCorrection = (
            EntryCorrection(recordings, participant, old)
            if isinstance(old, LoggedEntry)
            else FormCorrection(recordings, participant, old)
        )
        if isinstance(self.tab, FormCorrection):
            self.setMinimumHeight(_FORM_HEIGHT)
        self.tab.task.done.connect(self._finish)
        inside = column(self, 0, gap=0)
        inside.addWidget(self.tab, 1)
        self.cancel = button(person.CANCEL, self.reject, flat=True)
        self.cancel.setAutoDefault(False)  # Enter in a line saves
        foot = row()
        foot.setContentsMargins(MARGIN // 2, 0, MARGIN // 2, MARGIN // 2)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        inside.addLayout(foot)

    def _finish(self, lines: tuple[str, ...]) -> None:
        self.saved.emit("\n".join(lines))
        if isinstance(self.tab, FormCorrection) and self.tab.advice.text():
            self.cancel.setText(tr(forms.CLOSE))
            return
        self.accept()


class AcknowledgeDialog(QDialog):
    """Takes who of the staff has seen an answer and what was done; ``saved`` carries it in words."""

    saved = pyqtSignal(str)

    def __init__(self, recordings: Path, asked: AskedForm, line: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._recordings, self._asked = recordings, asked
        self.setWindowTitle(tr(person.ACKNOWLEDGE_TITLE))
        self.setMinimumWidth(_WIDTH)
        self.by, self.what = QLineEdit(), QLineEdit()
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.save = button(forms.SAVE, self._save, main=True)
        self._task: BackgroundTask[str] = BackgroundTask(self, "acknowledge")
        self._task.done.connect(self._finish)
        self._task.failed.connect(self._fail)
        form = QFormLayout()
        for text, field in ((person.ACKNOWLEDGED_BY, self.by), (person.ACKNOWLEDGED_DONE, self.what)):
            field.setAccessibleName(tr(text))
            field.textChanged.connect(self._update)
            form.addRow(tr(text), field)
        about = label(line)
        inside = column(self, MARGIN, gap=12)
        for each in (about, self.message):
            each.setWordWrap(True)
        inside.addWidget(about)
        inside.addLayout(form)
        inside.addWidget(self.message)
        cancel = button(person.CANCEL, self.reject, flat=True)
        cancel.setAutoDefault(False)
        foot = row(self.save, cancel)
        foot.addStretch(1)
        inside.addLayout(foot)
        self._update()

    def _update(self) -> None:
        complete = bool(self.by.text().strip() and self.what.text().strip())
        self.save.setEnabled(complete and not self._task.busy)

    def _save(self) -> None:
        self._task.start(
            partial(_acknowledge, self._recordings, self._asked, self.by.text().strip(), self.what.text().strip())
        )
        self._update()

    def _finish(self, said: str) -> None:
        self.saved.emit(said)
        self.accept()

    def _fail(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._update()


def _acknowledge(recordings: Path, asked: AskedForm, by: str, done: str, _handle: TaskHandle) -> str:
    acknowledge_answers(recordings, asked.answers.form, asked.hash, by=by, done=done)
    return tr(person.ACKNOWLEDGED, by=by)
