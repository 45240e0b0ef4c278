"""A clinic's window as a person uses it, for tests: through fields, buttons and keys, with a clock of the test's own.

Nothing here calls a function that saves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.errors import EXIT_OK
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.facts import changes, entries, forms
from neurofeedback.recording.facts.course_file import is_frozen
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.recording.facts.merge_entries import merge_entries
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.types import Chunk
from neurofeedback.ui.clinic import attendant, course_tab, record_page
from neurofeedback.ui.clinic.attendant import EntryDialog, RecordDialog
from neurofeedback.ui.clinic.correction import CorrectionDialog, EntryCorrection
from neurofeedback.ui.clinic.record_page import RecordPage
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.pages import facts_dialog
from neurofeedback.ui.pages.facts_dialog import FactsDialog
from neurofeedback.ui.widgets import facts_tabs
from neurofeedback.verification.check_facts import check_record, check_session_facts
from neurofeedback.verification.check_result import CheckStatus

WHO = "07"
DAY = datetime(2026, 11, 2).astimezone()
DOSE_AT = DAY + timedelta(hours=14)
CLOCKED = (attendant, changes, course_tab, entries, facts_dialog, facts_tabs, forms, record_page)
"""Modules that ask for the time."""
LONG_MS = 120_000


class WaitingSource(SimulatedSource):
    """A simulated headset that waits in the middle, until what happens meanwhile has happened."""

    go_on: threading.Event | None = None

    def read(self) -> Chunk | None:
        chunk = super().read()
        if chunk is not None and self.go_on is not None and chunk.stop > 256 * 5:
            assert self.go_on.wait(LONG_MS / 1000)
        return chunk


@dataclass
class Clinic:
    """The window, the clock of the test, and the hands of a person."""

    qtbot: QtBot
    root: Path
    now: datetime
    minutes: float
    attended: threading.Event | None = None
    dialog: FactsDialog | None = None
    window: MainWindow = field(init=False)

    def launch(self, request: SessionConfig) -> Session:
        """Start what the window asks for, fast, at the time of the clock."""

        def find(_device: str, *, now: Callable[[], float], seed: int, duration_s: float | None) -> SimulatedSource:
            source = WaitingSource(seed, now, duration_s=duration_s)
            source.go_on = self.attended
            return source

        config = replace(
            request,
            device="simulated:1",
            minutes=self.minutes,
            audio="none",
            seed=1,
            fast=True,
            wait_for_fit=False,
            start_time=self.now,
        )
        return Session(config, find)

    def at(self, moment: datetime) -> None:
        """Set the clock."""
        self.now = moment

    def press(self, place: QWidget, text: str) -> None:
        """Click the button of this text, once it is shown and enabled."""

        def found() -> list[QAbstractButton]:
            buttons = place.findChildren(QAbstractButton)
            return [one for one in buttons if one.text().replace("&", "") == text and one.isVisibleTo(place)]

        self.qtbot.waitUntil(lambda: [one.isEnabled() for one in found()] == [True])
        self.qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)

    def type(self, line: QLineEdit, text: str) -> None:
        """Type into a line in place of what it holds."""
        line.selectAll()
        self.qtbot.keyClicks(line, text)

    def open_facts(self) -> FactsDialog:
        """Go to History and open Forms and facts, or find them open."""
        if self.dialog is None or not self.dialog.isVisible():
            if self.window._places.currentWidget() is not self.window._history:
                self.window._show_home()
                self.press(self.window._home, "History")
            self.press(self.window._history, "Forms and facts")
            self.dialog = self.window._history.findChildren(FactsDialog)[-1]
            self.qtbot.waitUntil(self.dialog.isVisible)
        return self.dialog

    def close_facts(self) -> None:
        """Close the dialog; nothing may be left that is not saved."""
        if self.dialog is not None:
            self.press(self.dialog, "Close")
            self.qtbot.waitUntil(lambda: self.dialog is None or not self.dialog.isVisible())

    def answer(self, form: str, **values: int) -> None:
        """Answer all items of a form by its boxes, each with its first option unless another value is given."""
        dialog = self.open_facts()
        tab = dialog.form
        dialog.tabs.setCurrentWidget(tab)
        tab.choice.setCurrentText(form)
        before = len(read_all_forms(self.root, WHO))
        for item, box in tab.boxes.items():
            box.setCurrentIndex(box.findData(values[item]) if item in values else 1)
        self.press(tab, "Save")
        self.qtbot.waitUntil(lambda: not tab.task.busy)
        assert len(read_all_forms(self.root, WHO)) == before + 1, tab.message.text()

    def fill(self, tab: facts_tabs.EntryTab, kind: str, text: str, **more: str) -> None:
        """Type an entry."""
        tab.kind.setCurrentIndex(tab.kind.findData(kind))
        if text:
            self.type(tab.text, text)
        if kind == "dose":
            self.type(tab.substance, more["substance"])
            tab.route.setCurrentText(more["route"])

    def key(self, key: Qt.Key, kind: str, text: str = "", **more: str) -> None:
        """Press an attendant's key on the page of the recording, and make the entry."""
        page = self.window._record
        assert page is not None
        self.qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)

        def opened() -> bool:
            """Press the key again as long as no dialog is there: offscreen, a window that was modal takes a moment."""
            if QApplication.activeModalWidget() is None:
                self.qtbot.keyClick(page, key)
            return isinstance(self.window._dialog, EntryDialog) and self.window._dialog.isVisible()

        self.qtbot.waitUntil(opened, timeout=10_000)
        dialog = self.window._dialog
        assert isinstance(dialog, EntryDialog)
        assert dialog.tab.kind.currentData() == kind
        self.fill(dialog.tab, kind, text, **more)
        self.press(dialog.tab, "Save")
        self.qtbot.waitUntil(lambda: not dialog.isVisible())
        self.activate()

    def mark(self, page: RecordPage) -> None:
        """Press the key of a mark until the page names it, as `key` does."""

        def marked() -> bool:
            if QApplication.activeModalWidget() is None:
                self.qtbot.keyClick(page, Qt.Key.Key_K)
            return any("Marked at" in line.text() for line in page.findChildren(QLabel))

        self.qtbot.waitUntil(marked, timeout=10_000)

    def activate(self) -> None:
        """Make the window active: offscreen, a closed dialog leaves none active, and a key would reach nothing."""
        with self.qtbot.waitActive(self.window):
            self.window.activateWindow()

    def wait_for_end(self) -> None:
        """Wait until the session is over, and go home."""
        self.qtbot.waitUntil(lambda: self.window._places.currentWidget() is self.window._after, timeout=LONG_MS)
        assert self.window.exit_code == EXIT_OK
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        self.window._show_home()

    def begin_recording(self, condition: str, substance: str = "") -> None:
        """Begin a recording without feedback."""
        self.close_facts()
        self.window._show_home()
        self.press(self.window._home, "Record only")
        dialog = self.window._dialog
        assert isinstance(dialog, RecordDialog)
        self.type(dialog.fields["condition"], condition)
        if substance:
            self.type(dialog.fields["substance"], substance)
            assert not dialog.begin.isEnabled()
        if not dialog.begin.isEnabled():
            self.press(dialog, dialog.agreed.text().replace("&", ""))
        self.press(dialog, "Begin")
        self.qtbot.waitUntil(lambda: self.window._record is not None)

    def unlock(self) -> RecordPage:
        """Unlock the page of a recording by its two keys."""
        self.qtbot.waitUntil(self.window.session_visible)
        page = self.window._record
        assert page is not None
        self.activate()
        self.qtbot.keyPress(page, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.waitUntil(lambda: not page.locked)
        self.qtbot.keyRelease(page, Qt.Key.Key_L)
        return page

    def record(
        self, condition: str, *, substance: str = "", entries: Callable[[RecordPage], None] | None = None
    ) -> str:
        """Record without feedback, with an attendant's entries if wanted; return the label of the session."""
        self.attended = threading.Event() if entries else None
        self.begin_recording(condition, substance)
        if entries is not None:
            entries(self.unlock())
            assert self.attended is not None
            self.attended.set()
        self.wait_for_end()
        self.attended = None
        return f"{self.now:%Y%m%dT%H%M%S}"

    def correct(self, row: int) -> CorrectionDialog:
        """Open a line of the record to correct it."""
        dialog = self.open_facts()
        tab = dialog.record
        dialog.tabs.setCurrentWidget(tab)
        self.qtbot.waitUntil(lambda: len(tab.lines) > row)
        tab.record.setCurrentRow(row)
        self.press(tab, "Correct ...")
        assert isinstance(tab.dialog, CorrectionDialog)
        return tab.dialog

    def row_of(self, words: str) -> int:
        """Return the last row of the record that holds these words and can be corrected, once it is read."""
        tab = self.open_facts().record

        def rows() -> list[int]:
            lines = enumerate(tab.lines)
            return [at for at, line in lines if words in line.text and not line.saved.superseded_by]

        self.qtbot.waitUntil(lambda: bool(rows()))
        return rows()[-1]


def begin_course(clinic: Clinic) -> None:
    """Make and freeze the course, enter consent, and answer the forms before."""
    dialog = clinic.open_facts()
    tab = dialog.course
    dialog.tabs.setCurrentWidget(tab)
    clinic.qtbot.waitUntil(tab.new.make.isEnabled)
    tab.new.template.setCurrentIndex(tab.new.template.findData("infusion"))
    clinic.type(tab.new.start, f"{DAY:%Y-%m-%d}")
    for line, text in zip(tab.new.contacts.lines.values(), ("Ward 3", "112", "555"), strict=True):
        clinic.type(line, text)
    clinic.press(tab.new, "Make the course")
    clinic.press(tab, "Freeze")
    clinic.qtbot.waitUntil(tab.freeze.isHidden)
    assert is_frozen(clinic.root, WHO)
    dialog.tabs.setCurrentWidget(dialog.person)
    clinic.type(dialog.person.version, "2")
    clinic.press(dialog.person, "Save consent")
    clinic.qtbot.waitUntil(lambda: "version 2" in dialog.person.consents.text())


def correct_vitals(clinic: Clinic) -> None:
    """Correct the vital signs, which were typed wrong."""
    dialog = clinic.correct(clinic.row_of("vitals"))
    tab = dialog.tab
    assert isinstance(tab, EntryCorrection)
    clinic.type(tab.text, "136/92 pulse 84")
    clinic.type(tab.reason, "typed wrong")
    clinic.press(dialog, "Save")
    clinic.qtbot.waitUntil(lambda: not dialog.isVisible())


def check_all(root: Path) -> None:
    """Every record holds, every entry is among the events of its recording, and every hash agrees."""
    results = list(check_record(root))
    for stem in find_session_stems(root):
        files = SessionFiles.from_stem(root, stem)
        if files.eeg_file("eeg.vhdr").exists():
            assert not merge_entries(files), "an entry was not among the events"
            results += check_session_facts(files)
    assert [result for result in results if result.status is not CheckStatus.OK] == []
