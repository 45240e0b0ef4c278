"""Tests of the import button: file dialog, progress, cancel, and errors in one sentence."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.formats.reader import open_recording
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.pages.progress_page import ProgressPage
from neurofeedback.ui.theme import DARK
from tests.helpers import import_recording

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
WAIT_MS = 60_000
SFREQ, SECONDS = 250, 4


@pytest.fixture
def place(qtbot: QtBot, tmp_path: Path) -> ProgressPage:
    made = ProgressPage(DARK)
    qtbot.addWidget(made, before_close_func=lambda place: place.cancel())
    made.resize(1024, 640)
    made.show()
    made.activate(tmp_path / "recordings", "07")
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plain CSV as this program exports it."""
    rows = np.random.default_rng(2).normal(0, 20, (SFREQ * SECONDS, 2))
    lines = [f"{at / SFREQ:.9f},{a:.6f},{b:.6f}," for at, (a, b) in enumerate(rows)]
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(["time_s,Fz (uV),Pz (uV),marks", *lines]) + "\n")
    return path


def shown(place: ProgressPage) -> str:
    return "\n".join(words.text() for words in place.findChildren(QLabel) if words.isVisible())


def test_chosen_recording_is_imported_and_counted(
    place: ProgressPage, file: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    qtbot.waitUntil(lambda: "No sitting yet" in shown(place), timeout=WAIT_MS)
    qtbot.mouseClick(place.import_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Imported: ses-" in shown(place), timeout=WAIT_MS)
    (session,) = (tmp_path / "recordings" / "sub-07").glob("ses-*")
    assert open_recording(session).n_samples == SFREQ * SECONDS
    summary = place.import_button.summary
    assert summary is not None
    assert "sampling rate" in summary.text()
    assert "2: Fz, Pz" in summary.text()
    summary.close()
    qtbot.waitUntil(lambda: "No sitting yet" not in shown(place) and not place._bar.isVisible(), timeout=WAIT_MS)


def test_import_without_a_chosen_file_does_nothing(
    place: ProgressPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    qtbot.keyClick(place.import_button, Qt.Key.Key_Space)
    assert not place.import_button.busy


def test_import_of_another_file_is_refused_with_one_sentence(place: ProgressPage, qtbot: QtBot, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ana,\n")
    place.import_button.import_file(letter)
    qtbot.waitUntil(lambda: "letter.txt" in place._message.text(), timeout=WAIT_MS)
    assert place.import_button.text() == "&Import a recording"
    assert not list((tmp_path / "recordings").rglob("*.eeg"))


def test_cancelled_import_leaves_no_session(
    place: ProgressPage, file: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work(source: Path, recordings: Path, participant: str, ticket: TaskHandle) -> Path:
        def step(share: float) -> None:
            reached.set()
            assert go.wait(30)
            ticket.report_progress(share)

        try:
            return import_recording(source, recordings, participant=participant, progress=step).raw
        finally:
            ended.set()

    monkeypatch.setattr("neurofeedback.ui.widgets.import_button._import_task", work)
    place.import_button.import_file(file)
    place.import_button.import_file(file)
    assert reached.wait(30)
    assert place.import_button.text().startswith("&Cancel, ")
    qtbot.keyClick(place.import_button, Qt.Key.Key_Space)
    go.set()
    assert ended.wait(30)
    assert place._message.text() == "Cancelled."
    assert not place.import_button.busy
    assert not list((tmp_path / "recordings").glob("sub-*/ses-*"))
    assert not list((tmp_path / "recordings").glob(".*"))
