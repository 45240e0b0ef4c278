"""The first page: one large button to sit, and the choices of last time."""

from __future__ import annotations

from PyQt6.QtCore import QRegularExpression, Qt, pyqtSignal
from PyQt6.QtGui import QRegularExpressionValidator
from PyQt6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.texts import home, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import record
from neurofeedback.texts.practices import choice
from neurofeedback.texts.safe_text import plain_tooltip
from neurofeedback.texts.studies import study_page
from neurofeedback.ui.app_state import (
    DEMO_DEVICE,
    DEMO_PARTICIPANT,
    MAX_MINUTES,
    AppDefaults,
    AppState,
    ProgrammeChoice,
)
from neurofeedback.ui.device_names import device_title, found_title, is_simulated_device
from neurofeedback.ui.device_scan import DeviceScan
from neurofeedback.ui.unfinished_sessions import UnfinishedSession
from neurofeedback.ui.widgets.basic import (
    FLAT_MARGIN,
    MARGIN,
    ComboBox,
    allow_clipping,
    button,
    column,
    ignore_wheel,
    label,
    row,
)
from neurofeedback.ui.widgets.water_view import WaterView

_MAX_PROGRAMME_MINUTES = 1440
CHARGE_AT = 30
"""Charge after a sitting from which on Home advises to charge the headset, %."""


