"""Fit: a head seen from above whose electrodes fill as contact becomes good, and in words what would help."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QWidget

from neurofeedback.session.live_state import Snapshot
from neurofeedback.session.status_text import contact_hint, contact_reason_text, contact_symbol, headset_fit_text
from neurofeedback.types import ContactLevel, ElectrodeQuality, HeadsetFit
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, allow_clipping, bind_key, button, column, label, row
from neurofeedback.ui.widgets.head_view import ElectrodeDot, HeadView

MAX_LISTED_ELECTRODES = 8
WORDS_WIDTH = 400
BUTTON_WIDTH, BUTTON_HEIGHT = 160, 40
_GRADES = {ContactLevel.BAD: 0, ContactLevel.FAIR: 1, ContactLevel.GOOD: 2}


class FitPage(QWidget):
    """Shows how a headset sits; asks to begin now, or to leave."""

    begin = pyqtSignal()
    leave = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._snapshot: Snapshot | None = None
        self._dots: tuple[ElectrodeDot, ...] = ()
        self._ending = False
        self._head = HeadView(theme)
        self._title = label(large=True, name="How the headset sits")
        self._help = label(name="What would help")
        self._begins = label(quiet=True, name="When the sitting begins")
        self._facts = label(quiet=True, name="Signal")
        self._message = label(quiet=True, name="Message")
        for words in (self._title, self._help, self._begins, self._message):
            words.setWordWrap(True)
        self._rows = [(label(), allow_clipping(label(quiet=True))) for _ in range(MAX_LISTED_ELECTRODES)]
        self._more = label(quiet=True, name="Other electrodes")
        self.begin_button = button("B  begin anyway", self.begin.emit, name="Begin anyway (B)")
        self._lay_out()
        bind_key(self, "Esc", self.leave.emit)
        bind_key(self, "B", self.begin_button.click)  # a disabled button does nothing

    def _lay_out(self) -> None:
        told = QWidget()
        told.setFixedWidth(WORDS_WIDTH)
        words = column(told, gap=8)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._help)
        words.addSpacing(10)
        words.addLayout(self._list())
        words.addWidget(self._more)
        words.addStretch(1)
        words.addWidget(self._begins)
        words.addWidget(self._message)
        words.addSpacing(24)
        upper = row(self._head, told, gap=MARGIN)
        upper.setContentsMargins(MARGIN, MARGIN, MARGIN, 0)
        foot = row(allow_clipping(self._facts), gap=4)
        foot.addWidget(button("Esc  home", self.leave.emit, name="Back to the first page (Esc)", flat=True))
        foot.addSpacing(8)
        foot.addWidget(self.begin_button)
        foot.setContentsMargins(MARGIN, 8, MARGIN, FLAT_MARGIN)
        foot.setStretch(0, 1)
        whole = column(self, gap=0)
        whole.addLayout(upper, 1)
        whole.addLayout(foot)

    def _list(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        for place, (name, reason) in enumerate(self._rows):
            grid.addWidget(name, place, 0, alignment=Qt.AlignmentFlag.AlignTop)
            grid.addWidget(reason, place, 1)
        return grid

    def activate(self, device: str) -> None:
        """Begin afresh, before anything is known of the device, and take the keyboard."""
        self._snapshot, self._dots, self._ending = None, (), False
        words = self.begin_button.fontMetrics()  # its two dresses differ in size, the place of the button may not
        self.begin_button.setFixedSize(
            max(BUTTON_WIDTH, words.horizontalAdvance("B  begin anyway") + 50), max(BUTTON_HEIGHT, words.height() + 22)
        )
        self._show_fit(None)
        self._title.setText(f"Connecting to {device}")
        self._help.setText("Put the headset on, and let it warm up on the skin.")
        self._facts.setText("")
        self._message.setText("")
        self.setFocus()

    def show_notice(self, notice: str, *, lasting: bool = False) -> None:
        """Show a notice in place of how the headset sits."""
        self._title.setText(notice)
        self._ending = lasting

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        if snapshot is not self._snapshot and not self._ending:
            self._snapshot = snapshot
            self._message.setText(snapshot.message)
            if snapshot.headset_fit is not None:
                self._show_words(snapshot, snapshot.headset_fit)
            elif snapshot.stream is not None:
                self._dots = tuple(ElectrodeDot(name, 0.0, good=False) for name in snapshot.stream.ch_names)
                self._title.setText(headset_fit_text(None))
        self._head.show_electrodes(self._dots, step_s)

    def _show_words(self, snapshot: Snapshot, fit: HeadsetFit) -> None:
        self._title.setText(headset_fit_text(fit, snapshot.signal_lost_s))
        self._help.setText(contact_hint(fit))
        lost = f"{100 * snapshot.loss_rate:.1f} % of samples lost"
        self._facts.setText(" · ".join([snapshot.stream.device, lost] if snapshot.stream else [lost]))
        self._show_fit(fit, lost=snapshot.signal_lost_s > 0)

    def _show_fit(self, fit: HeadsetFit | None, *, lost: bool = False) -> None:
        electrodes = fit.electrodes if fit else ()
        if fit is not None:
            ch_names = (electrode.contact.ch_name for electrode in electrodes)
            self._dots = tuple(map(ElectrodeDot, ch_names, fit.recent_quality, fit.acceptable))
        listed = electrodes if len(electrodes) <= MAX_LISTED_ELECTRODES else _poorest(electrodes)
        for place, (name, reason) in enumerate(self._rows):
            _show_row(name, reason, listed[place] if place < len(listed) else None)
        self._more.setText(_rest_words(electrodes, len(listed)))
        begins_in_s = fit.starts_in_s if fit else None
        self._begins.setText(_begins_words(begins_in_s))
        self._offer_to_begin(well=fit is not None and fit.good_enough, possible=fit is not None and not lost)

    def _offer_to_begin(self, *, well: bool, possible: bool) -> None:
        words = "B  begin now" if well else "B  begin anyway"
        self.begin_button.setEnabled(possible)
        if self.begin_button.text() == words:
            return
        self.begin_button.setText(words)
        self.begin_button.setAccessibleName(f"Begin {'now' if well else 'anyway'} (B)")
        self.begin_button.setProperty("main", well)  # beginning anyway is offered, not urged
        style = self.begin_button.style()
        if style is not None:
            style.polish(self.begin_button)


def _begins_words(begins_in_s: float | None) -> str:
    if begins_in_s is None:
        return ""
    return f"The sitting begins by itself in {begins_in_s:.0f} s." if begins_in_s else "The sitting begins."


def _poorest(electrodes: tuple[ElectrodeQuality, ...]) -> tuple[ElectrodeQuality, ...]:
    """Return those that are not good, the worst first, as many as there is room for."""
    poor = [electrode for electrode in electrodes if electrode.contact.level is not ContactLevel.GOOD]
    return tuple(sorted(poor, key=lambda electrode: _GRADES[electrode.contact.level])[:MAX_LISTED_ELECTRODES])


def _rest_words(electrodes: tuple[ElectrodeQuality, ...], n_listed: int) -> str:
    """Say what those are that have no row of their own."""
    rest = len(electrodes) - n_listed
    if not rest:
        return ""
    n_poor = sum(electrode.contact.level is not ContactLevel.GOOD for electrode in electrodes)
    return f"and {rest} more" if n_poor > n_listed else f"{'the other ' if n_listed else 'all '}{rest} are good"


def _show_row(name: QLabel, reason: QLabel, electrode: ElectrodeQuality | None) -> None:
    mark, words = ("", "") if electrode is None else (contact_symbol(electrode.contact), contact_reason_text(electrode))
    name.setText(mark)
    reason.setText(words)
    name.setAccessibleName(f"{electrode.contact.ch_name}: {words}" if electrode else "")
    for part in (name, reason):
        part.setVisible(electrode is not None)
