"""Tests of the first start: three cards, sounds to try, keys to try, and four presses to the first bell."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import RecordingError
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.keymap import key_help
from neurofeedback.session.live_state import LiveState
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.welcome import HELP_KEYS, HELP_SIT
from neurofeedback.types import Guidance
from neurofeedback.ui.app_state import AppDefaults, ProgrammeChoice
from neurofeedback.ui.first_start.rehearsal import REHEARSAL
from neurofeedback.ui.first_start.welcome_page import WelcomePage
from neurofeedback.ui.help_dialog import HelpDialog
from neurofeedback.ui.main_window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class HeardSink:
    """A sound output that keeps the guidance it is given."""

    description, underruns = "heard", 0

    def __init__(self) -> None:
        self.heard: list[Guidance] = []
        self.rung: list[Bell] = []
        self.started = self.stopped = False

    def start(self) -> None:
        self.started = True

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        del at_s
        self.heard.append(guidance)

    def ring(self, bell: Bell, at_s: float) -> None:
        del at_s
        self.rung.append(bell)

    def stop(self, at_s: float) -> None:
        del at_s
        self.stopped = True


class Running:
    """A session that never ends by itself."""

    def __init__(self) -> None:
        self.live_state = LiveState()
        self._stopped = False

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self._stopped = True

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        del timeout_s
        return SessionResult(0) if self._stopped else None


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> HeardSink:
    sink = HeardSink()

    monkeypatch.setattr("neurofeedback.audio.open.open_sink", lambda *_: sink)
    return sink


@pytest.fixture
def page(qtbot: QtBot, sink: HeardSink) -> WelcomePage:
    assert not sink.started
    page = WelcomePage(WaterRenderer(), "none", ())
    qtbot.addWidget(page)
    page.resize(1024, 640)
    with qtbot.waitActive(page):
        page.show()
    page.activate()
    return page


def shown(page: QWidget) -> str:
    return "\n".join(words.text() for words in page.findChildren(QLabel) if words.isVisible())


def press(page: QWidget, name: str) -> None:
    (found,) = (b for b in page.findChildren(QAbstractButton) if b.text().replace("&", "") == name and b.isVisible())
    found.click()


def test_first_start_needs_four_presses_to_the_session(qtbot: QtBot, tmp_path: Path) -> None:
    requests: list[SessionConfig] = []

    def launch(request: SessionConfig) -> Running:
        requests.append(request)
        return Running()

    defaults = AppDefaults(
        tmp_path, programmes=(ProgrammeChoice("first", "First sitting", 10.0),), state_file=tmp_path / "app.json",
        scan=lambda: ScanResult((FoundDevice("muse-2", "Muse-A1B2"),)),
    )  # fmt: skip
    window = MainWindow(launch, defaults)
    qtbot.addWidget(window, before_close_func=lambda _: (window._bridge.stop(), window._bridge.poll()))
    with qtbot.waitActive(window):
        window.show()
    for card in range(3):
        assert window._welcome.number == card
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(window._home.sit_button.isEnabled)
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(requests) == 1)
    assert (requests[0].device, requests[0].programme) == ("muse-2", "first")


def test_three_sounds_and_a_slider_play_what_a_session_plays(
    page: WelcomePage, qtbot: QtBot, sink: HeardSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurofeedback.ui.sound.sound_preview._WAIT_S", 0.01)
    press(page, "Next")
    gains = []
    for name in ("Quiet: with the breath", "Tone: wandering", "Unclear signal"):
        press(page, name)
        n_heard = len(sink.heard)
        qtbot.waitUntil(lambda n_heard=n_heard: len(sink.heard) > n_heard + 12)
        gains.append(sink.heard[-1].tone_gain)
    quiet, tone, unclear = gains
    assert quiet < unclear < tone
    page._slider.setValue(100)
    assert page._picture._image is not None
    press(page, "Back")
    qtbot.waitUntil(lambda: sink.stopped)


def test_keys_can_be_tried_on_the_last_card_only(page: WelcomePage, qtbot: QtBot) -> None:
    qtbot.keyClick(page, Qt.Key.Key_2)
    assert page._tried.text() == ""
    press(page, "Next")
    press(page, "Next")
    assert "where was your mind?" in shown(page)
    qtbot.keyClick(page, Qt.Key.Key_2)
    assert page._tried.text() == "That would be noted: elsewhere."
    qtbot.keyClick(page, Qt.Key.Key_PageUp)
    assert page._tried.text() == "That would be noted: on the breath."
    with qtbot.waitSignal(page.left):
        press(page, "Start")


def test_chime_can_be_heard_on_the_last_card(page: WelcomePage, qtbot: QtBot, sink: HeardSink) -> None:
    press(page, "Next")
    press(page, "Next")
    press(page, "Hear the chime")
    qtbot.waitUntil(lambda: sink.rung == [Bell.PROBE])


def test_missing_sound_output_is_named_on_the_card_that_plays(qtbot: QtBot) -> None:
    page = WelcomePage(WaterRenderer(), "none", ())
    qtbot.addWidget(page)
    page._play(1.0)
    qtbot.waitUntil(lambda: page._sound_notice.text() == sound.NO_DEVICE)
    page._show_card(2)
    page._play_chime()
    qtbot.waitUntil(lambda: page._tried.text() == sound.NO_DEVICE)


def test_output_that_cannot_be_opened_is_named_once_and_hiding_the_page_ends_the_sound(
    page: WelcomePage, qtbot: QtBot, sink: HeardSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    page._play(1.0)
    qtbot.waitUntil(lambda: len(sink.heard) > 0)
    page.hide()
    qtbot.waitUntil(lambda: sink.stopped)
    opened: list[object] = []

    def fail(*_: object) -> None:
        opened.append(1)
        raise RecordingError("the sound file cannot be created", got="x.wav")

    monkeypatch.setattr("neurofeedback.audio.open.open_sink", fail)
    page._play(1.0)
    playing = page._preview._playing
    assert playing is not None
    assert playing.over.wait(30)
    qtbot.waitUntil(lambda: page._sound_notice.text() == "the sound file cannot be created: got x.wav.")
    assert len(opened) == 1


def test_help_lists_every_key_of_a_session(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    dialog = HelpDialog(owner)
    dialog.show()
    text = shown(dialog)
    keys = " ".join(HELP_KEYS[HELP_SIT]).upper()
    for key in (name for name in key_help() if name != "q"):
        assert all(part in keys.replace("−", "-") for part in key.upper().split()), key
    assert "stop: open your eyes" in text
    dialog.close()


def test_rehearsal_moves_sound_picture_and_words_for_a_minute(page: WelcomePage, sink: HeardSink) -> None:
    press(page, "Next")
    press(page, "Play a minute of it")
    sentences, shares = [], []
    for _ in range(4 * 60 - 1):
        page.rehearsal.advance()
        shares.append(page._slider.value())
        sentences += [page._sound_notice.text()] if page._sound_notice.text() not in sentences[-1:] else []
    assert sentences == [tr(part.sentence) for part in REHEARSAL if part.sentence]
    assert (min(shares), max(shares)) == (0, 90)
    assert max(abs(b - a) for a, b in pairwise(shares)) <= 4
    page.rehearsal.advance()
    assert page._sound_notice.text() == ""
    press(page, "Play a minute of it")  # the button offers it again


@pytest.mark.parametrize("touched", ["slider", "button", "card"])
def test_rehearsal_ends_when_something_else_is_tried(page: WelcomePage, sink: HeardSink, touched: str) -> None:
    press(page, "Next")
    press(page, "Play a minute of it")
    page.rehearsal.advance()
    if touched == "slider":
        page._slider.setValue(50)
    elif touched == "button":
        press(page, "Tone: wandering")
    else:
        press(page, "Next")
    before = page._slider.value()
    page.rehearsal.advance()
    assert page._slider.value() == before
    assert not page.rehearsal.is_running


def test_rehearsal_is_heard(page: WelcomePage, sink: HeardSink, qtbot: QtBot) -> None:
    press(page, "Next")
    press(page, "Play a minute of it")
    for _ in range(4 * 24):
        page.rehearsal.advance()
    qtbot.waitUntil(lambda: bool(sink.heard) and sink.heard[-1].tone_gain > 0)
    press(page, "End it")
    qtbot.waitUntil(lambda: sink.stopped)


def test_rehearsal_ends_with_a_sentence_where_nothing_can_be_heard(qtbot: QtBot) -> None:
    page = WelcomePage(WaterRenderer(), "none", ())
    qtbot.addWidget(page)
    page._minute.click()
    qtbot.waitUntil(lambda: page._sound_notice.text() == sound.NO_DEVICE)
    assert not page.rehearsal.is_running
    page.rehearsal.advance()
    assert page._sound_notice.text() == sound.NO_DEVICE
