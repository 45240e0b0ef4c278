"""Tests of the programme editor: what it saves, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.settings.load import load_programme
from neurofeedback.ui.pages.programme_editor import ProgrammeEditor
from neurofeedback.ui.programmes import SegmentRow, programme_choices, save_programme

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def editor(qtbot: QtBot, tmp_path: Path) -> ProgrammeEditor:
    made = ProgrammeEditor(tmp_path / "programmes")
    qtbot.addWidget(made)
    made.resize(1024, 640)
    with qtbot.waitActive(made):
        made.show()
    made.activate()
    return made


def test_saved_programme_can_be_loaded_and_planned(editor: ProgrammeEditor, tmp_path: Path) -> None:
    saved: list[bool] = []
    editor.saved.connect(lambda: saved.append(True))
    editor.title.setText("Long morning!")
    editor.minutes.setValue(30)
    editor._rows[1].show_row(SegmentRow("rest", 2.0))
    editor._rows[2].show_row(SegmentRow("transfer", 5.0, 0, "wind", 1.0))
    editor.save()
    assert saved == [True]
    programme = load_programme(str(tmp_path / "programmes" / "long-morning.toml"))
    assert (programme.title, programme.minutes) == ("Long morning!", 30.0)
    assert [(s.phase, s.minutes, s.background, s.bell_every_min) for s in programme.segments] == [
        ("practice", None, None, 0.0),
        ("rest", 2.0, None, 0.0),
        ("transfer", 5.0, "wind", 1.0),
    ]


def test_invalid_programme_is_reported_and_not_written(editor: ProgrammeEditor, tmp_path: Path) -> None:
    editor.title.setText("Two open")
    editor._rows[1].show_row(SegmentRow("practice"))
    editor.save()
    text = "\n".join(words.text() for words in editor.findChildren(QLabel))
    assert "only one segment may omit its minutes" in text
    assert not (tmp_path / "programmes").exists()


@pytest.mark.parametrize("title", ["", "???", " "])
def test_programme_needs_a_name(title: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"name|title"):
        save_programme(title, 0.0, [SegmentRow(minutes=5.0)], tmp_path)


def test_unwritable_programme_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="could not be saved"):
        save_programme("Mine", 0.0, [SegmentRow(minutes=5.0, quiet_percent=70)], tmp_path / "file")


def test_escape_leaves_the_editor(editor: ProgrammeEditor, qtbot: QtBot) -> None:
    left: list[bool] = []
    editor.left.connect(lambda: left.append(True))
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert left == [True]


def test_programmes_are_sorted_first_sitting_first_and_open_end_last() -> None:
    names = [programme.name for programme in programme_choices()]
    assert names[0] == "first"
    assert names.index("10-minutes") < names.index("45-minutes") < names.index("open-end")


def test_programme_length_includes_all_phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_programme("Fixed", 0.0, [SegmentRow(minutes=10.0)], tmp_path / "programmes")
    monkeypatch.setattr("neurofeedback.settings.load.user_folder", lambda: tmp_path)
    lengths = {choice.title: choice.minutes for choice in programme_choices()}
    assert lengths["Fixed"] == pytest.approx(10 + (30 + 120 + 8) / 60)
    assert lengths["Open end"] == 0
