"""The dialog for forms, facts, entries, course and record of a person, opened from the History page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDialog, QMessageBox, QTabWidget, QWidget

from neurofeedback.recording.facts.form_records import unacknowledged_lines
from neurofeedback.recording.facts.forms import log_not_asked
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.settings.load import load_settings
from neurofeedback.texts import course, forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import person
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.clinic.course_tab import CourseTab
from neurofeedback.ui.clinic.person_tab import PersonTab
from neurofeedback.ui.clinic.record_tab import RecordTab
from neurofeedback.ui.device_names import is_simulated_device
from neurofeedback.ui.widgets.basic import MARGIN, ask_unsaved, button, column, label, row
from neurofeedback.ui.widgets.facts_tabs import EntryTab, FactsTab, FormTab

_MIN_SIZE = (860, 600)


@dataclass(frozen=True, slots=True)
class _Today:
    """What waits for staff, and what is due in the person's course, a line each."""

    waiting: str
    due: str


class FactsDialog(QDialog):
    """Forms, facts and entries of a person; what is saved never replaces what was saved before.

    Closing it asks first if something is not saved. ``withdrawn`` says that data of the person were removed, and
    whether everything was.

    Parameters
    ----------
    recordings : Path
        The recordings folder.
    participant : str
        Label without ``sub-``.
    session : str
        Label of the chosen session without ``ses-``; empty for none, which hides its facts.
    wanted : tuple of str
        Forms that the profile wants after a session, first in the list; empty for all forms.
    """

    withdrawn = pyqtSignal(bool)

    def __init__(
        self,
        recordings: Path,
        participant: str,
        session: str = "",
        parent: QWidget | None = None,
        wanted: tuple[str, ...] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(forms.DIALOG_TITLE, participant=participant))
        self.setMinimumSize(*_MIN_SIZE)
        self._source = (recordings, participant)
        self._next: tuple[str, str] | None = None
        self.waiting = label(name=forms.WAITING_NAME)
        self.due = label(quiet=True, name=forms.DUE_NAME)
        for line in (self.waiting, self.due):
            line.setWordWrap(True)
            line.hide()
        self._read_task: BackgroundTask[_Today] = BackgroundTask(self, "due")
        self._read_task.done.connect(self._show_today)
        self._read_task.failed.connect(lambda sentence: self._show_today(_Today("", sentence)))
        self._make_tabs(session, wanted)
        self.refresh()
        inside = column(self, MARGIN, gap=12)
        inside.addWidget(self.waiting)
        inside.addWidget(self.due)
        inside.addWidget(self.tabs, 1)
        foot = row()
        foot.addStretch(1)
        close = button(forms.CLOSE, self.accept)
        close.setAutoDefault(False)  # Enter in a line saves
        foot.addWidget(close)
        inside.addLayout(foot)
        self.question: QMessageBox | None = None

    def _make_tabs(self, session: str, wanted: tuple[str, ...]) -> None:
        self.tabs = QTabWidget()
        self.form = FormTab(*self._source, session, wanted)
        self.entry = EntryTab(*self._source)
        self.course, self.record = CourseTab(*self._source), RecordTab(*self._source)
        self.person = PersonTab(*self._source)
        self.tabs.addTab(self.form, tr(forms.TAB_FORM))
        self.tabs.addTab(self.entry, tr(forms.TAB_ENTRY))
        if session:
            self.facts = FactsTab(*self._source, session)
            self.tabs.addTab(self.facts, tr(forms.TAB_FACTS))
        self.tabs.addTab(self.course, tr(forms.TAB_COURSE))
        self.tabs.addTab(self.record, tr(person.TAB_RECORD))
        self.tabs.addTab(self.person, tr(person.TAB_PERSON))
        self.tabs.currentChanged.connect(self._show_lines)
        self.course.wanted.connect(self._do_due)
        self.record.changed.connect(self.refresh)
        self.record.changed.connect(self.course.refresh)
        self.person.withdrawn.connect(self._withdraw)
        self.person.consented.connect(self.record.refresh)
        for tab in (self.form, self.entry):
            tab.task.done.connect(self._refresh_all)
            tab.task.done.connect(self._do_next)
            tab.task.failed.connect(self._do_next)

    def refresh(self) -> None:
        """Read again what waits for staff, and what is due."""
        self._read_task.start(partial(_read_today, *self._source))

    def _refresh_all(self) -> None:
        self.refresh()
        self.course.refresh()
        self.record.refresh()

    def _withdraw(self, everything: bool) -> None:
        """Leave only the tab with the receipt where nothing of the person is left."""
        if everything:
            for at in range(self.tabs.count()):
                self.tabs.setTabEnabled(at, self.tabs.widget(at) is self.person)
        self._refresh_all()
        self.withdrawn.emit(everything)

    @property
    def unsaved(self) -> bool:
        """Whether something is entered that is not saved."""
        tabs = (self.tabs.widget(at) for at in range(self.tabs.count()))
        return any(tab.unsaved for tab in tabs if isinstance(tab, FormTab | EntryTab | FactsTab | PersonTab))

    def done(self, a0: int) -> None:
        """Close; ask first if something is not saved."""
        if not self.unsaved:
            super().done(a0)
            return
        self.question = ask_unsaved(self, self.windowTitle(), lambda: super(FactsDialog, self).done(a0))

    def _do_due(self, kind: str, form: str) -> None:
        """Open the tab where what is due is done, with the kind of entry or the form; not before a save has ended."""
        tab = self.form if form else self.entry
        self.tabs.setCurrentWidget(tab)
        if tab.task.busy:
            self._next = (kind, form)
            return
        if not form:
            self.entry.kind.setCurrentIndex(self.entry.kind.findData(kind))
            return
        if self.form.choice.findText(form) < 0:
            self.form.choice.addItem(form)
        self.form.choice.setCurrentText(form)

    def _do_next(self) -> None:
        if self._next is not None:
            wanted, self._next = self._next, None
            self._do_due(*wanted)

    def _show_today(self, today: _Today) -> None:
        for line, text in ((self.waiting, today.waiting), (self.due, today.due)):
            line.setText(text)
        self._show_lines()

    def _show_lines(self) -> None:
        """Show the lines that hold something; the tab of the course lists what is due itself."""
        self.waiting.setVisible(bool(self.waiting.text()))
        self.due.setVisible(bool(self.due.text()) and self.tabs.currentWidget() is not self.course)


