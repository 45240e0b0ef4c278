"""A head seen from above with its electrodes, each filled by the quality of its contact."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPainterPath, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from neurofeedback.texts import fit
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.head_positions import POSITIONS
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import painting

HEAD_SHARE = 0.80
"""Diameter of the head, share of the shorter side; ears, nose and electrodes on the rim need the rest."""

_POSITIONS = {name.lower(): position for name, position in POSITIONS.items()}
_MIN_NAMED_RADIUS = 15
_FILL_TAU_S = 0.35
_CLOSE_ENOUGH = 0.01
_NAME_SHARE = 0.36  # of the radius: half the height of the name, with a margin


@dataclass(frozen=True, slots=True)
class ElectrodeDot:
    """One electrode: its name, how far it is filled (0 to 1), and whether its contact is good."""

    ch_name: str
    fill: float
    good: bool


def electrode_places(ch_names: tuple[str, ...]) -> tuple[tuple[float, float], ...]:
    """Return positions on the head, its rim at 1; electrodes with unknown names line up below it.

    Examples
    --------
    >>> electrode_places(("cz", "X1", "X2"))
    ((-0.002, 0.036), (-0.12, -1.15), (0.12, -1.15))
    """
    unknown = [name for name in ch_names if name.lower() not in _POSITIONS]
    step = min(0.24, 2.0 / max(1, len(unknown)))
    below = {name: (step * (at - (len(unknown) - 1) / 2), -1.15) for at, name in enumerate(unknown)}
    return tuple(_POSITIONS.get(name.lower()) or below[name] for name in ch_names)


def known_places(ch_names: tuple[str, ...]) -> tuple[tuple[float, float] | None, ...]:
    """Return the position of each electrode with a known name, None for the others."""
    return tuple(_POSITIONS.get(name.lower()) for name in ch_names)


class HeadView(QWidget):
    """Draws the electrodes; their fills move smoothly to the new values."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._dots: tuple[ElectrodeDot, ...] = ()
        self._fills: list[float] = []
        self._places: tuple[tuple[float, float], ...] = ()
        self.setAccessibleName(tr(fit.HEAD))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 240)

    def show_electrodes(self, dots: tuple[ElectrodeDot, ...], step_s: float) -> None:
        """Show electrodes; ``step_s`` seconds have passed since the last time."""
        ch_names = tuple(dot.ch_name for dot in dots)
        if ch_names != tuple(dot.ch_name for dot in self._dots):
            self._places = electrode_places(ch_names)
            self._fills = [0.0] * len(dots)
        weight = 1 - math.exp(-step_s / _FILL_TAU_S)
        pairs = zip(self._fills, dots, strict=True)
        fills = [
            dot.fill if abs(dot.fill - fill) < _CLOSE_ENOUGH else fill + weight * (dot.fill - fill)
            for fill, dot in pairs
        ]
        if dots != self._dots or fills != self._fills:
            self._dots, self._fills = dots, fills
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw head and electrodes."""
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            radius = HEAD_SHARE * min(self.width(), self.height()) / 2
            painter.translate(self.width() // 2, self.height() // 2)
            self._draw_head(painter, radius)
            size = _dot_radius(len(self._dots), radius)
            painter.setFont(_font(painter.font(), size))
            for dot, fill, (x, y) in zip(self._dots, self._fills, self._places, strict=True):
                self._draw_dot(painter, dot, fill, QPoint(round(radius * x), round(-radius * y)), size)

    def _draw_head(self, painter: QPainter, radius: float) -> None:
        painter.setPen(QPen(QColor(self._theme.edge), 2))
        painter.setBrush(QColor(self._theme.panel))
        for side in (-1, 1):
            painter.drawEllipse(QPointF(side * radius, 0), 0.09 * radius, 0.17 * radius)
        nose = QPainterPath(QPointF(-0.13 * radius, -0.97 * radius))
        nose.quadTo(QPointF(0, -1.30 * radius), QPointF(0.13 * radius, -0.97 * radius))
        painter.drawPath(nose)
        painter.drawEllipse(QPointF(0, 0), radius, radius)

    def _draw_dot(self, painter: QPainter, dot: ElectrodeDot, fill: float, at: QPoint, size: int) -> None:
        """Draw a circle filled from below; the level never crosses its name, which would be hard to read."""
        theme = self._theme
        box = QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size)
        level = box.bottom() - round(fill * box.height())  # on a whole pixel, so that the name shows no seam
        circle = QPainterPath()
        circle.addEllipse(box)
        name = dot.ch_name if size >= _MIN_NAMED_RADIUS else ""
        beside = round(_NAME_SHARE * size)
        if name and abs(level - at.y()) < beside:
            level = at.y() - beside if level < at.y() else at.y() + beside
        above, below = (
            QRectF(box.topLeft(), QPointF(box.right(), level)),
            QRectF(box).adjusted(0, level - box.top(), 0, 0),
        )
        for part, colour, ink in ((above, theme.field, theme.text), (below, theme.accent, theme.on_accent)):
            painter.save()
            painter.setClipRect(part)
            painter.fillPath(circle, QColor(colour))
            painter.setPen(QColor(ink))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
            painter.restore()
        painter.setPen(QPen(QColor(theme.accent if dot.good else theme.edge), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box)


def _dot_radius(n_dots: int, head_radius: float) -> int:
    """Return the radius of an electrode, px: large for a headband, small for a cap."""
    share = 0.155 if n_dots <= 5 else 0.1 if n_dots <= 16 else 0.065 if n_dots <= 40 else 0.045
    return round(share * head_radius)


def _font(font: QFont, dot_radius: int) -> QFont:
    named = QFont(font)
    named.setPixelSize(max(8, round(0.62 * dot_radius)))
    return named
