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
from dataclasses import replace
from pathlib import Path
from statistics import median

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program sets it
os.environ["QT_LOGGING_RULES"] = "*.debug=false;qt.qpa.*=false"

import psutil
from PyQt6.QtCore import QEventLoop, QTimer
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from neurofeedback.feedback.water_picture import PICTURES_PER_SECOND, WaterRenderer, WaterScene
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
from neurofeedback.ui.widgets.water_view import WaterView

N_SESSIONS = 200
TURNS, TURN_S = 5, 5.0
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


def run_events(seconds: float) -> None:
    """Run the event loop as the program does; a test's wait would wake up a hundred times a second."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


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
    run_events(WARM_S)
    process = psutil.Process()
    early, began, used = process.memory_info().rss, time.perf_counter(), time.process_time()
    if fast:
        while window.session_visible():
            QTest.qWait(200)
    else:
        run_events(SESSION_S)
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


class BareWindow(QWidget):
    """A window with one colour, for comparison."""

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Fill it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(DARK.window))
        painter.end()


def picture_shares() -> dict[str, float]:
    """Return the shares of a core of a bare window and of the water at the same rate, and what the water costs more.

    In turns of five seconds, each water turn beside the bare turn before it; medians. A little mist, as in a sitting.
    """
    app = QApplication(["benchmark"])
    water, bare = WaterView(WaterRenderer()), BareWindow()
    scene = WaterScene(0.4, 0.1, 30.0)
    shares: dict[str, list[float]] = {"bare": [], "water": []}
    for _ in range(TURNS):
        for name, view in (("bare", bare), ("water", water)):
            view.resize(1024, 560)
            view.show()
            app.processEvents()
            began, used, drawn = time.perf_counter(), time.process_time(), 0
            while time.perf_counter() - began < TURN_S:
                scene = replace(scene, time_s=scene.time_s + 1 / PICTURES_PER_SECOND)
                water.show_scene(scene) if view is water else bare.update()
                app.processEvents()
                drawn += 1
                time.sleep(max(0.0, began + drawn / PICTURES_PER_SECOND - time.perf_counter()))
            shares[name].append((time.process_time() - used) / (time.perf_counter() - began))
            view.hide()
    more = [water - bare for bare, water in zip(shares["bare"], shares["water"], strict=True)]
    medians = {name: median(values) for name, values in (*shares.items(), ("water_more", more))}
    return {name: round(value, 4) for name, value in medians.items()}


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
            if options == "pages":
                figures_of_run = pages_s(Path(scratch))
            elif options == "picture":
                figures_of_run = picture_shares()
            else:
                figures_of_run = run_session(Path(scratch), **options)
            print(json.dumps(figures_of_run))
        return
    with tempfile.TemporaryDirectory() as scratch:
        figures: dict[str, object] = {
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "load_average": os.getloadavg(),
            "window_visible_s": round(window_visible_s(Path(scratch)), 3),
        }
    runs: dict[str, str | dict[str, object]] = {
        f"pages_s_with_{N_SESSIONS}_sittings": "pages",
        "picture_at_the_same_rate": "picture",
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
