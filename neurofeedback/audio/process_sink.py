"""Sound output in a separate process, which a busy program cannot delay.

Python runs one thread at a time, and on a busy machine that thread may be paused for a third of a second. Commands
go to the process as JSON lines on its input, its status comes back on its output. When its input ends, it fades out,
so a killed program leaves no sound behind. When no guidance comes for a second, as from a program that stands still,
the process itself makes the sound neutral. When the process ends by itself, another one takes its place.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, TextIO

from neurofeedback.audio import SOUND_PROCESS
from neurofeedback.audio.device_sink import WATCH_S, DeviceSink
from neurofeedback.audio.sink import Bell, Sink
from neurofeedback.audio.voice import Utterance
from neurofeedback.errors import SourceError
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import BackgroundMode, Guidance

log = logging.getLogger(__name__)

MODULE = "neurofeedback.audio.process_sink"
_OPEN_TIMEOUT_S = 30.0
_MAX_RESTARTS = 5
_RESTART_PAUSE_S = 0.2

GUIDANCE_TIMEOUT_S = 1.0
"""Time without guidance after which the sound becomes neutral, s."""

_WATCHES_PER_STATUS = 10
_MOMENTARY = frozenset({"ring", "breathe", "speak", "hush"})  # not repeated to another process


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """What the sound process reports of its output, whenever it changes."""

    description: str
    underruns: int = 0


@dataclass(frozen=True, slots=True)
class OpenFailure:
    """The four parts of the error for which the output cannot be opened."""

    what: str
    got: str = ""
    allowed: str = ""
    todo: str = ""


def format_report(report: SinkStatus | OpenFailure) -> str:
    """Return a report of the sound process as one line of JSON.

    Examples
    --------
    >>> parse_report(format_report(OpenFailure("no device"))), format_report(SinkStatus("loud", 2))
    (OpenFailure(what='no device', got='', allowed='', todo=''), '{"description": "loud", "underruns": 2}')
    """
    content = asdict(report)
    return json.dumps({"error": content} if isinstance(report, OpenFailure) else content)


def parse_report(line: str) -> SinkStatus | OpenFailure:
    """Return the report that ``format_report`` wrote."""
    content = json.loads(line)
    return OpenFailure(**content["error"]) if "error" in content else SinkStatus(**content)


class ProcessSink:
    """A `DeviceSink` in another process, which is replaced if it ends. Every method only puts a command on a queue.

    Parameters
    ----------
    settings : AudioSettings
        Sounds, levels, device, sampling rate and buffer.

    Raises
    ------
    SourceError
        There is no device, or the process cannot be started.
    """

    def __init__(self, settings: AudioSettings) -> None:
        self._status = SinkStatus(tr(sound.PROCESS_ENDED))
        self._commands: queue.SimpleQueue[tuple[str, object] | None] = queue.SimpleQueue()
        self._opening: dict[str, object] = {"open": settings.model_dump()}
        self._ended = False
        self._opened = False
        self._stopping = threading.Event()
        self._pipe_lock = threading.Lock()
        self._process = _start()
        self._answers: queue.SimpleQueue[SinkStatus | OpenFailure] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="sound-status", daemon=True)
        self._writer = threading.Thread(target=self._write, name="sound-commands", daemon=True)
        self._reader.start()
        self._writer.start()
        self._commands.put(("open", settings.model_dump()))
        self._wait_until_open()

    @property
    def description(self) -> str:
        """The output that plays now."""
        return self._status.description

    @property
    def underruns(self) -> int:
        """Number of underruns since the device ran steadily."""
        return self._status.underruns

    def start(self) -> None:
        """Start with the background sound alone."""
        self._put("start")

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Play this guidance from the next buffer on."""
        self._put("guide", asdict(guidance))

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell in the next buffer."""
        self._put("ring", bell)

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        """Sound the breath that begins in the next buffer; None ends the sound of the one before."""
        self._put("breathe", turn and asdict(turn))

    def speak(self, utterance: Utterance, at_s: float) -> None:
        """Say something as soon as it is loaded, after what is being said."""
        self._put("speak", asdict(utterance))

    def hush(self, at_s: float) -> None:
        """End what is being said, and what waits."""
        self._put("hush", None)

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Play louder than the settings by this many dB."""
        self._put("volume", volume_db)

    def mute(self, on: bool, at_s: float) -> None:
        """Switch silence on or off."""
        self._put("mute", on)

    def set_background(self, background: str, at_s: float) -> None:
        """Crossfade to another background sound as soon as it is made."""
        self._put("background", background)

    def stop(self, at_s: float) -> None:
        """Fade out and end; returns at once, and the process ends when it is silent."""
        self._stopping.set()
        self._commands.put(None)

    def _put(self, name: str, value: object = None) -> None:
        if name not in _MOMENTARY:
            self._opening[name] = value
        if not self._ended:  # else the queue would only grow
            self._commands.put((name, value))

    def _wait_until_open(self) -> None:
        try:
            answer = self._answers.get(timeout=_OPEN_TIMEOUT_S)
        except queue.Empty:
            answer = _failure("the sound process does not answer")
        if isinstance(answer, OpenFailure):
            self._commands.put(None)
            self._writer.join(_OPEN_TIMEOUT_S)
            self._reader.join(_OPEN_TIMEOUT_S)
            raise SourceError(answer.what, got=answer.got, allowed=answer.allowed, todo=answer.todo)
        self._opened = True

    def _read(self) -> None:
        """Read the reports of one process after the other."""
        self._read_reports()
        for _ in range(_MAX_RESTARTS):
            if not self._opened or self._stopping.wait(_RESTART_PAUSE_S) or not self._restart():
                break
            self._read_reports()
        self._ended = True
        self._answers.put(_failure("the sound process ended"))
        self._commands.put(None)

    def _restart(self) -> bool:
        """Start another process in the state of the one that ended; return whether it could be started."""
        log.warning("the sound process ended with code %s and is started again", self._process.returncode)
        with self._pipe_lock:
            self._close_pipe()
            try:
                self._process = _start()
            except SourceError as error:
                log.warning("%s", error)
                return False
            for command in list(self._opening.items()):
                self._send(command)
        return True

    def _read_reports(self) -> None:
        with self._process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                answer = parse_report(line)
                if isinstance(answer, SinkStatus):
                    self._status = answer
                self._answers.put(answer)
        self._status = replace(self._status, description=tr(sound.PROCESS_ENDED))
        self._process.wait()

    def _write(self) -> None:
        while (command := self._commands.get()) is not None:
            with self._pipe_lock:
                self._send(command)
        with self._pipe_lock:
            self._close_pipe()

    def _close_pipe(self) -> None:
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def _send(self, command: tuple[str, object]) -> None:
        with contextlib.suppress(OSError):  # the process is gone, which `_read` notices
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._process.stdin.write(json.dumps(command) + "\n")
                self._process.stdin.flush()


