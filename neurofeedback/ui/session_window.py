"""The part of the main window that runs a session: start, pages while it runs, end, and what is remembered of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QWidget

from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK, NeurofeedbackError
from neurofeedback.feedback.water_picture import PICTURES_PER_SECOND
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import fit, home
from neurofeedback.texts.catalogue import error_text, tr
from neurofeedback.texts.clinic import record
from neurofeedback.ui.announcer import ScreenReaderAnnouncer
from neurofeedback.ui.app_state import AppDefaults, AppState, save_state, state_path
from neurofeedback.ui.background import BackgroundTask
from neurofeedback.ui.device_names import is_simulated_device
from neurofeedback.ui.device_scan import DeviceScan
from neurofeedback.ui.pages.after_page import AfterPage
from neurofeedback.ui.pages.fit_page import FitPage
from neurofeedback.ui.pages.sit_page import SitPage
from neurofeedback.ui.preferences import Preferences
from neurofeedback.ui.session_bridge import Launch, SessionBridge
from neurofeedback.ui.session_result import is_worth_asking, last_session_line
from neurofeedback.ui.theme import DARK, THEMES
from neurofeedback.ui.widgets.basic import bind_key, label
from neurofeedback.ui.widgets.difficulty_question import FORM

if TYPE_CHECKING:  # pyqtgraph and forms are loaded when first asked for
    from neurofeedback.ui.clinic.attendant import EntryDialog, RecordDialog
    from neurofeedback.ui.clinic.record_page import RecordPage
    from neurofeedback.ui.pages.research_window import ResearchWindow

NO_SESSION = Snapshot(status="idle")


class SessionWindow(QMainWindow):
    """Runs one session at a time and shows its pages."""

    _places: QStackedWidget
    _fit: FitPage
    _sit: SitPage
    _after: AfterPage
    _state: AppState
    _preferences: Preferences

    def __init__(self, launch: Launch, defaults: AppDefaults) -> None:
        super().__init__()
        self.exit_code = EXIT_OK
        self._defaults = defaults
        self._request = defaults.request
        self._state_path = defaults.state_file or state_path()
        self._closing = self._interrupted = self._begun = self._reviewing = False
        self._recording: Path | None = None
        self._latest = NO_SESSION
        self._device_scan = DeviceScan(defaults.scan, self)
        self._bridge = SessionBridge(partial(self._device_scan.launch_after_scan, launch), self)
        self._bridge.shown.connect(self.show_snapshot)
        self._bridge.ended.connect(self._ended)
        self._log_task: BackgroundTask[None] = BackgroundTask(self, "not-asked")
        self._log_task.failed.connect(self._show_notice)
        self._announcer = ScreenReaderAnnouncer(self)
        self._research: ResearchWindow | None = None
        self._record: RecordPage | None = None
        self._dialog: RecordDialog | EntryDialog | None = None
        self._entry: EntryDialog | None = None
        self._drafts: dict[str, EntryDialog] = {}
        self._line_before = ""
        bind_key(self, "Ctrl+E", self._open_entry)

    def _make_demo_strip(self) -> QLabel:
        """Return the line that stands over every page of a demo."""
        self._demo_strip = label(home.DEMO)
        self._demo_strip.setObjectName("demo")
        self._demo_strip.hide()
        return self._demo_strip

    @abstractmethod
    def _show_home(self) -> None:
        """Show the first page."""

    @abstractmethod
    def _stop_reading(self) -> None:
        """Stop tasks that would disturb a session."""

    def _show(self, page: QWidget) -> None:
        self._places.setCurrentWidget(page)
        self._update_demo_strip()

    @property
    def _is_study(self) -> bool:
        return self._request is not None and self._request.study is not None

    @property
    def _is_demo(self) -> bool:
        return self._request is not None and is_simulated_device(self._request.device)

    def _update_demo_strip(self) -> None:
        of_session = self._places.currentWidget() in {self._fit, self._session_page, self._after}
        self._demo_strip.setVisible(self._is_demo and not self._reviewing and of_session and not self._sit.dark)

    def begin(self, request: SessionConfig) -> None:
        """Start a session, unless one is running."""
        if self._bridge.active:
            return
        self._request, self._recording, self._begun = request, None, False
        self._latest = Snapshot()
        self._reviewing = False
        self._stop_reading()
        if request.mode == "record":
            self._make_record_page(request)
        if request.wait_for_fit:
            self._show(self._fit)
            self._fit.activate(request.device)
        else:
            self._show_sit()
        self._bridge.begin(request)

    def _show_sit(self) -> None:
        if self._record is None:
            self._sit.activate(masked=self._request is not None and self._request.is_masked)
        else:
            self._record.activate()
        self._show(self._session_page)

    @property
    def _session_page(self) -> SitPage | RecordPage:
        """The page of the running session."""
        return self._sit if self._record is None else self._record

    def _make_record_page(self, request: SessionConfig) -> None:
        from neurofeedback.ui.clinic.record_page import RecordPage  # seldom wanted

        self._record = page = RecordPage(request.recordings, request.participant)
        page.end.connect(self.end)
        page.requested.connect(self._bridge.send_request)
        page.entry.connect(self._open_entry)
        page.locking.connect(self._close_entry)
        if self._research is not None:  # its keys would reach a locked recording
            self._research.close()
        self._places.addWidget(page)

    def _offer_recording(self, selection: Mapping[str, str | int]) -> None:
        """Ask for length and facts of a recording without feedback, then begin it."""
        from neurofeedback.ui.clinic.attendant import RecordDialog  # slow to import

        self._save_state(**selection)
        self._dialog = dialog = RecordDialog(self._state.request(self._defaults, self._preferences), self)
        dialog.begun.connect(self.begin)
        dialog.open()

    def _open_entry(self, kind: str = "dose") -> None:
        """Open the dialog of an attendant's entry while a session runs; it goes on. A locked recording takes none."""
        if self._request is None or not self.session_visible() or self._is_locked:
            return
        from neurofeedback.ui.clinic.attendant import EntryDialog  # slow to import

        dialog = self._drafts.pop(kind, None)
        if dialog is None:
            dialog = EntryDialog(self._request.recordings, self._request.participant, kind, self)
            dialog.saved.connect(self._session_page.show_notice)
            dialog.finished.connect(lambda _result: self._drafts.pop(kind, None))  # saved after the page locked
        self._dialog = self._entry = dialog
        dialog.open()

    def _close_entry(self) -> None:
        """Close an entry that was left open when the page locks itself; one that was begun waits as a draft."""
        entry = self._entry
        if entry is None or not entry.isVisible():
            return
        if not entry.is_begun:
            entry.reject()
            return
        entry.hide()
        entry.tab.message.setText(tr(record.DRAFT_TIME, at=f"{entry.tab.moment:%H:%M}"))
        self._drafts[entry.kind] = entry
        if self._record is not None:
            self._record.show_notice(tr(record.DRAFT, at=f"{entry.tab.moment:%H:%M}"))

    def _open_drafts(self) -> None:
        """Show the entries that still wait to be saved when the session is over; the window then stays open."""
        drafts, self._drafts = self._drafts, {}
        self._closing = self._closing and (self._interrupted or not drafts)
        for draft in drafts.values():
            draft.saved.connect(self._after.show_notice)
            draft.open()

    def end(self) -> None:
        """End the session in order; the After page follows. A session without end goes to its last phase first.

        A locked recording is not ended.
        """
        if not self._bridge.active or self._bridge.stopping:
            return
        if self._is_locked:
            self._closing = False
            return
        self._bridge.stop()
        if self._is_fitting:
            self._fit.show_notice(tr(fit.RELEASING), lasting=True)
        else:
            self._session_page.show_ending()

    @property
    def _is_locked(self) -> bool:
        """Whether a recording is locked against the person; Ctrl-C in the terminal and signals end it all the same."""
        shown = self._record is not None and self._places.currentWidget() is self._record
        return shown and self._record is not None and self._record.locked and not self._interrupted

    @property
    def _is_fitting(self) -> bool:
        return self._places.currentWidget() is self._fit

    def _save_state(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)
        save_state(self._state_path, self._state)

    def session_visible(self) -> bool:
        """Return whether a session is running and its page is shown."""
        return self._bridge.running and self._places.currentWidget() is self._session_page

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        self._bridge.set_rate(
            (None if self._is_fitting else self._session_page.pictures_per_second) or PICTURES_PER_SECOND
        )
        self._recording, self._latest = snapshot.recording, snapshot
        if snapshot.status == "running" and not self._begun:
            self._begun = True
            if self._state.volume_db and not self._is_study:  # it is another person's
                self._bridge.send_request(Request(RequestKind.VOLUME, repr(self._state.volume_db)))
        if self._is_fitting and snapshot.status == "running":
            self._show_sit()
        if self._is_fitting:
            self._fit.show_snapshot(snapshot, step_s)
        else:
            self._session_page.show_snapshot(snapshot, step_s)

    def _note_exit(self, result: SessionResult) -> None:
        self.exit_code = result.exit_code or (EXIT_INTERRUPTED if self._interrupted else EXIT_OK)

    def _ended(self, result: SessionResult) -> None:
        self._note_exit(result)
        if self._latest.status in {"running", "ended"}:
            self._save_state(volume_db=self._latest.volume_db)
            if self._latest.battery is not None and self._request is not None:
                self._save_state(battery=round(self._latest.battery), battery_of=self._request.device)
        self._latest = NO_SESSION
        if not self._is_demo:
            self._remember_sitting(result)
        if self._is_fitting and result.exit_code == EXIT_OK:
            self._show_home()
        else:
            self._after.activate(result, self._recording or result.session_dir)
            self._show(self._after)
            if self._request is not None and not self._closing:
                self._ask_forms(self._request, result)
        if self._record is not None:
            self._places.removeWidget(self._record)
            self._record.deleteLater()
            self._record = None
        self._open_drafts()
        if self._closing:
            self.close()

    def _ask_forms(self, request: SessionConfig, result: SessionResult) -> None:
        from neurofeedback.ui.pages.facts_dialog import ask_forms  # slow to import

        try:
            asked = self._ask_difficulty(request, result)
            ask_forms(request, result, self, self._log_task, asked)
        except NeurofeedbackError as error:
            self._after.show_notice(error_text(error))

    def _show_notice(self, sentence: str) -> None:
        self._after.show_notice(sentence)

    def _ask_difficulty(self, request: SessionConfig, result: SessionResult) -> str:
        """Ask about difficult experiences, if the person or the profile wants that; return the form that is asked."""
        from neurofeedback.settings.load import load_settings  # Pydantic, which a session has loaded

        wanted = FORM in load_settings(request.profile).questionnaires.after
        if not (wanted or self._preferences.difficulty_question) or not is_worth_asking(result):
            return ""
        if self._is_demo or request.mode == "record":
            return ""
        folder = result.session_dir  # none without a headset: the answer is then a session of its own
        session = folder.name.removeprefix("ses-") if folder else ""
        self._after.difficulty.ask(request.recordings, request.participant, session)
        return FORM

    def _swap_last_line(self, _discarded: bool) -> None:
        """Show the sitting before on the first page once the last one is in the bin, and the last once it is back."""
        if not self._reviewing and not self._is_demo:
            line, self._line_before = self._line_before, self._state.last_sitting
            self._save_state(last_sitting=line)

    def _remember_sitting(self, result: SessionResult) -> None:
        """Remember the sitting for the first page, and the headset that was recorded with."""
        self._line_before = self._state.last_sitting
        self._save_state(last_sitting=last_session_line(result) or self._line_before)
        if result.session_dir is not None and self._request is not None:
            self._save_state(device=self._request.device, recorded_with=self._request.device)

    def toggle_research(self) -> None:
        """Open or close the researcher's window."""
        if self._research is not None:
            self._research.close()
            return
        from neurofeedback.ui.pages.research_window import ResearchWindow  # pyqtgraph is not loaded until wanted

        theme = THEMES.get(self._preferences.theme, DARK)
        self._research = ResearchWindow(theme, lambda: self._latest)
        self._research.setStyleSheet(self.styleSheet())
        self._research.requested.connect(self._bridge.send_request)
        self._research.requested.connect(self._sit.note_answer)
        self._research.closed.connect(self._forget_research)
        self._research.show()

    def _forget_research(self) -> None:
        if self._research is not None:
            self._research.deleteLater()
        self._research = None

    def raise_window(self) -> None:
        """Bring the window to the front, for a second start of the program."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
