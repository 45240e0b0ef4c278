"""Tests of the main window: pages, keys, and an orderly end in every case."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from neurofeedback.errors import (
    EXIT_DEVICE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_RECORDING,
    EXIT_SETTINGS,
    RecordingError,
    SettingsError,
)
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.recording.session_notes import SessionNotes
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot
from neurofeedback.texts.session import DISCLAIMER, INDEX_MEANING, STOP_ADVICE
from neurofeedback.types import ChannelContact, ContactLevel, Frame, Guidance, Phase, State, StreamInfo
from neurofeedback.ui.app_language import use_language
from neurofeedback.ui.app_state import AppState, load_state, save_state
from neurofeedback.ui.main_window import AppDefaults, DeviceChoice, MainWindow, ProgrammeChoice
from neurofeedback.ui.pages.sit_page import SitPage
from neurofeedback.ui.preferences import Preferences, load_preferences, save_preferences
from neurofeedback.ui.session_result import find_report, headline_lines, last_session_line
from neurofeedback.ui.theme import LIGHT
from neurofeedback.ui.unfinished_sessions import UnfinishedSession
from neurofeedback.ui.widgets.eeg_plot import stack_traces
from neurofeedback.ui.widgets.index_view import thinned

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform says so of every window


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A window that changed the language leaves the next test in English."""
    yield
    use_language("en", Path())


CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QSlider, QPlainTextEdit)
FORBIDDEN = re.compile(
    r"\bDMN\b|default mode|diagnos|\btreat|therap|patient|\bcure|medic|probabilit|percentile", re.IGNORECASE
)
STREAM = StreamInfo("simulated", 256.0, ("TP9", "AF7"))
CONTACTS = (
    ChannelContact("TP9", ContactLevel.GOOD),
    ChannelContact("AF7", ContactLevel.BAD, ("muscle",)),
)


def frame(state: State = State.FOCUS, mwi: float = 42.0, *, ripple: float = 0.2, mist: float = 0.0) -> Frame:
    return Frame(
        index=100, sample=0, onset=25.0, phase=Phase.PRACTICE, valid=True, signal=0.9, confidence=0.3, state=state,
        drowsy=False, index_u=0.0, mwi=mwi, threshold=0.0, reward=False, guidance=Guidance(ripple=ripple, mist=mist),
        values=(), contacts=CONTACTS,
    )  # fmt: skip


def moment(**changes: object) -> Snapshot:
    running = Snapshot(
        status="running", stream=STREAM, phase=Phase.PRACTICE, elapsed_s=100.0, remaining_s=500.0, frame=frame(),
        contacts=CONTACTS, traces=np.zeros((2, 64), np.float32), index_history=np.full(50, 42.0, np.float32),
        loss_rate=0.01, sound="no sound", valid_fraction=0.9,
    )  # fmt: skip
    return replace(running, **changes)


@dataclass
class FakeSitting:
    """Runs until stopped, and for ``closing`` more looks after that."""

    outcome: SessionResult
    closing: int = 0
    live_state: LiveState = field(default_factory=LiveState)
    started: bool = False
    stopped: int = 0

    def start(self) -> None:
        assert not self.started
        self.started = True
        self.live_state.publish(moment())

    def stop(self) -> None:
        self.stopped += 1

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        assert timeout_s is not None
        assert timeout_s < 0.02, "the window must not wait"
        if not self.stopped:
            return None
        self.closing -= 1
        return self.outcome if self.closing < 0 else None


def press_escape(room: Room, qtbot: QtBot) -> None:
    """Press Escape once the window is active (before, a key reaches nothing), and wait for another page."""
    page = room.place
    qtbot.waitUntil(room.window.isActiveWindow)
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: room.place is not page)


@dataclass
class Room:
    """A window with a fake sitting behind it."""

    window: MainWindow
    requests: list[SessionConfig]
    sittings: list[FakeSitting]
    path: Path

    @property
    def sitting(self) -> FakeSitting:
        return self.sittings[-1]

    @property
    def place(self) -> QWidget:
        return self.window._places.currentWidget()

    def shown(self) -> str:
        found = (words for words in self.place.findChildren(QLabel) if words.isVisibleTo(self.place))
        return "\n".join(words.text() for words in found)

    def button(self, text: str) -> QAbstractButton:
        buttons = [b for b in self.place.findChildren(QAbstractButton) if text in b.accessibleName()]
        assert len(buttons) == 1, text
        return buttons[0]


