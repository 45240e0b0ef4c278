"""The page of a recording without feedback: calm, and locked until an attendant holds two keys."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QApplication, QWidget

from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import course
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.clinic import record
from neurofeedback.texts.format import format_clock
from neurofeedback.texts.status import contact_symbol, contact_text
from neurofeedback.ui.background import BackgroundTask, TaskHandle
from neurofeedback.ui.widgets.basic import MARGIN, allow_clipping, bind_key, button, column, label, row

HOLD_S = 2.0
LOCK_AFTER_S = 60.0
_PICTURES = 4
_DUE_EVERY_MS = 60_000
_MOUSE = {
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.Wheel,
    QEvent.Type.ContextMenu,
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
}
_ENTRIES = (("D", record.DOSE_GIVEN, "dose"), ("E", record.DOSE_END, "end"), ("V", record.VITALS, "vitals"),
            ("N", record.NOTE, "note"))  # fmt: skip


class RecordPage(QWidget):
    """Shows time and contact of a recording; ``entry`` carries the kind of entry that an attendant wants to make.

    While it is locked, no key, click or touch reaches the window, except Ctrl and L held for ``HOLD_S`` seconds.
    """

    end = pyqtSignal()
    requested = pyqtSignal(object)
    entry = pyqtSignal(str)
    locking = pyqtSignal()

    def __init__(self, recordings: Path, participant: str) -> None:
        super().__init__()
        self._source = (recordings, participant)
        self._locked = True
        self._stopping = False
        self._began = 0.0
        self._held: set[int] = set()
        self._title = label(record.RECORDING, large=True)
        self._time = label(large=True, name=record.TIME)
        self._contact = label(name=record.CONTACT)
        self._reason = label(quiet=True, name=record.CONTACT)
        self._notice = label(live=True, name=record.STATUS)
        self._message = label(live=True, quiet=True)
        self._lock_line = label(quiet=True, live=True)
        self._due = label(name=record.DUE_NAME)
        self._due_task: BackgroundTask[str] = BackgroundTask(self, "due")
        self._due_task.done.connect(self._due.setText)
        self._due_task.failed.connect(self._due.setText)
        self._due_timer = QTimer(self)
        self._due_timer.setInterval(_DUE_EVERY_MS)
        self._due_timer.timeout.connect(self._read_due)
        for line in (self._due, self._reason, self._notice, self._message):
            line.setWordWrap(True)
        self._hold_timer = self._timer(HOLD_S, self.unlock)
        self._lock_timer = self._timer(LOCK_AFTER_S, self.lock)
        self._controls, self._question = QWidget(), QWidget()
        self._lay_out()
        for key, _, kind in _ENTRIES:
            bind_key(self, key, partial(self.entry.emit, kind))
        bind_key(self, "K", self._mark)
        bind_key(self, "L", self.lock)
        bind_key(self, "Esc", self.confirm_end)
        self._show_lock()

    def _timer(self, seconds: float, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(round(1000 * seconds))
        timer.timeout.connect(act)
        return timer

    def _lay_out(self) -> None:
        keys = row(*(button(text, partial(self.entry.emit, kind)) for _, text, kind in _ENTRIES), gap=8)
        for text, act in ((record.MARK, self._mark), (record.LOCK, self.lock), (record.END, self.confirm_end)):
            keys.addWidget(button(text, act, flat=text == record.END))
        keys.setContentsMargins(0, 0, 0, 0)
        self._controls.setLayout(keys)
        self._keep = button(record.END_KEEP, self.confirm_end, main=True)
        question = row(self._keep, button(record.END_CONFIRM, self._end_now))
        question.setContentsMargins(0, 0, 0, 0)
        self._question.setLayout(question)
        self._question.hide()
        page = column(self, MARGIN, gap=10)
        page.addStretch(2)
        for part in (self._title, self._time):
            page.addWidget(part, alignment=Qt.AlignmentFlag.AlignHCenter)
        page.addStretch(1)
        for part in (allow_clipping(self._contact), self._reason, self._message, self._due, self._notice):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            page.addWidget(part)
        page.addStretch(1)
        middle = Qt.AlignmentFlag.AlignHCenter
        page.addWidget(self._controls, alignment=middle)
        page.addWidget(self._question, alignment=middle)
        page.addWidget(self._lock_line, alignment=middle)
        page.addWidget(label(course.NOT_A_MONITOR, quiet=True), alignment=middle)

    @property
    def locked(self) -> bool:
        """Whether keys and clicks are refused."""
        return self._locked

    @property
    def dark(self) -> bool:
        """Whether the screen is dark: never."""
        return False

    @property
    def pictures_per_second(self) -> int:
        """Updates a second that are enough."""
        return _PICTURES

    def activate(self) -> None:
        """Lock the page and take the keyboard focus."""
        self.lock()
        self.setFocus()
        self._read_due()
        self._due_timer.start()

    def _read_due(self) -> None:
        self._due_task.start(partial(_read_due, *self._source))

    def lock(self) -> None:
        """Refuse keys and clicks from now on."""
        self.locking.emit()
        self._locked = True
        self._question.hide()
        self._hold_timer.stop()
        self._lock_timer.stop()
        self._show_lock()

    def unlock(self) -> None:
        """Let an attendant enter something; the page locks itself again when nothing happens."""
        self._locked = False
        self._lock_timer.start()
        self._show_lock()

    def _show_lock(self) -> None:
        self._controls.setVisible(not self._locked)
        text = tr(record.LOCKED, seconds=HOLD_S) if self._locked else tr(record.UNLOCKED, seconds=LOCK_AFTER_S)
        self._lock_line.setText(text)

    def show_snapshot(self, snapshot: Snapshot, _step_s: float) -> None:
        """Show time, contact and messages of a snapshot."""
        self._time.setText(format_clock(snapshot.elapsed_s) if snapshot.phase is not None else "")
        self._contact.setText("    ".join(contact_symbol(contact) for contact in snapshot.contacts))
        self._reason.setText(contact_text(snapshot.contacts))
        lost_s = snapshot.signal_lost_s
        self._message.setText(tr(record.SIGNAL_LOST, seconds=lost_s) if lost_s > 0 else tr(snapshot.message))

    def show_notice(self, notice: str) -> None:
        """Show what was entered, until the next entry."""
        self._notice.setText(notice)
        self._read_due()

    def show_ending(self) -> None:
        """Show that the recording is ending."""
        self._stopping = True
        self._question.hide()
        self._notice.setText(tr(record.ENDING))

    def confirm_end(self) -> None:
        """Ask whether to end the recording; asked again, go on."""
        if not self._stopping:
            self._question.setVisible(self._question.isHidden())
            self._keep.setFocus()

    def _end_now(self) -> None:
        self._question.hide()
        self.end.emit()

    def _mark(self) -> None:
        self.requested.emit(Request(RequestKind.MARK))
        self.show_notice(tr(record.MARKED, at=f"{datetime.now():%H:%M:%S}"))

    def showEvent(self, a0: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Guard the window while the page is shown."""
        super().showEvent(a0)
        if (app := QApplication.instance()) is not None:
            app.installEventFilter(self)

    def hideEvent(self, a0: QHideEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave the window as it was."""
        super().hideEvent(a0)
        self._hold_timer.stop()
        self._lock_timer.stop()
        if (app := QApplication.instance()) is not None:
            app.removeEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Return whether the event stops here: while it is locked, every key, click and touch on the window."""
        if a1 is None or not isinstance(a0, QWidget):
            return False
        kind = a1.type()
        is_key = kind in {QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease}
        if not self._locked:  # what is entered in a dialog of the window counts, too
            if (is_key or kind in _MOUSE) and self._lock_timer.isActive():
                self._lock_timer.start()
            return False
        if a0.window() is not self.window():
            return False
        if is_key:
            self._watch_keys(cast("QKeyEvent", a1))
            a1.accept()  # else a shortcut would follow
        return is_key or kind in _MOUSE

    def _watch_keys(self, event: QKeyEvent) -> None:
        """Unlock once Ctrl and L have been held together for long enough."""
        if event.isAutoRepeat() or event.type() is QEvent.Type.ShortcutOverride:
            return
        if event.type() is QEvent.Type.KeyRelease:
            if event.key() in {Qt.Key.Key_L, Qt.Key.Key_Control}:
                self._hold_timer.stop()
        elif event.key() == Qt.Key.Key_L and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if not self._hold_timer.isActive():
                self._hold_timer.start()
        elif event.key() != Qt.Key.Key_Control:
            self._hold_timer.stop()


def _read_due(recordings: Path, participant: str, _handle: TaskHandle) -> str:
    from neurofeedback.analysis.course.course_plan import due_line  # slow to import

    return due_line(recordings, participant, datetime.now().astimezone())
