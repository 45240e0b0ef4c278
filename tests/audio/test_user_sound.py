"""A person's own sound file as the bed."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.audio.user_sound import MIN_DURATION_S, check_user_sound, load_sound_bank, read_sound
from neurofeedback.errors import SettingsError
from neurofeedback.feedback.loudness import loudness
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode

SFREQ = 48000
SOUNDS = Path(__file__).parents[1] / "sounds"  # 330 Hz at 22,050 Hz in one channel, made for this test


def write_wav(path: Path, sound: NDArray[np.floating], sfreq: int = SFREQ) -> str:
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[1], 2, sfreq, 0, "NONE", "not compressed"))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return str(path)


def hum(seconds: float, sfreq: int = SFREQ, channels: int = 2) -> NDArray[np.float64]:
    tone = 0.2 * np.sin(2 * np.pi * 330 * np.arange(round(seconds * sfreq)) / sfreq)
    return np.repeat(tone[:, None], channels, axis=1)


def pitch_hz(sound: NDArray[np.floating]) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound))))
    return float(np.fft.rfftfreq(len(sound), 1 / SFREQ)[np.argmax(spectrum)])


@pytest.mark.parametrize("name", ["hum.flac", "hum.ogg", "hum.mp3"])
def test_compressed_files_are_read_and_resampled(name: str) -> None:
    sound = read_sound(str(SOUNDS / name), SFREQ)
    assert sound.dtype == np.float32
    assert len(sound) == pytest.approx(2.6 * SFREQ, rel=0.05)
    assert pitch_hz(sound) == pytest.approx(330, abs=0.5)
    assert np.array_equal(sound[:, 0], sound[:, 1])


@pytest.mark.parametrize(("sfreq", "channels"), [(8000, 1), (44100, 2), (96000, 2)])
def test_wav_of_any_rate(tmp_path: Path, sfreq: int, channels: int) -> None:
    name = write_wav(tmp_path / "Stille Nacht, ünß.wav", hum(3, sfreq, channels), sfreq)
    sound = read_sound(name, SFREQ)
    assert len(sound) == pytest.approx(3 * SFREQ, abs=200)
    assert pitch_hz(sound) == pytest.approx(330, abs=0.5)


def test_long_file_is_cut_to_its_beginning(tmp_path: Path) -> None:
    assert len(read_sound(write_wav(tmp_path / "long.wav", hum(7)), SFREQ, max_duration_s=4.5)) == 4.5 * SFREQ


def test_user_sound_is_as_loud_as_other_backgrounds(tmp_path: Path) -> None:
    for gain in (0.02, 1.0):
        name = write_wav(tmp_path / f"{gain}.wav", gain * hum(4))
        instrument = load_sound_bank(AudioSettings(background="file", background_file=name))
        assert loudness(instrument.backgrounds[BackgroundMode.NORMAL][0].table, sfreq=SFREQ) == pytest.approx(
            AudioSettings().background_lufs, abs=0.2
        )


def bad_files(folder: Path) -> dict[str, str]:
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.mp3").write_text("this is no music\n" * 200)
    (folder / "torn.flac").write_bytes((SOUNDS / "hum.flac").read_bytes()[:300])
    (folder / "folder.ogg").mkdir()
    write_wav(folder / "short.wav", hum(MIN_DURATION_S / 2))
    write_wav(folder / "silent.wav", np.zeros((4 * SFREQ, 2)))
    return {
        name: str(folder / name)
        for name in ("empty.wav", "text.mp3", "torn.flac", "folder.ogg", "short.wav", "silent.wav", "gone.wav", "")
    }


@pytest.mark.parametrize(
    "name", ["empty.wav", "text.mp3", "torn.flac", "folder.ogg", "short.wav", "silent.wav", "gone.wav", ""]
)
def test_unusable_sound_file_raises(tmp_path: Path, name: str) -> None:
    settings = AudioSettings(background="file", background_file=bad_files(tmp_path)[name])
    with pytest.raises(
        SettingsError, match=r"cannot be the background sound: got .*; allowed: a WAV, FLAC.*; choose another file"
    ) as caught:
        check_user_sound(settings)
    assert "\n" not in str(caught.value)


def test_file_that_has_disappeared_is_replaced_by_rain(caplog: pytest.LogCaptureFixture) -> None:
    instrument = load_sound_bank(AudioSettings(background="file", background_file="gone.wav"))
    rain = load_sound_bank(AudioSettings())
    own, instead = (bank.backgrounds[BackgroundMode.NORMAL][0].table for bank in (instrument, rain))
    assert np.array_equal(own, instead)
    assert "rain is played instead" in caplog.text


def test_other_backgrounds_need_no_file() -> None:
    check_user_sound(AudioSettings(background="drone", background_file="gone.wav"))
