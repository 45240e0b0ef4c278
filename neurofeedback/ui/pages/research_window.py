"""The researcher's window: traces, spectra, index, features and connection.

It is drawn at most ten times a second and only while visible. It opens at once; a helper thread imports the plots.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QElapsedTimer, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QWidget

from neurofeedback.session.keymap import PRESENTER_KEYS, request_for_key
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import body
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_index, format_number, format_percent
from neurofeedback.texts.status import phase_label
from neurofeedback.texts.technical import research
from neurofeedback.types import Frame
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import MARGIN, bind_key, column, label

if TYPE_CHECKING:
    from neurofeedback.processing.body.rhythm import RateWindow
    from neurofeedback.ui.widgets.research_plots import ResearchPlots

REFRESH_MS = 100
MS_PER_CHANNEL = 20
SLOW_MS = 500
PRESENTER_QT_KEYS = dict(zip(("PgDown", "PgUp", "Left", "Right", "B", "."), PRESENTER_KEYS, strict=True))
_SHOWN = ("z_", "ln_", "chi_", "u_")


class ResearchWindow(QWidget):
    """Shows the latest snapshot in a window of its own; it never takes the keyboard from the session's window.

    ``requested`` carries answers to an open question, as in the session's window, and marks (keys 1 to 9 and K).
    """

    requested = pyqtSignal(object)
    closed = pyqtSignal()

    def __init__(self, theme: Theme, snapshot: Callable[[], Snapshot]) -> None:
        super().__init__()
        self.setWindowTitle(tr(research.TITLE))
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # the session's keys stay where they are
        self.resize(1180, 760)
        self._latest = snapshot
        self._shown: Snapshot | None = None
        self._slow_age = QElapsedTimer()
        self._theme = theme
        self._plots: ResearchPlots | None = None
        self._loading_label = label(research.LOADING, quiet=True)
        self._loading_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._loading_label.setWordWrap(True)
        self._state = label(name=research.STATE_NAME)
        self._features = label(quiet=True, name=research.FEATURES_NAME)
        self._link = label(quiet=True, name=research.LINK_NAME)
        self._keys = label(research.KEYS, quiet=True)
        for line in (self._state, self._link, self._keys):
            line.setWordWrap(True)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(REFRESH_MS)
        for number in range(1, 10):
            bind_key(self, str(number), lambda number=number: self._press_digit(number))
        for qt_key, key in (*PRESENTER_QT_KEYS.items(), ("S", "s")):
            bind_key(self, qt_key, lambda key=key: self._answer(key))
        bind_key(self, "K", lambda: self._mark(""))
        bind_key(self, "Esc", self.close)
        self._loading_task: BackgroundTask[type[ResearchPlots]] = BackgroundTask(self, "plots")
        self._loading_task.done.connect(self._add_plots)
        self._loading_task.failed.connect(self._loading_label.setText)
        self._loading_task.start(_import_plots_task)

    def _lay_out(self) -> None:
        self._drawings = column()
        self._drawings.addWidget(self._loading_label)
        side = column(gap=12)
        side.addWidget(self._state)
        area = QScrollArea()
        area.setWidget(self._features)
        area.setWidgetResizable(True)
        self._features.setAlignment(Qt.AlignmentFlag.AlignTop)
        side.addWidget(area, 1)
        side.addWidget(self._link)
        side.addWidget(self._keys)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(8, MARGIN // 2, MARGIN // 2, MARGIN // 2)
        whole.addLayout(self._drawings, 4)
        whole.addLayout(side, 1)

    def _add_plots(self, kind: type[ResearchPlots]) -> None:
        self._plots = kind(self._theme)
        self._plots.made.connect(self._show_plots)

    def _show_plots(self) -> None:
        if self._plots is not None:
            self._loading_label.hide()
            self._drawings.addWidget(self._plots)
            self._shown = None
            self._slow_age.invalidate()

    def refresh(self) -> None:
        """Draw the latest snapshot if it is new and the window is visible."""
        snapshot = self._latest()
        if not self.isVisible() or self.isMinimized() or snapshot is self._shown:
            return
        self._shown = snapshot
        if snapshot.stream is not None:
            self._timer.setInterval(max(REFRESH_MS, MS_PER_CHANNEL * snapshot.stream.n_channels))
        if self._plots is not None:
            self._plots.show_snapshot(snapshot)
            self._plots.setVisible(snapshot.status != "idle")  # the plots of the last session say nothing about now
        if not self._slow_age.isValid() or self._slow_age.elapsed() >= SLOW_MS:
            self._slow_age.start()
            self._show_slow(snapshot)

    def _show_slow(self, snapshot: Snapshot) -> None:
        """Show what needs to be read at most twice a second."""
        _set_text(self._state, _state_text(snapshot))
        _set_text(self._features, _feature_text(snapshot))
        _set_text(self._link, _link_text(snapshot))
        if self._plots is not None:
            self._plots.show_slow(snapshot)

    def _press_digit(self, number: int) -> None:
        if self._latest().question is None:
            self._mark(f"marker {number}")
        else:
            self._answer(str(number))

    def _answer(self, key: str) -> None:
        """Answer or leave the open question; without one the key does nothing here."""
        snapshot = self._latest()
        request = None if snapshot.question is None else request_for_key(key, snapshot)
        if request is not None and request.kind is not RequestKind.PRESS:
            self.requested.emit(request)

    def _mark(self, text: str) -> None:
        self.requested.emit(Request(RequestKind.MARK, text))

    def closeEvent(self, a0: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Close this window; the session goes on."""
        self._timer.stop()
        self._loading_task.cancel()
        self.closed.emit()
        super().closeEvent(a0)


