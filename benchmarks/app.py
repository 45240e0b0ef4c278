"""Cost of the app: time to its window and pages, share of a core in a session, memory over an hour.

Run on a quiet machine: ``python benchmarks/app.py``. Offscreen at 1024 x 640, four channels at 256 Hz, no sound device.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program sets it
os.environ["QT_LOGGING_RULES"] = "*.debug=false;qt.qpa.*=false"

import psutil
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.recording.bids_paths import find_session_stems
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import Snapshot
from neurofeedback.session.session import Session
from neurofeedback.ui.app_state import AppState, save_state
from neurofeedback.ui.main_window import AppDefaults, MainWindow, preload_progress
from neurofeedback.ui.pages.after_page import AfterPage
from neurofeedback.ui.pages.progress_page import ProgressPage
from neurofeedback.ui.preferences import Preferences, save_preferences
from neurofeedback.ui.session_bridge import SessionBridge
from neurofeedback.ui.theme import DARK

N_SESSIONS = 200
SESSION_S = 60.0
WARM_S = 15.0
VISIBLE = """
import time
began = time.perf_counter()
import sys
from pathlib import Path
from neurofeedback.cli.helpers import window
from neurofeedback.ui import main_window
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QMainWindow
def seen(self, event):
    QMainWindow.showEvent(self, event)
    QTimer.singleShot(0, lambda: (print(time.perf_counter() - began, flush=True), QApplication.quit()))
main_window.MainWindow.showEvent = seen
window.open_window(Path(sys.argv[1]))
"""


def window_visible_s(folder: Path) -> float:
    """Return the shortest of three times from the start to the first event loop turn with the window, s."""
    environment = os.environ | {"XDG_CONFIG_HOME": str(folder)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", VISIBLE, str(folder / "recordings")],
            capture_output=True, text=True, check=True, env=environment,
        ).stdout
        for _ in range(3)
    ]  # fmt: skip
    return min(map(float, runs))


def run_session(folder: Path, *, picture: str, minutes: float, fast: bool, research: bool = False) -> dict[str, float]:
    """Run a session in a real window; return its share of a core (processor time) and memory early and late, MB."""
    app = QApplication(["benchmark"])
    app.setQuitOnLastWindowClosed(False)
    latest = Snapshot()

    def update(snapshot: Snapshot, _step_s: float) -> None:
        nonlocal latest
        latest = snapshot

    save_state(folder / "app.json", AppState(claims_seen=True))
    save_preferences(folder / "settings.toml", Preferences(picture=picture))
    window = MainWindow(Session, AppDefaults(folder / "recordings", state_file=folder / "app.json"))
    window.findChild(SessionBridge).shown.connect(update)
    window.show()
    window.begin(SessionConfig("simulated:1", folder / "recordings", minutes=minutes, audio="none", seed=1, fast=fast))
    while not window.session_visible():
        QTest.qWait(20)
    if research:
        window.toggle_research()
    QTest.qWait(round(1000 * WARM_S))
    process = psutil.Process()
    early, began, used = process.memory_info().rss, time.perf_counter(), time.process_time()
    if fast:
        while window.session_visible():
            QTest.qWait(200)
    else:
        QTest.qWait(round(1000 * SESSION_S))
    share = (time.process_time() - used) / (time.perf_counter() - began)
    late = process.memory_info().rss
    window.close()
    while window.isVisible():
        QTest.qWait(50)
    return {
        "share_of_a_core": round(share, 4),
        "mb_early": early / 1e6,
        "mb_late": late / 1e6,
        "sat_s": latest.elapsed_s,
    }


def simulate_sessions(folder: Path, n_sessions: int) -> Path:
    """Simulate a session of 20 minutes and copy it under other names (samples as links); return the latest."""
    simulated = [sys.executable, "-m", "neurofeedback", "simulate", str(folder), "--minutes", "20"]
    subprocess.run(simulated, stdout=subprocess.DEVNULL, check=True)
    (stem,) = find_session_stems(folder)
    label = next(part for part in stem.split("_") if part.startswith("ses-"))
    files = [path for path in folder.rglob(f"*{label}*") if path.is_file()]
    files += [path for path in folder.rglob("*") if path.is_file() and label in str(path.parent) and path not in files]
    for number in range(1, n_sessions):
        other = f"ses-2025{1 + number // 28:02d}{1 + number % 28:02d}T090000"
        for path in files:
            copy = Path(str(path).replace(label, other))
            copy.parent.mkdir(parents=True, exist_ok=True)
            (os.link if path.suffix == ".eeg" else shutil.copyfile)(path, copy)
    (latest,) = folder.glob(f"sub-*/{label}")
    return latest


def pages_s(folder: Path) -> dict[str, float]:
    """Return the time from opening a page to its full display, with many sessions on disk, s.

    The modules of Progress are already loaded, as they are some seconds after the start.
    """
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    app = QApplication(["benchmark"])
    latest = simulate_sessions(folder / "recordings", N_SESSIONS)
    preload_progress()
    progress, after = ProgressPage(DARK), AfterPage(DARK, WaterRenderer(), ("default",))
    for place in (progress, after):
        place.resize(1024, 640)
        place.show()

    def seconds(enter: Callable[[], object], shown: Callable[[], bool]) -> float:
        began = time.perf_counter()
        enter()
        while not shown():
            app.processEvents()
            time.sleep(0.001)
        return round(time.perf_counter() - began, 3)

    def read() -> float:
        return seconds(lambda: progress.activate(folder / "recordings", "01"), lambda: not progress.busy)

    def summary() -> float:
        return seconds(lambda: after.activate(SessionResult(0, "", latest), latest), lambda: not after.busy)

    names = ("progress_first_ever", "progress_again", "after_first", "after_again")
    return dict(zip(names, (read(), read(), summary(), summary()), strict=True))


def main() -> None:
    """Print all results as JSON, or one of them in a subprocess."""
    if len(sys.argv) > 1:
        options = json.loads(sys.argv[1])
        with tempfile.TemporaryDirectory() as scratch:
            print(json.dumps(run_session(Path(scratch), **options) if options else pages_s(Path(scratch))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        figures: dict[str, object] = {
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "load_average": os.getloadavg(),
            "window_visible_s": round(window_visible_s(Path(scratch)), 3),
        }
    runs: dict[str, dict[str, object]] = {
        f"pages_s_with_{N_SESSIONS}_sittings": {},
        "water": {"picture": "water", "minutes": 3.0, "fast": False},
        "none": {"picture": "none", "minutes": 3.0, "fast": False},
        "water_and_research": {"picture": "water", "minutes": 3.0, "fast": False, "research": True},
        "an_hour": {"picture": "water", "minutes": 60.0, "fast": True},
    }
    for name, options in runs.items():
        run = subprocess.run(
            [sys.executable, __file__, json.dumps(options)], stdout=subprocess.PIPE, text=True, check=True
        )
        figures[name] = json.loads(run.stdout)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
