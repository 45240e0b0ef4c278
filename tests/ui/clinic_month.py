"""A clinic's month in small by clicks and keys in the real window; run by ``test_clinic_month.py`` in its own process.

For each line of input, a process opens a window and plays the steps named. It writes a line for each moment, and for
each answer or entry that the window has confirmed. At one moment it goes on as it is, and waits to be killed. After
each step it waits for another line of input.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qt_compat import qt_api
from pytestqt.qtbot import QtBot

from neurofeedback.cli.helpers.window import session_with_report
from neurofeedback.recording.facts.entries import read_entries
from neurofeedback.recording.facts.form_records import read_all_forms
from neurofeedback.session.config import NO_DEVICE, SessionConfig
from neurofeedback.session.practice.timer_session import TimerSession
from neurofeedback.session.session import Session
from neurofeedback.storage.dataset_access import restrict_recordings
from neurofeedback.texts import home
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.app_state import AppDefaults, AppState, DeviceChoice, save_state
from neurofeedback.ui.clinic import record_page
from neurofeedback.ui.clinic.attendant import EntryDialog
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.practices.practice_files import programme_choices
from neurofeedback.ui.preferences import Preferences, save_preferences
from neurofeedback.ui.widgets.facts_tabs import EntryTab
from tests.ui.clinic_window import CLOCKED, DAY, DOSE_AT, WHO, Clinic, begin_course, correct_vitals

PATIENCE_MS = 60_000
RECORDED_S = 3.0
"""Signal before an attendant does something, s."""


@dataclass
class Month(Clinic):
    """The window of one day, with an emulated headset in real time and a clock that runs."""

    port: str = ""
    stop_at: str = ""
    hashes: set[str] = field(default_factory=set)
    set_at: float = 0.0

    def launch(self, request: SessionConfig) -> Session | TimerSession:  # type: ignore[override]
        """Start what the window asks for, at the time of the clock; a sitting without a headset runs fast."""
        config = replace(request, audio="none", wait_for_fit=False, start_time=self.time())
        if request.device == NO_DEVICE:
            return TimerSession(replace(config, fast=True))
        return cast("Session", session_with_report(replace(config, device=f"cyton:{self.port}")))

    def at(self, moment: datetime) -> None:
        """Set the clock, which runs on from there."""
        self.now, self.set_at = moment, time.monotonic()

    def time(self) -> datetime:
        """Return the time of the clock."""
        return self.now + timedelta(seconds=time.monotonic() - self.set_at)

    def tell(self, *words: str) -> None:
        """Write a line to who plays the month."""
        sys.stdout.write(" ".join(words) + "\n")
        sys.stdout.flush()

    def moment(self, name: str) -> None:
        """Name a moment; wait to be killed if it is the one."""
        self.tell("moment", name)
        while name == self.stop_at:
            self.qtbot.wait(20)

    def confirmed(self, n: int = 1) -> None:
        """Tell the hashes of what the window has just said is saved."""
        found = {one.hash for one in read_entries(self.root, WHO, corrected=True)}
        found |= {one.hash for one in read_all_forms(self.root, WHO)}
        assert len(found - self.hashes) == n, "the window said that it is saved"
        self.tell("saved", *sorted(found - self.hashes))
        self.hashes = found

    def ask(self, form: str, value: int, at: datetime) -> None:
        """Answer a form at a time."""
        self.at(at)
        dialog = self.open_facts()
        dialog.tabs.setCurrentWidget(dialog.form)
        dialog.form.choice.setCurrentText(form)
        self.answer(form, **dict.fromkeys(dialog.form.boxes, value))
        self.confirmed()

    def begin(self, condition: str, substance: str = "") -> None:
        """Begin a recording, and wait for some signal."""
        self.begin_recording(condition, substance)
        self.wait_for_signal()

    def wait_for_signal(self) -> None:
        """Wait until the window has shown some more seconds of signal."""
        self.qtbot.waitUntil(self.window.session_visible)
        until = self.window._latest.elapsed_s + RECORDED_S
        self.qtbot.waitUntil(lambda: self.window._latest.elapsed_s >= until)

    def end(self) -> None:
        """End the recording as an attendant does."""
        page = self.unlock()

        def asked() -> bool:
            if page._question.isHidden():
                self.qtbot.keyClick(page, Qt.Key.Key_Escape)
            return page._question.isVisible()

        self.qtbot.waitUntil(asked)
        self.press(page, "End it now")
        self.wait_for_end()

    def record(self, condition: str, at: datetime) -> None:  # type: ignore[override]
        """Record for some seconds."""
        self.at(at)
        self.begin(condition)
        self.moment(condition)
        self.end()

    def enter(self, key: Qt.Key, kind: str, text: str = "", **more: str) -> None:
        """Make an entry by an attendant's key."""
        self.key(key, kind, text, **more)
        self.confirmed()


