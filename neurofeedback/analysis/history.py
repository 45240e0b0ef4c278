"""Past sessions of a dataset, one row for each, with a cache that can be deleted at any time.

The session files are authoritative. The cache (SQLite, in the user's cache folder) stores the values of each session
with the modification times and sizes of its files. A session is read again if these differ.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from neurofeedback.analysis.body.body_file import BODY_SUFFIX, SessionBody, read_body
from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.recording.events import read_events
from neurofeedback.recording.facts.session_facts import read_facts
from neurofeedback.recording.session_json import read_start, read_summary
from neurofeedback.recording.session_notes import NOTES_SUFFIX, read_notes
from neurofeedback.recording.timer.sitting_file import TimerSitting, read_sittings
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.storage.private_files import make_folder
from neurofeedback.types import Event, EventKind, Phase

_log = logging.getLogger(__name__)
_SCHEMA = 3
_FIRST_BATCH_SIZE, _BATCH_SIZE = 25, 200
_FOCUS, _WANDER, _UNSURE = "1", "2", "3"  # answers to "where was your mind"
_TABLE = "CREATE TABLE IF NOT EXISTS sessions (stem TEXT PRIMARY KEY, stamp TEXT NOT NULL, row TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class PastSession:
    """Summary of one past session. None means that its files do not contain the value.

    Parameters
    ----------
    stem : str
        Name of the session, such as ``sub-01_ses-20261122T091500_task-meditation``.
    started : str
        Local start time, ISO 8601.
    device : str
        Name of the device; empty for a sitting without a headset.
    duration_s, practice_s : float, optional
        Length of the session by the host's clock, and of its practice phase, s.
    valid_fraction : float, optional
        Share of frames with a usable signal.
    iaf_hz, exponent : float, optional
        Individual alpha frequency (Hz) and aperiodic exponent of the baseline.
    n_probes : int
        Number of probes.
    n_wander, n_focus, n_unsure : int
        Number of probes answered "elsewhere", "on the breath" and "not sure".
    n_presses : int
        Number of self-reports by key press.
    sleepiness : float, optional
        Mean answer to "how sleepy", 1 to 5.
    condition, tags, note : str, tuple of str, str
        From the session notes.
    finished : bool
        The session ended normally.
    programme : str
        Name of its programme; empty for a practice of a length that the person set.
    heart_rate, breath_rate : float, optional
        Means over the windows that are good, a minute; breath without the parts with a pacer.
    still_share : float, optional
        Share of the time in which the head was still.
    """

    stem: str
    started: str
    device: str
    duration_s: float | None = None
    practice_s: float | None = None
    valid_fraction: float | None = None
    iaf_hz: float | None = None
    exponent: float | None = None
    n_probes: int = 0
    n_wander: int = 0
    n_focus: int = 0
    n_unsure: int = 0
    n_presses: int = 0
    sleepiness: float | None = None
    condition: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    finished: bool = False
    programme: str = ""
    heart_rate: float | None = None
    breath_rate: float | None = None
    still_share: float | None = None

    @property
    def has_signal(self) -> bool:
        """Whether it was recorded with a headset; a sitting without one has no device and no recording."""
        return bool(self.device)

    @property
    def participant(self) -> str:
        """Participant label, without ``sub-``."""
        return self.stem.split("_")[0].removeprefix("sub-")

    @property
    def started_at(self) -> datetime:
        """Local start time."""
        return datetime.fromisoformat(self.started)


def past_sessions(
    root: Path,
    participant: str | None = None,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
    on_skipped: Callable[[str, str], object] = lambda stem, why: None,
    on_read: Callable[[list[PastSession]], object] = lambda rows: None,
) -> list[PastSession]:
    """Return the sessions of a dataset, or of one participant, sorted by start time.

    Live sessions and sessions whose files cannot be read are left out.

    Parameters
    ----------
    root : Path
        The recordings folder.
    participant : str, optional
        Participant label; all participants by default.
    cache : Path, optional
        The cache file; by default one for each dataset in the user's cache folder.
    progress : callable
        Called with the number of sessions processed and their total, for each session that is not in the cache.
    on_skipped : callable
        Called with the stem of each session whose files cannot be read, and with the reason as a sentence.
    on_read : callable
        Called with the newest sessions, sorted by start time, while those that are not in the cache are being read.
    """
    found = _find_sessions(root, participant)
    sessions = sorted(found, key=lambda files: files.session_label, reverse=True)  # the newest are seen first
    batch_size = _FIRST_BATCH_SIZE
    with closing(_open_cache(cache or cache_path(root))) as connection:
        cached = {
            stem: (stamp, row) for stem, stamp, row in connection.execute("SELECT stem, stamp, row FROM sessions")
        }
        rows, new_rows = [], []
        for number, files in enumerate(sessions, start=1):
            stamp = _stamp(files)
            if cached.get(files.stem, ("", ""))[0] == stamp:
                rows.append(_row_from_json(cached[files.stem][1]))
            elif (row := _read_session(files, on_skipped)) is not None:
                new_rows.append((stamp, row))
                progress(number, len(sessions))
            if len(new_rows) >= batch_size or number == len(sessions):
                _store_rows(connection, new_rows)
                rows += [row for _, row in new_rows]
                if new_rows and number < len(sessions):
                    on_read(_completed(root, rows))
                new_rows, batch_size = [], _BATCH_SIZE
        removed = cached.keys() - {files.stem for files in sessions}
        _delete_rows(connection, removed, all_participants=participant is None)
    return _completed(root, rows)


def _completed(root: Path, rows: Iterable[PastSession]) -> list[PastSession]:
    """Return sessions with their conditions, sorted by start time."""
    with_conditions = (_with_condition(root, row) for row in rows)
    return sorted(with_conditions, key=lambda row: (row.started_at.timestamp(), row.stem))  # time zones may differ


def all_sittings(
    root: Path,
    participant: str | None = None,
    *,
    progress: Callable[[int, int], object] = lambda done, total: None,
    on_skipped: Callable[[str, str], object] = lambda stem, why: None,
    on_read: Callable[[list[PastSession]], object] = lambda rows: None,
) -> list[PastSession]:
    """Return the sessions as ``past_sessions`` does, and the sittings without a headset, sorted by start time."""
    sessions = past_sessions(root, participant, progress=progress, on_skipped=on_skipped, on_read=on_read)
    timers = [_from_timer(files, sitting) for files, sitting in read_sittings(root, participant)]
    return sorted([*sessions, *timers], key=lambda row: (row.started_at.timestamp(), row.stem))


def _from_timer(files: SessionFiles, sitting: TimerSitting) -> PastSession:
    return PastSession(
        stem=files.stem,
        started=sitting.started.astimezone().isoformat(),
        device="",
        duration_s=sitting.duration_s,
        n_presses=sum(event.kind == EventKind.PRESS for event in sitting.events),
        finished=sitting.finished,
        programme=sitting.programme,
    )


def _with_condition(root: Path, row: PastSession) -> PastSession:
    """Return a session with its condition from the table of sessions, whose changes the cache does not see."""
    try:
        facts = read_facts(root, row.participant, row.stem.split("_")[1])
    except (RecordingError, OSError) as error:
        _log.warning("the facts of %s are left out: %s", row.stem, error)
        return row
    return row if facts is None or facts.condition == row.condition else replace(row, condition=facts.condition)


def cached_sessions(root: Path, participant: str | None = None, *, cache: Path | None = None) -> list[PastSession]:
    """Return the sessions as the cache has them, sorted by start time; none of their files is looked at.

    For a first look at once, while ``past_sessions`` reads what has changed.
    """
    with closing(_open_cache(cache or cache_path(root))) as connection:
        pattern = f"sub-{participant}\\_%" if participant else "%"
        found = connection.execute("SELECT row FROM sessions WHERE stem LIKE ? ESCAPE '\\'", (pattern,))
        rows = [_row_from_json(row) for (row,) in found]
    return sorted(rows, key=lambda row: (row.started_at.timestamp(), row.stem))


def cache_path(root: Path) -> Path:
    """Return the path of a dataset's cache file. The file can be deleted; all sessions are then read again."""
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return user_cache_path("neurofeedback", ensure_exists=False) / f"history-{name}.sqlite"


