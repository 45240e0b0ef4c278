"""Progress: when and how long one sat, and wandering by one's own answers. Never the index, never the reward rate."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QProgressBar, QScrollArea, QWidget

from neurofeedback.texts.format import format_percent
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.translation import tr
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.calendar_view import CalendarView
from neurofeedback.ui.widgets.import_button import ImportButton
from neurofeedback.ui.widgets.wandering_chart import WanderingChart

if TYPE_CHECKING:
    from neurofeedback.analysis.trends import HistorySummary

WHY_ANSWERS = (
    "Only your own answers are compared between sittings. The index is relative to each sitting's own baseline and "
    "the program keeps the reward near a set share, so neither says anything over time."
)
_NO_FOLDER = "There is no folder {path} yet: the first sitting makes it, unless it is on a disk that is not there."

_WIDEST = 1080


class ProgressPage(QWidget):
    """What many sittings add up to."""

    left = pyqtSignal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._title = label("Progress", large=True)
        self._words = label(name="What may be said")
        self._conditions = label(quiet=True, name="Under each condition")
        self._why = label(WHY_ANSWERS, quiet=True)
        for words in (self._words, self._conditions, self._why):
            words.setWordWrap(True)
        self._calendar = CalendarView(theme)
        self._shares = WanderingChart(theme)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName(tr("How far reading is"))
        self.back = button("&Home", self._leave, main=True)
        self._place = (Path(), "")
        self._said = label(quiet=True, name="Message")
        self._said.setWordWrap(True)
        self.import_button = ImportButton()
        self.import_button.message.connect(self._said.setText)
        self.import_button.done.connect(lambda _session: self._read())
        self._job: BackgroundTask[HistorySummary] = BackgroundTask(self, "progress")
        self._job.progressed.connect(lambda share: self._bar.setValue(round(100 * share)))
        self._job.done.connect(self._show)
        self._job.failed.connect(self._fail)
        self._lay_out()
        bind_key(self, "Esc", self._leave)

    def _lay_out(self) -> None:
        page, words = QWidget(), QWidget()
        words.setMaximumWidth(_WIDEST)
        middle = row(gap=0)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addStretch(1)
        middle.addWidget(words, 1000)  # all there is up to its widest
        middle.addStretch(1)
        page.setLayout(middle)
        inside = column(words, MARGIN, gap=14)
        inside.addWidget(self._title)
        inside.addWidget(self._bar)
        inside.addWidget(self._words)
        inside.addWidget(self._calendar, alignment=Qt.AlignmentFlag.AlignLeft)
        self._caption = label("Wandering by your own answers, with the interval so few answers allow", quiet=True)
        inside.addWidget(self._caption)
        inside.addWidget(self._shares, 1)
        inside.addWidget(self._conditions)
        inside.addWidget(self._why)
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = row(self.import_button)
        foot.addWidget(self._said, 1)
        foot.addWidget(self.back)
        foot.setContentsMargins(MARGIN, 10, MARGIN, FLAT_MARGIN)
        whole = column(self, gap=0)
        whole.addWidget(area, 1)
        whole.addLayout(foot)

    @property
    def busy(self) -> bool:
        """Whether the sittings are still being read."""
        return self._job.busy

    def activate(self, recordings: Path, participant: str) -> None:
        """Read the sittings of a participant, and show them when they are read."""
        self._place = (recordings, participant)
        self._title.setText(tr("Progress of {participant}").format(participant=participant))
        self.import_button.set_target(recordings, participant)
        self._said.setText("")
        self.back.setFocus()
        self._read()

    def _read(self) -> None:
        self._words.setText(tr("Looking through the sittings."))
        self._bar.setValue(0)
        for part in (self._calendar, self._caption, self._shares, self._conditions):
            part.hide()
        self._bar.show()
        self._job.start(partial(_read_task, *self._place))

    def cancel(self) -> None:
        """Stop reading."""
        self._job.cancel()

    def _leave(self) -> None:
        self.cancel()
        self.left.emit()

    def _show(self, seen: HistorySummary) -> None:
        self._bar.hide()
        missing = "" if seen.sessions or self._place[0].is_dir() else tr(_NO_FOLDER).format(path=self._place[0])
        self._words.setText("\n".join(filter(None, (*map(tr, seen.sentences), missing))))
        self._calendar.show_days(_by_day(seen), date.today())
        self._calendar.setVisible(bool(seen.sessions))
        self._shares.show_shares(tuple(share for _, share in seen.shares))
        for part in (self._caption, self._shares):
            part.setVisible(bool(seen.shares))
        told = [
            tr("{name}: {share} (between {low} and {high}, {n} answers)").format(
                name=name, share=format_percent(s.value), low=format_percent(s.low), high=format_percent(s.high), n=s.n
            )
            for name, s in seen.conditions.items()
        ]
        self._conditions.setText("\n".join(told))
        self._conditions.setVisible(bool(told))

    def _fail(self, sentence: str) -> None:
        self._bar.hide()
        self._words.setText(sentence)


def _by_day(seen: HistorySummary) -> dict[date, float]:
    sat: dict[date, float] = {}
    for session in seen.sessions:
        day = session.started_at.date()
        sat[day] = sat.get(day, 0.0) + (session.duration_s or 0.0)
    return sat


def _read_task(recordings: Path, participant: str, ticket: TaskHandle) -> HistorySummary:
    from neurofeedback.analysis.trends import summarize_history
    from neurofeedback.recording.history import past_sessions  # loaded here, in the helper

    def step(done: int, total: int) -> None:
        ticket.report_progress(done / max(1, total))

    left_out: dict[str, str] = {}
    return summarize_history(
        past_sessions(recordings, participant, progress=step, on_skipped=left_out.__setitem__), left_out
    )
