"""The plots of the researcher's window. Imports pyqtgraph, so a helper thread imports this module on demand."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from neurofeedback.session.live_state import Snapshot
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.status import contact_symbol
from neurofeedback.texts.technical import research
from neurofeedback.ui.live_spectrum import alpha_db, scalp_map, spectrum_db
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import column
from neurofeedback.ui.widgets.eeg_plot import EegPlot, plot_options
from neurofeedback.ui.widgets.head_view import known_places

MIN_MAP_CHANNELS = 8
MAX_SPECTRA = 8
_MAP_SPAN_DB = 12.0


class ResearchPlots(QWidget):
    """Traces, index, spectra and map, built one per turn of the event loop so that neither window blocks."""

    made = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._column = column(self, gap=8)
        self._steps = iter((self._add_traces, self._add_index, self._add_spectra, self._add_map))
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._step)
        self._turn.start(0)

    @property
    def complete(self) -> bool:
        """Whether all four plots are built."""
        return not self._turn.isActive()

    def _step(self) -> None:
        step = next(self._steps, None)
        if step is not None:
            step()
            return
        self._turn.stop()
        self.made.emit()

    def _add_traces(self) -> None:
        self.traces = EegPlot(self._theme)
        self._column.addWidget(self.traces, 5)

    def _add_index(self) -> None:
        self.index = IndexPlot(self._theme)
        self._column.addWidget(self.index, 2)

    def _add_spectra(self) -> None:
        self.spectra = SpectraPlot(self._theme)
        self._lower = QHBoxLayout()
        self._lower.addWidget(self.spectra, 3)
        self._column.addLayout(self._lower, 3)

    def _add_map(self) -> None:
        self.map = ScalpPlot(self._theme)
        self._lower.addWidget(self.map, 1)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Draw traces and index, once all plots are built."""
        if not self.complete:
            return
        if snapshot.stream is not None and snapshot.traces.size:
            self.traces.show_traces(_lane_names(snapshot), snapshot.traces, snapshot.traces_s)
        self.index.show_snapshot(snapshot)

    def show_slow(self, snapshot: Snapshot) -> None:
        """Draw spectra and map, at most twice a second."""
        if not self.complete or snapshot.stream is None or not snapshot.recent_filtered:
            return
        freqs, levels = spectrum_db(snapshot.recent_filtered, snapshot.stream.sfreq)
        self.spectra.show_spectra(snapshot.stream.ch_names, freqs, levels)
        self.map.show_values(snapshot.stream.ch_names, alpha_db(freqs, levels))


class IndexPlot(pg.PlotWidget):
    """The index of the last minutes and the current threshold."""

    def __init__(self, theme: Theme) -> None:
        title = tr(research.INDEX_TITLE)
        super().__init__(**plot_options(theme, title))
        self.setAccessibleName(tr(research.INDEX_NAME))
        self.setYRange(-6, 106)
        self._line = self.plot(pen=pg.mkPen(theme.accent, width=1.5))
        self._threshold = pg.InfiniteLine(angle=0, pen=pg.mkPen(theme.text, style=Qt.PenStyle.DashLine))
        self.addItem(self._threshold)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show index and threshold of a snapshot."""
        values, frame = snapshot.index_history, snapshot.frame
        self._line.setData(np.arange(-len(values), 0) / 4, values, connect="finite")
        valid = frame is not None and math.isfinite(frame.threshold)
        self._threshold.setVisible(valid)
        if valid and frame is not None:
            self._threshold.setValue(_on_index_scale(frame.threshold))


class SpectraPlot(pg.PlotWidget):
    """Power spectral density of each channel; of many channels their mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(**plot_options(theme, tr(research.SPECTRA_TITLE)))
        self.setAccessibleName(tr(research.SPECTRA_NAME))
        self._inks = (theme.text, theme.accent, theme.quiet, theme.edge)
        self._lines: list[pg.PlotDataItem] = []
        self._names: tuple[str, ...] = ()
        self.addLegend(offset=(-10, 5), labelTextColor=theme.quiet)
        self.setXRange(1, 45)

    def show_spectra(self, ch_names: tuple[str, ...], freqs: np.ndarray, levels: np.ndarray) -> None:
        """Show levels in dB, shape (n_channels, n_freqs)."""
        if len(ch_names) > MAX_SPECTRA:
            known = levels[np.isfinite(levels).all(axis=1)]
            ch_names, levels = (tr(research.MEAN),), known.mean(axis=0, keepdims=True) if len(known) else levels[:1]
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


class ScalpPlot(pg.PlotWidget):
    """Map of alpha power over the head; hidden with too few electrodes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(**plot_options(theme, tr(research.MAP_TITLE)))
        self.setAccessibleName(tr(research.MAP_NAME))
        self.setToolTip(tr(research.MAP_TIP))
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setColorMap(pg.ColorMap(None, [theme.window, theme.edge, theme.accent]))
        self.addItem(self._image)
        self.hideAxis("left")
        self.hideAxis("bottom")
        self.getViewBox().setAspectLocked(lock=True)
        self.getViewBox().invertY(b=True)
        self.hide()

    def show_values(self, ch_names: tuple[str, ...], values: np.ndarray) -> None:
        """Show levels in dB, one a channel; hidden with too few electrodes at known positions."""
        places = known_places(ch_names)
        at = [row for row, place in enumerate(places) if place is not None]
        self.setVisible(len(at) >= MIN_MAP_CHANNELS)
        if len(at) < MIN_MAP_CHANNELS:
            return
        known = np.array([place for place in places if place is not None])
        spread = scalp_map(known, values[at])
        middle = np.nanmean(spread) if np.isfinite(spread).any() else 0.0
        half = _MAP_SPAN_DB / 2
        self._image.setImage(spread, levels=(middle - half, middle + half))
        self._image.setRect(QRectF(-1, -1, 2, 2))


def _lane_names(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the channel names with a symbol of their contact."""
    if snapshot.stream is None or len(snapshot.contacts) != snapshot.stream.n_channels:
        return snapshot.stream.ch_names if snapshot.stream else ()
    return tuple(contact_symbol(contact) for contact in snapshot.contacts)


def _on_index_scale(u: float) -> float:
    """Return 100 * Phi(u): the threshold on the scale of the index."""
    return 50 * (1 + math.erf(u / math.sqrt(2)))
