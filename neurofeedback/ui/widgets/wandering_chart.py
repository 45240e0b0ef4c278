"""A chart of wandering by a person's answers: one point a session, with its confidence interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from neurofeedback.texts import progress
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import painting

if TYPE_CHECKING:
    from neurofeedback.analysis.probe_statistics import WanderingShare

MAX_SESSIONS = 120
_FOOT = 28
_DOT = 3.2
_RIGHT_MIDDLE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class WanderingChart(QWidget):
    """Draws the shares in the order of the sessions; the latest ones if there are too many."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shares: tuple[WanderingShare, ...] = ()
        self.setAccessibleName(tr(progress.CHART_NAME))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(140)
        self.setMaximumHeight(300)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a low and wide size."""
        return QSize(400, 170)

    def show_shares(self, shares: tuple[WanderingShare, ...]) -> None:
        """Show shares (0 to 1) with their intervals."""
        self._shares = shares[-MAX_SESSIONS:]
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the axis, the intervals and the points."""
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            left = painter.fontMetrics().horizontalAdvance("100 %") + 12
            room = QRectF(left, 12, self.width() - left - 8, self.height() - _FOOT - 12)
            self._draw_axis(painter, room)
            step = room.width() / max(8, len(self._shares))
            for at, share in enumerate(self._shares):
                x = room.left() + (at + 0.5) * step
                low, high, middle = (room.bottom() - v * room.height() for v in (share.low, share.high, share.value))
                painter.setPen(QPen(QColor(self._theme.edge), 1.6))
                painter.drawLine(QPointF(x, low), QPointF(x, high))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._theme.accent))
                painter.drawEllipse(QPointF(x, middle), _DOT, _DOT)

    def _draw_axis(self, painter: QPainter, room: QRectF) -> None:
        for share in (0.0, 0.5, 1.0):
            y = room.bottom() - share * room.height()
            painter.setPen(QPen(QColor(self._theme.field), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QPen(QColor(self._theme.quiet)))
            painter.drawText(QRectF(0, y - 12, room.left() - 8, 24), _RIGHT_MIDDLE, f"{100 * share:.0f} %")
        foot = QRectF(room.left(), room.bottom() + 4, room.width(), 24)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, tr(progress.CHART_AXIS))
