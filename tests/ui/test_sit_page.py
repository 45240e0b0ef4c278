"""Tests of the page of a running session: keys, probes, dark screen, pause, pictures."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QLabel, QSlider
from pytestqt.qtbot import QtBot

from neurofeedback.feedback.ring_picture import ring_for_scene
from neurofeedback.feedback.water_picture import WaterRenderer, WaterScene
from neurofeedback.session.keymap import EXTEND_MINUTES
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import sit as sit_texts
from neurofeedback.texts.probe_questions import QUESTIONS, SLEEPY, WHERE
from neurofeedback.types import Frame, Guidance, Phase, State, StreamInfo
from neurofeedback.ui.app_state import AppState
from neurofeedback.ui.pages.sit_page import STILL_PICTURES, Countdown, SitPage
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.theme import DARK

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
WATER = WaterRenderer()
STREAM = StreamInfo("simulated", 256.0, ("TP9", "AF7"))


def frame(**changes: object) -> Frame:
    made = Frame(
        index=100, sample=0, onset=25.0, phase=Phase.PRACTICE, valid=True, signal=0.9, confidence=0.3,
        state=State.FOCUS, drowsy=False, index_u=0.0, mwi=42.0, threshold=0.0, reward=False,
        guidance=Guidance(ripple=0.2), values=(), contacts=(),
    )  # fmt: skip
    return replace(made, **changes)


def moment(**changes: object) -> Snapshot:
    running = Snapshot(
        status="running", stream=STREAM, phase=Phase.PRACTICE, remaining_s=500.0, frame=frame(),
        index_history=np.full(50, 42.0, np.float32), target_rate=0.65,
    )  # fmt: skip
    return replace(running, **changes)


class Place:
    """A sitting's page, what it asks for, and what it says."""

    def __init__(self, qtbot: QtBot, **preferences: object) -> None:
        self.bot = qtbot
        self.sit = SitPage(DARK, WATER, AppState(), Preferences(**preferences))
        self.asked: list[Request] = []
        self.ends: list[bool] = []
        self.sit.requested.connect(self.asked.append)
        self.sit.end.connect(lambda: self.ends.append(True))
        qtbot.addWidget(self.sit)
        self.sit.resize(1024, 640)
        with qtbot.waitActive(self.sit):
            self.sit.show()
        self.show(moment())

    def show(self, snapshot: Snapshot) -> None:
        self.sit.show_snapshot(snapshot, 0.1)

    def press(self, key: Qt.Key) -> None:
        self.bot.keyClick(self.sit, key)

    def shown(self) -> str:
        parts = [*self.sit.findChildren(QLabel), *self.sit.findChildren(QAbstractButton)]
        return "\n".join(part.text() for part in parts if part.isVisible())


@pytest.fixture
def place(qtbot: QtBot) -> Place:
    return Place(qtbot)


@pytest.mark.parametrize(
    ("key", "request_"),
    [
        (Qt.Key.Key_Space, Request(RequestKind.PRESS)),
        (Qt.Key.Key_S, Request(RequestKind.SKIP)),
        (Qt.Key.Key_P, Request(RequestKind.PAUSE)),
        (Qt.Key.Key_M, Request(RequestKind.MUTE, "on")),
        (Qt.Key.Key_K, Request(RequestKind.MARK)),
        (Qt.Key.Key_L, Request(RequestKind.EXTEND, repr(EXTEND_MINUTES))),
        (Qt.Key.Key_Plus, Request(RequestKind.VOLUME, "3.0")),
        (Qt.Key.Key_Equal, Request(RequestKind.VOLUME, "3.0")),
        (Qt.Key.Key_Minus, Request(RequestKind.VOLUME, "-3.0")),
        (Qt.Key.Key_PageDown, Request(RequestKind.PRESS)),
        *((getattr(Qt.Key, f"Key_{n}"), Request(RequestKind.ANSWER, str(n))) for n in range(1, 6)),
    ],
)
def test_every_key_sends_its_request(place: Place, key: Qt.Key, request_: Request) -> None:
    place.press(key)
    assert place.asked == [request_]


