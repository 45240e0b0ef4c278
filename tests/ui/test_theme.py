"""Tests that text has the contrast of WCAG AA in both themes, also over the picture."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurofeedback.feedback.water_picture import HEIGHT, WIDTH, WaterRenderer, WaterScene
from neurofeedback.ui.theme import DARK, LIGHT, ON_PICTURE, Theme, contrast, stylesheet

AA_TEXT, AA_CONTROL = 4.5, 3.0
themes = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)


@themes
@pytest.mark.parametrize("ink", ["text", "quiet"])
@pytest.mark.parametrize("ground", ["window", "panel", "field", "selected"])
def test_text_has_enough_contrast(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= AA_TEXT


@themes
def test_buttons_and_selections_have_enough_contrast(theme: Theme) -> None:
    assert contrast(theme.on_accent, theme.accent) >= AA_TEXT


@themes
@pytest.mark.parametrize("ink", ["edge", "accent"])
@pytest.mark.parametrize("ground", ["window", "panel", "field"])
def test_edges_and_focus_have_enough_contrast(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= AA_CONTROL


@pytest.mark.parametrize("mist", [0.0, 0.5, 1.0])
def test_text_over_the_picture_has_enough_contrast(mist: float) -> None:
    picture = WaterRenderer().render(WaterScene(1.0, mist, 3.0))
    left = picture[: int(0.30 * HEIGHT), : int(0.46 * WIDTH)]
    right = picture[: int(0.16 * HEIGHT), int(0.86 * WIDTH) :]
    foot = picture[int(0.80 * HEIGHT) :, : int(0.46 * WIDTH)]
    for place in (left, right, foot):
        brightest = place.reshape(-1, 3)[np.argmax(place.reshape(-1, 3).sum(axis=1))]
        assert contrast(ON_PICTURE, "#" + bytes(brightest).hex()) >= AA_TEXT


@themes
def test_stylesheet_has_no_open_placeholders(theme: Theme) -> None:
    sheet = stylesheet(theme)
    assert "$" not in sheet
    assert "PT}" not in sheet
    assert sheet.count("{") == sheet.count("}")


def test_stylesheet_has_two_sizes() -> None:
    sheet = stylesheet(DARK)
    assert set(re.findall(r"font-size: *(\w+)", sheet)) == {"11pt", "22pt"}
    assert "font-family" not in sheet
