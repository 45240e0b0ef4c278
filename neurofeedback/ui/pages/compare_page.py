"""The page that shows two sittings of the history side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QScrollArea, QWidget

from neurofeedback.texts import sessions
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_percent
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.index_timeline import IndexTimeline
from neurofeedback.ui.widgets.sessions_table import answers_text, date_text

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession
    from neurofeedback.ui.viewmodels import SessionOverview

_FACTS = (
    sessions.LENGTH, sessions.SIGNAL, sessions.ANSWERS, sessions.PRESSES, sessions.SLEEPINESS, sessions.NOTE,
)  # fmt: skip


class ComparePage(QWidget):
    """Shows the facts and the timelines of two sittings."""

    left = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._dates = (label(large=True), label(large=True))
        self._cells = {fact: (label(), label()) for fact in _FACTS}
        self._timelines = (IndexTimeline(theme), IndexTimeline(theme))
        self._messages = (label(quiet=True), label(quiet=True))
        tasks: list[BackgroundTask[SessionOverview]] = []
        for timeline, message in zip(self._timelines, self._messages, strict=True):
            task: BackgroundTask[SessionOverview] = BackgroundTask(self, "compare")
            task.done.connect(timeline.show_session)
            task.failed.connect(message.setText)
            message.setWordWrap(True)
            tasks.append(task)
        self._tasks = tuple(tasks)
        self._back = button(sessions.BACK, self._leave, main=True)
        self._lay_out()
        bind_key(self, "Esc", self._leave)

    def _lay_out(self) -> None:
        page = QWidget()
        inside = column(page, MARGIN, gap=12)
        inside.addWidget(label(sessions.COMPARE_TITLE, quiet=True))
        inside.addLayout(self._facts())
        for message, timeline in zip(self._messages, self._timelines, strict=True):
            inside.addWidget(message)
            inside.addWidget(timeline, 1)
        hint = label(sessions.COMPARE_HINT, quiet=True)
        hint.setWordWrap(True)
        inside.addWidget(hint)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = row()
        foot.addStretch(1)
        foot.addWidget(self._back)
        foot.setContentsMargins(MARGIN, 6, MARGIN, FLAT_MARGIN)
        outer = column(self, gap=0)
        outer.addWidget(area, 1)
        outer.addLayout(foot)

    def _facts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(MARGIN)
        grid.setVerticalSpacing(4)
        for side in (0, 1):
            grid.addWidget(self._dates[side], 0, side + 1)
            grid.setColumnStretch(side + 1, 1)
        for place, (fact, cells) in enumerate(self._cells.items(), start=1):
            grid.addWidget(label(fact, quiet=True), place, 0, alignment=Qt.AlignmentFlag.AlignTop)
            for side, cell in enumerate(cells, start=1):
                cell.setWordWrap(True)
                grid.addWidget(cell, place, side)
        return grid

    @property
    def busy(self) -> bool:
        """Whether a sitting is still being read."""
        return any(task.busy for task in self._tasks)

    def activate(self, pair: tuple[PastSession, PastSession], folders: tuple[Path, Path]) -> None:
        """Show two sittings, whose raw folders are ``folders``."""
        for side, (session, folder) in enumerate(zip(pair, folders, strict=True)):
            self._dates[side].setText(date_text(session))
            for fact, text in _fact_texts(session).items():
                self._cells[fact][side].setText(text)
            self._messages[side].setText(date_text(session))
            self._timelines[side].show_session(None)
            self._tasks[side].start(partial(_read_task, folder))
        self._back.setFocus()

    def cancel(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()

    def _leave(self) -> None:
        self.cancel()
        self.left.emit()


def _fact_texts(session: PastSession) -> dict[str, str]:
    unknown = tr(sessions.UNKNOWN)
    return {
        sessions.LENGTH: unknown if session.duration_s is None else format_duration(session.duration_s),
        sessions.SIGNAL: unknown if session.valid_fraction is None else format_percent(session.valid_fraction),
        sessions.ANSWERS: answers_text(session),
        sessions.PRESSES: str(session.n_presses),
        sessions.SLEEPINESS: unknown if session.sleepiness is None else f"{session.sleepiness:.1f}",
        sessions.NOTE: session.note or unknown,
    }


def _read_task(session: Path, handle: TaskHandle) -> SessionOverview:
    from neurofeedback.ui.viewmodels import read_overview  # slow to import

    handle.report_progress(0.0)
    return read_overview(session)
