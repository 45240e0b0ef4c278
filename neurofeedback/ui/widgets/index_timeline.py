"""The timeline of a session: index with its uncertainty, probes, presses, phases and gaps."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from neurofeedback.texts import after
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_clock
from neurofeedback.types import Phase
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import painting

if TYPE_CHECKING:  # its imports are slow; a helper thread loads them
    from neurofeedback.ui.viewmodels import IndexLine, SessionOverview, WhatIfResult

_FOOT, _TOP = 46, 24
_MARK = 4.5
_RIGHT_MIDDLE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_PHASE_LABELS = {
    Phase.BASELINE: after.PHASE_BASELINE,
    Phase.PRACTICE: after.PHASE_PRACTICE,
    Phase.TRANSFER: after.PHASE_TRANSFER,
}


class IndexTimeline(QWidget):
    """Draws the timeline; kinds of marks differ in shape, not in colour."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._overview: SessionOverview | None = None
        self._comparison: WhatIfResult | None = None
        self.setAccessibleName(tr(after.TIMELINE))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(150)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a wide and low size."""
        return QSize(640, 210)

    def show_session(self, overview: SessionOverview | None) -> None:
        """Show a session without a comparison."""
        self._overview, self._comparison = overview, None
        self.update()

    def show_comparison(self, comparison: WhatIfResult | None) -> None:
        """Draw the index of another setting as a dashed line, or remove it."""
        self._comparison = comparison
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw it all, from the back to the front."""
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            left = painter.fontMetrics().horizontalAdvance("100") + 10
            room = QRectF(left, _TOP, self.width() - left - 8, self.height() - _TOP - _FOOT)
            if self._overview is not None and self._overview.duration_s > 0:
                self._draw(painter, room, self._overview)

    def _draw(self, painter: QPainter, room: QRectF, overview: SessionOverview) -> None:
        self._draw_gaps(painter, room, overview)
        self._draw_axes(painter, room, overview)
        self._draw_band(painter, room, overview.line)
        self._draw_line(painter, room, overview.line, QPen(QColor(self._theme.accent), 1.8))
        if self._comparison is not None:
            self._draw_line(
                painter, room, self._comparison.line, QPen(QColor(self._theme.text), 1.4, Qt.PenStyle.DashLine)
            )
        self._draw_answers(painter, room, overview)

    def _x(self, room: QRectF, at_s: float) -> float:
        length_s = self._overview.duration_s if self._overview else 1.0
        return room.left() + room.width() * min(1.0, max(0.0, at_s / length_s))

    def _draw_gaps(self, painter: QPainter, room: QRectF, overview: SessionOverview) -> None:
        hatch = {"unknown": Qt.BrushStyle.BDiagPattern, "lost": Qt.BrushStyle.DiagCrossPattern}
        for span in overview.gaps:
            left, right = self._x(room, span.start_s), self._x(room, span.stop_s)
            box = QRectF(left, room.top(), max(1.0, right - left), room.height())
            painter.fillRect(box, QBrush(QColor(self._theme.edge), hatch[span.label]))

    def _draw_axes(self, painter: QPainter, room: QRectF, overview: SessionOverview) -> None:
        painter.setPen(QPen(QColor(self._theme.quiet)))
        for value in (0, 50, 100):
            y = _y(room, value)
            painter.drawText(QRectF(0, y - 12, room.left() - 8, 24), _RIGHT_MIDDLE, str(value))
        painter.setPen(QPen(QColor(self._theme.edge), 1))
        painter.drawLine(QPointF(room.left(), _y(room, 50)), QPointF(room.right(), _y(room, 50)))
        for span in overview.phases:
            self._draw_phase(painter, room, span.start_s, span.stop_s, span.label)
        painter.setPen(QPen(QColor(self._theme.quiet)))
        foot = QRectF(room.left(), room.bottom() + 22, room.width(), 24)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "0:00")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, format_clock(overview.duration_s))

    def _draw_phase(self, painter: QPainter, room: QRectF, start_s: float, stop_s: float, word: str) -> None:
        left, right = self._x(room, start_s), self._x(room, stop_s)
        painter.setPen(QPen(QColor(self._theme.edge), 1, Qt.PenStyle.DotLine))
        if start_s > 0:
            painter.drawLine(QPointF(left, room.top() - 14), QPointF(left, room.bottom()))
        text = tr(_PHASE_LABELS.get(Phase(word), ""))
        if painter.fontMetrics().horizontalAdvance(text) < right - left - 6:
            painter.setPen(QPen(QColor(self._theme.quiet)))
            painter.drawText(QPointF(left + 4, room.top() - 5), text)

    def _draw_band(self, painter: QPainter, room: QRectF, line: IndexLine) -> None:
        ink = QColor(self._theme.accent)
        ink.setAlpha(38)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        points = [
            (self._x(room, t), v, u) if isfinite(v) else None
            for t, v, u in zip(line.times_s, line.mwi, line.half_width, strict=True)
        ]
        for a, b in pairwise(points):
            if a is not None and b is not None:
                upper = [QPointF(x, _y(room, v + u)) for x, v, u in (a, b)]
                lower = [QPointF(x, _y(room, v - u)) for x, v, u in (b, a)]
                painter.drawPolygon(QPolygonF(upper + lower))

    def _draw_line(self, painter: QPainter, room: QRectF, line: IndexLine, pen: QPen) -> None:
        painter.setPen(pen)
        points = [
            QPointF(self._x(room, t), _y(room, v)) if isfinite(v) else None
            for t, v in zip(line.times_s, line.mwi, strict=True)
        ]
        for a, b in pairwise(points):
            if a is not None and b is not None:
                painter.drawLine(a, b)

    def _draw_answers(self, painter: QPainter, room: QRectF, overview: SessionOverview) -> None:
        ink, ground = QColor(self._theme.text), QColor(self._theme.window)
        y = room.bottom() + 11
        painter.setPen(QPen(ink, 1.5))
        for at_s, where in overview.probes:
            painter.setBrush(ink if where == "2" else ground)
            at = QPointF(self._x(room, at_s), y)
            if where in {"1", "2"}:
                painter.drawEllipse(at, _MARK, _MARK)
            else:
                painter.drawLine(at - QPointF(_MARK, 0), at + QPointF(_MARK, 0))
        for at_s in overview.presses:
            x = self._x(room, at_s)
            painter.drawLine(QPointF(x, room.bottom() - 8), QPointF(x, room.bottom()))


def _y(room: QRectF, mwi: float) -> float:
    return room.bottom() - room.height() * min(100.0, max(0.0, mwi)) / 100.0
