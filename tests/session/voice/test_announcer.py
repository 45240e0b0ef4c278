"""What is said when: after bells, never over an answer, and nothing when it is off."""

from __future__ import annotations

import math
from pathlib import Path

import neurofeedback
from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.voice import Utterance
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import headset_fit
from neurofeedback.texts.probe_questions import SURE, WHERE
from neurofeedback.texts.spoken import SENTENCES
from neurofeedback.types import Guidance, Phase


class Heard:
    """A sound output that notes what it is asked to say."""

    description, underruns = "test", 0

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.texts: list[str] = []

    def start(self) -> None: ...

    def set_guidance(self, guidance: Guidance, at_s: float) -> None: ...

    def ring(self, bell: Bell, at_s: float) -> None: ...

    def breathe(self, turn: Turn | None, at_s: float) -> None: ...

    def set_volume_db(self, volume_db: float, at_s: float) -> None: ...

    def mute(self, on: bool, at_s: float) -> None: ...

    def set_background(self, background: str, at_s: float) -> None: ...

    def stop(self, at_s: float) -> None: ...

    def speak(self, utterance: Utterance, at_s: float) -> None:
        self.calls.append(utterance.sentence or utterance.text)
        self.texts.append(utterance.text)

    def hush(self, at_s: float) -> None:
        self.calls.append("-")


def announcer(heard: Heard, *, enabled: bool = True) -> tuple[VoiceAnnouncer, list[str]]:
    noted: list[str] = []
    settings = AudioSettings(voice_enabled=enabled)
    return VoiceAnnouncer(settings, heard, eyes_open=False, note=noted.append), noted


def test_voice_speaks_its_own_language_and_what_is_noted_is_english() -> None:
    heard, noted = Heard(), list[str]()
    settings = AudioSettings(voice_enabled=True, voice_language="de")
    speaker = VoiceAnnouncer(settings, heard, eyes_open=False, note=noted.append)
    speaker.announce_phase(Phase.PRACTICE, 1.0)
    speaker.speak_text("Now the right foot: toes, sole, heel.", 2.0)
    speaker.speak_text("A text of my own.", 3.0)
    assert heard.texts == [
        "Die Übung beginnt. Bleib beim Atem.",
        "Jetzt der rechte Fuß: Zehen, Sohle, Ferse.",
        "A text of my own.",
    ]
    assert noted == ["phase_practice", "Now the right foot: toes, sole, heel.", "A text of my own."]


def test_phases_questions_and_texts_are_said_and_noted() -> None:
    heard = Heard()
    speaker, noted = announcer(heard)
    speaker.announce_phase(Phase.PRACTICE, 1.0)
    speaker.announce_phase(Phase.PAUSE, 2.0)
    speaker.speak_text("Feel the body.", 3.0)
    assert heard.calls == noted == ["phase_practice", "Feel the body."]


def test_nothing_but_the_questions_is_said_while_one_is_open_and_an_answer_ends_them() -> None:
    heard = Heard()
    speaker, noted = announcer(heard)
    for question in (None, WHERE, WHERE, SURE):
        speaker.update_question(question, 1.0)
        speaker.speak("headset_lost", 1.0) if question else None
        speaker.speak_text("a text", 1.0) if question else None
    speaker.update_question(None, 2.0)
    speaker.speak("headset_back", 2.0)
    assert heard.calls == ["-", "probe_where", "-", "probe_sure", "-", "headset_back"]
    assert noted == ["probe_where", "probe_sure", "headset_back"]


def times_said(lefts: list[float], question_from: int = 10_000, question_to: int = 10_000) -> list[tuple[str, float]]:
    """Return what is said of the time left, with the time left; a question is open between two places."""
    heard = Heard()
    speaker, _ = announcer(heard)
    said: list[tuple[str, float]] = []
    for place, left_s in enumerate(lefts):
        if place in {question_from, question_to}:
            speaker.update_question(WHERE if place == question_from else None, float(place))
        heard.calls.clear()
        speaker.update_time(left_s, float(place))
        said += [(sentence, left_s) for sentence in heard.calls]
    return said


def countdown(start_s: int, end_s: int = 0) -> list[float]:
    return [float(left) for left in range(start_s, end_s - 1, -1)]


def test_half_the_time_the_last_minutes_and_the_end_are_said() -> None:
    assert times_said(countdown(1200)) == [
        ("phase_halfway", 600.0), ("phase_five_minutes", 300.0), ("phase_one_minute", 60.0), ("session_end", 4.0),
    ]  # fmt: skip
    assert times_said(countdown(300)) == [("phase_one_minute", 60.0), ("session_end", 4.0)]
    assert times_said(countdown(120)) == []


def test_time_left_is_said_again_in_a_longer_sitting_and_only_then_in_one_without_end() -> None:
    extended = [*countdown(900, 250), *countdown(550, 1)]
    assert [sentence for sentence, _ in times_said(extended)] == [
        "phase_halfway", "phase_five_minutes", "phase_five_minutes", "phase_one_minute", "session_end",
    ]  # fmt: skip
    assert times_said([math.inf] * 900 + countdown(8)) == []


def test_time_left_waits_for_an_answer_but_not_too_long() -> None:
    lefts = countdown(900, 280)
    at = lefts.index(300.0)
    assert times_said(lefts, at - 2, at + 9)[1:] == [("phase_five_minutes", 291.0)]
    assert times_said(lefts, at - 2, at + 25)[1:] == []


def test_quiet_practice_hears_the_end_alone() -> None:
    heard = Heard()
    speaker, _ = announcer(heard)
    for left_s in countdown(1200):
        speaker.update_time(left_s, 1200 - left_s, quiet=True)
    assert heard.calls == ["session_end"]


def test_every_sentence_is_said_somewhere() -> None:
    package = Path(neurofeedback.__file__).parent
    sources = [*package.rglob("*.py"), *(package.parent / "configs/programmes").glob("*.toml")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources if path.name != "spoken.py")
    places = {f"fit_{place}" for place in headset_fit.PLACES}
    assert [name for name in SENTENCES if name not in places and f'"{name}"' not in text] == []


def test_it_is_silent_when_it_is_off() -> None:
    heard = Heard()
    speaker, noted = announcer(heard, enabled=False)
    speaker.announce_phase(Phase.SETTLE, 0.0)
    speaker.update_question(WHERE, 1.0)
    speaker.update_question(None, 2.0)
    speaker.speak("headset_lost", 3.0)
    assert heard.calls == noted == []


def test_nothing_is_noted_as_said_where_the_output_is_silent() -> None:
    noted: list[str] = []
    speaker = VoiceAnnouncer(AudioSettings(voice_enabled=True), NullSink(), eyes_open=False, note=noted.append)
    speaker.announce_phase(Phase.PRACTICE, 1.0)
    speaker.update_question(WHERE, 2.0)
    assert noted == []
