"""The question who may read a dataset that an earlier version left open to other accounts; asked once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox, QWidget

from neurofeedback.errors import RecordingError
from neurofeedback.storage.dataset_access import accept_access, is_access_open, restrict_recordings
from neurofeedback.texts import home
from neurofeedback.texts.catalogue import tr

_log = logging.getLogger(__name__)


def ask_about_access(recordings: Path, parent: QWidget) -> QMessageBox | None:
    """Open the question, unless nothing is open to others or it was answered; closing it asks again next time."""
    if not is_access_open(recordings):
        return None
    dialog = QMessageBox(parent)
    dialog.setWindowTitle(tr(home.ACCESS_TITLE))
    dialog.setTextFormat(Qt.TextFormat.PlainText)
    dialog.setText(tr(home.ACCESS_QUESTION, folder=recordings))
    private = dialog.addButton(tr(home.ACCESS_MAKE_PRIVATE), QMessageBox.ButtonRole.AcceptRole)
    leave = dialog.addButton(tr(home.ACCESS_LEAVE), QMessageBox.ButtonRole.RejectRole)
    for button, action in ((private, restrict_recordings), (leave, accept_access)):
        if button is not None:
            button.clicked.connect(partial(_apply, action, recordings))
    dialog.open()
    return dialog


def _apply(action: Callable[[Path], None], recordings: Path, _checked: bool = False) -> None:
    try:
        action(recordings)
    except RecordingError as error:
        _log.warning("%s", error)
