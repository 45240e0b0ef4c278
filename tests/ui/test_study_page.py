"""The experimenter's page, and masked sessions in the window: each step in its turn, and nothing that shows the arm."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from neurofeedback.cli.helpers.window import session_with_report
from neurofeedback.errors import EXIT_RECORDING
from neurofeedback.recording.facts.form_records import read_form
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import Snapshot
from neurofeedback.session.outputs.masked_output import masked_frame
from neurofeedback.study import sealing
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.enrolment import EnrolmentRequest, enrol, unlock
from neurofeedback.study.guesses import read_guesses
from neurofeedback.study.protocol_lock import read_lock
from neurofeedback.texts import sit
from neurofeedback.ui.app_state import AppState, StudyOpening, load_state
from neurofeedback.ui.study.study_page import StudyPage
from neurofeedback.ui.study.visit_dialogs import ConfirmDialog, GuessDialog, VisitFormDialog
from tests.helpers import ROOT
from tests.ui.test_main_window import Open, Room, frame, moment, open_room  # noqa: F401 - a fixture

sys.path.insert(0, str(ROOT / "tests" / "study"))

from study_files import BY, add_session, frozen_study

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
TODAY = date.today()
CHANGES = (
    ('["expectancy"]', '["expectancy"]\nforms_after = ["difficult"]\nask_guess = true'),
    ('programme = "study-20-minutes.toml"\nforms_before = ["sleepiness"]\nask_guess', "ask_guess"),
    ("last = 999", "last = 20"),
)


@pytest.fixture(scope="module")
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("user")


@pytest.fixture(autouse=True)
def own_folders(user_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(user_folder / "cache"))
    monkeypatch.setattr(sealing, "user_folder", lambda: user_folder)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, user_folder: Path) -> Path:
    """A masked crossover with three people: 07 has no visit yet, 08 is late for a1, 09 is too early for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "user_folder", lambda: user_folder)
        folder = tmp_path_factory.mktemp("study")
        root = frozen_study(folder / "data", "crossover", *CHANGES)
        allocate(root, "A", folder / "keeper", by="keeper", random=Random(2))
        install_allocation(root, folder / "keeper", by=BY)
        for number in ("07", "08", "09"):
            enrol(root, EnrolmentRequest(number, {}, "v1", BY))
        add_session(root, "08", str(TODAY - timedelta(days=9)), "run-in")
        add_session(root, "09", str(TODAY - timedelta(days=1)), "run-in")
        return root


