"""How long the History page takes to open, and to scroll, with 2,000 sittings.

Usage: python -m benchmarks.history [SITTINGS]

Copies the small files of one recording of the tests; the first two lines are without the cache of the history.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.ui.pages.history_page import HistoryPage

SOURCE = Path(__file__).resolve().parents[1] / "tests/data/v0_1_0/dataset"
STEM = "sub-P1_ses-20261129T021801_task-meditation"
MAX_OPEN_S, MAX_STALL_S = 0.3, 0.05


def make_dataset(root: Path, n_sessions: int) -> None:
    """Write a dataset of this many sittings, half a day apart."""
    source, old = SessionFiles.from_stem(SOURCE, STEM), "20261129T021801"
    files = [source.derived_file(name) for name in ("start.json", "summary.json")] + [source.eeg_file("events.tsv")]
    for number in range(n_sessions):
        new = f"{datetime(2024, 1, 1) + timedelta(hours=12 * number):%Y%m%dT%H%M%S}"
        for file in files:
            target = root / str(file.relative_to(SOURCE)).replace(old, new)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text(encoding="utf-8")
            target.write_text(text.replace("2026-11-29T02:18:01", f"{new[:4]}-{new[4:6]}-{new[6:8]}T09:00:00"))


def measure(n_sessions: int, report: Callable[[str], object] = print) -> bool:
    """Measure the page; return whether it is fast enough."""
    app = QApplication.instance() or QApplication(["history"])
    root, cache = Path(tempfile.mkdtemp()), tempfile.mkdtemp()
    os.environ["XDG_CACHE_HOME"] = cache
    make_dataset(root, n_sessions)
    opened_s, opened_cpu_s, first_s = [], [], []
    gaps_s: list[float] = []
    for _ in range(3):
        page = HistoryPage({})
        page.resize(1024, 640)
        page.show()
        app.processEvents()
        began, began_cpu = time.perf_counter(), time.process_time()
        page.activate(root, "P1")
        first = 0.0
        while page.table.sessions.rowCount() < n_sessions:
            before = time.perf_counter()
            app.processEvents()
            gaps_s.append(time.perf_counter() - before)
            first = first or (time.perf_counter() - began) * bool(page.table.sessions.rowCount())
            time.sleep(0.001)
        page.grab()
        first_s.append(first)
        opened_s.append(time.perf_counter() - began)
        opened_cpu_s.append(time.process_time() - began_cpu)
        while page.busy:
            QTest.qWait(5)
    longest = sorted(gaps_s, reverse=True)[:3]
    stalls_s = []
    bar = page.table.verticalScrollBar()
    for place in range(0, n_sessions, 7):
        began = time.perf_counter()
        bar.setValue(place)
        app.processEvents()  # draws the rows
        stalls_s.append(time.perf_counter() - began)
    report(f"without cache {opened_s[0]:.2f} s, of them {opened_cpu_s[0]:.2f} s of a processor")
    report(f"first sittings shown after {first_s[0]:.2f} s, longest stalls {', '.join(f'{s:.3f}' for s in longest)} s")
    report(f"opened again {max(opened_s[1:]):.2f} s, of them {max(opened_cpu_s[1:]):.2f} s of a processor")
    report(
        f"longest step while scrolling {max(stalls_s):.3f} s, middle one {sorted(stalls_s)[len(stalls_s) // 2]:.4f} s"
    )
    for folder in (root, Path(cache)):
        shutil.rmtree(folder, ignore_errors=True)
    return max(opened_s[1:]) <= MAX_OPEN_S and max(stalls_s) <= MAX_STALL_S


if __name__ == "__main__":
    sys.exit(0 if measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000) else 1)
