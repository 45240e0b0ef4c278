"""The fields for a new course of a person, and the contacts of the clinic that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFormLayout, QLineEdit, QSpinBox, QWidget

from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import person
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import ComboBox, button, column, ignore_wheel, label

_FIRST_YEAR, _LAST_YEAR = 1899, 2100
"""The first one stands for none."""


@dataclass(frozen=True, slots=True)
class CourseTemplate:
    """A course to choose: its name, its title, and what it follows."""

    name: str
    title: str
    description: str


class ContactsForm(QWidget):
    """Three lines for the contacts of a clinic; ``changed`` follows every key."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.lines = {name: QLineEdit() for name in ("clinic", "emergency", "crisis_line")}
        what = label(person.CONTACTS, quiet=True)
        what.setWordWrap(True)
        form = QFormLayout()
        for text, line in zip((person.CLINIC, person.EMERGENCY, person.CRISIS_LINE), self.lines.values(), strict=True):
            line.setAccessibleName(tr(text))
            line.textChanged.connect(self.changed)
            form.addRow(tr(text), line)
        inside = column(self, gap=8)
        inside.addWidget(what)
        inside.addLayout(form)

    def show_contacts(self, contacts: ClinicContacts | None) -> None:
        """Fill the lines, unless something is typed already."""
        if contacts is not None and not any(self.values()):
            for name, line in self.lines.items():
                line.setText(getattr(contacts, name))

    def values(self) -> tuple[str, str, str]:
        """Return clinic, emergency number and crisis line as they are typed."""
        clinic, emergency, crisis_line = (line.text().strip() for line in self.lines.values())
        return clinic, emergency, crisis_line


class NewCourse(QWidget):
    """Makes a course from a template; ``made`` carries its file.

    Contacts may be left out: such a course is made, and cannot be frozen.
    """

    made = pyqtSignal(object)

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__()
        self._source = (recordings, participant)
        self._templates: dict[str, CourseTemplate] = {}
        self.template = ComboBox()
        self.start, self.clock = QLineEdit(f"{datetime.now():%Y-%m-%d}"), QLineEdit()
        self.clock.setPlaceholderText(tr(person.DOSE_TIME_AS_PLANNED))
        self.birth_year = ignore_wheel(QSpinBox())
        self.birth_year.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.birth_year.setRange(_FIRST_YEAR, _LAST_YEAR)
        self.birth_year.setSpecialValueText(tr(person.NOT_ENTERED))
        self._description = label(quiet=True, name=person.TEMPLATE)
        self._description.setWordWrap(True)
        self.contacts = ContactsForm()
        self.message = label(live=True)
        self.message.setWordWrap(True)
        self.make = button(person.MAKE, self._make, main=True)
        self.make.setAutoDefault(False)
        self._task: BackgroundTask[Path] = BackgroundTask(self, "course")
        self._task.done.connect(self._finish)
        self._task.failed.connect(self._fail)
        self.template.currentIndexChanged.connect(self._describe)
        self._lay_out()
        self._describe()

    def _lay_out(self) -> None:
        form = QFormLayout()
        for text, field in (
            (person.TEMPLATE, self.template),
            (person.START, self.start),
            (person.DOSE_TIME, self.clock),
            (person.BIRTH_YEAR, self.birth_year),
        ):
            field.setAccessibleName(tr(text))
            form.addRow(tr(text), field)
        inside = column(self, gap=8)
        inside.addWidget(label(tr(person.NO_COURSE, participant=self._source[1])))
        inside.addLayout(form)
        for part in (self._description, self.contacts, self.message, self.make):
            inside.addWidget(part)
        inside.addStretch(1)

    def show_templates(self, templates: Sequence[CourseTemplate], contacts: ClinicContacts | None) -> None:
        """Offer these templates, and the contacts that are known."""
        self.contacts.show_contacts(contacts)
        if not self._templates:
            self._templates = {one.name: one for one in templates}
            for one in templates:
                self.template.addItem(one.title, one.name)
        self._describe()

    def _describe(self) -> None:
        chosen = self._templates.get(self.template.currentData())
        self._description.setText(chosen.description if chosen else "")
        self.make.setEnabled(chosen is not None and not self._task.busy)

    def _make(self) -> None:
        year = self.birth_year.value()
        self._task.start(
            partial(
                _make_course,
                *self._source,
                template=str(self.template.currentData()),
                start=self.start.text().strip(),
                clock=self.clock.text().strip(),
                birth_year=None if year == _FIRST_YEAR else year,
                contacts=self.contacts.values(),
            )
        )
        self._describe()

    def _finish(self, path: Path) -> None:
        self._describe()
        self.message.setText("")
        self.made.emit(path)

    def _fail(self, sentence: str) -> None:
        self._describe()
        self.message.setText(sentence)


def save_typed_contacts(contacts: tuple[str, str, str]) -> None:
    """Save contacts as they are typed; nothing where none are.

    Raises
    ------
    SettingsError
        One of the three is missing.
    RecordingError
        The settings folder cannot be written.
    """
    from neurofeedback.settings.load import parse_contacts, save_contacts

    if any(contacts):
        save_contacts(parse_contacts(*contacts))


def read_templates() -> tuple[CourseTemplate, ...]:
    """Return the courses to choose from."""
    from neurofeedback.settings.load import available, load_course

    courses = ((name, load_course(name)) for name in available("courses"))
    return tuple(CourseTemplate(name, course.title, course.description) for name, course in courses)


def _make_course(
    recordings: Path,
    participant: str,
    _handle: TaskHandle,
    *,
    template: str,
    start: str,
    clock: str,
    birth_year: int | None,
    contacts: tuple[str, str, str],
) -> Path:
    from neurofeedback.recording.facts.course_file import new_course

    save_typed_contacts(contacts)
    return new_course(recordings, participant, template, start, clock=clock, birth_year=birth_year)