def _read_today(recordings: Path, participant: str, _handle: TaskHandle) -> _Today:
    from neurofeedback.analysis.course.course_plan import due_items, read_course_data, todays_items  # NumPy
    from neurofeedback.recording.facts.course_file import read_course

    waiting = "\n".join(unacknowledged_lines(recordings, participant, command=False))
    plan = read_course(recordings, participant)
    if plan is None:
        return _Today(waiting, "")
    now = datetime.now().astimezone()
    items = todays_items(due_items(read_course_data(recordings, plan), now), now)
    lines = [
        tr(course.DUE_LINE, mark=tr(course.STATES[item.state]).strip(), due=f"{item.at:%Y-%m-%d %H:%M}", what=item.what)
        for item in items
    ]
    return _Today(waiting, "\n".join(lines or [tr(course.NOTHING_DUE)]))


def ask_forms(
    request: SessionConfig, result: SessionResult, parent: QWidget, log: BackgroundTask[None], asked: str = ""
) -> FactsDialog | None:
    """Open the forms that the profile wants after a session, without one that is asked already.

    Those before it, which the window does not ask, are logged by the task.
    """
    if result.session_dir is None or is_simulated_device(request.device):
        return None
    wanted = load_settings(request.profile).questionnaires
    for form in wanted.before:
        log.enqueue(partial(_log_task, request.recordings, form, request.participant))
    after = tuple(form for form in wanted.after if form != asked)
    if not after:
        return None
    session = result.session_dir.name.removeprefix("ses-")
    dialog = FactsDialog(request.recordings, request.participant, session, parent, after)
    dialog.open()
    return dialog


def _log_task(recordings: Path, form: str, participant: str, _handle: TaskHandle) -> None:
    log_not_asked(recordings, form, participant, tr(forms.NOT_ASKED_WINDOW))
