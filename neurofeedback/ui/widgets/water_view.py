"""The water picture, drawn small and scaled up smoothly to the size of the widget."""

from __future__ import annotations

import sys
from math import floor

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from neurofeedback.feedback.water_picture import HEIGHT, WIDTH, WaterRenderer, WaterScene, crop_rect, sky_differs
from neurofeedback.texts import window
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.widgets.basic import painting

_RED_GREEN_BLUE = slice(2, None, -1) if sys.byteorder == "little" else slice(1, None)


class WaterView(QWidget):
    """Shows one scene of the water, covering the whole widget; views may share one ``WaterRenderer``."""

    def __init__(self, water: WaterRenderer) -> None:
        super().__init__()
        self._water = water
        self._image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
        self._image.fill(0)  # makes every pixel opaque
        self._planes = _planes_of(self._image)
        self._sky_scene: WaterScene | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr(window.WATER_PICTURE))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_scene(WaterScene())

    def show_scene(self, scene: WaterScene) -> None:
        """Draw a scene; the sky, which hardly moves, only where it differs."""
        self._water.draw_water(scene, self._planes)
        if self._sky_scene is None or sky_differs(self._sky_scene, scene):
            self._sky_scene = scene
            self._water.draw_sky(scene, self._planes)
            self.update()
            return
        _, y, _, height = crop_rect(self.width(), self.height())
        top = floor(self.height() * ((self._water.n_sky - 1) / HEIGHT - y) / height)  # interpolated from the row above
        self.update(0, top, self.width(), self.height() - top)

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Scale the picture up to the widget."""
        x, y, width, height = crop_rect(self.width(), self.height())
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            part = QRectF(x * WIDTH, y * HEIGHT, width * WIDTH, height * HEIGHT)
            painter.drawImage(QRectF(self.rect()), self._image, part)


def _planes_of(image: QImage) -> NDArray[np.uint8]:
    """Return the image's own memory as planes of red, green and blue; valid while the image lives and is not copied."""
    memory = image.bits()
    if memory is None:
        raise MemoryError
    memory.setsize(image.sizeInBytes())
    pixels = np.asarray(memory).view(np.uint8).reshape(HEIGHT, WIDTH, 4)
    return pixels[:, :, _RED_GREEN_BLUE].transpose(2, 0, 1)
