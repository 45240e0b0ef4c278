"""The device sink as it sounds: through a real sound server, recorded from its monitor."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from neurofeedback.audio import device_sink, miniaudio_output
from neurofeedback.audio.device_sink import DeviceSink
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.process_sink import ProcessSink
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SourceError
from neurofeedback.feedback.loudness import loudness
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.types import BackgroundMode, Guidance

pytestmark = [
    pytest.mark.sound,
    pytest.mark.real_time,
    pytest.mark.skipif(not (shutil.which("pulseaudio") and shutil.which("parec")), reason="needs pulseaudio and parec"),
]

SFREQ = 48000
SETTINGS = AudioSettings(buffer_ms=200)  # other work may keep all cores busy
FULL = Guidance(1.0, 1.0)
UNKNOWN = Guidance(0.156, 0.156, BackgroundMode.NEUTRAL, immediate=True)
LOST = Guidance(0.0, 0.0, BackgroundMode.LOST, immediate=True)
FRAME_BYTES = 8


def until(true: Callable[[], object], deadline_s: float = 20.0) -> None:
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.01)


@contextmanager
def sound_server(folder: Path) -> Iterator[None]:
    """PulseAudio with a null sink, on a socket of its own."""
    socket = folder / "pulse.socket"
    socket.unlink(missing_ok=True)
    command = [
        "pulseaudio",
        *("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
        "--load=module-null-sink sink_name=null rate=48000 format=float32le channels=2",
        f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        until(socket.exists)
        yield
    finally:
        server.kill()
        server.wait()


@contextmanager
def monitor(path: Path) -> Iterator[None]:
    """Record what is heard."""
    command = [
        "parec",
        "--latency-msec=100",
        "-d",
        "null.monitor",
        "--format=float32le",
        "--rate=48000",
        "--channels=2",
    ]
    with path.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL) as recorder:
        try:
            yield
        finally:
            recorder.terminate()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'pulse.socket'}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def silence() -> miniaudio_output.SampleGenerator:
    """A generator as a player wants it: started, and never at its end."""

    def endless() -> miniaudio_output.SampleGenerator:
        n_samples = yield b""
        while True:
            n_samples = yield bytes(n_samples * FRAME_BYTES)

    samples = endless()
    next(samples)
    return samples


class RecordedSound:
    """What the monitor has recorded so far."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sound(self) -> NDArray[np.float64]:
        data = self.path.read_bytes()
        return np.frombuffer(data[: len(data) // FRAME_BYTES * FRAME_BYTES], "<f4").reshape(-1, 2).astype(np.float64)

    def wait(self, seconds: float, repeat: Callable[[], object] = lambda: None) -> tuple[int, int]:
        """Let so much sound pass, calling ``repeat`` all the time; return where it lies."""
        begin = self.path.stat().st_size // FRAME_BYTES

        def passed() -> bool:
            repeat()
            return self.path.stat().st_size // FRAME_BYTES >= begin + seconds * SFREQ

        until(passed, 60.0)
        return begin, begin + round(seconds * SFREQ)


def guide(sink: ProcessSink, guidance: Guidance) -> None:
    sink.set_guidance(guidance, 0.0)
    time.sleep(0.1)


@dataclass(frozen=True)
class Evening:
    """One sitting's sound as it came out of the server, and where in it what was told."""

    sound: NDArray[np.float64]
    spans: dict[str, tuple[int, int]]
    underruns: int

    def between(self, name: str, after_s: float = 0.8) -> NDArray[np.float64]:
        """From so long after the order (it has been carried out by then) to the next."""
        begin, end = self.spans[name]
        return self.sound[begin + round(after_s * SFREQ) : end]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    folder = tmp_path_factory.mktemp("server")
    recording = folder / "heard.raw"
    spans: dict[str, tuple[int, int]] = {}
    with pytest.MonkeyPatch.context() as patch, sound_server(folder):
        patch.setenv("PULSE_SERVER", f"unix:{folder / 'pulse.socket'}")
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        with monitor(recording):
            recorder = RecordedSound(recording)
            sink = open_sink("auto", SETTINGS, pytest.fail)
            assert isinstance(sink, ProcessSink)
            assert sink.description == "sound device (PulseAudio)"
            sink.start()
            until(lambda: recording.exists() and np.abs(recorder.sound()).max(initial=0) > 0, 60.0)
            recorder.wait(3.0)
            for name, guidance, seconds in (
                ("focus", Guidance(), 3.0),
                ("rising", FULL, 8.0),
                ("unknown", UNKNOWN, 3.0),
                ("lost", LOST, 3.0),
                ("back", Guidance(), 2.0),
            ):
                # as often as a session does: without guidance the sound becomes neutral after a second
                spans[name] = recorder.wait(seconds, partial(guide, sink, guidance))
            sink.ring(Bell.END, 0.0)
            spans["bell"] = recorder.wait(1.0, partial(guide, sink, Guidance()))
            sink.stop(0.0)
            sink._process.wait(20)
            until(lambda: not recorder.sound()[-SFREQ // 10 :].any(), 60.0)
        return Evening(recorder.sound(), spans, sink.underruns)


def level(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-20))


def tone_level(sound: NDArray[np.float64]) -> float:
    """Level of the guide tone's fundamental, dBFS."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SFREQ)
    return float(10 * np.log10(spectrum[np.abs(hz - 196) < 12].mean(axis=1).sum() / len(sound) ** 2 * 16 / 3 + 1e-20))


def octaves(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level in octave bands from 63 Hz to 8 kHz, dBFS."""
    spectrum = (np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0)) ** 2).mean(axis=1)
    hz = np.fft.rfftfreq(len(sound), 1 / SFREQ)
    centres = 62.5 * 2.0 ** np.arange(8)
    return np.array(
        [
            10 * np.log10(spectrum[(hz >= c / 2**0.5) & (hz < c * 2**0.5)].sum() / len(sound) ** 2 * 16 / 3 + 1e-12)
            for c in centres
        ]
    )


def test_the_bed_is_as_loud_as_it_was_meant_and_the_tone_at_its_pitch(evening: Evening) -> None:
    focus = evening.between("focus")
    assert loudness(focus, sfreq=SFREQ) == pytest.approx(SETTINGS.background_lufs, abs=0.7)
    full = evening.between("rising", 7.0)
    spectrum = np.abs(np.fft.rfft(full.mean(axis=1) * np.hanning(len(full))))
    hz = np.fft.rfftfreq(len(full), 1 / SFREQ)
    assert hz[np.argmax(spectrum)] == pytest.approx(196, abs=1.1)
    assert tone_level(full) > tone_level(focus) + 20


def test_no_hole_and_no_underrun(evening: Evening) -> None:
    """A dropout is a run of zeros: noise has none, not even for a millisecond."""
    played = evening.sound[evening.spans["focus"][0] : evening.spans["bell"][1]]
    milliseconds = np.abs(played[: len(played) // 48 * 48]).reshape(-1, 48 * 2).max(axis=1)
    assert milliseconds.min() > 1e-6
    assert evening.underruns == 0


def test_the_tone_rises_no_faster_than_6_db_a_second(evening: Evening) -> None:
    """Over a second the background in the tone's band shifts it by some tenths of a dB, over two by half of that."""
    rising = evening.between("rising", 0.0)
    levels = np.array([tone_level(piece) for piece in np.array_split(rising, 32)])
    audible = levels > tone_level(evening.between("focus")) + 6  # softer than that the bed's own level counts, too
    for seconds, fastest in ((1, 7.0), (2, 6.3)):
        n_pieces = 4 * seconds
        slopes = (levels[n_pieces:] - levels[:-n_pieces])[audible[:-n_pieces]] / seconds
        assert slopes.size > 3
        assert 3 < slopes.max() < fastest


def test_neutral_is_reached_within_300_ms_from_where_it_begins(evening: Evening) -> None:
    begin, end = evening.spans["unknown"]
    step = SFREQ // 20
    levels = np.array([tone_level(evening.sound[at : at + 2 * step]) for at in range(begin, end - 2 * step, step)])
    neutral = np.median(levels[-20:])
    left = int(np.argmax(levels < levels[0] - 1.5))
    there = int(np.argmax(np.abs(levels - neutral) < 1.5))
    assert levels[0] - neutral == pytest.approx(16.1, abs=1.5)
    assert (there - left) * 0.05 <= 0.3
    assert there * 0.05 <= 1.5  # with what lies in the buffers of a busy machine


def test_focus_unknown_and_lost_sound_different(evening: Evening) -> None:
    focus, unknown, lost = (octaves(evening.between(name)) for name in ("focus", "unknown", "lost"))
    for one, other in ((focus, unknown), (focus, lost), (unknown, lost)):
        audible = np.maximum(one, other) > -60
        assert (np.abs(one - other)[audible] > 8).sum() >= 2
    assert tone_level(evening.between("unknown")) > tone_level(evening.between("lost")) + 15


def test_no_change_clicks(evening: Evening) -> None:
    """Above 16 kHz no bed has anything but drops of rain: none at a change is louder than those between changes."""
    begin, end = evening.spans["focus"][0], evening.spans["bell"][0]
    size = 480
    pieces = evening.sound[begin:end][: (end - begin) // size * size].reshape(-1, size, 2).mean(axis=2)
    high = np.abs(np.fft.rfft(pieces * np.blackman(size), axis=1))[:, size * 16000 // SFREQ :] ** 2
    splash = 10 * np.log10(high.sum(axis=1) / size**2 + 1e-20)
    at = begin + size * np.arange(len(splash))
    changes = np.array([start for start, _ in evening.spans.values()])
    near = ((at[:, None] > changes - 0.1 * SFREQ) & (at[:, None] < changes + 0.3 * SFREQ)).any(axis=1)
    assert near.any()
    assert splash[near].max() < max(splash[~near].max() + 6, -100)


def test_true_peak_stays_under_the_ceiling(evening: Evening) -> None:
    """Four times oversampled, as ITU-R BS.1770 takes it."""
    assert 20 * np.log10(np.abs(resample_poly(evening.sound, 4, 1, axis=0)).max()) < SETTINGS.ceiling_dbfs


def test_a_server_that_dies_and_comes_back_is_played_to_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_sink, "DEVICE_TIMEOUT_S", 1.5)
    monkeypatch.setattr(device_sink, "WATCH_S", 0.05)
    with sound_server(folder):
        sink = DeviceSink(SETTINGS)
        sink.start()
        until(lambda: sink._mixer and sink._mixer.position > SFREQ // 4, 60.0)
    until(lambda: sink.description == sound.DEVICE_GONE)
    sink.set_guidance(UNKNOWN, 1.0)
    at = sink._mixer.position
    with sound_server(folder):
        until(lambda: sink._mixer.position > at + SFREQ // 4, 60.0)
        sink.stop(5.0)
        sink._worker.join(20)
    assert sink._mixer.silent


def pactl(*arguments: str) -> str:
    return subprocess.run(["pactl", *arguments], check=True, capture_output=True, text=True).stdout


def test_a_device_by_name_and_the_next_default_when_it_is_unplugged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_sink, "DEVICE_TIMEOUT_S", 1.5)
    monkeypatch.setattr(device_sink, "WATCH_S", 0.05)
    with sound_server(folder):
        module = pactl("load-module", "module-null-sink", "sink_name=second", "sink_properties=device.description=Ears")
        assert "Ears" in miniaudio_output.device_names()
        sink = DeviceSink(SETTINGS.model_copy(update={"device": "ears"}))
        assert sink.description == "sound device Ears (PulseAudio)"
        sink.start()
        until(lambda: "RUNNING" in _state("second"), 60.0)
        pactl("unload-module", module.strip())
        until(lambda: sink.description == "sound device (PulseAudio)", 60.0)
        until(lambda: "RUNNING" in _state("null"), 60.0)
        with pytest.raises(SourceError, match=r"no such sound device: got ears; allowed: Null"):
            DeviceSink(SETTINGS.model_copy(update={"device": "ears"}))
        sink.stop(1.0)
        sink._worker.join(20)


def _state(name: str) -> str:
    return next((line for line in pactl("list", "short", "sinks").splitlines() if name in line), "")


def test_a_server_that_dies_before_the_start_is_no_device(folder: Path) -> None:
    with sound_server(folder):
        opened = miniaudio_output.open_player(SETTINGS)
    with pytest.raises(SourceError, match="no sound device"):
        opened.start(silence())
    opened.close()
