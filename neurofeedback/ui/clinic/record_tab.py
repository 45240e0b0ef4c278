"""The tab of a person's record: all answers and entries by time, each of which can be corrected or acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QListWidget, QWidget

from neurofeedback.recording.facts.entries import LoggedEntry, read_entries
from neurofeedback.recording.facts.entry_parsing import format_entry
from neurofeedback.recording.facts.form_records import AskedForm, read_all_forms, unacknowledged
from neurofeedback.texts import forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import person
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.clinic.correction import AcknowledgeDialog, CorrectionDialog
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A line of the record: what was saved, as it is shown, and whether staff are to acknowledge it."""

    saved: LoggedEntry | AskedForm
    text: str
    waits: bool = False


class RecordTab(QWidget):
    """Lists what was entered and answered; ``changed`` follows a correction or an acknowledgement."""

    changed = pyqtSignal()

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__()
        self._source = (recordings, participant)
        self.lines: list[RecordLine] = []
        self.dialog: CorrectionDialog | AcknowledgeDialog | None = None
        self.record = QListWidget()
        self.record.setAccessibleName(tr(person.RECORD_NAME))
        self.record.setWordWrap(True)
        self.record.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.message.setWordWrap(True)
        self.correct = button(person.CORRECT, self._correct, main=True)
        self.correct.setToolTip(tr(person.CORRECT_TIP))
        self.acknowledge = button(person.ACKNOWLEDGE, self._acknowledge)
        for each in (self.correct, self.acknowledge):
            each.setAutoDefault(False)
        self._task: BackgroundTask[list[RecordLine]] = BackgroundTask(self, "record")
        self._task.done.connect(self._show)
        self._task.failed.connect(self.message.setText)
        self.record.currentRowChanged.connect(self._update)
        self.record.itemActivated.connect(lambda _item: self._correct())
        inside = column(self, MARGIN // 2, gap=8)
        inside.addWidget(self.record, 1)
        inside.addWidget(self.message)
        foot = row(self.correct, self.acknowledge)
        foot.addStretch(1)
        inside.addLayout(foot)
        self.refresh()

    def refresh(self) -> None:
        """Read the record again."""
        self._task.start(partial(_read_lines, *self._source))

    def _show(self, lines: list[RecordLine]) -> None:
        self.lines = lines
        self.record.clear()
        self.record.addItems([line.text for line in lines])
        if not lines:
            self.message.setText(tr(person.NO_RECORD))
        self.record.setCurrentRow(len(lines) - 1)
        self.record.scrollToBottom()
        self._update()

    @property
    def _chosen(self) -> RecordLine | None:
        at = self.record.currentRow()
        return self.lines[at] if 0 <= at < len(self.lines) else None

    def _update(self) -> None:
        line = self._chosen
        self.correct.setEnabled(line is not None and not line.saved.superseded_by)
        self.acknowledge.setEnabled(line is not None and line.waits)

    def _correct(self) -> None:
        if (line := self._chosen) is not None and self.correct.isEnabled():
            self._open(CorrectionDialog(*self._source, line.saved, line.text, self))

    def _acknowledge(self) -> None:
        if (line := self._chosen) is not None and isinstance(line.saved, AskedForm):
            self._open(AcknowledgeDialog(self._source[0], line.saved, line.text, self))

    def _open(self, dialog: CorrectionDialog | AcknowledgeDialog) -> None:
        self.dialog = dialog
        dialog.saved.connect(self._finish)
        dialog.open()

    def _finish(self, said: str) -> None:
        self.message.setText(said)
        self.refresh()
        self.changed.emit()


def _read_lines(recordings: Path, participant: str, _handle: TaskHandle) -> list[RecordLine]:
    waiting = {asked.hash for asked, _ in unacknowledged(recordings, participant)}
    found: list[tuple[datetime, RecordLine]] = []
    for one in read_entries(recordings, participant, corrected=True):
        said = tr(person.ENTRY_LINE, at=_moment(one.at), entry=format_entry(one.line.entry))
        said += _more(one.line.by, one.line.supersedes, one.line.reason, one.superseded_by)
        found.append((one.at, RecordLine(one, said)))
    for one in read_all_forms(recordings, participant):
        answers, at = one.answers, _moment(one.asked_at)
        if answers.score is None:
            said = tr(person.ANSWERS_WITHOUT_SCORE, at=at, form=answers.form)
        else:
            said = tr(person.ANSWERS_LINE, at=at, form=answers.form, score=answers.score)
        by = "" if answers.asked_by == "self" else answers.asked_by
        said += _more(by, answers.supersedes, answers.reason, one.superseded_by)
        said += tr(person.TO_ACKNOWLEDGE) if one.hash in waiting else ""
        found.append((one.asked_at, RecordLine(one, said, waits=one.hash in waiting)))
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _more(by: str, supersedes: str, reason: str, superseded_by: str) -> str:
    """Return who saved a line, and whether it is a correction or is corrected."""
    return "".join(
        (
            tr(person.BY_WHOM, by=by) if by else "",
            tr(person.CORRECTION, reason=reason) if supersedes else "",
            tr(person.CORRECTED) if superseded_by else "",
        )
    )
