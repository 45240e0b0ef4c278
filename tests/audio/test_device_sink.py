"""The device sink, driven by a device whose crank the test turns."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from neurofeedback.audio import device_sink, mixer, system_audio
from neurofeedback.audio.adaptive_buffer import LONG_BUFFER_MS, SHORTEN_AFTER_S
from neurofeedback.audio.device_sink import DeviceSink
from neurofeedback.audio.miniaudio_output import SampleGenerator, open_player
from neurofeedback.audio.mixer import Hush, Speech
from neurofeedback.audio.sink import Bell
from neurofeedback.audio.voice import Utterance
from neurofeedback.errors import SourceError
from neurofeedback.feedback.sound_bank import make_sound_bank
from neurofeedback.feedback.synthesis import add_bell_hit
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import BackgroundMode, Guidance

SETTINGS = AudioSettings()
INSTRUMENT = make_sound_bank(SETTINGS)
OTHER = make_sound_bank(SETTINGS.model_copy(update={"background": "drone"}))
BUFFER = 960


class CrankedPlayer:
    """Plays what it is asked to play."""

    def __init__(self, description: str = "a device with a crank") -> None:
        self.description = description
        self.samples: SampleGenerator | None = None
        self.closed = threading.Event()

    def start(self, samples: SampleGenerator) -> None:
        self.samples = samples

    def turn(self, buffers: int, n_samples: int = BUFFER) -> NDArray[np.float32]:
        assert self.samples is not None
        return np.concatenate(
            [np.frombuffer(self.samples.send(n_samples), np.float32).reshape(-1, 2) for _ in range(buffers)]
        )

    def close(self) -> None:
        self.closed.set()


class Players:
    """Opens what the test lays ready: a player or, for None, nothing."""

    def __init__(self, *ready: CrankedPlayer | None) -> None:
        self.ready = list(ready)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, settings: AudioSettings) -> CrankedPlayer:
        self.asked.append((settings.device, settings.buffer_ms))
        player = self.ready.pop(0) if self.ready else None
        if player is None:
            raise SourceError("no device")
        return player


class Clock:
    """A clock that the test sets."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def one_instrument(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one takes a second; all tests play the same."""
    monkeypatch.setattr(
        device_sink, "load_sound_bank", lambda settings: OTHER if settings.background == "drone" else INSTRUMENT
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def first() -> CrankedPlayer:
    return CrankedPlayer()


@pytest.fixture
def opened() -> Iterator[list[DeviceSink]]:
    sinks: list[DeviceSink] = []
    yield sinks
    for sink in sinks:
        sink.stop(0.0)
        for stream in filter(None, (sink._stream, sink._next_stream)):
            stream.faded_out.set()
        if sink._worker.ident:
            sink._worker.join(5)


@pytest.fixture
def make(opened: list[DeviceSink], clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DeviceSink]:
    monkeypatch.setattr(device_sink, "WATCH_S", 0.005)

    def start(*players: CrankedPlayer | None, settings: AudioSettings = SETTINGS) -> DeviceSink:
        sink = DeviceSink(settings, Players(*players), clock, load=lambda: 0.0)
        opened.append(sink)
        sink.start()
        until(lambda: sink._mixer)
        return sink

    return start


def until(true: Callable[[], object], deadline_s: float = 60.0) -> None:
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.002)


def run(player: CrankedPlayer, clock: Clock, buffers: int) -> NDArray[np.float32]:
    """Let buffers pass as the clock does."""
    pieces = []
    for _ in range(buffers):
        clock.now_s += 0.02
        pieces.append(player.turn(1))
    return np.concatenate(pieces)


def level(sound: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-20))


def test_latest_guidance_and_all_bells_are_rendered(make: Callable[..., DeviceSink], first: CrankedPlayer) -> None:
    sink = make(first)
    first.turn(250)
    bed = first.turn(50)
    sink.set_guidance(Guidance(0.2, 0.0, immediate=True), 5.0)
    sink.set_guidance(Guidance(1.0, 1.0, BackgroundMode.NORMAL, immediate=True), 5.25)
    first.turn(20)
    assert level(first.turn(50)) > level(bed) + 3
    sink.set_guidance(Guidance(immediate=True), 5.25)
    first.turn(20)
    sink.ring(Bell.BEGIN, 5.3)
    sink.ring(Bell.PHASE, 5.3)
    assert level(first.turn(20)) > level(bed) + 2
    assert level(first.turn(50 * 9)[-48000:]) == pytest.approx(level(bed), abs=1.5)


