"""The tab of a person's consent, pseudonymized export and withdrawal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QFileDialog, QFormLayout, QFrame, QHBoxLayout, QLineEdit, QMessageBox, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording.facts.entries import read_entries, save_consent
from neurofeedback.recording.facts.entry_models import Consent
from neurofeedback.study.privacy.pseudonymize import export_pseudonymized
from neurofeedback.study.privacy.withdraw import EVERYTHING, Withdrawal, parse_first_day, withdraw_participant
from neurofeedback.texts import course, forms
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.clinic import person
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row, scrolled
from neurofeedback.ui.widgets.task_button import TaskButton


@dataclass(frozen=True, slots=True)
class _Saved:
    """Lines about all consents, and what has just been saved, in words."""

    consents: tuple[str, ...]
    message: str = ""


class PersonTab(QWidget):
    """Enters consent, exports with codes, and withdraws a person.

    ``consented`` follows a consent that was saved; ``withdrawn`` says whether everything was removed.
    """

    consented = pyqtSignal()
    withdrawn = pyqtSignal(bool)

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__()
        self._source = (recordings, participant)
        self.question: QMessageBox | None = None
        self.consents, self.message = label(name=person.CONSENTS), label(live=True, name=forms.MESSAGE_NAME)
        self.version, self.day, self.by = QLineEdit(), QLineEdit(), QLineEdit()
        self.day.setPlaceholderText(tr(person.TODAY))
        self.save = button(person.SAVE_CONSENT, self._save, main=True)
        self.export = TaskButton(tr(person.EXPORT))
        self.export.setToolTip(tr(person.EXPORT_TIP))
        self.since, self.why, self.move_them = QLineEdit(), QLineEdit(), QCheckBox(tr(person.MOVE))
        self.since.setPlaceholderText(tr(person.EVERYTHING))
        self.withdraw = button(person.WITHDRAW, self._ask)
        for each in (self.save, self.export, self.withdraw):
            each.setAutoDefault(False)  # Enter in a line does nothing that cannot be undone
        self._consent_task: BackgroundTask[_Saved] = BackgroundTask(self, "consent")
        self._consent_task.done.connect(self._show_consents)
        self._consent_task.failed.connect(self._fail)
        self._withdraw_task: BackgroundTask[Withdrawal] = BackgroundTask(self, "withdraw")
        self._withdraw_task.done.connect(self._show_receipt)
        self._withdraw_task.failed.connect(self._fail)
        self.export.requested.connect(self._choose_files)
        self.export.message.connect(self.message.setText)
        self.export.done.connect(self._show_export)
        self.version.textChanged.connect(self._update)
        self.version.returnPressed.connect(self.save.click)
        self._lay_out()
        self._consent_task.start(partial(_read_consents, *self._source))
        self._update()

    def _lay_out(self) -> None:
        page = QWidget()
        inside = column(page, MARGIN // 2, gap=8)
        column(self, gap=0).addWidget(scrolled(page))
        inside.addWidget(self.consents)
        inside.addLayout(_form((person.VERSION, self.version), (person.CONSENT_DAY, self.day), (person.BY, self.by)))
        inside.addLayout(_foot(self.save, self.export))
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        what = label(tr(person.WITHDRAWAL, participant=self._source[1]), quiet=True)
        for each in (self.consents, what, self.message):
            each.setWordWrap(True)
        inside.addWidget(line)
        inside.addWidget(what)
        inside.addLayout(_form((person.FROM_DAY, self.since), (person.WHY, self.why)))
        inside.addWidget(self.move_them)
        inside.addLayout(_foot(self.withdraw))
        inside.addWidget(self.message)
        inside.addStretch(1)

    @property
    def busy(self) -> bool:
        """Whether something is being saved, exported or removed."""
        return self._consent_task.busy or self._withdraw_task.busy or self.export.busy

    @property
    def unsaved(self) -> bool:
        """Whether a consent is typed that is not saved."""
        return bool(self.version.text().strip())

    def _update(self) -> None:
        self.save.setEnabled(self.unsaved and not self._consent_task.busy)
        self.withdraw.setEnabled(not self._withdraw_task.busy)

    def _save(self) -> None:
        if not self.save.isEnabled():
            return
        self._consent_task.start(
            partial(
                _save_consent,
                *self._source,
                self.version.text().strip(),
                self.day.text().strip(),
                self.by.text().strip(),
            )
        )
        self._update()

    def _show_consents(self, saved: _Saved) -> None:
        self.consents.setText("\n".join(saved.consents) or tr(person.NO_CONSENT))
        if saved.message:
            self.version.clear()
            self.day.clear()
            self.message.setText(saved.message)
            self.consented.emit()
        self._update()

    def _fail(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._update()

    def _choose_files(self) -> None:
        home, no_question = Path.home(), QFileDialog.Option.DontConfirmOverwrite
        out, _ = QFileDialog.getSaveFileName(self, tr(person.EXPORT_FOLDER), str(home / "export"), options=no_question)
        if not out:
            return
        key, _ = QFileDialog.getSaveFileName(
            self, tr(person.EXPORT_KEY), str(home / "codes.json"), options=no_question
        )  # a key that exists is used again
        if key:
            self.write(Path(out), Path(key))

    def write(self, out: Path, key: Path) -> None:
        """Export to the folder ``out`` in a helper thread, with the codes of ``key``."""
        self.message.setText(tr(person.EXPORTING))
        self.export.begin(partial(_export, *self._source, out, key))

    def _show_export(self, files: tuple[Path, Path]) -> None:
        self.message.setText(tr(course.EXPORTED, folder=files[0], key=files[1]))

    def _ask(self) -> None:
        """Ask whether the data are to be removed; keeping them is preset."""
        try:
            since = parse_first_day(self.since.text().strip() or EVERYTHING)
        except NeurofeedbackError as error:
            self.message.setText(error_text(error))
            return
        name = self._source[1]
        if since is None:
            text = tr(person.WITHDRAW_EVERYTHING, participant=name)
        else:
            text = tr(person.WITHDRAW_FROM, participant=name, day=since.isoformat())
        box = QMessageBox(
            QMessageBox.Icon.Warning, tr(person.TAB_PERSON), text, QMessageBox.StandardButton.NoButton, self
        )
        remove = box.addButton(tr(person.WITHDRAW_NOW), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(tr(person.KEEP), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.buttonClicked.connect(lambda chosen: self._remove(since) if chosen is remove else None)
        self.question = box
        box.open()

    def _remove(self, since: date | None) -> None:
        self.message.setText(tr(person.WITHDRAWING))
        self._withdraw_task.enqueue(
            partial(
                _withdraw,
                *self._source,
                since,
                move=self.move_them.isChecked(),
                by=self.by.text().strip(),
                why=self.why.text().strip(),
            )
        )
        self._update()

    def _show_receipt(self, done: Withdrawal) -> None:
        self.message.setText(
            tr(
                course.WITHDRAWN,
                participant=self._source[1],
                n_files=done.n_files,
                n_lines=done.n_lines,
                receipt=done.receipt,
            )
        )
        everything = not self.since.text().strip()
        self._consent_task.start(partial(_read_consents, *self._source))
        self._update()
        self.withdrawn.emit(everything)


def _form(*lines: tuple[str, QLineEdit]) -> QFormLayout:
    form = QFormLayout()
    for text, line in lines:
        line.setAccessibleName(tr(text))
        form.addRow(tr(text), line)
    return form


def _foot(*buttons: QWidget) -> QHBoxLayout:
    foot = row(*buttons)
    foot.addStretch(1)
    return foot


def _read_consents(recordings: Path, participant: str, _handle: TaskHandle) -> _Saved:
    return _Saved(_consent_lines(recordings, participant))


def _consent_lines(recordings: Path, participant: str) -> tuple[str, ...]:
    return tuple(
        tr(person.CONSENT_LINE, version=one.line.entry.version, at=f"{one.at:%Y-%m-%d}")
        for one in read_entries(recordings, participant)
        if isinstance(one.line.entry, Consent)
    )


def _save_consent(recordings: Path, participant: str, version: str, day: str, by: str, _handle: TaskHandle) -> _Saved:
    at, notices = save_consent(recordings, participant, version, day=day, by=by)
    said = tr(course.CONSENT_SAVED, version=version, at=f"{at:%Y-%m-%d}")
    return _Saved(_consent_lines(recordings, participant), "\n".join((said, *notices)))


def _export(recordings: Path, participant: str, out: Path, key: Path, _handle: TaskHandle) -> tuple[Path, Path]:
    export_pseudonymized(recordings, [participant], out, key)
    return out, key


def _withdraw(
    recordings: Path, participant: str, since: date | None, _handle: TaskHandle, *, move: bool, by: str, why: str
) -> Withdrawal:
    return withdraw_participant(recordings, participant, since=since, move=move, by=by, why=why)
