"""Tests of practices in the window: what can be sat without a headset, and how such a sitting is shown and listed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from neurofeedback.recording.timer.sitting_file import SittingFile, TimerSitting
from neurofeedback.session.config import NO_DEVICE, RunningSession, SessionConfig
from neurofeedback.session.practice.timer_session import TimerSession
from neurofeedback.storage.dataset_access import restrict_recordings
from neurofeedback.texts import home, sessions
from neurofeedback.texts.practices import choice
from neurofeedback.ui.app_state import AppDefaults, AppState, load_state, save_state
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.practices.practice_files import programme_choices

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Launched:
    """Launches sittings without a headset as fast as the machine can, and writes down their configurations."""

    def __init__(self) -> None:
        self.configs: list[SessionConfig] = []

    def __call__(self, config: SessionConfig) -> RunningSession:
        self.configs.append(config)
        return TimerSession(replace(config, fast=True))


@pytest.fixture
def launched() -> Launched:
    return Launched()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, launched: Launched, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "recordings"
    root.mkdir()
    restrict_recordings(root)
    save_state(tmp_path / "app.json", AppState(claims_seen=True, participant="P1", minutes=3))
    defaults = AppDefaults(root, programmes=programme_choices(), audio="none", state_file=tmp_path / "app.json")
    window = MainWindow(launched, defaults)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    return window


def choose(window: MainWindow, programme: str) -> None:
    box = window._home._practice
    box.setCurrentIndex(box.findData(programme))


def test_only_practices_without_feedback_can_be_sat_without_a_headset(window: MainWindow) -> None:
    page = window._home
    for programme, text, enabled, sentence in (
        ("first", home.SIT_NO_HEADSET, False, choice.FEEDBACK_INDEX),
        ("body-scan", home.SIT_WITHOUT, True, choice.FEEDBACK_NONE),
        ("timer", home.SIT, True, choice.NO_HEADSET),
        ("", home.SIT_NO_HEADSET, False, ""),
    ):
        choose(window, programme)
        assert (page.sit_button.text(), page.sit_button.isEnabled()) == (text, enabled)
        description = page._description.text()
        assert description.endswith(sentence)
        assert bool(description) is bool(sentence), "a length of one's own has no description"
        assert not page.record_button.isEnabled()
    page._device.setEditText("cyton:/dev/ttyUSB0")
    for programme, without in (("body-scan", False), ("timer", True)):
        choose(window, programme)
        assert (page.without_headset, page.sit_button.text()) == (without, home.SIT)


def test_the_timer_takes_the_length_of_the_person_and_guided_practices_their_own(
    window: MainWindow, launched: Launched
) -> None:
    choose(window, "body-scan")
    assert not window._home._minutes.isEnabled()
    choose(window, "timer")
    assert window._home._minutes.isEnabled()
    window._home._minutes.setValue(4)
    state = replace(window._state, **window._home.selection())
    timer, scan = (
        replace(state, programme=name).request(window._defaults, window._preferences, without_headset=True)
        for name in ("timer", "body-scan")
    )
    assert (timer.minutes, timer.device, timer.participant, timer.wait_for_fit) == (4.0, NO_DEVICE, "P1", False)
    assert (scan.minutes, scan.device) == (None, NO_DEVICE)


def test_a_timer_is_sat_shown_and_listed(qtbot: QtBot, window: MainWindow, launched: Launched, tmp_path: Path) -> None:
    choose(window, "timer")
    qtbot.mouseClick(window._home.sit_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window._places.currentWidget() is window._after)
    assert [config.device for config in launched.configs] == [NO_DEVICE]
    assert window._after.result_lines[1:] == ("You sat for 3 minutes.",)
    assert window._demo_strip.isHidden()
    assert "3 minutes" in load_state(tmp_path / "app.json").last_sitting
    window._after.home.emit()
    window._home.history.emit()
    history = window._history
    qtbot.waitUntil(lambda: not history.busy and history.table.sessions.rowCount() == 1)
    model = history.table.sessions
    texts = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert texts[1:] == ["3 minutes", "Timer", sessions.UNKNOWN, sessions.NO_ANSWERS, "", ""]
    history.table.selectRow(0)
    assert history._message.text() == sessions.WITHOUT_HEADSET
    assert not any(part.isEnabled() for part in (history._open, history._compare, history._export))
    history.table.opened.emit()
    assert window._places.currentWidget() is history
    qtbot.mouseClick(history._delete, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not history.busy and model.rowCount() == 0)
    qtbot.mouseClick(history._undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not history.busy and model.rowCount() == 1)


def test_progress_counts_the_time_of_timers(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    started = datetime.now().astimezone() - timedelta(days=1)
    file = SittingFile.create(tmp_path / "recordings", "P1", started)
    file.write(TimerSitting(started=started, programme="timer", title="Timer", duration_s=1200.0, finished=True))
    window._home.progress.emit()
    qtbot.waitUntil(lambda: not window._progress.busy)
    assert "20 minutes" in window._progress._calendar.accessibleDescription()
