"""Entries of an attendant as rows in the events of the recordings during which they happened."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.events import format_event_row, sort_events
from neurofeedback.recording.facts.changes import log_closed_events
from neurofeedback.recording.facts.entries import LoggedEntry, entries_path, minutes_since_dose, read_entries
from neurofeedback.recording.facts.entry_models import Consent
from neurofeedback.recording.session_json import read_start, read_summary
from neurofeedback.storage.append_only import read_complete_lines
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.texts import course as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Event, EventKind

_log = logging.getLogger(__name__)


def merge_entries(files: SessionFiles) -> bool:
    """Write the rows of the entries made during a closed session again from the record; return whether any changed.

    A corrected entry or a dose that is entered later replaces rows. The hash of the table is logged again, so that
    ``verify`` agrees. Without a record of entries the rows stay.

    Raises
    ------
    RecordingError
        The session's files cannot be read, or the disk cannot be written.
    """
    if not entries_path(files.root, files.participant).exists():
        return False
    start = read_start(files.derived_file("start.json"))
    began, ended = recorded_span(files)
    entries = read_entries(files.root, files.participant)
    path = files.eeg_file("events.tsv")
    lines = read_complete_lines(path)
    sfreq = start.stream.sfreq
    rows = [
        format_event_row(Event(sample, EventKind.ENTRY, _value(one, entries)), sfreq)
        for sample, one in _placed(entries, began, ended, sfreq)
    ]
    others = [line for line in lines if line.split("\t")[3:4] != [EventKind.ENTRY.value]]
    current = [f"{line}\n" for line in lines if line.split("\t")[3:4] == [EventKind.ENTRY.value]]
    if sorted(rows) == sorted(current):
        return False
    with explain_disk_errors(f"{path} cannot be written", todo="free disk space; the entries are saved"):
        write_atomic(path, "".join(f"{line}\n" for line in others) + "".join(rows))
        sort_events(path)
    log_closed_events(files)
    return True


def _placed(
    entries: list[LoggedEntry], began: datetime, ended: datetime, sfreq: float
) -> Iterator[tuple[int, LoggedEntry]]:
    """Yield the entries of a recording with their samples; two of one second follow each other by a sample."""
    last = -1
    for one in entries:
        if began <= one.at <= ended and not isinstance(one.line.entry, Consent):
            last = max(round((one.at - began).total_seconds() * sfreq), last + 1)
            yield last, one


def complete_events(files: SessionFiles) -> None:
    """Add the attendant's entries to the events of a session that has just been closed, and log their hash.

    A failure leaves the recording as it is.
    """
    try:
        merge_entries(files)
    except (RecordingError, OSError) as error:
        _log.warning("the entries made during %s are not in its events: %s", files.stem, error)
    log_closed_events(files)


def merge_into_recordings(root: Path, participant: str, since: datetime) -> tuple[list[str], tuple[str, ...]]:
    """Write the rows of entries again in a person's closed sessions that ended at a time or later.

    Later sessions are included, because minutes from a dose may change in them, and those of the entry saved before the
    last one, which a kill may have left out. A session that is running takes its entries when it ends.

    Parameters
    ----------
    since : datetime
        Time of a new entry; of a correction, the earlier of its time and that of the corrected entry.

    Returns
    -------
    changed : list of str
        Stems of the sessions whose rows changed.
    notices : tuple of str
        Sentences about sessions that cannot be read or written; the entries themselves are saved.
    """
    prefix = f"sub-{participant.removeprefix('sub-')}_"
    since = min([since, *_last_times(root, participant)])
    changed: list[str] = []
    notices: list[str] = []
    for stem in find_session_stems(root):
        files = SessionFiles.from_stem(root, stem)
        if not stem.startswith(prefix) or (files.lock_path.exists() and is_locked(files.lock_path)):
            continue
        if not files.derived_file("summary.json").exists():
            continue
        try:
            if recorded_span(files)[1] >= since and merge_entries(files):
                changed.append(stem)
        except (RecordingError, OSError) as error:
            notices.append(tr(texts.NOT_MERGED, session=stem, error=error))
    return changed, tuple(notices)


def _last_times(root: Path, participant: str) -> list[datetime]:
    """Return the times of the two entries that were saved last, and of those that they correct."""
    entries = read_entries(root, participant, corrected=True)
    last = sorted(entries, key=lambda one: datetime.fromisoformat(one.line.written_at))[-2:]
    hashes = {one.hash for one in last} | {one.line.supersedes for one in last}
    return [one.at for one in entries if one.hash in hashes]


def recorded_span(files: SessionFiles) -> tuple[datetime, datetime]:
    """Return when a session's recording began and ended by the clock of its computer, to a few seconds.

    Raises
    ------
    RecordingError
        Its files cannot be read.
    """
    start = read_start(files.derived_file("start.json"))
    summary = read_summary(files.derived_file("summary.json"))
    if summary.n_samples is None:
        raise RecordingError("the length of the session is unknown", got=files.stem, todo="run `verify` on it")
    began = start.started.astimezone()
    return began, began + timedelta(seconds=summary.n_samples / start.stream.sfreq)


def _value(one: LoggedEntry, entries: list[LoggedEntry]) -> str:
    content = one.line.entry.model_dump(exclude_defaults=True) | {"kind": one.line.entry.kind}
    minutes = minutes_since_dose(entries, one.at)
    if minutes is not None:
        content["minutes_from_dose"] = minutes
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