@pytest.fixture
def room(open_room: Open, template: Path, tmp_path: Path, qtbot: QtBot) -> Room:  # noqa: F811
    """Return a window on the page of the study."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    found = open_room(SessionResult(0, "", tmp_path / "sub-07" / "ses-x", SessionSummary(duration_s=600.0)))
    found.button("Study").click()
    qtbot.waitUntil(lambda: not page_of(found).busy)
    return found


def page_of(room: Room) -> StudyPage:
    page = room.window._study
    assert page is not None
    return page


def choose(page: StudyPage, participant: str) -> None:
    (at,) = [at for at in range(page.people.rowCount()) if page.people.item(at, 0).text() == participant]
    page.people.selectRow(at)


def confirm(page: StudyPage, number: str, why: str = "") -> ConfirmDialog:
    page.next_button.click()
    dialog = page.dialog
    assert isinstance(dialog, ConfirmDialog)
    dialog.number.setText(number)
    dialog.why.setText(why)
    return dialog


def answer_form(page: StudyPage, qtbot: QtBot) -> VisitFormDialog:
    dialog = page.dialog
    assert isinstance(dialog, VisitFormDialog)
    for box in dialog.tab.boxes.values():
        box.setCurrentIndex(1)
    dialog.tab.save.click()
    qtbot.waitUntil(dialog.finish.isVisible)
    dialog.finish.click()
    return dialog


def answer_guess(page: StudyPage, qtbot: QtBot) -> None:
    page.next_button.click()
    dialog = page.dialog
    assert isinstance(dialog, GuessDialog)
    assert not dialog.save.isEnabled()
    dialog.guess.setCurrentIndex(3)
    dialog.sure.setCurrentIndex(5)
    assert not dialog.save.isEnabled(), "who does not know is asked to choose"
    dialog.forced.setCurrentIndex(2)
    dialog.save.click()
    qtbot.waitUntil(lambda: not dialog.isVisible() and not page.busy)


def test_home_leads_to_a_study_only_where_there_is_one(open_room: Open, room: Room) -> None:  # noqa: F811
    assert "Study breath-crossover" in room.shown()
    shutil.rmtree(page_of(room).opening.base.recordings / "code")
    page_of(room).left.emit()
    assert room.place is room.window._home
    assert not room.window._home._study.isVisible()


def test_people_stand_by_urgency_with_what_is_due(room: Room) -> None:
    page = page_of(room)
    rows = [[page.people.item(at, k).text() for k in range(3)] for at in range(page.people.rowCount())]
    last = TODAY - timedelta(days=5)
    assert rows[0] == ["08", "2 of 5 (a1)", f"late since {last.day} {last:%b}"]
    assert rows[1] == ["07", "1 of 5 (run-in)", "first visit, any day"]
    assert rows[2][:2] == ["09", "2 of 5 (a1)"]
    assert rows[2][2].startswith("from ")
    assert "2 of 3 people can be recorded today" in room.shown()
    choose(page, "07")
    shown = room.shown()
    assert "Read this aloud: Follow your breath" in shown
    assert "→  Form before: expectancy" in shown
    assert "You guess it too, without the participant" in shown
    assert "Headset: Muse 2" in shown


def test_only_the_right_number_goes_on_and_a_deviation_needs_a_reason(room: Room) -> None:
    page = page_of(room)
    choose(page, "09")
    dialog = confirm(page, "08", "holiday")
    assert not dialog.begin.isEnabled()
    assert "not the person you chose (09)" in dialog.message.text()
    dialog.number.setText("9")
    assert dialog.begin.isEnabled()
    dialog.why.setText("  ")
    assert not dialog.begin.isEnabled()
    words = "\n".join(line.text() for line in dialog.findChildren(QLabel))
    assert "too early" in words
    dialog.reject()
    assert room.requests == []


def test_a_visit_goes_from_the_form_to_the_guess(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    page = page_of(room)
    choose(page, "07")
    confirm(page, "7").begin.click()
    answer_form(page, qtbot)
    assert "✓  Form before: expectancy" in room.shown()
    assert page.next_button.text() == "&Next: headset and sitting"
    page.next_button.click()
    qtbot.waitUntil(lambda: bool(room.requests))
    (config,) = room.requests
    assert (config.participant, config.device, config.wait_for_fit) == ("07", "muse-2", True)
    assert config.study is not None
    assert (config.study.feedback, config.settings_overrides) == (False, ())
    qtbot.waitUntil(room.window.session_visible)
    files = add_session(tmp_path, "07", str(TODAY), "run-in", clock="00:00:00")
    session = files.session_label.removeprefix("ses-")
    room.sitting.outcome = SessionResult(0, "", files.raw, SessionSummary(duration_s=600.0, valid_fraction=0.9))
    room.sitting.stop()
    qtbot.waitUntil(lambda: room.place is page and not page.busy)
    assert "The sitting is over. Recorded for 10 minutes. 90 % of it had a usable signal." in room.shown()
    assert "to finish today" in room.shown()
    (before,) = read_form(tmp_path, "expectancy")
    assert (before.answers.visit, before.answers.when, before.session) == ("run-in", "before", session)
    page.next_button.click()  # the person is still confirmed
    answer_form(page, qtbot)
    (after,) = read_form(tmp_path, "difficult")
    assert (after.answers.when, after.session) == ("after", session)
    answer_guess(page, qtbot)
    answer_guess(page, qtbot)
    assert [(one.guesser, one.forced, one.sure) for one in read_guesses(tmp_path)] == [
        ("participant", "sham", 4),
        ("experimenter", "sham", 4),
    ]
    assert not page.next_button.isEnabled()
    assert page.next_button.text() == "This visit is done"
    assert load_state(room.path).last_sitting == ""
    page.again_button.click()
    assert isinstance(page.dialog, ConfirmDialog)
    assert "recorded before" in "\n".join(line.text() for line in page.dialog.findChildren(QLabel))
    page.dialog.reject()
    assert "✓  Sitting" in room.shown()


def test_a_form_can_be_left_out_which_is_logged(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    page = page_of(room)
    choose(page, "07")
    confirm(page, "07").begin.click()
    dialog = page.dialog
    assert isinstance(dialog, VisitFormDialog)
    next(iter(dialog.tab.boxes.values())).setCurrentIndex(1)
    dialog.reject()
    assert dialog.isVisible(), "answers are not dropped at once"
    dialog.leave_out.click()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert "✓  Form before: expectancy" in room.shown()
    log = (tmp_path / "derivatives" / "neurofeedback" / "log" / "changes.jsonl").read_text(encoding="utf-8")
    assert "left out by the experimenter" in log


def open_masked(room: Room, qtbot: QtBot) -> None:
    """Begin the masked session of 08."""
    page = page_of(room)
    choose(page, "08")
    page._confirmed, page._deviation = ("08", "a1"), "ill"
    page.next_button.click()
    qtbot.waitUntil(lambda: not page.busy)
    assert page.message.text() == ""


@pytest.fixture
def masked_room(room: Room, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Return a window in which a masked session runs."""
    monkeypatch.setattr("neurofeedback.study.masked.visit._run_in_series", lambda *_: np.zeros(100))
    monkeypatch.setattr("tests.ui.test_main_window.moment", masked_moment)  # what the sitting shows
    room.window.toggle_research()
    assert room.window._research is not None
    open_masked(room, qtbot)
    qtbot.waitUntil(room.window.session_visible)
    return room


