"""Tests of the progress page: sessions, answers with intervals, and neither index nor reward."""

from __future__ import annotations

import os
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.analysis.history import PastSession
from neurofeedback.analysis.history_summary import summarize_history
from neurofeedback.texts import progress
from neurofeedback.ui.pages.progress_page import ProgressPage
from neurofeedback.ui.theme import DARK
from neurofeedback.ui.widgets.calendar_view import WEEKS, days_shown

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def past(number: int, condition: str = "", n_wander: int = 5) -> PastSession:
    day = datetime.now() - timedelta(days=3 * number)
    return PastSession(
        stem=f"sub-01_ses-{day:%Y%m%dT%H%M%S}_task-meditation", started=day.isoformat(), device="muse-2",
        duration_s=1200.0, practice_s=900.0, n_probes=15, n_wander=n_wander, n_focus=10, condition=condition,
    )  # fmt: skip


@pytest.fixture
def place(qtbot: QtBot) -> ProgressPage:
    made = ProgressPage(DARK)
    qtbot.addWidget(made)
    made.resize(1024, 640)
    made.show()
    return made


def shown(place: ProgressPage) -> str:
    return "\n".join(words.text() for words in place.findChildren(QLabel) if words.isVisible())


def test_progress_page_shows_sessions_answers_and_detectable_change(place: ProgressPage) -> None:
    place._show(summarize_history([past(number) for number in reversed(range(6))]))
    text = shown(place)
    assert text.index("This week: ") < text.index("6 sittings on 6 days")
    assert not place._chart.isVisible(), "intervals and numbers are behind Details"
    assert "%" not in text
    place._show_details.click()
    text = shown(place)
    assert "33 % of your 90 answers. You were asked only now and then" in text
    assert "This range is wider, because one sitting differs from another" in text
    assert re.search(
        r"20 fewer of 100 chimes than at first. If this change is spread over about \d+ .* in 4 of 5 such cases", text
    )
    assert progress.HOW_SURE in text
    assert place._calendar.isVisible()
    assert place._chart.isVisible()
    assert not place._conditions.isVisible()


def test_progress_page_shows_each_condition_with_its_interval(place: ProgressPage) -> None:
    place._show(summarize_history([past(3, "pre"), past(2, "post_24h", 2)]))
    place._show_details.click()
    assert re.search(r"pre: “elsewhere” 33 % \(likely \d+ % to \d+ %, 15 answers\)", shown(place))
    assert "post_24h: “elsewhere” 17 %" in shown(place)


def test_progress_page_shows_neither_index_nor_reward(place: ProgressPage) -> None:
    place._show(summarize_history([past(number) for number in range(6)]))
    place._show_details.click()
    text = shown(place).replace(progress.WHY_ANSWERS, "")
    assert not re.search("index|reward|improve", text, re.IGNORECASE)


def test_empty_history_is_one_sentence(place: ProgressPage, qtbot: QtBot, tmp_path: Path) -> None:
    place.activate(tmp_path, "01")
    assert "Looking through" in shown(place)
    qtbot.waitUntil(lambda: "No sitting yet." in shown(place), timeout=60_000)
    assert not place._calendar.isVisible()
    assert not place._bar.isVisible()


def test_leaving_the_progress_page_stops_reading(place: ProgressPage, qtbot: QtBot, tmp_path: Path) -> None:
    left: list[bool] = []
    place.left.connect(lambda: left.append(True))
    place.activate(tmp_path, "01")
    qtbot.keyClick(place, Qt.Key.Key_Escape)
    assert left == [True]
    assert not place._job.busy


def test_calendar_has_an_accessible_description(place: ProgressPage) -> None:
    place._show(summarize_history([past(0)]))
    assert f"{date.today():%d.%m.%Y}: 20 minutes" in place._calendar.accessibleDescription()
    empty = place._calendar.grab().toImage()
    place._calendar.show_days({}, date.today())
    assert empty != place._calendar.grab().toImage()


def test_calendar_weeks_begin_on_monday_and_end_today() -> None:
    today = date(2026, 11, 18)
    days = days_shown(today)
    assert (days[0].weekday(), days[-1]) == (0, today)
    assert len(days) == 7 * (WEEKS - 1) + 3


def test_many_sessions_are_drawn(place: ProgressPage) -> None:
    place._show(summarize_history([past(number, n_wander=3 + number % 7) for number in reversed(range(120))]))
    assert not place.grab().isNull()


def test_missing_folder_has_its_own_sentence(place: ProgressPage, qtbot: QtBot, tmp_path: Path) -> None:
    for folder, expected in ((tmp_path / "unplugged", True), (tmp_path, False)):
        place.activate(folder, "01")
        qtbot.waitUntil(lambda: "No sitting yet" in shown(place), timeout=60_000)
        assert ("There is no folder" in shown(place)) == expected
