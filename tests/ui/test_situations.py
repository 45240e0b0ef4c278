"""Tests of the table of situations and channels: sound, picture, words and facts never contradict each other."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pytestqt.qtbot import QtBot

from neurofeedback.feedback.mapping import GuidanceMapper
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.session.live_state import Snapshot, situation_of
from neurofeedback.settings.audio_feedback import FeedbackSettings
from neurofeedback.texts.situation import CHANNELS, Picture, Situation, Sound, situation
from neurofeedback.types import Frame, Guidance, Phase, State
from neurofeedback.ui.app_state import AppState
from neurofeedback.ui.pages.sit_page import SitPage
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.theme import DARK

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
MOMENTS = {
    Situation.CONNECTING: (None, None, {}),
    Situation.LOST: (Phase.PRACTICE, State.LOST, {"signal_lost_s": 3.0}),
    Situation.PAUSED: (Phase.PRACTICE, State.FOCUS, {"paused": True}),
    Situation.SETTLE: (Phase.SETTLE, State.UNKNOWN, {}),
    Situation.SETTLE_WITHOUT_FEEDBACK: (Phase.SETTLE, State.UNKNOWN, {"practice": "Body scan"}),
    Situation.WITHOUT_FEEDBACK: (Phase.TRANSFER, State.UNKNOWN, {"practice": "Body scan"}),
    Situation.BASELINE: (Phase.BASELINE, State.UNKNOWN, {}),
    Situation.FOCUS: (Phase.PRACTICE, State.FOCUS, {}),
    Situation.WANDER: (Phase.PRACTICE, State.WANDER, {}),
    Situation.UNCLEAR: (Phase.PRACTICE, State.UNKNOWN, {}),
    Situation.NO_CONFIDENCE: (Phase.PRACTICE, State.WANDER, {}),
    Situation.REST: (Phase.REST, State.FOCUS, {}),
    Situation.TRANSFER: (Phase.TRANSFER, State.WANDER, {}),
    Situation.DEBRIEF: (Phase.DEBRIEF, State.FOCUS, {}),
}


def guidance(phase: Phase | None, state: State | None, u: float, confidence: float, *, paused: bool) -> Guidance:
    """What the engine gives in this situation, once its slew limit has been reached."""
    mapper = GuidanceMapper(FeedbackSettings(), 0.25)
    found = Guidance()
    for _ in range(400):
        found = mapper.update(
            u, confidence, 1.0, state or State.UNKNOWN, feedback=phase is Phase.PRACTICE, paused=paused
        )
    return found


def moment(found: Situation, u: float = 1.5) -> Snapshot:
    phase, state, changes = MOMENTS[found]
    confidence = 0.0 if found is Situation.NO_CONFIDENCE else 1.0
    frame = None
    if state is not None and phase is not None:
        given = guidance(phase, state, u, confidence, paused=bool(changes.get("paused")))
        frame = Frame(
            index=9, sample=0, onset=2.0, phase=phase, valid=True, signal=1.0, confidence=confidence, state=state,
            drowsy=False, index_u=u, mwi=60.0, threshold=0.0, reward=False, guidance=given, values=(), contacts=(),
        )  # fmt: skip
    return Snapshot(status="running", phase=phase, frame=frame, model_text="What the index is based on.", **changes)


@pytest.fixture
def page(qtbot: QtBot) -> SitPage:
    page = SitPage(DARK, WaterRenderer(), AppState(facts_shown=True), Preferences())
    qtbot.addWidget(page)
    page.resize(1024, 640)
    page.show()
    return page


def test_every_moment_has_one_situation_and_every_situation_its_channels() -> None:
    assert set(CHANNELS) == set(Situation) == set(MOMENTS)
    for found in Situation:
        assert situation_of(moment(found)) is found
    for phase in (None, *Phase):
        for state in (None, *State):
            assert situation(phase, state) in CHANNELS


@pytest.mark.parametrize("found", Situation)
def test_sound_follows_the_index_only_where_the_table_says_so(found: Situation) -> None:
    low, high = (moment(found, u).frame for u in (-1.0, 1.5))
    if low is None or high is None:
        assert CHANNELS[found].sound is Sound.OFF
        return
    gains = low.guidance.tone_gain, high.guidance.tone_gain
    assert (gains[0] != gains[1]) == (CHANNELS[found].sound is Sound.FOLLOWS)
    assert (gains == (0.0, 0.0)) == (CHANNELS[found].sound is Sound.OFF)


@pytest.mark.parametrize("found", Situation)
def test_picture_and_words_and_facts_agree_with_the_table(page: SitPage, found: Situation) -> None:
    channels = CHANNELS[found]
    pictures = []
    for u in (-1.0, 1.5):
        snapshot = moment(found, u)
        for _ in range(5):
            page.show_snapshot(snapshot, 10.0)
        pictures.append((round(page._scene.ripple, 2), round(page._scene.mist, 2)))
    assert (pictures[0] != pictures[1]) == (channels.picture is Picture.FOLLOWS)
    if channels.picture is not Picture.FOLLOWS:
        assert pictures[0] == (0.0, 1.0 if channels.picture is Picture.MIST else 0.0)
    words = page._prompt._hint if found is Situation.PAUSED else page._guidance
    assert words.text() == channels.words
    assert page._status._model.text() == (channels.facts or "What the index is based on.")
    follows = channels.sound is Sound.FOLLOWS
    assert follows == (channels.picture is Picture.FOLLOWS)
    assert not (follows and channels.facts), "nothing says that it does not follow while it does"
    for word in ("Calm", "Ripples"):
        assert (word in channels.words) <= follows


def test_lost_headset_shows_one_sentence(page: SitPage) -> None:
    page.show_snapshot(replace(moment(Situation.LOST), message="Headset lost; looking for it."), 0.1)
    assert page._message.text() == ""
    assert page._guidance.text() == CHANNELS[Situation.LOST].words
