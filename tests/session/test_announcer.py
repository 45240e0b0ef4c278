"""What is said when: after bells, never over an answer, and nothing when it is off."""

from __future__ import annotations

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.voice import Utterance
from neurofeedback.session.announcer import VoiceAnnouncer
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts.probe_questions import SURE, WHERE
from neurofeedback.types import Guidance, Phase


class Heard:
    """A sound output that notes what it is asked to say."""

    description, underruns = "test", 0

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None: ...

    def set_guidance(self, guidance: Guidance, at_s: float) -> None: ...

    def ring(self, bell: Bell, at_s: float) -> None: ...

    def set_volume_db(self, volume_db: float, at_s: float) -> None: ...

    def mute(self, on: bool, at_s: float) -> None: ...

    def set_background(self, background: str, at_s: float) -> None: ...

    def stop(self, at_s: float) -> None: ...

    def speak(self, utterance: Utterance, at_s: float) -> None:
        self.calls.append(utterance.sentence or utterance.text)

    def hush(self, at_s: float) -> None:
        self.calls.append("-")


def announcer(heard: Heard, *, enabled: bool = True) -> tuple[VoiceAnnouncer, list[str]]:
    noted: list[str] = []
    settings = AudioSettings(voice_enabled=enabled)
    return VoiceAnnouncer(settings, heard, eyes_open=False, note=noted.append), noted


def test_phases_questions_and_texts_are_said_and_noted() -> None:
    heard = Heard()
    speaker, noted = announcer(heard)
    speaker.announce_phase(Phase.PRACTICE, 1.0)
    speaker.announce_phase(Phase.PAUSE, 2.0)
    speaker.say_text("Feel the body.", 3.0)
    assert heard.calls == noted == ["phase_practice", "Feel the body."]


def test_nothing_but_the_questions_is_said_while_one_is_open_and_an_answer_ends_them() -> None:
    heard = Heard()
    speaker, noted = announcer(heard)
    for question in (None, WHERE, WHERE, SURE):
        speaker.update_question(question, 1.0)
        speaker.say("headset_lost", 1.0) if question else None
        speaker.say_text("a text", 1.0) if question else None
    speaker.update_question(None, 2.0)
    speaker.say("headset_back", 2.0)
    assert heard.calls == ["-", "probe_where", "-", "probe_sure", "-", "headset_back"]
    assert noted == ["probe_where", "probe_sure", "headset_back"]


def test_it_is_silent_when_it_is_off() -> None:
    heard = Heard()
    speaker, noted = announcer(heard, enabled=False)
    speaker.announce_phase(Phase.SETTLE, 0.0)
    speaker.update_question(WHERE, 1.0)
    speaker.update_question(None, 2.0)
    speaker.say("headset_lost", 3.0)
    assert heard.calls == noted == []


def test_nothing_is_noted_as_said_where_the_output_is_silent() -> None:
    noted: list[str] = []
    speaker = VoiceAnnouncer(AudioSettings(voice_enabled=True), NullSink(), eyes_open=False, note=noted.append)
    speaker.announce_phase(Phase.PRACTICE, 1.0)
    speaker.update_question(WHERE, 2.0)
    assert noted == []
