"""The water picture, drawn small and scaled up smoothly to the size of the widget."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from neurofeedback.feedback.water_picture import HEIGHT, WIDTH, WaterRenderer, WaterScene, crop_rect
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import tr


class WaterView(QWidget):
    """Shows one scene of the water, covering the whole widget; views may share one ``WaterRenderer``."""

    def __init__(self, water: WaterRenderer) -> None:
        super().__init__()
        self._water = water
        self._image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB888)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr(window.WATER_PICTURE))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_scene(WaterScene())

    def show_scene(self, scene: WaterScene) -> None:
        """Draw a scene."""
        picture = self._water.render(scene)
        image = QImage(picture.tobytes(), WIDTH, HEIGHT, 3 * WIDTH, QImage.Format.Format_RGB888)
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Scale the picture up to the widget."""
        x, y, width, height = crop_rect(self.width(), self.height())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        part = QRectF(x * WIDTH, y * HEIGHT, width * WIDTH, height * HEIGHT)
        painter.drawImage(QRectF(self.rect()), self._image, part)
        painter.end()
