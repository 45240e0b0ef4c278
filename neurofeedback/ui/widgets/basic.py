"""Small pieces the places are built from: labels in two sizes, buttons that always have a name."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QKeySequence, QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QShortcut
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from neurofeedback.texts.catalogue import tr

MARGIN = 32
FLAT_MARGIN = MARGIN - 11  # flat buttons bring their own padding; their text keeps the margin
HEADER_HEIGHT = 330
GAP = 12


def label(text: str = "", *, name: str = "", **marks: bool) -> QLabel:
    """Return a label; ``marks`` are the style sheet's: large, quiet, onPicture."""
    made = QLabel(tr(text))
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setAccessibleName(tr(name or text))
    for mark, value in marks.items():
        made.setProperty(mark, value)
    return made


def allow_clipping(words: QLabel) -> QLabel:
    """Let a one-line label be cut rather than widen the window."""
    words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return words


def button(text: str, act: Callable[[], object], *, name: str = "", **marks: bool) -> QPushButton:
    """Return a button; ``marks`` are the style sheet's: main, flat, sit, answer."""
    made = QPushButton(tr(text))
    made.setAccessibleName(tr(name) or tr(text).replace("&", ""))
    made.setAutoDefault(True)
    for mark, value in marks.items():
        made.setProperty(mark, value)
    made.clicked.connect(lambda _checked: act())
    return made


class ComboBox(QComboBox):
    """A combo box with a chevron in the colour of its text (style sheets can only take one from a file)."""

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


def bind_key(place: QWidget, keys: str, act: Callable[[], object]) -> None:
    """Bind a key for as long as ``place`` is shown."""
    shortcut = QShortcut(QKeySequence(keys), place)
    shortcut.setAutoRepeat(False)
    shortcut.activated.connect(act)


def column(parent: QWidget | None = None, margin: int = 0, gap: int = GAP) -> QVBoxLayout:
    """Return a column with the same margin all round."""
    made = QVBoxLayout(parent)
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(gap)
    return made


def row(*widgets: QWidget, gap: int = GAP) -> QHBoxLayout:
    """Return a row of widgets."""
    made = QHBoxLayout()
    made.setSpacing(gap)
    for widget in widgets:
        made.addWidget(widget)
    return made
