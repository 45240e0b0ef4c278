"""The hidden controls of a session: sliders for volume, target rate and tone depth, and buttons for rare keys."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QElapsedTimer, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QWidget

from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import sit
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, button, column, ignore_wheel, label, row

_DB, _PERCENT = "dB", "%"
_SLIDERS = (
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
_MOVING_MS = 1000
KeyActions = tuple[tuple[str, str, Callable[[], object]], ...]


class ControlsPanel(QFrame):
    """Sliders and buttons; ``requested`` carries the requests."""

    requested = pyqtSignal(object)

    def __init__(self, actions: KeyActions) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._sliders: dict[RequestKind, tuple[QSlider, QLabel, str]] = {}
        self._parts: dict[RequestKind, QWidget] = {}
        self._since_moved = QElapsedTimer()
        inside = column(self, gap=10)
        inside.setContentsMargins(0, 14, 0, 0)
        inside.addLayout(self._slider_row())
        self._buttons = {keys: button("", act, flat=True) for keys, _, act in actions}
        keys = row(*self._buttons.values(), gap=4)
        keys.setContentsMargins(FLAT_MARGIN, 0, FLAT_MARGIN, 0)
        keys.addStretch(1)
        inside.addLayout(keys)
        for key, text, _ in actions:
            self.set_button_text(key, text)

    def set_button_text(self, keys: str, text: str) -> None:
        """Set the text of a key's button, which begins with that key; an empty text hides the button."""
        target, shown = self._buttons[keys], tr(text)
        target.setText(shown)
        target.setAccessibleName(f"{shown.removeprefix(keys).strip()} ({keys})")
        target.setVisible(bool(text))

    def _slider_row(self) -> QHBoxLayout:
        sliders = row(gap=24)
        sliders.setContentsMargins(MARGIN, 0, MARGIN, 0)
        for kind, name, (low, high), unit, hint in _SLIDERS:
            slider = ignore_wheel(QSlider(Qt.Orientation.Horizontal))
            slider.setRange(low, high)
            slider.setPageStep(5)
            slider.setAccessibleName(tr(name))
            slider.setToolTip(tr(hint))
            slider.valueChanged.connect(lambda value, kind=kind: self._moved(kind, value))
            value = label(quiet=True, name=f"{tr(name)}, {unit}")
            caption = row(label(name, quiet=True))
            caption.addStretch(1)
            caption.addWidget(value)
            part = QWidget()
            box = column(part, gap=4)
            box.addLayout(caption)
            box.addWidget(slider)
            sliders.addWidget(part, 1)
            self._parts[kind] = part
            self._sliders[kind] = (slider, value, unit)
        return sliders

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the current values, except on a slider that is being moved.

        Without feedback, and in a masked session, there is only the volume.
        """
        for kind, part in self._parts.items():
            part.setVisible(kind is RequestKind.VOLUME or not (snapshot.practice or snapshot.masked))
        self.set_button_text("R", "" if snapshot.masked else sit.RESEARCH)
        moving = self._since_moved.isValid() and self._since_moved.elapsed() < _MOVING_MS
        now = {
            RequestKind.VOLUME: snapshot.volume_db,
            RequestKind.TARGET_RATE: 100 * snapshot.target_rate,
            RequestKind.TONE_DEPTH: 100 * snapshot.tone_depth,
        }
        self.set_button_text("O", sit.COMPARE_WITH.get(snapshot.feedback_source, ""))
        for kind, (slider, value, unit) in self._sliders.items():
            if not moving and not slider.isSliderDown():
                slider.blockSignals(True)
                slider.setValue(round(now[kind]))
                slider.blockSignals(False)
            signed = unit == _DB and slider.value()
            value.setText(f"{slider.value():+d} {unit}" if signed else f"{slider.value()} {unit}")

    def _moved(self, kind: RequestKind, value: int) -> None:
        self._since_moved.start()
        self.requested.emit(Request(kind, repr(float(value) if kind is RequestKind.VOLUME else value / 100)))
