"""The index as a number and as a line of the last minutes around the middle of the baseline."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from neurofeedback.texts import sit
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_index
from neurofeedback.texts.session import INDEX_MEANING
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import column, label, painting, row

POINTS = 160


def thinned(values: NDArray[np.float32], n_points: int = POINTS) -> list[tuple[float, float]]:
    """Return a downsampled line in the unit square, the newest point at the right, 0 to 100 from bottom to top.

    Examples
    --------
    >>> thinned(np.array([0, 50, 100], np.float32))
    [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]
    """
    if len(values) < 2:
        return []
    places = np.unique(np.linspace(0, len(values) - 1, min(n_points, len(values))).astype(int))
    return [(float(i / (len(values) - 1)), float(1 - values[i] / 100)) for i in places]


class IndexView(QWidget):
    """Shows number, line and name of the index."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._number = label(sit.INDEX_UNKNOWN, name=sit.INDEX)
        self._line = HistoryLine(theme)
        self._name, meaning = label("", quiet=True), label(INDEX_MEANING, quiet=True)
        inside = column(self, gap=4)
        top = row(self._line, self._number, gap=14)
        top.addStretch(1)
        inside.addLayout(top)
        meaning.setWordWrap(True)
        inside.addWidget(self._name, alignment=Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(meaning)

    def show_index(self, name: str, mwi: float, history: NDArray[np.float32]) -> None:
        """Show the name of the index, its value (0 to 100, NaN where there is none) and its last minutes."""
        name = tr(name)
        self._name.setText(name[:1].upper() + name[1:])
        self._number.setAccessibleName(name)
        self._number.setText(format_index(mwi))
        self._line.show_values(history)


class HistoryLine(QWidget):
    """Draws the line with gaps where there was no index."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._points: list[tuple[float, float]] = []
        self._ink, self._middle = QColor(theme.accent), QColor(theme.edge)
        self.setAccessibleName(tr(sit.INDEX_HISTORY))
        self.setFixedSize(220, 22)

    def show_values(self, values: NDArray[np.float32]) -> None:
        """Show values from 0 to 100, NaN where there were none."""
        self._points = thinned(values)
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the middle and the line."""
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            width, height = self.width() - 2, self.height() - 2
            points = [QPointF(1 + x * width, 1 + y * height) if isfinite(y) else None for x, y in self._points]
            painter.setPen(QPen(self._middle, 1))
            painter.drawLine(QPointF(1, 1 + height / 2), QPointF(1 + width, 1 + height / 2))
            painter.setPen(QPen(self._ink, 1.6))
            for start, end in pairwise(points):
                if start is not None and end is not None:
                    painter.drawLine(start, end)