def test_keys_work_on_a_dark_screen(place: Place) -> None:
    place.press(Qt.Key.Key_D)
    assert "Practice" not in place.shown()
    assert "8:20" not in place.shown()
    place.press(Qt.Key.Key_Space)
    place.press(Qt.Key.Key_2)
    assert place.asked == [Request(RequestKind.PRESS), Request(RequestKind.ANSWER, "2")]
    place.press(Qt.Key.Key_D)
    assert "Practice" in place.shown()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
@pytest.mark.parametrize("dark", [False, True])
def test_probe_question_is_shown_verbatim_and_dismissed(place: Place, question: object, dark: bool) -> None:
    if dark:
        place.press(Qt.Key.Key_D)
    place.show(moment(question=question))
    assert question.wording in place.shown()
    for name, text in question.choices:
        assert f"{name}\n{text}" in place.shown()
    place.show(moment())
    assert question.wording not in place.shown()


def test_probe_answer_can_be_clicked(place: Place) -> None:
    place.show(moment(question=SLEEPY))
    button = next(b for b in place.sit.findChildren(QAbstractButton) if b.text().startswith("4\n"))
    place.bot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert place.asked == [Request(RequestKind.ANSWER, "4")]


def test_presenter_remote_answers_the_first_question(place: Place) -> None:
    place.show(moment(question=WHERE))
    place.press(Qt.Key.Key_PageUp)
    assert place.asked == [Request(RequestKind.ANSWER, "1")]


def test_end_needs_confirmation_and_can_be_cancelled(place: Place) -> None:
    place.press(Qt.Key.Key_Return)
    place.press(Qt.Key.Key_Escape)
    assert "End the sitting?" in place.shown()
    place.press(Qt.Key.Key_Escape)
    assert "End the sitting?" not in place.shown()
    place.press(Qt.Key.Key_Return)
    assert place.ends == []
    place.press(Qt.Key.Key_Escape)
    place.press(Qt.Key.Key_Return)
    place.press(Qt.Key.Key_Return)
    assert place.ends == [True]


def test_end_before_or_after_practice_needs_no_confirmation(place: Place) -> None:
    place.show(moment(phase=None, frame=None))
    place.press(Qt.Key.Key_Escape)
    place.show(moment(phase=Phase.DEBRIEF))
    place.press(Qt.Key.Key_Escape)
    assert place.ends == [True, True]


def test_end_question_is_shown_before_a_probe(place: Place) -> None:
    place.press(Qt.Key.Key_Escape)
    place.show(moment(question=WHERE))
    assert WHERE.wording not in place.shown()
    place.press(Qt.Key.Key_Escape)
    assert WHERE.wording in place.shown()


def test_pause_is_shown_and_ended_by_the_same_key(place: Place) -> None:
    place.show(moment(paused=True, phase=Phase.PAUSE))
    assert "Paused time is not counted." in place.shown()
    assert "P  resume" in place.shown()
    place.press(Qt.Key.Key_P)
    assert place.asked == [Request(RequestKind.RESUME)]


def test_session_can_be_extended_near_its_end(place: Place) -> None:
    place.show(moment(can_extend=True, remaining_s=30.0))
    assert "L  longer" in place.shown()
    place.press(Qt.Key.Key_L)
    assert place.asked[0].kind is RequestKind.EXTEND


def test_controls_are_hidden_at_first_and_follow_the_snapshot(place: Place) -> None:
    assert not place.sit._controls.isVisible()
    place.press(Qt.Key.Key_C)
    volume, target, depth = place.sit.findChildren(QSlider)
    assert (volume.value(), target.value(), depth.value()) == (0, 65, 100)
    depth.setValue(40)
    assert place.asked == [Request(RequestKind.TONE_DEPTH, "0.4")]
    volume.setValue(-9)
    assert place.asked[-1] == Request(RequestKind.VOLUME, "-9.0")
    place.show(moment(volume_db=6.0))
    assert volume.value() == -9, "not while the hand is on it"