def _find_sessions(root: Path, participant: str | None) -> Iterator[SessionFiles]:
    """Yield the sessions that are not live."""
    for start in root.joinpath(DERIVATIVES).glob(f"sub-{participant or '*'}/ses-*/*_start.json"):
        files = SessionFiles.from_stem(root, start.name.removesuffix("_start.json"))
        if files.lock_path.exists() and is_locked(files.lock_path):
            continue
        yield files


def _stamp(files: SessionFiles) -> str:
    """Return a text that changes if one of the files read here changes."""
    parts = []
    derived = (files.derived_file(name) for name in ("summary.json", NOTES_SUFFIX, BODY_SUFFIX))
    for path in (*derived, files.eeg_file("events.tsv")):
        with suppress(OSError):
            stat = os.stat(path)  # noqa: PTH116 - three times as fast as Path.stat, for thousands of files
            parts.append(f"{path.name[-12:]}:{stat.st_mtime_ns}:{stat.st_size}")
    return " ".join(parts)


def _open_cache(path: Path) -> sqlite3.Connection:
    """Open the cache. A damaged one is replaced; if the file cannot be written, the cache is in memory."""
    try:
        make_folder(path.parent)
        return _open_checked(path)
    except (sqlite3.DatabaseError, OSError) as error:
        _log.info("creating a new history cache %s: %s", path, error)
    try:
        path.unlink(missing_ok=True)
        return _open_checked(path)
    except (sqlite3.DatabaseError, OSError) as error:
        _log.warning("reading the history without a cache: %s", error)
        return _create_schema(sqlite3.connect(":memory:"))


