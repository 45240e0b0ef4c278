"""Tabs to answer a form, enter what an attendant sees, and set the facts of a session."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QScrollArea, QWidget

from neurofeedback.errors import NeurofeedbackError, SettingsError
from neurofeedback.recording.facts.entries import LoggedEntry, minutes_since_dose, read_entries, save_entry
from neurofeedback.recording.facts.entry_models import (
    AdverseEvent,
    AnyEntry,
    AttendantNote,
    Consent,
    DoseEnd,
    Medicine,
    ReadyToLeave,
    StopSound,
)
from neurofeedback.recording.facts.entry_parsing import format_entry, parse_dose, parse_vitals
from neurofeedback.recording.facts.form_records import AskedWhen
from neurofeedback.recording.facts.forms import SavedForm, save_answers
from neurofeedback.recording.facts.merge_entries import merge_into_recordings
from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts, update_facts
from neurofeedback.recording.facts.time_zero import parse_clock
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import available, load_contacts, load_questionnaire
from neurofeedback.settings.questionnaire import Questionnaire
from neurofeedback.texts import course, forms
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import MARGIN, ComboBox, button, column, label

_FACTS = ("condition", "substance", "dose", "route", "eyes", "visit", "note")


class _SavingTab(QWidget):
    """A tab with fields, a button to save them, and a line about what was saved."""

    def __init__(self, save: Callable[[], None]) -> None:
        super().__init__()
        self.message = label(live=True, name=forms.MESSAGE_NAME)
        self.message.setWordWrap(True)
        self.save = button(forms.SAVE, save, main=True)
        self.save.setAutoDefault(False)
        self.task: BackgroundTask[tuple[str, ...]] = BackgroundTask(self, "facts")
        self.task.done.connect(self._succeed)
        self.task.failed.connect(self.finish)
        self._saved: tuple[object, ...] = ()

    @abstractmethod
    def state(self) -> tuple[object, ...]:
        """Return what the fields hold."""

    @abstractmethod
    def clear(self) -> None:
        """Empty the fields once they are saved, so that nothing is saved twice."""

    @property
    def unsaved(self) -> bool:
        """Whether something is entered that is not saved."""
        return self.state() != self._saved

    def watch(self, *fields: QWidget) -> None:
        """Enable the button while something unsaved is entered; Enter in a line saves."""
        for field in fields:
            if isinstance(field, QLineEdit):
                field.textChanged.connect(self.update_save)
                field.returnPressed.connect(self.save.click)
            elif isinstance(field, QComboBox):
                field.currentIndexChanged.connect(self.update_save)
            elif isinstance(field, QCheckBox):
                field.toggled.connect(self.update_save)

    def mark_saved(self) -> None:
        """Take the fields as they are for saved."""
        self._saved = self.state()
        self.update_save()

    def update_save(self) -> None:
        """Enable the button where there is something to save, and nothing is being saved."""
        self.save.setEnabled(self.state() != self._saved and not self.task.busy)

    def run(self, work: Callable[[TaskHandle], tuple[str, ...]]) -> None:
        """Save in a helper thread; the fields stay as they are, so that nothing is lost on a full disk."""
        self._enable_fields(on=False)
        self.task.start(work)
        self.update_save()

    def _succeed(self, lines: tuple[str, ...]) -> None:
        self.clear()
        self.mark_saved()
        self.finish("\n".join(lines))

    def finish(self, text: str) -> None:
        """Show what was saved, or why nothing was; then the fields are as they were."""
        self._enable_fields(on=True)
        self.update_save()
        self.message.setText(text)

    def _enable_fields(self, *, on: bool) -> None:
        for kind in (QLineEdit, QComboBox, QCheckBox):
            for field in self.findChildren(kind):
                field.setEnabled(on)


class FormTab(_SavingTab):
    """Asks one form. An answer that calls for help shows whom to call before anything is written.

    ``when`` and ``visit`` are stored with the answers; empty outside the visits of a study.
    """

    def __init__(self, recordings: Path, participant: str, session: str, wanted: tuple[str, ...] = ()) -> None:
        super().__init__(self._save)
        self._source = (recordings, participant, session)
        self.when: AskedWhen = ""
        self.visit = ""
        self._questionnaire: Questionnaire | None = None
        self._form = ""
        self._drafts: dict[str, dict[str, int]] = {}
        self.boxes: dict[str, ComboBox] = {}
        self.choice = ComboBox()
        self.choice.addItems(wanted or available("questionnaires"))
        self.choice.setAccessibleName(tr(forms.FORM))
        self.advice = label(name=forms.ADVICE_NAME, live=True)
        self.advice.setWordWrap(True)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = column(self, MARGIN // 2, gap=8)
        for part in (self.choice, self._area, self.advice, self.message, self.save):
            inside.addWidget(part)
        self.choice.currentTextChanged.connect(self.show_form)
        self.show_form(self.choice.currentText())

    def show_form(self, name: str) -> None:
        """Show the items of a form, with its whole notice; answers to another one that are not saved are kept."""
        if answers := self._answers():
            self._drafts[self._form] = answers
        self._form, self._questionnaire, self.boxes = name, None, {}
        self._area.setWidget(QWidget())
        self.advice.setText("")
        self.advice.hide()
        try:
            questionnaire = load_questionnaire(name)
        except NeurofeedbackError as error:
            self.finish(error_text(error))
            return
        self._questionnaire = questionnaire
        page = QWidget()
        lines = column(page, gap=6)
        if any(pointer.clinic_text for pointer in questionnaire.pointers):
            lines.addWidget(_wrapped(tr(forms.BEFORE_FORM)))
        lines.addWidget(_wrapped(questionnaire.instruction))
        draft = self._drafts.pop(name, {})
        for item in questionnaire.items:
            box = ComboBox()
            box.addItem("", None)
            for option in questionnaire.options(item):
                box.addItem(f"{option.value}  {option.text}", option.value)
            box.setAccessibleName(item.text)
            box.setCurrentIndex(max(0, box.findData(draft.get(item.id))))
            self.boxes[item.id] = box
            lines.addWidget(_wrapped(item.text))
            lines.addWidget(box)
        lines.addWidget(_wrapped(questionnaire.source, quiet=True))
        lines.addStretch(1)
        self._area.setWidget(page)
        self.watch(*self.boxes.values())
        self.finish("")

    def _answers(self) -> dict[str, int]:
        return {item: int(box.currentData()) for item, box in self.boxes.items() if box.currentData() is not None}

    def state(self) -> tuple[object, ...]:
        """Return the answers; none are those of a form that is not answered."""
        return tuple(self._answers().items())

    @property
    def unsaved(self) -> bool:
        """Whether answers to any form are not saved."""
        return bool(self._answers() or self._drafts)

    def clear(self) -> None:
        """Empty the answers; advice stays."""
        for box in self.boxes.values():
            box.setCurrentIndex(0)

    def _save(self) -> None:
        questionnaire, answers = self._questionnaire, self._answers()
        if questionnaire is None or not answers:
            return
        self.show_advice(answers)
        recordings, participant, session = self._source
        place = {"participant": participant, "session": session, "visit": self.visit}
        self.run(partial(store_answers, recordings, questionnaire, answers, when=self.when, **place))

    def show_advice(self, answers: dict[str, int]) -> None:
        """Show whom to call where an answer needs that; before anything is written."""
        advice = self._questionnaire.advice_for(answers, _contacts()) if self._questionnaire else ()
        self.advice.setText("\n\n".join(advice))
        self.advice.setVisible(bool(advice))


class EntryTab(_SavingTab):
    """Takes the entries of an attendant, with the time they happened. Nothing that matters is preset.

    What is typed is read back at once. ``moment`` is the time of an entry without one; None for that of saving.
    ``adverse`` is an adverse event that is corrected: it has fields that cannot be typed here.
    """

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__(self._save)
        self._source = (recordings, participant)
        self.moment: datetime | None = None
        self.adverse: AdverseEvent | None = None
        self.preview = label(quiet=True, name=forms.PREVIEW_NAME)
        self.preview.setWordWrap(True)
        self.kind = ComboBox()
        for kind, name in forms.ENTRY_KINDS.items():
            self.kind.addItem(tr(name), kind)
        self.text, self.at, self.by, self.substance = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.at.setPlaceholderText(tr(forms.NOW))
        self.route = _choices(("iv", "im", "nasal", "oral"))
        self.how_bad = _choices(("mild", "moderate", "severe"))
        self.serious = _choices((forms.NO, forms.YES))
        self.told = QCheckBox(tr(forms.TOLD_NOT_TO_DRIVE))
        inside = column(self, MARGIN // 2, gap=8)
        inside.addWidget(_wrapped(tr(course.NOT_A_MONITOR)))
        self._fields = QFormLayout()
        for name, field in (
            (forms.ENTRY, self.kind),
            (forms.ENTRY_TEXT, self.text),
            (forms.SUBSTANCE, self.substance),
            (forms.ROUTE, self.route),
            (forms.HOW_BAD, self.how_bad),
            (forms.SERIOUS, self.serious),
            ("", self.told),
            (forms.AT, self.at),
            (forms.BY, self.by),
        ):
            if name:
                field.setAccessibleName(tr(name))
            self._fields.addRow(tr(name), field)
        inside.addLayout(self._fields)
        inside.addWidget(self.preview)
        inside.addWidget(self.message)
        inside.addWidget(self.save)
        inside.addStretch(1)
        self.kind.currentIndexChanged.connect(self._show_fields)
        self._show_fields()
        self.watch(self.kind, *self._lines, *self._boxes, self.told)
        self.mark_saved()

    @property
    def _lines(self) -> tuple[QLineEdit, ...]:
        return self.text, self.at, self.by, self.substance

    @property
    def _boxes(self) -> tuple[ComboBox, ...]:
        return self.route, self.how_bad, self.serious

    def state(self) -> tuple[object, ...]:
        """Return the kind of entry and what stands in the fields, except who enters it."""
        texts = [line.text().strip() for line in self._lines if line is not self.by]
        return self.kind.currentData(), *texts, *(box.currentIndex() for box in self._boxes), self.told.isChecked()

    def clear(self) -> None:
        """Empty the fields, except who enters them."""
        self.kind.setCurrentIndex(0)
        for line in self._lines:
            if line is not self.by:
                line.clear()
        for box in self._boxes:
            box.setCurrentIndex(0)
        self.told.setChecked(False)

    def _show_fields(self) -> None:
        """Show the fields of this kind of entry alone."""
        kind = self.kind.currentData()
        for field, kinds in (
            (self.substance, {"dose"}),
            (self.route, {"dose"}),
            (self.how_bad, {"adverse"}),
            (self.serious, {"adverse"}),
            (self.told, {"ready"}),
            (self.text, {*forms.ENTRY_KINDS, "stop_sound", "consent"} - {"end"}),
        ):
            self._fields.setRowVisible(field, kind in kinds)

    def update_save(self) -> None:
        """Enable the button where there is something to save, and show how it is read."""
        super().update_save()
        self.preview.setText("")
        if self.unsaved:
            with suppress(NeurofeedbackError):  # not complete yet
                self.preview.setText(tr(forms.PREVIEW, entry=format_entry(self.read())))

    def read(self) -> AnyEntry:
        """Return the entry as it stands in the fields.

        Raises
        ------
        SettingsError
            It is not complete, or cannot be read; it is asked again, never guessed.
        """
        text = self.text.text().strip()
        makers: dict[str, Callable[[], AnyEntry]] = {
            "dose": lambda: parse_dose(text, self.substance.text().strip(), self.route.currentText()),
            "end": DoseEnd,
            "vitals": lambda: parse_vitals(text),
            "note": lambda: AttendantNote(text=text),
            "ready": lambda: ReadyToLeave(escort=text, told_not_to_drive=self.told.isChecked()),
            "adverse": lambda: AdverseEvent.model_validate(
                {
                    **(self.adverse.model_dump() if self.adverse else {}),
                    "term": text,
                    "how_bad": self.how_bad.currentText(),
                    "serious": {tr(forms.YES): True, tr(forms.NO): False}.get(self.serious.currentText()),
                }
            ),
            "medicine": lambda: Medicine(name=text),
            "stop_sound": lambda: StopSound(reason=text),  # this one and the next are only corrected here
            "consent": lambda: Consent(version=text),
        }
        try:
            return makers[str(self.kind.currentData())]()
        except ValidationError:
            raise SettingsError(tr(forms.NOT_COMPLETE)) from None

    def _save(self) -> None:
        try:
            entry = self.read()
            now = self.moment or datetime.now().astimezone()
            happened = parse_clock(self.at.text(), now) if self.at.text().strip() else now
        except NeurofeedbackError as error:
            self.finish(error_text(error))
            return
        self.run(partial(store_entry, *self._source, entry, happened, self.by.text().strip()))


class FactsTab(_SavingTab):
    """Shows and sets the facts of a session."""

    def __init__(self, recordings: Path, participant: str, session: str) -> None:
        super().__init__(self._save)
        self._source = (recordings, participant, session)
        self.fields = {name: QLineEdit() for name in _FACTS}
        inside = column(self, MARGIN // 2, gap=8)
        inside.addWidget(_wrapped(tr(course.BEFORE_A_SUBSTANCE), quiet=True))
        form = QFormLayout()
        for name, field in self.fields.items():
            field.setAccessibleName(tr(forms.FACT_NAMES[name]))
            form.addRow(tr(forms.FACT_NAMES[name]), field)
        inside.addLayout(form)
        inside.addWidget(self.message)
        inside.addWidget(self.save)
        inside.addStretch(1)
        self.watch(*self.fields.values())
        self.mark_saved()
        self._enable_fields(on=False)  # until they are read
        self._read_task: BackgroundTask[SessionFacts] = BackgroundTask(self, "read-facts")
        self._read_task.done.connect(self._show)
        self._read_task.failed.connect(self.message.setText)
        self._read_task.start(partial(_read_facts, *self._source))

    def _show(self, facts: SessionFacts) -> None:
        for name, field in self.fields.items():
            field.setText(getattr(facts, name))
        self._enable_fields(on=True)
        self.mark_saved()

    def state(self) -> tuple[object, ...]:
        """Return the facts as they are entered."""
        return tuple(field.text().strip() for field in self.fields.values())

    def clear(self) -> None:
        """Leave the facts as they are: they are those of the sitting now."""

    def _save(self) -> None:
        values: dict[str, str | float | None] = {
            name: field.text().strip()
            for (name, field), before in zip(self.fields.items(), self._saved, strict=True)
            if field.text().strip() != before
        }
        self.run(partial(_save_facts, *self._source, values))


def _wrapped(text: str, *, quiet: bool = False) -> QWidget:
    line = label(text, quiet=quiet)
    line.setWordWrap(True)
    return line


def _contacts() -> ClinicContacts | None:
    """Return the clinic's contacts; a damaged file of them must not hide the advice."""
    try:
        return load_contacts()
    except NeurofeedbackError:
        return None


