"""The page after a session: a summary first, then its timeline, the state of the decoder, and a form for notes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QWidget

from neurofeedback.errors import RecordingError
from neurofeedback.feedback.water_picture import WaterRenderer
from neurofeedback.recording.session_notes import NoteValue
from neurofeedback.session.config import SessionResult
from neurofeedback.texts import after, decoder, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_percent
from neurofeedback.texts.session import INDEX_MEANING
from neurofeedback.texts.studies import study_page
from neurofeedback.types import INDEX_NAME
from neurofeedback.ui.announcer import announce
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.session_result import (
    closing_lines,
    find_report,
    headline_lines,
    is_short,
    is_without_feedback,
    write_missing_report,
)
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.body_panel import BodyPanel
from neurofeedback.ui.widgets.difficulty_question import DifficultyQuestion
from neurofeedback.ui.widgets.export_button import ExportButton
from neurofeedback.ui.widgets.index_timeline import IndexTimeline
from neurofeedback.ui.widgets.notes_form import NotesForm
from neurofeedback.ui.widgets.water_view import WaterView
from neurofeedback.ui.widgets.what_if_panel import WhatIfPanel

if TYPE_CHECKING:
    from neurofeedback.report.decoder_summary import DecoderSummary
    from neurofeedback.storage.bin import BinnedSession
    from neurofeedback.ui.viewmodels import SessionOverview

_BAND_HEIGHT = 92


class AfterPage(QWidget):
    """Shows the result of a session that has just ended, or a past one.

    ``discarded`` carries True once the session is in the bin, False once it is put back.
    """

    again = pyqtSignal()
    home = pyqtSignal()
    condition = pyqtSignal(str)
    discarded = pyqtSignal(bool)
    saved = pyqtSignal()

    def __init__(self, theme: Theme, water: WaterRenderer, profiles: tuple[str, ...]) -> None:
        super().__init__()
        self._picture = WaterView(water)
        self._picture.setFixedHeight(_BAND_HEIGHT)
        self._recording: Path | None = None
        self._result: SessionResult | None = None
        self._report_path: Path | None = None
        self._binned: BinnedSession | None = None
        self._saving: deque[tuple[Path, Mapping[str, NoteValue]]] = deque()
        self._after_saving: Callable[[], None] | None = None
        self._save_failed = self._past = False
        self._title = label(large=True, onPicture=True, name=after.TITLE_NAME)
        self._lines = [label(name=name) for name in (after.DURATION_NAME, after.SIGNAL_NAME, after.ANSWERS_NAME)]
        self._message = label(live=True, name=window.MESSAGE)
        self._timeline = IndexTimeline(theme)
        self._legend = label(tr(after.LEGEND, name=tr(INDEX_NAME), meaning=tr(INDEX_MEANING)), quiet=True)
        self._key = label(tr(after.KEY, name=tr(INDEX_NAME)), quiet=True)
        self._decoder_text = label(name=after.DECODER_NAME)
        self._signs = label(quiet=True, name=after.SIGNS_NAME)
        self._notes_form = NotesForm()
        self._what_if = WhatIfPanel(profiles)
        self._body = BodyPanel()
        self._evaluation = label(quiet=True)
        learned = (self._decoder_text, self._evaluation, self._signs)
        for line in (*self._lines, self._message, self._key, self._legend, *learned):
            line.setWordWrap(True)
        self._again = button(after.SIT_AGAIN, lambda: self._run_when_saved(self.again.emit), main=True)
        self._report = button(after.OPEN_REPORT, self._open_report)
        self._folder = button(after.OPEN_FOLDER, self._open_folder)
        self._export = ExportButton()
        self._discard = button(after.DISCARD, self._toggle_discarded, flat=True)
        self._show_details = button(after.DETAILS, self._toggle_details, flat=True)
        self._short_question = label()
        self._short = self._make_short()
        self.difficulty = DifficultyQuestion()
        self._overview_task: BackgroundTask[SessionOverview] = BackgroundTask(self, "overview")
        self._report_task: BackgroundTask[Path] = BackgroundTask(self, "report")
        self._decoder_task: BackgroundTask[DecoderSummary] = BackgroundTask(self, "decoder")
        self._notes_task: BackgroundTask[None] = BackgroundTask(self, "notes")
        self._bin_task: BackgroundTask[BinnedSession | None] = BackgroundTask(self, "bin")
        self._lay_out()
        self._connect()
        bind_key(self, "Esc", self._leave)

    def _connect(self) -> None:
        self._overview_task.done.connect(self._show_overview)
        self._overview_task.failed.connect(self.show_notice)
        self._report_task.done.connect(self._show_report)
        self._decoder_task.done.connect(self._show_decoder)
        self._decoder_task.failed.connect(self._decoder_text.setText)
        self._notes_task.failed.connect(self._notes_failed)
        self._notes_task.done.connect(self._notes_saved)
        self._bin_task.failed.connect(self.show_notice)
        self._bin_task.done.connect(self._show_discarded)
        self._export.message.connect(self.show_notice)
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
        for line in (*self._lines, self._message, self._short, self.difficulty):
            inner.addWidget(line)
        self._more = QWidget()
        more = column(self._more, gap=10)
        more.addWidget(self._timeline, 1)
        more.addWidget(self._key)
        more.addLayout(self._columns())
        more.addWidget(self._body)
        more.addWidget(self._details())
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
        self._learned = QWidget()
        right = column(self._learned, gap=6)
        for part in (label(after.DECODER_TITLE, quiet=True), self._decoder_text):
            right.addWidget(part)
        right.addWidget(self._show_details, alignment=Qt.AlignmentFlag.AlignLeft)
        right.addStretch(1)
        grid.addWidget(self._notes_form, 0, 0)
        grid.addWidget(self._learned, 0, 1)
        for side in (0, 1):
            grid.setColumnStretch(side, 1)
        return grid

    def _details(self) -> QWidget:
        """Return what only a person who asks for it needs to see."""
        self._details_panel = QWidget()
        inside = column(self._details_panel, gap=6)
        for part in (self._legend, self._evaluation, self._signs):
            inside.addWidget(part)
        inside.addSpacing(10)
        inside.addWidget(label(after.WHAT_IF_TITLE, quiet=True))
        inside.addWidget(self._what_if)
        self._details_panel.hide()
        return self._details_panel

    def _make_short(self) -> QWidget:
        """Return the question whether to keep a sitting that ended within a minute."""
        panel = QWidget()
        panel.setLayout(line := row(self._short_question))
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(button(after.KEEP, panel.hide))
        line.addWidget(button(after.DISCARD_SHORT, self._toggle_discarded))
        line.addStretch(1)
        panel.hide()
        return panel

    def _foot(self) -> QHBoxLayout:
        keys = row(self._again, self._report, self._folder, self._export, self._discard)
        keys.addStretch(1)
        keys.addWidget(button(window.HOME, self._leave, flat=True))
        keys.setContentsMargins(MARGIN, 10, FLAT_MARGIN, 14)
        return keys

    @property
    def busy(self) -> bool:
        """Whether the session is still being read."""
        return self._overview_task.busy or self._decoder_task.busy or self._body.busy

    def activate(self, result: SessionResult, recording: Path | None) -> None:
        """Show a result and its recording, and take the keyboard focus."""
        self._result, self._binned, self._past = result, None, False
        self._after_saving, self._save_failed = None, False
        self._recording, self._report_path = recording, find_report(result.session_dir)
        title, message = closing_lines(result, recording)
        self._title.setText(title)
        only_recorded = is_without_feedback(recording)
        lines = (*headline_lines(result, without_feedback=only_recorded), "", message)
        for part, text in zip((*self._lines, self._message), lines, strict=True):
            part.setText(text)
            part.setVisible(bool(text))
        # the message announces itself
        announce(*(f"{part.rstrip('.')}." for part in (title, *lines[:2]) if part))
        self._report.setVisible(self._report_path is not None)
        for part in (self._folder, self._export, self._discard):
            part.setVisible(recording is not None)
        self._discard.setText(tr(after.DISCARD))
        self._again.setVisible(not only_recorded)
        for part in (self._timeline, self._key, self._learned):  # they show the index and what is learned from answers
            part.setVisible(not only_recorded)
        self._short.setVisible(is_short(result))
        self._short_question.setText(tr(after.KEEP_SHORT))
        self.difficulty.hide()
        self._more.hide()
        self._details_panel.hide()
        self._overview_task.cancel()
        self._decoder_task.cancel()
        self._report_task.cancel()
        self._body.show_session(None)
        self._timeline.show_session(None)
        self._what_if.set_session(recording)
        self._export.set_session(recording)
        (self._export if only_recorded else self._again).setFocus()
        if result.session_dir is not None and recording is not None:
            self._overview_task.start(partial(_read_overview_task, recording))

    def activate_past(self, result: SessionResult, title: str) -> None:
        """Show a past session."""
        self.activate(result, result.session_dir)
        self._past = True
        self._title.setText(title)
        self._again.hide()
        self._short.hide()
        if self._report_path is None and result.session_dir is not None:  # as after a kill
            self._report_task.start(partial(write_missing_report, result.session_dir))
        (self._report if self._report_path is not None else self._export).setFocus()

    @property
    def result_lines(self) -> tuple[str, ...]:
        """What is said of the session at its end: title, lines and message."""
        parts = (self._title, *self._lines, self._message)
        return tuple(part.text() for part in parts if part.text() and not part.isHidden())

    def offer_mood(self, offered: bool) -> None:
        """Offer mood, sleepiness and condition, or not."""
        self._notes_form.offer_mood(offered)

    def _toggle_details(self) -> None:
        self._details_panel.setVisible(self._details_panel.isHidden())

    def _toggle_discarded(self) -> None:
        """Move the session to the bin, or put it back."""
        self._short.hide()
        if self._bin_task.busy or self._recording is None:
            return
        if self._binned is not None:
            self._bin_task.start(partial(_restore_task, self._binned))
        else:
            self._run_when_saved(partial(self._discard_saved, self._recording))

    def _discard_saved(self, recording: Path) -> None:
        self.cancel()
        self._bin_task.start(partial(_discard_task, recording))

    def _show_discarded(self, binned: BinnedSession | None) -> None:
        result, recording = self._result, self._recording
        if binned is None and result is not None:  # put back
            was_past = self._past
            title = self._title.text()
            self.activate_past(result, title) if was_past else self.activate(result, recording)
            self._short.hide()
        else:
            self._binned = binned
            for part in (*self._lines, self._more, self._report, self._folder, self._export):
                part.hide()
            self._discard.setText(tr(after.UNDO_DISCARD))
            self._discard.setFocus()
            self.show_notice(after.DISCARDED)
        self.discarded.emit(binned is not None)

    def save_pending(self) -> None:
        """Save the notes that are being written."""
        if not self._more.isHidden():
            self._notes_form.save()

    def cancel(self) -> None:
        """Stop reading; notes that are being saved are still saved."""
        self._overview_task.cancel()
        self._decoder_task.cancel()
        self._body.cancel()
        self._what_if.set_session(None)

    def _leave(self) -> None:
        """Leave once the notes are saved; after a failure the next attempt leaves in any case."""
        if self._save_failed:
            self.save_pending()
            self._leave_saved()
        else:
            self._run_when_saved(self._leave_saved)

    def _leave_saved(self) -> None:
        self.cancel()
        self.home.emit()

    def _run_when_saved(self, act: Callable[[], None]) -> None:
        """Save the notes, then act; if they cannot be saved, stay. One act waits at a time."""
        if self._after_saving is not None:
            return
        self.save_pending()
        if self._notes_task.busy:
            self._after_saving = act
        else:
            act()

    def _show_overview(self, overview: SessionOverview) -> None:
        answers = self._lines[2]
        answers.setText(" ".join(tr(line) for line in overview.answers))
        answers.setVisible(bool(overview.answers))
        announce(answers.text())
        self._timeline.show_session(overview)
        self._notes_form.show_notes(overview.notes)
        self._show_decoder(None)
        self._more.show()
        self._body.show_session(self._recording)
        if overview.masked:
            for part in (self._timeline, self._learned, self._report, self._export):
                part.hide()
            self.show_notice(study_page.SESSION_MASKED)
        elif self._recording is not None:
            self._decoder_task.start(partial(_describe_decoder_task, self._recording))

    def _show_decoder(self, summary: DecoderSummary | None) -> None:
        signs = summary.signs if summary else ()
        self._decoder_text.setText(tr(summary.guidance_sentence) if summary else tr(after.DECODER_READING))
        self._evaluation.setText(tr(summary.evaluation_sentence) if summary else "")
        self._evaluation.setVisible(bool(self._evaluation.text()))
        self._signs.setText("\n".join(_direction_line(*sign) for sign in signs))
        self._signs.setVisible(bool(signs))

    def _save_notes(self, changes: Mapping[str, NoteValue]) -> None:
        if self._recording is not None:
            self._saving.append((self._recording, changes))
            self._notes_task.enqueue(partial(_save_notes_task, self._recording, changes))
            self.condition.emit(self._notes_form.condition)

    def _notes_saved(self, _nothing: None) -> None:
        recording, changes = self._saving.popleft()
        if recording == self._recording:
            self._notes_form.mark_saved(changes)
            self._save_failed = False
        self.saved.emit()
        if self._after_saving is not None and not self._saving:
            act, self._after_saving = self._after_saving, None
            act()

    def _notes_failed(self, sentence: str) -> None:
        recording, changes = self._saving.popleft()
        leaving, self._after_saving = self._after_saving is not None, None
        if recording == self._recording:
            self._notes_form.mark_unsaved(changes)
            self._save_failed = True
        self.show_notice(f"{sentence} {tr(after.NOTES_NOT_SAVED)}" if leaving else sentence)

    def show_notice(self, sentence: str) -> None:
        """Show one sentence among the lines of the summary."""
        self._message.setText(tr(sentence))
        self._message.show()

    def _show_report(self, path: Path) -> None:
        self._report_path = path
        self._report.show()

    def _open_report(self) -> None:
        self._open(self._report_path)

    def _open_folder(self) -> None:
        self._open(self._recording)

    def _open(self, path: Path | None) -> None:
        if path is None or not path.exists():
            self.show_notice(after.FILE_GONE)
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _direction_line(name: str, direction: str, chance: float) -> str:
    if direction in {decoder.UNCLEAR, tr(decoder.UNCLEAR)}:
        return tr(after.FEATURE_UNCLEAR, name=tr(name), direction=tr(direction))
    return tr(after.FEATURE_DIRECTION, name=tr(name), direction=tr(direction), chance=format_percent(chance))


def _read_overview_task(session: Path, handle: TaskHandle) -> SessionOverview:
    from neurofeedback.ui.viewmodels import read_overview  # slow to import

    handle.report_progress(0.0)
    return read_overview(session)


def _describe_decoder_task(session: Path, handle: TaskHandle) -> DecoderSummary:
    from neurofeedback.ui.viewmodels import describe_decoder  # slow to import

    handle.report_progress(0.0)
    return describe_decoder(session)


def _save_notes_task(session: Path, changes: Mapping[str, NoteValue], _handle: TaskHandle) -> None:
    from neurofeedback.ui.viewmodels import save_notes

    save_notes(session, changes)


def _discard_task(session: Path, _handle: TaskHandle) -> BinnedSession:
    from neurofeedback.formats.reader import find_session
    from neurofeedback.recording.discarding import discard_session

    files = find_session(session) if session.exists() else None
    if files is None:
        raise RecordingError("the sitting's folder is gone", got=str(session), todo="nothing else is touched")
    return discard_session(files)


def _restore_task(binned: BinnedSession, _handle: TaskHandle) -> None:
    from neurofeedback.storage.bin import restore_from_bin

    restore_from_bin(binned)
