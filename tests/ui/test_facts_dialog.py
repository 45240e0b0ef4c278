"""The dialog of forms, facts and entries: saved at once, never guessed, and help is named before anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import read_changes
from neurofeedback.recording.facts.course_file import new_course
from neurofeedback.recording.facts.entries import read_entries
from neurofeedback.recording.facts.form_records import read_all_forms, unacknowledged_lines
from neurofeedback.recording.facts.session_facts import read_facts
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import save_contacts
from neurofeedback.ui.background import BackgroundTask
from neurofeedback.ui.pages.facts_dialog import FactsDialog, ask_forms
from neurofeedback.ui.widgets import facts_tabs
from tests.recording.test_session_facts import LABEL, writer  # noqa: F401 - a fixture

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def dialog(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> FactsDialog:
    request.getfixturevalue("writer")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    save_contacts(ClinicContacts(clinic="Ward 3", emergency="112", crisis_line="555"))
    found = FactsDialog(tmp_path, "07", LABEL)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(found.facts.fields["dose"].isEnabled)  # they are read in a helper thread
    return found


def save(qtbot: QtBot, tab: facts_tabs.FormTab | facts_tabs.EntryTab | facts_tabs.FactsTab) -> str:
    tab.save.click()
    qtbot.waitUntil(lambda: not tab.task.busy)
    return tab.message.text()


def test_item_9_names_the_clinic_and_waits_for_staff(dialog: FactsDialog, qtbot: QtBot, tmp_path: Path) -> None:
    form = dialog.form
    form.choice.setCurrentText("phq9")
    for number, box in enumerate(form.boxes.values(), start=1):
        box.setCurrentIndex(2 if number == 9 else 1)
    assert "Score 1" in save(qtbot, form)
    assert form.advice.isVisible()
    assert "Please tell Ward 3 today" in form.advice.text()
    (asked,) = read_all_forms(tmp_path, "07")
    assert (asked.answers.items["phq9_9"], asked.session) == (1, LABEL)
    qtbot.waitUntil(lambda: "Not yet acknowledged" in dialog.waiting.text())
    assert "neurofeedback" not in dialog.waiting.text(), "a person in front of the window has no shell"
    assert "neurofeedback forms acknowledge" in unacknowledged_lines(tmp_path, "07")[0]


def test_answers_stay_on_the_screen_when_they_cannot_be_saved(
    dialog: FactsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    form = dialog.form
    form.choice.setCurrentText("mood")
    form.boxes["mood"].setCurrentIndex(3)

    def fail(*_: object, **__: object) -> None:
        raise RecordingError("the answers are not saved yet", got="No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(facts_tabs, "save_answers", fail)
        assert "No space left" in save(qtbot, form)
    assert form.boxes["mood"].currentData() == 3
    assert "Score 3" in save(qtbot, form)
    assert len(read_all_forms(tmp_path, "07")) == 1


def test_an_entry_is_saved_and_one_that_is_not_complete_is_not(
    dialog: FactsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    entry = dialog.entry
    entry.kind.setCurrentIndex(entry.kind.findData("adverse"))
    entry.text.setText("feels sick")
    entry.save.click()
    assert "not complete" in entry.message.text(), "how bad and serious are never preset"
    entry.kind.setCurrentIndex(entry.kind.findData("dose"))
    entry.text.setText("35 mg")
    entry.substance.setText("ketamine")
    assert entry.preview.text() == "", "without a route it is not complete"
    entry.route.setCurrentText("iv")
    assert entry.preview.text().startswith("Read as: dose")
    assert "mg 35" in entry.preview.text()
    assert "0 min from the dose" in save(qtbot, entry)
    assert entry.preview.text() == ""
    assert not entry.save.isEnabled()
    entry.save.click()
    assert not entry.task.busy, "a second press stores no second dose"
    (found,) = read_entries(tmp_path, "07")
    assert found.line.entry.model_dump()["mg"] == 35
    entry.kind.setCurrentIndex(entry.kind.findData("end"))
    assert "Saved" in save(qtbot, entry)
    assert not entry.save.isEnabled()
    assert not dialog.unsaved


def test_an_entry_that_is_saved_is_not_offered_again_when_its_recording_cannot_be_changed(
    dialog: FactsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise RecordingError("the events could not be written", got="Permission denied")

    monkeypatch.setattr(facts_tabs, "merge_into_recordings", fail)
    dialog.entry.kind.setCurrentIndex(dialog.entry.kind.findData("end"))
    assert "Permission denied" in save(qtbot, dialog.entry)
    assert len(read_entries(tmp_path, "07")) == 1
    assert not dialog.entry.save.isEnabled()


def test_enter_in_a_line_saves_and_does_not_close(dialog: FactsDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.tabs.setCurrentWidget(dialog.facts)
    qtbot.keyClicks(dialog.facts.fields["dose"], "35 mg")
    qtbot.keyClick(dialog.facts.fields["dose"], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialog.facts.task.busy)
    assert dialog.isVisible()
    facts = read_facts(tmp_path, "07", LABEL)
    assert facts is not None
    assert facts.dose == "35 mg"


def test_closing_asks_while_something_is_not_saved(dialog: FactsDialog, qtbot: QtBot) -> None:
    dialog.entry.text.setText("35 mg")
    for choice in ("&Go on", "&Close without it"):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert dialog.isVisible()
        assert dialog.question is not None
        next(button for button in dialog.question.buttons() if button.text() == choice).click()
    assert not dialog.isVisible()


def test_answers_to_another_form_are_kept_as_a_draft(dialog: FactsDialog) -> None:
    form = dialog.form
    form.choice.setCurrentText("mood")
    form.boxes["mood"].setCurrentIndex(3)
    form.choice.setCurrentText("sleepiness")
    assert not form.save.isEnabled()
    assert dialog.unsaved
    form.choice.setCurrentText("mood")
    assert form.boxes["mood"].currentData() == 3
    assert form.save.isEnabled()


def test_form_that_cannot_be_loaded_leaves_nothing_to_save(
    dialog: FactsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = dialog.form
    form.choice.setCurrentText("mood")

    def fail(_name: str) -> None:
        raise SettingsError("the form cannot be read")

    monkeypatch.setattr(facts_tabs, "load_questionnaire", fail)
    form.choice.setCurrentText("sleepiness")
    assert form.message.text() == "the form cannot be read."
    assert form.boxes == {}
    assert not form.save.isEnabled()


def test_facts_of_a_sitting_are_set(dialog: FactsDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.facts.fields["substance"].setText("ketamine")
    assert save(qtbot, dialog.facts) == "Saved."
    facts = read_facts(tmp_path, "07", LABEL)
    assert facts is not None
    assert facts.substance == "ketamine"
    dialog.facts.fields["eyes"].setText("half")
    assert "closed, open, or nothing" in save(qtbot, dialog.facts)


def test_the_dialog_names_what_is_due(qtbot: QtBot, tmp_path: Path) -> None:
    new_course(tmp_path, "07", "meditation", f"{datetime.now():%Y-%m-%d}")
    found = FactsDialog(tmp_path, "07")
    qtbot.addWidget(found)
    qtbot.waitUntil(lambda: "phq9" in found.due.text())
    assert "sittings this week: 0 of 5" in found.due.text()


def test_forms_of_the_profile_are_asked_after_a_session_and_those_before_it_are_logged(
    qtbot: QtBot, tmp_path: Path
) -> None:
    profile = tmp_path / "asking.toml"
    profile.write_text('[questionnaires]\nbefore = ["expectancy"]\nafter = ["mood", "sleepiness"]\n')
    request = SessionConfig("muse-2", tmp_path / "recordings", "07", str(profile))
    parent = QWidget()
    qtbot.addWidget(parent)
    log: BackgroundTask[None] = BackgroundTask(parent, "log")
    assert ask_forms(request, SessionResult(0), parent, log) is None
    assert not log.busy
    result = SessionResult(0, session_dir=tmp_path / "ses-20261101T090000")
    asked = ask_forms(request, result, parent, log)
    qtbot.waitUntil(lambda: not log.busy)
    assert asked is not None
    demo = replace(request, device="simulated", participant="demo")
    assert ask_forms(demo, result, parent, log) is None
    assert [asked.form.choice.itemText(at) for at in range(asked.form.choice.count())] == ["mood", "sleepiness"]
    assert [one.what for one in read_changes(tmp_path / "recordings").changes] == ["expectancy"]
    rest = ask_forms(request, result, parent, log, "mood")
    qtbot.waitUntil(lambda: not log.busy)
    assert rest is not None
    assert rest.form.choice.count() == 1
