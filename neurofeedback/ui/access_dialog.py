"""The question who may read a dataset that an earlier version left open to other accounts; asked once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QWidget

from neurofeedback.errors import RecordingError
from neurofeedback.storage.dataset_access import accept_access, is_access_open, restrict_recordings
from neurofeedback.texts import home
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.widgets.basic import MARGIN, button, column, label, row

_log = logging.getLogger(__name__)


class AccessDialog(QDialog):
    """Asks whether a recordings folder is to be private. Closed without an answer, it is asked again next time."""

    def __init__(self, recordings: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(home.ACCESS_TITLE))
        self._recordings = recordings
        question = label(tr(home.ACCESS_QUESTION, folder=recordings))
        question.setWordWrap(True)
        self.restrict = button(home.ACCESS_MAKE_PRIVATE, partial(self._answer, restrict_recordings), main=True)
        self.leave = button(home.ACCESS_LEAVE, partial(self._answer, accept_access))
        keys = row(self.leave)
        keys.addStretch(1)
        keys.addWidget(self.restrict)
        inside = column(self, MARGIN, gap=16)
        inside.addWidget(question)
        inside.addLayout(keys)
        for answer in (self.restrict, self.leave):
            answer.setAutoDefault(False)
        question.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        question.setFocus()  # it opens by itself: a key meant for the page below must answer nothing

    def _answer(self, action: Callable[[Path], None]) -> None:
        try:
            action(self._recordings)
        except RecordingError as error:
            _log.warning("%s", error)
        self.accept()


def ask_about_access(recordings: Path, parent: QWidget) -> AccessDialog | None:
    """Open the question, unless nothing is open to others or it was answered."""
    if not is_access_open(recordings):
        return None
    dialog = AccessDialog(recordings, parent)
    dialog.open()
    return dialog
