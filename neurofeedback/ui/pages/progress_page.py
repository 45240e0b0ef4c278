"""The page about many sessions: when, how long, and wandering by the person's answers; never the index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QProgressBar, QScrollArea, QWidget

from neurofeedback.texts import history as history_texts
from neurofeedback.texts import progress, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_percent
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.calendar_view import CalendarView
from neurofeedback.ui.widgets.import_button import ImportButton
from neurofeedback.ui.widgets.wandering_chart import WanderingChart

if TYPE_CHECKING:
    from neurofeedback.analysis.history_summary import HistorySummary
    from neurofeedback.analysis.probe_statistics import WanderingShare

_MAX_WIDTH = 1080


class ProgressPage(QWidget):
    """Shows the history of a participant."""

    left = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._title = label(progress.TITLE, large=True)
        self._regularity = label(name=progress.REGULARITY_NAME)
        self._summary = label(name=progress.SUMMARY_NAME)
        self._shares = label(name=progress.SUMMARY_NAME)
        self._conditions = label(quiet=True, name=progress.CONDITIONS_NAME)
        self._outlook = label(name=progress.OUTLOOK_NAME)
        self._how_sure = label(progress.HOW_SURE, quiet=True)
        self._why = label(progress.WHY_ANSWERS, quiet=True)
        for line in (
            self._regularity,
            self._summary,
            self._shares,
            self._conditions,
            self._outlook,
            self._how_sure,
            self._why,
        ):
            line.setWordWrap(True)
        self._calendar = CalendarView(theme)
        self._chart = WanderingChart(theme)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName(tr(progress.READING_BAR))
        self.back = button(window.HOME, self._leave, main=True)
        self._source = (Path(), "")
        self._message = label(live=True, quiet=True, name=window.MESSAGE)
        self._message.setWordWrap(True)
        self.import_button = ImportButton()
        self.import_button.message.connect(self._message.setText)
        self.import_button.done.connect(lambda _session: self._read())
        self._job: BackgroundTask[HistorySummary] = BackgroundTask(self, "progress")
        self._job.progressed.connect(lambda share: self._bar.setValue(round(100 * share)))
        self._job.done.connect(self._show)
        self._job.failed.connect(self._fail)
        self._lay_out()
        bind_key(self, "Esc", self._leave)

    def _lay_out(self) -> None:
        page, content = QWidget(), QWidget()
        content.setMaximumWidth(_MAX_WIDTH)
        middle = row(gap=0)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addStretch(1)
        middle.addWidget(content, 1000)  # all the room up to its maximum
        middle.addStretch(1)
        page.setLayout(middle)
        inside = column(content, MARGIN, gap=14)
        inside.addWidget(self._title)
        inside.addWidget(self._bar)
        inside.addWidget(self._regularity)
        inside.addWidget(self._calendar, alignment=Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(self._summary)
        self._show_details = button(progress.DETAILS, self._toggle_details, flat=True)
        inside.addWidget(self._show_details, alignment=Qt.AlignmentFlag.AlignLeft)
        self._details = QWidget()
        details = column(self._details, gap=14)
        details.addWidget(self._shares)
        self._caption = label(progress.CHART_CAPTION, quiet=True)
        details.addWidget(self._caption)
        details.addWidget(self._chart, 1)
        for part in (self._conditions, self._outlook, self._how_sure, self._why):
            details.addWidget(part)
        inside.addWidget(self._details)
        self._details.hide()
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = row(self.import_button)
        foot.addWidget(self._message, 1)
        foot.addWidget(self.back)
        foot.setContentsMargins(MARGIN, 10, MARGIN, FLAT_MARGIN)
        outer = column(self, gap=0)
        outer.addWidget(area, 1)
        outer.addLayout(foot)

    @property
    def busy(self) -> bool:
        """Whether the sessions are still being read."""
        return self._job.busy

    def activate(self, recordings: Path, participant: str) -> None:
        """Read the sessions of a participant, and show them once they are read."""
        self._source = (recordings, participant)
        self._title.setText(tr(progress.TITLE_OF, participant=participant))
        self.import_button.set_target(recordings, participant)
        self._message.setText("")
        self.back.setFocus()
        self._read()

    def _read(self) -> None:
        self._summary.setText(tr(progress.READING))
        self._bar.setValue(0)
        self._details.hide()
        for part in (
            self._regularity,
            self._show_details,
            self._calendar,
            self._caption,
            self._chart,
            self._conditions,
            self._outlook,
            self._how_sure,
        ):
            part.hide()
        self._bar.show()
        self._job.start(partial(_read_task, *self._source))

    def cancel(self) -> None:
        """Stop reading."""
        self._job.cancel()

    def _leave(self) -> None:
        self.cancel()
        self.left.emit()

    def _show(self, history: HistorySummary) -> None:
        from neurofeedback.report.history_sentences import (  # NumPy, as for reading the sessions
            detail_sentences,
            first_sentences,
            outlook_sentences,
        )

        self._bar.hide()
        missing = "" if history.sessions or self._source[0].is_dir() else tr(progress.NO_FOLDER, path=self._source[0])
        self._summary.setText("\n".join(filter(None, (*first_sentences(history), missing))))
        days = _by_day(history)
        self._regularity.setText(regularity_line(days, date.today()))
        self._shares.setText("\n".join(detail_sentences(history)))
        self._regularity.setVisible(bool(history.sessions))
        self._show_details.setVisible(bool(history.sessions))
        self._calendar.show_days(days, date.today())
        self._calendar.setVisible(bool(history.sessions))
        self._chart.show_shares(tuple(share for _, share in history.session_shares))
        for part in (self._caption, self._chart):
            part.setVisible(bool(history.session_shares))
        self._conditions.setText("\n".join(_condition_line(name, share) for name, share in history.conditions.items()))
        self._conditions.setVisible(bool(history.conditions))
        self._outlook.setText("\n".join(outlook_sentences(history)))
        self._outlook.setVisible(bool(history.sessions_needed))
        self._how_sure.setVisible(history.wandering is not None)

    def _toggle_details(self) -> None:
        self._details.setVisible(self._details.isHidden())

    def _fail(self, sentence: str) -> None:
        self._bar.hide()
        self._summary.setText(sentence)


def regularity_line(seconds_by_day: Mapping[date, float], today: date) -> str:
    """Return the time of this week, which begins on Monday, and the days in a row up to today or yesterday.

    Examples
    --------
    >>> regularity_line({date(2026, 11, 24): 600.0, date(2026, 11, 25): 1200.0}, date(2026, 11, 26))
    'This week: 30 minutes on 2 days. 2 days in a row.'
    """
    monday = today - timedelta(days=today.weekday())
    week = {day: seconds for day, seconds in seconds_by_day.items() if monday <= day <= today}
    days = tr(history_texts.ONE_DAY) if len(week) == 1 else tr(history_texts.DAYS, n=len(week))
    line = tr(progress.THIS_WEEK, length=format_duration(sum(week.values())), days=days)
    last = today if today in seconds_by_day else today - timedelta(days=1)
    in_a_row = 0
    while last - timedelta(days=in_a_row) in seconds_by_day:
        in_a_row += 1
    parts = (line if week else tr(progress.THIS_WEEK_NONE), tr(progress.IN_A_ROW, n=in_a_row) if in_a_row > 1 else "")
    return " ".join(filter(None, parts))


def _condition_line(name: str, share: WanderingShare) -> str:
    low, high = format_percent(share.low), format_percent(share.high)
    return tr(progress.CONDITION_SHARE, name=name, share=format_percent(share.value), low=low, high=high, n=share.n)


def _by_day(history: HistorySummary) -> dict[date, float]:
    seconds: dict[date, float] = {}
    for session in history.sessions:
        day = session.started_at.date()
        seconds[day] = seconds.get(day, 0.0) + (session.duration_s or 0.0)
    return seconds


def _read_task(recordings: Path, participant: str, handle: TaskHandle) -> HistorySummary:
    from neurofeedback.analysis.history import all_sittings  # slow to import
    from neurofeedback.analysis.history_summary import summarize_history

    def step(done: int, total: int) -> None:
        handle.report_progress(done / max(1, total))

    skipped: dict[str, str] = {}
    return summarize_history(
        all_sittings(recordings, participant, progress=step, on_skipped=skipped.__setitem__), skipped
    )
