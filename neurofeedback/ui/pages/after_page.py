"""The page after a session: a summary first, then its timeline, the state of the decoder, and a form for notes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QWidget

from neurofeedback.errors import EXIT_OK
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.recording.session_notes import SessionNotes
from neurofeedback.session.config import SessionResult
from neurofeedback.texts import after, home, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_percent
from neurofeedback.texts.session import INDEX_MEANING
from neurofeedback.texts.session_notices import COMPLETE
from neurofeedback.types import INDEX_NAME
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.export_button import ExportButton
from neurofeedback.ui.widgets.index_timeline import IndexTimeline
from neurofeedback.ui.widgets.notes_form import NotesForm
from neurofeedback.ui.widgets.water_view import WaterView
from neurofeedback.ui.widgets.what_if_panel import WhatIfPanel

if TYPE_CHECKING:
    from neurofeedback.report.decoder_summary import DecoderSummary
    from neurofeedback.ui.viewmodels import SessionOverview

_BAND_HEIGHT = 92


def headline_lines(result: SessionResult) -> tuple[str, str]:
    """Return the lines on length and usable signal; empty where the summary has no number.

    Examples
    --------
    >>> from neurofeedback.recording.session_json import SessionSummary
    >>> headline_lines(SessionResult(0, summary=SessionSummary(duration_s=600.0, valid_fraction=0.9)))
    ('You sat for 10 minutes.', '90 % of it had a usable signal.')
    """
    summary = result.summary
    duration, usable = (summary.duration_s, summary.valid_fraction) if summary else (None, None)
    return (
        "" if duration is None else tr(after.DURATION, length=format_duration(duration)),
        "" if usable is None else tr(after.USABLE_SIGNAL, share=format_percent(usable)),
    )


def last_session_line(result: SessionResult) -> str:
    """Return one line about a session for the first page; empty if it never ran."""
    summary = result.summary
    duration, usable = (summary.duration_s, summary.valid_fraction) if summary else (None, None)
    if duration is None:
        return ""
    length = format_duration(duration)
    if usable is None:
        return tr(home.LAST_SESSION, length=length)
    return tr(home.LAST_SESSION_WITH_SIGNAL, length=length, share=format_percent(usable))


def find_report(session: Path | None) -> Path | None:
    """Return the report of a session, beside it or among the derivatives; None if there is none."""
    if session is None:
        return None
    derivatives = session.parents[1] / "derivatives" / "neurofeedback" / session.parent.name / session.name
    found = [
        path for folder in (session, derivatives) if folder.is_dir() for path in sorted(folder.rglob("*_report.html"))
    ]
    return found[0] if found else None


class AfterPage(QWidget):
    """Shows the result of a session."""

    again = pyqtSignal()
    home = pyqtSignal()
    condition = pyqtSignal(str)

    def __init__(self, theme: Theme, water: WaterRenderer, profiles: tuple[str, ...]) -> None:
        super().__init__()
        self._picture = WaterView(water)
        self._picture.setFixedHeight(_BAND_HEIGHT)
        self._recording: Path | None = None
        self._report_path: Path | None = None
        self._title = label(large=True, onPicture=True, name=after.TITLE_NAME)
        self._lines = [label(name=name) for name in (after.DURATION_NAME, after.SIGNAL_NAME, after.ANSWERS_NAME)]
        self._message = label(name=window.MESSAGE)
        self._timeline = IndexTimeline(theme)
        self._legend = label(tr(after.LEGEND, name=INDEX_NAME, meaning=INDEX_MEANING), quiet=True)
        self._decoder_text = label(name=after.DECODER_NAME)
        self._signs = label(quiet=True, name=after.SIGNS_NAME)
        self._notes_form = NotesForm()
        self._what_if = WhatIfPanel(profiles)
        for line in (*self._lines, self._message, self._legend, self._decoder_text, self._signs):
            line.setWordWrap(True)
        self._again = button(after.SIT_AGAIN, self.again.emit, main=True)
        self._report = button(after.OPEN_REPORT, self._open_report)
        self._folder = button(after.OPEN_FOLDER, self._open_folder)
        self._export = ExportButton()
        self._overview_task: BackgroundTask[SessionOverview] = BackgroundTask(self, "overview")
        self._decoder_task: BackgroundTask[DecoderSummary] = BackgroundTask(self, "decoder")
        self._notes_task: BackgroundTask[None] = BackgroundTask(self, "notes")
        self._lay_out()
        self._connect()
        bind_key(self, "Esc", self._leave)

    def _connect(self) -> None:
        self._overview_task.done.connect(self._show_overview)
        self._overview_task.failed.connect(self._show_notice)
        self._decoder_task.done.connect(self._show_decoder)
        self._decoder_task.failed.connect(self._decoder_text.setText)
        self._notes_task.failed.connect(self._show_notice)
        self._export.message.connect(self._show_notice)
        self._notes_form.changed.connect(self._save_notes)
        self._what_if.result.connect(self._timeline.show_comparison)

    def _lay_out(self) -> None:
        over = column(self._picture, MARGIN, gap=0)
        over.addStretch(1)
        over.addWidget(self._title)
        over.setContentsMargins(MARGIN, 0, MARGIN, 14)
        self._page = QWidget()
        inner = column(self._page, gap=6)
        inner.setContentsMargins(MARGIN, 14, MARGIN, 12)
        for line in (*self._lines, self._message):
            inner.addWidget(line)
        self._more = QWidget()
        more = column(self._more, gap=10)
        more.addWidget(self._timeline, 1)
        more.addWidget(self._legend)
        more.addLayout(self._columns())
        inner.addWidget(self._more, 1)
        inner.addStretch(0)
        area = QScrollArea()
        area.setWidget(self._page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = column(self, gap=0)
        outer.addWidget(self._picture)
        outer.addWidget(area, 1)
        outer.addLayout(self._foot())

    def _columns(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(MARGIN)
        grid.setVerticalSpacing(8)
        right = column(gap=6)
        for part in (label(after.DECODER_TITLE, quiet=True), self._decoder_text, self._signs):
            right.addWidget(part)
        right.addSpacing(10)
        right.addWidget(label(after.WHAT_IF_TITLE, quiet=True))
        right.addWidget(self._what_if)
        right.addStretch(1)
        grid.addWidget(self._notes_form, 0, 0)
        grid.addLayout(right, 0, 1)
        for side in (0, 1):
            grid.setColumnStretch(side, 1)
        return grid

    def _foot(self) -> QHBoxLayout:
        keys = row(self._again, self._report, self._folder, self._export)
        keys.addStretch(1)
        keys.addWidget(button(window.HOME, self._leave, flat=True))
        keys.setContentsMargins(MARGIN, 10, FLAT_MARGIN, 14)
        return keys

    @property
    def busy(self) -> bool:
        """Whether the session is still being read."""
        return self._overview_task.busy or self._decoder_task.busy

    def activate(self, result: SessionResult, recording: Path | None) -> None:
        """Show a result and its recording, and take the keyboard focus."""
        self._recording, self._report_path = recording, find_report(result.session_dir)
        self._title.setText(tr(_title(completed=result.exit_code == EXIT_OK, recorded=recording is not None)))
        message = result.message.removeprefix(tr(COMPLETE)).strip()  # the title already says so
        lines = (*headline_lines(result), "", message)
        for part, text in zip((*self._lines, self._message), lines, strict=True):
            part.setText(text)
            part.setVisible(bool(text))
        self._report.setVisible(self._report_path is not None)
        for part in (self._folder, self._export):
            part.setVisible(recording is not None)
        self._more.hide()
        self._decoder_task.cancel()
        self._timeline.show_session(None)
        self._what_if.set_session(recording)
        self._export.set_session(recording)
        self._again.setFocus()
        if result.session_dir is not None and recording is not None:
            self._overview_task.start(partial(_read_overview_task, recording))

    def save_pending(self) -> None:
        """Save the notes that are being written."""
        if not self._more.isHidden():
            self._notes_form.save()

    def cancel(self) -> None:
        """Stop reading; notes that are being saved are still saved."""
        self._overview_task.cancel()
        self._decoder_task.cancel()
        self._what_if.set_session(None)

    def _leave(self) -> None:
        self.save_pending()
        self.cancel()
        self.home.emit()

    def _show_overview(self, overview: SessionOverview) -> None:
        answers = self._lines[2]
        answers.setText(" ".join(tr(line) for line in overview.answers))
        answers.setVisible(bool(overview.answers))
        self._timeline.show_session(overview)
        self._notes_form.show_notes(overview.notes)
        self._show_decoder(None)
        self._more.show()
        if self._recording is not None:
            self._decoder_task.start(partial(_describe_decoder_task, self._recording))

    def _show_decoder(self, summary: DecoderSummary | None) -> None:
        parts = (summary.guidance_sentence, summary.evaluation_sentence) if summary else (tr(after.DECODER_READING),)
        signs = summary.signs if summary else ()
        self._decoder_text.setText(" ".join(tr(part) for part in parts if part))
        self._signs.setText("\n".join(_direction_line(*sign) for sign in signs))
        self._signs.setVisible(bool(signs))

    def _save_notes(self, notes: SessionNotes) -> None:
        if self._recording is not None:
            self._notes_task.start(partial(_save_notes_task, self._recording, notes))
            self.condition.emit(notes.condition)

    def _show_notice(self, sentence: str) -> None:
        self._message.setText(tr(sentence))
        self._message.show()

    def _open_report(self) -> None:
        self._open(self._report_path)

    def _open_folder(self) -> None:
        self._open(self._recording)

    def _open(self, path: Path | None) -> None:
        if path is None or not path.exists():
            self._show_notice(after.FILE_GONE)
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _direction_line(name: str, direction: str, chance: float) -> str:
    return tr(after.FEATURE_DIRECTION, name=tr(name), direction=tr(direction), chance=format_percent(chance))


def _title(*, completed: bool, recorded: bool) -> str:
    if completed:
        return after.OVER
    return after.BROKE_OFF if recorded else after.NOT_STARTED


def _read_overview_task(session: Path, handle: TaskHandle) -> SessionOverview:
    from neurofeedback.ui.viewmodels import read_overview  # slow to import

    handle.report_progress(0.0)
    return read_overview(session)


def _describe_decoder_task(session: Path, handle: TaskHandle) -> DecoderSummary:
    from neurofeedback.ui.viewmodels import describe_decoder  # slow to import

    handle.report_progress(0.0)
    return describe_decoder(session)


def _save_notes_task(session: Path, notes: SessionNotes, _handle: TaskHandle) -> None:
    from neurofeedback.ui.viewmodels import save_notes

    save_notes(session, notes)
