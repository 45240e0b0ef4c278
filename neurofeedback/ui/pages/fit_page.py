"""The page where the headset is put on: a head whose electrodes fill as contact improves, with a hint in words."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QWidget

from neurofeedback.session.fit.impedance_reading import ImpedanceReading
from neurofeedback.session.live_state import Snapshot
from neurofeedback.texts import fit, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_number
from neurofeedback.texts.headset_fit import MEASURING_IMPEDANCE, PLACES
from neurofeedback.texts.status import (
    battery_text,
    contact_hint,
    contact_reason_text,
    contact_symbol,
    electrode_place,
    headset_fit_text,
)
from neurofeedback.types import ContactLevel, ElectrodeQuality, HeadsetFit
from neurofeedback.ui.device_names import device_title
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, allow_clipping, bind_key, button, column, label, row
from neurofeedback.ui.widgets.head_view import ElectrodeDot, HeadView

MAX_LISTED_ELECTRODES = 8
TEXT_WIDTH = 400
_PLAIN_HEIGHT = 18  # of a line of ordinary type, which TEXT_WIDTH is for
BUTTON_WIDTH, BUTTON_HEIGHT = 160, 40
NO_IMPEDANCE = ImpedanceReading()
_LEVEL_ORDER = {ContactLevel.BAD: 0, ContactLevel.FAIR: 1, ContactLevel.GOOD: 2}


class FitPage(QWidget):
    """Shows the contact of each electrode; ``begin`` starts the session now, ``leave`` cancels it.

    ``measure_impedance`` asks for a measurement, where the headset can.
    """

    begin = pyqtSignal()
    measure_impedance = pyqtSignal()
    leave = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._snapshot: Snapshot | None = None
        self._dots: tuple[ElectrodeDot, ...] = ()
        self._ending = False
        self._head = HeadView(theme)
        self._text = QWidget()
        self._title = label(large=True, name=fit.TITLE)
        self._hint = label(name=fit.HINT)
        self._start_time = label(quiet=True, name=fit.START_TIME)
        self._facts = label(quiet=True, name=fit.SIGNAL)
        self._message = label(live=True, quiet=True, name=window.MESSAGE)
        for line in (self._title, self._hint, self._start_time, self._message):
            line.setWordWrap(True)
        self._rows = [(label(), label(), allow_clipping(label(quiet=True))) for _ in range(MAX_LISTED_ELECTRODES)]
        self._more = label(quiet=True, name=fit.OTHER_ELECTRODES)
        self._impedance = label(quiet=True, name=fit.IMPEDANCE)
        self._impedance.setWordWrap(True)
        self.impedance_button = button(
            fit.MEASURE_IMPEDANCE, self.measure_impedance.emit, name=fit.MEASURE_IMPEDANCE_NAME, flat=True
        )
        self.begin_button = button(fit.BEGIN_ANYWAY, self.begin.emit, name=fit.BEGIN_ANYWAY_NAME)
        self._lay_out()
        bind_key(self, "Esc", self.leave.emit)
        bind_key(self, "B", self.begin_button.click)  # a disabled button does nothing
        bind_key(self, "I", self.impedance_button.click)

    def _lay_out(self) -> None:
        inner = column(self._text, gap=8)
        inner.addStretch(1)
        inner.addWidget(self._title)
        inner.addWidget(self._hint)
        inner.addSpacing(10)
        inner.addLayout(self._list())
        inner.addWidget(self._more)
        inner.addWidget(self._impedance)
        inner.addStretch(1)
        inner.addWidget(self._start_time)
        inner.addWidget(self._message)
        inner.addSpacing(24)
        upper = row(self._head, self._text, gap=MARGIN)
        upper.setContentsMargins(MARGIN, MARGIN, MARGIN, 0)
        foot = row(allow_clipping(self._facts), gap=4)
        foot.addWidget(button(fit.LEAVE, self.leave.emit, name=fit.LEAVE_NAME, flat=True))
        foot.addSpacing(8)
        foot.addWidget(self.impedance_button)
        foot.addSpacing(8)
        foot.addWidget(self.begin_button)
        foot.setContentsMargins(MARGIN, 8, MARGIN, FLAT_MARGIN)
        foot.setStretch(0, 1)
        page = column(self, gap=0)
        page.addLayout(upper, 1)
        page.addLayout(foot)

    def _list(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(2, 1)
        for at, (name, place, reason) in enumerate(self._rows):
            grid.addWidget(name, at, 0, alignment=Qt.AlignmentFlag.AlignTop)
            grid.addWidget(place, at, 1, alignment=Qt.AlignmentFlag.AlignTop)
            grid.addWidget(reason, at, 2)
        return grid

    def activate(self, device: str) -> None:
        """Clear the page for a new device and take the keyboard focus."""
        self._snapshot, self._dots, self._ending = None, (), False
        metrics = self.begin_button.fontMetrics()  # its two styles differ in size; the button must not move
        self._text.setFixedWidth(round(TEXT_WIDTH * max(1.0, self._hint.fontMetrics().height() / _PLAIN_HEIGHT)))
        self.begin_button.setFixedSize(
            max(BUTTON_WIDTH, metrics.horizontalAdvance(tr(fit.BEGIN_ANYWAY)) + 50),
            max(BUTTON_HEIGHT, metrics.height() + 22),
        )
        self._show_fit(None)
        self._show_impedance(None, lost=False)
        self._title.setText(tr(fit.CONNECTING, device=device_title(device)))
        self._hint.setText(tr(fit.PUT_ON))
        self._facts.setText("")
        self._message.setText("")
        self.setFocus()

    def show_notice(self, notice: str, *, lasting: bool = False) -> None:
        """Show a notice as the title; a lasting one is not replaced by later snapshots."""
        self._title.setText(notice)
        self._ending = lasting

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        if snapshot is not self._snapshot and not self._ending:
            self._snapshot = snapshot
            self._message.setText(tr(snapshot.message))
            if snapshot.headset_fit is not None:
                self._show_texts(snapshot, snapshot.headset_fit)
            elif snapshot.stream is not None:
                self._dots = tuple(ElectrodeDot(name, 0.0, good=False) for name in snapshot.stream.ch_names)
                self._title.setText(headset_fit_text(None))
        self._head.show_electrodes(self._dots, step_s)

    def _show_texts(self, snapshot: Snapshot, headset_fit: HeadsetFit) -> None:
        impedance, is_lost = snapshot.impedance or NO_IMPEDANCE, snapshot.signal_lost_s > 0
        if impedance.measuring:
            self._title.setText(tr(MEASURING_IMPEDANCE))
            self._hint.setText("")
        else:
            self._title.setText(headset_fit_text(headset_fit, snapshot.signal_lost_s))
            self._hint.setText(contact_hint(headset_fit) or ("" if is_lost else impedance.hint))
        lost = tr(fit.SAMPLES_LOST, share=format_number(100 * snapshot.loss_rate, 1))
        device = device_title(snapshot.stream.device) if snapshot.stream else ""
        self._facts.setText(" · ".join(filter(None, (device, lost, battery_text(snapshot.battery)))))
        self._show_fit(headset_fit, impedance, lost=is_lost)
        self._show_impedance(snapshot.impedance, lost=is_lost)

    def _show_impedance(self, impedance: ImpedanceReading | None, *, lost: bool) -> None:
        self.impedance_button.setVisible(impedance is not None)
        self.impedance_button.setEnabled(impedance is not None and not (lost or impedance.measuring))
        text = "" if impedance is None else _impedance_text(impedance)
        self._impedance.setText(text)
        self._impedance.setVisible(bool(text))

    def _show_fit(
        self,
        headset_fit: HeadsetFit | None,
        impedance: ImpedanceReading = NO_IMPEDANCE,
        *,
        lost: bool = False,
    ) -> None:
        electrodes = headset_fit.electrodes if headset_fit else ()
        if headset_fit is not None:
            ch_names = (electrode.contact.ch_name for electrode in electrodes)
            self._dots = tuple(map(ElectrodeDot, ch_names, headset_fit.recent_quality, headset_fit.acceptable))
        electrodes = () if impedance.measuring else electrodes
        listed = electrodes if len(electrodes) <= MAX_LISTED_ELECTRODES else _poorest(electrodes)
        for at, labels in enumerate(self._rows):
            _show_row(*labels, listed[at] if at < len(listed) else None, impedance)
        self._more.setText(_unlisted_text(electrodes, len(listed)))
        self._start_time.setText(_start_text(headset_fit.starts_in_s if headset_fit else None))
        good_enough = headset_fit is not None and headset_fit.good_enough
        enabled = headset_fit is not None and not lost and not impedance.measuring
        self._update_begin_button(good_enough=good_enough, enabled=enabled)

    def _update_begin_button(self, *, good_enough: bool, enabled: bool) -> None:
        text = tr(fit.BEGIN_NOW if good_enough else fit.BEGIN_ANYWAY)
        self.begin_button.setEnabled(enabled)
        if self.begin_button.text() == text:
            return
        self.begin_button.setText(text)
        self.begin_button.setAccessibleName(tr(fit.BEGIN_NOW_NAME if good_enough else fit.BEGIN_ANYWAY_NAME))
        self.begin_button.setProperty("main", good_enough)  # only good contact makes it the main button
        style = self.begin_button.style()
        if style is not None:
            style.polish(self.begin_button)


def _impedance_text(impedance: ImpedanceReading) -> str:
    """Return the reference's impedance and the age of the measurement, or that there was none."""
    if impedance.measuring or not (impedance.failed or impedance.electrodes):
        return ""
    if impedance.failed:
        return tr(fit.NO_IMPEDANCE)
    reference = impedance.electrodes[-1]
    numbers = {"kohm": f"{reference.kohm:.0f}", "seconds": f"{impedance.age_s:.0f}"}
    return tr(fit.IMPEDANCE_AGE, level=tr(reference.level), **numbers)