def masked_moment(**changes: object) -> Snapshot:
    own = frame(ripple=0.9, mist=0.3)
    return moment(
        masked=True, frame=masked_frame(own), index_history=np.full(50, np.nan, np.float32),
        model_text="The guidance follows what studies suggest.", **changes,
    )  # fmt: skip


def test_masked_session_shows_neither_index_nor_feedback_anywhere(masked_room: Room) -> None:
    room, window = masked_room, masked_room.window
    (config,) = room.requests
    assert config.is_masked
    assert window._research is None, "the researcher's window was closed"
    for act in (window._sit.toggle_status, window._sit.toggle_controls, window._sit.research.emit):
        act()
    window.show_snapshot(masked_moment(elapsed_s=104.0), 0.1)
    assert window._research is None, "nor opened again"
    shown = room.shown()
    assert "Stay with the breath." in shown
    assert "● TP9" in shown
    assert "Signal 90 % now" in shown
    for words in ("index", "42", "Calm water", "Ripples", "Mist", "guidance", "follow you", sit.TARGET_RATE):
        assert words not in shown, words
    assert not window._sit._status._index.isVisible()
    buttons = [one.text() for one in window._sit.findChildren(QPushButton) if one.isVisible()]
    assert not {sit.RESEARCH, *sit.COMPARE_WITH.values()} & set(buttons)
    assert (window._sit._scene.ripple, window._sit._scene.mist) == (0.0, 0.0)
    assert window.windowTitle() == "Neurofeedback"
    announced = " ".join(window._announcer.last)
    assert not any(word in announced for word in ("Calm", "Ripples", "index", "sham"))


