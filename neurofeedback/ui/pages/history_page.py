"""The page of all sittings: open, compare two, export, delete and undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QProgressBar, QWidget

from neurofeedback.texts import forms, progress, sessions, window
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import FLAT_MARGIN, MARGIN, bind_key, button, column, label, row
from neurofeedback.ui.widgets.export_button import ExportButton
from neurofeedback.ui.widgets.sessions_table import SessionsTable, date_text

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession
    from neurofeedback.storage.bin import BinnedSession
    from neurofeedback.ui.pages.facts_dialog import FactsDialog


@dataclass(frozen=True, slots=True)
class _Move:
    """A sitting that goes to the bin or comes back: whose list it was in, and whether that was being read."""

    source: tuple[Path, str]
    session: PastSession
    read_again: bool


class HistoryPage(QWidget):
    """Lists the sittings of a person; ``opened`` and ``compared`` carry one and two of them.

    ``withdrawn`` says that data of the person were removed, and whether everything was.

    Parameters
    ----------
    practices : mapping
        Titles of the programmes, by name.
    """

    left = pyqtSignal()
    opened = pyqtSignal(object)
    compared = pyqtSignal(object, object)
    withdrawn = pyqtSignal(bool)

    def __init__(self, practices: Mapping[str, str]) -> None:
        super().__init__()
        self._source = (Path(), "")
        self._sessions: list[PastSession] = []
        self._deleted: list[tuple[PastSession, BinnedSession]] = []
        self._title = label(sessions.TITLE, large=True)
        self._message = label(live=True, quiet=True, name=window.MESSAGE)
        self._message.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName(tr(progress.READING_BAR))
        self._bar.hide()
        self.table = SessionsTable(practices)
        self._open = button(sessions.OPEN, self._emit_opened, main=True)
        self._compare = button(sessions.COMPARE, self._emit_compared)
        self._compare.setToolTip(tr(sessions.COMPARE_TIP))
        self._export = ExportButton()
        self._export.message.connect(self._message.setText)
        self._delete = button(sessions.DELETE, self._delete_chosen)
        self._delete.setToolTip(tr(sessions.DELETE_TIP))
        self._undo = button(sessions.UNDO, self._restore_last, name=sessions.UNDO_NAME)
        self._first_look: BackgroundTask[list[PastSession]] = BackgroundTask(self, "history-cache")
        self._first_look.done.connect(self._show_first)
        self._first_look.failed.connect(lambda _sentence: self._read())
        self._job: BackgroundTask[list[PastSession]] = BackgroundTask(self, "history")
        self._job.done.connect(self._show_read)
        self._job.progressed.connect(lambda share: self._bar.setValue(round(100 * share)))
        self._job.part.connect(self._show_part)
        self._job.failed.connect(self._show_failed)
        self._move_job: BackgroundTask[BinnedSession | None] = BackgroundTask(self, "bin")
        self._move_job.failed.connect(self._move_failed)
        self._move_job.done.connect(self._moved)
        self._moving: _Move | None = None
        self._moved_text = ""
        self._lay_out()
        self.table.opened.connect(self._emit_opened)
        self.table.delete.connect(self._delete_chosen)
        self.table.chosen.connect(self._update_buttons)
        bind_key(self, "Esc", self._leave)
        bind_key(self, "Ctrl+Z", self._restore_last)

    def _lay_out(self) -> None:
        inside = column(gap=10)
        inside.setContentsMargins(MARGIN, MARGIN, MARGIN, 0)
        inside.addWidget(self._title)
        inside.addWidget(self.table, 1)
        inside.addWidget(self._bar)
        inside.addWidget(self._message)
        self.facts = button(forms.OPEN_DIALOG, self.open_facts)
        self.facts.setToolTip(tr(forms.OPEN_DIALOG_TIP))
        foot = row(self._open, self._compare, self._export, self.facts, self._delete, self._undo)
        foot.addStretch(1)
        foot.addWidget(button(window.HOME, self._leave, flat=True))
        foot.setContentsMargins(MARGIN, 6, FLAT_MARGIN, FLAT_MARGIN)
        outer = column(self, gap=0)
        outer.addLayout(inside, 1)
        outer.addLayout(foot)

    @property
    def busy(self) -> bool:
        """Whether sittings are being read or moved."""
        return self._first_look.busy or self._job.busy or self._move_job.busy

    def activate(self, recordings: Path, participant: str) -> None:
        """Show the sittings of a person as they were last known, and read what has changed since."""
        if (recordings, participant) != self._source:
            self._source = (recordings, participant)
            self._deleted = []
            self._show([])
        self._moved_text = ""
        self._title.setText(tr(sessions.TITLE_OF, participant=participant))
        self.table.fit_columns()
        self._message.setText("" if self._sessions else tr(sessions.READING))
        self.table.setFocus()
        if not self._sessions:  # first alone: both at once would take longer than one after the other
            self._first_look.start(partial(_cached_task, *self._source))
        else:
            self._read()

    def _read(self) -> None:
        if not self._move_job.busy:  # else the list is read once the sitting is moved
            self._bar.setValue(0)
            self._bar.setVisible(not self._sessions)
            self._job.start(partial(_read_task, *self._source))

    def cancel(self) -> None:
        """Stop reading; a sitting that is being moved is still moved."""
        self._first_look.cancel()
        self._job.cancel()
        self._bar.hide()

    def _leave(self) -> None:
        self.cancel()
        self.left.emit()

    def _show_first(self, found: list[PastSession]) -> None:
        if found and not self._sessions:
            self._show(found)
        self._read()

    def _show_failed(self, sentence: str) -> None:
        self._bar.hide()
        self._message.setText(sentence)

    def _show_part(self, newest: list[PastSession]) -> None:
        """Show the newest sittings while the others are read; what is in view stays there."""
        if len(newest) <= len(self._sessions):
            return
        bar = self.table.verticalScrollBar()
        place = 0 if bar is None else bar.value()
        self._sessions = newest
        self.table.show_sessions(newest)
        if bar is not None:
            bar.setValue(place)
        self._update_buttons()

    def _show_read(self, found: list[PastSession]) -> None:
        self._bar.hide()
        self._show(found)
        if self._moved_text:  # the latest thing done
            self._message.setText(self._moved_text)

    def _show(self, found: list[PastSession]) -> None:
        self._sessions = found
        self.table.show_sessions(found)
        n = len(found)
        self._message.setText(tr(sessions.COUNT, n=n) if n > 1 else tr(sessions.ONE if n else sessions.NO_SITTING))
        self._update_buttons()

    def _update_buttons(self) -> None:
        chosen = self.table.selected
        with_signal = all(session.has_signal for session in chosen)
        for part in (self._open, self._export):
            part.setEnabled(len(chosen) == 1 and with_signal)
        self._compare.setEnabled(len(chosen) == 2 and with_signal)
        self._delete.setEnabled(len(chosen) == 1)
        self._undo.setVisible(bool(self._deleted))
        self._export.set_session(self.folder(chosen[0]) if len(chosen) == 1 and with_signal else None)
        if len(chosen) == 1 and not with_signal:
            self._message.setText(tr(sessions.WITHOUT_HEADSET))
        elif self._message.text() == tr(sessions.WITHOUT_HEADSET):
            self._message.setText("")

    def folder(self, session: PastSession) -> Path:
        """Return the raw folder of a sitting."""
        participant, visit = session.stem.split("_")[:2]
        return self._source[0] / participant / visit

    def open_facts(self) -> FactsDialog:
        """Open forms, facts and entries of the person, with the facts of the chosen sitting."""
        from neurofeedback.ui.pages.facts_dialog import FactsDialog  # slow to import

        chosen = self.table.selected
        session = chosen[0].stem.split("_")[1].removeprefix("ses-") if len(chosen) == 1 else ""
        dialog = FactsDialog(*self._source, session, parent=self)
        dialog.withdrawn.connect(self._withdraw)
        dialog.open()
        return dialog

    def _withdraw(self, everything: bool) -> None:
        self._deleted = []  # the bin is empty of them, too
        self._show([])
        self._read()
        self.withdrawn.emit(everything)

    def _emit_opened(self) -> None:
        if len(chosen := self.table.selected) == 1 and chosen[0].has_signal:
            self.opened.emit(chosen[0])

    def _emit_compared(self) -> None:
        if len(chosen := self.table.selected) == 2 and all(session.has_signal for session in chosen):
            self.compared.emit(*reversed(chosen))  # the earlier one first

    def _delete_chosen(self) -> None:
        if len(chosen := self.table.selected) == 1 and not self._move_job.busy:
            self._move(chosen[0], partial(_delete_task, self._source[0], chosen[0].stem))

    def _restore_last(self) -> None:
        if self._deleted and not self._move_job.busy:
            session, binned = self._deleted[-1]
            self._move(session, partial(_restore_task, binned))

    def _move(self, session: PastSession, work: Callable[[TaskHandle], BinnedSession | None]) -> None:
        self._moving = _Move(self._source, session, read_again=self._job.busy)
        self._job.cancel()  # what it reads may be gone
        self._move_job.start(work)

    def _moved(self, binned: BinnedSession | None) -> None:
        """Show the list as it is now, unless it is another person's; None has been put back."""
        move, self._moving = self._moving, None
        if move is None or move.source != self._source:
            self._read()
            return
        session = move.session
        left = [one for one in self._sessions if one.stem != session.stem]
        self._deleted = [one for one in self._deleted if one[0].stem != session.stem]
        if binned is not None:
            self._deleted.append((session, binned))
            self._moved_text = tr(sessions.DELETED, date=date_text(session))
        else:
            left = sorted([*left, session], key=lambda one: (one.started_at.timestamp(), one.stem))
            self._moved_text = tr(sessions.RESTORED, date=date_text(session))
        self._show(left)
        self._message.setText(self._moved_text)
        self.table.setFocus()
        if move.read_again:
            self._read()

    def _move_failed(self, sentence: str) -> None:
        move, self._moving = self._moving, None
        self._message.setText(sentence)
        if move is None or move.read_again or move.source != self._source:
            self._moved_text = sentence
            self._read()


def _cached_task(recordings: Path, participant: str, _handle: TaskHandle) -> list[PastSession]:
    from neurofeedback.analysis.history import cached_sessions  # slow to import

    return cached_sessions(recordings, participant)


def _read_task(recordings: Path, participant: str, handle: TaskHandle) -> list[PastSession]:
    from neurofeedback.analysis.history import all_sittings  # slow to import

    def report(done: int, total: int) -> None:
        handle.report_progress(done / total)

    return all_sittings(recordings, participant, progress=report, on_read=handle.report_part)


def _delete_task(recordings: Path, stem: str, _handle: TaskHandle) -> BinnedSession:
    from neurofeedback.recording.bids_paths import SessionFiles
    from neurofeedback.recording.discarding import discard_session

    return discard_session(SessionFiles.from_stem(recordings, stem))


def _restore_task(binned: BinnedSession, _handle: TaskHandle) -> None:
    from neurofeedback.storage.bin import restore_from_bin

    restore_from_bin(binned)
