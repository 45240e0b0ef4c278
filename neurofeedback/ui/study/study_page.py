"""The experimenter's page: who is due today, what comes next for the chosen person, and one button that does it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHeaderView,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.study.agenda import Agenda, PersonAgenda, StepKind, VisitStep
from neurofeedback.study.schedule import VisitState, VisitStatus, visit_deviations
from neurofeedback.texts import home, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study_page
from neurofeedback.ui.app_state import StudyOpening
from neurofeedback.ui.background import BackgroundTask
from neurofeedback.ui.device_names import device_title
from neurofeedback.ui.study.visit_dialogs import ConfirmDialog, GuessDialog, VisitFormDialog
from neurofeedback.ui.study.visit_tasks import link_forms, now, open_session, read_study
from neurofeedback.ui.study.visit_texts import (
    day_text,
    end_text,
    next_text,
    row_texts,
    state_text,
    step_line,
    visit_text,
)
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, ComboBox, bind_key, button, column, label, row

_LIST_WIDTH = 430
_SITTING = {StepKind.CONTACT, StepKind.SITTING}
_BEFORE = {StepKind.FORM_BEFORE, *_SITTING}
_ORDER = {VisitState.LATE: 1, VisitState.DUE: 1, VisitState.LATER: 3}


class StudyPage(QWidget):
    """Lists the people of a study, and leads through the steps of a visit; ``begun`` carries its session.

    The person is confirmed by their number before anything is stored under it.
    """

    left = pyqtSignal()
    begun = pyqtSignal(object)

    def __init__(self, opening: StudyOpening) -> None:
        super().__init__()
        self.opening = opening
        self.agenda: Agenda | None = None
        self._rows: list[PersonAgenda] = []
        self._wanted = (opening.participant, opening.visit)
        self._confirmed: tuple[str, str] | None = None
        self._deviation = ""
        self._again = False
        self._device = ""
        self._end = ""
        self.dialog: ConfirmDialog | VisitFormDialog | GuessDialog | None = None
        self._title = label(large=True)
        self._today = label(quiet=True)
        self._headset = label(quiet=True)
        self.people = QTableWidget(0, 3)
        self._person = label(large=True)
        self._state = label()
        self.visit = ComboBox()
        self._instruction = label()
        self._steps = label(name=study_page.STEPS)
        self.message = label(live=True, name=window.MESSAGE)
        self.next_button = button(study_page.NOTHING_LEFT, self.go_on, main=True)
        self.again_button = button(study_page.AGAIN, self.record_again, flat=True)
        self._read_task: BackgroundTask[tuple[Agenda, bool]] = BackgroundTask(self, "study")
        self._open_task: BackgroundTask[SessionConfig] = BackgroundTask(self, "visit")
        self._link_task: BackgroundTask[None] = BackgroundTask(self, "forms")
        self._lay_out()
        self._connect()

    def _connect(self) -> None:
        self._read_task.done.connect(self._show_read)
        self._read_task.failed.connect(self._show_failure)
        self._open_task.done.connect(self._begin)
        self._open_task.failed.connect(self._show_failure)
        self._link_task.done.connect(lambda _nothing: self._read())
        self._link_task.failed.connect(self._link_failed)
        self.people.itemSelectionChanged.connect(self._choose_person)
        self.people.activated.connect(lambda _index: self.go_on())
        self.visit.currentIndexChanged.connect(self._choose_visit)
        bind_key(self, "Esc", self.left.emit)

    def _lay_out(self) -> None:
        self.people.setHorizontalHeaderLabels(
            [tr(one) for one in (study_page.COLUMN_PERSON, study_page.COLUMN_VISIT, study_page.COLUMN_STATE)]
        )
        self.people.setAccessibleName(tr(study_page.PEOPLE))
        self.people.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.people.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.people.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.people.setShowGrid(False)
        self.people.setTabKeyNavigation(False)
        if (rows := self.people.verticalHeader()) is not None:
            rows.hide()
        if (heads := self.people.horizontalHeader()) is not None:
            heads.setStretchLastSection(True)
            heads.setHighlightSections(False)
            heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            heads.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
            heads.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.people.setMinimumWidth(_LIST_WIDTH)
        middle = row(self.people, self._panel(), gap=MARGIN)
        middle.setStretch(0, 1)
        middle.setStretch(1, 1)
        inside = column(gap=10)
        inside.setContentsMargins(MARGIN, MARGIN - 8, MARGIN, 0)
        inside.addWidget(self._title)
        head = row(self._today, self._headset, gap=MARGIN)
        head.setStretch(0, 1)
        inside.addLayout(head)
        inside.addLayout(middle, 1)
        for line in (self._today, self._state, self._instruction, self._steps, self.message):
            line.setWordWrap(True)
        inside.addWidget(self.message)
        foot = row(self.next_button, self.again_button)
        foot.addStretch(1)
        foot.addWidget(button(window.HOME, self.left.emit, flat=True))
        foot.setContentsMargins(MARGIN, 6, FLAT_MARGIN, FLAT_MARGIN)
        outer = column(self, gap=0)
        outer.addLayout(inside, 1)
        outer.addLayout(foot)

    def _panel(self) -> QWidget:
        """Return the right side: the chosen person, their visit and its steps."""
        panel = QFrame()
        panel.setObjectName("panel")
        lines = column(panel, 20, gap=8)
        lines.addWidget(self._person)
        self.visit.setAccessibleName(tr(study_page.COLUMN_VISIT))
        self._details = QWidget()
        inside = column(self._details, gap=10)
        for part in (self.visit, self._state, self._instruction, self._steps):
            inside.addWidget(part)
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidget(self._details)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        lines.addWidget(area, 1)
        return panel

    @property
    def busy(self) -> bool:
        """Whether the study is being read, or a visit opened."""
        return self._read_task.busy or self._open_task.busy or self._link_task.busy

    def activate(self) -> None:
        """Read the study again, and take the keyboard focus."""
        self._end = ""
        self.message.setText(tr(study_page.READING))
        self._update()
        self._read()
        self.people.setFocus()

    def finish(self, result: SessionResult) -> None:
        """Show how a sitting ended, join its forms to it, and go on with the steps that are left."""
        self._again, self._end = False, end_text(result)
        self.message.setText(self._end)
        status = self.chosen_visit
        self._update()
        if result.session_dir is None or status is None:
            self._read()
            return
        session = result.session_dir.name.removeprefix("ses-")
        self._link_task.enqueue(partial(link_forms, self.opening.base.recordings, status, session))
        self.next_button.setFocus()

    def cancel(self) -> None:
        """Stop reading; what is being saved is still saved."""
        self._read_task.cancel()
        self._open_task.cancel()

    def show_device(self, device: str, search: str) -> None:
        """Show the headset of the next visit, or the state of the search for one."""
        self._device = device
        text = tr(study_page.HEADSET, device=device_title(device)) if device else search or tr(study_page.NO_HEADSET)
        self._headset.setText(text)
        self._update()

    @property
    def chosen_visit(self) -> VisitStatus | None:
        """The chosen visit of the chosen person."""
        person = self._chosen_person
        at = self.visit.currentIndex()
        return person.visits[at] if person is not None and 0 <= at < len(person.visits) else None

    @property
    def _chosen_person(self) -> PersonAgenda | None:
        at = self.people.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    @property
    def _next_step(self) -> VisitStep | None:
        status = self.chosen_visit
        if self.agenda is None or status is None:
            return None
        return self.agenda.next_step(status, again=self._again)

    def _read(self) -> None:
        self._read_task.start(partial(read_study, self.opening.base.recordings))

    def _show_read(self, found: tuple[Agenda, bool]) -> None:
        agenda, broke_off = found
        given = self.opening.participant
        text = "" if agenda.people else tr(study_page.NOBODY)
        if agenda.people and given and not any(_is_number(one, given) for one in agenda.people):
            text = tr(study_page.NOT_ENROLLED, participant=given)
        if agenda.is_unlocked:
            text = tr(study_page.UNLOCKED)
        elif broke_off:
            text = tr(study_page.BROKE_OFF if agenda.protocol.masked else home.UNFINISHED_COMPLETED)
        self.message.setText(self._end or text)
        self._show_agenda(agenda)

    def _show_agenda(self, agenda: Agenda) -> None:
        chosen, status = self._chosen_person, self.chosen_visit
        if chosen is not None and status is not None:
            self._wanted = (chosen.enrolment.participant, status.visit.name)
        self.agenda = agenda
        self._rows = sorted(agenda.people, key=lambda one: self._urgency(agenda, one))
        n_due = 0 if agenda.is_unlocked else sum(self._urgency(agenda, one)[0] < 3 for one in self._rows)
        self._title.setText(tr(study_page.TITLE, name=agenda.protocol.name))
        day = day_text(agenda.today, study_page.DAY_FORMAT)
        self._today.setText(tr(study_page.TODAY, day=day, n=n_due, people=len(self._rows)))
        self.people.blockSignals(True)
        self.people.setRowCount(len(self._rows))
        for at, person in enumerate(self._rows):
            for place, text in enumerate(row_texts(agenda, person)):
                self.people.setItem(at, place, QTableWidgetItem(text))
        wanted = next((at for at, one in enumerate(self._rows) if _is_number(one, self._wanted[0])), 0)
        self.people.selectRow(wanted)
        self.people.blockSignals(False)
        self._choose_person()

    @staticmethod
    def _urgency(agenda: Agenda, person: PersonAgenda) -> tuple[int, str]:
        """Return the place of a person in the list: to finish, due, first visit, later, all done."""
        status, number = agenda.current(person), person.enrolment.participant
        if status is None:
            return 4, number
        if status.sessions:
            return 0, number
        return (2 if status.first is None and status.state is VisitState.DUE else _ORDER[status.state]), number

    def _choose_person(self) -> None:
        person, agenda = self._chosen_person, self.agenda
        if person is None or agenda is None:
            self._update()
            return
        names = [status.visit.name for status in person.visits]
        current = agenda.current(person)
        wanted = self._wanted[1] if _is_number(person, self._wanted[0]) and self._wanted[1] in names else ""
        self._wanted = ("", "")
        self.visit.blockSignals(True)
        self.visit.clear()
        for status in person.visits:
            self.visit.addItem(visit_text(status, len(names)), status.visit.name)
        self.visit.setCurrentIndex(names.index(wanted or (names[-1] if current is None else current.visit.name)))
        self.visit.blockSignals(False)
        self._choose_visit()

    def _choose_visit(self) -> None:
        status = self.chosen_visit
        if status is not None and self._confirmed not in {None, (status.participant, status.visit.name)}:
            self._confirmed, self._again = None, False
        self._update()

    def _update(self) -> None:
        """Show the chosen visit with its steps, and what the buttons do."""
        person, status, agenda = self._chosen_person, self.chosen_visit, self.agenda
        self._details.setVisible(status is not None)
        step = self._next_step
        self.next_button.setText(tr(next_text(step)))
        self.next_button.setAccessibleName(self.next_button.text().replace("&", ""))
        is_over = agenda is not None and agenda.is_unlocked
        can_do = step is not None and bool(self._device or step.kind not in _SITTING)
        can_do = can_do and not (is_over and step is not None and step.kind in _BEFORE)
        self.next_button.setVisible(status is not None)
        self.next_button.setEnabled(can_do and not self.busy)
        self.again_button.setVisible(status is not None and bool(status.sessions) and not self._again and not is_over)
        if person is None or status is None or agenda is None:
            self._person.setText("")
            return
        self._person.setText(tr(study_page.PERSON, participant=status.participant))
        lines = [tr(study_page.STATE, state=state_text(agenda, status))]
        if (status.participant, status.visit.name) in agenda.broke_off and not self._again:
            lines.append(tr(study_page.VISIT_BROKE_OFF))
        self._state.setText("\n".join(lines))
        text = agenda.protocol.instruction(person.enrolment.open_part).text
        self._instruction.setText(tr(study_page.INSTRUCTION, text=text))
        steps = agenda.steps(status, again=self._again)
        self._steps.setText("\n".join(step_line(one, is_next=one == step) for one in steps))

    def go_on(self) -> None:
        """Do the next step of the chosen visit, once its person is confirmed."""
        status, step = self.chosen_visit, self._next_step
        if status is None or step is None or self.agenda is None or self.busy:
            return
        if self._confirmed == (status.participant, status.visit.name):
            self._do(status, step)
            return
        reasons = visit_deviations(status, self.agenda.today) if step.kind in _BEFORE else ()
        n_visits, given = len(self.agenda.protocol.visits), self.opening
        is_given = (given.participant, given.visit or status.visit.name) == (status.participant, status.visit.name)
        why = given.deviation if is_given else ""
        self._open(ConfirmDialog(status, n_visits, reasons, why, self), self._confirm)

    def record_again(self) -> None:
        """Begin the steps of a visit that was recorded already once more, from the forms on."""
        self._again, self._confirmed, self._end = True, None, ""
        self.message.setText("")
        self._update()
        self.go_on()

    def _open(self, dialog: ConfirmDialog | VisitFormDialog | GuessDialog, accepted: Callable[[], object]) -> None:
        self.dialog = dialog
        dialog.accepted.connect(accepted)
        dialog.finished.connect(self._dialog_closed)
        dialog.open()

    def _dialog_closed(self, result: int) -> None:
        if result != QDialog.DialogCode.Accepted and self._confirmed is None:
            self._again = False
            self._update()
        self.next_button.setFocus()

    def _confirm(self) -> None:
        status = self.chosen_visit
        if status is None or not isinstance(self.dialog, ConfirmDialog):
            return
        self._confirmed = (status.participant, status.visit.name)
        self._deviation = self.dialog.deviation
        self.go_on()

    def _do(self, status: VisitStatus, step: VisitStep) -> None:
        root = self.opening.base.recordings
        if step.kind in _SITTING:
            self._end = ""
            self.message.setText(tr(study_page.OPENING))
            self._open_task.start(partial(open_session, self.opening.base, status, self._deviation))
            self._update()
        elif step.form:
            session = status.sessions[-1] if step.kind is StepKind.FORM_AFTER else ""
            dialog = VisitFormDialog(root, status, step, session, self)
            self._open(dialog, partial(self._note_form, status, step))
        else:
            self._open(GuessDialog(root, status, step.kind, self), self._read)

    def _note_form(self, status: VisitStatus, step: VisitStep) -> None:
        """Mark a form as done that was answered or left out."""
        if self.agenda is not None:
            when = "before" if step.kind is StepKind.FORM_BEFORE else "after"
            self._show_agenda(self.agenda.with_form(status, step.form, when, now()))

    def _begin(self, config: SessionConfig) -> None:
        self.message.setText("")
        self._update()
        self.begun.emit(config)

    def _show_failure(self, sentence: str) -> None:
        self.message.setText(sentence)
        self._update()

    def _link_failed(self, sentence: str) -> None:
        self._end = f"{self._end} {sentence}".strip()
        self._read()


def _is_number(person: PersonAgenda, typed: str) -> bool:
    """Return whether a number is that of a person, also with other leading zeros."""
    return typed.isascii() and typed.isdigit() and int(typed) == int(person.enrolment.participant)