def _start_text(starts_in_s: float | None) -> str:
    if starts_in_s is None:
        return ""
    return tr(fit.STARTS_IN, seconds=f"{starts_in_s:.0f}") if starts_in_s else tr(fit.STARTS_NOW)


def _poorest(electrodes: tuple[ElectrodeQuality, ...]) -> tuple[ElectrodeQuality, ...]:
    """Return the electrodes without good contact, the worst first, at most as many as there are rows."""
    poor = [electrode for electrode in electrodes if electrode.contact.level is not ContactLevel.GOOD]
    return tuple(sorted(poor, key=lambda electrode: _LEVEL_ORDER[electrode.contact.level])[:MAX_LISTED_ELECTRODES])


def _unlisted_text(electrodes: tuple[ElectrodeQuality, ...], n_listed: int) -> str:
    """Return one line about the electrodes without a row."""
    rest = len(electrodes) - n_listed
    if not rest:
        return ""
    n_poor = sum(electrode.contact.level is not ContactLevel.GOOD for electrode in electrodes)
    if n_poor > n_listed:
        return tr(fit.MORE_ELECTRODES, n=rest)
    return tr(fit.OTHERS_GOOD if n_listed else fit.ALL_GOOD, n=rest)


def _show_row(
    name: QLabel, place: QLabel, reason: QLabel, electrode: ElectrodeQuality | None, impedance: ImpedanceReading
) -> None:
    if electrode is None:
        symbol = text = where = accessible_name = ""
    else:
        symbol, text = contact_symbol(electrode.contact), contact_reason_text(electrode)
        where = tr(PLACES.get(electrode_place(electrode.contact.ch_name), ""))
        for one in impedance.electrodes:
            if one.ch_name == electrode.contact.ch_name:
                text = tr(fit.IMPEDANCE_OF, reason=text, kohm=f"{one.kohm:.0f}", level=tr(one.level))
        accessible_name = tr(fit.ELECTRODE, ch_name=electrode.contact.ch_name, reason=text)
    name.setText(symbol)
    place.setText(where)
    reason.setText(text)
    name.setAccessibleName(accessible_name)
    for part in (name, place, reason):
        part.setVisible(electrode is not None)
    if impedance.electrodes:  # there is no room for both, and the hint names the place
        place.hide()