Open = Callable[..., Room]


@pytest.fixture
def open_room(qtbot: QtBot, tmp_path: Path) -> Open:
    def build(
        outcome: SessionResult | None = None,
        *,
        choices: AppState | None = None,
        launch: Callable[[SessionConfig], FakeSitting] | None = None,
        request: SessionConfig | None = None,
        closing: int = 0,
    ) -> Room:
        requests: list[SessionConfig] = []
        sittings: list[FakeSitting] = []

        def begin(asked: SessionConfig) -> FakeSitting:
            requests.append(asked)
            made = launch(asked) if launch else FakeSitting(outcome or SessionResult(EXIT_OK), closing)
            sittings.append(made)
            return made

        path = tmp_path / "app.json"
        save_state(path, choices or AppState(device="muse-2", claims_seen=True))
        devices = (DeviceChoice("simulated", "No headset needed"), DeviceChoice("muse-2", "Over Bluetooth"))
        programmes = (ProgrammeChoice("short", "Short", 5.0, "Five minutes"), ProgrammeChoice("open", "Open end"))
        defaults = AppDefaults(tmp_path, devices, programmes, ("default", "fast"), request=request, state_file=path)
        window = MainWindow(begin, defaults)
        qtbot.addWidget(window, before_close_func=lambda _: [s.stop() for s in sittings] + [window._bridge.poll()])
        with qtbot.waitActive(window):
            window.show()
        return Room(window, requests, sittings, path)

    return build


@pytest.fixture
def sitting_room(open_room: Open, qtbot: QtBot) -> Open:
    def build(outcome: SessionResult | None = None, **options: object) -> Room:
        room = open_room(outcome, **options)
        qtbot.keyClick(room.button("Sit"), Qt.Key.Key_Space)
        qtbot.waitUntil(room.window.session_visible)
        qtbot.waitUntil(lambda: "Practice" in room.shown())
        return room

    return build


