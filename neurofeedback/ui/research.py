"""The researcher's window: traces, spectra, index, features and the link; the meditator's stays as it is.

Drawn at most ten times a second and only while it can be seen; pyqtgraph is loaded when it is first opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QElapsedTimer, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QWidget

from neurofeedback.feedback.words import contact_mark, index_words, phase_words, share_words
from neurofeedback.session.mailbox import Ask, Request, Snapshot
from neurofeedback.types import Frame
from neurofeedback.ui.head import known_places
from neurofeedback.ui.parts import MARGIN, column, key, label
from neurofeedback.ui.spectrum import alpha_db, scalp_map, spectrum_db
from neurofeedback.ui.texts import tr
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.traces import Traces, plain_plot

LOOK_MS = 100
MS_PER_CHANNEL = 20
SLOW_MS = 500
LEAST_FOR_MAP = 8
MOST_SPECTRA = 8
_MAP_SPAN_DB = 12.0
_SHOWN = ("z_", "ln_", "chi_", "u_")


class Research(QWidget):
    """A window of its own; ``asked`` carries marks (keys 1 to 9 and K), ``snapshot`` is where the latest one is."""

    asked = pyqtSignal(object)
    closed = pyqtSignal()

    def __init__(self, theme: Theme, snapshot: Callable[[], Snapshot]) -> None:
        super().__init__()
        self.setWindowTitle(tr("Research"))
        self.resize(1180, 760)
        self._latest = snapshot
        self._shown: Snapshot | None = None
        self._slow_age = QElapsedTimer()
        self._traces = Traces(theme)
        self._index = _IndexPlot(theme)
        self._spectra = _SpectraPlot(theme)
        self._map = _ScalpPlot(theme)
        self._facts = label(name="State of the sitting")
        self._features = label(quiet=True, name="Features")
        self._link = label(quiet=True, name="Link and sound")
        for words in (self._facts, self._link):
            words.setWordWrap(True)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)
        for number in range(1, 10):
            key(self, str(number), lambda number=number: self._mark(f"marker {number}"))
        key(self, "K", lambda: self._mark(""))
        key(self, "Esc", self.close)

    def _lay_out(self) -> None:
        plots = column(gap=8)
        plots.addWidget(self._traces, 5)
        plots.addWidget(self._index, 2)
        lower = QHBoxLayout()
        lower.addWidget(self._spectra, 3)
        lower.addWidget(self._map, 1)
        plots.addLayout(lower, 3)
        told = column(gap=12)
        told.addWidget(self._facts)
        area = QScrollArea()
        area.setWidget(self._features)
        area.setWidgetResizable(True)
        self._features.setAlignment(Qt.AlignmentFlag.AlignTop)
        told.addWidget(area, 1)
        told.addWidget(self._link)
        told.addWidget(label("1 to 9 or K mark · Esc closes this window only", quiet=True))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(8, MARGIN // 2, MARGIN // 2, MARGIN // 2)
        whole.addLayout(plots, 4)
        whole.addLayout(told, 1)

    def look(self) -> None:
        """Draw the latest snapshot, if this window can be seen and there is anything new."""
        snapshot = self._latest()
        if not self.isVisible() or self.isMinimized() or snapshot is self._shown:
            return
        self._shown = snapshot
        stream = snapshot.stream
        if stream is not None and snapshot.traces.size:
            self._timer.setInterval(max(LOOK_MS, MS_PER_CHANNEL * stream.n_channels))
            self._traces.show_traces(_lane_names(snapshot), snapshot.traces, snapshot.traces_s)
        self._index.show_snapshot(snapshot)
        if not self._slow_age.isValid() or self._slow_age.elapsed() >= SLOW_MS:
            self._slow_age.start()
            self._show_slow(snapshot)

    def _show_slow(self, snapshot: Snapshot) -> None:
        """Show what nobody reads more than twice a second."""
        _say(self._facts, _fact_words(snapshot))
        _say(self._features, _feature_words(snapshot))
        _say(self._link, _link_words(snapshot))
        if snapshot.stream is None or not snapshot.recent:
            return
        freqs, levels = spectrum_db(snapshot.recent, snapshot.stream.sfreq)
        self._spectra.show_levels(snapshot.stream.ch_names, freqs, levels)
        self._map.show_values(snapshot.stream.ch_names, alpha_db(freqs, levels))

    def _mark(self, text: str) -> None:
        self.asked.emit(Request(Ask.MARK, text))

    def closeEvent(self, a0: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Go away without a word to the sitting."""
        self._timer.stop()
        self.closed.emit()
        super().closeEvent(a0)


class _IndexPlot(pg.PlotWidget):
    """The index of the last minutes, and the threshold as it is now."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(**plain_plot(theme))
        self.setAccessibleName(tr("Index and threshold"))
        self.setYRange(-6, 106)
        self._line = self.plot(pen=pg.mkPen(theme.accent, width=1.5))
        self._threshold = pg.InfiniteLine(angle=0, pen=pg.mkPen(theme.text, style=Qt.PenStyle.DashLine))
        self.addItem(self._threshold)
        self.setToolTip(tr("Index (0 to 100) over the last minutes; dashed: threshold"))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what the snapshot has."""
        values, frame = snapshot.index_history, snapshot.frame
        self._line.setData(np.arange(-len(values), 0) / 4, values, connect="finite")
        known = frame is not None and math.isfinite(frame.threshold)
        self._threshold.setVisible(known)
        if known and frame is not None:
            self._threshold.setValue(_on_index_scale(frame.threshold))