def _failure(got: str) -> OpenFailure:
    todo = "start the sitting again, or pass --audio none or --audio FILE.wav"
    return OpenFailure("the sound cannot be opened", got=got, todo=todo)


def _start() -> subprocess.Popen[str]:
    frozen = getattr(sys, "frozen", False)
    module = [SOUND_PROCESS] if frozen else ["-P", "-m", MODULE]  # -P: runs no module of the current folder
    command = [sys.executable, *module]
    if log.isEnabledFor(logging.DEBUG):
        command.append("--verbose")
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    except OSError as error:
        raise SourceError("the sound process cannot be started", got=error, todo="pass --audio none") from error


class SoundServer:
    """The sound process: executes commands, reports changes of its status, and is neutral without guidance.

    Parameters
    ----------
    out : TextIO
        Receives the reports.
    clock : callable
        Monotonic clock, s.
    """

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._guided: tuple[Guidance, float] | None = None
        self._guidance_lock = threading.Lock()
        self._sink: Sink | None = None
        self._last_status: SinkStatus | None = None
        self._ended = threading.Event()

    def serve(self, lines: Iterable[str]) -> None:
        """Execute commands until the lines end."""
        reporter = threading.Thread(target=self._watch_regularly, daemon=True)
        reporter.start()
        for line in lines:
            name, value = json.loads(line)
            if not self._execute(name, value):
                break
        self._ended.set()
        reporter.join()
        if self._sink is not None:
            self._sink.stop(0.0)

    def _execute(self, name: str, value: Any) -> bool:
        if name == "open":
            return self._open(AudioSettings.model_validate(value))
        sink = self._sink
        if sink is None:
            return False
        match name:
            case "start":
                sink.start()
            case "guide":
                guidance = Guidance(**{**value, "background": BackgroundMode(value["background"])})
                with self._guidance_lock:
                    self._guided = guidance, self._clock()
                    sink.set_guidance(guidance, 0.0)
            case "ring" | "breathe" | "speak" | "hush":
                _play_once(sink, name, value)
            case "volume":
                sink.set_volume_db(value, 0.0)
            case "mute":
                sink.mute(value, 0.0)
            case "background":
                sink.set_background(value, 0.0)
        return True

    def _open(self, settings: AudioSettings) -> bool:
        try:
            self._sink = DeviceSink(settings)
        except SourceError as error:
            self._send(OpenFailure(error.what, str(error.got), error.allowed, error.todo))
            return False
        self._send_status()
        return True

    def _watch_regularly(self) -> None:
        n_watches = 0
        while not self._ended.wait(WATCH_S / _WATCHES_PER_STATUS):
            self.neutralize_if_silent()
            n_watches += 1
            if n_watches % _WATCHES_PER_STATUS == 0:
                self._send_status()
        self._send_status()

    def neutralize_if_silent(self) -> None:
        """Make the sound neutral, if no guidance has come for ``GUIDANCE_TIMEOUT_S``."""
        with self._guidance_lock:
            if self._guided is None or self._sink is None or self._clock() - self._guided[1] < GUIDANCE_TIMEOUT_S:
                return
            guidance, self._guided = self._guided[0], None
            if guidance.background is not BackgroundMode.LOST:
                gain = guidance.fallback_gain
                neutral = Guidance(gain, gain, BackgroundMode.NEUTRAL, immediate=True, mist=1.0)
                self._sink.set_guidance(neutral, 0.0)

    def _send_status(self) -> None:
        sink = self._sink
        if sink is None:
            return
        now = SinkStatus(sink.description, sink.underruns)
        if now != self._last_status:
            self._last_status = now
            self._send(now)

    def _send(self, report: SinkStatus | OpenFailure) -> None:
        with contextlib.suppress(OSError):  # the program has ended
            self._out.write(format_report(report) + "\n")
            self._out.flush()


def _play_once(sink: Sink, name: str, value: Any) -> None:
    match name:
        case "ring":
            sink.ring(Bell(value), 0.0)
        case "breathe":
            sink.breathe(None if value is None else Turn(**value), 0.0)
        case "speak":
            sink.speak(Utterance(**value), 0.0)
        case _:
            sink.hush(0.0)


def main(arguments: list[str]) -> None:
    """Serve on the standard streams; Ctrl-C is for the program that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    level = logging.DEBUG if "--verbose" in arguments else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("neurofeedback").setLevel(level)
    SoundServer(sys.stdout).serve(sys.stdin)


if __name__ == "__main__":
    main(sys.argv[1:])