def begin(month: Month, _late: timedelta) -> None:
    """Make and freeze the course, and enter consent."""
    month.at(DAY + timedelta(hours=8))
    dialog = month.open_facts()
    dialog.tabs.setCurrentWidget(dialog.course)
    month.qtbot.waitUntil(lambda: dialog.course.new.make.isEnabled() or bool(dialog.course.items))
    if dialog.course.items:  # made before a kill
        enter_consent(month)
    else:
        begin_course(month)
    month.confirmed()
    month.moment("consent")


def enter_consent(month: Month) -> None:
    """Enter the consent where the course is made already."""
    dialog = month.open_facts()
    dialog.tabs.setCurrentWidget(dialog.person)
    month.type(dialog.person.version, "3")
    month.press(dialog.person, "Save consent")
    month.qtbot.waitUntil(lambda: "version 3" in dialog.person.consents.text())


def before(month: Month, late: timedelta) -> None:
    """Answer the forms before the infusion."""
    month.ask("phq9", 1, DAY + timedelta(hours=9) + late)
    month.moment("phq9")
    tab = month.open_facts().form
    tab.choice.setCurrentText("gad7")
    for box in list(tab.boxes.values())[:4]:
        box.setCurrentIndex(2)
    month.moment("half of gad7")
    month.ask("gad7", 1, DAY + timedelta(hours=9, minutes=20) + late)


def record_before(month: Month, late: timedelta) -> None:
    """Record before the infusion."""
    month.record("pre", DOSE_AT - timedelta(minutes=40) + late)


def infuse(month: Month, late: timedelta) -> None:
    """Record the infusion, with the attendant's keys and a drop of the signal; then correct the vital signs."""
    month.at(DOSE_AT + late)
    month.begin("during", "ketamine")
    page = month.unlock()
    month.enter(Qt.Key.Key_D, "dose", "35 mg", substance="ketamine", route="iv")
    month.moment("dose")
    month.qtbot.wait(1100)  # entries have whole seconds
    month.enter(Qt.Key.Key_V, "vitals", "146/92 pulse 84")
    month.moment("vitals")
    month.mark(page)
    month.tell("drop")
    month.qtbot.waitUntil(lambda: month.window._latest.signal_lost_s > 0)
    month.qtbot.waitUntil(lambda: month.window._latest.signal_lost_s == 0)
    month.wait_for_signal()
    month.moment("drop")
    month.activate()
    open_note(month, "tired")
    month.moment("half of a note")
    dialog = month.window._dialog
    assert isinstance(dialog, EntryDialog)
    month.press(dialog.tab, "Save")
    month.qtbot.waitUntil(lambda: not dialog.isVisible())
    month.confirmed()
    month.activate()
    month.enter(Qt.Key.Key_E, "end")
    month.end()
    correct_vitals(month)
    month.confirmed()
    month.moment("correction")


def open_note(month: Month, text: str) -> None:
    """Type a note, and do not save it yet."""
    page = month.window._record

    def opened() -> bool:
        if QApplication.activeModalWidget() is None:
            month.qtbot.keyClick(page, Qt.Key.Key_N)
        return isinstance(month.window._dialog, EntryDialog) and month.window._dialog.isVisible()

    month.qtbot.waitUntil(opened)
    dialog = month.window._dialog
    assert isinstance(dialog, EntryDialog)
    month.type(dialog.tab.text, text)


def after(month: Month, late: timedelta) -> None:
    """Ask about the effect; two hours after the infusion record again, and let the person leave."""
    month.ask("effect", 2, DOSE_AT + timedelta(minutes=80) + late)
    month.moment("effect")
    month.record("post_0-2h", DOSE_AT + timedelta(hours=2) + late)
    month.at(DOSE_AT + timedelta(hours=2, minutes=10) + late)
    dialog = month.open_facts()
    tab: EntryTab = dialog.entry
    dialog.tabs.setCurrentWidget(tab)
    month.fill(tab, "ready", "sister")
    tab.told.click()
    month.press(tab, "Save")
    month.qtbot.waitUntil(lambda: not tab.task.busy)
    month.confirmed()
    month.moment("ready")


def next_day(month: Month, late: timedelta) -> None:
    """Record after 24 h, and ask the mood."""
    month.record("post_24h", DOSE_AT + timedelta(hours=24) + late)
    month.ask("mood", 3, DOSE_AT + timedelta(hours=24, minutes=20) + late)
    month.moment("mood")


def sit(month: Month, late: timedelta) -> None:
    """Sit at home with the headset, ended early, and without one by the timer."""
    month.close_facts()
    month.at(DAY + timedelta(days=3, hours=8) + late)
    month.window._show_home()
    choose_practice(month, "")
    month.press(month.window._home, "Sit")
    month.wait_for_signal()
    month.moment("sitting")
    page = month.window._sit
    month.activate()
    month.qtbot.keyClick(page, Qt.Key.Key_Escape)
    month.qtbot.keyClick(page, Qt.Key.Key_Return)
    month.wait_for_end()
    month.at(DAY + timedelta(days=5, hours=8) + late)
    choose_practice(month, "timer")
    month.press(month.window._home, "Sit")
    month.wait_for_end()


def choose_practice(month: Month, name: str) -> None:
    """Choose a practice on the first page."""
    practice = month.window._home._practice
    practice.setCurrentIndex(practice.findData(name))
    assert practice.currentData() == name


