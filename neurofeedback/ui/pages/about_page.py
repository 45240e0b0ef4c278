"""The page on what the program is and is not, shown before the first session and from the first page."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from neurofeedback.texts import home
from neurofeedback.texts.session import DISCLAIMER, STOP_ADVICE
from neurofeedback.ui.widgets.basic import MARGIN, bind_key, button, column, label, row

TEXT_WIDTH = 680


class AboutPage(QWidget):
    """Shows the disclaimer and one button."""

    left = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        page = QWidget()
        page.setFixedWidth(TEXT_WIDTH)
        text = column(page, gap=20)
        text.addWidget(label(home.ABOUT_TITLE, large=True))
        for paragraph in (DISCLAIMER, STOP_ADVICE):
            line = label(paragraph)
            line.setWordWrap(True)
            text.addWidget(line)
        self.understood = button(home.UNDERSTOOD, self.left.emit, main=True)
        text.addSpacing(8)
        text.addWidget(self.understood, alignment=Qt.AlignmentFlag.AlignLeft)
        outer = column(self, MARGIN)
        outer.addStretch(2)
        middle = row()
        middle.addStretch(1)
        middle.addWidget(page)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(3)
        bind_key(self, "Esc", self.left.emit)

    def activate(self) -> None:
        """Take the keyboard focus."""
        self.understood.setFocus()