class _SpectraPlot(pg.PlotWidget):
    """Power density of each electrode; of many electrodes their mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(**plain_plot(theme))
        self.setAccessibleName(tr("Spectra of the last seconds"))
        self.setToolTip(tr("dB of µV²/Hz over Hz, the last 4 s"))
        self._inks = (theme.text, theme.accent, theme.quiet, theme.edge)
        self._lines: list[pg.PlotDataItem] = []
        self._names: tuple[str, ...] = ()
        self.addLegend(offset=(-10, 5), labelTextColor=theme.quiet)
        self.setXRange(1, 45)

    def show_levels(self, ch_names: tuple[str, ...], freqs: np.ndarray, levels: np.ndarray) -> None:
        """Show levels in dB, shape (n_channels, n_freqs)."""
        if len(ch_names) > MOST_SPECTRA:
            known = levels[np.isfinite(levels).all(axis=1)]
            ch_names, levels = (tr("mean"),), known.mean(axis=0, keepdims=True) if len(known) else levels[:1]
        if ch_names != self._names:
            self._begin(ch_names)
        for line, level in zip(self._lines, levels, strict=True):
            line.setData(freqs, level, connect="finite")

    def _begin(self, ch_names: tuple[str, ...]) -> None:
        self._names = ch_names
        self.clear()
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
        pens = [
            pg.mkPen(self._inks[at % len(self._inks)], width=1.4, style=styles[at % 2]) for at in range(len(ch_names))
        ]
        self._lines = [self.plot(pen=pen, name=name) for pen, name in zip(pens, ch_names, strict=True)]


class _ScalpPlot(pg.PlotWidget):
    """Alpha over the head, where there are electrodes enough."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(**plain_plot(theme))
        self.setAccessibleName(tr("Alpha power over the head"))
        self.setToolTip(tr("Alpha power over the head, compared with its mean; seen from above, the front on top"))
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setColorMap(pg.ColorMap(None, [theme.window, theme.edge, theme.accent]))
        self.addItem(self._image)
        self.hideAxis("left")
        self.hideAxis("bottom")
        self.getViewBox().setAspectLocked(lock=True)
        self.getViewBox().invertY(b=True)
        self.hide()

    def show_values(self, ch_names: tuple[str, ...], values: np.ndarray) -> None:
        """Show levels in dB, one a channel; too few electrodes at known places show nothing."""
        places = known_places(ch_names)
        at = [row for row, place in enumerate(places) if place is not None]
        self.setVisible(len(at) >= LEAST_FOR_MAP)
        if len(at) < LEAST_FOR_MAP:
            return
        known = np.array([place for place in places if place is not None])
        spread = scalp_map(known, values[at])
        middle = np.nanmean(spread) if np.isfinite(spread).any() else 0.0
        half = _MAP_SPAN_DB / 2
        self._image.setImage(spread, levels=(middle - half, middle + half))
        self._image.setRect(QRectF(-1, -1, 2, 2))


def _lane_names(snapshot: Snapshot) -> tuple[str, ...]:
    """Names of the lanes with the gate's verdict, told apart by shape."""
    if snapshot.stream is None or len(snapshot.contacts) != snapshot.stream.n_channels:
        return snapshot.stream.ch_names if snapshot.stream else ()
    return tuple(contact_mark(contact) for contact in snapshot.contacts)


def _fact_words(snapshot: Snapshot) -> str:
    frame = snapshot.frame
    if frame is None:
        return phase_words(snapshot.phase)
    reasons = [f"{c.ch_name}: {', '.join(c.reasons)}" for c in snapshot.contacts if c.reasons]
    lines = [
        f"{phase_words(snapshot.phase)}, {frame.state}{', ' + tr('drowsy') if frame.drowsy else ''}",
        f"{tr('index')} {index_words(frame.mwi)}, u {frame.index_u:.2f}, {tr('threshold')} {frame.threshold:.2f}",
        f"{tr('signal')} {share_words(frame.signal)}, {tr('confidence')} {share_words(frame.confidence)}",
        f"{tr('tone')} {frame.guidance.tone_gain:.3f}, {tr('target')} {share_words(snapshot.target_rate)}",
        *reasons,
    ]
    return "\n".join(lines)


def _feature_words(snapshot: Snapshot) -> str:
    frame = snapshot.frame
    return "\n".join(f"{name}  {value:.2f}" for name, value in _features(snapshot.columns, frame)) if frame else ""


def _features(columns: tuple[str, ...], frame: Frame) -> list[tuple[str, float]]:
    pairs = zip(columns, frame.values, strict=False)
    return [(name, value) for name, value in pairs if name.startswith(_SHOWN) and math.isfinite(value)]


def _link_words(snapshot: Snapshot) -> str:
    lost = tr("{share} % of samples lost").format(share=f"{100 * snapshot.loss_rate:.2f}")
    age = tr("{ms} ms from sample to sound").format(ms=f"{snapshot.latency_ms:.0f}")
    silent = tr("nothing for {seconds} s").format(seconds=f"{snapshot.signal_lost_s:.1f}")
    parts = [lost, age if math.isfinite(snapshot.latency_ms) else "", silent if snapshot.signal_lost_s else ""]
    return "\n".join([*filter(None, parts), snapshot.sound, tr("{n} questions").format(n=snapshot.n_probes)])


def _on_index_scale(u: float) -> float:
    """100 * Phi(u): the threshold on the scale of the index."""
    return 50 * (1 + math.erf(u / math.sqrt(2)))


def _say(words: QLabel, text: str) -> None:
    if words.text() != text:
        words.setText(text)