def _open_checked(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=2.0)
    try:
        return _create_schema(connection)
    except sqlite3.DatabaseError:
        connection.close()
        raise


def _create_schema(connection: sqlite3.Connection) -> sqlite3.Connection:
    with connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA:
            connection.execute("DROP TABLE IF EXISTS sessions")
            connection.execute(f"PRAGMA user_version = {_SCHEMA:d}")
        connection.execute(_TABLE)
        connection.execute("SELECT stem, stamp, row FROM sessions LIMIT 1").fetchone()
    return connection


_COLUMNS = tuple(field.name for field in fields(PastSession))


def _store_rows(connection: sqlite3.Connection, new_rows: list[tuple[str, PastSession]]) -> None:
    rows = [(row.stem, stamp, json.dumps({name: getattr(row, name) for name in _COLUMNS})) for stamp, row in new_rows]
    with suppress(sqlite3.OperationalError), connection:  # locked or disk full; the cache is optional
        connection.executemany("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", rows)


def _delete_rows(connection: sqlite3.Connection, removed: set[str], *, all_participants: bool) -> None:
    if all_participants and removed:
        with suppress(sqlite3.OperationalError), connection:
            connection.executemany("DELETE FROM sessions WHERE stem = ?", [(stem,) for stem in removed])


def _row_from_json(text: str) -> PastSession:
    values: dict[str, Any] = json.loads(text)
    values["tags"] = tuple(values["tags"])
    return PastSession(**values)


def _read_session(files: SessionFiles, on_skipped: Callable[[str, str], object]) -> PastSession | None:
    try:
        start = read_start(files.derived_file("start.json"))
        summary = read_summary(files.derived_file("summary.json"))
        notes = read_notes(files)
        _, events = read_events(files.eeg_file("events.tsv"))
    except (RecordingError, OSError, KeyError, TypeError, ValueError) as error:
        _log.info("skipping session %s in the history: %r", files.stem, error)
        on_skipped(files.stem, str(error) if isinstance(error, RecordingError) else "One of its files is damaged.")
        return None
    body = read_body(files) or SessionBody()
    kinds = Counter(event.kind for event in events)
    where = Counter(event.value for event in events if event.kind is EventKind.ANSWER_WHERE)
    return PastSession(
        stem=files.stem,
        started=start.started.astimezone().isoformat(),
        device=start.stream.device,
        duration_s=summary.duration_s,
        practice_s=(summary.phases or {}).get(Phase.PRACTICE),
        valid_fraction=summary.valid_fraction,
        iaf_hz=summary.iaf_hz,
        exponent=summary.exponent,
        n_probes=kinds[EventKind.PROBE],
        n_wander=where[_WANDER],
        n_focus=where[_FOCUS],
        n_unsure=where[_UNSURE],
        n_presses=kinds[EventKind.PRESS],
        sleepiness=_mean_sleepiness(events),
        condition=notes.condition,
        tags=notes.tags,
        note=notes.note,
        finished=summary.finished is True,
        programme=start.start_state.programme or "",
        heart_rate=None if body.heart is None else body.heart.mean,
        breath_rate=None if body.breath is None else body.breath.mean,
        still_share=body.still_share,
    )


def _mean_sleepiness(events: Iterable[Event]) -> float | None:
    answers = [int(event.value) for event in events if event.kind is EventKind.ANSWER_SLEEPY and event.value.isdigit()]
    return sum(answers) / len(answers) if answers else None
