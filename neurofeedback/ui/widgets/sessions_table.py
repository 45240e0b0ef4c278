"""A table of many sittings: a model without widgets for its rows, so that thousands open at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QAbstractTableModel, QDateTime, QLocale, QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from neurofeedback.texts import sessions
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_number, format_percent
from neurofeedback.texts.safe_text import plain_tooltip

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession

_LONG_DATE = QDateTime(2026, 9, 30, 20, 0)
_LONG_DURATION_S = 100 * 60.0
_LONG_RATE = "120"
_CELL_MARGIN = 24
_WIDTHS = (180, 110, 140, 125, 196, 90)
_ROW_HEIGHT = 34


def date_text(session: PastSession) -> str:
    """Return date and time of a sitting in the language of the system, such as ``22 Nov 2026, 09:15``."""
    started = session.started_at
    moment = QDateTime(started.year, started.month, started.day, started.hour, started.minute)
    return QLocale().toString(moment, tr(sessions.DATE_FORMAT))


def answers_text(session: PastSession) -> str:
    """Return how many of the answers were "on the breath"."""
    total = session.n_focus + session.n_wander + session.n_unsure
    return tr(sessions.ON_BREATH, n=session.n_focus, total=total) if total else tr(sessions.NO_ANSWERS)


def body_text(session: PastSession) -> str:
    """Return mean heart and breath rate; empty where neither was measured."""
    if session.heart_rate is None and session.breath_rate is None:
        return ""
    heart, breath = (
        tr(sessions.UNKNOWN) if rate is None else format_number(rate, 0)
        for rate in (session.heart_rate, session.breath_rate)
    )
    return tr(sessions.BODY_RATES, heart=heart, breath=breath)


_PLAIN_TEXTS = {sessions.DATE: date_text, sessions.ANSWERS: answers_text, sessions.BODY: body_text}


class SessionsModel(QAbstractTableModel):
    """The sittings, the newest first; the text of a cell is made when it is shown."""

    def __init__(self, practices: Mapping[str, str]) -> None:
        super().__init__()
        self._practices = practices
        self._sessions: tuple[PastSession, ...] = ()
        self._texts: dict[int, tuple[str, ...]] = {}

    def show_sessions(self, rows: Sequence[PastSession]) -> None:
        """Show these sittings, sorted by start time."""
        newest_first = tuple(reversed(rows))
        if newest_first != self._sessions:
            self.beginResetModel()
            self._sessions = newest_first
            self._texts.clear()
            self.endResetModel()

    def session(self, row: int) -> PastSession:
        """Return the sitting of a row."""
        return self._sessions[row]

    def practice_text(self, session: PastSession) -> str:
        """Return the title of a sitting's practice."""
        title = self._practices.get(session.programme, session.programme)
        return tr(title) if title else tr(sessions.CUSTOM_LENGTH)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - as Qt declares it
        """Return the number of sittings."""
        return 0 if parent.isValid() else len(self._sessions)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - as Qt declares it
        """Return the number of columns."""
        return 0 if parent.isValid() else len(sessions.COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell; the whole note, or what the rates mean, as its tooltip."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self._row_texts(index.row())[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and sessions.COLUMNS[index.column()] == sessions.BODY:
            return self._body_tip(self._sessions[index.row()])
        if role == Qt.ItemDataRole.ToolTipRole and (note := self._sessions[index.row()].note):
            return plain_tooltip(note)
        return None

    def _row_texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row, made once: a table asks for each of them several times while it scrolls."""
        if row not in self._texts:
            columns = range(len(sessions.COLUMNS))
            self._texts[row] = tuple(self._text(self._sessions[row], column) for column in columns)
        return self._texts[row]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802 - Qt's name
        """Return the heading of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return tr(sessions.COLUMNS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def _body_tip(self, session: PastSession) -> str | None:
        still = session.still_share
        if not body_text(session):
            return None
        return tr(sessions.BODY_TIP, still=tr(sessions.UNKNOWN) if still is None else format_percent(still))

    @property
    def has_body(self) -> bool:
        """Whether any sitting has a heart or breath rate."""
        return any(body_text(session) for session in self._sessions)

    def _text(self, session: PastSession, column: int) -> str:
        unknown, name = tr(sessions.UNKNOWN), sessions.COLUMNS[column]
        if name in _PLAIN_TEXTS:
            return _PLAIN_TEXTS[name](session)
        match name:
            case sessions.LENGTH:
                return unknown if session.duration_s is None else _format_length(session.duration_s)
            case sessions.PRACTICE:
                return self.practice_text(session)
            case sessions.SIGNAL:
                return unknown if session.valid_fraction is None else format_percent(session.valid_fraction)
            case _:
                return " · ".join(filter(None, (session.note.partition("\n")[0], ", ".join(session.tags))))


def _format_length(seconds: float) -> str:
    """Return a length in whole minutes, so that the column is narrow; one below a minute in seconds."""
    return format_duration(60 * round(seconds / 60) if seconds >= 60 else seconds)


class SessionsTable(QTableView):
    """Shows the sittings; ``opened`` follows Enter or a double click, ``delete`` the key of that name."""

    opened = pyqtSignal()
    delete = pyqtSignal()
    chosen = pyqtSignal()

    def __init__(self, practices: Mapping[str, str]) -> None:
        super().__init__()
        self.sessions = SessionsModel(practices)
        self.setModel(self.sessions)
        self.setAccessibleName(tr(sessions.LIST_NAME))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        if (rows := self.verticalHeader()) is not None:
            rows.hide()
            rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        if (heads := self.horizontalHeader()) is not None:
            heads.setStretchLastSection(True)
            heads.setHighlightSections(False)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        if (selection := self.selectionModel()) is not None:
            selection.selectionChanged.connect(lambda _new, _old: self.chosen.emit())

    def fit_columns(self) -> None:
        """Set row height and column widths for the size of the type."""
        metrics = self.fontMetrics()
        scale = metrics.height() / 18
        if (heads := self.horizontalHeader()) is not None:
            heads.setFixedHeight(round(_ROW_HEIGHT * scale))
        if (rows := self.verticalHeader()) is not None:
            rows.setDefaultSectionSize(round(_ROW_HEIGHT * scale))
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, max(round(width * scale), self._head_width(column)))
        longest = QLocale().toString(_LONG_DATE, tr(sessions.DATE_FORMAT))
        long_texts = {
            sessions.DATE: longest,
            sessions.LENGTH: _format_length(_LONG_DURATION_S),
            sessions.BODY: tr(sessions.BODY_RATES, heart=_LONG_RATE, breath=_LONG_RATE),
        }
        for name, text in long_texts.items():
            column = sessions.COLUMNS.index(name)
            self.setColumnWidth(column, max(self.columnWidth(column), metrics.horizontalAdvance(text) + _CELL_MARGIN))

    def _head_width(self, column: int) -> int:
        heads = self.horizontalHeader()
        return 0 if heads is None else heads.sectionSizeHint(column)

    @property
    def selected(self) -> tuple[PastSession, ...]:
        """The chosen sittings, from top to bottom."""
        selection = self.selectionModel()
        rows = sorted(index.row() for index in selection.selectedRows()) if selection is not None else []
        return tuple(self.sessions.session(row) for row in rows)

    def show_sessions(self, rows: Sequence[PastSession]) -> None:
        """Show sittings; the same stay chosen."""
        before = {session.stem for session in self.selected}
        first = self.currentIndex().row()
        self.sessions.show_sessions(rows)
        body = sessions.COLUMNS.index(sessions.BODY)
        if self.isColumnHidden(body) is self.sessions.has_body:
            self.setColumnHidden(body, not self.sessions.has_body)
            self.fit_columns()  # a hidden column has no width of its heading
        remaining = [row for row in range(self.sessions.rowCount()) if self.sessions.session(row).stem in before]
        for row in remaining or [min(max(0, first), self.sessions.rowCount() - 1)] * bool(self.sessions.rowCount()):
            self.selectRow(row)

    def keyPressEvent(self, e: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Open or delete by key."""
        if e is not None and e.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.opened.emit()
        elif e is not None and e.key() == Qt.Key.Key_Delete:
            self.delete.emit()
        else:
            super().keyPressEvent(e)
