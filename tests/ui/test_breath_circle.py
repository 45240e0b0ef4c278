"""Tests of the circle of the breath pacer: it moves smoothly, follows the sitting, and stands still with motion off."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pytestqt.qtbot import QtBot

from neurofeedback.feedback.breath_pacer import Breath, breath_at
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.session.live_state import Snapshot
from neurofeedback.types import Phase
from neurofeedback.ui.app_state import AppState
from neurofeedback.ui.pages.sit_page import STILL_PICTURES, SitPage
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.theme import DARK
from neurofeedback.ui.widgets.breath_circle import BreathClock

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def paced(segment_s: float, *, paused: bool = False, pace: float = 6.0) -> Snapshot:
    return Snapshot(
        status="running", phase=Phase.TRANSFER, practice="Breath pacer", segment_s=segment_s, breaths_per_min=pace,
        paused=paused,
    )  # fmt: skip


def page(qtbot: QtBot, picture: str, *, still: bool) -> SitPage:
    made = SitPage(DARK, WaterRenderer(), AppState(), Preferences(picture=picture, reduced_motion=still))
    qtbot.addWidget(made)
    made.resize(1024, 640)
    made.show()
    return made


def test_circle_moves_between_snapshots_and_stays_close_to_the_sitting() -> None:
    clock, fills = BreathClock(), []
    for number in range(300):
        elapsed_s = number / 30
        breath = clock.update(paced(int(4 * elapsed_s) / 4), 1 / 30)  # four snapshots a second
        exact = breath_at(elapsed_s, 6.0)
        if breath is not None and exact is not None:
            fills.append(breath.fill)
            assert breath.fill == pytest.approx(exact.fill, abs=0.2)
    assert max(abs(a - b) for a, b in pairwise(fills)) < 0.03


def test_circle_stands_still_in_a_pause_and_is_gone_without_a_pacer() -> None:
    clock = BreathClock()
    before = clock.update(paced(6.0), 0.0)
    assert [clock.update(paced(6.0, paused=True), 0.1) for _ in range(3)] == [before] * 3
    assert clock.update(paced(6.0, pace=0.0), 0.1) is None


@pytest.mark.parametrize("picture", ["water", "ring", "none"])
def test_circle_is_drawn_over_every_picture_but_not_in_the_dark(qtbot: QtBot, picture: str) -> None:
    made = page(qtbot, picture, still=False)
    images = []
    for segment_s in (0.0, 5.0, 8.0):
        made.show_snapshot(paced(segment_s), 0.0)
        images.append(made._picture.grab().toImage())
    assert images[0] != images[1] != images[2]
    assert made.pictures_per_second is None
    made.toggle_dark()
    dark = made._picture.grab().toImage()
    made.show_snapshot(paced(5.0), 0.0)
    assert made._picture.grab().toImage() == dark


def test_with_motion_off_only_the_words_change(qtbot: QtBot) -> None:
    made = page(qtbot, "none", still=True)
    images = []
    for segment_s in (4.5, 6.0, 9.0):
        made.show_snapshot(paced(segment_s), 0.0)
        images.append(made._picture.grab().toImage())
    assert images[0] == images[1]
    assert images[1] != images[2]
    assert made.pictures_per_second == STILL_PICTURES
    assert made._picture._breath == Breath(inhaling=False, fill=breath_at(9.0, 6.0).fill)  # type: ignore[union-attr]
