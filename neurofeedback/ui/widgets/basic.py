"""Functions that make labels, buttons, keys and layouts the same way on every page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from PyQt6.QtCore import QEvent, QObject, QPointF, Qt
from PyQt6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QShortcut
from PyQt6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from neurofeedback.texts import forms
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.announcer import LiveLabel
from neurofeedback.ui.theme import Theme

MARGIN = 32
FLAT_MARGIN = MARGIN - 11  # flat buttons have padding of their own; their text then stands at the margin
HEADER_HEIGHT = 330
GAP = 12
_MAX_VISIBLE_ITEMS = 16
_POPUP_MARGIN = 28
Field = TypeVar("Field", bound=QWidget)


def label(text: str = "", *, name: str = "", live: bool = False, **marks: bool) -> QLabel:
    """Return a label; ``marks`` are properties of the style sheet: large, quiet, onPicture.

    ``name`` describes what a changing label shows. It is no accessible name: that would hide the text from a screen
    reader. A ``live`` label announces each new text.
    """
    widget = LiveLabel(tr(text)) if live else QLabel(tr(text))
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setAccessibleDescription(tr(name))
    for mark, value in marks.items():
        widget.setProperty(mark, value)
    return widget


def allow_clipping(line: QLabel) -> QLabel:
    """Clip a one-line label instead of widening the window; returns the label."""
    line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return line


def button(text: str, act: Callable[[], object], *, name: str = "", **marks: bool) -> QPushButton:
    """Return a button; ``marks`` are properties of the style sheet: main, flat, sit, answer."""
    widget = QPushButton(tr(text))
    widget.setAccessibleName(tr(name) or tr(text).replace("&", ""))
    widget.setAutoDefault(True)
    for mark, value in marks.items():
        widget.setProperty(mark, value)
    widget.clicked.connect(lambda _checked: act())
    return widget


def ask_unsaved(parent: QWidget, title: str, leave: Callable[[], object]) -> QMessageBox:
    """Ask whether to leave what is not saved; returns the open question."""
    box = QMessageBox(
        QMessageBox.Icon.Question, title, tr(forms.CLOSE_UNSAVED), QMessageBox.StandardButton.NoButton, parent
    )
    without = box.addButton(tr(forms.CLOSE_ANYWAY), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(tr(forms.GO_ON), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.buttonClicked.connect(lambda chosen: leave() if chosen is without else None)
    box.open()
    return box


class _WheelGuard(QObject):
    """Ignores the mouse wheel on a field without keyboard focus, so that scrolling a page changes no value."""

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Return whether the event stops here."""
        if a1 is None or a1.type() is not QEvent.Type.Wheel or not isinstance(a0, QWidget) or a0.hasFocus():
            return False
        a1.ignore()  # the page scrolls instead
        return True


def ignore_wheel(field: Field) -> Field:
    """Let the mouse wheel change a field only while it has the keyboard focus; returns the field."""
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel gives no focus either
    field.installEventFilter(_WheelGuard(field))
    return field


@contextmanager
def painting(widget: QWidget) -> Iterator[QPainter]:
    """Paint on a widget; ends after an error too, as Qt crashes on a painter that outlives the event."""
    painter = QPainter(widget)
    try:
        yield painter
    finally:
        painter.end()


class ComboBox(QComboBox):
    """A combo box with a chevron in the colour of its text, which style sheets can only load from a file."""

    def __init__(self) -> None:
        super().__init__()
        ignore_wheel(self)
        self.setMaxVisibleItems(_MAX_VISIBLE_ITEMS)
        if (popup := self.view()) is not None:
            popup.setTextElideMode(Qt.TextElideMode.ElideNone)

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """Open the list wide enough for its longest entry."""
        if (popup := self.view()) is not None:
            popup.setMinimumWidth(popup.sizeHintForColumn(0) + _POPUP_MARGIN)
            if (frame := popup.parentWidget()) is not None:  # else a light strip above and below the list
                frame.setPalette(popup.palette())
        super().showPopup()

    def paintEvent(self, e: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the chevron over the box."""
        super().paintEvent(e)
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.5))
            middle = QPointF(self.width() - 18, self.height() / 2)
            corners = (QPointF(-4.5, -2), QPointF(0, 2.5), QPointF(4.5, -2))
            painter.drawPolyline(QPolygonF([middle + corner for corner in corners]))


def theme_palette(theme: Theme) -> QPalette:
    """Return the palette of a theme, for what style sheets do not reach: lists, dialogs of the system, tooltips."""
    palette, role = QPalette(), QPalette.ColorRole
    colours = {
        role.Window: theme.window, role.WindowText: theme.text, role.Base: theme.field, role.Text: theme.text,
        role.AlternateBase: theme.panel, role.Button: theme.field, role.ButtonText: theme.text,
        role.ToolTipBase: theme.field, role.ToolTipText: theme.text, role.PlaceholderText: theme.quiet,
        role.Highlight: theme.accent, role.HighlightedText: theme.on_accent, role.Link: theme.accent,
    }  # fmt: skip
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    return palette


def bind_key(page: QWidget, keys: str, act: Callable[[], object]) -> None:
    """Bind a key while ``page`` is shown."""
    shortcut = QShortcut(QKeySequence(keys), page)
    shortcut.setAutoRepeat(False)
    shortcut.activated.connect(act)


def column(parent: QWidget | None = None, margin: int = 0, gap: int = GAP) -> QVBoxLayout:
    """Return a vertical layout with the same margin on all sides."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(gap)
    return layout


def align_columns(*grids: QGridLayout) -> None:
    """Give captions and fields, the first two columns of grids, the same widths in all of them."""
    for column_at in (0, 1):
        items = [(grid.itemAt(at), grid.getItemPosition(at)) for grid in grids for at in range(grid.count())]
        widths = [item.sizeHint().width() for item, (_, at, _, span) in items if item and (at, span) == (column_at, 1)]
        for grid in grids:
            grid.setColumnMinimumWidth(column_at, max(widths, default=0))


def scrolled(page: QWidget) -> QScrollArea:
    """Return an area in which a page scrolls up and down where it is taller than its place."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area


def row(*widgets: QWidget, gap: int = GAP) -> QHBoxLayout:
    """Return a horizontal layout of widgets."""
    layout = QHBoxLayout()
    layout.setSpacing(gap)
    for widget in widgets:
        layout.addWidget(widget)
    return layout
