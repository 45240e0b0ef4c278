"""A panel that replays the last session with another profile or target rate, from its recording."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QProgressBar, QSpinBox, QWidget

from neurofeedback.texts import after, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_percent
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import ComboBox, button, column, ignore_wheel, label, row

if TYPE_CHECKING:
    from neurofeedback.ui.viewmodels import WhatIfResult


class WhatIfPanel(QWidget):
    """Fields for profile and target rate, and a button; ``result`` carries the result, or None to remove it."""

    result = pyqtSignal(object)

    def __init__(self, profiles: tuple[str, ...]) -> None:
        super().__init__()
        self._session: Path | None = None
        self._profile = ComboBox()
        self._profile.addItems(list(profiles))
        self._profile.setAccessibleName(tr(after.METHOD))
        self._rate = ignore_wheel(QSpinBox())
        self._rate.setRange(10, 95)
        self._rate.setValue(65)
        self._rate.setSuffix(tr(after.QUIET_SUFFIX))
        self._rate.setAccessibleName(tr(after.QUIET_SHARE))
        self._rate.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.go = button(after.WHAT_IF, self._toggle)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName(tr(window.PROGRESS_BAR))
        self._message = label(live=True, quiet=True, name=after.WHAT_IF_RESULT_NAME)
        self._message.setWordWrap(True)
        self._job: BackgroundTask[WhatIfResult] = BackgroundTask(self, "what-if")
        self._job.progressed.connect(lambda share: self._bar.setValue(round(100 * share)))
        self._job.done.connect(self._show)
        self._job.failed.connect(self._fail)
        outer = column(self, gap=6)
        outer.addLayout(row(self._profile, self._rate, self.go))
        outer.addWidget(self._bar)
        outer.addWidget(self._message)
        self.set_session(None)

    def set_session(self, session: Path | None) -> None:
        """Set the session and reset the panel."""
        self._job.cancel()
        self._session = session
        self._idle(after.WHAT_IF_HINT)

    def _toggle(self) -> None:
        if self._job.busy:
            self._job.cancel()
            self._idle(window.CANCELLED)
        elif self._session is not None:
            self._bar.setValue(0)
            self._bar.show()
            self.go.setText(tr(window.CANCEL))
            self._message.setText("")
            self._job.start(
                partial(_what_if_task, self._session, self._profile.currentText(), self._rate.value() / 100)
            )

    def _idle(self, text: str) -> None:
        self._bar.hide()
        self.go.setText(tr(after.WHAT_IF))
        self._message.setText(tr(text))

    def _show(self, result: WhatIfResult) -> None:
        self._idle("")
        quiet, usable = format_percent(result.reward_rate), format_percent(result.valid_fraction)
        self._message.setText(tr(after.WHAT_IF_RESULT, quiet=quiet, usable=usable))
        self.result.emit(result)

    def _fail(self, sentence: str) -> None:
        self._idle(sentence)
        self.result.emit(None)


def _what_if_task(session: Path, profile: str, rate: float, handle: TaskHandle) -> WhatIfResult:
    from neurofeedback.ui.viewmodels import what_if  # slow to import

    return what_if(session, profile, rate, handle.report_progress)
