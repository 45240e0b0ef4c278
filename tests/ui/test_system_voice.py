"""The system's own voice: when it is used, what it says when, and how it ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from neurofeedback.audio import voice
from neurofeedback.audio.voice import Utterance, check_voice, needs_system_voice
from neurofeedback.session.config import SessionConfig, SettingOverride
from neurofeedback.session.live_state import LiveState, Snapshot
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.texts.spoken import SENTENCES
from neurofeedback.ui.session_bridge import SessionBridge
from neurofeedback.ui.sound import sound_preview, system_voice
from neurofeedback.ui.sound.sound_preview import Preview, SoundPreview
from neurofeedback.ui.sound.system_voice import SystemVoice, open_speech, system_voice_for
from tests.session.voice.test_announcer import Heard

pytestmark = pytest.mark.qt_log_ignore("pipewire")  # Qt looks for it when its speech is imported
ON = AudioSettings(voice_enabled=True)
GERMAN = ON.model_copy(update={"voice_language": "de"})


class Speech:
    """Qt's speech as far as it is used, which notes what it is asked for."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.volume = 0.0

    def setVolume(self, volume: float) -> None:  # noqa: N802 - Qt's name
        self.volume = volume

    def enqueue(self, text: str) -> None:
        self.calls.append(text)

    def say(self, text: str) -> None:
        self.calls.append(text)

    def stop(self) -> None:
        self.calls.append("-")


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, which: Callable[[str], str | None] = shutil.which) -> str | None:
        return None if name == voice.ENGINE else which(name)

    monkeypatch.setattr(shutil, "which", find)


def test_qt_speaks_only_languages_of_the_system() -> None:
    assert open_speech("en", "mock") is not None
    assert open_speech("de", "mock") is None


@pytest.mark.usefixtures("without_engine")
def test_only_what_has_no_recording_needs_it(tmp_path: Path) -> None:
    (tmp_path / "phase_rest.wav").write_bytes(b"")
    own = GERMAN.model_copy(update={"voice_folder": str(tmp_path)})
    assert not needs_system_voice(Utterance(SENTENCES["phase_rest"], "phase_rest"), ON)
    assert needs_system_voice(Utterance("My own."), ON)
    assert needs_system_voice(Utterance("Pause.", "phase_rest"), GERMAN)
    assert not needs_system_voice(Utterance("Pause.", "phase_rest"), own)
    assert check_voice(GERMAN) == sound.NO_VOICE_ENGINE
    assert check_voice(GERMAN, has_system_voice=True) == ""


@pytest.mark.usefixtures("without_engine")
def test_a_session_hands_it_to_the_screen_and_ends_it_with_an_answer() -> None:
    heard, noted, live = Heard(), list[str](), LiveState(has_system_voice=True)
    speaker = VoiceAnnouncer(ON, heard, eyes_open=False, note=noted.append, live_state=live)
    speaker.speak("phase_rest", 0.0)
    speaker.speak_text("My own.", 1.0)
    assert live.drain_speech() == [Utterance("My own.")]
    speaker.update_question(WHERE, 2.0)
    assert live.drain_speech() == [None]
    assert heard.calls == ["phase_rest", "-", "probe_where"]
    assert noted == ["phase_rest", "My own.", "probe_where"]
    mute = LiveState()
    VoiceAnnouncer(ON, heard, eyes_open=False, note=noted.append, live_state=mute).speak_text("More.", 3.0)
    assert (heard.calls[-1], mute.drain_speech()) == ("More.", [])


def test_it_speaks_after_the_bell_and_falls_silent_when_asked(qtbot: QtBot) -> None:
    speech = Speech()
    one = SystemVoice(speech, -20.0)  # type: ignore[arg-type]
    one.follow([Utterance("First.")], Snapshot(volume_db=0.0))
    qtbot.waitUntil(lambda: speech.calls == ["First."])
    assert speech.volume == pytest.approx(0.1)
    one.follow([Utterance("Waits.", delay_s=0.05), None, Utterance("Second.", delay_s=0.05)], Snapshot(volume_db=60.0))
    qtbot.waitUntil(lambda: "Second." in speech.calls)
    assert speech.calls == ["First.", "-", "Second."]
    assert speech.volume == 1.0
    one.follow([Utterance("Muted.")], Snapshot(muted=True))
    one.follow([Utterance("Muted.")], Snapshot(muted=True))
    assert speech.calls[3:] == ["-"]
    one.follow([Utterance("Third.")], Snapshot())
    qtbot.waitUntil(lambda: "Third." in speech.calls)
    assert "Muted." not in speech.calls


@pytest.mark.usefixtures("without_engine")
def test_a_session_of_the_window_uses_it_only_where_the_voice_is_on(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(system_voice, "open_speech", lambda code: opened.append(code) or Speech())
    seen: list[SessionConfig] = []

    def launch(config: SessionConfig) -> None:
        seen.append(config)
        raise RuntimeError

    said = (SettingOverride("audio", "voice_enabled", value=True), SettingOverride("audio", "voice_language", "de"))
    for overrides in ((), said):
        bridge = SessionBridge(launch)  # type: ignore[arg-type]
        with qtbot.waitSignal(bridge.ended):
            bridge.begin(SessionConfig("simulated", Path(), settings_overrides=overrides))
    assert [config.has_system_voice for config in seen] == [False, True]
    assert opened == ["de"]
    monkeypatch.setattr(system_voice, "open_speech", lambda _code: None)
    assert system_voice_for(SessionConfig("simulated", Path(), settings_overrides=said)) is None
    assert system_voice.ENGINE == voice.ENGINE


@pytest.mark.usefixtures("without_engine")
@pytest.mark.parametrize(("speech", "notice"), [(Speech(), sound.SYSTEM_VOICE), (None, sound.NO_VOICE_ENGINE)])
def test_the_preview_says_who_speaks(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, speech: Speech | None, notice: str
) -> None:
    monkeypatch.setattr(sound_preview, "open_speech", lambda _code: speech)
    preview = SoundPreview(open_output=lambda *_given: Heard(), seconds=0.25)  # type: ignore[arg-type, return-value]
    with qtbot.waitSignal(preview.notified) as notified:
        preview.play((SettingOverride("audio", "voice_language", "de"),), Preview(sentence="sound_voice"))
    assert notified.args == [notice]
    preview.stop()
    assert speech is None or (len(speech.calls), speech.calls[1]) == (2, "-")
