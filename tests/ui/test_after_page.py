"""Tests of the page after a session: summary, timeline, decoder, notes, what if, export."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
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
from neurofeedback.formats.export.exporters import export_recording
from neurofeedback.formats.reader import find_session
from neurofeedback.recording.session_notes import NoteValue, SessionNotes, read_notes, write_notes
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
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionResult]:
    """One short sitting of the simulated meditator, with questions answered and presses."""
    folder = tmp_path_factory.mktemp("recordings")
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

    def wait_for_overview(self) -> None:
        self.bot.waitUntil(lambda: not self.after._more.isHidden(), timeout=WAIT_MS)
        assert not self.after._what_if.isVisible(), "numbers and what-if are behind Details"
        self.click("Details")

    def shown(self) -> str:
        return "\n".join(words.text() for words in self.after.findChildren(QLabel) if words.isVisible())

    def click(self, name: str) -> None:
        button = next(b for b in self.after.findChildren(QAbstractButton) if name in b.accessibleName())
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def page(qtbot: QtBot, finished: SessionResult) -> Page:
    return Page(qtbot, finished)


def test_after_page_shows_summary_lines_before_the_overview_is_read(page: Page) -> None:
    assert "You sat for 2 minutes." in page.shown()
    assert not page.after._more.isVisible()
    page.wait_for_overview()
    assert "What the program has learned about you" in page.shown()
    assert "mind-wandering index (EEG proxy)" in page.shown()
    page.bot.waitUntil(lambda: not page.after.busy, timeout=WAIT_MS)
    assert "Looking through" not in page.after._decoder_text.text()
    assert page.after._decoder_text.text()


def test_masked_session_is_shown_without_index_and_decoder(page: Page, finished: SessionResult) -> None:
    page.wait_for_overview()
    page.bot.waitUntil(lambda: not page.after.busy, timeout=WAIT_MS)
    assert finished.session_dir is not None
    page.after._show_overview(replace(read_overview(finished.session_dir), masked=True))
    assert "its index is shown after the study is unlocked" in page.shown()
    for part in (page.after._timeline, page.after._learned, page.after._report, page.after._export):
        assert not part.isVisible()
    assert not page.after._decoder_task.busy, "no summary of the decoder is read"


def test_message_is_shown_without_the_text_of_the_title(qtbot: QtBot, finished: SessionResult) -> None:
    assert finished.message == COMPLETE
    assert COMPLETE not in Page(qtbot, finished).shown()
    late = Page(qtbot, replace(finished, message=f"{COMPLETE} The headset did not keep its rate."))
    assert "The headset did not keep its rate." in late.shown().splitlines()


def test_timeline_does_not_wait_for_the_decoder_summary(
    qtbot: QtBot, finished: SessionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def learn(_session: Path, _ticket: TaskHandle) -> DecoderSummary:
        assert go.wait(30)
        return DecoderSummary("Forty answers.", "", (("alpha power", "rather higher while wandering", 0.9),))

    monkeypatch.setattr("neurofeedback.ui.pages.after_page._describe_decoder_task", learn)
    page = Page(qtbot, finished)
    page.wait_for_overview()
    assert page.after._decoder_text.text() == "Looking through what you have answered."
    go.set()
    qtbot.waitUntil(lambda: page.after._decoder_text.text() == "Forty answers.", timeout=WAIT_MS)
    assert "alpha power: rather higher while wandering (90 % sure of higher or lower)" in page.shown()


def test_overview_has_index_and_phases_at_their_times(finished: SessionResult) -> None:
    overview = read_overview(finished.session_dir)
    assert overview.duration_s == pytest.approx(120.0, abs=1.0)
    assert [span.label for span in overview.phases][:3] == ["settle", "baseline", "practice"]
    known = np.isfinite(overview.line.mwi)
    assert known.any()
    assert overview.line.times_s[known].min() > overview.phases[1].stop_s - 1
    assert (overview.line.half_width[known] >= 0).all()


def test_timeline_draws_line_and_marks(page: Page) -> None:
    page.wait_for_overview()
    drawn = page.after._timeline.grab().toImage()
    page.after._timeline.show_session(None)
    assert drawn != page.after._timeline.grab().toImage()


def test_notes_are_saved_with_the_session(page: Page, finished: SessionResult) -> None:
    page.wait_for_overview()
    saying = page.after._notes_form
    saying._note.setPlainText("Rain on the roof.")
    saying._tags.setText("morning, garden, morning, ")
    saying._condition.setCurrentText("pre")
    saying._scales["mood_after"].setCurrentIndex(4)
    page.after.save_pending()
    files = find_session(finished.session_dir)
    page.bot.waitUntil(lambda: read_notes(files).note == "Rain on the roof.", timeout=WAIT_MS)
    notes = read_notes(files)
    assert (notes.tags, notes.condition, notes.mood_after, notes.mood_before) == (("morning", "garden"), "pre", 4, None)
    assert read_overview(finished.session_dir).notes == notes


def test_notes_form_preserves_fields_it_does_not_show(page: Page) -> None:
    page.wait_for_overview()
    saying, notes = page.after._notes_form, []
    saying.changed.connect(notes.append)
    saying.show_notes(SessionNotes(substance="ketamine", minutes_since=40.0))
    saying.save()
    assert notes == []
    saying._note.setPlainText("Later.")
    saying.save()
    assert notes == [{"note": "Later."}]


def test_note_does_not_wipe_facts_entered_since_the_form_was_filled(page: Page, finished: SessionResult) -> None:
    page.wait_for_overview()
    files = find_session(finished.session_dir)
    write_notes(files, replace(read_notes(files), substance="ketamine", dose="35 mg", route="iv", eyes="closed"))
    page.after._notes_form._note.setPlainText("Entered before the facts were.")
    page.after.save_pending()
    page.bot.waitUntil(lambda: not page.after._notes_task.busy, timeout=WAIT_MS)
    notes = read_notes(files)
    assert (notes.note, notes.substance, notes.dose) == ("Entered before the facts were.", "ketamine", "35 mg")
    assert (notes.route, notes.eyes) == ("iv", "closed")
    write_notes(files, SessionNotes())


def test_page_stays_until_notes_are_saved_and_saves_them_again_after_a_failure(
    page: Page, finished: SessionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.wait_for_overview()
    left: list[bool] = []
    page.after.home.connect(lambda: left.append(True))

    def fail(*_: object) -> None:
        raise RecordingError("the notes could not be saved", got="No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("neurofeedback.ui.viewmodels.save_notes", fail)
        page.after._notes_form._note.setPlainText("Second attempt.")
        page.after._leave()
        page.bot.waitUntil(lambda: "No space left" in page.after._message.text(), timeout=WAIT_MS)
        assert "leave once more" in page.after._message.text()
        assert left == []
        page.after._toggle_discarded()
        page.bot.waitUntil(lambda: not page.after._notes_task.busy, timeout=WAIT_MS)
        assert not page.after._bin_task.busy, "a sitting whose notes are not saved is not moved"
    page.after.save_pending()
    page.bot.waitUntil(lambda: not page.after._notes_task.busy, timeout=WAIT_MS)
    assert read_notes(find_session(finished.session_dir)).note == "Second attempt."
    page.after._leave()
    assert left == [True]


def test_discarding_saves_a_note_first(page: Page, finished: SessionResult, monkeypatch: pytest.MonkeyPatch) -> None:
    page.wait_for_overview()
    go = threading.Event()

    def save_late(session: Path, changes: Mapping[str, NoteValue]) -> None:
        assert go.wait(30)
        save_notes(session, changes)

    monkeypatch.setattr("neurofeedback.ui.viewmodels.save_notes", save_late)
    discarded: list[bool] = []
    page.after.discarded.connect(discarded.append)
    page.after._notes_form._note.setPlainText("Typed just before.")
    page.click("Discard this sitting")
    assert not page.after._bin_task.busy
    go.set()
    page.bot.waitUntil(lambda: discarded == [True], timeout=WAIT_MS)
    assert "Moved to the bin." in page.after._message.text()
    page.after._discard.click()
    page.bot.waitUntil(lambda: discarded == [True, False], timeout=WAIT_MS)
    assert read_notes(find_session(finished.session_dir)).note == "Typed just before."


def test_sitting_again_waits_for_the_note_and_for_nothing_else(
    page: Page, finished: SessionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.wait_for_overview()
    go, acts = threading.Event(), []

    def save_late(session: Path, changes: Mapping[str, NoteValue]) -> None:
        assert go.wait(30)
        save_notes(session, changes)

    monkeypatch.setattr("neurofeedback.ui.viewmodels.save_notes", save_late)
    page.after.again.connect(lambda: acts.append("again"))
    page.after.home.connect(lambda: acts.append("home"))
    page.after._notes_form._note.setPlainText("Typed before sitting again.")
    page.after._again.click()
    page.after._leave()
    assert acts == []
    go.set()
    page.bot.waitUntil(lambda: acts == ["again"], timeout=WAIT_MS)
    assert read_notes(find_session(finished.session_dir)).note == "Typed before sitting again."


def test_message_is_announced_once_and_another_session_stops_the_reading(
    qtbot: QtBot, finished: SessionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[str] = []
    for module in ("announcer", "pages.after_page"):
        monkeypatch.setattr(f"neurofeedback.ui.{module}.announce", lambda *texts: announced.extend(texts))
    page = Page(qtbot, replace(finished, message="The disk is full."))
    assert [text for text in announced if "The disk is full" in text] == ["The disk is full."]
    page.after.activate(replace(finished, session_dir=None), None)
    assert not page.after._overview_task.busy


def test_what_if_replays_the_recording(page: Page) -> None:
    page.wait_for_overview()
    page.click("What if")
    page.bot.waitUntil(lambda: "would have been quiet" in page.shown(), timeout=WAIT_MS)
    assert page.after._timeline._comparison is not None


def test_what_if_with_higher_target_rate_gives_more_reward(finished: SessionResult) -> None:
    steps: list[float] = []
    often, seldom = (what_if(finished.session_dir, "default", rate, steps.append) for rate in (0.9, 0.2))
    assert often.reward_rate > seldom.reward_rate
    assert max(steps) <= 1.0
    np.testing.assert_array_equal(often.line.mwi, seldom.line.mwi)


def test_what_if_can_be_cancelled(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.wait_for_overview()
    page.click("What if")
    page.click("What if")
    assert "Cancelled." in page.shown()
    assert not page.after._what_if._job.busy


def test_export_writes_one_file(page: Page, tmp_path: Path) -> None:
    page.after._export.export("csv", tmp_path / "mine.csv")
    page.after._export.export("csv", tmp_path / "twice.csv")
    page.bot.waitUntil(lambda: "Exported to" in page.after._message.text(), timeout=WAIT_MS)
    assert (tmp_path / "mine.csv").stat().st_size > 1000
    assert not (tmp_path / "twice.csv").exists()


def test_export_adds_the_suffix_of_the_format(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "mine"), ""))
    page.after._export.choose_file("fif")
    page.bot.waitUntil(lambda: "Exported to" in page.after._message.text(), timeout=WAIT_MS)
    assert (tmp_path / "mine.fif").exists()


def test_cancelled_export_leaves_no_file(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_export_does_not_replace_an_existing_file(page: Page, tmp_path: Path) -> None:
    there = tmp_path / "mine.csv"
    there.write_text("mine")
    page.after._export.export("csv", there)
    page.bot.waitUntil(lambda: "already exists" in page.after._message.text(), timeout=WAIT_MS)
    assert there.read_text() == "mine"


def test_deleted_session_folder_is_reported_in_one_sentence(
    qtbot: QtBot, finished: SessionResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "sub-01" / "ses-1"
    page = Page(qtbot, replace(finished, session_dir=gone))
    page.bot.waitUntil(lambda: "folder is gone" in page.shown(), timeout=WAIT_MS)
    page.click("Open the folder")
    assert "not there any more" in page.shown()
    with pytest.raises(RecordingError, match="folder is gone"):
        save_notes(gone, {"note": "x"})


def test_short_sitting_is_asked_about_and_a_discarded_one_can_be_put_back(
    qtbot: QtBot, finished: SessionResult
) -> None:
    assert finished.summary is not None
    assert finished.session_dir is not None
    short = Page(qtbot, replace(finished, summary=finished.summary.model_copy(update={"duration_s": 12.0})))
    assert "It ended within a minute. Keep it?" in short.shown()
    short.click("Keep it")
    assert "Keep it?" not in short.shown()
    discarded: list[bool] = []
    short.after.discarded.connect(discarded.append)
    short.wait_for_overview()
    short.click("Discard this sitting")
    qtbot.waitUntil(lambda: discarded == [True])
    assert not finished.session_dir.exists()
    assert "Moved to the bin." in short.shown()
    short.after._discard.click()
    qtbot.waitUntil(lambda: discarded == [True, False])
    assert finished.session_dir.is_dir()
    assert "You sat for" in short.shown()


def test_report_that_a_kill_left_out_is_written_when_the_session_is_looked_at(
    qtbot: QtBot, finished: SessionResult
) -> None:
    page = Page(qtbot, finished)
    page.wait_for_overview()
    page.after.activate_past(finished, "A past session")
    qtbot.waitUntil(page.after._report.isVisible, timeout=WAIT_MS)
    assert page.after._report_path is not None
    assert page.after._report_path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    page.after._report_path.unlink()
