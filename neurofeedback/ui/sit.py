"""Sit: one slow picture and the time left; contact, index and traces for those who want to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QElapsedTimer, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QWidget

from neurofeedback.feedback.picture import Scene, Water, glide
from neurofeedback.feedback.words import (
    clock_words,
    contact_mark,
    contact_words,
    guidance_words,
    phase_words,
    share_words,
)
from neurofeedback.session.mailbox import Snapshot
from neurofeedback.ui.history import IndexView
from neurofeedback.ui.parts import FLAT_MARGIN, MARGIN, button, clipped, column, key, label, row
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.water import WaterView

if TYPE_CHECKING:
    from neurofeedback.ui.traces import Traces

TRACES_MS = 100
TRACES_MS_PER_CHANNEL = 20
TRACES_HEIGHT = 170
NOTICE_MS = 2500
GUIDANCE_WIDTH = 440
NARROW_CHANNELS = 8


class Sit(QWidget):
    """Shows snapshots of a sitting; asks for its end and for marks."""

    end = pyqtSignal()
    mark = pyqtSignal()

    def __init__(self, theme: Theme, water: Water, *, time_shown: bool = True, traces_shown: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._scene = Scene()
        self._snapshot: Snapshot | None = None
        self._traces: Traces | None = None
        self._traces_age = QElapsedTimer()
        self._phase = label(large=True, onPicture=True, name="Phase")
        self._time = label(large=True, onPicture=True, name="Time left")
        self._guidance = label(onPicture=True, name="What is going on")
        self._guidance.setWordWrap(True)
        self._guidance.setMaximumWidth(GUIDANCE_WIDTH)
        self._notice = label(onPicture=True, name="Notice")
        self._message = label(onPicture=True, name="Message")
        self._message.setWordWrap(True)
        self._contact = label(name="Contact of the electrodes")
        self._reason = label(quiet=True, name="Reasons for poor contact")
        self._facts = label(quiet=True, name="Signal")
        self._index = IndexView(theme)
        self._water = WaterView(water)
        self._panel = QFrame()
        self._panel.setObjectName("panel")
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(NOTICE_MS)
        self._quiet.timeout.connect(lambda: self._notice.setText(""))
        self._lay_out()
        self._bind_keys()
        self._time.setVisible(time_shown)
        self._show_traces(shown=traces_shown)

    @property
    def time_shown(self) -> bool:
        """Whether the time left is shown."""
        return not self._time.isHidden()

    @property
    def traces_shown(self) -> bool:
        """Whether the live traces are shown."""
        return self._traces is not None and not self._traces.isHidden()

    def _lay_out(self) -> None:
        over = column(self._water, MARGIN, gap=6)
        over.addLayout(_apart(self._phase, self._time))
        over.addWidget(self._guidance)
        over.addStretch(1)
        over.addWidget(self._notice)
        over.addWidget(self._message)
        contact = column(gap=4)
        for words in (self._contact, self._reason, self._facts):
            contact.addWidget(clipped(words))
        contact.addStretch(1)
        facts = QHBoxLayout()
        facts.setSpacing(MARGIN)
        facts.addLayout(contact, 1)
        facts.addWidget(self._index, 0, Qt.AlignmentFlag.AlignTop)
        self._inside = column(self._panel, gap=10)
        self._inside.setContentsMargins(0, 16, 0, 8)
        facts.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._inside.addLayout(facts)
        self._inside.addLayout(self._buttons())
        whole = column(self, gap=0)
        whole.addWidget(self._water, 1)
        whole.addWidget(self._panel)

    def _buttons(self) -> QHBoxLayout:
        self._time_button = button("H  hide time", self.toggle_time, name="Hide or show the time (H)", flat=True)
        self._traces_button = button("T  traces", self.toggle_traces, name="Show or hide the traces (T)", flat=True)
        keys = row(
            button("M  mark", self.mark.emit, name="Put a mark into the recording (M)", flat=True),
            self._traces_button,
            self._time_button,
            gap=4,
        )
        keys.setContentsMargins(FLAT_MARGIN, 0, FLAT_MARGIN, 0)
        keys.addStretch(1)
        keys.addWidget(button("Esc  end", self.end.emit, name="End the sitting (Esc)", flat=True))
        return keys

    def _bind_keys(self) -> None:
        for keys, act in (
            ("Esc", self.end.emit),
            ("M", self.mark.emit),
            ("T", self.toggle_traces),
            ("H", self.toggle_time),
        ):
            key(self, keys, act)

    def enter(self) -> None:
        """Begin afresh and take the keyboard."""
        self._scene = Scene()
        self._notice.setText("")
        self.show_snapshot(Snapshot(), 0.0)
        self.setFocus()

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        guidance = snapshot.frame.guidance if snapshot.frame else None
        lost = snapshot.signal_lost_s > 0
        ripple = guidance.ripple if guidance else 0.0
        mist = 1.0 if lost else guidance.mist if guidance else 0.0
        self._scene = glide(self._scene, ripple, mist, step_s)
        if self.isVisible():
            self._water.show_scene(self._scene)
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._show_facts(snapshot)
            self._draw_traces()

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """Show a short notice on the picture, for a moment or until the end."""
        self._notice.setText(notice)
        self._quiet.stop() if lasting else self._quiet.start()

    def toggle_time(self) -> None:
        """Hide or show the time left."""
        self._time.setVisible(not self.time_shown)
        self._time_button.setText("H  hide time" if self.time_shown else "H  show time")

    def toggle_traces(self) -> None:
        """Show or hide the live traces."""
        self._show_traces(shown=not self.traces_shown)

    def _show_facts(self, snapshot: Snapshot) -> None:
        frame = snapshot.frame
        state = frame.state if frame else None
        self._phase.setText(phase_words(snapshot.phase))
        self._time.setText(clock_words(snapshot.remaining_s) if snapshot.phase else "")
        self._guidance.setText(guidance_words(snapshot.phase, state, snapshot.signal_lost_s))
        self._message.setText(snapshot.message)
        names = [contact_mark(contact) for contact in snapshot.contacts]
        rows = (names[i : i + NARROW_CHANNELS] for i in range(0, len(names), NARROW_CHANNELS))
        self._contact.setText("\n".join("    ".join(some) for some in rows))
        self._reason.setText(contact_words(snapshot.contacts))
        self._facts.setText(_signal_words(snapshot))
        self._index.show_index(snapshot.index_name, frame.mwi if frame else float("nan"), snapshot.index_history)

    def _show_traces(self, *, shown: bool) -> None:
        if shown and self._traces is None:
            from neurofeedback.ui.traces import Traces  # noqa: PLC0415 - pyqtgraph is not loaded until wanted

            self._traces = Traces(self._theme)
            self._traces.setFixedHeight(TRACES_HEIGHT)
            self._inside.insertWidget(0, self._traces)
        if self._traces is not None:
            self._traces.setVisible(shown)
        self._traces_button.setText("T  hide traces" if shown else "T  traces")
        self._traces_age.invalidate()
        self._draw_traces()

    def _draw_traces(self) -> None:
        if self._traces is None or self._snapshot is None or not self._traces.isVisible():
            return
        stream = self._snapshot.stream
        if stream is None or not self._snapshot.traces.size:
            return
        pause_ms = max(TRACES_MS, TRACES_MS_PER_CHANNEL * stream.n_channels)
        if not self._traces_age.isValid() or self._traces_age.elapsed() >= pause_ms:
            self._traces.show_traces(stream.ch_names, self._snapshot.traces, self._snapshot.traces_s)
            self._traces_age.start()


def _signal_words(snapshot: Snapshot) -> str:
    if snapshot.frame is None:
        return snapshot.sound
    usable = f"{share_words(snapshot.frame.signal)} usable signal"
    lost = f"{100 * snapshot.loss_rate:.1f} % of samples lost"
    return " · ".join(part for part in (usable, lost, snapshot.sound) if part)


def _apart(left: QWidget, right: QWidget) -> QHBoxLayout:
    apart = QHBoxLayout()
    apart.addWidget(left)
    apart.addStretch(1)
    apart.addWidget(right)
    return apart
