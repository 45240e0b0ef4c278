"""The page after a sitting: three lines first, its course, what was learned, what a person says, what if, export."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.errors import EXIT_OK, RecordingError
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.formats.exporters import export_recording
from neurofeedback.formats.reader import find_session
from neurofeedback.recording.session_notes import SessionNotes, read_notes
from neurofeedback.report.decoder_summary import DecoderSummary
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.session import Session
from neurofeedback.texts.session_notices import COMPLETE
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.pages.after_page import AfterPage
from neurofeedback.ui.theme import DARK
from neurofeedback.ui.viewmodels import read_overview, save_notes, what_if

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionResult]:
    """One short sitting of the simulated meditator, with questions answered and presses."""
    folder = tmp_path_factory.mktemp("sat")
    request = SessionConfig(
        "simulated:4", folder, minutes=2.0, audio="none", seed=4, fast=True, probe_interval_s=12.0, profile="default"
    )
    sitting = Session(request)
    sitting.start()
    outcome = sitting.join(120.0)
    assert outcome is not None
    assert outcome.exit_code == EXIT_OK, outcome.message
    yield outcome
    shutil.rmtree(folder, ignore_errors=True)


class Page:
    def __init__(self, qtbot: QtBot, outcome: SessionResult) -> None:
        self.bot = qtbot
        self.after = AfterPage(DARK, WaterRenderer(), ("default", "fast"))
        qtbot.addWidget(self.after)
        self.after.resize(1024, 640)
        self.after.show()
        self.after.activate(outcome, outcome.session_dir)

    def told(self) -> None:
        self.bot.waitUntil(lambda: not self.after._more.isHidden(), timeout=WAIT_MS)

    def shown(self) -> str:
        return "\n".join(words.text() for words in self.after.findChildren(QLabel) if words.isVisible())

    def click(self, name: str) -> None:
        button = next(b for b in self.after.findChildren(QAbstractButton) if name in b.accessibleName())
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def page(qtbot: QtBot, sat: SessionResult) -> Page:
    return Page(qtbot, sat)


def test_lines_come_first_and_the_rest_when_it_is_read(page: Page) -> None:
    assert "You sat for 2 minutes." in page.shown()
    assert not page.after._more.isVisible()
    page.told()
    assert "What has been learned of your signs" in page.shown()
    assert "mind-wandering index (EEG proxy)" in page.shown()
    page.bot.waitUntil(lambda: not page.after.busy, timeout=WAIT_MS)
    assert "Looking through" not in page.after._decoder_text.text()
    assert page.after._decoder_text.text()


def test_a_message_is_shown_where_it_says_more_than_the_title(qtbot: QtBot, sat: SessionResult) -> None:
    assert sat.message == COMPLETE
    assert COMPLETE not in Page(qtbot, sat).shown()
    late = Page(qtbot, replace(sat, message=f"{COMPLETE} The headset did not keep its rate."))
    assert "The headset did not keep its rate." in late.shown().splitlines()


def test_the_course_does_not_wait_for_what_was_learned(
    qtbot: QtBot, sat: SessionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def learn(_session: Path, _ticket: TaskHandle) -> DecoderSummary:
        assert go.wait(30)
        return DecoderSummary("Forty answers.", "", (("alpha power", "rather higher while wandering", 0.9),))

    monkeypatch.setattr("neurofeedback.ui.pages.after_page._describe_decoder_task", learn)
    page = Page(qtbot, sat)
    page.told()
    assert page.after._decoder_text.text() == "Looking through what you have answered."
    go.set()
    qtbot.waitUntil(lambda: page.after._decoder_text.text() == "Forty answers.", timeout=WAIT_MS)
    assert "alpha power: rather higher while wandering, 90 % sure" in page.shown()


def test_the_course_has_the_index_and_the_phases_in_place(sat: SessionResult) -> None:
    told = read_overview(sat.session_dir)
    assert told.duration_s == pytest.approx(120.0, abs=1.0)
    assert [span.label for span in told.phases][:3] == ["settle", "baseline", "practice"]
    known = np.isfinite(told.line.mwi)
    assert known.any()
    assert told.line.times_s[known].min() > told.phases[1].stop_s - 1
    assert (told.line.half_width[known] >= 0).all()


def test_the_course_is_drawn(page: Page) -> None:
    page.told()
    drawn = page.after._timeline.grab().toImage()
    page.after._timeline.show_session(None)
    assert drawn != page.after._timeline.grab().toImage()


def test_what_a_person_says_is_kept_with_the_session(page: Page, sat: SessionResult) -> None:
    page.told()
    saying = page.after._notes_form
    saying._note.setPlainText("Rain on the roof.")
    saying._tags.setText("morning, garden, morning, ")
    saying._condition.setCurrentText("pre")
    saying._scales["mood_after"].setCurrentIndex(4)
    page.after.save_pending()
    files = find_session(sat.session_dir)
    page.bot.waitUntil(lambda: read_notes(files).note == "Rain on the roof.", timeout=WAIT_MS)
    said = read_notes(files)
    assert (said.tags, said.condition, said.mood_after, said.mood_before) == (("morning", "garden"), "pre", 4, None)
    assert read_overview(sat.session_dir).notes == said


def test_what_is_not_asked_here_stays_as_it_was_said(page: Page) -> None:
    page.told()
    saying, said = page.after._notes_form, []
    saying.changed.connect(said.append)
    saying.show_notes(SessionNotes(substance="ketamine", minutes_since=40.0))
    saying.save()
    assert said == []
    saying._note.setPlainText("Later.")
    saying.save()
    assert said == [SessionNotes(note="Later.", substance="ketamine", minutes_since=40.0)]


def test_what_if_is_computed_from_the_recording(page: Page) -> None:
    page.told()
    page.click("What if")
    page.bot.waitUntil(lambda: "would have been quiet" in page.shown(), timeout=WAIT_MS)
    assert page.after._timeline._other is not None


def test_more_quiet_asked_for_gives_more_quiet(sat: SessionResult) -> None:
    steps: list[float] = []
    often, seldom = (what_if(sat.session_dir, "default", rate, steps.append) for rate in (0.9, 0.2))
    assert often.reward_rate > seldom.reward_rate
    assert max(steps) <= 1.0
    np.testing.assert_array_equal(often.line.mwi, seldom.line.mwi)


def test_what_if_can_be_cancelled(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.told()
    page.click("What if")
    page.click("What if")
    assert "Cancelled." in page.shown()
    assert not page.after._what_if._job.busy


def test_a_session_exports(page: Page, tmp_path: Path) -> None:
    page.after._export.export("csv", tmp_path / "mine.csv")
    page.after._export.export("csv", tmp_path / "twice.csv")
    page.bot.waitUntil(lambda: "Exported to" in page.after._message.text(), timeout=WAIT_MS)
    assert (tmp_path / "mine.csv").stat().st_size > 1000
    assert not (tmp_path / "twice.csv").exists()


def test_a_name_without_an_ending_gets_the_formats_own(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "mine"), ""))
    page.after._export.choose_file("fif")
    page.bot.waitUntil(lambda: "Exported to" in page.after._message.text(), timeout=WAIT_MS)
    assert (tmp_path / "mine.fif").exists()


def test_an_export_can_be_cancelled_and_leaves_nothing(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go, ended = threading.Event(), threading.Event(), threading.Event()

    def work(session: Path, to: str, out: Path, ticket: TaskHandle) -> list[Path]:
        def step(share: float) -> None:
            reached.set()
            assert go.wait(30)
            ticket.report_progress(share)

        try:
            return export_recording(session, to, out, progress=step)
        finally:
            ended.set()

    monkeypatch.setattr("neurofeedback.ui.widgets.export_button._export_task", work)
    button = page.after._export
    button.export("edf", tmp_path / "mine.edf")
    assert reached.wait(30)
    assert button.accessibleName() == "Cancel: Export"
    page.click("Cancel: Export")
    go.set()
    assert ended.wait(30)
    assert "Cancelled." in page.after._message.text()
    assert (button.text(), button.busy) == ("&Export", False)
    assert button.menu() is not None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_replaced(page: Page, tmp_path: Path) -> None:
    there = tmp_path / "mine.csv"
    there.write_text("mine")
    page.after._export.export("csv", there)
    page.bot.waitUntil(lambda: "there already" in page.after._message.text(), timeout=WAIT_MS)
    assert there.read_text() == "mine"


def test_a_folder_deleted_while_open_is_said_in_one_sentence(
    qtbot: QtBot, sat: SessionResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "sub-01" / "ses-1"
    page = Page(qtbot, replace(sat, session_dir=gone))
    page.bot.waitUntil(lambda: "is there no" in page.shown() or "no recording at" in page.shown(), timeout=WAIT_MS)
    page.click("Open the folder")
    assert "not there any more" in page.shown()
    with pytest.raises(RecordingError, match="folder is gone"):
        save_notes(gone, SessionNotes(note="x"))
