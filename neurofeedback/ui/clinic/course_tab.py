"""The tab of a person's course: making and freezing it, its plan with what is due, and the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PyQt6.QtCore import QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from neurofeedback.texts import course, forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import course_report, person
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.clinic.new_course import (
    ContactsForm,
    CourseTemplate,
    NewCourse,
    read_templates,
    save_typed_contacts,
)
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row, scrolled
from neurofeedback.ui.widgets.task_button import TaskButton

if TYPE_CHECKING:
    from neurofeedback.analysis.course.course_plan import DueItem
    from neurofeedback.settings.clinic import ClinicContacts

_PLAN_HEIGHT = 160
Edition = Literal["clinic", "patient"]
ENTRY_OF = {"dose": "dose", "dose_end": "end", "vitals": "vitals", "ready": "ready"}
"""The kind of entry that does what is due, by its kind."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A person's course as it is now; without one the templates to make it from."""

    items: list[DueItem]
    notices: tuple[str, ...] = ()
    exists: bool = True
    frozen: bool = False
    contacts: ClinicContacts | None = None
    templates: tuple[CourseTemplate, ...] = ()


class CourseTab(QWidget):
    """Lists the plan of a course, or offers to make one.

    ``wanted`` carries the kind of entry and the form of an item that is to be done.
    """

    wanted = pyqtSignal(str, str)

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__()
        self._source = (recordings, participant)
        self.items: list[DueItem] = []
        self.plan = QListWidget()
        self.plan.setAccessibleName(tr(course.PLAN))
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.notices = label(quiet=True)
        for line in (self.message, self.notices):
            line.setWordWrap(True)
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
        self.freeze = button(person.FREEZE, self._freeze)
        self.freeze.setToolTip(tr(person.FREEZE_TIP))
        self.freeze.setAutoDefault(False)
        self.contacts = ContactsForm()
        self.contacts.hide()
        self.contacts.changed.connect(self._update_freeze)
        self._shown: _Plan | None = None
        self.new = NewCourse(recordings, participant)
        self.new.made.connect(self._show_made)
        self._read_task: BackgroundTask[_Plan] = BackgroundTask(self, "plan")
        self._read_task.done.connect(self._show)
        self._read_task.failed.connect(self.notices.setText)
        self._freeze_task: BackgroundTask[Path] = BackgroundTask(self, "freeze")
        self._freeze_task.done.connect(self._show_frozen)
        self._freeze_task.failed.connect(self._fail_freezing)
        self.report.message.connect(self.message.setText)
        self.report.done.connect(self._open)
        self.plan.currentRowChanged.connect(self._update_do)
        self.plan.itemActivated.connect(lambda _item: self._emit_wanted())
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        upper, page = QWidget(), QWidget()
        above = column(upper, gap=8)
        above.addWidget(self.plan, 1)
        above.addWidget(self.notices)
        above.addWidget(self.contacts)
        self.plan.setMinimumHeight(_PLAN_HEIGHT)
        inside = column(page, gap=8)
        inside.addWidget(scrolled(upper), 1)
        inside.addWidget(self.message)
        foot = row(self.do, self.freeze, self.report)
        foot.addStretch(1)
        inside.addLayout(foot)
        self._pages = QStackedWidget()
        self._pages.addWidget(page)
        self._pages.addWidget(scrolled(self.new))
        column(self, MARGIN // 2).addWidget(self._pages)

    def refresh(self) -> None:
        """Read the plan again, with what is done."""
        self._update_do()
        self._update_freeze()
        self._read_task.start(partial(_read_plan, *self._source))

    def _show(self, plan: _Plan) -> None:
        self._shown, self.items = plan, plan.items
        self._pages.setCurrentIndex(0 if plan.exists else 1)
        if not plan.exists:
            self.new.show_templates(plan.templates, plan.contacts)
            return
        self.notices.setText("\n".join(plan.notices))
        self.notices.setVisible(bool(plan.notices))
        self.plan.clear()
        for item in plan.items:
            mark = tr(course.STATES[item.state]).strip()
            line = tr(course.DUE_LINE, mark=mark, due=f"{item.at:%Y-%m-%d %H:%M}", what=item.what)
            self.plan.addItem(QListWidgetItem(line))
        due = [at for at, item in enumerate(plan.items) if item.state == "due"]
        self.plan.setCurrentRow(due[0] if due else -1)
        self.contacts.setVisible(plan.contacts is None)
        self._update_do()
        self._update_freeze()

    def _show_made(self, path: Path) -> None:
        self.message.setText(tr(person.MADE, path=path))
        self.refresh()

    def _update_freeze(self) -> None:
        plan = self._shown
        self.freeze.setVisible(plan is not None and not plan.frozen)
        with_contacts = plan is not None and (plan.contacts is not None or all(self.contacts.values()))
        self.freeze.setEnabled(with_contacts and not self._freeze_task.busy)

    def _freeze(self) -> None:
        self._freeze_task.start(partial(_freeze_course, *self._source, self.contacts.values()))
        self._update_freeze()

    def _show_frozen(self, _path: Path) -> None:
        self.message.setText(tr(person.FROZEN))
        self.refresh()

    def _fail_freezing(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._update_freeze()

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


def _read_plan(recordings: Path, participant: str, _handle: TaskHandle) -> _Plan:
    from neurofeedback.analysis.course.course_plan import due_items, read_course_data  # NumPy
    from neurofeedback.recording.facts.course_file import changed_since_frozen, check_course, lock_path, read_course
    from neurofeedback.settings.load import load_contacts

    known = load_contacts()
    plan = read_course(recordings, participant)
    if plan is None:
        return _Plan([], exists=False, contacts=known, templates=read_templates())
    notices = check_course(plan if plan.contacts else plan.model_copy(update={"contacts": known}))
    if changed := changed_since_frozen(recordings, participant):
        notices.insert(0, tr(course.CHANGED_SINCE_FROZEN, what=", ".join(changed)))
    return _Plan(
        due_items(read_course_data(recordings, plan), datetime.now().astimezone()),
        tuple(notices),
        frozen=lock_path(recordings, participant).exists(),
        contacts=plan.contacts or known,
    )


def _freeze_course(recordings: Path, participant: str, contacts: tuple[str, str, str], _handle: TaskHandle) -> Path:
    from neurofeedback.recording.facts.course_file import freeze_course

    save_typed_contacts(contacts)
    return freeze_course(recordings, participant)


def _write_report(recordings: Path, participant: str, edition: Edition, out: Path, _handle: TaskHandle) -> Path:
    from neurofeedback.report.course.course_page import read_course_content, write_course_report  # matplotlib

    return write_course_report(read_course_content(recordings, participant), out, edition=edition)
