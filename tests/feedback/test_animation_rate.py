"""How often a picture is worth drawing."""

from __future__ import annotations

from neurofeedback.feedback.water_picture import SMALL_SCREEN_PIXELS, frame_rate


def test_a_large_screen_gets_fewer_pictures_a_second() -> None:
    assert frame_rate(SMALL_SCREEN_PIXELS) == 30
    assert frame_rate(SMALL_SCREEN_PIXELS + 1) == 15
    assert frame_rate(3840 * 2160) == 15
