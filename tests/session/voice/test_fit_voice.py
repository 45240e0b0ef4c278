"""What the voice says while the headset is put on: the remedy that helps most, neither at once nor over and over."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from neurofeedback.audio.voice import Utterance
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.session.voice import fit_voice
from neurofeedback.session.voice.fit_voice import FitVoice, fit_sentence
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import contact
from neurofeedback.texts.spoken import SENTENCES
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality, HeadsetFit

MUSE = ("TP9", "AF7", "AF8", "TP10")
ON = AudioSettings(voice_enabled=True)


def headset_fit(poor: Mapping[str, str], level: ContactLevel = ContactLevel.BAD, *, enough: bool = False) -> HeadsetFit:
    electrodes = tuple(
        ElectrodeQuality(
            ChannelContact(name, level if name in poor else ContactLevel.GOOD, (poor[name],) if name in poor else ()),
            0.0, 0.0, 0.0, 0.0,
        )
        for name in MUSE
    )  # fmt: skip
    shares = tuple(0.0 if name in poor else 1.0 for name in MUSE)
    good = tuple(name not in poor for name in MUSE)
    return HeadsetFit(electrodes, shares, good, all_good=not poor, good_enough=enough or not poor)


@pytest.mark.parametrize(
    ("poor", "expected"),
    [
        ({}, "fit_good"),
        ({"TP9": contact.FLAT}, "fit_left_ear"),
        ({"TP10": contact.NO_SIGNAL}, "fit_right_ear"),
        ({"AF8": contact.NOISY}, "fit_right_forehead"),
        ({"AF7": contact.MUSCLE}, "fit_muscle"),
        ({"TP9": contact.MAINS, "AF7": contact.MAINS, "AF8": contact.FLAT}, "fit_mains"),
        ({"TP9": contact.FLAT, "TP10": contact.FLAT}, "fit_flat"),
        ({"TP9": contact.NOISY, "TP10": contact.NOISY}, ""),
    ],
)
def test_sentence_names_the_remedy_that_helps_most(poor: Mapping[str, str], expected: str) -> None:
    assert fit_sentence(headset_fit(poor)) == expected
    assert not expected or expected in SENTENCES


def test_sentence_follows_the_criterion_and_a_lost_signal() -> None:
    poor = {"TP9": contact.FLAT}
    assert fit_sentence(headset_fit(poor, enough=True)) == "fit_good_enough"
    assert fit_sentence(headset_fit(poor, ContactLevel.FAIR)) == "fit_improving"
    assert fit_sentence(headset_fit({}), lost_s=2.0) == "fit_no_signal"
    assert set(fit_voice._REASONS.values()) < set(SENTENCES)


class Heard:
    """A sound output that notes what it says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, utterance: Utterance, at_s: float) -> None:
        self.said.append(utterance.sentence)


def test_hints_are_said_once_steady_with_pauses_and_again_only_after_a_while() -> None:
    heard = Heard()
    voice = FitVoice(ON, heard)  # type: ignore[arg-type]
    flickering = [headset_fit({"TP9": contact.FLAT}), headset_fit({"AF7": contact.MUSCLE})]
    for second in range(8):
        voice.update(None, 0.0, float(second))
    for second in range(8, 30):
        voice.update(flickering[second % 2], 0.0, float(second))
    assert heard.said == ["fit_begin", "fit_waiting"]
    for second in range(30, 80):
        voice.update(flickering[0], 0.0, float(second))
    assert heard.said[2:] == ["fit_left_ear"] * 2
    for second in range(80, 200):
        voice.update(headset_fit({}), 0.0, float(second))
    assert heard.said[4:] == ["fit_good"]


def test_nothing_is_said_into_a_sound_file_before_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Utterance] = []
    monkeypatch.setattr(WavSink, "speak", lambda _sink, utterance, _at_s: said.append(utterance))
    FitVoice(ON, WavSink.__new__(WavSink)).update(None, 0.0, 0.0)
    assert said == []
