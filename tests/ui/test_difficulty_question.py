"""The question on difficult experiences after a sitting: asked if wished, saved as a form, with advice where strong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.ui.pages.after_page import AfterPage
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.session_window import SessionWindow
from neurofeedback.ui.theme import DARK
from neurofeedback.ui.widgets.difficulty_question import FORM, DifficultyQuestion

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
SESSION = "20261101T090000"


@pytest.mark.parametrize(("value", "strong"), [(0, False), (1, False), (2, True)])
def test_answer_is_saved_once_and_a_strong_one_shows_the_stop_advice(
    qtbot: QtBot, tmp_path: Path, value: int, strong: bool
) -> None:
    asked = DifficultyQuestion()
    qtbot.addWidget(asked)
    asked.ask(tmp_path, "07", SESSION)
    assert [each.text() for each in asked.buttons.values()] == ["None", "A little", "Strongly"]
    asked.buttons[value].click()
    asked.buttons[value].click()
    assert ("Take a break" in asked.advice.text() and "open your eyes" in asked.advice.text()) is strong
    qtbot.waitUntil(lambda: asked._message.text() == "Your answer is saved.")
    (saved,) = read_all_forms(tmp_path, "07")
    assert (saved.answers.form, saved.session, dict(saved.answers.items)) == (FORM, SESSION, {"difficult": value})


def test_an_answer_without_a_headset_is_saved_alone_and_notices_are_shown(qtbot: QtBot, tmp_path: Path) -> None:
    asked = DifficultyQuestion()
    qtbot.addWidget(asked)
    for _ in range(2):
        asked.ask(tmp_path, "07", "")
        asked.buttons[1].click()
        qtbot.waitUntil(lambda: bool(asked._message.text()))
    assert "answered" in asked._message.text(), "the same form within a minute"
    first, second = read_all_forms(tmp_path, "07")
    assert (first.answers.when, first.answers.session, second.answers.session) == ("after", "", "")


def test_answer_that_cannot_be_saved_can_be_given_again(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    asked = DifficultyQuestion()
    qtbot.addWidget(asked)
    asked.ask(tmp_path / "file", "07", SESSION)
    asked.buttons[2].click()
    qtbot.waitUntil(asked.buttons[2].isEnabled)
    assert asked._message.text()
    assert asked.advice.text()


class Window(QWidget):
    """What of the window asks after a sitting."""

    _ask_difficulty = SessionWindow._ask_difficulty
    _is_demo = False

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        self._after = AfterPage(DARK, WaterRenderer(), ("default",))


def test_it_is_asked_where_the_person_or_the_profile_wants_it(qtbot: QtBot, tmp_path: Path) -> None:
    profile = tmp_path / "asking.toml"
    profile.write_text(f'[questionnaires]\nafter = ["{FORM}"]\n')
    request = SessionConfig("muse-2", tmp_path, "07")
    ended = SessionResult(0, "", tmp_path / f"ses-{SESSION}", SessionSummary(duration_s=600.0))
    wished = Preferences(difficulty_question=True)
    for preferences, config, result, expected in (
        (Preferences(), request, ended, ""),
        (wished, request, ended, FORM),
        (Preferences(), replace(request, profile=str(profile)), ended, FORM),
        (wished, replace(request, mode="record"), ended, ""),
        (wished, request, SessionResult(0), ""),
        (wished, request, replace(ended, session_dir=None), FORM),  # without a headset
        (wished, request, SessionResult(0, summary=SessionSummary(duration_s=20.0)), ""),
        (wished, request, replace(ended, summary=SessionSummary(duration_s=20.0)), ""),
    ):
        window = Window(preferences)
        qtbot.addWidget(window)
        qtbot.addWidget(window._after)
        assert window._ask_difficulty(config, result) == expected  # type: ignore[arg-type]
        assert window._after.difficulty.isHidden() is not bool(expected)
