"""The log of changes of a dataset: who changed what and when, what was there before, and why."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.hash_chain import Chain, JsonObject, append_entry, find_last, read_chain
from neurofeedback.texts import forms as texts
from neurofeedback.texts.catalogue import tr

_log = logging.getLogger(__name__)

MERGED = "datasets merged"
"""What a merge is called in the log; ``after`` holds the last hash of every chain of each record, as JSON."""

ChangeKind = Literal[
    "answers",  # answers to a form; after is the hash of their line
    "entry",  # an attendant's entry; after is the hash of its line
    "facts",  # a fact of a session; before and after are JSON
    "events",  # the events of a session were closed, or rows were added; after is the SHA-256 of the table
    "edited",  # a file was changed outside this program; before is the copy that was made of it
    "migrated",  # data of an earlier version were moved; before is the backup
    "not_asked",  # a form could not be asked
    "study",  # a step of a study: protocol frozen, deviation, merge
    "notice",  # something unusual about an entry, such as dates out of order
    "course",  # a course file was written or frozen; after is its SHA-256
    "consent",
    "withdrawn",
]


class Change(BaseModel):
    """One change.

    Parameters
    ----------
    at : str
        Time of writing, ISO 8601 with time zone.
    kind : str
        What kind of change.
    by : str
        Who made it, as entered.
    participant, session : str
        Labels with ``sub-`` and ``ses-``; empty if it concerns none.
    what : str
        Name of the form, fact or file.
    before, after : str
        Content before and after, by kind.
    why : str
        Reason, as entered; or a sentence of the program.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    kind: ChangeKind
    by: str = ""
    participant: str = ""
    session: str = ""
    what: str = ""
    before: str = ""
    after: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """The changes of a dataset in the order of the file, and the file's chain."""

    changes: tuple[Change, ...]
    chain: Chain


def change_log_path(root: Path) -> Path:
    """Return the path of a dataset's change log."""
    return root / DERIVATIVES / "log" / "changes.jsonl"


def log_change(
    root: Path,
    kind: ChangeKind,
    *,
    by: str = "",
    participant: str = "",
    session: str = "",
    what: str = "",
    before: str = "",
    after: str = "",
    why: str = "",
) -> None:
    """Append a change to the change log.

    Raises
    ------
    RecordingError
        The disk cannot be written.
    """
    change = Change(
        at=now_text(),
        kind=kind,
        by=by,
        participant=participant,
        session=session,
        what=what,
        before=before,
        after=after,
        why=why,
    )
    path = change_log_path(root)
    with explain_disk_errors(f"the change log {path} cannot be written", todo="free disk space, then try again"):
        append_entry(path, change.model_dump())


def log_saved(
    root: Path, kind: ChangeKind, *, by: str = "", participant: str, what: str, after: str, why: str = ""
) -> tuple[str, ...]:
    """Log a line that is saved already; return a sentence if that failed, since saving again would save it twice."""
    try:
        log_change(root, kind, by=by, participant=participant, what=what, after=after, why=why)
    except RecordingError as error:
        return (tr(texts.SAVED_BUT, error=error),)
    return ()


def log_notices(root: Path, notices: Iterable[str], *, by: str, participant: str, what: str) -> None:
    """Log sentences about something that is saved. A failure is only reported: they are shown, too."""
    try:
        for notice in notices:
            log_change(root, "notice", by=by, participant=participant, what=what, why=notice)
    except RecordingError as error:
        _log.warning("the notices about %s could not be logged: %s", what, error)


def log_closed_events(files: SessionFiles) -> None:
    """Log the hash of a closed session's table of events. A failure is only reported: the recording is complete."""
    path = files.eeg_file("events.tsv")
    try:
        log_change(
            files.root, "events", participant=files.participant, session=files.session_label, after=file_hash(path)
        )
    except (RecordingError, OSError) as error:
        _log.warning("the hash of the events of %s could not be logged: %s", files.stem, error)


def read_changes(root: Path) -> ChangeLog:
    """Read a dataset's change log. Lines that hold no change are left out."""
    chain = read_chain(change_log_path(root))
    return ChangeLog(tuple(_changes(chain)), chain)


def last_change(root: Path, what: str, participant: str) -> Change | None:
    """Return the last change of something of a participant, without reading the whole log."""
    parts = (f'"what":"{what}"', f'"participant":"{participant}"')
    line = find_last(change_log_path(root), lambda text: all(part in text for part in parts))
    return None if line is None or line.data is None else _parse_change(line.data)


def _changes(chain: Chain) -> Iterator[Change]:
    for _, data in chain.content:
        if (change := _parse_change(data)) is not None:
            yield change


def _parse_change(data: JsonObject) -> Change | None:
    try:
        return Change.model_validate(data)
    except ValidationError:
        return None


def now_text() -> str:
    """Return the local time with its time zone, ISO 8601 to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal; empty if it is missing."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
