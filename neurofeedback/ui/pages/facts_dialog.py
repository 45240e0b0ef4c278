"""The dialog for forms, facts of a session and an attendant's entries, opened from the History page."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from PyQt6.QtWidgets import QDialog, QMessageBox, QTabWidget, QWidget

from neurofeedback.recording.facts.course_file import course_path
from neurofeedback.recording.facts.form_records import unacknowledged_lines
from neurofeedback.recording.facts.forms import log_not_asked
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.settings.load import load_settings
from neurofeedback.texts import course, forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.clinic.course_tab import CourseTab
from neurofeedback.ui.device_names import is_simulated_device
from neurofeedback.ui.widgets.basic import MARGIN, ask_unsaved, button, column, label, row
from neurofeedback.ui.widgets.facts_tabs import EntryTab, FactsTab, FormTab

_MIN_SIZE = (720, 600)


class FactsDialog(QDialog):
    """Forms, facts and entries of a person; what is saved never replaces what was saved before.

    Closing it asks first if something is not saved.

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
        self.waiting = label(
            "\n".join(unacknowledged_lines(recordings, participant, command=False)), name=forms.WAITING_NAME
        )
        self.waiting.setWordWrap(True)
        self.waiting.setVisible(bool(self.waiting.text()))
        self.tabs = QTabWidget()
        self.form = FormTab(recordings, participant, session, wanted)
        self.tabs.addTab(self.form, tr(forms.TAB_FORM))
        self.entry = EntryTab(recordings, participant)
        self.tabs.addTab(self.entry, tr(forms.TAB_ENTRY))
        if session:
            self.facts = FactsTab(recordings, participant, session)
            self.tabs.addTab(self.facts, tr(forms.TAB_FACTS))
        self.course: CourseTab | None = None
        if course_path(recordings, participant).exists():
            self.course = CourseTab(recordings, participant)
            self.course.wanted.connect(self._do_due)
            self.tabs.addTab(self.course, tr(forms.TAB_COURSE))
            for tab in (self.form, self.entry):
                tab.task.done.connect(self.course.refresh)
        self.due = label(quiet=True, name=forms.DUE_NAME)
        self.due.setWordWrap(True)
        self.due.hide()
        self._due_task: BackgroundTask[str] = BackgroundTask(self, "due")
        self._due_task.done.connect(self._show_due)
        self._due_task.failed.connect(self._show_due)
        self._due_task.start(partial(_read_due, recordings, participant))
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

    @property
    def unsaved(self) -> bool:
        """Whether something is entered that is not saved."""
        tabs = (self.tabs.widget(at) for at in range(self.tabs.count()))
        return any(tab.unsaved for tab in tabs if isinstance(tab, FormTab | EntryTab | FactsTab))

    def done(self, a0: int) -> None:
        """Close; ask first if something is not saved."""
        if not self.unsaved:
            super().done(a0)
            return
        self.question = ask_unsaved(self, self.windowTitle(), lambda: super(FactsDialog, self).done(a0))

    def _do_due(self, kind: str, form: str) -> None:
        """Open the tab where what is due is done, with the kind of entry or the form."""
        self.tabs.setCurrentWidget(self.form if form else self.entry)
        if not form:
            self.entry.kind.setCurrentIndex(self.entry.kind.findData(kind))
            return
        if self.form.choice.findText(form) < 0:
            self.form.choice.addItem(form)
        self.form.choice.setCurrentText(form)

    def _show_due(self, text: str) -> None:
        self.due.setText(text)
        self.due.setVisible(bool(text))


def _read_due(recordings: Path, participant: str, _handle: TaskHandle) -> str:
    """Return what is due today in the person's course, a line each; empty without a course."""
    from neurofeedback.analysis.course.course_plan import due_items, read_course_data, todays_items  # NumPy
    from neurofeedback.recording.facts.course_file import read_course

    plan = read_course(recordings, participant)
    if plan is None:
        return ""
    now = datetime.now().astimezone()
    items = todays_items(due_items(read_course_data(recordings, plan), now), now)
    lines = [
        tr(course.DUE_LINE, mark=course.STATES[item.state].strip(), due=f"{item.at:%Y-%m-%d %H:%M}", what=item.what)
        for item in items
    ]
    return "\n".join(lines or [tr(course.NOTHING_DUE)])


def ask_forms(request: SessionConfig, result: SessionResult, parent: QWidget, asked: str = "") -> FactsDialog | None:
    """Open the forms that the profile wants after a session, without one that is asked already.

    Those before it, which the window does not ask, are logged.
    """
    if result.session_dir is None or is_simulated_device(request.device):
        return None
    wanted = load_settings(request.profile).questionnaires
    for form in wanted.before:
        log_not_asked(request.recordings, form, request.participant, tr(forms.NOT_ASKED_WINDOW))
    after = tuple(form for form in wanted.after if form != asked)
    if not after:
        return None
    session = result.session_dir.name.removeprefix("ses-")
    dialog = FactsDialog(request.recordings, request.participant, session, parent, after)
    dialog.open()
    return dialog