@pytest.mark.parametrize(
    ("source", "other", "words", "notice"),
    [
        ("session", "own", "O  compare with earlier", "Compared with your earlier sittings."),
        ("own", "session", "O  compare with today", "Compared with this sitting's baseline."),
    ],
)
def test_baseline_can_be_switched_during_a_session(
    place: Place, source: str, other: str, words: str, notice: str
) -> None:
    place.press(Qt.Key.Key_C)
    assert "compare with" not in place.shown()
    place.press(Qt.Key.Key_O)
    assert place.asked == [], "there is no other one yet"
    place.show(moment(feedback_source=source))
    assert words in place.shown()
    place.press(Qt.Key.Key_O)
    assert place.asked == [Request(RequestKind.BASELINE, other)]
    assert notice in place.shown()


def test_status_panel_is_toggled_by_key(place: Place) -> None:
    assert "Mind-wandering index" not in place.shown()
    place.press(Qt.Key.Key_I)
    assert "Mind-wandering index" in place.shown()
    assert place.sit.status_shown


def test_sleepiness_hint_is_shown_only_with_a_signal(place: Place) -> None:
    place.show(moment(frame=frame(drowsy=True)))
    assert sit_texts.SLEEPY in place.shown()
    place.show(moment(frame=frame(drowsy=True), signal_lost_s=3.0))
    assert sit_texts.SLEEPY not in place.shown()


@pytest.mark.parametrize(("picture", "words"), [("water", "Calm water"), ("ring", "Stay"), ("none", "Stay")])
def test_guidance_matches_the_picture(qtbot: QtBot, picture: str, words: str) -> None:
    place = Place(qtbot, picture=picture)
    assert f"\n{words}" in place.shown()
    assert ("water" in place.shown()) == (picture == "water")


@pytest.mark.parametrize("picture", ["water", "ring", "none"])
def test_every_picture_paints_something(qtbot: QtBot, picture: str) -> None:
    place = Place(qtbot, picture=picture)
    before = place.sit._picture.grab().toImage()
    place.sit.show_snapshot(moment(frame=frame(guidance=Guidance(ripple=1.0))), 20.0)
    assert (before == place.sit._picture.grab().toImage()) == (picture == "none")


def test_picture_is_still_with_reduced_motion(qtbot: QtBot) -> None:
    place = Place(qtbot, reduced_motion=True)
    place.sit.show_snapshot(moment(), 30.0)
    assert place.sit._scene.time_s == 0.0
    assert place.sit.pictures_per_second == STILL_PICTURES


def test_dark_screen_draws_nothing(place: Place) -> None:
    assert place.sit.pictures_per_second is None
    place.press(Qt.Key.Key_D)
    assert place.sit.pictures_per_second == STILL_PICTURES


@pytest.mark.parametrize("large_type", [False, True])
def test_sit_page_fits_the_smallest_window(place: Place, large_type: bool) -> None:
    from neurofeedback.ui.theme import stylesheet  # only here

    place.sit.setStyleSheet(stylesheet(DARK, large_type=large_type))
    place.press(Qt.Key.Key_C)
    place.show(moment(question=SLEEPY, feedback_source="session", can_extend=True, paused=True, muted=True))
    hint = place.sit.minimumSizeHint()
    assert (hint.width() <= 1024, hint.height() <= 640) == (True, True), hint


def test_ring_shows_the_same_guidance_as_the_water() -> None:
    calm, ripples, mist = (
        ring_for_scene(WaterScene()),
        ring_for_scene(WaterScene(ripple=1.0)),
        ring_for_scene(WaterScene(mist=1.0)),
    )
    assert calm.radius > ripples.radius > 0
    assert calm.line_width > ripples.line_width
    assert calm.opacity > mist.opacity > 0


def test_time_left_goes_on_while_the_headset_is_lost_and_never_steps_back() -> None:
    countdown = Countdown()
    shown = [
        countdown.update(Snapshot(remaining_s=left, signal_lost_s=lost))
        for left, lost in ((100, 0), (100, 5), (100.5, 5), (91, 0), (391, 0), (float("inf"), 0))
    ]
    assert shown == [100, 95, 95, 91, 391, float("inf")]
