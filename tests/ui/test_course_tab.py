"""The tab of a course: what is due leads to its form or entry, and the report is written and opened."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError
from neurofeedback.recording.facts.course_file import is_frozen, new_course, read_course
from neurofeedback.recording.facts.entries import save_entry
from neurofeedback.recording.facts.entry_parsing import parse_dose
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.load import load_contacts
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.clinic import course_tab
from neurofeedback.ui.clinic.course_tab import CourseTab
from neurofeedback.ui.pages.facts_dialog import FactsDialog

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
CONTACTS = ClinicContacts(clinic="Ward 3", emergency="112", crisis_line="555")
DOSE_AT = datetime.now().astimezone() - timedelta(minutes=41)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def dialog(qtbot: QtBot, tmp_path: Path) -> FactsDialog:
    """Return the dialog of a person whose infusion began 41 min ago."""
    new_course(tmp_path, "07", "infusion", f"{DOSE_AT:%Y-%m-%d}", clock=f"{DOSE_AT:%H:%M}")
    save_entry(tmp_path, "07", parse_dose("35 mg", "ketamine", "iv"), at=DOSE_AT)
    found = FactsDialog(tmp_path, "07")
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: bool(found.course.items))
    return found


def choose(tab: CourseTab, kind: str) -> None:
    (at, *_) = [at for at, item in enumerate(tab.items) if item.kind == kind and item.state == "due"]
    tab.plan.setCurrentRow(at)


def test_a_due_form_and_a_due_entry_open_where_they_are_done(dialog: FactsDialog, qtbot: QtBot) -> None:
    tab = dialog.course
    choose(tab, "form")
    form = tab.items[tab.plan.currentRow()].form
    tab.do.click()
    assert dialog.tabs.currentWidget() is dialog.form
    assert dialog.form.choice.currentText() == form
    choose(tab, "dose_end")
    tab.do.click()
    assert dialog.tabs.currentWidget() is dialog.entry
    assert dialog.entry.kind.currentData() == "end"
    dialog.entry.save.click()
    qtbot.waitUntil(lambda: all(item.kind != "dose_end" for item in tab.items))
    tab.plan.setCurrentRow([item.kind for item in tab.items].index("recording"))
    assert not tab.do.isEnabled(), "a recording begins on the first page"


def test_what_is_due_waits_until_a_save_has_ended(dialog: FactsDialog, qtbot: QtBot) -> None:
    tab, asked = dialog.course, dialog.form
    asked.choice.setCurrentText("mood")
    asked.boxes["mood"].setCurrentIndex(3)
    choose(tab, "form")
    due = tab.items[tab.plan.currentRow()].form
    asked.save.click()
    tab.do.click()
    assert asked.choice.currentText() == "mood", "its answers are being saved"
    qtbot.waitUntil(lambda: asked.choice.currentText() == due)
    assert not dialog.unsaved


def test_the_report_is_written_and_opened(
    dialog: FactsDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []

    def write(_recordings: Path, participant: str, edition: str, out: Path, _handle: TaskHandle) -> Path:
        if out.exists():
            raise RecordingError("there is a file of this name")
        out.write_text(f"{participant} {edition}")
        return out

    monkeypatch.setattr(course_tab, "_write_report", write)  # it takes seconds, and has tests of its own
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    tab, out = dialog.course, tmp_path / "07.html"
    tab.write("clinic", out)
    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].toLocalFile() == str(out)
    assert out.read_text() == "07 clinic"
    tab.write("patient", out)
    qtbot.waitUntil(lambda: not tab.report.busy)
    assert "there is a file of this name" in tab.message.text()


def test_a_course_is_made_and_frozen_once_the_contacts_are_entered(qtbot: QtBot, tmp_path: Path) -> None:
    found = FactsDialog(tmp_path, "08")
    qtbot.addWidget(found)
    tab = found.course
    qtbot.waitUntil(tab.new.make.isEnabled)
    assert tab.new.template.count() == 3
    tab.new.template.setCurrentIndex(tab.new.template.findData("infusion"))
    tab.new.start.setText("tomorrow")
    tab.new.make.click()
    qtbot.waitUntil(lambda: "no date" in tab.new.message.text())
    tab.new.start.setText("2026-11-02")
    tab.new.clock.setText("15:30")
    tab.new.make.click()
    qtbot.waitUntil(lambda: bool(tab.items))
    course = read_course(tmp_path, "08")
    assert course is not None
    assert (course.start, course.doses[0].time, course.contacts, course.birth_year) == (
        "2026-11-02",
        "15:30",
        None,
        None,
    )
    assert not tab.freeze.isEnabled(), "without the contacts of the clinic"
    assert "contacts are missing" in tab.notices.text()
    for line, text in zip(tab.contacts.lines.values(), ("Ward 3", "112", "555"), strict=True):
        line.setText(text)
    tab.freeze.click()
    qtbot.waitUntil(tab.freeze.isHidden)
    assert is_frozen(tmp_path, "08")
    frozen = read_course(tmp_path, "08")
    assert frozen is not None
    assert frozen.contacts == load_contacts() == CONTACTS
    assert "contacts are missing" not in tab.notices.text()