def weeks(month: Month, late: timedelta) -> None:
    """Answer the forms of the weeks."""
    forms = {7: {"mood": 3}, 14: {"phq9": 1, "gad7": 1}, 21: {"mood": 4}, 28: {"phq9": 0, "gad7": 0}}
    for day, values in forms.items():
        for form, value in values.items():
            month.ask(form, value, DAY + timedelta(days=day, hours=12) + late)
        month.moment(f"day {day}")


def report(month: Month, late: timedelta) -> None:
    """Read the plan, and write the report of the course to the file that a person chooses."""
    month.at(DAY + timedelta(days=28, hours=13) + late)
    dialog = month.open_facts()
    tab = dialog.course
    dialog.tabs.setCurrentWidget(tab)
    month.qtbot.waitUntil(lambda: bool(tab.items))
    month.tell("states", *(f"{item.kind}:{item.state}" for item in tab.items))
    out = month.root.parent / "report.pdf"
    cast("Any", QFileDialog).getSaveFileName = lambda *_arguments, **_options: (str(out), "")
    opened: list[QUrl] = []
    cast("Any", QDesktopServices).openUrl = opened.append
    menu = tab.report.menu()
    assert menu is not None
    menu.popup(tab.report.mapToGlobal(tab.report.rect().bottomLeft()))
    (action,) = [one for one in menu.actions() if "clinic" in one.text().lower()]
    month.qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    month.qtbot.waitUntil(lambda: bool(opened))
    assert out.read_bytes().startswith(b"%PDF")


STEPS: tuple[Callable[[Month, timedelta], None], ...] = (
    begin, before, record_before, infuse, after, next_day, sit, weeks, report,
)  # fmt: skip


def open_window(root: Path, home_folder: Path, port: str, stop_at: str) -> Month:
    """Open the window as the program does, with a person's hands and a clock."""
    application = QApplication([])
    application.setStyle("Fusion")
    qt_api.set_qt_api("pyqt6")
    qtbot = QtBot(cast("Any", None))
    for name in ("waitUntil", "waitActive"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE_MS))
    root.mkdir(exist_ok=True)
    restrict_recordings(root)  # else the window asks who may read it
    month = Month(qtbot, root, DAY, 0.0, port=port, stop_at=stop_at)
    month.at(DAY)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return month.time() if tz else month.time().replace(tzinfo=None)

    for module in CLOCKED:
        cast("Any", module).datetime = Clock
    record_page.HOLD_S = 0.02
    state, settings = home_folder / "app.json", home_folder / "settings.toml"
    if not state.exists():
        save_state(state, AppState(device="cyton:PORT", participant=WHO, claims_seen=True))
        save_preferences(settings, Preferences(probes="none"))
    devices = (DeviceChoice("cyton:PORT", "On a serial port"),)
    defaults = AppDefaults(root, devices, programmes=programme_choices(), audio="none", state_file=state)
    month.window = MainWindow(month.launch, defaults)
    month.application = application  # type: ignore[attr-defined] # else it would be deleted
    with qtbot.waitActive(month.window):
        month.window.show()
    return month


def wait_for_recovery(month: Month) -> None:
    """Wait until the first page says that the sitting which broke off was completed."""
    page = month.window._home

    def shown() -> bool:
        return any(
            line.isVisible() and line.text() == tr(home.UNFINISHED_COMPLETED) for line in page.findChildren(QLabel)
        )

    month.qtbot.waitUntil(shown)


def read_line() -> list[str]:
    """Read the words of a line of input, and nothing beyond it, which is for another process."""
    line = b""
    while not line.endswith(b"\n"):
        if not (byte := os.read(0, 1)):
            break
        line += byte
    return line.decode().split()


def play(root: str, home_folder: str, port: str, steps: str, late_min: str, stop_at: str, unfinished: str) -> None:
    """Play some steps in a new window."""
    month = open_window(Path(root), Path(home_folder), port, stop_at.replace("_", " "))
    if unfinished == "unfinished":
        wait_for_recovery(month)
    month.hashes = {one.hash for one in read_entries(month.root, WHO, corrected=True)}
    month.hashes |= {one.hash for one in read_all_forms(month.root, WHO)}
    month.tell("open", str(os.getpid()))
    read_line()
    for number in [] if steps == "none" else steps.split(","):
        STEPS[int(number)](month, timedelta(minutes=int(late_min)))
        month.close_facts()
        month.tell("done", number)
        read_line()
    month.window.close()


def main() -> None:
    """Play in a new process for each line of input; imports cost more than most of the windows."""
    import neurofeedback.acquisition.brainflow
    import neurofeedback.analysis.course.course_plan
    import neurofeedback.report.session_page
    import neurofeedback.session.session
    import neurofeedback.ui.pages.facts_dialog  # noqa: F401

    while words := read_line():
        if (child := os.fork()) == 0:
            code = 1
            try:
                play(*words)
                code = 0
            except BaseException:  # noqa: BLE001 - it is reported, and must not go on in the process that forks
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"ended {code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