def test_stop_returns_at_once_and_the_device_closes_when_all_is_silent(
    make: Callable[..., DeviceSink], first: CrankedPlayer
) -> None:
    sink = make(first)
    first.turn(200)
    sink.stop(4.0)
    assert not first.closed.is_set()
    fading = first.turn(51)
    assert first.closed.wait(5)
    assert level(fading[:BUFFER]) > -40
    assert not fading[-BUFFER // 2 :].any()


def test_underruns_are_counted_by_the_clock(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock
) -> None:
    sink = make(first)
    first.turn(15)
    run(first, clock, 100)
    assert sink.underruns == 0
    clock.now_s += 0.4
    first.turn(4)
    assert sink.underruns == 1


def test_vanished_device_is_replaced_and_the_sound_continues(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    second = CrankedPlayer("another")
    sink = make(first, None, second)
    first.turn(200)
    bed = first.turn(50)
    clock.now_s += device_sink.DEVICE_TIMEOUT_S + 0.1
    until(first.closed.is_set)
    until(lambda: "device is gone" in sink.description)
    sink.mute(True, 9.0)
    sink.mute(False, 9.0)
    sink.ring(Bell.PHASE, 9.0)
    clock.now_s += device_sink.DEVICE_TIMEOUT_S + 0.1
    until(lambda: second.samples)
    assert level(second.turn(100)[-48000:]) == pytest.approx(level(bed), abs=1.5)
    assert sink._mixer.position == 350 * BUFFER
    assert sink.description == "another"
    assert caplog.text.count("does not answer") == 1


def test_session_continues_without_any_sound_device(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock
) -> None:
    sink = make(first)
    clock.now_s += device_sink.DEVICE_TIMEOUT_S + 0.1
    until(first.closed.is_set)
    sink.set_guidance(Guidance(), 1.0)
    sink.ring(Bell.END, 1.0)
    assert sink.underruns == 0


def test_sink_can_be_stopped_before_start(clock: Clock, first: CrankedPlayer) -> None:
    DeviceSink(SETTINGS, Players(first), clock).stop(0.0)
    assert first.closed.is_set()


def test_any_buffer_length_is_served(make: Callable[..., DeviceSink], first: CrankedPlayer) -> None:
    make(first)
    assert [len(first.turn(1, n)) for n in (1, 441, 48001)] == [1, 441, 48001]


def test_volume_and_mute_change_the_level_and_survive_another_device(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock
) -> None:
    second = CrankedPlayer()
    sink = make(first, second)
    first.turn(200)
    full_level = level(first.turn(50))
    sink.set_volume_db(-10.0, 1.0)
    first.turn(50)
    assert level(first.turn(50)) == pytest.approx(full_level - 10, abs=1.5)
    sink.mute(True, 2.0)
    first.turn(50)
    assert not first.turn(5).any()
    sink.mute(False, 3.0)
    first.turn(50)
    assert level(first.turn(50)) == pytest.approx(full_level - 10, abs=1.5)
    clock.now_s += device_sink.DEVICE_TIMEOUT_S + 0.1
    until(lambda: second.samples)
    assert level(second.turn(100)[-48000:]) == pytest.approx(full_level - 10, abs=1.5)


def test_background_change_crossfades_and_the_tone_continues(
    make: Callable[..., DeviceSink], first: CrankedPlayer
) -> None:
    sink = make(first)
    first.turn(250)
    sink.set_background("drone", 5.0)
    until(lambda: not first_of(sink).empty())
    crossing = first.turn(50)
    assert not sink._mixer._fading_out
    assert sink._mixer._sound_bank is OTHER
    levels = [level(piece) for piece in np.array_split(crossing, 10)]
    assert max(levels) - min(levels) < 8
    steepest = max(
        np.abs(np.diff(layer.read(0, 30 * SETTINGS.sfreq_hz), axis=0)).max()
        for on in (INSTRUMENT, OTHER)
        for layer in on.backgrounds[BackgroundMode.NORMAL]
    )
    assert np.abs(np.diff(crossing, axis=0)).max() < 2 * steepest


def first_of(sink: DeviceSink) -> object:
    return sink._stream.commands


def test_short_buffer_on_a_calm_machine_crossfades_without_a_gap(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock
) -> None:
    second = CrankedPlayer("held tightly")
    sink = make(first, second)
    first.turn(15)
    run(first, clock, 120)
    until(lambda: sink._buffer._on_time_since_s)
    before = run(first, clock, round(SHORTEN_AFTER_S / 0.02))
    until(lambda: second.samples)
    assert not second.turn(3).any()
    pairs = []

    def both() -> None:
        pairs.append(run(first, clock, 1) + second.turn(1))

    for _ in range(60):
        both()
    until(lambda: sink.description == "held tightly")
    while not first.closed.is_set():
        both()
        time.sleep(0.001)
    assert sink._open_device.asked == [("", LONG_BUFFER_MS), ("", SETTINGS.buffer_ms)]
    assert sink.underruns == 0
    piece_levels = [level(piece) for piece in np.array_split(np.concatenate(pairs), max(len(pairs) // 5, 1))]
    assert min(piece_levels) > level(before[-48000:]) - 5
    assert max(piece_levels) < level(before[-48000:]) + 3


def test_wandering_bell_rings_once_during_a_crossfade(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(mixer, "add_bell_hit", lambda state, bell: (rung.append(bell), add_bell_hit(state, bell))[1])
    second = CrankedPlayer()
    sink = make(first, second)
    first.turn(15)
    run(first, clock, 120)
    until(lambda: sink._buffer._on_time_since_s)
    run(first, clock, round(SHORTEN_AFTER_S / 0.02))
    until(lambda: sink._next_stream)
    sink.set_guidance(Guidance(bell=True), 50.0)
    while not first.closed.is_set():
        run(first, clock, 1)
        second.turn(1)
        time.sleep(0.001)
    assert rung == [Bell.WANDER]


class HushingLock:
    """A lock before which the session hushes the voice once, as if it were the other thread's turn."""

    def __init__(self, sink: DeviceSink) -> None:
        self.sink, self.lock, self.hushed = sink, threading.Lock(), False

    def __enter__(self) -> None:
        if threading.current_thread().name == "voice" and not self.hushed:
            self.hushed = True
            self.sink.hush(0.0)
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_sentence_ended_just_before_it_is_sent_is_not_said(
    make: Callable[..., DeviceSink], first: CrankedPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_sink, "speak", lambda *_: np.zeros((10, 2), np.float32))
    sink = make(first)
    sink._lock = lock = HushingLock(sink)  # type: ignore[assignment]
    sink.speak(Utterance("How sure are you?"), 0.0)
    sink._utterances.put(None)
    assert sink._speaker is not None
    sink._speaker.join(30)
    assert lock.hushed
    assert sink._stream is not None
    sent = [sink._stream.commands.get_nowait() for _ in range(sink._stream.commands.qsize())]
    assert [type(command) for command in sent if isinstance(command, Hush | Speech)] == [Hush]


def test_named_device_is_replaced_by_the_default_when_gone(
    make: Callable[..., DeviceSink], first: CrankedPlayer, clock: Clock
) -> None:
    second = CrankedPlayer("the default")
    sink = make(first, None, second, settings=SETTINGS.model_copy(update={"device": "headphones"}))
    first.turn(5)
    clock.now_s += device_sink.DEVICE_TIMEOUT_S + 0.1
    until(lambda: sink.description == "the default")
    assert [name for name, _ in sink._open_device.asked] == ["headphones", "headphones", ""]


def test_missing_miniaudio_raises_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    with pytest.raises(SourceError, match=r"no sound device.*--audio none"):
        open_player(SETTINGS)


def test_miniaudio_is_not_imported_before_a_device_is_wanted() -> None:
    code = "import sys, neurofeedback.audio.open; sys.exit('miniaudio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_silencing_alsa_without_its_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform in ("darwin", "linux"):
        monkeypatch.setattr(system_audio.sys, "platform", platform)
        monkeypatch.setattr(system_audio.ctypes, "CDLL", lambda _: (_ for _ in ()).throw(OSError))
        system_audio.silence_alsa.__wrapped__()
