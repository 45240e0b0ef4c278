"""A small editor for programmes: one row a segment, checked when it is saved."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDoubleSpinBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.ui.programmes import SegmentRow, save_programme
from neurofeedback.ui.translation import tr
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, ComboBox, bind_key, button, column, label, row

_PHASES = {"practice": "Practice", "transfer": "Without feedback", "rest": "Rest"}
_BEDS = {"": "As before", "rain": "Rain", "wind": "Wind", "drone": "Drone"}
_HEADS = ("Segment", "Minutes", "Quiet", "Background sound", "Bell every")
MAX_ROWS = 6


class ProgrammeEditor(QWidget):
    """Makes one programme of up to six segments; ``saved`` follows when it is kept."""

    saved = pyqtSignal()
    left = pyqtSignal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.title = QLineEdit()
        self.title.setMaxLength(60)
        self.title.setAccessibleName(tr("Name"))
        self.title.setPlaceholderText(tr("such as Long morning"))
        self.minutes = _number(tr("Minutes of the whole"), 240.0, tr("what the segments add up to"))
        self._message = label(name="Message")
        self._message.setWordWrap(True)
        self._rows = [_RowFields(number) for number in range(1, MAX_ROWS + 1)]
        self._lay_out()
        bind_key(self, "Esc", self.left.emit)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for at, head in enumerate(_HEADS):
            grid.addWidget(label(head, quiet=True), 0, at)
            grid.setColumnStretch(at, 1)
        for place, fields in enumerate(self._rows, start=1):
            for at, field in enumerate(fields.fields):
                grid.addWidget(field, place, at)
        whole = column(self, gap=14)
        whole.setContentsMargins(MARGIN, MARGIN, MARGIN, FLAT_MARGIN)
        whole.addWidget(label("A programme of my own", large=True))
        whole.addLayout(row(self.title, self.minutes))
        whole.addLayout(grid)
        words = "Settling and baseline come before, coming back after it. One segment may leave its minutes open."
        whole.addWidget(label(words, quiet=True))
        whole.addWidget(self._message)
        whole.addStretch(1)
        keys = row(button("&Save", self.save, main=True))
        keys.addStretch(1)
        keys.addWidget(button("&Home", self.left.emit, flat=True))
        whole.addLayout(keys)

    def activate(self) -> None:
        """Begin with one practice, and take the keyboard."""
        self._message.setText("")
        self.title.setText("")
        self.minutes.setValue(0.0)
        for number, fields in enumerate(self._rows):
            fields.show_row(SegmentRow() if number == 0 else None)
        self.title.setFocus()

    def save(self) -> None:
        """Check and keep it; what is wrong is said here."""
        rows = [made for fields in self._rows if (made := fields.read()) is not None]
        try:
            save_programme(self.title.text(), self.minutes.value(), rows, self._folder)
        except NeurofeedbackError as error:
            self._message.setText(str(error))
        else:
            self.saved.emit()


class _RowFields:
    """The fields of one segment; without a phase it is none."""

    def __init__(self, number: int) -> None:
        self._phase = _choice(tr("Segment {n}").format(n=number), {"none": "–", **_PHASES})
        self._minutes = _number(tr("Minutes of segment {n}").format(n=number), 240.0, tr("open"))
        self._quiet = QSpinBox()
        self._quiet.setRange(0, 95)
        self._quiet.setSuffix(" %")
        self._quiet.setSpecialValueText(tr("as before"))
        self._quiet.setAccessibleName(tr("Share quiet in segment {n}").format(n=number))
        self._quiet.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._bed = _choice(tr("Background sound of segment {n}").format(n=number), _BEDS)
        self._bell = _number(tr("Minutes between bells in segment {n}").format(n=number), 120.0, tr("no bell"))
        self.fields: tuple[QWidget, ...] = (self._phase, self._minutes, self._quiet, self._bed, self._bell)

    def show_row(self, segment: SegmentRow | None) -> None:
        shown = segment or SegmentRow("none")
        self._phase.setCurrentIndex(self._phase.findData(shown.phase))
        self._minutes.setValue(shown.minutes)
        self._quiet.setValue(shown.quiet_percent)
        self._bed.setCurrentIndex(self._bed.findData(shown.bed))
        self._bell.setValue(shown.bell_min)

    def read(self) -> SegmentRow | None:
        phase = self._phase.currentData()
        if phase == "none":
            return None
        return SegmentRow(
            phase, self._minutes.value(), self._quiet.value(), self._bed.currentData(), self._bell.value()
        )


def _choice(name: str, texts: dict[str, str]) -> ComboBox:
    made = ComboBox()
    for value, text in texts.items():
        made.addItem(tr(text), value)
    made.setAccessibleName(name)
    return made


def _number(name: str, most: float, zero: str) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setRange(0.0, most)
    made.setDecimals(1)
    made.setSuffix(tr(" min"))
    made.setSpecialValueText(zero)
    made.setAccessibleName(name)
    made.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return made
