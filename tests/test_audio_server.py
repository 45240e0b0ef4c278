"""The device sink as it sounds: through a real sound server, recorded from its monitor."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.audio import device
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SourceError
from neurofeedback.settings.model import AudioSettings
from neurofeedback.types import Bed, Guidance

pytestmark = [
    pytest.mark.sound,
    pytest.mark.skipif(not (shutil.which("pulseaudio") and shutil.which("parec")), reason="needs pulseaudio and parec"),
]

SFREQ = 48000
SETTINGS = AudioSettings(buffer_ms=200)  # other work may keep all cores busy
UNKNOWN = Guidance(0.156, 0.156, Bed.NEUTRAL, immediate=True)
LOST = Guidance(0.0, 0.0, Bed.LOST, immediate=True)
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


def silence() -> device.SampleGenerator:
    """A generator as a player wants it: started, and never at its end."""

    def endless() -> device.SampleGenerator:
        n_samples = yield b""
        while True:
            n_samples = yield bytes(n_samples * FRAME_BYTES)

    samples = endless()
    next(samples)
    return samples


class Heard:
    """What the monitor has recorded so far."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sound(self) -> NDArray[np.float64]:
        data = self.path.read_bytes()
        return np.frombuffer(data[: len(data) // FRAME_BYTES * FRAME_BYTES], "<f4").reshape(-1, 2).astype(np.float64)

    def wait(self, seconds: float) -> tuple[int, int]:
        """Let so much sound pass; returns where it lies."""
        begin = self.path.stat().st_size // FRAME_BYTES
        until(lambda: self.path.stat().st_size // FRAME_BYTES >= begin + seconds * SFREQ)
        return begin, begin + round(seconds * SFREQ)


def level(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-20))


def around_196_hz(sound: NDArray[np.float64]) -> tuple[float, float]:
    """Strongest frequency from 150 to 250 Hz, and its level."""
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SFREQ)
    near = (hz > 150) & (hz < 250)
    return float(hz[near][np.argmax(spectrum[near])]), float(
        10 * np.log10(spectrum[near].sum() / len(sound) ** 2 * 16 / 3)
    )


def test_heard_from_the_monitor_as_it_was_meant(folder: Path) -> None:
    recording = folder / "heard.raw"
    with sound_server(folder), monitor(recording):
        heard = Heard(recording)
        sink = open_sink("auto", SETTINGS, pytest.fail)
        assert sink.description == "sound device (PulseAudio)"
        sink.start()
        until(lambda: recording.stat().st_size)
        until(lambda: np.abs(heard.sound()).max(initial=0) > 0)
        heard.wait(3.0)
        bed = heard.wait(1.0)
        sink.guide(Guidance(1.0, 1.0, immediate=True), 0.0)
        heard.wait(1.5)
        full = heard.wait(1.0)
        sink.guide(UNKNOWN, 0.0)
        heard.wait(1.5)
        unknown = heard.wait(1.0)
        sink.guide(LOST, 0.0)
        heard.wait(1.5)
        lost = heard.wait(1.0)
        sink.ring(Bell.END, 0.0)
        sink.stop(0.0)
        until(lambda: not heard.sound()[-SFREQ // 10 :].any())
        sound = heard.sound()
    bed_sound, full_sound, unknown_sound, lost_sound = (sound[slice(*span)] for span in (bed, full, unknown, lost))
    assert level(bed_sound) == pytest.approx(SETTINGS.bed_dbfs, abs=1.5)
    assert around_196_hz(full_sound)[0] == pytest.approx(196, abs=1.1)
    assert level(full_sound) > level(bed_sound) + 4
    assert around_196_hz(full_sound)[1] - around_196_hz(unknown_sound)[1] == pytest.approx(16.1, abs=1.5)
    assert around_196_hz(unknown_sound)[1] > around_196_hz(lost_sound)[1] + 25
    assert 20 * np.log10(np.abs(sound).max()) < SETTINGS.ceiling_dbfs
    assert sink.underruns == 0
    _assert_no_gap(sound[bed[0] : lost[1]])


def _assert_no_gap(sound: NDArray[np.float64]) -> None:
    """A dropout is a run of zeros: noise has none, not even for a millisecond."""
    milliseconds = np.abs(sound[: len(sound) // 48 * 48]).reshape(-1, 48 * 2).max(axis=1)
    assert milliseconds.min() > 1e-5


def test_a_server_that_dies_and_comes_back_is_played_to_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "PATIENCE_S", 1.5)
    monkeypatch.setattr(device, "WATCH_S", 0.05)
    with sound_server(folder):
        sink = open_sink("auto", SETTINGS, pytest.fail)
        sink.start()
        until(lambda: sink._voice.position > SFREQ // 4)
    until(lambda: sink._player is None)
    sink.guide(UNKNOWN, 1.0)
    at = sink._voice.position
    with sound_server(folder):
        until(lambda: sink._voice.position > at + SFREQ // 4)
        sink.stop(5.0)
        sink._keeper.join(5)
    assert sink._voice.silent


def test_a_server_that_dies_before_the_start_is_no_device(folder: Path) -> None:
    with sound_server(folder):
        player = device.open_default_player(SETTINGS)
    with pytest.raises(SourceError, match="no sound device"):
        player.start(silence())
    player.close()
