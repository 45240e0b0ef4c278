"""Past sessions of a dataset, one row each, from a cache that may be thrown away at any time.

The files of the sessions are the truth. The cache (SQLite, in the user's cache folder) keeps what was read of each
with the age and size of the files it came from, and is read anew where they differ.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.recording.documents import read_start, read_summary
from neurofeedback.recording.events import read_events
from neurofeedback.recording.file_lock import is_locked
from neurofeedback.recording.session_notes import NOTES_SUFFIX, read_notes
from neurofeedback.types import EventKind, Phase

_log = logging.getLogger(__name__)
_SCHEMA = 1
_BATCH_SIZE = 200
_ANSWER_NAMES = {"1": "focus", "2": "wander", "3": "unsure"}
_TABLE = "CREATE TABLE IF NOT EXISTS sessions (stem TEXT PRIMARY KEY, stamp TEXT NOT NULL, row TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class PastSession:
    """One session as the history knows it; None where its files do not tell.

    Parameters
    ----------
    stem : str
        Name of the session, such as ``sub-01_ses-20261122T091500_task-meditation``.
    started : str
        Local time it began, ISO 8601.
    duration_s, practice_s : float
        Whole session by the host's clock, and its practice phase, s.
    iaf_hz, exponent : float, optional
        Individual alpha frequency (Hz) and aperiodic exponent of its baseline.
    n_wander, n_focus, n_unsure : int
        Probes answered "elsewhere", "on the breath" and "not sure".
    sleepiness : float, optional
        Mean answer to "how sleepy", 1 to 5.
    finished : bool
        It ended in order.
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

    @property
    def participant(self) -> str:
        """Participant label, without ``sub-``."""
        return self.stem.split("_")[0].removeprefix("sub-")

    @property
    def started_at(self) -> datetime:
        """Local time it began."""
        return datetime.fromisoformat(self.started)


def past_sessions(
    root: Path,
    participant: str | None = None,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
    on_skipped: Callable[[str, str], object] = lambda stem, why: None,
) -> list[PastSession]:
    """Return the sessions of a dataset, or of one participant, by the time they began.

    A session under way is left out, and so is one whose files cannot be read.

    Parameters
    ----------
    cache : Path, optional
        The cache's file; by default one for each dataset in the user's cache folder.
    progress : callable
        Called with the number of sessions looked at and their total while some must be read anew.
    leave_out : callable
        Called with the stem of each session whose files cannot be read, and with the reason as a sentence.
    """
    found = list(_find_sessions(root, participant))
    with closing(_open_cache(cache or cache_path(root))) as store:
        known = {stem: (stamp, row) for stem, stamp, row in store.execute("SELECT stem, stamp, row FROM sessions")}
        rows, fresh = [], []
        for number, (files, stamp) in enumerate(found, start=1):
            if known.get(files.stem, ("", ""))[0] == stamp:
                rows.append(_from_json(known[files.stem][1]))
            elif (row := _read(files, on_skipped)) is not None:
                fresh.append((stamp, row))
                progress(number, len(found))
            if len(fresh) >= _BATCH_SIZE or number == len(found):
                _store_rows(store, fresh)
                rows += [row for _, row in fresh]
                fresh = []
        _delete_rows(store, known.keys() - {files.stem for files, _ in found}, all_participants=participant is None)
    return sorted(rows, key=lambda row: (row.started, row.stem))


def cache_path(root: Path) -> Path:
    """Where the cache of a dataset is; removing it costs nothing but the time to read all sessions again."""
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return user_cache_path("neurofeedback", ensure_exists=False) / f"history-{name}.sqlite"


def _find_sessions(root: Path, participant: str | None) -> Iterator[tuple[SessionFiles, str]]:
    """Find sessions that are not under way, with a stamp that changes whenever one of the files read here does."""
    for start in root.joinpath(DERIVATIVES).glob(f"sub-{participant or '*'}/ses-*/*_start.json"):
        files = SessionFiles.from_stem(root, start.name.removesuffix("_start.json"))
        if files.lock_path.exists() and is_locked(files.lock_path):
            continue
        yield files, _stamp(files)


