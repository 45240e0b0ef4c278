"""What is tucked away during a sitting: volume, how often the sound is quiet, how far it moves, and what to show."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QElapsedTimer, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider

from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import sit
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, button, column, label, row

_DB, _PERCENT = "dB", "%"
_KNOBS = (
    (RequestKind.VOLUME, sit.VOLUME, (-36, 12), _DB, sit.VOLUME_TIP),
    (
        RequestKind.TARGET_RATE,
        sit.TARGET_RATE,
        (10, 95),
        _PERCENT,
        sit.TARGET_RATE_TIP,
    ),
    (RequestKind.TONE_DEPTH, sit.TONE_DEPTH, (0, 100), _PERCENT, sit.TONE_DEPTH_TIP),
)
_STEADY_MS = 1000
KeyActions = tuple[tuple[str, str, Callable[[], object]], ...]


class ControlsPanel(QFrame):
    """Sliders and the keys a sitting rarely needs; ``asked`` carries requests."""

    requested = pyqtSignal(object)

    def __init__(self, acts: KeyActions) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._sliders: dict[RequestKind, tuple[QSlider, QLabel, str]] = {}
        self._since_moved = QElapsedTimer()
        inside = column(self, gap=10)
        inside.setContentsMargins(0, 14, 0, 0)
        inside.addLayout(self._knobs())
        self._buttons = {keys: button("", act, flat=True) for keys, _, act in acts}
        keys = row(*self._buttons.values(), gap=4)
        keys.setContentsMargins(FLAT_MARGIN, 0, FLAT_MARGIN, 0)
        keys.addStretch(1)
        inside.addLayout(keys)
        for pressed, text, _ in acts:
            self.set_button_text(pressed, text)

    def set_button_text(self, keys: str, text: str) -> None:
        """Let the button of a key say a text, which begins with that key; it is gone where there is none."""
        pressed, words = self._buttons[keys], tr(text)
        pressed.setText(words)
        pressed.setAccessibleName(f"{words.removeprefix(keys).strip()} ({keys})")
        pressed.setVisible(bool(text))

    def _knobs(self) -> QHBoxLayout:
        knobs = row(gap=24)
        knobs.setContentsMargins(MARGIN, 0, MARGIN, 0)
        for kind, name, (low, high), unit, hint in _KNOBS:
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(low, high)
            slider.setPageStep(5)
            slider.setAccessibleName(tr(name))
            slider.setToolTip(tr(hint))
            slider.valueChanged.connect(lambda value, kind=kind: self._moved(kind, value))
            value = label(quiet=True, name=f"{tr(name)}, {unit}")
            words = row(label(name, quiet=True))
            words.addStretch(1)
            words.addWidget(value)
            knob = column(gap=4)
            knob.addLayout(words)
            knob.addWidget(slider)
            knobs.addLayout(knob, 1)
            self._sliders[kind] = (slider, value, unit)
        return knobs

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow what is set now, but not under the person's hand."""
        held = self._since_moved.isValid() and self._since_moved.elapsed() < _STEADY_MS
        now = {
            RequestKind.VOLUME: snapshot.volume_db,
            RequestKind.TARGET_RATE: 100 * snapshot.target_rate,
            RequestKind.TONE_DEPTH: 100 * snapshot.tone_depth,
        }
        self.set_button_text("O", sit.COMPARE_WITH.get(snapshot.feedback_source, ""))
        for kind, (slider, value, unit) in self._sliders.items():
            if not held and not slider.isSliderDown():
                slider.blockSignals(True)
                slider.setValue(round(now[kind]))
                slider.blockSignals(False)
            signed = unit == _DB and slider.value()
            value.setText(f"{slider.value():+d} {unit}" if signed else f"{slider.value()} {unit}")

    def _moved(self, kind: RequestKind, value: int) -> None:
        self._since_moved.start()
        self.requested.emit(Request(kind, repr(float(value) if kind is RequestKind.VOLUME else value / 100)))
