"""The app: one window, its places, and the way between them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QApplication, QMainWindow, QStackedWidget

from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK
from neurofeedback.feedback.picture import Water, pictures_per_second
from neurofeedback.session.mailbox import Snapshot
from neurofeedback.session.request import Outcome, SitRequest
from neurofeedback.ui.about import About
from neurofeedback.ui.after import After, last_sitting_words
from neurofeedback.ui.bridge import Bridge, Launch
from neurofeedback.ui.choices import AppDefaults, DeviceChoice, choices_path, load_choices, save_choices
from neurofeedback.ui.fit import FitPlace
from neurofeedback.ui.home import Home
from neurofeedback.ui.parts import key
from neurofeedback.ui.sit import Sit
from neurofeedback.ui.theme import DARK, LIGHT, THEMES, stylesheet

__all__ = ["AppDefaults", "DeviceChoice", "Window", "run_app"]

SIZE = (1024, 640)


class Window(QMainWindow):
    """Home, About, Fit, Sit and After, one at a time."""

    def __init__(self, launch: Launch, defaults: AppDefaults) -> None:
        super().__init__()
        self.exit_code = EXIT_OK
        self._defaults = defaults
        self._request = defaults.request
        self._path = defaults.choices_file or choices_path()
        self._choices = load_choices(self._path).filled(defaults)
        self._closing = False
        self._interrupted = False
        self._recording: Path | None = None
        self._bridge = Bridge(launch, self)
        self._places = QStackedWidget()
        self._water = Water()
        self._home, self._about, self._after = Home(defaults, self._water), About(), After(self._water)
        self._fit, self._sit = self._new_fit(), self._new_sit()
        for place in (self._home, self._about, self._fit, self._sit, self._after):
            self._places.addWidget(place)
        self.setCentralWidget(self._places)
        self.setWindowTitle("Neurofeedback")
        self.resize(*SIZE)
        self.setStyleSheet(stylesheet(THEMES.get(self._choices.theme, DARK)))
        self._connect()
        self._begin()

    def _new_fit(self) -> FitPlace:
        fit = FitPlace(THEMES.get(self._choices.theme, DARK))
        fit.begin.connect(self._bridge.go_on)
        fit.leave.connect(self.end)
        return fit

    def _new_sit(self) -> Sit:
        theme = THEMES.get(self._choices.theme, DARK)
        sit = Sit(theme, self._water, time_shown=self._choices.time_shown, traces_shown=self._choices.traces_shown)
        sit.end.connect(self.end)
        sit.mark.connect(self._mark)
        return sit

    def _connect(self) -> None:
        self._home.sit.connect(self._sit_as_chosen)
        self._home.about.connect(self._show_about)
        self._home.theme.connect(self._change_theme)
        self._about.left.connect(self._leave_about)
        self._after.again.connect(self._sit_again)
        self._after.home.connect(self._show_home)
        self._bridge.shown.connect(self.show_snapshot)
        self._bridge.ended.connect(self._ended)
        key(self, "F11", self._full_screen)

    def _begin(self) -> None:
        if not self._choices.claims_seen:
            self._show_about()
        elif self._request is not None:
            self.begin(self._request)
        else:
            self._show_home()

    def begin(self, request: SitRequest) -> None:
        """Begin a sitting."""
        self._request, self._recording = request, None
        if request.fit:
            self._places.setCurrentWidget(self._fit)
            self._fit.enter(request.device)
        else:
            self._show_sit()
        self._bridge.begin(request)

    def _show_sit(self) -> None:
        self._places.setCurrentWidget(self._sit)
        self._sit.enter()

    def end(self) -> None:
        """End the sitting in order; the page after it follows."""
        if self._bridge.active and not self._bridge.stopping:
            self._bridge.stop()
            if self._fitting:
                self._fit.say("Letting go of the headset.", lasting=True)
            else:
                self._sit.say("Ending. The recording is being closed.", lasting=True)

    @property
    def _fitting(self) -> bool:
        return self._places.currentWidget() is self._fit

    def interrupt(self) -> None:
        """End everything in order after Ctrl-C."""
        self._interrupted = True
        self.exit_code = self.exit_code or EXIT_INTERRUPTED
        self.close()

    def closeEvent(self, a0: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Close at once, or as soon as the sitting has ended in order."""
        if self._bridge.active and a0 is not None:
            self._closing = True
            self.end()
            a0.ignore()
            return
        self._remember(time_shown=self._sit.time_shown, traces_shown=self._sit.traces_shown)
        super().closeEvent(a0)

    def _remember(self, **changes: object) -> None:
        self._choices = replace(self._choices, **changes)
        save_choices(self._path, self._choices)

    def _show_home(self) -> None:
        self._places.setCurrentWidget(self._home)
        self._home.enter(self._choices)

    def _show_about(self) -> None:
        self._places.setCurrentWidget(self._about)
        self._about.enter()

    def _leave_about(self) -> None:
        first_time = not self._choices.claims_seen
        self._remember(claims_seen=True)
        if first_time:
            self._begin()
        else:
            self._show_home()

    def _sit_as_chosen(self) -> None:
        self._remember(**self._home.chosen())
        self.begin(self._choices.request(self._defaults))

    def _sit_again(self) -> None:
        if self._request is not None:
            self.begin(self._request)

    def _mark(self) -> None:
        if self._bridge.mark():
            self._sit.say("Marked.")

    def sitting_shown(self) -> bool:
        """Tell whether a sitting is under way and shown."""
        return self._bridge.running and self._places.currentWidget() is self._sit

    def show_snapshot(self, snapshot: Snapshot, step_s: float) -> None:
        """Show the latest snapshot; ``step_s`` seconds have passed since the last one."""
        size = self.size() * self.devicePixelRatio()
        self._bridge.set_rate(pictures_per_second(size.width() * size.height()))
        self._recording = snapshot.recording
        if self._fitting and snapshot.status == "running":
            self._show_sit()
        if self._fitting:
            self._fit.show_snapshot(snapshot, step_s)
        else:
            self._sit.show_snapshot(snapshot, step_s)

    def _ended(self, outcome: Outcome) -> None:
        self.exit_code = outcome.exit_code or (EXIT_INTERRUPTED if self._interrupted else EXIT_OK)
        self._remember(last_sitting=last_sitting_words(outcome) or self._choices.last_sitting)
        if self._fitting and outcome.exit_code == EXIT_OK:
            self._show_home()
        else:
            self._after.enter(outcome, self._recording or outcome.session)
            self._places.setCurrentWidget(self._after)
        if self._closing:
            self.close()

    def _change_theme(self) -> None:
        theme = LIGHT if self._choices.theme == DARK.name else DARK
        self._remember(
            **self._home.chosen(),
            theme=theme.name,
            time_shown=self._sit.time_shown,
            traces_shown=self._sit.traces_shown,
        )
        old = (self._fit, self._sit)
        self._fit, self._sit = self._new_fit(), self._new_sit()
        for before, after in zip(old, (self._fit, self._sit), strict=True):
            self._places.removeWidget(before)
            self._places.addWidget(after)
            before.deleteLater()
        self.setStyleSheet(stylesheet(theme))

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)


def run_app(launch: Launch, defaults: AppDefaults) -> int:
    """Open the window and run it to its end.

    Parameters
    ----------
    launch : callable
        Makes a sitting from a request; the app starts it. Called in a helper thread, so it may take its time;
        what it raises of ``NeurofeedbackError`` is shown in words.
    defaults : AppDefaults
        What the command line knows.

    Returns
    -------
    int
        Exit code of the last sitting, 130 after Ctrl-C.
    """
    app = QApplication.instance() or QApplication(["neurofeedback"])
    app.setApplicationName("neurofeedback")
    if isinstance(app, QApplication):
        app.setStyle("Fusion")
    window = Window(launch, defaults)
    window.show()
    with _interrupts_end(window):
        app.exec()
    return window.exit_code


@contextmanager
def _interrupts_end(window: Window) -> Iterator[None]:
    """Let Ctrl-C and a request to terminate close the window (its timer lets Python see them)."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        window.interrupt()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
