"""The status panel of a session: contact, signal, source of the index, and the index."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout

from neurofeedback.session.live_state import Snapshot, situation_of
from neurofeedback.texts import sit
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_number, format_percent
from neurofeedback.texts.situation import CHANNELS
from neurofeedback.texts.status import battery_text, contact_symbol, contact_text
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import MARGIN, allow_clipping, column, label
from neurofeedback.ui.widgets.index_view import IndexView

NARROW_CHANNELS = 8


class StatusPanel(QFrame):
    """Shows the status between picture and buttons."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._contact = label(name=sit.CONTACT)
        self._reason = label(quiet=True, name=sit.CONTACT_REASONS)
        self._signal = label(quiet=True, name=sit.SIGNAL_STATUS)
        self._model = label(quiet=True, name=sit.INDEX_SOURCE)
        self._index = IndexView(theme)
        lines = column(gap=4)
        lines.addWidget(allow_clipping(self._contact))
        for line in (self._reason, self._signal, self._model):
            line.setWordWrap(True)
            lines.addWidget(line)
        lines.addStretch(1)
        inside = QHBoxLayout(self)
        inside.setSpacing(MARGIN)
        inside.setContentsMargins(MARGIN, 16, MARGIN, 0)
        inside.addLayout(lines, 1)
        inside.addWidget(self._index, 1, Qt.AlignmentFlag.AlignTop)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the status of a snapshot; in a masked session contact and signal alone."""
        names = [contact_symbol(contact) for contact in snapshot.contacts]
        rows = (names[i : i + NARROW_CHANNELS] for i in range(0, len(names), NARROW_CHANNELS))
        self._contact.setText("\n".join("    ".join(some) for some in rows))
        without_headset = bool(snapshot.practice) and snapshot.stream is None
        self._reason.setText("" if without_headset else contact_text(snapshot.contacts))
        self._signal.setText(_signal_text(snapshot))
        facts = CHANNELS[situation_of(snapshot)].facts or snapshot.model_text
        self._model.setText("" if snapshot.masked else tr(facts))
        self._index.setVisible(not (snapshot.practice or snapshot.masked))
        mwi = snapshot.frame.mwi if snapshot.frame else float("nan")
        self._index.show_index(snapshot.index_name, mwi, snapshot.index_history)


def _signal_text(snapshot: Snapshot) -> str:
    if snapshot.frame is None:
        return snapshot.sound
    now, so_far = format_percent(snapshot.frame.signal), format_percent(snapshot.valid_fraction)
    usable = tr(sit.USABLE_SIGNAL, now=now, share=so_far)
    lost = tr(sit.SAMPLES_LOST, share=format_number(100 * snapshot.loss_rate, 1))
    battery = battery_text(snapshot.battery)
    return " · ".join(part for part in (usable, lost, battery, snapshot.sound, snapshot.outputs) if part)
