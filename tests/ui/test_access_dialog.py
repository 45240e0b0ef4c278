"""The question who may read an open dataset: asked once, and answered by a button."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.storage.dataset_access import is_access_open
from neurofeedback.ui.access_dialog import ask_about_access

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="rights of POSIX"),
    pytest.mark.qt_log_ignore("propagateSizeHints"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "recordings"
    (root / "sub-01").mkdir(parents=True)
    for folder in (root, root / "sub-01"):
        folder.chmod(0o755)
    return root


@pytest.mark.parametrize(("key", "mode"), [("restrict", 0o700), ("leave", 0o755)])
def test_an_answer_is_applied_and_not_asked_again(qtbot: QtBot, root: Path, key: str, mode: int) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = ask_about_access(root, window)
    assert dialog is not None
    getattr(dialog, key).click()
    assert not dialog.isVisible()
    assert stat.S_IMODE((root / "sub-01").stat().st_mode) == mode
    assert not is_access_open(root)
    assert ask_about_access(root, window) is None


def test_a_closed_question_is_asked_again(qtbot: QtBot, root: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = ask_about_access(root, window)
    assert dialog is not None
    dialog.close()
    assert is_access_open(root)
