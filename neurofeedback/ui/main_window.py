"""The main window: its pages and the way from one to another."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK
from neurofeedback.feedback.water_picture import WaterRenderer, frame_rate
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import fit, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session import STOP_ADVICE
from neurofeedback.ui.access_dialog import ask_about_access
from neurofeedback.ui.app_state import (
    AppDefaults,
    DeviceChoice,
    ProgrammeChoice,
    is_simulated_device,
    load_state,
    save_state,
    state_path,
)
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.device_scan import DeviceScan
from neurofeedback.ui.pages.about_page import AboutPage
from neurofeedback.ui.pages.after_page import AfterPage, last_session_line
from neurofeedback.ui.pages.fit_page import FitPage
from neurofeedback.ui.pages.home_page import HomePage
from neurofeedback.ui.pages.programme_editor import ProgrammeEditor
from neurofeedback.ui.pages.progress_page import ProgressPage
from neurofeedback.ui.pages.settings_page import SettingsPage
from neurofeedback.ui.pages.sit_page import SitPage
from neurofeedback.ui.preferences import Preferences, load_preferences, save_preferences
from neurofeedback.ui.programmes import programme_choices
from neurofeedback.ui.session_bridge import Launch, SessionBridge
from neurofeedback.ui.theme import DARK, THEMES, stylesheet
from neurofeedback.ui.unfinished_sessions import UnfinishedSession, complete_unfinished
from neurofeedback.ui.widgets.basic import bind_key
from neurofeedback.ui.widgets.task_button import TaskButton

if TYPE_CHECKING:  # pyqtgraph is loaded when the window is first asked for
    from neurofeedback.ui.pages.research_window import ResearchWindow

__all__ = ["AppDefaults", "DeviceChoice", "MainWindow", "ProgrammeChoice"]

SIZE = (1024, 640)
RECOVER_AFTER_MS = 1500
APPEARANCE_SETTINGS = ("theme", "large_type", "picture", "reduced_motion")


class MainWindow(QMainWindow):
    """Shows one page at a time: Home, About, Fit, Sit, After, Progress, Settings and the programme editor."""

    def __init__(self, launch: Launch, defaults: AppDefaults) -> None:
        super().__init__()
        self.exit_code = EXIT_OK
        self._defaults = defaults
        self._request = defaults.request
        self._state_path = defaults.state_file or state_path()
        self._preferences_path = defaults.preferences_file or self._state_path.with_name("settings.toml")
        self._state = load_state(self._state_path).with_defaults(defaults)
        self._notice = ""
        self._preferences = load_preferences(self._preferences_path, self._set_notice)
        self._closing = self._interrupted = self._begun = False
        self._recording: Path | None = None
        self._latest = Snapshot()
        self._device_scan = DeviceScan(defaults.scan, self)
        self._bridge = SessionBridge(partial(self._device_scan.launch_after_scan, launch), self)
        self._research: ResearchWindow | None = None
        self._water = WaterRenderer()
        self._build()
        self.setWindowTitle(tr(window.APP_TITLE))
        self.resize(*SIZE)
        self._bridge.shown.connect(self.show_snapshot)
        self._bridge.ended.connect(self._ended)
        bind_key(self, "F11", self._full_screen)
        self._recovery_task: BackgroundTask[UnfinishedSession | None] = BackgroundTask(self, "recovery")
        self._recovery_task.done.connect(self._offer_unfinished)
        self._preload_task: BackgroundTask[None] = BackgroundTask(self, "preload")
        QTimer.singleShot(RECOVER_AFTER_MS, self._recover)
        self._begin()

    def _set_notice(self, sentence: str) -> None:
        self._notice = sentence

    def _build(self) -> None:
        """Build all pages with the chosen colours and type size."""
        theme = THEMES.get(self._preferences.theme, DARK)
        profiles = self._defaults.profiles
        if (previous := self.takeCentralWidget()) is not None:
            previous.deleteLater()
        # set before the pages are built: styling finished pages takes longer
        self.setStyleSheet(stylesheet(theme, large_type=self._preferences.large_type))
        self._places = QStackedWidget()
        self._home, self._about = HomePage(self._defaults, self._water, self._device_scan), AboutPage()
        self._fit, self._sit = FitPage(theme), SitPage(DARK, self._water, self._state, self._preferences)
        if theme is not DARK:  # no light in the room while the eyes are closed
            self._sit.setStyleSheet(stylesheet(DARK, large_type=self._preferences.large_type))
        self._after = AfterPage(theme, self._water, profiles)
        self._progress, self._settings = ProgressPage(theme), SettingsPage(profiles)
        self._editor = ProgrammeEditor(self._state_path.parent / "programmes")
        pages = (self._home, self._about, self._fit, self._sit, self._after, self._progress, self._settings)
        for page in (*pages, self._editor):
            self._places.addWidget(page)
        self._connect()
        self.setCentralWidget(self._places)

    def _connect(self) -> None:
        self._home.sit.connect(self._start_chosen_session)
        self._home.finish.connect(self._resume_unfinished)
        self._home.about.connect(self._show_about)
        self._home.progress.connect(self._show_progress)
        self._home.settings.connect(self._show_settings)
        self._home.research.connect(self.toggle_research)
        self._about.left.connect(self._leave_about)
        self._fit.begin.connect(self._bridge.begin_now)
        self._fit.leave.connect(self.end)
        self._sit.end.connect(self.end)
        self._sit.requested.connect(self._bridge.send_request)
        self._sit.research.connect(self.toggle_research)
        self._after.again.connect(self._start_again)
        self._after.home.connect(self._show_home)
        self._after.condition.connect(lambda condition: self._save_state(condition=condition))
        self._progress.left.connect(self._show_home)
        self._settings.left.connect(self._show_home)
        self._settings.changed.connect(self._apply_preferences)
        self._settings.programme.connect(self._show_editor)
        self._editor.left.connect(self._show_home)
        self._editor.saved.connect(self._reload_programmes)

    def _begin(self) -> None:
        if not self._state.claims_seen:
            self._show_about()
        elif self._request is not None:
            self.begin(self._request)
        else:
            self._show_home()

    def begin(self, request: SessionConfig) -> None:
        """Start a session, unless one is running."""
        if self._bridge.active:
            return
        self._request, self._recording, self._begun = request, None, False
        self._recovery_task.cancel()
        if request.wait_for_fit:
            self._show(self._fit)
            self._fit.activate(request.device)
        else:
            self._show_sit()
        self._bridge.begin(request)

    def _show(self, page: QWidget) -> None:
        self._places.setCurrentWidget(page)

    def _show_sit(self) -> None:
        self._show(self._sit)
        self._sit.activate()

    def end(self) -> None:
        """End the session in order; the After page follows. A session without end goes to its last phase first."""
        if not self._bridge.active or self._bridge.stopping:
            return
        self._bridge.stop()
        if self._is_fitting:
            self._fit.show_notice(tr(fit.RELEASING), lasting=True)
        else:
            self._sit.show_ending()

    @property
    def _is_fitting(self) -> bool:
        return self._places.currentWidget() is self._fit

    def interrupt(self) -> None:
        """Close the window in order after Ctrl-C."""
        self._interrupted = True
        self.exit_code = self.exit_code or EXIT_INTERRUPTED
        self.close()

    def closeEvent(self, a0: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Close at once, or as soon as the running session has ended in order."""
        if self._bridge.active and a0 is not None:
            self._closing = True
            self.end()
            a0.ignore()
            return
        self._after.save_pending()
        self._after.cancel()
        self._progress.cancel()
        self._recovery_task.cancel()
        self._device_scan.cancel()
        for task in self.findChildren(TaskButton):
            task.cancel()
        if self._research is not None:
            self._research.close()
        self._save_state(time_shown=self._sit.time_shown, facts_shown=self._sit.status_shown)
        super().closeEvent(a0)

    def _save_state(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)
        save_state(self._state_path, self._state)

    def _show_home(self) -> None:
        self._show(self._home)
        self._home.activate(self._state)
        self._home.show_notice(self._notice or (tr(STOP_ADVICE) if self._state.condition else ""))
        self._notice = ""
        if not self._state.device and self._device_scan.findings is None:
            self._device_scan.begin()

    def _show_about(self) -> None:
        self._show(self._about)
        self._about.activate()

    def _show_progress(self) -> None:
        self._save_state(**self._home.selection())
        self._show(self._progress)
        self._progress.activate(self._folder, self._state.participant)

    def _show_settings(self) -> None:
        self._save_state(**self._home.selection())
        self._show(self._settings)
        self._settings.activate(self._preferences)

    def _show_editor(self) -> None:
        self._show(self._editor)
        self._editor.activate()

    def _reload_programmes(self) -> None:
        """Rebuild the pages so that a new programme is offered."""
        self._defaults = replace(self._defaults, programmes=programme_choices())
        self._build()
        self._show_home()

    def _leave_about(self) -> None:
        first_time = not self._state.claims_seen
        self._save_state(claims_seen=True)
        if first_time:
            self._begin()
        else:
            self._show_home()

    @property
    def _folder(self) -> Path:
        return Path(self._preferences.recordings) if self._preferences.recordings else self._defaults.recordings

    def _apply_preferences(self, preferences: Preferences) -> None:
        """Save new settings, and rebuild the pages if their appearance changes."""
        appearance_changed = any(
            getattr(preferences, name) != getattr(self._preferences, name) for name in APPEARANCE_SETTINGS
        )
        self._preferences = preferences
        save_preferences(self._preferences_path, preferences)
        if appearance_changed:
            QTimer.singleShot(0, self._rebuild)  # not now: the changed field is still emitting its signal

    def _rebuild(self) -> None:
        if self._bridge.active or self._places.currentWidget() is not self._settings:
            return
        focused = self._settings.focused()
        self._build()
        self._show_settings_again(focused)

    def _show_settings_again(self, focused: str) -> None:
        self._show(self._settings)
        self._settings.activate(self._preferences, focused)

    def _start_chosen_session(self) -> None:
        self._save_state(**self._home.selection())
        self.begin(self._state.request(self._defaults, self._preferences))

    def _start_again(self) -> None:
        self._after.save_pending()
        if self._request is not None:
            self.begin(self._request)

    def preload(self) -> None:
        """Import the libraries of the Progress page in a helper thread, unless a session is running."""
        if not self._bridge.active:
            self._preload_task.start(lambda _handle: preload_progress())

    def _recover(self) -> None:
        if not self._bridge.active:
            self._recovery_task.start(partial(_complete, self._folder))
            self._access_dialog = ask_about_access(self._folder, self)

    def _offer_unfinished(self, unfinished: UnfinishedSession | None) -> None:
        if unfinished is not None and self._places.currentWidget() is self._home:
            self._home.offer_unfinished(unfinished)

    def _resume_unfinished(self, unfinished: UnfinishedSession) -> None:
        self._save_state(**self._home.selection())
        request = self._state.request(self._defaults, self._preferences)
        minutes = float(unfinished.minutes_left)
        self.begin(replace(request, participant=unfinished.participant, minutes=minutes, programme=""))

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
        self._research.closed.connect(self._forget_research)
        self._research.show()

    def _forget_research(self) -> None:
        if self._research is not None:
            self._research.deleteLater()
        self._research = None

    def session_visible(self) -> bool:
        """Return whether a session is running and its page is shown."""
        return self._bridge.running and self._places.currentWidget() is self._sit

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        size = self.size() * self.devicePixelRatio()
        fast = frame_rate(size.width() * size.height())
        self._bridge.set_rate((None if self._is_fitting else self._sit.pictures_per_second) or fast)
        self._recording, self._latest = snapshot.recording, snapshot
        if snapshot.status == "running" and not self._begun:
            self._begun = True
            if self._state.volume_db:
                self._bridge.send_request(Request(RequestKind.VOLUME, repr(self._state.volume_db)))
        if self._is_fitting and snapshot.status == "running":
            self._show_sit()
        if self._is_fitting:
            self._fit.show_snapshot(snapshot, step_s)
        else:
            self._sit.show_snapshot(snapshot, step_s)

    def _ended(self, result: SessionResult) -> None:
        self.exit_code = result.exit_code or (EXIT_INTERRUPTED if self._interrupted else EXIT_OK)
        if self._latest.status in {"running", "ended"}:
            self._save_state(volume_db=self._latest.volume_db)
        self._remember_headset(result)
        self._save_state(last_sitting=last_session_line(result) or self._state.last_sitting)
        if self._is_fitting and result.exit_code == EXIT_OK:
            self._show_home()
        else:
            self._after.activate(result, self._recording or result.session_dir)
            self._show(self._after)
        if self._closing:
            self.close()

    def _remember_headset(self, result: SessionResult) -> None:
        """Remember the headset that was recorded with; a simulated device is remembered only where it was chosen."""
        if (
            result.session_dir is not None
            and self._request is not None
            and not is_simulated_device(self._request.device)
        ):
            self._save_state(device=self._request.device, recorded_with=self._request.device)

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)


def _complete(recordings: Path, _handle: TaskHandle) -> UnfinishedSession | None:
    return complete_unfinished(recordings)


def preload_progress() -> None:
    """Import the libraries of the Progress page, which takes about a second."""
    import scipy.special
    import scipy.stats  # noqa: F401
    import statsmodels.genmod.bayes_mixed_glm  # noqa: F401 - used in analysis
