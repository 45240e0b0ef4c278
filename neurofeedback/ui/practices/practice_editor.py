"""An editor for practices: segments and their texts are rows that are added and removed as they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QDoubleSpinBox, QFrame, QGridLayout, QLineEdit, QMessageBox, QScrollArea, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.practices import editor
from neurofeedback.ui.practices.practice_draft import GuideRow, PracticeDraft, SegmentRow, join_answers, split_answers
from neurofeedback.ui.practices.practice_files import save_practice
from neurofeedback.ui.widgets.basic import (
    FLAT_MARGIN,
    MARGIN,
    ComboBox,
    ask_unsaved,
    bind_key,
    button,
    column,
    ignore_wheel,
    label,
    row,
)

MAX_SEGMENTS = 100
_MAX_MINUTES = 240.0
_MIN_FIELD_WIDTH = 64
_PHASE_STRETCH, _STRETCH = 8, 5  # the longest choice of the first field is seen in large type too
_MIN_PACE, _MAX_PACE = 4.0, 8.0
_MIN_TOTAL, _MIN_QUIET = 0.25, 10.0


class PracticeEditor(QWidget):
    """Edits one practice; ``saved`` carries its title once it is saved."""

    saved = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._draft = self._shown = PracticeDraft()
        self._heading = label(large=True)
        self.title = _line(editor.NAME, editor.NAME_PLACEHOLDER, 60)
        self.description = _line(editor.DESCRIPTION, editor.DESCRIPTION_PLACEHOLDER, 300)
        self.minutes = _number(tr(editor.TOTAL), _MAX_MINUTES, tr(editor.TOTAL_OPEN), least=_MIN_TOTAL)
        self.feedback = _choice(tr(editor.FEEDBACK), editor.FEEDBACKS)
        self.asked = _line(editor.QUESTION, editor.QUESTION_PLACEHOLDER, 200)
        self.answers = _line(editor.ANSWERS, editor.ANSWERS_PLACEHOLDER, 250)
        self._message = label(live=True, name=window.MESSAGE)
        self._message.setWordWrap(True)
        self.segments: list[SegmentFields] = []
        self._segment_area = column(gap=10)
        self.add_button = button(editor.ADD_SEGMENT, lambda: self._add(SegmentRow(), focus=True))
        self._lay_out()
        bind_key(self, "Esc", self.leave)
        self.question: QMessageBox | None = None

    def _lay_out(self) -> None:
        page = QWidget()
        inner = column(page, gap=10)
        inner.setContentsMargins(MARGIN, 0, MARGIN, 0)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        named = (
            (editor.NAME, self.title),
            (editor.DESCRIPTION, self.description),
            (editor.TOTAL, self.minutes),
            (editor.FEEDBACK, self.feedback),
            (editor.QUESTION, self.asked),
            (editor.ANSWERS, self.answers),
        )
        for at, (text, field) in enumerate(named):
            grid.addWidget(label(text, quiet=True), 2 * (at // 2), at % 2)
            grid.addWidget(field, 2 * (at // 2) + 1, at % 2)
        for at, stretch in enumerate((2, 3)):
            grid.setColumnStretch(at, stretch)
        inner.addLayout(grid)
        hint = label(editor.HINT, quiet=True)
        hint.setWordWrap(True)
        inner.addWidget(hint)
        inner.addLayout(self._segment_area)
        inner.addWidget(self.add_button, alignment=Qt.AlignmentFlag.AlignLeft)
        inner.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidget(page)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = column(self, gap=10)
        whole.setContentsMargins(0, MARGIN, 0, FLAT_MARGIN)
        head, foot = row(self._heading), row(button(editor.SAVE, self.save, main=True), self._message)
        foot.setStretch(1, 1)
        foot.addWidget(button(editor.BACK, self.leave, flat=True))
        for line in (head, foot):
            line.setContentsMargins(MARGIN, 0, MARGIN, 0)
        whole.addLayout(head)
        whole.addWidget(self._area, 1)
        whole.addLayout(foot)

    def activate(self, draft: PracticeDraft) -> None:
        """Show a practice and take the keyboard focus."""
        self._draft = draft
        self._heading.setText(tr(editor.TITLE_EDIT if draft.name else editor.TITLE_NEW))
        self._message.setText("")
        self.title.setText(draft.title)
        self.description.setText(draft.description)
        self.description.setCursorPosition(0)
        self.minutes.show_exact(draft.minutes)
        self.feedback.setCurrentIndex(self.feedback.findData(draft.feedback))
        for field, text in ((self.asked, draft.question), (self.answers, join_answers(draft.answers))):
            field.setText(text)
            field.setCursorPosition(0)
        while self.segments:
            self._remove(self.segments[-1])
        for segment in draft.rows:
            self._add(segment)
        self._shown = self.draft()
        self.title.setFocus()

    def draft(self) -> PracticeDraft:
        """Return the practice as it is shown."""
        return replace(
            self._draft,
            title=self.title.text(),
            description=self.description.text(),
            minutes=self.minutes.exact(),
            feedback=self.feedback.currentData(),
            question=self.asked.text(),
            answers=split_answers(self.answers.text(), self._draft.answers),
            rows=tuple(segment.read() for segment in self.segments),
        )

    def save(self) -> None:
        """Check and save the practice; an error is shown on the page."""
        try:
            save_practice(self.draft(), self._folder)
        except NeurofeedbackError as error:
            self._message.setText(error_text(error))
        else:
            self.saved.emit(self.title.text().strip())

    def leave(self) -> None:
        """Go back to the list; ask first if something is not saved."""
        if self.draft() == self._shown:
            self.left.emit()
        else:
            self.question = ask_unsaved(self, tr(editor.LIST_TITLE), self.left.emit)

    def _add(self, segment: SegmentRow, *, focus: bool = False) -> None:
        fields = SegmentFields(self._remove)
        fields.show_row(segment)
        self.segments.append(fields)
        self._segment_area.addWidget(fields)
        self._renumber()
        if focus:
            fields.phase.setFocus()
            self._area.ensureWidgetVisible(fields)

    def _remove(self, fields: SegmentFields) -> None:
        had_focus = fields.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self.segments.remove(fields)
        self._segment_area.removeWidget(fields)
        fields.hide()
        fields.deleteLater()
        self._renumber()
        if had_focus:
            self.add_button.setFocus()

    def _renumber(self) -> None:
        for number, fields in enumerate(self.segments, start=1):
            fields.set_number(number, removable=len(self.segments) > 1)
        self.add_button.setEnabled(len(self.segments) < MAX_SEGMENTS)


class SegmentFields(QFrame):
    """The fields of one segment and of its texts."""

    def __init__(self, remove: Callable[[SegmentFields], object]) -> None:
        super().__init__()
        self.setObjectName("card")
        self._number = 1
        self.texts: list[TextFields] = []
        self.phase = _choice("", editor.SEGMENT_PHASES)
        self.minutes = _number("", _MAX_MINUTES, tr(editor.OPEN_MINUTES))
        self.quiet = _number("", 95.0, tr(editor.AS_BEFORE), suffix=" %", least=_MIN_QUIET)
        self.background = _choice("", editor.SEGMENT_BACKGROUNDS)
        self.bell = _number("", 120.0, tr(editor.NO_BELL))
        self.pace = _number("", _MAX_PACE, tr(editor.NO_PACER), suffix="", least=_MIN_PACE)
        self.remove_button = button(editor.REMOVE, lambda: remove(self), flat=True)
        self.add_text_button = button(editor.ADD_TEXT, lambda: self._add_text(GuideRow(), focus=True), flat=True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        fields = (self.phase, self.minutes, self.quiet, self.background, self.bell, self.pace)
        self._heads = [label(text, quiet=True) for text in editor.COLUMNS]
        for at, (head, field) in enumerate(zip(self._heads, fields, strict=True)):
            grid.addWidget(head, 0, at)
            grid.addWidget(field, 1, at)
            grid.setColumnStretch(at, _PHASE_STRETCH if field is self.phase else _STRETCH)
            field.setMinimumWidth(_MIN_FIELD_WIDTH)
        self._text_area = column(gap=6)
        inside = column(self, 12, gap=8)
        inside.addLayout(grid)
        inside.addLayout(self._text_area)
        foot = row(self.add_text_button)
        foot.addStretch(1)
        foot.addWidget(self.remove_button)
        inside.addLayout(foot)

    def set_number(self, number: int, *, removable: bool) -> None:
        """Name all fields by the number of the segment."""
        self._number = number
        self._heads[0].setText(tr(editor.SEGMENT, n=number))
        names = (
            (self.phase, editor.SEGMENT),
            (self.minutes, editor.SEGMENT_MINUTES),
            (self.quiet, editor.SEGMENT_QUIET),
            (self.background, editor.SEGMENT_BACKGROUND),
            (self.bell, editor.SEGMENT_BELL),
            (self.pace, editor.SEGMENT_PACE),
            (self.remove_button, editor.REMOVE_SEGMENT_NAME),
            (self.add_text_button, editor.ADD_TEXT_NAME),
        )
        for field, name in names:
            field.setAccessibleName(tr(name, n=number))
        self.remove_button.setVisible(removable)
        for place, text in enumerate(self.texts, start=1):
            text.set_number(number, place)

    def show_row(self, segment: SegmentRow) -> None:
        """Show a segment and its texts."""
        self.phase.setCurrentIndex(self.phase.findData(segment.phase))
        self.minutes.show_exact(segment.minutes)
        self.quiet.show_exact(segment.quiet_percent)
        if self.background.findData(segment.background) < 0:  # such as "file", which is set in Settings
            self.background.addItem(segment.background, segment.background)
        self.background.setCurrentIndex(self.background.findData(segment.background))
        self.bell.show_exact(segment.bell_min)
        self.pace.show_exact(segment.breaths_per_min)
        for text in segment.guide:
            self._add_text(text)

    def read(self) -> SegmentRow:
        """Return the segment as it is shown."""
        return SegmentRow(
            phase=self.phase.currentData(),
            minutes=self.minutes.exact(),
            quiet_percent=self.quiet.exact(),
            background=self.background.currentData(),
            bell_min=self.bell.exact(),
            breaths_per_min=self.pace.exact(),
            guide=tuple(text.read() for text in self.texts),
        )

    def _add_text(self, text: GuideRow, *, focus: bool = False) -> None:
        fields = TextFields(text, self._remove_text)
        self.texts.append(fields)
        self._text_area.addWidget(fields)
        fields.set_number(self._number, len(self.texts))
        if focus:
            fields.text.setFocus()

    def _remove_text(self, fields: TextFields) -> None:
        self.texts.remove(fields)
        self._text_area.removeWidget(fields)
        fields.hide()
        fields.deleteLater()
        for place, text in enumerate(self.texts, start=1):
            text.set_number(self._number, place)
        self.add_text_button.setFocus()


class TextFields(QWidget):
    """The fields of one text: the minute, and what is spoken and shown."""

    def __init__(self, shown: GuideRow, remove: Callable[[TextFields], object]) -> None:
        super().__init__()
        self._shown = shown
        self.at = _number("", _MAX_MINUTES, tr(editor.AT_START))
        self.at.setPrefix(tr(editor.AT_MINUTE))
        self.at.show_exact(shown.at_min)
        self.text = _line("", editor.TEXT_PLACEHOLDER, 600)
        self.text.setText(shown.text)
        self.text.setCursorPosition(0)
        self.remove_button = button(editor.REMOVE, lambda: remove(self), flat=True)
        fields = row(self.at, self.text, self.remove_button, gap=10)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setStretch(1, 1)
        self.setLayout(fields)

    def set_number(self, segment: int, place: int) -> None:
        """Name the fields by the numbers of segment and text."""
        names = ((self.at, editor.TEXT_AT), (self.text, editor.TEXT), (self.remove_button, editor.REMOVE_TEXT_NAME))
        for field, name in names:
            field.setAccessibleName(tr(name, n=segment, k=place))

    def read(self) -> GuideRow:
        """Return the text as it is shown; the name of its recording is lost with another text."""
        same = self.text.text() == self._shown.text
        return GuideRow(self.at.exact(), self.text.text(), self._shown.id if same else "")


class _NumberBox(QDoubleSpinBox):
    """A number without zeros at its end; 0 stands for none, and what lies below the least number is raised to it."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self._least = least
        self._exact = self._shown = 0.0
        self.editingFinished.connect(self._raise)

    def show_exact(self, value: float) -> None:
        """Show a number, which may have more decimals than are shown."""
        self.setValue(value)
        self._exact, self._shown = value, self.value()

    def exact(self) -> float:
        """Return the number; one that was not changed has all its decimals."""
        self._raise()
        return self._exact if self.value() == self._shown else self.value()

    def _raise(self) -> None:
        if 0 < self.value() < self._least:
            self.setValue(self._least)

    def textFromValue(self, v: float) -> str:  # noqa: N802 - Qt's name
        """Return a number as text."""
        return self.locale().toString(v, "g", 6)


def _line(name: str, placeholder: str, most: int) -> QLineEdit:
    line = QLineEdit()
    line.setMaxLength(most)
    line.setAccessibleName(tr(name))
    line.setPlaceholderText(tr(placeholder))
    return line


def _choice(name: str, choices: dict[str, str]) -> ComboBox:
    box = ComboBox()
    for value, text in choices.items():
        box.addItem(tr(text), value)
    box.setAccessibleName(name)
    return box


def _number(name: str, most: float, zero: str, suffix: str = window.MINUTES_SUFFIX, least: float = 0.0) -> _NumberBox:
    box = ignore_wheel(_NumberBox(least))
    box.setRange(0.0, most)
    box.setDecimals(2)
    box.setSuffix(tr(suffix))
    box.setSpecialValueText(zero)
    box.setAccessibleName(name)
    box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return box