def test_masked_session_ends_on_the_page_of_the_study_with_one_plain_message(
    masked_room: Room, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    room = masked_room
    room.window.show_snapshot(masked_moment(volume_db=-9.0), 0.1)
    error = "the recording cannot be written: free disk space. What was recorded is in sub-08."
    room.sitting.outcome = SessionResult(EXIT_RECORDING, error)
    room.sitting.stop()
    page = page_of(room)
    qtbot.waitUntil(lambda: room.place is page and not page.busy)
    assert page.message.text() == f"The sitting could not go on. {error}"
    assert room.window.exit_code == EXIT_RECORDING
    assert load_state(room.path).volume_db == 0.0
    everything = f"{room.shown()} {caplog.text} {' '.join(room.window._announcer.last)}"
    assert not any(word in everything for word in ("real-first", "sham-first", "selected"))


def test_lost_key_is_one_message_before_anything_is_recorded(
    room: Room, qtbot: QtBot, user_folder: Path, tmp_path: Path
) -> None:
    page = page_of(room)
    choose(page, "08")
    page._confirmed, page._deviation = ("08", "a1"), "ill"
    path = sealing.key_path(read_lock(tmp_path).sha256, "A")
    hidden = path.rename(path.with_suffix(".away"))
    try:
        page.next_button.click()
        qtbot.waitUntil(lambda: not page.busy)
    finally:
        hidden.rename(path)
    assert "the run key of this site is missing or damaged" in page.message.text()
    assert room.requests == []
    assert page.next_button.isEnabled()
    log = (tmp_path / "derivatives" / "neurofeedback" / "log" / "changes.jsonl").read_text(encoding="utf-8")
    assert "recorded late" not in log


def test_session_that_broke_off_is_completed_and_stays_masked(
    room: Room, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurofeedback.recording.recovery.recover_sessions", lambda root: [root / "derivatives"])
    page = page_of(room)
    page.activate()
    qtbot.waitUntil(lambda: not page.busy)
    assert page.message.text().startswith("A sitting that broke off was completed")
    assert page.message.text().endswith("it stays masked.")


def test_unlocked_study_records_no_masked_session(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    unlock(tmp_path, by=BY, why="end")
    page = page_of(room)
    choose(page, "08")
    page._confirmed, page._deviation = ("08", "a1"), "ill"
    page.next_button.click()
    qtbot.waitUntil(lambda: not page.busy)
    assert "the study is unlocked" in page.message.text()


def test_command_line_opens_the_page_with_person_and_reason(
    open_room: Open,  # noqa: F811
    template: Path,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    window = open_room(choices=AppState(claims_seen=True)).window
    base = SessionConfig("", tmp_path, audio="none", fast=True)
    window._show_study(StudyOpening(base, "9", "a1", "ill"))
    page = window._study
    assert page is not None
    qtbot.waitUntil(lambda: not page.busy)
    status = page.chosen_visit
    assert status is not None
    assert (status.participant, status.visit.name) == ("09", "a1")
    assert not page.next_button.isEnabled(), "without a headset nothing is recorded"
    page.show_device("simulated:7", "")
    dialog = confirm(page, "09", "ill")
    assert dialog.deviation == "ill"
    dialog.reject()
    window._show_study(StudyOpening(base, "19"))
    page = window._study
    assert page is not None
    qtbot.waitUntil(lambda: not page.busy)
    assert page.message.text() == "Nobody is enrolled under the number 19."


def test_real_masked_sitting_in_the_window_tells_nothing(
    open_room: Open,  # noqa: F811
    template: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "neurofeedback")
    monkeypatch.setattr("neurofeedback.study.masked.visit._run_in_series", lambda *_: np.sin(np.arange(200.0)))
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    room = open_room(choices=AppState(claims_seen=True), launch=session_with_report)
    base = SessionConfig("simulated:7", tmp_path, minutes=0.3, audio="none", seed=3, fast=True)
    room.window._show_study(StudyOpening(base, "08", "a1", "ill"))
    room.window._sit.toggle_status()
    page = page_of(room)
    qtbot.waitUntil(lambda: not page.busy)
    shown: list[str] = []
    room.window._bridge.shown.connect(lambda *_: shown.append(room.shown()))
    confirm(page, "8", "ill").begin.click()
    qtbot.waitUntil(lambda: "The sitting is over." in page.message.text() and not page.busy)
    assert "The session is masked" in page.message.text()
    assert "✓  Sitting" in room.shown()
    (sealed,) = tmp_path.rglob("*_played.sealed")
    assert sealed.stat().st_size > 0
    assert list(tmp_path.rglob("*report*")) == []
    everything = " ".join((*shown, room.shown(), caplog.text, *room.window._announcer.last)).lower()
    assert "practice" in everything
    for word in ("calm water", "ripples", "mist:", "index (", "sham", "real-first", "selected", "not follow"):
        assert word not in everything, word


def test_unlocked_study_offers_no_visit(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    page = page_of(room)
    choose(page, "08")
    assert page.next_button.isEnabled()
    unlock(tmp_path, by=BY, why="end")
    page.activate()
    qtbot.waitUntil(lambda: not page.busy)
    choose(page, "08")
    assert page.message.text() == "The study is unlocked. No visit can be recorded any more."
    assert "0 of 3 people can be recorded today" in room.shown()
    assert not page.next_button.isEnabled()
    assert not any(word in room.shown() for word in ("real-first", "sham-first"))


def test_page_without_people_has_no_step_to_do(room: Room) -> None:
    page = page_of(room)
    assert page.next_button.isVisible()
    assert page.agenda is not None
    page._show_read((replace(page.agenda, people=()), False))
    assert "Nobody is enrolled yet" in page.message.text()
    assert not page.next_button.isVisible()


def test_visit_whose_sitting_broke_off_names_whom_to_ask(room: Room) -> None:
    page = page_of(room)
    choose(page, "08")
    words = "This sitting broke off. Ask whoever leads the study"
    page.visit.setCurrentIndex(0)
    assert words not in room.shown()
    assert page.agenda is not None
    page._show_read((replace(page.agenda, broke_off=frozenset({("08", "run-in")})), False))
    choose(page, "08")
    page.visit.setCurrentIndex(0)
    assert words in room.shown()