def _choices(names: tuple[str, ...]) -> ComboBox:
    """Return a box with nothing chosen."""
    box = ComboBox()
    box.addItems(["", *(tr(name) for name in names)])
    return box


def store_answers(
    recordings: Path,
    questionnaire: Questionnaire,
    answers: dict[str, int],
    _handle: TaskHandle,
    *,
    participant: str,
    session: str = "",
    when: AskedWhen = "",
    visit: str = "",
    asked_by: str = "self",
    supersedes: str = "",
    reason: str = "",
) -> tuple[str, ...]:
    """Save answers, or a correction of them, and return what was saved in words."""
    saved: SavedForm = save_answers(
        recordings,
        questionnaire,
        answers,
        participant=participant,
        session=session,
        when=when,
        visit=visit,
        asked_by=asked_by,
        supersedes=supersedes,
        reason=reason,
    )
    score = tr(forms.SAVED_SCORE, score=saved.score) if saved.score is not None else tr(forms.SAVED)
    return (score, *saved.notices)


def store_entry(
    recordings: Path,
    participant: str,
    entry: AnyEntry,
    at: datetime,
    by: str,
    _handle: TaskHandle,
    *,
    corrects: LoggedEntry | None = None,
    reason: str = "",
) -> tuple[str, ...]:
    """Save an entry, or a correction of one, add it to the recordings, and return what was saved in words."""
    supersedes = corrects.hash if corrects else ""
    _, notices = save_entry(recordings, participant, entry, at=at, by=by, supersedes=supersedes, reason=reason)
    since = ""
    try:
        _, unmerged = merge_into_recordings(recordings, participant, min(at, corrects.at) if corrects else at)
        notices = (*notices, *unmerged)
        minutes = minutes_since_dose(read_entries(recordings, participant), at)
        since = "" if minutes is None else tr(course.MINUTES_FROM_DOSE, minutes=f"{minutes:g}")
    except (NeurofeedbackError, OSError) as error:  # the entry is saved: a second press would save it twice
        notices = (*notices, tr(forms.SAVED_BUT, error=error))
    return (tr(course.ENTRY_SAVED, at=f"{at:%H:%M}", entry=format_entry(entry), minutes=since), *notices)


def _read_facts(recordings: Path, participant: str, session: str, _handle: TaskHandle) -> SessionFacts:
    return read_facts(recordings, participant, session) or SessionFacts()


def _save_facts(
    recordings: Path, participant: str, session: str, values: dict[str, str | float | None], _handle: TaskHandle
) -> tuple[str, ...]:
    _, notices = update_facts(recordings, participant, session, values, by=tr(forms.WINDOW))
    return (tr(forms.SAVED), *notices)
