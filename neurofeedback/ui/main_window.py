"""The main window: its pages and the way from one to another."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, QUrl
from PyQt6.QtGui import QCloseEvent, QDesktopServices
from PyQt6.QtWidgets import QApplication, QStackedWidget, QWidget

from neurofeedback.errors import EXIT_INTERRUPTED
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.texts import home, sessions, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session import STOP_ADVICE
from neurofeedback.ui.access_dialog import ask_about_access
from neurofeedback.ui.app_language import use_language
from neurofeedback.ui.app_state import (
    DEMO_DEVICE,
    DEMO_PARTICIPANT,
    FIRST_PARTICIPANT,
    AppDefaults,
    DeviceChoice,
    ProgrammeChoice,
    StudyOpening,
    load_state,
)
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.device_names import is_simulated_device
from neurofeedback.ui.first_start.welcome_page import WelcomePage
from neurofeedback.ui.help_dialog import HelpDialog
from neurofeedback.ui.pages.about_page import AboutPage
from neurofeedback.ui.pages.after_page import AfterPage
from neurofeedback.ui.pages.compare_page import ComparePage
from neurofeedback.ui.pages.fit_page import FitPage
from neurofeedback.ui.pages.history_page import HistoryPage
from neurofeedback.ui.pages.home_page import HomePage
from neurofeedback.ui.pages.progress_page import ProgressPage
from neurofeedback.ui.pages.settings_page import SettingsPage
from neurofeedback.ui.pages.sit_page import SitPage
from neurofeedback.ui.practices.practice_files import programme_choices
from neurofeedback.ui.practices.practices_page import PracticesPage
from neurofeedback.ui.preferences import Preferences, load_preferences, save_preferences
from neurofeedback.ui.session_bridge import Launch
from neurofeedback.ui.session_result import past_result
from neurofeedback.ui.study.study_window import StudySessionWindow, has_protocol, study_base
from neurofeedback.ui.theme import DARK, THEMES, stylesheet
from neurofeedback.ui.unfinished_sessions import UnfinishedSession, complete_unfinished
from neurofeedback.ui.widgets.basic import bind_key, column, theme_palette
from neurofeedback.ui.widgets.sessions_table import date_text
from neurofeedback.ui.widgets.task_button import TaskButton

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession

__all__ = ["AppDefaults", "DeviceChoice", "MainWindow", "ProgrammeChoice"]

SIZE = (1024, 640)
RECOVER_AFTER_MS = 1500
FIRST_PROGRAMME = "first"
APPEARANCE_SETTINGS = ("language", "theme", "large_type", "picture", "reduced_motion")


class MainWindow(StudySessionWindow):
    """Shows one page at a time: Home, About, Fit, Sit, After, Progress, Settings, the practices and a study."""

    def __init__(self, launch: Launch, defaults: AppDefaults) -> None:
        super().__init__(launch, defaults)
        self._preferences_path = defaults.preferences_file or self._state_path.with_name("settings.toml")
        self._state = load_state(self._state_path).with_defaults(defaults)
        self._notice = defaults.notice
        self._preferences = load_preferences(self._preferences_path, self._set_notice)
        self._water = WaterRenderer()
        self._build()
        self.setWindowTitle(tr(window.APP_TITLE))
        self.resize(*SIZE)
        bind_key(self, "F11", self._full_screen)
        bind_key(self, "F1", self._show_help)
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
        QApplication.setPalette(theme_palette(theme))
        self.setStyleSheet(stylesheet(theme, large_type=self._preferences.large_type))
        self._places = QStackedWidget()
        self._home, self._about = HomePage(self._defaults, self._water, self._device_scan), AboutPage()
        overrides = self._preferences.settings_overrides()
        self._welcome = WelcomePage(self._water, self._defaults.audio, overrides)
        self._fit, self._sit = FitPage(theme), SitPage(DARK, self._water, self._state, self._preferences)
        if theme is not DARK:  # no light in the room while the eyes are closed
            self._sit.setStyleSheet(stylesheet(DARK, large_type=self._preferences.large_type))
        self._after = AfterPage(theme, self._water, profiles)
        self._progress, self._settings = ProgressPage(theme), SettingsPage(profiles, self._defaults.recordings)
        self._after.offer_mood(self._preferences.mood_questions)
        self._practices = PracticesPage(self._state_path.parent / "programmes")
        pages = (
            self._home,
            self._welcome,
            self._about,
            self._fit,
            self._sit,
            self._after,
            self._progress,
            self._settings,
        )
        titles = {programme.name: programme.title for programme in self._defaults.programmes}
        self._history, self._compare = HistoryPage(titles), ComparePage(theme)
        for page in (*pages, self._history, self._compare, self._practices):
            self._places.addWidget(page)
        self._connect()
        central = QWidget()
        whole = column(central, gap=0)
        whole.addWidget(self._make_demo_strip())
        whole.addWidget(self._places, 1)
        self.setCentralWidget(central)
        central.show()  # at once, so that keys reach the new pages

    def _connect(self) -> None:
        self._home.sit.connect(self._start_chosen_session)
        self._home.demo.connect(self._start_demo)
        self._home.record.connect(lambda: self._offer_recording(self._home.selection()))
        self._home.finish.connect(self._resume_unfinished)
        self._home.about.connect(self._show_about)
        self._home.history.connect(self._show_history)
        self._home.progress.connect(self._show_progress)
        self._home.settings.connect(self._show_settings)
        self._home.research.connect(self.toggle_research)
        self._home.study.connect(self._open_study)
        self._about.left.connect(self._show_home)
        self._welcome.left.connect(self._leave_welcome)
        self._fit.begin.connect(self._bridge.begin_now)
        self._fit.measure_impedance.connect(self._bridge.measure_impedance)
        self._fit.leave.connect(self.end)
        self._sit.end.connect(self.end)
        self._sit.requested.connect(self._bridge.send_request)
        self._sit.research.connect(self.toggle_research)
        self._sit.dark_changed.connect(self._update_demo_strip)
        self._after.again.connect(self._start_again)
        self._after.home.connect(self._leave_after)
        self._after.discarded.connect(self._swap_last_line)
        self._after.saved.connect(self._refresh_history)
        self._history.left.connect(self._show_home)
        self._history.opened.connect(self._open_past)
        self._history.compared.connect(self._compare_past)
        self._history.withdrawn.connect(self._forget_person)
        self._compare.left.connect(self._show_history)
        self._after.condition.connect(lambda condition: self._save_state(condition=condition))
        self._progress.left.connect(self._show_home)
        self._settings.left.connect(self._show_home)
        self._settings.changed.connect(self._apply_preferences)
        self._settings.file_wanted.connect(self._open_settings_file)
        self._settings.practices.connect(self._show_practices)
        self._practices.left.connect(self._leave_practices)

    def _begin(self) -> None:
        if not self._state.claims_seen:
            self._show(self._welcome)
            self._welcome.activate()
        elif self._request is not None:
            self.begin(self._request)
        elif self._defaults.study is not None:
            self._show_study(self._defaults.study)
        else:
            self._show_home()

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
        self._history.cancel()
        self._compare.cancel()
        self._recovery_task.cancel()
        self._device_scan.cancel()
        for task in self.findChildren(TaskButton):
            task.cancel()
        if self._research is not None:
            self._research.close()
        self._save_state(time_shown=self._sit.time_shown, facts_shown=self._sit.status_shown)
        super().closeEvent(a0)

    def _show_home(self) -> None:
        self._show(self._home)
        self._home.activate(self._state)
        self._home.offer_study(offered=has_protocol(self._folder))
        self._home.show_notice(self._notice or (tr(STOP_ADVICE) if self._state.condition else ""))
        self._notice = ""
        if not self._state.device and self._device_scan.findings is None:
            self._device_scan.begin()

    def _open_study(self) -> None:
        self._save_state(**self._home.selection())
        self._show_study(StudyOpening(study_base(self._folder, self._defaults.audio, self._preferences)))

    def _show_about(self) -> None:
        self._show(self._about)
        self._about.activate()

    def _show_progress(self) -> None:
        self._save_state(**self._home.selection())
        self._show(self._progress)
        self._progress.activate(self._folder, self._state.participant)

    def _show_history(self) -> None:
        if self._places.currentWidget() is self._home:
            self._save_state(**self._home.selection())
        self._reviewing = False
        self._show(self._history)
        self._history.activate(self._folder, self._state.participant)

    def _refresh_history(self) -> None:
        """Read the list again: notes may be saved only after it was read."""
        if self._places.currentWidget() is self._history:
            self._history.activate(self._folder, self._state.participant)

    def _forget_person(self, everything: bool) -> None:
        """Remember nothing of sittings that were withdrawn, nor of the person where everything was."""
        participant = FIRST_PARTICIPANT if everything else self._state.participant
        self._save_state(participant=participant, last_sitting="", condition="")

    def _open_past(self, session: PastSession) -> None:
        self._reviewing = True
        folder = self._history.folder(session)
        self._history.cancel()
        self._after.activate_past(past_result(session, folder), tr(sessions.OPEN_TITLE, date=date_text(session)))
        self._show(self._after)

    def _compare_past(self, first: PastSession, second: PastSession) -> None:
        self._history.cancel()
        self._compare.activate((first, second), (self._history.folder(first), self._history.folder(second)))
        self._show(self._compare)

    def _leave_after(self) -> None:
        self._show_history() if self._reviewing else self._show_home()

    def _show_settings(self) -> None:
        self._save_state(**self._home.selection())
        self._show(self._settings)
        self._settings.activate(self._preferences)

    def _open_settings_file(self) -> None:
        """Open the settings file with the system's editor; it is written first, so that every setting is in it."""
        save_preferences(self._preferences_path, self._preferences)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._preferences_path)))

    def _show_practices(self) -> None:
        self._show(self._practices)
        self._practices.activate()

    def _leave_practices(self, changed: bool) -> None:
        """Show the first page, built anew if another practice is to be offered."""
        if changed:
            self._defaults = replace(self._defaults, programmes=programme_choices())
            self._state = self._state.with_defaults(self._defaults)
            self._build()
        self._show_home()

    def _leave_welcome(self) -> None:
        """Begin with the practice for a first sitting chosen."""
        names = {programme.name for programme in self._defaults.programmes}
        first = FIRST_PROGRAMME if FIRST_PROGRAMME in names else self._state.programme
        self._save_state(claims_seen=True, programme=first)
        self._begin()

    def _show_help(self) -> None:
        """Open the help, or bring it to the front."""
        dialog = self.findChild(HelpDialog) or HelpDialog(self)
        dialog.setStyleSheet(self.styleSheet())
        dialog.show()
        dialog.raise_()

    @property
    def _folder(self) -> Path:
        return Path(self._preferences.recordings) if self._preferences.recordings else self._defaults.recordings

    def _apply_preferences(self, preferences: Preferences) -> None:
        """Save new settings, and rebuild the pages if their appearance changes."""
        appearance_changed = any(
            getattr(preferences, name) != getattr(self._preferences, name) for name in APPEARANCE_SETTINGS
        )
        if preferences.language != self._preferences.language:
            use_language(preferences.language, self._state_path.parent)
        self._preferences = preferences
        save_preferences(self._preferences_path, preferences)
        self._after.offer_mood(preferences.mood_questions)
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
        without_headset = self._home.without_headset
        self.begin(self._state.request(self._defaults, self._preferences, without_headset=without_headset))

    def _start_demo(self) -> None:
        """Start a session with a simulated device; the chosen headset stays remembered."""
        self._save_state(**self._home.selection())
        self.begin(replace(self._state, device=DEMO_DEVICE).request(self._defaults, self._preferences))

    def _stop_reading(self) -> None:
        self._recovery_task.cancel()
        self._after.cancel()

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
        if unfinished is None or unfinished.participant.lower() == DEMO_PARTICIPANT:
            return
        if self._places.currentWidget() is self._home:
            self._home.offer_unfinished(unfinished)

    def _resume_unfinished(self, unfinished: UnfinishedSession) -> None:
        self._save_state(**self._home.selection())
        request = self._state.request(self._defaults, self._preferences)
        if is_simulated_device(request.device):  # simulated data must not enter a person's history
            self._home.show_notice(tr(home.NO_DEVICE_TO_RESUME))
            return
        minutes = float(unfinished.minutes_left)
        self.begin(replace(request, participant=unfinished.participant, minutes=minutes, programme=""))


def _complete(recordings: Path, _handle: TaskHandle) -> UnfinishedSession | None:
    return complete_unfinished(recordings)


def preload_progress() -> None:
    """Import the libraries of the Progress page, which takes about a second."""
    import scipy.special
    import scipy.stats  # noqa: F401
    import statsmodels.genmod.bayes_mixed_glm  # noqa: F401 - used in analysis
