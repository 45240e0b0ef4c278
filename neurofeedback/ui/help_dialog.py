"""The help of F1: every key, and when to stop."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QGridLayout, QScrollArea, QWidget

from neurofeedback.texts import welcome
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.session import STOP_ADVICE
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row

_SIZE = (640, 560)
_LINE_HEIGHT = 18


class HelpDialog(QDialog):
    """Lists the keys by place. It blocks nothing: the window below keeps working."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(welcome.HELP_TITLE))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page = QWidget()
        inside = column(page, MARGIN, gap=10)
        for title, keys in welcome.HELP_KEYS.items():
            inside.addWidget(label(title, large=True))
            grid = QGridLayout()
            grid.setHorizontalSpacing(24)
            grid.setColumnStretch(1, 1)
            for place, (key, meaning) in enumerate(keys.items()):
                grid.addWidget(label(key), place, 0, alignment=Qt.AlignmentFlag.AlignTop)
                text = label(meaning)
                text.setWordWrap(True)
                grid.addWidget(text, place, 1)
            inside.addLayout(grid)
        advice = label(STOP_ADVICE)
        advice.setWordWrap(True)
        inside.addWidget(advice)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = row()
        foot.addStretch(1)
        foot.addWidget(button(welcome.HELP_CLOSE, self.close, main=True))
        foot.setContentsMargins(MARGIN, 8, MARGIN, 14)
        outer = column(self, gap=0)
        outer.addWidget(area, 1)
        outer.addLayout(foot)
        self.ensurePolished()
        scale = self.fontMetrics().height() / _LINE_HEIGHT  # in large type no key takes two lines
        self.resize(round(_SIZE[0] * scale), _SIZE[1])
