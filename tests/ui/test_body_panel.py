"""Heart, breath and stillness after a sitting, and in the list of sittings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from neurofeedback.analysis.history import PastSession
from neurofeedback.errors import RecordingError
from neurofeedback.texts import body, sessions
from neurofeedback.ui import viewmodels
from neurofeedback.ui.widgets.body_panel import BodyPanel
from neurofeedback.ui.widgets.sessions_table import SessionsTable

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
STARTED = "2026-11-22T09:15:00+01:00"


@pytest.fixture
def panel(qtbot: QtBot) -> BodyPanel:
    made = BodyPanel()
    qtbot.addWidget(made)
    return made


def test_a_sitting_is_measured_and_shown(panel: BodyPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewmodels, "describe_body", lambda _session: ("one", "two"))
    panel.show_session(Path("somewhere"))
    assert panel.busy
    qtbot.waitUntil(lambda: not panel.busy)
    assert not panel.isHidden()
    assert panel._lines.text() == "one\ntwo"
    panel.show_session(None)
    assert panel.isHidden()


def test_nothing_is_shown_without_sensors(panel: BodyPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewmodels, "describe_body", lambda _session: ())
    panel.show_session(Path("somewhere"))
    qtbot.waitUntil(lambda: not panel.busy)
    assert panel.isHidden()


def test_a_damaged_signal_is_one_sentence(panel: BodyPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_session: Path) -> tuple[str, ...]:
        raise RecordingError("the signal beside the EEG cannot be read", got="ppg")

    monkeypatch.setattr(viewmodels, "describe_body", fail)
    panel.show_session(Path("somewhere"))
    qtbot.waitUntil(lambda: not panel.busy)
    assert panel._lines.text().startswith(body.FAILED.partition("{")[0])
    assert "ppg" in panel._lines.text()


def test_the_list_has_a_column_where_any_sitting_has_a_rate(qtbot: QtBot) -> None:
    table, column = SessionsTable({}), sessions.COLUMNS.index(sessions.BODY)
    qtbot.addWidget(table)
    plain = PastSession("sub-01_ses-1_task-meditation", STARTED, "muse-2")
    table.show_sessions([plain])
    assert table.isColumnHidden(column)
    full = PastSession("sub-01_ses-2_task-meditation", STARTED, "muse-2", heart_rate=61.7, still_share=0.9)
    table.show_sessions([plain, full])
    assert not table.isColumnHidden(column)
    newest, oldest = (table.sessions.index(row, column) for row in (0, 1))
    assert newest.data() == sessions.BODY_RATES.format(heart="62", breath=sessions.UNKNOWN)
    assert "90 %" in newest.data(Qt.ItemDataRole.ToolTipRole)
    assert oldest.data() == ""
    assert oldest.data(Qt.ItemDataRole.ToolTipRole) is None
