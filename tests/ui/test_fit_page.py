"""Tests of the page where the headset is put on: texts, keys, and the drawn electrodes."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import ROOT

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.errors import EXIT_DEVICE, EXIT_OK
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.fit.impedance_reading import ElectrodeImpedance, ImpedanceReading
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality, HeadsetFit, Phase, StreamInfo
from neurofeedback.ui.app_state import AppState, save_state
from neurofeedback.ui.head_positions import POSITIONS
from neurofeedback.ui.main_window import AppDefaults, DeviceChoice, MainWindow
from neurofeedback.ui.pages.fit_page import MAX_LISTED_ELECTRODES, FitPage
from neurofeedback.ui.theme import DARK
from neurofeedback.ui.widgets.head_view import ElectrodeDot, HeadView, electrode_places

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

MUSE = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"))
GOOD, FAIR, BAD = ContactLevel.GOOD, ContactLevel.FAIR, ContactLevel.BAD


def electrode(name: str, verdict: ContactLevel = GOOD, reason: str = "") -> ElectrodeQuality:
    return ElectrodeQuality(ChannelContact(name, verdict, (reason,) if reason else ()), 0.0, 84.0, 9.0, 0.0)


def moment(electrodes: tuple[ElectrodeQuality, ...], begins_in_s: float | None = None, **changes: object) -> Snapshot:
    steady = tuple(each.contact.level is not BAD for each in electrodes)
    fills = tuple({GOOD: 1.0, FAIR: 0.75, BAD: 0.0}[each.contact.level] for each in electrodes)
    fit = HeadsetFit(electrodes, fills, steady, all(steady), begins_in_s is not None, begins_in_s)
    contacts = tuple(each.contact for each in electrodes)
    return replace(Snapshot("fitting", stream=MUSE, contacts=contacts, headset_fit=fit, loss_rate=0.012), **changes)


POOR = moment(
    (
        electrode("TP9", BAD, "flat: no skin contact"),
        electrode("AF7"),
        electrode("AF8"),
        electrode("TP10", BAD, "muscle"),
    )
)
WELL = moment(tuple(map(electrode, MUSE.ch_names)), 2.0)
RUNNING = Snapshot("running", stream=MUSE, phase=Phase.SETTLE)


@dataclass
class FakeSitting:
    """Shows a headset being put on; begins when asked, ends when asked."""

    outcome: SessionResult
    live_state: LiveState = field(default_factory=LiveState)
    stopped: bool = False

    def start(self) -> None:
        self.live_state.publish(POOR)

    def stop(self) -> None:
        self.stopped = True

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        del timeout_s
        return self.outcome if self.stopped else None


@dataclass
class Room:
    """A window that has begun to fit a headset."""

    window: MainWindow
    sittings: list[FakeSitting]

    @property
    def place(self) -> QWidget:
        return self.window._places.currentWidget()

    @property
    def live_state(self) -> LiveState:
        return self.sittings[-1].live_state

    def shown(self) -> str:
        return shown_text(self.place)

    def button(self, text: str) -> QAbstractButton:
        (found,) = (b for b in self.place.findChildren(QAbstractButton) if text in b.accessibleName())
        return found


def shown_text(place: QWidget) -> str:
    return "\n".join(words.text() for words in place.findChildren(QLabel) if words.isVisibleTo(place))


@pytest.fixture
def open_room(qtbot: QtBot, tmp_path: Path) -> Callable[..., Room]:
    def build(outcome: SessionResult | None = None) -> Room:
        sittings: list[FakeSitting] = []

        def launch(_asked: SessionConfig) -> FakeSitting:
            sittings.append(FakeSitting(outcome or SessionResult(EXIT_OK)))
            return sittings[-1]

        path = tmp_path / "app.json"
        save_state(path, AppState(device="muse-2", claims_seen=True))
        defaults = AppDefaults(tmp_path, (DeviceChoice("muse-2"),), state_file=path)
        window = MainWindow(launch, defaults)
        qtbot.addWidget(window, before_close_func=lambda _: [s.stop() for s in sittings] + [window._bridge.poll()])
        with qtbot.waitActive(window):
            window.show()
        room = Room(window, sittings)
        qtbot.keyClick(room.button("Sit"), Qt.Key.Key_Space)
        assert "Connecting to Muse 2" in room.shown()
        assert not room.button("Begin").isEnabled()
        qtbot.waitUntil(lambda: "Not yet" in room.shown())
        return room

    return build


def test_fit_page_shows_poor_electrodes_with_reason_and_hint(open_room: Callable[..., Room]) -> None:
    text = open_room().shown()
    for words in ("Not yet: 2 of 4 electrodes", "○ TP9", "flat: no skin contact", "● AF7", "○ TP10", "muscle"):
        assert words in text
    assert "Press the electrode to the skin" in text
    assert "1.2 % of samples lost" in text
    assert "begins by itself" not in text


def test_fit_page_counts_down_with_good_contact_and_the_session_follows(
    open_room: Callable[..., Room], qtbot: QtBot
) -> None:
    room = open_room()
    room.live_state.publish(WELL)
    qtbot.waitUntil(lambda: "Good contact everywhere." in room.shown())
    assert "The sitting begins by itself in 2 s." in room.shown()
    assert room.button("Begin now").isEnabled()
    room.live_state.publish(RUNNING)
    qtbot.waitUntil(room.window.session_visible)
    assert "Settling in" in room.shown()


@pytest.mark.parametrize("how", ["key", "button"])
def test_session_can_be_started_without_good_contact(open_room: Callable[..., Room], qtbot: QtBot, how: str) -> None:
    room = open_room()
    begin = room.button("Begin anyway")
    if how == "key":
        qtbot.keyClick(room.window, Qt.Key.Key_B)
    else:
        qtbot.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert room.live_state.drain_requests() == [Request(RequestKind.BEGIN)]


def test_escape_on_fit_page_leads_home_and_stops_the_session(open_room: Callable[..., Room], qtbot: QtBot) -> None:
    room = open_room()
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    assert "Disconnecting the headset" in room.shown()
    qtbot.waitUntil(lambda: room.place is room.window._home)
    assert room.sittings[0].stopped
    assert not room.window._bridge.active


def test_missing_headset_is_reported_in_words(open_room: Callable[..., Room], qtbot: QtBot) -> None:
    room = open_room(SessionResult(EXIT_DEVICE, "no Muse was found; switch it on."))
    room.sittings[0].stop()
    qtbot.waitUntil(lambda: "no Muse was found" in room.shown())
    assert room.window.exit_code == EXIT_DEVICE


def test_closing_the_window_while_fitting_ends_in_order(open_room: Callable[..., Room], qtbot: QtBot) -> None:
    room = open_room()
    room.window.close()
    qtbot.waitUntil(lambda: not room.window.isVisible())
    assert room.sittings[0].stopped


@pytest.fixture
def place(qtbot: QtBot) -> FitPage:
    made = FitPage(DARK)
    qtbot.addWidget(made)
    made.resize(1024, 640)
    made.activate("muse-2")
    return made


def test_begin_button_is_disabled_while_the_headset_is_lost(place: FitPage, qtbot: QtBot) -> None:
    gone = moment(tuple(electrode(name, BAD, "no signal") for name in MUSE.ch_names), signal_lost_s=2.0)
    place.show_snapshot(gone, 0.1)
    assert "No data from the headset." in shown_text(place)
    with qtbot.assertNotEmitted(place.begin):
        place.begin_button.click()
    place.show_snapshot(WELL, 0.1)
    with qtbot.waitSignal(place.begin):
        place.begin_button.click()


MEASURED = ImpedanceReading(
    electrodes=tuple(
        ElectrodeImpedance(name, kohm) for name, kohm in zip((*MUSE.ch_names, ""), (8, 12, 130, 45, 20), strict=True)
    ),
    age_s=3.2,
)


def test_impedance_is_offered_where_the_headset_measures_it(open_room: Callable[..., Room], qtbot: QtBot) -> None:
    room = open_room()
    assert not room.button("impedance").isVisible()
    room.live_state.publish(replace(WELL, impedance=ImpedanceReading()))
    qtbot.waitUntil(room.button("impedance").isVisible)
    qtbot.keyClick(room.window, Qt.Key.Key_I)
    assert room.live_state.drain_requests() == [Request(RequestKind.IMPEDANCE)]


def test_fit_page_shows_impedances_and_what_to_do_at_the_highest(place: FitPage) -> None:
    place.show_snapshot(replace(WELL, impedance=ImpedanceReading(measuring=True)), 0.1)
    assert "Measuring the impedance of each electrode; hold still." in shown_text(place)
    assert "TP9" not in shown_text(place), "there is no signal to rate"
    assert not place.begin_button.isEnabled()
    assert not place.impedance_button.isEnabled()
    place.show_snapshot(replace(WELL, impedance=MEASURED), 0.1)
    place.show()
    text = shown_text(place)
    for words in (
        *("good · 8 kΩ, very good", "good · 130 kΩ, doubtful", "good · 45 kΩ, good"),
        *("Reference 20 kΩ, good. Measured 3 s ago.", "Right forehead (AF8): Press the electrode"),
    ):
        assert words in text
    reasons = [words for words in place.findChildren(QLabel) if "kΩ, " in words.text()]
    assert all(words.sizeHint().width() <= words.width() for words in reasons), "none is cut off"
    place.show_snapshot(replace(POOR, impedance=MEASURED), 0.1)
    assert "Left ear (TP9): Press the electrode" in shown_text(place), "what the signal shows now comes first"
    place.show_snapshot(replace(WELL, impedance=ImpedanceReading(failed=True)), 0.1)
    assert "The headset measured no impedance." in shown_text(place)


def test_electrodes_are_drawn_before_the_first_fit(place: FitPage) -> None:
    place.show_snapshot(Snapshot("fitting", stream=MUSE, message="No sound device."), 0.1)
    assert [dot.ch_name for dot in place._head._dots] == list(MUSE.ch_names)
    assert "Waiting for the first signal." in shown_text(place)
    assert "No sound device." in shown_text(place)


def test_fit_page_of_a_cap_lists_the_poorest_and_counts_the_rest(place: FitPage) -> None:
    names = [f"C{k}" for k in range(20)]
    place.show_snapshot(moment(tuple(map(electrode, names))), 0.1)
    assert "all 20 are good" in shown_text(place)
    some = [
        electrode("C0"),
        electrode("C1", FAIR, "mains hum"),
        electrode("C2", BAD, "moving"),
        *map(electrode, names[3:]),
    ]
    place.show_snapshot(moment(tuple(some)), 0.1)
    text = shown_text(place)
    assert text.index("C2") < text.index("C1")
    assert "mains hum, 84 µV" in text
    assert "the other 18 are good" in text
    place.show_snapshot(moment(tuple(electrode(name, BAD, "muscle") for name in names)), 0.1)
    assert f"and {20 - MAX_LISTED_ELECTRODES} more" in shown_text(place)


def test_fit_page_with_long_texts_fits_the_window(place: FitPage) -> None:
    many = tuple(electrode(f"Long{k}", BAD, "railed: at the end of its range") for k in range(64))
    place.show_snapshot(moment(many, 9.0, message="word " * 60, impedance=MEASURED), 0.1)
    assert place.minimumSizeHint().width() <= 1024
    assert place.minimumSizeHint().height() <= 640


def picture(head: HeadView) -> QImage:
    return head.grab().toImage()


def test_electrode_is_filled_from_below_by_contact_quality(qtbot: QtBot) -> None:
    head = HeadView(DARK)
    qtbot.addWidget(head)
    head.resize(400, 400)
    accent, shares = QColor(DARK.accent), []
    for fill in (0.0, 0.5, 1.0):
        head.show_electrodes((ElectrodeDot("Cz", fill, good=False),), 60.0)
        image = picture(head)
        column = [image.pixelColor(215, y) == accent for y in range(140, 250)]
        shares.append(sum(column))
        assert column == sorted(column[:70]) + column[70:], "filled from below"
    assert shares[0] == 0 < shares[1] < shares[2]


@pytest.mark.parametrize("fill", [0.35, 0.45, 0.5, 0.55, 0.65])
def test_level_does_not_cross_the_name_of_its_electrode(fill: float, qtbot: QtBot) -> None:
    head = HeadView(DARK)
    qtbot.addWidget(head)
    head.resize(400, 400)
    head.show_electrodes((ElectrodeDot("Cz", fill, good=False),), 60.0)
    image = picture(head)
    middle = 200 - round(0.036 * 160)
    beside_the_name = {image.pixelColor(220, middle + y).name() for y in range(-8, 9)}
    assert len(beside_the_name) == 1


def test_electrode_fills_settle_and_stop_repainting(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    head = HeadView(DARK)
    qtbot.addWidget(head)
    drawn: list[float] = []
    monkeypatch.setattr(head, "update", lambda: drawn.append(head._fills[0]))
    for _ in range(400):
        head.show_electrodes((ElectrodeDot("Cz", 1.0, good=True),), 1 / 30)
    assert all(0 < step < 0.12 for step in np.diff(drawn))
    assert drawn[-1] == 1.0
    assert len(drawn) < 80


def test_electrode_positions_agree_with_the_template_head() -> None:
    loader = importlib.machinery.SourceFileLoader("positions_script", str(ROOT / "scripts" / "positions"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    script = importlib.util.module_from_spec(spec)
    loader.exec_module(script)
    assert script.positions() == POSITIONS


def test_electrode_positions_are_left_right_front_and_back() -> None:
    (tp9, af7, af8, tp10), cz = electrode_places(MUSE.ch_names), POSITIONS["Cz"]
    assert tp9[0] < af7[0] < 0 < af8[0] < tp10[0], "left is left"
    assert af7[1] > 0 > tp9[1], "the nose is up"
    assert np.hypot(*cz) < 0.05
    assert electrode_places(("FP1",)) == (POSITIONS["Fp1"],)


def test_unknown_electrodes_line_up_below_the_head() -> None:
    places = electrode_places(tuple(f"X{k}" for k in range(12)))
    assert {y for _, y in places} == {-1.15}
    across = [x for x, _ in places]
    assert across == sorted(across)
    assert max(map(abs, across)) <= 1.0