def _import_plots_task(_handle: TaskHandle) -> type[ResearchPlots]:
    from neurofeedback.ui.widgets.research_plots import ResearchPlots  # imports pyqtgraph

    return ResearchPlots


def _state_text(snapshot: Snapshot) -> str:
    frame = snapshot.frame
    if frame is None:
        return tr(research.NO_SESSION) if snapshot.status == "idle" else phase_label(snapshot.phase)
    reasons = [f"{c.ch_name}: {', '.join(c.reasons)}" for c in snapshot.contacts if c.reasons]
    state = research.STATE_DROWSY if frame.drowsy else research.STATE
    index, u, threshold = format_index(frame.mwi), _number(frame.index_u), _number(frame.threshold)
    lines = [
        tr(state, phase=phase_label(snapshot.phase), state=frame.state),
        tr(research.INDEX, index=index, u=u, threshold=threshold),
        tr(research.SIGNAL, signal=format_percent(frame.signal), confidence=format_percent(frame.confidence)),
        tr(research.TONE, gain=_number(frame.guidance.tone_gain, 3), target=format_percent(snapshot.target_rate)),
        *reasons,
    ]
    return "\n".join(lines)


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else tr(research.UNKNOWN)


def _feature_text(snapshot: Snapshot) -> str:
    frame = snapshot.frame
    return "\n".join(f"{name}  {value:.2f}" for name, value in _features(snapshot.columns, frame)) if frame else ""


def _features(columns: tuple[str, ...], frame: Frame) -> list[tuple[str, float]]:
    pairs = zip(columns, frame.values, strict=False)
    return [(name, value) for name, value in pairs if name.startswith(_SHOWN) and math.isfinite(value)]


def _link_text(snapshot: Snapshot) -> str:
    if snapshot.stream is None:
        return ""
    lines = [tr(research.SAMPLES_LOST, share=format_number(100 * snapshot.loss_rate, 2))]
    if math.isfinite(snapshot.latency_ms):
        lines.append(tr(research.LATENCY, ms=f"{snapshot.latency_ms:.0f}"))
    if snapshot.signal_lost_s:
        lines.append(tr(research.NO_DATA, seconds=f"{snapshot.signal_lost_s:.1f}"))
    return "\n".join([*lines, snapshot.sound, tr(research.N_QUESTIONS, n=snapshot.n_probes), *_body_lines(snapshot)])


def _body_lines(snapshot: Snapshot) -> list[str]:
    """Return heart, breath and stillness of the last minute, as far as there are sensors for them."""
    found = snapshot.body
    if found is None:
        return []
    lines = [
        _rate_line(found.heart, body.LIVE_HEART, body.LIVE_NO_HEART),
        _rate_line(found.breath, body.LIVE_BREATH, body.LIVE_NO_BREATH),
    ]
    if found.still_share is not None:
        lines.append(tr(body.LIVE_STILL, share=format_percent(found.still_share)))
    return [line for line in lines if line]


def _rate_line(window: RateWindow | None, sentence: str, without: str) -> str:
    if window is None:
        return ""
    if window.reason is not None:
        return tr(without, reason=tr(body.REASONS[window.reason]))
    return tr(sentence, rate=format_number(window.rate, 0), half_width=format_number(window.half_width, 1))


def _set_text(target: QLabel, text: str) -> None:
    if target.text() != text:
        target.setText(text)