def _stamp(files: SessionFiles) -> str:
    parts = []
    for path in (files.derived_file("summary.json"), files.derived_file(NOTES_SUFFIX), files.eeg_file("events.tsv")):
        with suppress(OSError):
            facts = os.stat(path)  # noqa: PTH116 - a third of the time Path.stat takes, for thousands of files
            parts.append(f"{path.name[-12:]}:{facts.st_mtime_ns}:{facts.st_size}")
    return " ".join(parts)


def _open_cache(path: Path) -> sqlite3.Connection:
    """Open the cache; one that is damaged, of another version, or cannot be written is replaced or done without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open_checked(path)
    except (sqlite3.DatabaseError, OSError) as error:
        _log.info("the history's cache %s is made anew: %s", path, error)
    try:
        path.unlink(missing_ok=True)
        return _open_checked(path)
    except (sqlite3.DatabaseError, OSError) as error:
        _log.warning("the history is read without a cache: %s", error)
        return _prepare(sqlite3.connect(":memory:"))


def _open_checked(path: Path) -> sqlite3.Connection:
    store = sqlite3.connect(path, timeout=2.0)
    try:
        return _prepare(store)
    except sqlite3.DatabaseError:
        store.close()
        raise


def _prepare(store: sqlite3.Connection) -> sqlite3.Connection:
    with store:
        if store.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA:
            store.execute("DROP TABLE IF EXISTS sessions")
            store.execute(f"PRAGMA user_version = {_SCHEMA:d}")
        store.execute(_TABLE)
        store.execute("SELECT stem, stamp, row FROM sessions LIMIT 1").fetchone()
    return store


def _store_rows(store: sqlite3.Connection, fresh: list[tuple[str, PastSession]]) -> None:
    rows = [(row.stem, stamp, json.dumps(asdict(row))) for stamp, row in fresh]
    with suppress(sqlite3.OperationalError), store:  # another window holds it, or the disk is full: only a cache
        store.executemany("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", rows)


def _delete_rows(store: sqlite3.Connection, removed: set[str], *, all_participants: bool) -> None:
    if all_participants and removed:
        with suppress(sqlite3.OperationalError), store:
            store.executemany("DELETE FROM sessions WHERE stem = ?", [(stem,) for stem in removed])


def _from_json(text: str) -> PastSession:
    values: dict[str, Any] = json.loads(text)
    values["tags"] = tuple(values["tags"])
    return PastSession(**values)


def _read(files: SessionFiles, on_skipped: Callable[[str, str], object]) -> PastSession | None:
    try:
        return PastSession(
            files.stem,
            **_read_start_values(files),
            **_read_summary_values(files),
            **_read_probe_values(files),
            **_read_notes_values(files),
        )
    except (RecordingError, OSError, KeyError, TypeError, ValueError) as error:
        _log.info("the history leaves %s out: %r", files.stem, error)
        on_skipped(files.stem, str(error) if isinstance(error, RecordingError) else "A file of it is damaged.")
        return None


def _read_start_values(files: SessionFiles) -> dict[str, Any]:
    start = read_start(files.derived_file("start.json"))
    return {"started": start.started.astimezone().isoformat(), "device": start.stream.device}


def _read_notes_values(files: SessionFiles) -> dict[str, Any]:
    after = read_notes(files)
    return {"condition": after.condition, "tags": after.tags, "note": after.note}


def _read_summary_values(files: SessionFiles) -> dict[str, Any]:
    summary = read_summary(files.derived_file("summary.json"))
    return {
        "duration_s": summary.duration_s,
        "practice_s": (summary.phases or {}).get(Phase.PRACTICE),
        "valid_fraction": summary.valid_fraction,
        "iaf_hz": summary.iaf_hz,
        "exponent": summary.exponent,
        "finished": summary.finished is True,
    }


def _read_probe_values(files: SessionFiles) -> dict[str, Any]:
    _, events = read_events(files.eeg_file("events.tsv"))
    kinds = Counter(event.kind for event in events)
    where = Counter(_ANSWER_NAMES.get(event.value) for event in events if event.kind is EventKind.ANSWER_WHERE)
    sleepy = [int(event.value) for event in events if event.kind is EventKind.ANSWER_SLEEPY and event.value.isdigit()]
    return {
        "n_probes": kinds[EventKind.PROBE],
        "n_presses": kinds[EventKind.PRESS],
        **{f"n_{name}": where[name] for name in _ANSWER_NAMES.values()},
        "sleepiness": sum(sleepy) / len(sleepy) if sleepy else None,
    }
