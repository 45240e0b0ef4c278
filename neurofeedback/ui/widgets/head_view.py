"""A head seen from above with the electrodes of a headset, each filled as far as its contact is good."""

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

HEAD_SHARE = 0.80
"""The head's diameter, share of the shorter side; ears, nose and electrodes on the rim need the rest."""

_PLACES = {name.lower(): place for name, place in POSITIONS.items()}
_NAMED_RADIUS = 15
_GLIDE_S = 0.35
_THERE = 0.01


@dataclass(frozen=True, slots=True)
class ElectrodeDot:
    """One electrode: name, how far it is filled (0 to 1), and whether it sits well."""

    ch_name: str
    fill: float
    good: bool


def electrode_places(ch_names: tuple[str, ...]) -> tuple[tuple[float, float], ...]:
    """Positions on the head, the rim at 1; names that stand for no place line up below it.

    Examples
    --------
    >>> electrode_places(("cz", "X1", "X2"))
    ((-0.002, 0.036), (-0.12, -1.15), (0.12, -1.15))
    """
    unknown = [name for name in ch_names if name.lower() not in _PLACES]
    step = min(0.24, 2.0 / max(1, len(unknown)))
    below = {name: (step * (at - (len(unknown) - 1) / 2), -1.15) for at, name in enumerate(unknown)}
    return tuple(_PLACES.get(name.lower()) or below[name] for name in ch_names)


def known_places(ch_names: tuple[str, ...]) -> tuple[tuple[float, float] | None, ...]:
    """Positions of the electrodes whose names stand for a place, None for the others."""
    return tuple(_PLACES.get(name.lower()) for name in ch_names)


class HeadView(QWidget):
    """Draws dots; fills glide to where they should be, and stand still once they are there."""

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
        weight = 1 - math.exp(-step_s / _GLIDE_S)
        pairs = zip(self._fills, dots, strict=True)
        fills = [
            dot.fill if abs(dot.fill - fill) < _THERE else fill + weight * (dot.fill - fill) for fill, dot in pairs
        ]
        if dots != self._dots or fills != self._fills:
            self._dots, self._fills = dots, fills
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw head and electrodes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = HEAD_SHARE * min(self.width(), self.height()) / 2
        painter.translate(self.width() // 2, self.height() // 2)
        self._draw_head(painter, radius)
        size = _dot_radius(len(self._dots), radius)
        painter.setFont(_font(painter.font(), size))
        for dot, fill, (x, y) in zip(self._dots, self._fills, self._places, strict=True):
            self._draw_dot(painter, dot, fill, QPoint(round(radius * x), round(-radius * y)), size)
        painter.end()

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
        """Draw a vessel filled from below; its name is read on either side of the level."""
        theme = self._theme
        box = QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size)
        level = box.bottom() - round(fill * box.height())  # on a whole pixel, or the name would show a seam
        vessel = QPainterPath()
        vessel.addEllipse(box)
        name = dot.ch_name if size >= _NAMED_RADIUS else ""
        above, below = (
            QRectF(box.topLeft(), QPointF(box.right(), level)),
            QRectF(box).adjusted(0, level - box.top(), 0, 0),
        )
        for part, colour, ink in ((above, theme.field, theme.text), (below, theme.accent, theme.on_accent)):
            painter.save()
            painter.setClipRect(part)
            painter.fillPath(vessel, QColor(colour))
            painter.setPen(QColor(ink))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
            painter.restore()
        painter.setPen(QPen(QColor(theme.accent if dot.good else theme.edge), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box)


def _dot_radius(n_dots: int, head_radius: float) -> int:
    """Radius of an electrode, px: large for a headband, small for a cap."""
    share = 0.155 if n_dots <= 5 else 0.1 if n_dots <= 16 else 0.065 if n_dots <= 40 else 0.045
    return round(share * head_radius)


def _font(font: QFont, dot_radius: int) -> QFont:
    named = QFont(font)
    named.setPixelSize(max(8, round(0.62 * dot_radius)))
    return named
