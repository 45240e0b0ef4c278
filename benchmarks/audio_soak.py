"""Underruns of a session through a real sound server while all cores are busy, and stalls of its window.

    python benchmarks/audio_soak.py [--minutes 10] [--load CORES] [--nice 0] [--window]

The session is the program itself (simulated meditator, terminal view) in its own process. Its sound goes to a separate
PulseAudio server with a null device. The load is a number of endless loops. With ``--window`` the session runs in the
real window, without a screen, and the steps of its event loop are measured.
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


def run_session(folder: Path, minutes: float, *, window: bool) -> tuple[dict[str, object], list[str]]:
    """Run a session; return its summary and the log lines about audio, or the line about the window."""
    command = [
        *(sys.executable, "-m", "neurofeedback", "--verbose", "train", "--headless"),
        *("--device", "simulated:1", "--minutes", str(minutes), "--recordings", str(folder / "recordings")),
    ]
    if window:
        command = [sys.executable, __file__, "--sit", str(folder), "--minutes", str(minutes)]
    own = {"PULSE_SERVER": f"unix:{folder / 'pulse.socket'}", "XDG_CONFIG_HOME": str(folder / "config")}
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **own}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    (summary,) = (folder / "recordings").rglob("*_summary.json")
    return json.loads(summary.read_text()), [
        line for line in done.stderr.splitlines() if "audio" in line or "window:" in line
    ]


def sit_in_window(folder: Path, minutes: float) -> None:
    """Run a session in the real window; print the longest steps of its event loop in practice, ms."""
    from PyQt6.QtCore import Qt, QTimer
    from PyQt6.QtWidgets import QApplication

    from neurofeedback.session.config import SessionConfig
    from neurofeedback.session.session import Session
    from neurofeedback.ui.app_state import AppState, save_state
    from neurofeedback.ui.main_window import AppDefaults, MainWindow

    app = QApplication(["benchmark"])
    app.setQuitOnLastWindowClosed(False)
    save_state(folder / "app.json", AppState(claims_seen=True))
    window = MainWindow(Session, AppDefaults(folder / "recordings", state_file=folder / "app.json"))
    window.resize(1024, 640)
    window.show()
    steps_ms: list[float] = []
    last = 0.0

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        if window.session_visible():
            steps_ms.append(1000 * (now - last))
        elif steps_ms:
            app.quit()
        last = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    window.begin(SessionConfig("simulated:1", folder / "recordings", minutes=minutes, seed=1))
    timer.start(10)
    app.exec()
    steps = np.array(steps_ms)
    print(
        f"window: {len(steps)} turns of the event loop, asked for every 10 ms; median {np.median(steps):.1f} ms, "
        f"p99 {np.quantile(steps, 0.99):.0f} ms, over 250 ms: {(steps > 250).sum()}, longest {steps.max():.0f} ms",
        file=sys.stderr,
    )
    window.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the session")
    parser.add_argument("--load", type=int, default=os.cpu_count() or 1, help="number of endless loops")
    parser.add_argument("--nice", type=int, default=0, help="niceness of these loops")
    parser.add_argument("--window", action="store_true", help="run the session in the real window")
    parser.add_argument("--sit", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sit:
        sit_in_window(options.sit, options.minutes)
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        stack.enter_context(sound_server(Path(name)))
        for _ in range(options.load):
            stack.enter_context(running(sys.executable, "-c", BUSY.format(options.nice)))
        dropouts = Dropouts(Path(name))
        stack.callback(dropouts.stop)
        dropouts.start()
        summary, lines = run_session(Path(name), options.minutes, window=options.window)
        load = os.getloadavg()
    print(*lines, sep="\n")
    print(f"load average at the end (1, 5, 15 min): {load[0]:.1f} {load[1]:.1f} {load[2]:.1f}")
    print(f"{dropouts.recorded_s:.0f} s recorded from the monitor, dropouts (s): {dropouts.silences_s or 'none'}")
    print(f"{summary['duration_s']} s of session, underruns: {summary['audio_underruns']}")


if __name__ == "__main__":
    main()
