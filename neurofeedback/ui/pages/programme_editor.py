"""An editor for programmes with one row a segment; the programme is checked when it is saved."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDoubleSpinBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.texts import settings, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.programmes import SegmentRow, save_programme
from neurofeedback.ui.widgets.basic import (
    FLAT_MARGIN,
    MARGIN,
    ComboBox,
    bind_key,
    button,
    column,
    ignore_wheel,
    label,
    row,
)

MAX_ROWS = 6


class ProgrammeEditor(QWidget):
    """Edits a programme of up to six segments; ``saved`` is emitted once it is saved."""

    saved = pyqtSignal()
    left = pyqtSignal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.title = QLineEdit()
        self.title.setMaxLength(60)
        self.title.setAccessibleName(tr(settings.EDITOR_NAME))
        self.title.setPlaceholderText(tr(settings.EDITOR_NAME_PLACEHOLDER))
        self.minutes = _number(tr(settings.EDITOR_TOTAL), 240.0, tr(settings.EDITOR_TOTAL_OPEN))
        self._message = label(live=True, name=window.MESSAGE)
        self._message.setWordWrap(True)
        self._rows = [_RowFields(number) for number in range(1, MAX_ROWS + 1)]
        self._lay_out()
        bind_key(self, "Esc", self.left.emit)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for at, head in enumerate(settings.EDITOR_COLUMNS):
            grid.addWidget(label(head, quiet=True), 0, at)
            grid.setColumnStretch(at, 1)
        for place, fields in enumerate(self._rows, start=1):
            for at, field in enumerate(fields.fields):
                grid.addWidget(field, place, at)
        whole = column(self, gap=14)
        whole.setContentsMargins(MARGIN, MARGIN, MARGIN, FLAT_MARGIN)
        whole.addWidget(label(settings.EDITOR_TITLE, large=True))
        whole.addLayout(row(self.title, self.minutes))
        whole.addLayout(grid)
        whole.addWidget(label(settings.EDITOR_HINT, quiet=True))
        whole.addWidget(self._message)
        whole.addStretch(1)
        keys = row(button(settings.EDITOR_SAVE, self.save, main=True))
        keys.addStretch(1)
        keys.addWidget(button(window.HOME, self.left.emit, flat=True))
        whole.addLayout(keys)

    def activate(self) -> None:
        """Show one practice segment and take the keyboard focus."""
        self._message.setText("")
        self.title.setText("")
        self.minutes.setValue(0.0)
        for number, fields in enumerate(self._rows):
            fields.show_row(SegmentRow() if number == 0 else None)
        self.title.setFocus()

    def save(self) -> None:
        """Check and save the programme; an error is shown on the page."""
        rows = [segment for fields in self._rows if (segment := fields.read()) is not None]
        try:
            save_programme(self.title.text(), self.minutes.value(), rows, self._folder)
        except NeurofeedbackError as error:
            self._message.setText(str(error))
        else:
            self.saved.emit()


class _RowFields:
    """The fields of one segment; without a phase the row is empty."""

    def __init__(self, number: int) -> None:
        self._phase = _choice(tr(settings.SEGMENT, n=number), settings.SEGMENT_PHASES)
        self._minutes = _number(tr(settings.SEGMENT_MINUTES, n=number), 240.0, tr(settings.OPEN_MINUTES))
        self._quiet = ignore_wheel(QSpinBox())
        self._quiet.setRange(0, 95)
        self._quiet.setSuffix(" %")
        self._quiet.setSpecialValueText(tr(settings.AS_BEFORE))
        self._quiet.setAccessibleName(tr(settings.SEGMENT_QUIET, n=number))
        self._quiet.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._background = _choice(tr(settings.SEGMENT_BACKGROUND, n=number), settings.SEGMENT_BACKGROUNDS)
        self._bell = _number(tr(settings.SEGMENT_BELL, n=number), 120.0, tr(settings.NO_BELL))
        self.fields: tuple[QWidget, ...] = (self._phase, self._minutes, self._quiet, self._background, self._bell)

    def show_row(self, segment: SegmentRow | None) -> None:
        shown = segment or SegmentRow("none")
        self._phase.setCurrentIndex(self._phase.findData(shown.phase))
        self._minutes.setValue(shown.minutes)
        self._quiet.setValue(shown.quiet_percent)
        self._background.setCurrentIndex(self._background.findData(shown.background))
        self._bell.setValue(shown.bell_min)

    def read(self) -> SegmentRow | None:
        phase = self._phase.currentData()
        if phase == "none":
            return None
        return SegmentRow(
            phase, self._minutes.value(), self._quiet.value(), self._background.currentData(), self._bell.value()
        )


def _choice(name: str, choices: dict[str, str]) -> ComboBox:
    box = ComboBox()
    for value, text in choices.items():
        box.addItem(tr(text), value)
    box.setAccessibleName(name)
    return box


def _number(name: str, most: float, zero: str) -> QDoubleSpinBox:
    box = ignore_wheel(QDoubleSpinBox())
    box.setRange(0.0, most)
    box.setDecimals(1)
    box.setSuffix(tr(window.MINUTES_SUFFIX))
    box.setSpecialValueText(zero)
    box.setAccessibleName(name)
    box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return box
