"""How often a picture is worth drawing."""

from __future__ import annotations

from neurofeedback.feedback.picture import SMALL_SCREEN_PIXELS, pictures_per_second


def test_a_large_screen_gets_fewer_pictures_a_second() -> None:
    assert pictures_per_second(SMALL_SCREEN_PIXELS) == 30
    assert pictures_per_second(SMALL_SCREEN_PIXELS + 1) == 15
    assert pictures_per_second(3840 * 2160) == 15
