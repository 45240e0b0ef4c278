"""The picture behind the texts of a session: the water, a ring, nothing, or a dark screen."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen

from neurofeedback.feedback.breath_pacer import Breath
from neurofeedback.feedback.ring_picture import Ring, ring_for_scene
from neurofeedback.feedback.water_picture import WaterRenderer, WaterScene
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.theme import DARK, NIGHT
from neurofeedback.ui.widgets.basic import painting
from neurofeedback.ui.widgets.breath_circle import draw_breath
from neurofeedback.ui.widgets.water_view import WaterView

_DARK = "#000000"
_MIDDLE = 0.5


class SitPicture(WaterView):
    """Draws the chosen picture, or nothing while the screen is dark."""

    def __init__(self, water: WaterRenderer, kind: str) -> None:
        self._kind = kind if kind in window.PICTURES else "water"
        self._ring = ring_for_scene(WaterScene())
        self._dark = False
        self._breath: Breath | None = None
        self._still = False
        super().__init__(water)
        self.setAccessibleName(tr(window.PICTURES[self._kind]))

    @property
    def is_animated(self) -> bool:
        """Whether the picture changes between two frames of the index."""
        return (self._kind != "none" or self._breath is not None) and not self._dark

    @property
    def is_water(self) -> bool:
        """Whether the chosen picture is the water."""
        return self._kind == "water"

    @property
    def dark(self) -> bool:
        """Whether the screen is dark."""
        return self._dark

    def set_dark(self, dark: bool) -> None:
        """Make the screen dark, or show the picture again."""
        self._dark = dark
        self.setCursor(Qt.CursorShape.BlankCursor if dark else Qt.CursorShape.ArrowCursor)
        self.update()

    def show_scene(self, scene: WaterScene) -> None:
        """Draw a scene if the picture is animated."""
        if self._kind == "none" or self._dark:
            return
        if self._kind == "water":
            super().show_scene(scene)
        elif (ring := ring_for_scene(scene)) != self._ring:
            self._ring = ring
            self.update()

    def show_breath(self, breath: Breath | None, *, still: bool) -> None:
        """Draw the circle of the breath pacer over the picture, or none; ``still`` in one size."""
        if breath != self._breath and (not still or _turn(breath) is not _turn(self._breath)):
            self.update()
        self._breath, self._still = breath, still

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Paint the chosen picture."""
        is_water = self._kind == "water" and not self._dark
        if is_water:
            super().paintEvent(a0)
        if is_water and self._breath is None:
            return
        with painting(self) as painter:
            if not is_water:
                painter.fillRect(self.rect(), QColor(_DARK if self._dark else NIGHT))
            if self._kind == "ring" and not self._dark and self._breath is None:
                _draw_ring(painter, QRectF(self.rect()), self._ring)
            if self._breath is not None and not self._dark:
                draw_breath(painter, QRectF(self.rect()), self._breath, still=self._still)


def _turn(breath: Breath | None) -> bool | None:
    return None if breath is None else breath.inhaling


def _draw_ring(painter: QPainter, room: QRectF, ring: Ring) -> None:
    ink = QColor(DARK.accent)
    ink.setAlphaF(ring.opacity)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    height = min(room.width(), room.height())
    painter.setPen(QPen(ink, max(1.5, ring.line_width * height)))
    middle = QPointF(room.center().x(), room.top() + _MIDDLE * room.height())
    painter.drawEllipse(middle, ring.radius * height, ring.radius * height)
