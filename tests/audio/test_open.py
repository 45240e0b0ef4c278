"""From --audio to a sink."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurofeedback.audio import miniaudio_output
from neurofeedback.audio import open as opening
from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.errors import RecordingError, SettingsError, SourceError
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import Guidance

SETTINGS = AudioSettings()


@pytest.fixture
def no_sound_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nobody'}")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.mark.usefixtures("no_sound_server")
def test_auto_without_a_device_notifies_once_and_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    messages: list[str] = []
    sink = open_sink("auto", SETTINGS, messages.append)
    sink.start()
    sink.set_guidance(Guidance(), 0.25)
    sink.ring(Bell.END, 0.3)
    sink.stop(1.0)
    assert isinstance(sink, NullSink)
    assert messages == [messages[0]]
    assert "hear nothing" in messages[0]
    assert capfd.readouterr().err == ""


class Device:
    """Stands for the sound process; only the device called "there" and the default are there."""

    def __init__(self, settings: AudioSettings) -> None:
        if settings.device not in {"", "there"}:
            raise SourceError("there is no such sound device")
        self.settings = settings
        self.description = f"loud {settings.device}"


@pytest.mark.parametrize(("spec", "device"), [("auto", ""), ("device:there", "there")])
def test_auto_opens_a_device(monkeypatch: pytest.MonkeyPatch, spec: str, device: str) -> None:
    monkeypatch.setattr(opening, "ProcessSink", Device)
    sink = open_sink(spec, SETTINGS, pytest.fail)
    assert sink.description == f"loud {device}"


def test_missing_device_of_the_settings_falls_back_to_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "ProcessSink", Device)
    messages: list[str] = []
    sink = open_sink("auto", SETTINGS.model_copy(update={"device": "headphones"}), messages.append)
    assert isinstance(sink, Device)
    assert messages == ["The sound device headphones is missing: the sitting is played through loud ."]


def test_device_option_does_not_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "ProcessSink", Device)
    with pytest.raises(SourceError, match="no such sound device"):
        open_sink("device:headphones", SETTINGS, pytest.fail)


def test_unreadable_user_sound_falls_back_to_rain_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "ProcessSink", Device)
    messages: list[str] = []
    sink = open_sink(
        "auto", SETTINGS.model_copy(update={"background": "file", "background_file": "gone.mp3"}), messages.append
    )
    assert isinstance(sink, Device)
    assert sink.settings.background == "rain"
    assert len(messages) == 1
    assert "gone.mp3" in messages[0]


def test_none_is_silent_without_a_notice() -> None:
    sink = open_sink("none", SETTINGS, pytest.fail)
    assert (sink.description, sink.underruns) == ("no sound", 0)


def test_a_wav_name_is_a_file(tmp_path: Path) -> None:
    sink = open_sink(str(tmp_path / "Sitting.WAV"), SETTINGS, pytest.fail)
    assert isinstance(sink, WavSink)
    sink.start()
    sink.stop(0.5)
    assert (tmp_path / "Sitting.WAV").stat().st_size > 90_000


@pytest.mark.parametrize("spec", ["", "loud", "music.mp3"])
def test_unknown_output_raises_a_four_part_error(spec: str) -> None:
    with pytest.raises(SettingsError, match=r"no such sound output.*auto, none, device:NAME or.*\.wav.*--audio auto"):
        open_sink(spec, SETTINGS, pytest.fail)


@pytest.mark.parametrize("name", ["missing/folder.wav", "taken.wav", "folder.wav"])
def test_a_file_that_cannot_be_created_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "taken.wav").write_bytes(b"someone's music")
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(
        RecordingError, match=r"cannot be created: got .*; allowed: a new \.wav file.*--audio FILE\.wav"
    ):
        open_sink(str(tmp_path / name), SETTINGS, pytest.fail)
    assert (tmp_path / "taken.wav").read_bytes() == b"someone's music"


def test_null_device_of_alsa_is_no_sound_output(monkeypatch: pytest.MonkeyPatch) -> None:
    class Listed:
        """What a machine without a sound card lists."""

        def __init__(self, _backends: object) -> None: ...

        def get_playbacks(self) -> list[dict[str, object]]:
            return [{"name": "Discard all samples (playback) or generate zero samples (capture)", "id": 1}]

    monkeypatch.setattr("miniaudio.Devices", Listed)
    assert miniaudio_output.device_names() == ()
    with pytest.raises(SourceError, match="no sound device"):
        miniaudio_output.open_player(SETTINGS)