class HomePage(QWidget):
    """Chooses device, practice and person; ``sit`` starts the session, ``demo`` one with a simulated device.

    ``record`` starts a recording without feedback, ``selection`` returns the choices. Without a headset there is
    nothing that ``sit`` could start.
    """

    sit = pyqtSignal()
    demo = pyqtSignal()
    record = pyqtSignal()
    history = pyqtSignal()
    progress = pyqtSignal()
    settings = pyqtSignal()
    research = pyqtSignal()
    about = pyqtSignal()
    study = pyqtSignal()
    finish = pyqtSignal(object)

    def __init__(self, defaults: AppDefaults, water: WaterRenderer, device_scan: DeviceScan) -> None:
        super().__init__()
        self._picture = WaterView(water)
        self._device_scan = device_scan
        self._use_found_device = False
        self._battery, self._battery_of = -1, ""
        self._descriptions = {choice.name: choice.description for choice in defaults.devices}
        self._programmes = {programme.name: programme for programme in defaults.programmes}
        self._device = ComboBox()
        self._device.setEditable(True)
        self._device.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for device in self._descriptions:
            if not is_simulated_device(device):  # a demo has a button of its own
                self._device.addItem(device_title(device), device)
        if (typed := self._device.lineEdit()) is not None:
            typed.setPlaceholderText(tr(home.NO_HEADSET_PLACEHOLDER))
        self._device.setToolTip(tr(home.HEADSET_TIP))
        self.scan_button = button(home.SCAN_AGAIN, self._scan_again, name=home.SCAN_AGAIN_NAME, flat=True)
        if not device_scan.available:
            self.scan_button.hide()
        self._practice = ComboBox()
        self._practice.addItem(tr(home.OWN_LENGTH), "")
        for programme in defaults.programmes:
            self._practice.addItem(tr(programme.title), programme.name)
        self._minutes = ignore_wheel(QSpinBox())
        self._own_minutes = 0
        self._minutes.setSuffix(tr(window.MINUTES_SUFFIX))
        self._minutes.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._participant = QLineEdit()
        self._participant.setMaxLength(32)
        self._participant.setValidator(
            QRegularExpressionValidator(QRegularExpression(f"(?!(?i:{DEMO_PARTICIPANT})$)[A-Za-z0-9]+"))
        )
        self._participant.setToolTip(tr(home.PARTICIPANT_TIP))
        self._description = label(quiet=True, name=home.DESCRIPTION)
        self._scan_status = label(live=True, name=home.SCAN_STATUS)
        self._scan_status.setWordWrap(True)
        self._last = label(quiet=True, name=home.LAST_SESSION_LABEL)
        self._notice = label(live=True, name=window.NOTICE)
        self._notice.setWordWrap(True)
        self._unfinished: UnfinishedSession | None = None
        self._finish = button(home.FINISH, self._confirm_resume)
        self.sit_button = button(home.SIT, self.sit.emit, sit=True, main=True)
        self.demo_button = button(home.DEMO_TRY, self.demo.emit, name=home.DEMO_NAME, flat=True)
        self.record_button = button(record.RECORD, self.record.emit, name=record.RECORD_NAME, flat=True)
        self._study = button(study_page.OPEN, self.study.emit, flat=True)
        self._study.hide()
        self._lay_out()
        self._device.currentTextChanged.connect(self._describe)
        self._device.activated.connect(self._remember_device)
        if typed is not None:
            typed.textEdited.connect(self._remember_device)
        device_scan.changed.connect(self._show_scan)
        self._participant.textChanged.connect(self._check_name)
        self._practice.currentIndexChanged.connect(self._describe)

    def _lay_out(self) -> None:
        inner = column(gap=0)
        inner.setContentsMargins(0, 0, 0, 14)
        inner.addStretch(3)
        inner.addWidget(self.sit_button, alignment=Qt.AlignmentFlag.AlignHCenter)
        inner.addSpacing(4)
        inner.addLayout(_centred(self.demo_button, self.record_button, self._study))
        inner.addSpacing(4)
        inner.addWidget(label(home.EYES, quiet=True), alignment=Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(2)
        inner.addLayout(self._fields())
        inner.addStretch(2)
        inner.addLayout(self._foot())
        outer = column(self, gap=0)
        outer.addWidget(self._picture, 1)
        outer.addLayout(inner, 1)
        QWidget.setTabOrder(self.sit_button, self.demo_button)
        QWidget.setTabOrder(self.demo_button, self.record_button)
        QWidget.setTabOrder(self.record_button, self._study)
        QWidget.setTabOrder(self._study, self._device)
        QWidget.setTabOrder(self._device, self.scan_button)

    def _fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setContentsMargins(MARGIN, 0, MARGIN, 0)
        captioned = (
            (home.FIELD_HEADSET, self._device, 3),
            (home.FIELD_PRACTICE, self._practice, 3),
            (home.FIELD_MINUTES, self._minutes, 1),
            (home.FIELD_PARTICIPANT, self._participant, 2),
        )
        for place, (text, field, stretch) in enumerate(captioned):
            caption = label(text, quiet=True)
            caption.setBuddy(field)
            field.setAccessibleName(tr(text).replace("&", ""))
            field.setMinimumWidth(110)
            grid.addWidget(caption, 0, place)
            grid.addWidget(field, 1, place)
            grid.setColumnStretch(place, stretch)
        grid.addWidget(self.scan_button, 0, 0, alignment=Qt.AlignmentFlag.AlignRight)
        grid.addWidget(allow_clipping(self._description), 2, 0, 1, len(captioned))
        grid.addWidget(self._scan_status, 3, 0, 1, len(captioned))
        grid.addWidget(self._notice, 4, 0, 1, len(captioned) - 1)
        grid.addWidget(self._finish, 4, len(captioned) - 1)
        return grid

    def _foot(self) -> QHBoxLayout:
        self._last.setWordWrap(True)
        foot = row(allow_clipping(self._last), gap=4)
        foot.setContentsMargins(MARGIN, 0, FLAT_MARGIN, 0)
        buttons = (
            (home.HISTORY, self.history),
            (home.PROGRESS, self.progress),
            (home.SETTINGS, self.settings),
            (home.RESEARCH, self.research),
            (home.ABOUT, self.about),
        )
        for text, act in buttons:
            foot.addWidget(button(text, act.emit, flat=True))
        foot.setStretch(0, 1)
        return foot

    def offer_study(self, *, offered: bool) -> None:
        """Offer the page of a study, where the recordings folder has a protocol."""
        self._study.setVisible(offered)

    def activate(self, state: AppState) -> None:
        """Show the remembered choices and take the keyboard focus."""
        self._use_found_device = not state.device
        self._battery, self._battery_of = state.battery, state.battery_of
        self._show_device(state.device)
        self._own_minutes = state.minutes
        self._minutes.setEnabled(False)  # so that its old value is not stored as the person's own
        self._practice.setCurrentIndex(max(0, self._practice.findData(state.programme)))
        self._participant.setText(state.participant)
        self._last.setText(state.last_sitting)
        self._describe()
        self._show_scan()
        (self.sit_button if self.sit_button.isEnabled() else self._device).setFocus()

    def _remember_device(self) -> None:
        self._use_found_device = False

    @property
    def device(self) -> str:
        """Name of the chosen device as a session needs it; empty without one."""
        shown = self._device.currentText().strip()
        at = self._device.findText(shown, Qt.MatchFlag.MatchExactly)
        return self._device.itemData(at) if at >= 0 and shown else shown

    @property
    def _programme(self) -> ProgrammeChoice | None:
        """The chosen programme; None for a practice of custom length."""
        return self._programmes.get(self._practice.currentData())

    @property
    def without_headset(self) -> bool:
        """Whether the sitting is one without a headset: by its practice, or for want of one where none is needed."""
        programme = self._programme
        return programme is not None and not (programme.headset and (programme.feedback or self.device))

    def _show_device(self, device: str) -> None:
        """Choose a device by its name as a session needs it; an empty one chooses none."""
        if device and self._device.findData(device) < 0 and not is_simulated_device(device):
            self._insert_device(device_title(device), device)
        self._device.setCurrentIndex(self._device.findData(device) if device else -1)
        if is_simulated_device(device):
            self._device.setEditText(device)

    def _insert_device(self, title: str, device: str) -> None:
        typed, was_empty = self._device.currentText(), not self._device.count()
        self._device.blockSignals(True)
        self._device.insertItem(0, title, device)
        if was_empty:  # Qt then chooses the item
            self._device.setCurrentIndex(-1)
            self._device.setEditText(typed)
        self._device.blockSignals(False)

    def _update_sit(self) -> None:
        """Enable the button only for a device that is there to be used."""
        device, programme = self.device, self._programme
        can_sit = bool(device) or self.without_headset
        text = home.SIT
        if self.without_headset:
            needs_headset = programme is None or programme.headset
            text = home.SIT_WITHOUT if needs_headset else home.SIT
        elif not device:
            text = home.SIT_LOOKING if self._device_scan.busy else home.SIT_NO_HEADSET
        had_focus = self._device.hasFocus()
        if not can_sit and self.sit_button.hasFocus():
            self._device.setFocus()  # else Qt gives the focus of a disabled button to the demo's
        self.sit_button.setEnabled(can_sit and not self._is_name_refused)
        self.record_button.setEnabled(bool(device) and not self._is_name_refused)
        self.sit_button.setText(tr(text))
        self.sit_button.setAccessibleName(tr(text))
        if device and had_focus and self._use_found_device:
            self.sit_button.setFocus()  # the headset was found, and nothing has been typed

    @property
    def _is_name_refused(self) -> bool:
        """Whether the name cannot be used; a validator lets it be typed all the same."""
        return bool(self._participant.text()) and not self._participant.hasAcceptableInput()

    def _check_name(self) -> None:
        refused = tr(home.NAME_OF_DEMO, name=DEMO_PARTICIPANT)
        if self._is_name_refused:
            self.show_notice(refused)
        elif self._notice.text() == refused:
            self.show_notice("")
        self._update_sit()

    def _scan_again(self) -> None:
        self._use_found_device = True
        self._device_scan.begin()

    def _show_scan(self) -> None:
        """Show the state of the search, offer the devices found, and select the only one unless a person chose one."""
        device_scan = self._device_scan
        self.scan_button.setEnabled(not device_scan.busy)
        self._scan_status.setText(device_scan.status_line)
        self._scan_status.setVisible(bool(device_scan.status_line))
        found = device_scan.findings.found if device_scan.findings else ()
        for headset in found:
            self._descriptions[headset.device] = headset.short or headset.about
            if (at := self._device.findData(headset.device)) >= 0:
                self._device.setItemText(at, found_title(headset.device))
            else:
                self._insert_device(found_title(headset.device), headset.device)
        if len(found) == 1 and self._use_found_device:
            self._show_device(found[0].device)
        self._update_sit()
        self._use_found_device = self._use_found_device and len(found) != 1

    def show_notice(self, notice: str) -> None:
        """Show one sentence above the footer, or none."""
        self._notice.setText(notice)
        self._notice.setVisible(bool(notice))
        self._finish.hide()

    def offer_unfinished(self, unfinished: UnfinishedSession) -> None:
        """Show that a session broke off, and offer to sit the rest of it."""
        self.show_notice(tr(home.UNFINISHED_COMPLETED))
        self._unfinished = unfinished
        self._finish.setText(tr(home.FINISH_MINUTES, minutes=unfinished.minutes_left))
        self._finish.setVisible(unfinished.minutes_left > 0)

    def _confirm_resume(self) -> None:
        if self._unfinished is not None:
            self.finish.emit(self._unfinished)

    def selection(self) -> dict[str, str | int]:
        """Return the fields of ``AppState`` that are chosen here, without empty ones."""
        name = "" if self._is_name_refused else self._participant.text()
        fields = {"device": self.device, "participant": name}
        chosen = {name: text for name, text in fields.items() if text}
        self._store_minutes()
        return chosen | {"programme": self._practice.currentData() or "", "minutes": self._own_minutes}

    def _describe(self) -> None:
        programme = self._programme
        self._store_minutes()
        self._show_length(programme)
        device = self.device
        kind = DEMO_DEVICE if is_simulated_device(device) else device
        about = self._descriptions.get(device) or self._descriptions.get(kind, "")
        self._update_sit()
        needs_headset = programme is None or programme.headset
        self._device.setEnabled(needs_headset)
        parts = [] if programme is None else [programme.description, _feedback_sentence(programme)]
        if needs_headset:
            parts += [about, self._battery_text(device)]
        text = " ".join(tr(part) for part in parts if part)
        self._description.setText(text)
        self._description.setToolTip(plain_tooltip(text))

    def _battery_text(self, device: str) -> str:
        """Return the charge of a headset after its last sitting; empty if it is unknown."""
        if self._battery < 0 or device != self._battery_of:
            return ""
        return tr(home.BATTERY_LOW if self._battery <= CHARGE_AT else home.BATTERY, percent=self._battery)

    def _store_minutes(self) -> None:
        if self._minutes.isEnabled():
            self._own_minutes = self._minutes.value()

    def _show_length(self, programme: ProgrammeChoice | None) -> None:
        """Show a programme's length, which cannot be changed here, or the length the person sets."""
        own = programme is None or not programme.headset
        self._minutes.setEnabled(own)
        self._minutes.setRange(0, MAX_MINUTES if own else _MAX_PROGRAMME_MINUTES)
        self._minutes.setSpecialValueText(tr(home.DEFAULT_LENGTH if own else home.NO_END))
        self._minutes.setValue(self._own_minutes if own or programme is None else round(programme.minutes))
        self._minutes.setToolTip(tr(home.MINUTES_TIP if own else home.PROGRAMME_MINUTES_TIP))


def _centred(*widgets: QWidget) -> QHBoxLayout:
    layout = row(*widgets, gap=4)
    layout.insertStretch(0, 1)
    layout.addStretch(1)
    return layout


def _feedback_sentence(programme: ProgrammeChoice) -> str:
    if not programme.headset:
        return choice.NO_HEADSET
    return choice.FEEDBACK_INDEX if programme.feedback else choice.FEEDBACK_NONE
