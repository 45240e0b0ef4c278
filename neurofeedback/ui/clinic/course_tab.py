"""The tab of a person's course: its plan with what is due, and the report."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PyQt6.QtCore import QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QWidget

from neurofeedback.texts import course, forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import course_report
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row
from neurofeedback.ui.widgets.task_button import TaskButton

if TYPE_CHECKING:
    from neurofeedback.analysis.course.course_plan import DueItem

Edition = Literal["clinic", "patient"]
ENTRY_OF = {"dose": "dose", "dose_end": "end", "vitals": "vitals", "ready": "ready"}
"""The kind of entry that does what is due, by its kind."""


class CourseTab(QWidget):
    """Lists the plan of a course; ``wanted`` carries the kind of entry and the form of an item that is to be done."""

    wanted = pyqtSignal(str, str)

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__()
        self._source = (recordings, participant)
        self.items: list[DueItem] = []
        self.plan = QListWidget()
        self.plan.setAccessibleName(tr(course.PLAN))
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.message.setWordWrap(True)
        self.do = button(course.DO_IT, self._emit_wanted, main=True)
        self.do.setAutoDefault(False)
        self.report = TaskButton(tr(course.REPORT))
        self.report.setAutoDefault(False)
        self.report.set_menu(
            {
                course.REPORT_CLINIC: partial(self._choose_file, "clinic"),
                course.REPORT_PATIENT: partial(self._choose_file, "patient"),
            }
        )
        self._read_task: BackgroundTask[list[DueItem]] = BackgroundTask(self, "plan")
        self._read_task.done.connect(self._show)
        self._read_task.failed.connect(self.message.setText)
        self.report.message.connect(self.message.setText)
        self.report.done.connect(self._open)
        self.plan.currentRowChanged.connect(self._update_do)
        self.plan.itemActivated.connect(lambda _item: self._emit_wanted())
        inside = column(self, MARGIN // 2, gap=8)
        inside.addWidget(self.plan, 1)
        inside.addWidget(self.message)
        foot = row(self.do, self.report)
        foot.addStretch(1)
        inside.addLayout(foot)
        self.refresh()

    def refresh(self) -> None:
        """Read the plan again, with what is done."""
        self._update_do()
        self._read_task.start(partial(_read_plan, *self._source))

    def _show(self, items: list[DueItem]) -> None:
        self.items = items
        self.plan.clear()
        for item in items:
            mark = tr(course.STATES[item.state]).strip()
            line = tr(course.DUE_LINE, mark=mark, due=f"{item.at:%Y-%m-%d %H:%M}", what=item.what)
            self.plan.addItem(QListWidgetItem(line))
        due = [at for at, item in enumerate(items) if item.state == "due"]
        self.plan.setCurrentRow(due[0] if due else -1)
        self._update_do()

    @property
    def _chosen(self) -> DueItem | None:
        at = self.plan.currentRow()
        return self.items[at] if 0 <= at < len(self.items) else None

    def _update_do(self) -> None:
        item = self._chosen
        self.do.setEnabled(item is not None and item.state != "done" and bool(item.form or item.kind in ENTRY_OF))

    def _emit_wanted(self) -> None:
        if (item := self._chosen) is not None and self.do.isEnabled():
            self.wanted.emit(ENTRY_OF.get(item.kind, ""), item.form)

    def _choose_file(self, edition: Edition) -> None:
        suggestion = Path.home() / f"{self._source[1]}-{edition}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr(course.REPORT_DIALOG), str(suggestion), options=QFileDialog.Option.DontConfirmOverwrite
        )
        if chosen:
            out = Path(chosen)
            self.write(edition, out if out.suffix else out.with_suffix(suggestion.suffix))

    def write(self, edition: Edition, out: Path) -> None:
        """Write the report to ``out`` in a helper thread, then open it."""
        self.message.setText(tr(course.WRITING))
        self.report.begin(partial(_write_report, *self._source, edition, out))

    def _open(self, path: Path) -> None:
        self.message.setText(tr(course_report.WRITTEN, path=path))
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _read_plan(recordings: Path, participant: str, _handle: TaskHandle) -> list[DueItem]:
    from neurofeedback.analysis.course.course_plan import due_items, read_course_data  # NumPy
    from neurofeedback.recording.facts.course_file import read_course

    plan = read_course(recordings, participant)
    return [] if plan is None else due_items(read_course_data(recordings, plan), datetime.now().astimezone())


def _write_report(recordings: Path, participant: str, edition: Edition, out: Path, _handle: TaskHandle) -> Path:
    from neurofeedback.report.course.course_page import read_course_content, write_course_report  # matplotlib

    return write_course_report(read_course_content(recordings, participant), out, edition=edition)
