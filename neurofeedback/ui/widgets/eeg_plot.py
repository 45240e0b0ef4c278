"""A plot of the last seconds of the signal, one lane a channel. Imports pyqtgraph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import research
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import MARGIN

SPACING_UV = 100.0
LABELS_WIDTH = 64
MAX_NAMED_CHANNELS = 8
TITLE_SIZE = "9pt"


def stack_traces(traces: NDArray[np.float32], spacing_uv: float = SPACING_UV) -> NDArray[np.floating]:
    """Offset each channel (n_channels, n_points) into a lane of its own, the first one on top.

    Examples
    --------
    >>> stack_traces(np.zeros((2, 1), np.float32)).ravel()
    array([100.,   0.], dtype=float32)
    """
    levels = spacing_uv * np.arange(len(traces) - 1, -1, -1, dtype=np.float32)
    return np.clip(traces, -spacing_uv / 2, spacing_uv / 2) + levels[:, None]


def plot_options(theme: Theme, title: str) -> dict[str, Any]:
    """Return the options of a plot with a title, without menu, mouse and axis lines."""
    item = pg.PlotItem()
    item.setTitle(title, color=theme.quiet, size=TITLE_SIZE, justify="left")
    item.setContentsMargins(8, 0, MARGIN // 2, 0)
    item.getViewBox().setMouseEnabled(x=False, y=False)
    item.setMenuEnabled(False)
    item.hideButtons()
    item.getViewBox().setDefaultPadding(0.0)
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        axis.setPen(None)
        axis.setTextPen(theme.quiet)
    item.getAxis("left").setWidth(LABELS_WIDTH)
    return {"background": theme.panel, "plotItem": item}


class EegPlot(pg.PlotWidget):
    """Draws scrolling traces, clipped at the edges of their lanes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(**plot_options(theme, tr(research.TRACES_TITLE)))
        self._pen = pg.mkPen(theme.text, width=1)
        self._ch_names: tuple[str, ...] = ()
        self._lines: list[pg.PlotDataItem] = []
        self.setAccessibleName(tr(research.TRACES_NAME))
        self.setFrameShape(self.Shape.NoFrame)

    def show_traces(self, ch_names: tuple[str, ...], traces: NDArray[np.float32], traces_s: float) -> None:
        """Show the last ``traces_s`` seconds in microvolts, NaN as gaps."""
        if ch_names != self._ch_names:
            self._name_lanes(ch_names)
            self.setXRange(-traces_s, 0.0)
        times = np.linspace(-traces_s, 0.0, traces.shape[1])
        for line, values in zip(self._lines, stack_traces(traces), strict=False):
            line.setData(times, values, connect="finite")

    def _name_lanes(self, ch_names: tuple[str, ...]) -> None:
        if len(ch_names) != len(self._ch_names):
            self.clear()
            self._lines = [self.plot(pen=self._pen) for _ in ch_names]
            self.setYRange(-SPACING_UV / 2, SPACING_UV * (len(ch_names) - 0.5))
        self._ch_names = ch_names
        levels = [SPACING_UV * place for place in range(len(ch_names))]
        every = -(-len(ch_names) // MAX_NAMED_CHANNELS)
        self.getAxis("left").setTicks([list(zip(levels, reversed(ch_names), strict=True))[::every]])
