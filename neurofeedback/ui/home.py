"""Home: one large button, and what was chosen last time."""

from __future__ import annotations

from PyQt6.QtCore import QRegularExpression, Qt, pyqtSignal
from PyQt6.QtGui import QRegularExpressionValidator
from PyQt6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from neurofeedback.feedback.picture import Water
from neurofeedback.ui.choices import MAX_MINUTES, AppDefaults, Choices
from neurofeedback.ui.parts import FLAT_MARGIN, HEADER_HEIGHT, MARGIN, Choice, button, column, label, row
from neurofeedback.ui.water import WaterView

FIELD_HEIGHT = 40


class Home(QWidget):
    """Where a sitting is chosen; ``sit`` carries nothing, ``choices`` says what is chosen."""

    sit = pyqtSignal()
    about = pyqtSignal()
    theme = pyqtSignal()

    def __init__(self, defaults: AppDefaults, water: Water) -> None:
        super().__init__()
        self._picture = WaterView(water)
        self._picture.setFixedHeight(HEADER_HEIGHT)
        self._about = {choice.name: choice.description for choice in defaults.devices}
        self._device = Choice()
        self._device.setEditable(True)
        self._device.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._device.addItems(list(self._about))
        self._device.setToolTip("Pick a headset, or type its name, such as cyton:/dev/ttyUSB0")
        self._minutes = QSpinBox()
        self._minutes.setRange(0, MAX_MINUTES)
        self._minutes.setSpecialValueText("as the practice says")
        self._minutes.setSuffix(" min")
        self._minutes.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._minutes.setToolTip("Type, or use the arrow keys; 0 is the practice's own length")
        self._participant = QLineEdit()
        self._participant.setMaxLength(32)
        self._participant.setValidator(QRegularExpressionValidator(QRegularExpression("[A-Za-z0-9]+")))
        self._participant.setToolTip("Letters and digits; recordings are filed under it")
        self._profile = Choice()
        self._profile.addItems(list(defaults.profiles))
        self._what = label(quiet=True, name="What this headset is")
        self._last = label(quiet=True, name="Last sitting")
        self.sit_button = button("Sit", self.sit.emit, sit=True, main=True)
        self._lay_out()
        self._device.currentTextChanged.connect(self._describe)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        named = (
            ("&Headset", self._device, 3),
            ("&Minutes", self._minutes, 2),
            ("&Participant", self._participant, 2),
            ("P&ractice", self._profile, 2),
        )
        for place, (text, field, stretch) in enumerate(named):
            caption = label(text, quiet=True)
            caption.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            field.setMinimumWidth(150)
            field.setFixedHeight(FIELD_HEIGHT)
            grid.addWidget(caption, 0, place)
            grid.addWidget(field, 1, place)
            grid.setColumnStretch(place, stretch)
        grid.addWidget(self._what, 2, 0, 1, len(named))
        foot = row(self._last)
        foot.addStretch(1)
        foot.addWidget(button("&Light or dark", self.theme.emit, flat=True))
        foot.addWidget(button("&About", self.about.emit, flat=True))
        inner = column(gap=0)
        inner.setContentsMargins(0, 0, 0, 14)
        grid.setContentsMargins(MARGIN, 0, MARGIN, 0)
        foot.setContentsMargins(MARGIN, 0, FLAT_MARGIN, 0)
        inner.addStretch(3)
        inner.addWidget(self.sit_button, alignment=Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(3)
        inner.addLayout(grid)
        inner.addStretch(2)
        inner.addLayout(foot)
        outer = column(self, gap=0)
        outer.addWidget(self._picture)
        outer.addLayout(inner, 1)

    def enter(self, choices: Choices) -> None:
        """Show what was chosen last, and take the keyboard."""
        self._device.setCurrentText(choices.device)
        self._minutes.setValue(choices.minutes)
        self._participant.setText(choices.participant)
        self._profile.setCurrentText(choices.profile)
        self._last.setText(choices.last_sitting)
        self._describe(choices.device)
        self.sit_button.setFocus()

    def chosen(self) -> dict[str, str | int]:
        """Return the fields of ``Choices`` that are chosen here; an empty field says nothing."""
        fields = {
            "device": self._device.currentText().strip(),
            "participant": self._participant.text(),
            "profile": self._profile.currentText(),
        }
        return {name: text for name, text in fields.items() if text} | {"minutes": self._minutes.value()}

    def _describe(self, device: str) -> None:
        self._what.setText(self._about.get(device.strip(), ""))
