"""Sound in another process: orders there, state back, and an end in every case."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from neurofeedback.audio import SOUND_PROCESS, process_sink
from neurofeedback.audio.process_sink import MODULE, ProcessSink, SoundServer
from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SourceError
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.types import BackgroundMode, Guidance

GUIDANCE = Guidance(0.5, 0.25, BackgroundMode.NEUTRAL, immediate=True, reward=True)
SETTINGS = AudioSettings(background="wind")


class Sink:
    """Writes down what it is told."""

    underruns = 3

    def __init__(self, settings: AudioSettings) -> None:
        self.received: list[object] = [settings]
        self.description = "a sink that listens"
        sinks.append(self)

    def start(self) -> None:
        self.received.append("start")

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        self.received.append(guidance)

    def ring(self, bell: Bell, at_s: float) -> None:
        self.received.append(bell)

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        self.received.append(turn)

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        self.received.append(volume_db)

    def mute(self, on: bool, at_s: float) -> None:
        self.received.append(on)

    def set_background(self, background: str, at_s: float) -> None:
        self.received.append(background)

    def stop(self, at_s: float) -> None:
        self.received.append("stop")


sinks: list[Sink] = []


@pytest.fixture
def no_sound_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nobody'}")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def until(true: Callable[[], object], deadline_s: float = 60.0) -> None:
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.01)


def test_sound_process_executes_no_module_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("open('executed', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    process = process_sink._start()
    process.communicate(timeout=60)
    assert (process.returncode, (tmp_path / "executed").exists()) == (0, False)


def test_every_command_reaches_the_sound_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_sink, "DeviceSink", Sink)
    sent = ProcessSink.__new__(ProcessSink)
    lines: list[str] = []
    monkeypatch.setattr(ProcessSink, "_put", lambda _, name, value=None: lines.append(json.dumps([name, value])))
    sent._put("open", SETTINGS.model_dump())
    sent.start()
    sent.set_guidance(GUIDANCE, 1.0)
    sent.ring(Bell.PROBE, 2.0)
    sent.breathe(Turn(True, 4.0), 2.5)
    sent.breathe(None, 2.5)
    sent.set_volume_db(-6.0, 3.0)
    sent.mute(True, 4.0)
    sent.set_background("drone", 5.0)
    out = io.StringIO()
    SoundServer(out).serve(lines)
    breaths = [Turn(True, 4.0), None]
    assert sinks.pop().received == [SETTINGS, "start", GUIDANCE, Bell.PROBE, *breaths, -6.0, True, "drone", "stop"]
    assert json.loads(out.getvalue().splitlines()[0]) == {"description": "a sink that listens", "underruns": 3}


def test_command_before_open_ends_the_sound_process() -> None:
    out = io.StringIO()
    SoundServer(out).serve(['["start", null]', '["mute", true]'])
    assert out.getvalue() == ""


@pytest.mark.usefixtures("no_sound_server")
def test_sound_process_without_device_reports_the_reason_and_ends() -> None:
    with pytest.raises(SourceError, match=r"there is no sound device.*--audio none") as refused:
        ProcessSink(SETTINGS)
    assert str(refused.value).count("there is no sound device") == 1


def test_a_process_that_cannot_be_started_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_sink.sys, "executable", "/nowhere/python")
    with pytest.raises(SourceError, match="sound process cannot be started"):
        ProcessSink(SETTINGS)


FAKE = """
import json, sys
for line in sys.stdin:
    if json.loads(line)[0] == "open":
        print(json.dumps({"description": "far away", "underruns": 0}), flush=True)
    if json.loads(line)[0] == "mute":
        print(json.dumps({"description": "farther", "underruns": 2}), flush=True)
"""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that answers and plays nothing."""
    command = [sys.executable, "-c", FAKE]
    monkeypatch.setattr(
        process_sink,
        "_start",
        lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True),
    )


@pytest.mark.usefixtures("fake")
def test_status_of_the_sound_process_is_passed_on_until_its_end() -> None:
    sink = ProcessSink(SETTINGS)
    sink.start()
    assert (sink.description, sink.underruns) == ("far away", 0)
    sink.mute(True, 0.0)
    until(lambda: sink.underruns == 2)
    assert sink.description == "farther"
    sink.stop(1.0)
    sink._reader.join(60)
    sink._writer.join(60)
    assert sink._process.returncode == 0
    assert sink.underruns == 2


@pytest.mark.usefixtures("fake")
def test_killed_sound_process_does_not_end_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_sink, "_MAX_RESTARTS", 0)
    sink = ProcessSink(SETTINGS)
    sink._process.kill()
    until(lambda: sink.description == sound.PROCESS_ENDED)
    sink._writer.join(60)
    assert not sink._writer.is_alive()
    sink.set_guidance(GUIDANCE, 1.0)
    sink.ring(Bell.END, 1.0)
    assert sink._commands.empty(), "what nobody takes would pile up for the rest of the sitting"
    sink.stop(1.0)


@pytest.mark.usefixtures("fake")
def test_killed_sound_process_is_replaced_by_one_in_the_same_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_sink, "_RESTART_PAUSE_S", 0.0)
    sink = ProcessSink(SETTINGS)
    sink.start()
    sink.mute(True, 0.0)
    until(lambda: sink.description == "farther")
    first = sink._process
    first.kill()
    until(lambda: sink._process is not first and sink.description == "farther")
    sink.stop(1.0)
    sink._reader.join(60)
    assert sink._process.returncode == 0


PRACTISING = Guidance(0.9, 0.9, ripple=0.9, fallback_gain=0.15)
NEUTRAL = Guidance(0.15, 0.15, BackgroundMode.NEUTRAL, immediate=True, mist=1.0)


@pytest.mark.parametrize(
    ("silent_s", "guided", "heard"),
    [
        (0.9, PRACTISING, [PRACTISING]),
        (1.0, PRACTISING, [PRACTISING, NEUTRAL]),
        (1.0, Guidance(), [Guidance(), Guidance(background=BackgroundMode.NEUTRAL, immediate=True, mist=1.0)]),
        (1.0, Guidance(background=BackgroundMode.LOST), [Guidance(background=BackgroundMode.LOST)]),
    ],
)
def test_sound_becomes_neutral_once_when_no_guidance_comes(
    monkeypatch: pytest.MonkeyPatch, silent_s: float, guided: Guidance, heard: list[Guidance]
) -> None:
    monkeypatch.setattr(process_sink, "DeviceSink", Sink)
    now = 5.0
    server = SoundServer(io.StringIO(), lambda: now)
    commands = [("open", SETTINGS.model_dump()), ("guide", asdict(guided))]
    for name, value in commands:
        server._execute(name, json.loads(json.dumps(value)))
    for _ in range(2):
        now = 5.0 + silent_s
        server.neutralize_if_silent()
    assert sinks.pop().received[1:] == heard


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_sound_process_ends_with_its_input_and_ignores_ctrl_c() -> None:
    process = subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin
        until(lambda: _ignores_interrupts(process.pid))
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        assert process.wait(60) == 0


def _ignores_interrupts(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("no /proc")
    ignored = next(line for line in status.read_text().splitlines() if line.startswith("SigIgn"))
    return bool(int(ignored.split()[1], 16) & 1 << (signal.SIGINT - 1))


def test_a_bundle_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(process_sink.sys, "frozen", True, raising=False)
    monkeypatch.setattr(process_sink.subprocess, "Popen", lambda command, **_: commands.append(command))
    process_sink._start()
    assert commands[0][:2] == [sys.executable, SOUND_PROCESS]
