"""Underruns of a session through a real sound server while all cores are busy.

    python benchmarks/audio_soak.py [--minutes 10] [--load CORES] [--nice 0]

The session is the program itself (simulated meditator, terminal view) in its own process. Its sound goes to a separate
PulseAudio server with a null device. The load is a number of endless loops.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BUSY = "import os\nos.nice({})\nwhile True: pass"


@contextlib.contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def sound_server(folder: Path) -> Iterator[None]:
    socket = folder / "pulse.socket"
    command = (
        "pulseaudio",
        *("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
        "--load=module-null-sink sink_name=null rate=48000 format=float32le channels=2",
        f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
    )
    with running(*command, HOME=str(folder), XDG_RUNTIME_DIR=str(folder)):
        while not socket.exists():
            time.sleep(0.05)
        yield


class Dropouts(threading.Thread):
    """Records the server's output and finds dropouts: noise has no millisecond of zeros."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        command = ("parec", "--latency-msec=200", "-d", "null.monitor", "--format=float32le", "--rate=48000")
        environment = {**os.environ, "PULSE_SERVER": f"unix:{folder / 'pulse.socket'}"}
        self._recorder = subprocess.Popen((*command, "--channels=2"), env=environment, stdout=subprocess.PIPE)
        self.silences_s: list[float] = []
        self.recorded_s = 0.0
        self._silent_s = 0.0

    def run(self) -> None:
        """Read until the recorder ends."""
        source = self._recorder.stdout
        while source and (data := source.read(1920 * 8)):
            milliseconds = np.frombuffer(data[: len(data) // (48 * 8) * 48 * 8], "<f4").reshape(-1, 48 * 2)
            for loud in np.abs(milliseconds).max(axis=1) > 0:
                self._add_millisecond(loud=bool(loud))

    def _add_millisecond(self, *, loud: bool) -> None:
        if not loud:
            self._silent_s += 0.001
            return
        if self._silent_s and self.recorded_s:
            self.silences_s.append(round(self._silent_s, 3))
        self._silent_s = 0.0
        self.recorded_s += 0.001

    def stop(self) -> None:
        """End the recorder."""
        self._recorder.kill()
        self._recorder.wait()


def run_session(folder: Path, minutes: float) -> tuple[dict[str, object], list[str]]:
    """Run a session; return its summary and the log lines about audio."""
    command = [
        *(sys.executable, "-m", "neurofeedback", "--verbose", "train", "--headless"),
        *("--device", "simulated:1", "--minutes", str(minutes), "--recordings", str(folder / "recordings")),
    ]
    environment = {**os.environ, "PULSE_SERVER": f"unix:{folder / 'pulse.socket'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    (summary,) = (folder / "recordings").rglob("*_summary.json")
    return json.loads(summary.read_text()), [line for line in done.stderr.splitlines() if "audio" in line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the session")
    parser.add_argument("--load", type=int, default=os.cpu_count() or 1, help="number of endless loops")
    parser.add_argument("--nice", type=int, default=0, help="niceness of these loops")
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        stack.enter_context(sound_server(Path(name)))
        for _ in range(options.load):
            stack.enter_context(running(sys.executable, "-c", BUSY.format(options.nice)))
        dropouts = Dropouts(Path(name))
        stack.callback(dropouts.stop)
        dropouts.start()
        summary, lines = run_session(Path(name), options.minutes)
        load = os.getloadavg()
    print(*lines, sep="\n")
    print(f"load average at the end (1, 5, 15 min): {load[0]:.1f} {load[1]:.1f} {load[2]:.1f}")
    print(f"{dropouts.recorded_s:.0f} s recorded from the monitor, dropouts (s): {dropouts.silences_s or 'none'}")
    print(f"{summary['duration_s']} s of session, underruns: {summary['audio_underruns']}")


if __name__ == "__main__":
    main()