def test_home_starts_the_chosen_session_and_remembers_the_choices(open_room: Open, qtbot: QtBot) -> None:
    room = open_room()
    device, practice = room.place.findChildren(QComboBox)
    device.setCurrentText("cyton:/dev/ttyUSB0")
    room.place.findChild(QSpinBox).setValue(7)
    practice.setCurrentText("Short")
    assert "Five minutes" in room.shown()
    participant = next(box for box in room.place.findChildren(QLineEdit) if box.accessibleName() == "Name")
    participant.clear()
    qtbot.keyClicks(participant, "../P 3")
    qtbot.mouseClick(room.button("Sit"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(room.window.session_visible)
    asked = room.requests[0]
    assert (asked.device, asked.participant, asked.programme) == ("cyton:/dev/ttyUSB0", "P3", "short")
    assert (asked.profile, asked.minutes) == ("default", None)
    remembered = load_state(room.path)
    assert (remembered.device, remembered.minutes, remembered.participant) == ("cyton:/dev/ttyUSB0", 7, "P3")


def test_home_shows_the_length_of_the_chosen_practice(open_room: Open) -> None:
    room = open_room(choices=AppState(device="simulated", claims_seen=True, minutes=25))
    practice, minutes = room.place.findChildren(QComboBox)[1], room.place.findChild(QSpinBox)
    shown = [(minutes.text(), minutes.isEnabled())]
    for title in ("Short", "Open end", "Custom length"):
        practice.setCurrentText(title)
        shown.append((minutes.text(), minutes.isEnabled()))
    assert shown == [("25 min", True), ("5 min", False), ("no end", False), ("25 min", True)]
    practice.setCurrentText("Open end")
    room.window._start_chosen_session()
    assert (load_state(room.path).minutes, load_state(room.path).programme) == (25, "open")


def test_remembered_programme_shows_its_own_length(open_room: Open) -> None:
    room = open_room(choices=AppState(device="simulated", claims_seen=True, minutes=25, programme="open"))
    assert room.place.findChild(QSpinBox).text() == "no end"
    room.window._show_progress()
    room.window._show_home()
    room.place.findChildren(QComboBox)[1].setCurrentIndex(0)
    assert room.place.findChild(QSpinBox).text() == "25 min"


def test_status_panel_shows_the_battery_of_a_headset_that_reports_it(sitting_room: Open) -> None:
    room = sitting_room()
    for level, expected in ((64.2, "battery 64 %"), (12.0, "battery low: 12 %")):
        room.window._sit._status.show_snapshot(moment(battery=level))
        assert expected in room.window._sit._status._signal.text()


def test_home_describes_the_chosen_headset(open_room: Open) -> None:
    room = open_room()
    assert "Over Bluetooth" in room.shown()
    room.place.findChildren(QComboBox)[0].setCurrentText("simulated:3")
    assert "No headset needed" in room.shown()


def test_disclaimer_is_shown_once_and_from_the_about_button(open_room: Open, qtbot: QtBot) -> None:
    room = open_room(choices=AppState(device="muse-2"))
    assert "experimental index" in room.shown()
    assert STOP_ADVICE in room.shown()
    room.button("More about it").click()
    assert DISCLAIMER in room.shown()
    room.button("Skip").click()
    assert load_state(room.path).claims_seen
    assert DISCLAIMER not in room.shown()
    qtbot.mouseClick(room.button("About"), Qt.MouseButton.LeftButton)
    assert DISCLAIMER in room.shown()
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    assert room.button("Sit") is room.window.focusWidget()


def test_session_of_the_command_line_starts_after_the_disclaimer(open_room: Open, qtbot: QtBot) -> None:
    asked = SessionConfig("synthetic", Path("x"), minutes=0.5)
    room = open_room(choices=AppState(), request=asked)
    assert room.requests == []
    for _ in range(3):
        qtbot.keyClick(room.window.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(room.window.session_visible)
    assert room.requests == [asked]


def test_escape_ends_the_session_and_shows_its_summary(sitting_room: Open, qtbot: QtBot) -> None:
    summary = SessionSummary(duration_s=600.0, valid_fraction=0.875)
    room = sitting_room(SessionResult(EXIT_OK, "", Path("rec/sub-01/ses-1"), summary), closing=3)
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    assert "End the sitting?" in room.shown()
    assert not room.sitting.stopped
    qtbot.keyClick(room.window, Qt.Key.Key_Return)
    assert "being closed" in room.shown()
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    qtbot.keyClick(room.window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "You sat for 10 minutes." in room.shown())
    assert room.sitting.stopped == 1
    assert "88 % of it had a usable signal." in room.shown()
    assert room.window.exit_code == EXIT_OK
    assert load_state(room.path).last_sitting == "Last sitting: 10 minutes, 88 % usable signal"


def test_sit_again_repeats_the_same_config(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    qtbot.keyClick(room.window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not room.window.session_visible())
    qtbot.keyClick(room.window.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(room.requests) == 2)
    assert room.requests[0] == room.requests[1]


def test_closing_the_window_waits_for_the_recording_without_freezing(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room(SessionResult(EXIT_RECORDING, "the disk is full"), closing=5)
    room.window.close()
    assert room.window.isVisible()
    room.window.close()
    qtbot.waitUntil(lambda: not room.window.isVisible())
    assert room.sitting.stopped == 1
    assert room.window.exit_code == EXIT_RECORDING


def test_closing_while_connecting_starts_no_session(open_room: Open, qtbot: QtBot) -> None:
    connected = threading.Event()

    def slow(_asked: SessionConfig) -> FakeSitting:
        connected.wait(10)
        return FakeSitting(SessionResult(EXIT_OK))

    room = open_room(launch=slow)
    qtbot.keyClick(room.button("Sit"), Qt.Key.Key_Space)
    assert "Connecting" in room.shown()
    room.window.close()
    assert room.window.isVisible()
    connected.set()
    qtbot.waitUntil(lambda: not room.window.isVisible())
    assert not room.sitting.started


def test_launch_error_is_shown_in_words(open_room: Open, qtbot: QtBot) -> None:
    def refuse(_asked: SessionConfig) -> FakeSitting:
        raise SettingsError("no such device", got="mouse-2", todo="did you mean muse-2?")

    room = open_room(launch=refuse)
    qtbot.keyClick(room.button("Sit"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "did you mean muse-2?" in room.shown())
    assert room.window.exit_code == EXIT_SETTINGS
    assert "You sat" not in room.shown()
    assert not room.button("Open the folder").isVisible()
    press_escape(room, qtbot)
    assert room.button("Sit").isVisible()


def test_unexpected_launch_error_is_shown_and_logged(
    open_room: Open, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_asked: SessionConfig) -> FakeSitting:
        raise ZeroDivisionError("by zero")

    room = open_room(launch=stumble)
    qtbot.keyClick(room.button("Sit"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "A fault of the program" in room.shown())
    assert room.window.exit_code == 1
    assert "ZeroDivisionError" in caplog.text


def test_failed_session_sets_the_exit_code(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room(SessionResult(EXIT_DEVICE, "the headset is gone for good."))
    room.sitting.live_state.publish(moment(recording=room.path.parent))
    qtbot.waitUntil(lambda: room.window._recording is not None)
    room.sitting.stop()
    qtbot.waitUntil(lambda: "gone for good" in room.shown())
    assert "could not go on" in room.shown()
    assert room.window.exit_code == EXIT_DEVICE


def test_interrupt_ends_the_session_with_exit_code_130(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room(closing=2)
    room.window.interrupt()
    qtbot.waitUntil(lambda: not room.window.isVisible())
    assert room.window.exit_code == EXIT_INTERRUPTED
    assert room.sitting.stopped == 1


def test_time_can_be_hidden_and_is_remembered(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    assert "8:20" in room.shown()
    qtbot.keyClick(room.window, Qt.Key.Key_H)
    assert "8:20" not in room.shown()
    room.window.close()
    qtbot.waitUntil(lambda: not room.window.isVisible())
    assert not load_state(room.path).time_shown


def test_f11_toggles_full_screen(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    qtbot.keyClick(room.window, Qt.Key.Key_F11)
    assert room.window.isFullScreen()
    qtbot.keyClick(room.window, Qt.Key.Key_F11)
    assert not room.window.isFullScreen()


def test_sit_shows_contact_with_reason_and_the_index_with_its_name(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    assert "TP9" not in room.shown()
    qtbot.keyClick(room.window, Qt.Key.Key_I)
    text = room.shown()
    for words in (
        "● TP9",
        "○ AF7",
        "AF7: muscle",
        "Signal 90 % now; 90 % so far",
        "1.0 % of samples lost",
        "no sound",
        "42",
    ):
        assert words in text
    assert "Mind-wandering index (EEG proxy)" in text
    assert INDEX_MEANING in text


@pytest.fixture
def sit(open_room: Open) -> SitPage:
    window = open_room().window
    window._places.setCurrentWidget(window._sit)
    return window._sit


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (moment(frame=frame(State.UNKNOWN, float("nan"), mist=1.0)), "not clear enough to judge"),
        (moment(signal_lost_s=2.0), "No data from the headset"),
        (moment(phase=None, frame=None, message="Opening muse-2."), "Opening muse-2."),
    ],
)
def test_unclear_or_lost_signal_is_shown_in_words(sit: SitPage, shown: Snapshot, words: str) -> None:
    sit.show_snapshot(shown, 0.0)
    assert any(words in part.text() for part in sit.findChildren(QLabel))


def test_lost_headset_shows_mist(sit: SitPage) -> None:
    sit.show_snapshot(moment(frame=frame(mist=0.0), signal_lost_s=1.5), 10.0)
    assert sit._scene.mist > 0.9


def test_picture_follows_the_guidance(sit: SitPage) -> None:
    sit.show_snapshot(moment(frame=frame(ripple=0.8)), 60.0)
    assert sit._scene.ripple == pytest.approx(0.8, abs=0.01)
    assert sit._scene.time_s == 60.0


def test_sixteen_channels_and_long_texts_do_not_widen_the_window(sit: SitPage, qtbot: QtBot) -> None:
    many = tuple(ChannelContact(f"Long{i}", ContactLevel.BAD, ("flat: no skin contact",)) for i in range(16))
    sit.show_snapshot(moment(contacts=many, sound="WAV file " + "x" * 300, message="word " * 80), 0.0)
    assert sit.window().minimumSizeHint().width() <= 1024
    assert sit.window().minimumSizeHint().height() <= 640


def test_every_control_has_an_accessible_name_and_tab_focus(open_room: Open) -> None:
    window = open_room().window
    controls = [w for kind in CONTROLS for w in window.findChildren(kind)]
    controls += [box for box in window.findChildren(QLineEdit) if box.parent() not in controls]
    assert len(controls) > 12
    for control in controls:
        if type(control) is QAbstractButton:  # the corner of a table, which is hidden
            continue
        assert control.accessibleName(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.accessibleName()


def test_window_has_no_forbidden_claims(open_room: Open) -> None:
    window = open_room().window
    quoting = {window._about, window._welcome}  # they say what the program is not
    places = [place for place in map(window._places.widget, range(window._places.count())) if place not in quoting]
    shown = [w for place in places for kind in (QLabel, QAbstractButton) for w in place.findChildren(kind)]
    for part in shown:
        assert not FORBIDDEN.search(f"{part.text()} {part.toolTip()} {part.accessibleName()}")


def test_settings_apply_at_once_and_are_saved(open_room: Open, qtbot: QtBot) -> None:
    room = open_room()
    dark = room.window.styleSheet()
    qtbot.mouseClick(room.button("Settings"), Qt.MouseButton.LeftButton)
    room.button("Large type").click()
    qtbot.waitUntil(lambda: room.window.styleSheet() != dark)
    assert room.button("Large type").isChecked()
    theme = next(box for box in room.place.findChildren(QComboBox) if box.accessibleName() == "Colours")
    theme.setCurrentIndex(1)
    theme.activated.emit(1)
    qtbot.waitUntil(lambda: LIGHT.window in room.window.styleSheet())
    press_escape(room, qtbot)
    assert room.button("Sit").isVisible()
    loaded = load_preferences(room.path.with_name("settings.toml"), pytest.fail)
    assert (loaded.theme, loaded.large_type) == ("light", True)


def test_every_setting_can_be_changed_by_its_control(open_room: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/sounds/rain.wav", ""))
    room = open_room()
    place = room.window._settings
    received: list[Preferences] = []
    place.changed.connect(received.append)
    place.activate(Preferences())
    for name, control in place._fields.items():
        if isinstance(control, QComboBox):
            control.setCurrentIndex(control.count() - 1)
            control.activated.emit(control.count() - 1)
        elif isinstance(control, QLineEdit):
            control.setText("9000")
            control.editingFinished.emit()
        elif isinstance(control, QSpinBox):
            control.setValue(-30)
            control.editingFinished.emit()
        else:
            control.click()
        assert getattr(received[-1], name) != getattr(Preferences(), name), name
    assert set(place._fields) | set(place._sound.fields) == {f.name for f in fields(Preferences)}
    save_preferences(room.path, received[-1])
    assert load_preferences(room.path, pytest.fail) == received[-1]


def test_sound_settings_state_when_the_tone_stays_neutral(open_room: Open, tmp_path: Path) -> None:
    mute = tmp_path / "mute.toml"
    mute.write_text("name = 'mute'\n[index]\nevidence = 'open'\n", encoding="utf-8")
    place = open_room().window._settings
    place.activate(Preferences())
    assert place._tone_note.isHidden()
    place.activate(Preferences(profile=str(mute)))
    assert not place._tone_note.isHidden()
    assert "the tone stays neutral" in place._tone_note.text()


@pytest.mark.parametrize(
    ("chosen", "expected"), [("/sounds/sea.flac", ("file", "/sounds/sea.flac")), ("", ("rain", ""))]
)
def test_choosing_an_own_sound_asks_for_the_file(
    open_room: Open, monkeypatch: pytest.MonkeyPatch, chosen: str, expected: tuple[str, str]
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen, ""))
    room = open_room()
    place = room.window._settings
    place.activate(Preferences())
    background, file = place._fields["background"], place._fields["background_file"]
    assert isinstance(background, QComboBox)
    assert isinstance(file, QLineEdit)
    background.setCurrentIndex(background.findData("file"))
    background.activated.emit(background.currentIndex())
    assert (background.currentData(), file.text()) == expected
    assert (place._preferences.background, place._preferences.background_file) == expected


def test_unreadable_settings_are_reported_once(qtbot: QtBot, tmp_path: Path) -> None:
    save_state(tmp_path / "app.json", AppState(claims_seen=True))
    (tmp_path / "settings.toml").write_text("version = 9")
    window = MainWindow(
        lambda _: FakeSitting(SessionResult(EXIT_OK)), AppDefaults(tmp_path, state_file=tmp_path / "app.json")
    )
    qtbot.addWidget(window)
    window.show()
    notice = window._home._notice
    assert "version 9" in notice.text()
    assert notice.isVisible()
    window._show_home()
    assert not notice.isVisible()


def test_progress_page_opens_and_closes(open_room: Open, qtbot: QtBot) -> None:
    room = open_room()
    qtbot.mouseClick(room.button("Progress"), Qt.MouseButton.LeftButton)
    assert "Progress of 01" in room.shown()
    press_escape(room, qtbot)
    assert room.button("Sit").isVisible()


def test_research_window_toggles_from_home(open_room: Open, qtbot: QtBot) -> None:
    room = open_room()
    for opened in (True, False):
        qtbot.mouseClick(room.button("Research"), Qt.MouseButton.LeftButton)
        assert (room.window._research is not None) == opened


def test_setting_without_effect_on_appearance_does_not_rebuild_the_pages(open_room: Open, qtbot: QtBot) -> None:
    room = open_room()
    room.window._show_settings()
    place = room.place
    room.window._settings._set("probes", "none")
    qtbot.wait(1)
    assert room.place is place
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    room.window._start_chosen_session()
    qtbot.waitUntil(lambda: bool(room.requests))
    assert room.requests[0].probe_interval_s == 0.0


def test_home_shows_stop_advice_after_a_condition_was_noted(open_room: Open) -> None:
    room = open_room()
    assert STOP_ADVICE not in room.shown()
    room.window._after._recording = room.path.parent / "gone"
    room.window._after._notes_form.show_notes(SessionNotes(condition="post_24h"))
    room.window._after._save_notes({"condition": "post_24h"})
    room.window._show_home()
    assert STOP_ADVICE in room.shown()
    assert load_state(room.path).condition == "post_24h"


def test_clicking_sit_twice_starts_one_session(open_room: Open, qtbot: QtBot) -> None:
    room = open_room()
    sit = room.button("Sit")
    for _ in range(3):
        sit.click()
    qtbot.waitUntil(room.window.session_visible)
    assert len(room.requests) == 1


def test_research_window_toggles_during_a_session(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    qtbot.keyClick(room.window, Qt.Key.Key_R)
    research = room.window._research
    assert research is not None
    assert research.isVisible()
    research._mark("marker 1")
    assert room.sitting.live_state.drain_requests() == [Request(RequestKind.MARK, "marker 1")]
    room.window.toggle_research()
    assert room.window._research is None
    assert "Practice" in room.shown()


def test_volume_and_battery_are_remembered_for_the_next_session(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    room.sitting.live_state.publish(moment(volume_db=-9.0, battery=28.4))
    qtbot.waitUntil(lambda: room.window._latest.volume_db == -9.0)
    room.sitting.stop()
    qtbot.waitUntil(lambda: not room.window.session_visible())
    assert load_state(room.path).volume_db == -9.0
    room.window._show_home()
    assert "Battery 28 % after the last sitting: charge it before you sit." in room.shown()
    room.window._home._show_device("muse-s")
    assert "Battery" not in room.shown()
    room.window._start_again()
    qtbot.waitUntil(lambda: len(room.sittings) == 2 and room.window._begun)
    assert room.sitting.live_state.drain_requests() == [Request(RequestKind.VOLUME, "-9.0")]


def test_forms_that_cannot_be_asked_are_one_sentence_at_the_end(
    open_room: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    room = open_room()

    def fail(*_: object) -> None:
        raise SettingsError("the forms cannot be read")

    monkeypatch.setattr("neurofeedback.ui.pages.facts_dialog.ask_forms", fail)
    room.window._ask_forms(SessionConfig("muse-2", tmp_path), SessionResult(EXIT_OK))
    assert room.window._after._message.text() == "the forms cannot be read."


def test_forms_before_a_sitting_are_logged_beside_the_window_and_a_failure_is_one_sentence(
    open_room: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    room = open_room()
    profile = tmp_path / "asking.toml"
    profile.write_text('[questionnaires]\nbefore = ["expectancy"]\n')
    threads: list[threading.Thread] = []

    def fail(*_: object) -> None:
        threads.append(threading.current_thread())
        raise RecordingError("the change log cannot be written", todo="free disk space")

    monkeypatch.setattr("neurofeedback.ui.pages.facts_dialog.log_not_asked", fail)
    request = SessionConfig("muse-2", tmp_path, "07", str(profile))
    room.window._ask_forms(request, SessionResult(EXIT_OK, session_dir=tmp_path / "ses-1"))
    qtbot.waitUntil(lambda: not room.window._log_task.busy)
    assert threads
    assert threads[0] is not threading.main_thread()
    assert room.window._after._message.text() == "the change log cannot be written: free disk space."


def test_unfinished_session_is_offered_and_resumed(open_room: Open, qtbot: QtBot, tmp_path: Path) -> None:
    room = open_room()
    room.window._offer_unfinished(UnfinishedSession(tmp_path, "07", 12))
    assert "broke off" in room.shown()
    qtbot.mouseClick(room.button("Finish it"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(room.requests))
    assert (room.requests[0].participant, room.requests[0].minutes, room.requests[0].programme) == ("07", 12.0, "")


def test_unfinished_session_is_never_resumed_with_simulated_data(open_room: Open, tmp_path: Path) -> None:
    room = open_room(choices=AppState(device="simulated", claims_seen=True))
    room.window._offer_unfinished(UnfinishedSession(tmp_path, "demo", 12))
    assert "broke off" not in room.shown()
    room.window._offer_unfinished(UnfinishedSession(tmp_path, "07", 12))
    room.window._home.finish.emit(room.window._home._unfinished)
    assert "Choose a headset first" in room.shown()
    assert not room.window._bridge.active
    assert room.requests == []


@pytest.mark.parametrize("name", ["demo", "Demo", "DEMO"])
def test_name_of_the_demo_is_refused_in_one_sentence(open_room: Open, qtbot: QtBot, name: str) -> None:
    room = open_room(choices=AppState(device="muse-2", claims_seen=True, participant="07"))
    field, home = room.window._home._participant, room.window._home
    field.clear()
    qtbot.keyClicks(field, name)
    assert "is for simulated sittings" in room.shown()
    assert not home.sit_button.isEnabled()
    assert "participant" not in home.selection()
    qtbot.keyClicks(field, "2")
    assert "is for simulated sittings" not in room.shown()
    assert home.sit_button.isEnabled()
    assert home.selection()["participant"] == f"{name}2"
    save_state(room.path, replace(AppState(), participant=name))
    assert load_state(room.path).participant == ""


def test_no_offer_without_an_unfinished_session_or_minutes_left(open_room: Open, tmp_path: Path) -> None:
    room = open_room()
    room.window._offer_unfinished(None)
    assert "broke off" not in room.shown()
    room.window._offer_unfinished(UnfinishedSession(tmp_path, "07", 0))
    assert not room.window._home._finish.isVisible()


@pytest.mark.parametrize("large_type", [False, True])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_fits_the_smallest_window(qtbot: QtBot, tmp_path: Path, theme: str, large_type: bool) -> None:
    save_state(tmp_path / "app.json", AppState(claims_seen=True))
    save_preferences(tmp_path / "settings.toml", Preferences(theme=theme, large_type=large_type))
    window = MainWindow(
        lambda _: FakeSitting(SessionResult(EXIT_OK)), AppDefaults(tmp_path, state_file=tmp_path / "app.json")
    )
    qtbot.addWidget(window)
    for place in map(window._places.widget, range(window._places.count())):
        hint = place.minimumSizeHint()
        assert hint.width() <= 1024, (type(place).__name__, hint)
        assert hint.height() <= 640, (type(place).__name__, hint)


def test_resizing_during_a_session_keeps_the_page(sitting_room: Open, qtbot: QtBot) -> None:
    room = sitting_room()
    for size in ((3840, 2160), (1024, 640), (1280, 720)):
        room.window.resize(*size)
        room.window.show_snapshot(moment(), 0.1)
        assert "Practice" in room.shown()


def test_buttons_open_report_and_folder(
    open_room: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    session = tmp_path / "sub-01" / "ses-1"
    report = tmp_path / "derivatives" / "neurofeedback" / "sub-01" / "ses-1" / "eeg" / "sub-01_report.html"
    for path in (session / "x", report):
        path.parent.mkdir(parents=True)
        path.write_text("")
    room = open_room()
    room.window._ended(SessionResult(EXIT_OK, "", session))
    qtbot.mouseClick(room.button("Open the report"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(room.button("Open the folder"), Qt.MouseButton.LeftButton)
    assert [url.toLocalFile() for url in opened] == [str(report), str(session)]


def test_session_that_never_started_has_its_own_title(open_room: Open) -> None:
    room = open_room()
    room.window._ended(SessionResult(EXIT_DEVICE, "no headset answered"))
    assert "The sitting could not begin" in room.shown()


def test_find_report_without_a_report_is_none(tmp_path: Path) -> None:
    assert find_report(None) is None
    assert find_report(tmp_path / "sub-01" / "ses-1") is None


def test_summary_lines_leave_out_missing_values() -> None:
    assert headline_lines(SessionResult(EXIT_DEVICE, "x", None, SessionSummary())) == ("", "")
    assert last_session_line(SessionResult(EXIT_OK)) == ""
    assert (
        last_session_line(SessionResult(EXIT_OK, "", None, SessionSummary(duration_s=60))) == "Last sitting: 1 minute"
    )


def test_downsampled_lines_preserve_gaps() -> None:
    assert thinned(np.zeros(1, np.float32)) == []
    line = thinned(np.array([0, np.nan, 100], np.float32))
    assert np.isnan(line[1][1])
    assert len(thinned(np.zeros(5000, np.float32))) <= 160
    lanes = stack_traces(np.array([[1000.0, np.nan], [-1000.0, 0.0]], np.float32))
    np.testing.assert_array_equal(lanes, [[150.0, np.nan], [-50.0, 0.0]])


HEAVY = ("scipy", "mne", "sklearn", "matplotlib", "brainflow", "pydantic", "pyqtgraph")
QUICK = f"""
import sys
from pathlib import Path
from PyQt6.QtWidgets import QApplication
from neurofeedback.ui.main_window import AppDefaults, MainWindow
app = QApplication([])
window = MainWindow(lambda request: None, AppDefaults(Path(sys.argv[1]), state_file=Path(sys.argv[1]) / "app.json"))
window.show()
app.processEvents()
assert window.isVisible()
print(*sorted(set({HEAVY}) & set(sys.modules)))
"""


def test_window_is_visible_before_heavy_imports(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", QUICK, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.split() == []


INTERRUPTED = """
import sys
from pathlib import Path
from neurofeedback.session.live_state import LiveState
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.ui.app_state import AppDefaults, AppState, save_state
from neurofeedback.ui.app_main import run_app

folder = Path(sys.argv[1])
save_state(folder / "app.json", AppState(claims_seen=True))

class Sitting:
    def __init__(self): self.live_state, self.stopped = LiveState(), False
    def start(self): print("sitting", flush=True)
    def stop(self): self.stopped = True
    def join(self, timeout_s=None):
        if self.stopped:
            (folder / "closed").touch()
            return SessionResult(0)

request = SessionConfig("simulated", folder)
defaults = AppDefaults(folder, request=request, state_file=folder / "app.json")
sys.exit(run_app(lambda _: Sitting(), defaults))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_close_the_recording_in_order(tmp_path: Path, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == "sitting\n"
        app.send_signal(number)
        assert app.wait(30) == EXIT_INTERRUPTED
    assert (tmp_path / "closed").exists()


def test_wheel_changes_no_field_without_the_keyboard_focus(open_room: Open) -> None:
    room = open_room()
    pages = room.window._places
    fields = [field for kind in (QComboBox, QAbstractSpinBox, QSlider) for field in pages.findChildren(kind)]
    assert len(fields) > 20

    def turn(field: QWidget) -> bool:
        place = QPointF(5, 5)
        wheel = QWheelEvent(
            place, place, QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(field, wheel)
        return wheel.isAccepted()

    for control in fields:
        assert not control.focusPolicy() & Qt.FocusPolicy.WheelFocus & ~Qt.FocusPolicy.StrongFocus, control
        assert control.hasFocus() or not turn(control), control.accessibleName()
    practice = room.place.findChildren(QComboBox)[1]
    practice.setFocus()
    before = practice.currentIndex()
    turn(practice)
    assert practice.currentIndex() != before
