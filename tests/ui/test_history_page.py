"""Tests of the History page: the list, an old sitting, comparison, and the bin."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QModelIndex, Qt
from PyQt6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from neurofeedback.analysis.history import PastSession, cached_sessions, past_sessions
from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.storage.bin import BIN, BinnedSession, move_to_bin, restore_from_bin
from neurofeedback.storage.dataset_access import restrict_recordings
from neurofeedback.texts import sessions
from neurofeedback.texts.catalogue import tr
from neurofeedback.ui.app_language import use_language
from neurofeedback.ui.app_state import AppDefaults, AppState, save_state
from neurofeedback.ui.background import TaskHandle
from neurofeedback.ui.main_window import MainWindow
from neurofeedback.ui.pages import history_page
from neurofeedback.ui.widgets.sessions_table import SessionsModel, SessionsTable

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
STORED = Path(__file__).parents[1] / "data/v0_1_0/dataset"


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = Path(shutil.copytree(STORED, tmp_path / "recordings"))
    restrict_recordings(root)  # else the window asks who may read it
    return root


@pytest.fixture
def window(qtbot: QtBot, dataset: Path, tmp_path: Path) -> MainWindow:
    save_state(tmp_path / "app.json", AppState(claims_seen=True, participant="P1"))
    window = MainWindow(lambda _: None, AppDefaults(dataset, state_file=tmp_path / "app.json"))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    window._home.history.emit()
    qtbot.waitUntil(lambda: not window._history.busy and window._history.table.sessions.rowCount() == 2)
    return window


def button(page: QWidget, name: str) -> QAbstractButton:
    (found,) = (b for b in page.findChildren(QAbstractButton) if b.text().replace("&", "") == name)
    return found


def shown(page: QWidget) -> str:
    return "\n".join(words.text() for words in page.findChildren(QLabel) if words.isVisible())


def row_texts(window: MainWindow, row: int) -> list[str]:
    model = window._history.table.sessions
    return [model.data(model.index(row, column)) for column in range(model.columnCount())]


def test_history_lists_the_sittings_newest_first(window: MainWindow) -> None:
    newest, oldest = row_texts(window, 0), row_texts(window, 1)
    assert "30 Nov 2026" in newest[0]
    assert "29 Nov 2026" in oldest[0]
    assert oldest[1].endswith(("minutes", "minute", "seconds"))
    assert oldest[3].endswith(" %")
    assert "Sittings of P1" in shown(window._history)


def test_old_sitting_opens_with_its_timeline_and_its_note_can_be_edited(window: MainWindow, qtbot: QtBot) -> None:
    table = window._history.table
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    after = window._after
    assert window._places.currentWidget() is after
    assert "Sitting of 29 Nov 2026" in shown(after)
    qtbot.waitUntil(lambda: not after._more.isHidden() and not after.busy)
    assert not after._again.isVisible()
    after._notes_form._note.setPlainText("Snow outside")
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window._places.currentWidget() is window._history)
    qtbot.waitUntil(lambda: "Snow outside" in row_texts(window, 1)[-1])


def test_sitting_is_deleted_to_the_bin_and_put_back(window: MainWindow, qtbot: QtBot, dataset: Path) -> None:
    history = window._history
    history.table.selectRow(0)
    folder = history.folder(history.table.selected[0])
    qtbot.keyClick(history.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: history.table.sessions.rowCount() == 1)
    assert not folder.exists()
    assert "Moved to the bin: the sitting of 30 Nov 2026" in shown(history)
    assert [row.started_at.day for row in past_sessions(dataset, "P1")] == [29]
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: history.table.sessions.rowCount() == 2)
    assert folder.is_dir()
    assert "Put back" in shown(history)
    assert list((dataset / BIN).iterdir()) == []


def test_another_person_s_list_is_not_changed_by_a_sitting_that_is_still_moved(
    window: MainWindow, qtbot: QtBot, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, may_go_on = window._history, threading.Event()
    delete = history_page._delete_task

    def wait(*args: Any) -> BinnedSession:
        assert may_go_on.wait(30)
        return delete(*args)

    monkeypatch.setattr(history_page, "_delete_task", wait)
    history.table.clearSelection()  # a row chosen with Ctrl held would be left out again
    history.table.selectRow(0)
    history._delete_chosen()
    history.activate(dataset, "P2")
    may_go_on.set()
    qtbot.waitUntil(lambda: not history.busy)
    assert history._deleted == []
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not history._move_job.busy
    history.activate(dataset, "P1")
    qtbot.waitUntil(lambda: not history.busy)
    assert history.table.sessions.rowCount() == 1


def test_sitting_is_deleted_while_the_list_is_read(
    window: MainWindow, qtbot: QtBot, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, may_go_on = window._history, threading.Event()
    history.table.clearSelection()
    history.table.selectRow(0)
    read = history_page._read_task

    def wait(*args: Any) -> list[PastSession]:
        assert may_go_on.wait(30)
        return read(*args)

    monkeypatch.setattr(history_page, "_read_task", wait)
    history.activate(dataset, "P1")
    history._delete_chosen()
    may_go_on.set()
    qtbot.waitUntil(lambda: not history.busy)
    assert [one.started_at.day for one in history._sessions] == [29]
    assert "Moved to the bin" in history._message.text()
    files = SessionFiles.from_stem(dataset, history._sessions[0].stem)
    shutil.rmtree(files.raw)
    shutil.rmtree(files.derived)
    history.activate(dataset, "P1")
    history.table.clearSelection()
    history.table.selectRow(0)
    history._delete_chosen()
    qtbot.waitUntil(lambda: not history.busy)
    assert "folder is gone" in history._message.text()


def test_list_is_read_after_the_first_look_also_where_that_fails(
    window: MainWindow, qtbot: QtBot, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list[PastSession]:
        raise RecordingError("the cache cannot be read", got="history.sqlite")

    history = window._history
    monkeypatch.setattr(history_page, "_cached_task", fail)
    history.activate(dataset, "P2")
    assert history._first_look.busy
    assert not history._job.busy
    qtbot.waitUntil(lambda: history.table.sessions.rowCount() == 4)
    assert history._message.text() == "4 sittings"


def test_first_reading_shows_how_far_it_is(
    window: MainWindow, qtbot: QtBot, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def read(_root: Path, participant: str, handle: TaskHandle) -> list[PastSession]:
        handle.report_progress(0.4)
        go.wait(30)
        if participant == "P3":
            raise RecordingError("the cache cannot be read", got="history.sqlite")
        return []

    history = window._history
    monkeypatch.setattr(history_page, "_cached_task", lambda *_: [])
    monkeypatch.setattr(history_page, "_read_task", read)
    for participant in ("P2", "P3"):
        go.clear()
        history.activate(dataset, participant)
        qtbot.waitUntil(lambda: history._bar.isVisible() and history._bar.value() == 40)
        go.set()
        qtbot.waitUntil(lambda: not history._bar.isVisible())
    assert "cannot be read" in history._message.text()


def test_facts_that_cannot_be_read_give_one_sentence(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> list[str]:
        raise RecordingError("the facts cannot be read", got="facts.jsonl")

    monkeypatch.setattr("neurofeedback.ui.pages.facts_dialog.unacknowledged_lines", fail)
    dialog = window._history.open_facts()
    qtbot.waitUntil(lambda: "the facts cannot be read" in dialog.due.text())


def test_two_sittings_are_compared(window: MainWindow, qtbot: QtBot) -> None:
    history = window._history
    history.table.selectAll()
    assert not button(history, "Open").isEnabled()
    qtbot.mouseClick(button(history, "Compare"), Qt.MouseButton.LeftButton)
    page = window._compare
    qtbot.waitUntil(lambda: not page.busy)
    words = shown(page)
    assert words.index("29 Nov 2026") < words.index("30 Nov 2026")
    assert "heights of two sittings cannot be compared" in words
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window._places.currentWidget() is history)


def test_folder_removed_while_the_list_is_open_gives_one_sentence(window: MainWindow, qtbot: QtBot) -> None:
    history = window._history
    history.table.selectRow(0)
    session = history.table.selected[0]
    files = SessionFiles.from_stem(history._source[0], session.stem)
    shutil.rmtree(files.raw)
    shutil.rmtree(files.derived)
    qtbot.keyClick(history.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not history.busy)
    assert "folder is gone" in history._message.text()
    history._emit_opened()
    qtbot.waitUntil(lambda: "folder is gone" in window._after._message.text())
    assert not window._after._more.isVisible()


def test_thousands_of_sittings_are_shown_without_a_cell_more_than_is_seen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = datetime(2024, 1, 1, 9).astimezone()
    one = PastSession("sub-01_ses-1_task-meditation", first.isoformat(), "muse-2", duration_s=600.0)
    rows = [replace(one, started=(first + timedelta(hours=12 * n)).isoformat()) for n in range(2000)]
    asked: list[int] = []
    data = SessionsModel.data

    def count(self: SessionsModel, index: QModelIndex, role: int = 0) -> Any:
        asked.append(index.row())
        return data(self, index, role)

    monkeypatch.setattr(SessionsModel, "data", count)
    table = SessionsTable({})
    qtbot.addWidget(table)
    table.resize(960, 480)
    table.fit_columns()
    table.show()
    table.show_sessions(rows)
    table.grab()
    assert table.sessions.rowCount() == 2000
    assert len(set(asked)) < 40, "only the rows that are seen may be made"


def test_heart_and_breath_get_a_column_as_wide_as_their_heading(window: MainWindow) -> None:
    table, body = window._history.table, sessions.COLUMNS.index(sessions.BODY)
    heads = table.horizontalHeader()
    assert heads is not None
    assert table.isColumnHidden(body)
    table.setColumnWidth(1, 333)
    rows = [table.sessions.session(row) for row in range(2)]
    table.show_sessions(rows)
    assert table.columnWidth(1) == 333, "a person's own width stays"
    table.show_sessions([replace(rows[0], heart_rate=66.0, breath_rate=6.0), rows[1]])
    assert not table.isColumnHidden(body)
    assert table.columnWidth(body) >= heads.sectionSizeHint(body) > 0


@pytest.mark.parametrize("language", ["en", "de"])
def test_columns_without_heart_and_breath_fit_a_narrow_window(
    language: str, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    use_language(language, tmp_path)
    try:
        table = SessionsTable({})
        qtbot.addWidget(table)
        table.setStyleSheet(window.styleSheet())
        table.resize(960, 480)
        table.show_sessions([replace(window._history.table.sessions.session(0), duration_s=595.0)])
        table.show()
        table.fit_columns()
        assert table.sessions.index(0, 1).data().split() == ["10", "minutes" if language == "en" else "Minuten"]
        bar = table.horizontalScrollBar()
        assert bar is not None
        qtbot.waitUntil(lambda: bar.maximum() == 0)
    finally:
        use_language("en", tmp_path)


def test_bin_takes_the_same_session_twice_and_refuses_a_taken_place(dataset: Path) -> None:
    files = SessionFiles.from_stem(dataset, "sub-P1_ses-20261129T021801_task-meditation")
    before = sorted(path.relative_to(dataset) for path in dataset.rglob("*") if path.is_file())
    folders = (files.raw, files.derived)

    def delete() -> BinnedSession:
        return move_to_bin(dataset, files.session_prefix, folders, files.lock_path)

    first = delete()
    with pytest.raises(RecordingError, match="is gone"):
        delete()
    shutil.copytree(first.moves[0][1], files.raw)
    second = delete()
    assert first.folder != second.folder
    shutil.rmtree(second.folder)
    files.raw.mkdir(parents=True)
    with pytest.raises(RecordingError, match="place is taken"):
        restore_from_bin(first)
    files.raw.rmdir()
    restore_from_bin(first)
    (dataset / BIN).rmdir()
    assert before == sorted(path.relative_to(dataset) for path in dataset.rglob("*") if path.is_file())


def test_cached_sessions_are_those_of_the_last_reading(dataset: Path, tmp_path: Path) -> None:
    cache = tmp_path / "history.sqlite"
    assert cached_sessions(dataset, "P1", cache=cache) == []
    read = past_sessions(dataset, cache=cache)
    assert cached_sessions(dataset, cache=cache) == read
    assert cached_sessions(dataset, "P1", cache=cache) == [row for row in read if row.participant == "P1"]
    assert cached_sessions(dataset, "P", cache=cache) == []


def test_newest_sittings_are_shown_while_the_others_are_read(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        PastSession(f"sub-P1_ses-202611{day:02}T080000_task-meditation", f"2026-11-{day:02}T08:00:00+00:00", "muse-2")
        for day in range(1, 4)
    ]
    go_on = threading.Event()

    def read(
        *_: object, progress: Callable[[int, int], object], on_read: Callable[[list[PastSession]], object]
    ) -> list[PastSession]:
        on_read(rows[1:])
        progress(2, 3)
        assert go_on.wait(30)
        return rows

    monkeypatch.setattr("neurofeedback.analysis.history.all_sittings", read)
    monkeypatch.setattr("neurofeedback.analysis.history.cached_sessions", lambda *_: [])
    page = history_page.HistoryPage({})
    qtbot.addWidget(page)
    page.activate(tmp_path, "P1")
    qtbot.waitUntil(lambda: page.table.sessions.rowCount() == 2)
    assert page.busy
    assert page.table.sessions.session(0) is rows[2]
    assert page.table.selected == (rows[2],)
    assert page._message.text() == tr(sessions.READING)
    assert not page._bar.isHidden()
    page.table.selectRow(1)
    go_on.set()
    qtbot.waitUntil(lambda: not page.busy)
    assert page.table.sessions.rowCount() == 3
    assert page.table.selected == (rows[1],)
    assert page._bar.isHidden()
