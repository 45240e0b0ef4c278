"""Tests of the search for headsets: when it runs, what it chooses, and that it never blocks the window."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from neurofeedback.acquisition.scan_result import FoundDevice, ScanResult
from neurofeedback.cli.helpers import window as command
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.muse import EmulatedMuse, MuseHeadband
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import EXIT_OK
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import LiveState
from neurofeedback.ui import device_scan
from neurofeedback.ui.app_state import AppState, load_state, save_state
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.main_window import AppDefaults, MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
MUSE, GANGLION = (
    FoundDevice("muse-2", "Muse-A1B2 at 00:55, -50 dBm"),
    FoundDevice("ganglion", "Ganglion-1 at 00:56, -60 dBm"),
)


@dataclass
class Radio:
    """Answers once it may; counts how often it was asked, and in which threads."""

    answer: ScanResult = field(default_factory=ScanResult)
    may: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def look(self) -> ScanResult:
        self.threads.append(threading.current_thread())
        assert self.may.wait(60)
        return self.answer


def test_result_that_arrives_as_the_wait_ends_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    class LateFuture(Future[ScanResult]):
        """The first wait ends just before the result is set."""

        late = True

        def result(self, timeout: float | None = None) -> ScanResult:
            found = super().result(30)
            if self.late:
                self.late = False
                raise TimeoutError
            return found

    monkeypatch.setattr(device_scan, "Future", LateFuture)
    expected = ScanResult((MUSE,))
    assert device_scan._scan_task(lambda: expected, threading.Lock(), TaskHandle()) is expected


class Ended:
    """A sitting that is over at once."""

    def __init__(self, _request: SessionConfig) -> None:
        self.live_state = LiveState()

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def join(self, timeout_s: float | None = None) -> SessionResult:
        del timeout_s
        return SessionResult(EXIT_OK, "", Path("rec/sub-01/ses-1"))


Open = Callable[..., MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot, tmp_path: Path) -> Open:
    def build(look: Callable[[], ScanResult], device: str = "", launch: Callable[..., Ended] = Ended) -> MainWindow:
        path = tmp_path / "app.json"
        save_state(path, AppState(device=device, claims_seen=True))
        window = MainWindow(launch, AppDefaults(tmp_path, scan=look, state_file=path))
        qtbot.addWidget(window)
        window.show()
        return window

    return build


def device_of(window: MainWindow) -> QComboBox:
    return window._home.findChildren(QComboBox)[0]


def again(window: MainWindow) -> QPushButton:
    (found,) = (b for b in window._home.findChildren(QPushButton) if b.accessibleName() == "Look again for headsets")
    return found


def shown(window: MainWindow) -> str:
    return "\n".join(words.text() for words in window._home.findChildren(QLabel) if words.isVisible())


def settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window._device_scan.busy, timeout=60_000)


def test_only_headset_found_is_chosen(open_window: Open, qtbot: QtBot, tmp_path: Path) -> None:
    radio = Radio(ScanResult((MUSE,)))
    window = open_window(radio.look)
    assert "Looking for your headset ..." in shown(window)
    sit = window._home.sit_button
    assert (sit.text(), sit.isEnabled()) == ("Looking for your headset", False)
    qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Space)
    assert not window._bridge.active, "nothing else may start"
    assert not again(window).isEnabled()
    radio.may.set()
    settled(qtbot, window)
    assert device_of(window).currentText() == "Muse 2 · found"
    assert (sit.text(), sit.isEnabled()) == ("Sit", True)
    assert MUSE.about in shown(window)
    assert threading.main_thread() not in radio.threads
    window._start_chosen_session()
    assert load_state(tmp_path / "app.json").device == "muse-2"


def test_several_headsets_are_listed_and_none_is_chosen(open_window: Open, qtbot: QtBot) -> None:
    radio = Radio(ScanResult((MUSE, GANGLION)))
    radio.may.set()
    window = open_window(radio.look)
    settled(qtbot, window)
    device = device_of(window)
    assert device.currentText() == ""
    assert not window._home.sit_button.isEnabled()
    assert {"Muse 2 · found", "Ganglion · found"} <= {device.itemText(at) for at in range(device.count())}
    assert "Muse 2, Ganglion" in shown(window)
    device.setCurrentIndex(device.findText("Ganglion · found"))
    assert (window._home.device, window._home.sit_button.isEnabled()) == ("ganglion", True)


def test_scan_without_result_shows_advice_and_can_be_repeated_by_key(open_window: Open, qtbot: QtBot) -> None:
    radio = Radio(ScanResult(hindrances=("Bluetooth is off: switch it on.",)))
    radio.may.set()
    window = open_window(radio.look)
    settled(qtbot, window)
    assert "No headset found. Switch it on" in shown(window)
    assert "You can try a demo without a headset." in shown(window)
    assert "Bluetooth is off" in shown(window)
    radio.answer = ScanResult((GANGLION,))
    qtbot.keyClick(again(window), Qt.Key.Key_Space)
    settled(qtbot, window)
    assert device_of(window).currentText() == "Ganglion · found"
    assert len(radio.threads) == 2


def test_no_scan_starts_with_a_remembered_device(open_window: Open, qtbot: QtBot) -> None:
    radio = Radio(ScanResult((GANGLION,)))
    radio.may.set()
    window = open_window(radio.look, "muse-2")
    assert not window._device_scan.busy
    assert radio.threads == []
    assert device_of(window).currentText() == "Muse 2"
    qtbot.mouseClick(again(window), Qt.MouseButton.LeftButton)
    settled(qtbot, window)
    assert device_of(window).currentText() == "Ganglion · found"


def test_device_typed_during_a_scan_stays(open_window: Open, qtbot: QtBot) -> None:
    radio = Radio(ScanResult((MUSE,)))
    window = open_window(radio.look)
    typed = device_of(window).lineEdit()
    assert typed is not None
    typed.selectAll()
    qtbot.keyClicks(typed, "cyton:COM3")
    radio.may.set()
    settled(qtbot, window)
    assert device_of(window).currentText() == "cyton:COM3"


def test_session_starts_only_after_the_scan_released_the_headset(open_window: Open, qtbot: QtBot) -> None:
    radio, asked = Radio(), list[str]()

    def launch(request: SessionConfig) -> Ended:
        asked.append(request.device)
        return Ended(request)

    window = open_window(radio.look, "muse-2", launch)
    again(window).click()
    qtbot.waitUntil(lambda: bool(radio.threads), timeout=60_000)
    window._start_chosen_session()
    assert asked == []
    radio.may.set()
    qtbot.waitUntil(lambda: asked == ["muse-2"], timeout=60_000)
    qtbot.waitUntil(lambda: not window._bridge.active, timeout=60_000)


def test_demo_is_marked_waits_for_no_scan_and_is_filed_under_no_person(
    open_window: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    radio = Radio()
    requests: list[SessionConfig] = []

    def launch(request: SessionConfig) -> Ended:
        requests.append(request)
        return Ended(request)

    window = open_window(radio.look, launch=launch)
    window._home.demo_button.click()
    assert window._demo_strip.isVisible()
    assert window._demo_strip.text() == "Demo: simulated brain signals, not yours."
    qtbot.waitUntil(lambda: not window._bridge.active, timeout=60_000)
    state = load_state(tmp_path / "app.json")
    assert (state.device, state.last_sitting) == ("", "")
    assert [(request.device, request.participant) for request in requests] == [("simulated", "demo")]
    assert not window._demo_strip.isVisible()
    radio.may.set()


def test_scan_error_is_shown(open_window: Open, qtbot: QtBot) -> None:
    def look() -> ScanResult:
        raise OSError("no such bus")

    window = open_window(look)
    settled(qtbot, window)
    assert "no such bus" in shown(window)
    assert again(window).isEnabled()


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon (apt install dbus)")
def test_emulated_muse_in_reach_is_chosen(open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatedMuse(MuseHeadband(alpha_rhythm(4, 256.0, seed=1), Faults())) as muse:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", muse.address)
        window = open_window(command.scan_headsets)
        settled(qtbot, window)
        assert device_of(window).currentText() == "Muse 2 · found"
        assert muse.headband.stream_starts == []
