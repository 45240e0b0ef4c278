"""Runs the window through a scripted session for the test of announcements; the argument is a scratch folder."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import LiveState, Snapshot
from neurofeedback.storage.dataset_access import restrict_recordings
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.types import Phase, StreamInfo
from neurofeedback.ui.app_state import AppDefaults, AppState, save_state
from neurofeedback.ui.main_window import MainWindow

STORED = Path(__file__).parents[1] / "data/v0_1_0/dataset"
WAIT_MS, STEP_MS = 60_000, 20


class ScriptedSession:
    """A session whose snapshots the script publishes."""

    def __init__(self, result: SessionResult) -> None:
        self.live_state = LiveState()
        self._result, self._stopped = result, False

    def start(self) -> None:
        self.live_state.publish(RUNNING)

    def stop(self) -> None:
        self._stopped = True

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        del timeout_s
        return self._result if self._stopped else None


RUNNING = Snapshot(
    status="running", stream=StreamInfo("muse-2", 256.0, ("TP9", "AF7")), phase=Phase.PRACTICE, remaining_s=500.0
)


def wait_until(there: Callable[[], bool]) -> None:
    """Wait for a condition of the window."""
    for _ in range(WAIT_MS // STEP_MS):
        if there():
            return
        QTest.qWait(STEP_MS)
    raise TimeoutError


def main(scratch: Path) -> None:
    """Ask a question, answer it, lose the headset, and end the session."""
    app = QApplication(["announcing"])
    recordings = Path(shutil.copytree(STORED, scratch / "recordings"))
    restrict_recordings(recordings)
    save_state(scratch / "app.json", AppState(device="muse-2", claims_seen=True))
    session = recordings / "sub-P1/ses-20261129T021801"
    scripted = ScriptedSession(SessionResult(0, "", session, SessionSummary(duration_s=600.0, valid_fraction=0.9)))
    window = MainWindow(lambda _: scripted, AppDefaults(recordings, state_file=scratch / "app.json"))
    window.show()
    window.begin(SessionConfig("muse-2", recordings))
    steps = (
        RUNNING,
        replace(RUNNING, question=WHERE),
        RUNNING,
        replace(RUNNING, signal_lost_s=3.0),
        RUNNING,
    )
    for step in steps:
        wait_until(window.session_visible)
        scripted.live_state.publish(step)
        wait_until(lambda step=step: window._sit._snapshot is step)
        if step.question is not None:
            window._sit._press("1")
    window.end()
    wait_until(lambda: window._after.isVisible() and not window._after._more.isHidden())
    QTest.qWait(300)
    window.close()
    del app


if __name__ == "__main__":
    os.environ["XDG_CACHE_HOME"] = str(Path(sys.argv[1]) / "cache")
    main(Path(sys.argv[1]))
