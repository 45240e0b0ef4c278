"""A button that starts a long task, shows its progress, and cancels it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QMenu, QPushButton

from neurofeedback.texts import window
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import BackgroundTask, TaskHandle


class TaskButton(QPushButton):
    """``requested`` follows a click while no task runs, ``done`` carries the result, ``message`` a sentence."""

    requested = pyqtSignal()
    done = pyqtSignal(object)
    message = pyqtSignal(str)

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._menu: QMenu | None = None
        self._job: BackgroundTask[Any] = BackgroundTask(self, "task")
        self._job.progressed.connect(self._show_progress)
        self._job.done.connect(self._done)
        self._job.failed.connect(self._failed)
        self.clicked.connect(self._clicked)
        self._idle()

    def set_menu(self, choices: Mapping[str, Callable[[], object]]) -> None:
        """Make a click open a menu of these texts and actions."""
        self._menu = QMenu(self)
        for text, act in choices.items():
            if (action := self._menu.addAction(tr(text))) is not None:
                action.triggered.connect(lambda _checked, act=act: act())
        self.setMenu(self._menu)

    @property
    def busy(self) -> bool:
        """Whether the task is running."""
        return self._job.busy

    def begin(self, work: Callable[[TaskHandle], object]) -> None:
        """Start a task in a helper thread; does nothing while one is running."""
        if self.busy:
            return
        self._job.start(work)
        self.setMenu(None)
        self._show_progress(0.0)
        self.setAccessibleName(tr(window.CANCEL_TASK, task=self._text.replace("&", "")))

    def cancel(self) -> None:
        """Cancel the running task."""
        if self.busy:
            self._job.cancel()
            self._idle()
            self.message.emit(tr(window.CANCELLED))

    def _clicked(self) -> None:
        if self.busy:
            self.cancel()
        elif self._menu is None:
            self.requested.emit()

    def _show_progress(self, share: float) -> None:
        self.setText(tr(window.CANCEL_PROGRESS, percent=round(100 * share)))

    def _done(self, result: object) -> None:
        self._idle()
        self.done.emit(result)

    def _failed(self, sentence: str) -> None:
        self._idle()
        self.message.emit(sentence)

    def _idle(self) -> None:
        self.setText(self._text)
        self.setAccessibleName(self._text.replace("&", ""))
        self.setMenu(self._menu)
