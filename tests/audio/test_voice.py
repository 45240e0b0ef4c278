"""The voice: shipped sentences, own recordings, the system's engine, level, and never two at once."""

from __future__ import annotations

import hashlib
import json
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.record_voice import spoken_texts
from neurofeedback.audio import voice
from neurofeedback.audio.mixer import Hush, Mixer, Mute, Speech
from neurofeedback.audio.voice import RECORDINGS, Utterance, check_voice, engine_timeout_s, shipped_texts, speak
from neurofeedback.feedback.loudness import loudness
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts.spoken import SENTENCES
from tests.helpers import sound_bank

SFREQ = 48000
ON = AudioSettings(voice_enabled=True)


def write_wav(path: Path, sound: NDArray[np.floating], sfreq: int = SFREQ) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, sfreq, 0, "NONE", "not compressed"))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def said(sentence: str, settings: AudioSettings = ON) -> NDArray[np.float32]:
    sound = speak(Utterance(SENTENCES[sentence], sentence), settings)
    assert sound is not None
    return sound


def test_every_sentence_is_shipped_as_its_text_says_within_six_megabytes() -> None:
    texts = spoken_texts()
    assert set(SENTENCES) < set(texts), "practices have texts of their own"
    assert shipped_texts() == texts
    content = json.loads((RECORDINGS / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in content["sentences"].items():
        assert hashlib.sha256((RECORDINGS / f"{name}.ogg").read_bytes()).hexdigest() == entry["sha256"]
    assert {path.stem for path in RECORDINGS.glob("*.ogg")} == set(texts)
    assert sum(path.stat().st_size for path in RECORDINGS.iterdir()) < 6e6


@pytest.mark.parametrize("sentence", ["probe_where", "phase_practice", "session_end", "headset_lost"])
def test_sentences_are_equally_loud_under_the_ceiling_and_over_the_background(sentence: str) -> None:
    sound = said(sentence)
    assert 0.2 < len(sound) / SFREQ < 10
    assert 20 * np.log10(np.abs(sound).max()) < ON.ceiling_dbfs
    assert loudness(sound, sfreq=SFREQ) == pytest.approx(ON.background_lufs + 4.5, abs=2.0)
    softer = said(sentence, ON.model_copy(update={"voice_db": -12.0}))
    assert np.abs(softer).max() == pytest.approx(np.abs(sound).max() / 10**0.6, rel=0.01)


def test_own_recording_comes_first_and_one_at_full_scale_is_levelled(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, SFREQ)
    write_wav(tmp_path / "probe_where.wav", noise)
    own = ON.model_copy(update={"voice_folder": str(tmp_path)})
    sound = said("probe_where", own)
    assert len(sound) == SFREQ
    assert 20 * np.log10(np.abs(sound).max()) < ON.ceiling_dbfs
    assert len(said("probe_sure", own)) == len(said("probe_sure"))


def test_recording_of_an_hour_is_cut_and_a_bad_one_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(voice, "MAX_SENTENCE_S", 1.5)
    write_wav(tmp_path / "probe_where.wav", np.random.default_rng(1).normal(0, 0.1, 5 * SFREQ))
    (tmp_path / "probe_sure.wav").write_text("no sound")
    own = ON.model_copy(update={"voice_folder": str(tmp_path)})
    assert len(said("probe_where", own)) == 1.5 * SFREQ
    assert len(said("probe_sure", own)) == len(said("probe_sure"))
    assert "this voice cannot be used: got" in caplog.text
    assert caplog.text.count("\n") == 1


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
def test_other_languages_and_texts_are_spoken_by_the_engine() -> None:
    german = speak(Utterance("Wo warst du gerade?"), ON.model_copy(update={"voice_language": "de"}))
    text = speak(Utterance("May you be well."), ON)
    assert german is not None
    assert text is not None
    assert 0.5 < len(german) / SFREQ < 5


def test_engine_that_is_late_is_ended_and_one_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    german = ON.model_copy(update={"voice_language": "de"})
    hung = tmp_path / "espeak-ng"
    hung.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    hung.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _name: str(hung))
    monkeypatch.setattr(voice, "engine_timeout_s", lambda _text: 0.5)
    assert speak(Utterance("Hallo"), german) is None
    assert "this voice cannot be used: got espeak-ng (" in caplog.text
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/cmdline").exists()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert speak(Utterance("Hallo"), german) is None
    assert check_voice(german).startswith("No voice for this language: install espeak-ng")
    assert check_voice(ON) == check_voice(AudioSettings()) == ""
    assert "is missing" in check_voice(ON.model_copy(update={"voice_folder": str(tmp_path / "gone")}))


def test_folder_that_cannot_be_used_gives_way_to_the_shipped_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = ON.model_copy(update={"voice_folder": "~nobody-has-this-name/voice"})
    assert len(said("probe_sure", unknown)) == len(said("probe_sure"))
    assert "is missing" in check_voice(unknown)
    (tmp_path / "probe_sure.wav").write_bytes(b"RIFF")
    read = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.suffix == ".wav":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert len(said("probe_sure", ON.model_copy(update={"voice_folder": str(tmp_path)}))) == len(said("probe_sure"))
    assert "Permission denied" in caplog.text


def test_engine_may_take_twice_as_long_as_expected() -> None:
    assert engine_timeout_s("Hi") == 2.0
    assert engine_timeout_s("x" * 140) == pytest.approx(20)


def speech_in(mixer: Mixer, still: Mixer, seconds: float) -> NDArray[np.float32]:
    n = round(seconds * SFREQ)
    return mixer.render(n) - still.render(n)


def test_two_sentences_follow_each_other_and_hush_ends_both() -> None:
    mixer, still = Mixer(sound_bank()), Mixer(sound_bank())
    for one in (mixer, still):
        one.render(4 * SFREQ)
    first = np.full((SFREQ, 2), 1e-3, np.float32)
    mixer.apply(Speech(first))
    mixer.apply(Speech(3 * first))
    sound = speech_in(mixer, still, 1.5)[:, 0]
    assert sound[: SFREQ - 1] == pytest.approx(1e-3, abs=1e-6)
    assert sound[SFREQ + 1 :] == pytest.approx(3e-3, abs=1e-6)
    mixer.apply(Hush())
    after = speech_in(mixer, still, 0.5)[:, 0]
    assert np.abs(np.diff(after)).max() < 1e-5
    assert not after[round(0.16 * SFREQ) :].any()
    mixer.apply(Speech(first))
    mixer.apply(Mute(on=True))
    mixer.render(2 * SFREQ)
    assert not mixer.render(SFREQ).any()


def test_own_recording_of_a_changed_text_is_used_and_the_shipped_one_is_not(tmp_path: Path) -> None:
    changed = Utterance("Rest your attention on the crown.", "body_head")
    write_wav(tmp_path / "body_head.wav", np.random.default_rng(1).normal(0, 0.1, SFREQ))
    sound = speak(changed, ON.model_copy(update={"voice_folder": str(tmp_path)}))
    assert sound is not None
    assert len(sound) == SFREQ
    shipped = speak(Utterance(shipped_texts()["body_head"], "body_head"), ON)
    other = speak(changed, ON)
    assert shipped is not None
    assert other is None or not np.array_equal(other, shipped)
