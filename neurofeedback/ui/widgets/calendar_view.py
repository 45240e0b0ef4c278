"""A calendar of sessions: one cell a day, filled from below by the duration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from PyQt6.QtCore import QEvent, QLocale, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QHelpEvent, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from neurofeedback.texts import progress
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration
from neurofeedback.ui.theme import Theme
from neurofeedback.ui.widgets.basic import painting

WEEKS = 26
FULL_S = 2700.0
_CELL, _GAP = 18, 4
_BESIDE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_HEAD, _SIDE = 28, 40


def days_shown(today: date, weeks: int = WEEKS) -> list[date]:
    """Return the days of the last weeks, from a Monday to today.

    Examples
    --------
    >>> days_shown(date(2026, 11, 22), 1)[0], len(days_shown(date(2026, 11, 22), 2))
    (datetime.date(2026, 11, 16), 14)
    """
    monday = today - timedelta(days=today.weekday()) - timedelta(weeks=weeks - 1)
    return [monday + timedelta(days=number) for number in range((today - monday).days + 1)]


class CalendarView(QWidget):
    """Draws weeks from left to right, Monday on top; a cell is full at 45 minutes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._seconds: Mapping[date, float] = {}
        self._days: list[date] = []
        self.setAccessibleName(tr(progress.CALENDAR_NAME))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of all weeks."""
        return QSize(_SIDE + WEEKS * (_CELL + _GAP), _HEAD + 7 * (_CELL + _GAP))

    def show_days(self, seconds_by_day: Mapping[date, float], today: date) -> None:
        """Show the seconds of practice on each day."""
        self._seconds, self._days = seconds_by_day, days_shown(today)
        shown = {day: seconds for day, seconds in seconds_by_day.items() if day in set(self._days)}
        self.setAccessibleDescription(
            "; ".join(f"{day:%d.%m.%Y}: {format_duration(seconds)}" for day, seconds in sorted(shown.items()))
        )
        self.update()

    def event(self, a0: QEvent | None) -> bool:
        """Show day and duration of the cell under the pointer."""
        if isinstance(a0, QHelpEvent):
            found = [day for at, day in enumerate(self._days) if _cell(at).contains(a0.pos().toPointF())]
            seconds = self._seconds.get(found[0], 0.0) if found else 0.0
            words = (
                f"{found[0]:%d.%m.%Y}: {format_duration(seconds) if seconds else tr(progress.NO_SESSION)}"
                if found
                else ""
            )
            QToolTip.showText(a0.globalPos(), words, self)
            return True
        return super().event(a0)

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the cells, the months above and the weekdays beside them."""
        with painting(self) as painter:
            painter.setPen(QPen(QColor(self._theme.quiet)))
            for place, name in (
                (0, tr(progress.MONDAY)),
                (3, tr(progress.THURSDAY)),
                (6, tr(progress.SUNDAY)),
            ):
                painter.drawText(QRectF(0, _cell(place).top() - 5, _SIDE - 6, 24), _BESIDE, name)
            for at, day in enumerate(self._days):
                if day.day == 1:
                    month = _short_month(day)
                    last = self.width() - painter.fontMetrics().horizontalAdvance(month)  # else cut in the last week
                    left = min(_cell(at).left(), last)
                    painter.drawText(QRectF(left, 0, 60, 26), Qt.AlignmentFlag.AlignLeft, month)
            for at, day in enumerate(self._days):
                box, share = _cell(at), min(1.0, self._seconds.get(day, 0.0) / FULL_S)
                painter.fillRect(box, QColor(self._theme.field))
                if share:
                    height = max(3.0, share * box.height())
                    painter.fillRect(box.adjusted(0, box.height() - height, 0, 0), QColor(self._theme.accent))


def _cell(at: int) -> QRectF:
    week, weekday = divmod(at, 7)
    return QRectF(_SIDE + week * (_CELL + _GAP), _HEAD + weekday * (_CELL + _GAP), _CELL, _CELL)


def _short_month(day: date) -> str:
    return QLocale().standaloneMonthName(day.month, QLocale.FormatType.ShortFormat)
