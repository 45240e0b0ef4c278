"""Functions that make labels, buttons, keys and layouts the same way on every page."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QKeySequence, QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QShortcut
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from neurofeedback.texts.catalogue import tr

MARGIN = 32
FLAT_MARGIN = MARGIN - 11  # flat buttons have padding of their own; their text then stands at the margin
HEADER_HEIGHT = 330
GAP = 12


def label(text: str = "", *, name: str = "", **marks: bool) -> QLabel:
    """Return a label; ``marks`` are properties of the style sheet: large, quiet, onPicture."""
    widget = QLabel(tr(text))
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setAccessibleName(tr(name or text))
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


class ComboBox(QComboBox):
    """A combo box with a chevron in the colour of its text, which style sheets can only load from a file."""

    def paintEvent(self, e: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the chevron over the box."""
        super().paintEvent(e)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.5))
        middle = QPointF(self.width() - 18, self.height() / 2)
        corners = (QPointF(-4.5, -2), QPointF(0, 2.5), QPointF(4.5, -2))
        painter.drawPolyline(QPolygonF([middle + corner for corner in corners]))
        painter.end()


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


def row(*widgets: QWidget, gap: int = GAP) -> QHBoxLayout:
    """Return a horizontal layout of widgets."""
    layout = QHBoxLayout()
    layout.setSpacing(gap)
    for widget in widgets:
        layout.addWidget(widget)
    return layout
