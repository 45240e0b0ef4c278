"""The widget of the water: it shows what is rendered, and repaints the sky only where that changes."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

pytest.importorskip("PyQt6.QtWidgets")

from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication, QWidget

from neurofeedback.feedback.water_picture import HEIGHT, WIDTH, WaterRenderer, WaterScene
from neurofeedback.ui.widgets.basic import painting
from neurofeedback.ui.widgets.water_view import WaterView


class BrokenView(QWidget):
    """Fails while it is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.active_after: bool | None = None

    def paintEvent(self, _event: object) -> None:  # noqa: N802 - Qt's name
        with suppress(ValueError), painting(self) as painter:
            used = painter
            raise ValueError
        self.active_after = used.isActive()


class PaintedView(WaterView):
    """Records the top of each painted area."""

    def __init__(self, water: WaterRenderer) -> None:
        self.tops: list[int] = []
        super().__init__(water)

    def paintEvent(self, a0: object) -> None:  # noqa: N802 - Qt's name
        self.tops.append(a0.rect().top())  # type: ignore[attr-defined]
        super().paintEvent(a0)  # type: ignore[arg-type]


def shown(view: WaterView) -> np.ndarray:
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    memory = picture.constBits()
    memory.setsize(picture.sizeInBytes())
    return np.frombuffer(memory, np.uint8).reshape(HEIGHT, WIDTH, 3).copy()


def test_view_shows_the_scene_and_repaints_the_still_sky_not(qapp: QApplication) -> None:
    water = WaterRenderer()
    view = PaintedView(water)
    view.resize(WIDTH, HEIGHT)
    view.show()
    qapp.processEvents()
    for scene, top in (
        (WaterScene(0.5, 0.0, 2.0), water.n_sky - 1),
        (WaterScene(0.5, 0.4, 2.1), 0),  # mist
        (WaterScene(0.5, 0.4, 2.2), water.n_sky - 1),
        (WaterScene(0.5, 0.4, 2.5), 0),  # which drifts
    ):
        view.tops.clear()
        view.show_scene(scene)
        qapp.processEvents()
        assert view.tops == [top]
    np.testing.assert_array_equal(shown(view), water.render(scene))


def test_painter_ends_after_an_error(qapp: QApplication) -> None:
    view = BrokenView()
    view.grab()
    assert view.active_after is False
