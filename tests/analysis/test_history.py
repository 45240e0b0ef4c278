"""The history knows every session, believes the files and never the cache, and survives whatever happens to either."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.analysis.history import PastSession, cache_path, past_sessions
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.storage.file_lock import acquire_lock
from neurofeedback.types import Chunk, Event, EventKind, StreamInfo

MUSE = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
BEGAN = datetime(2026, 3, 1, 8, 0).astimezone()
ANSWERS = (
    Event(30, EventKind.PROBE, "1"),
    Event(40, EventKind.ANSWER_WHERE, "2"),
    Event(50, EventKind.ANSWER_SURE, "4"),
    Event(60, EventKind.ANSWER_SLEEPY, "2"),
    Event(70, EventKind.PRESS),
    Event(80, EventKind.PROBE, "1"),
    Event(90, EventKind.ANSWER_WHERE, "1"),
    Event(95, EventKind.ANSWER_SLEEPY, "5"),
    Event(100, EventKind.PROBE, "1"),
    Event(110, EventKind.ANSWER_WHERE, "3"),
)


def sit(root: Path, day: int = 0, participant: str = "01", events: tuple[Event, ...] = ANSWERS) -> SessionFiles:
    """Record half a second of nothing on one day, with answers."""
    header = SessionHeader(participant, MUSE, "", StartState(), (), BEGAN + timedelta(days=day))
    writer = SessionWriter(root, header, sync=lambda _: None)
    writer.process_chunk(Chunk(0, np.ones((4, 128), np.float32)))
    for event in events:
        writer.process_event(event)
    summary = SessionSummary(duration_s=600.0, valid_fraction=0.9, iaf_hz=10.25, phases={"practice": 300.0})
    folder = writer.close(summary)
    assert folder
    return SessionFiles.from_stem(root, next(folder.glob("*_summary.json")).name.removesuffix("_summary.json"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "history.sqlite"


def history(root: Path, cache: Path, participant: str | None = None) -> list[PastSession]:
    return past_sessions(root, participant, cache=cache)


def test_a_session_is_known_with_its_figures_and_answers(tmp_path: Path, cache: Path) -> None:
    files = sit(tmp_path)
    (row,) = history(tmp_path, cache)
    assert row.stem == files.stem
    assert row.started_at == BEGAN
    assert (row.participant, row.device, row.finished) == ("01", "muse-2", True)
    assert (row.duration_s, row.practice_s, row.valid_fraction, row.iaf_hz) == (600.0, 300.0, 0.9, 10.25)
    assert (row.n_probes, row.n_wander, row.n_focus, row.n_unsure, row.n_presses) == (3, 1, 1, 1, 1)
    assert row.sleepiness == 3.5


def test_second_reading_comes_from_the_cache_and_is_equal(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(3):
        sit(tmp_path, day)
    first = history(tmp_path, cache)
    monkeypatch.setattr(
        "neurofeedback.analysis.history._read_session", lambda files: pytest.fail(f"read {files.stem} again")
    )
    assert history(tmp_path, cache) == first
    assert [row.started_at for row in first] == sorted(row.started_at for row in first)


def test_a_change_of_any_file_is_noticed(tmp_path: Path, cache: Path) -> None:
    files = sit(tmp_path)
    history(tmp_path, cache)
    write_notes(files, SessionNotes(note="calm", tags=("morning",), condition="pre"))
    (row,) = history(tmp_path, cache)
    assert (row.note, row.tags, row.condition) == ("calm", ("morning",), "pre")
    summary = files.derived_file("summary.json")
    summary.write_text(json.dumps(json.loads(summary.read_text()) | {"duration_s": 1234.5}))
    assert history(tmp_path, cache)[0].duration_s == 1234.5


def test_each_participant_has_a_history_of_their_own(tmp_path: Path, cache: Path) -> None:
    sit(tmp_path, 0)
    sit(tmp_path, 1, participant="02")
    assert [row.participant for row in history(tmp_path, cache)] == ["01", "02"]
    assert [row.participant for row in history(tmp_path, cache, "02")] == ["02"]
    assert len(history(tmp_path, cache)) == 2, "asking for one person must not forget the others"


def test_a_removed_session_is_forgotten(tmp_path: Path, cache: Path) -> None:
    gone, remaining = sit(tmp_path, 0), sit(tmp_path, 1)
    history(tmp_path, cache)
    shutil.rmtree(gone.raw)
    shutil.rmtree(gone.derived)
    assert [row.stem for row in history(tmp_path, cache)] == [remaining.stem]
    assert sqlite3.connect(cache).execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_a_session_under_way_is_left_alone(tmp_path: Path, cache: Path) -> None:
    files = sit(tmp_path)
    lock = acquire_lock(files.lock_path)
    assert lock
    assert history(tmp_path, cache) == []
    lock.release()
    assert len(history(tmp_path, cache)) == 1


def test_an_unreadable_session_is_named_and_the_others_are_there(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged, strange, good = sit(tmp_path, 0), sit(tmp_path, 1), sit(tmp_path, 2)
    damaged.derived_file("summary.json").write_text('{"duration_s": ')
    strange.derived_file("start.json").write_text("{}")
    left_out: dict[str, str] = {}
    found = past_sessions(tmp_path, cache=cache, on_skipped=left_out.__setitem__)
    assert [row.stem for row in found] == [good.stem]
    assert left_out.keys() == {damaged.stem, strange.stem}
    assert "cannot be read: got a damaged file" in left_out[damaged.stem]
    assert "does not describe a session" in left_out[strange.stem]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("damage", [b"", b"this is no database at all", b"SQLite format 3\0" + b"\xff" * 4000])
def test_damaged_cache_is_rebuilt(damage: bytes, tmp_path: Path, cache: Path) -> None:
    sit(tmp_path)
    expected = history(tmp_path, cache)
    cache.write_bytes(damage)
    assert history(tmp_path, cache) == expected
    assert history(tmp_path, cache) == expected


def test_cache_of_another_version_is_rebuilt(tmp_path: Path, cache: Path) -> None:
    sit(tmp_path)
    expected = history(tmp_path, cache)
    with sqlite3.connect(cache) as store:
        store.execute("UPDATE sessions SET row = '{}'")
        store.execute("PRAGMA user_version = 99")
    assert history(tmp_path, cache) == expected


def test_no_cache_at_all_costs_only_time(tmp_path: Path) -> None:
    sit(tmp_path)
    (tmp_path / "wall").write_text("a file where the folder should be")
    assert len(past_sessions(tmp_path, cache=tmp_path / "wall" / "history.sqlite")) == 1


def test_an_empty_folder_and_a_missing_one_have_no_history(tmp_path: Path, cache: Path) -> None:
    assert history(tmp_path, cache) == []
    assert history(tmp_path / "nowhere", cache) == []


def test_reading_many_sessions_reports_progress(tmp_path: Path, cache: Path) -> None:
    for day in range(4):
        sit(tmp_path, day, events=())
    reports: list[tuple[int, int]] = []
    past_sessions(tmp_path, cache=cache, progress=lambda done, total: reports.append((done, total)))
    assert reports == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert past_sessions(tmp_path, cache=cache, progress=lambda *_: pytest.fail("nothing was left to read"))


def test_newest_sessions_are_given_while_the_others_are_read(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurofeedback.analysis.history._FIRST_BATCH_SIZE", 1)
    monkeypatch.setattr("neurofeedback.analysis.history._BATCH_SIZE", 2)
    for day in range(5):
        sit(tmp_path, day, events=())
    parts: list[list[PastSession]] = []
    whole = past_sessions(tmp_path, cache=cache, on_read=parts.append)
    assert parts == [whole[-1:], whole[-3:]]
    assert past_sessions(tmp_path, cache=cache, on_read=lambda _: pytest.fail("all of it was known")) == whole


def test_datasets_do_not_share_a_cache(tmp_path: Path) -> None:
    assert cache_path(tmp_path / "a") != cache_path(tmp_path / "b")
    assert cache_path(tmp_path / "a") == cache_path(tmp_path / "b" / ".." / "a")
