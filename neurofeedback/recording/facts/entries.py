"""Entries of an attendant: doses, vital signs, notes, adverse events, with a recording or without one.

They are stored as entered and never interpreted. The record of a person is ``sourcedata/course/sub-X_log.jsonl``.
"""

from __future__ import annotations

import platform
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from neurofeedback.errors import SettingsError
from neurofeedback.recording.bids_paths import check_label
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.facts.changes import log_notices, log_saved, now_text
from neurofeedback.recording.facts.entry_models import AdverseEvent, AnyEntry, Consent, DoseEnd, DoseGiven, EntryLine
from neurofeedback.recording.facts.session_facts import parse_time
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.hash_chain import append_entry, read_chain
from neurofeedback.texts import course as texts
from neurofeedback.texts.catalogue import in_english, templates_of, tr, tr_stored

COURSE = Path("sourcedata", "course")
_SOON = timedelta(minutes=1)
_LATE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry with its hash, and the hash of the line that corrects it; empty for none."""

    hash: str
    line: EntryLine
    superseded_by: str = ""

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.line.at)


_LINE: TypeAdapter[EntryLine] = TypeAdapter(EntryLine)


def entries_path(root: Path, participant: str) -> Path:
    """Return the path of a person's record of entries."""
    return root / COURSE / f"sub-{participant.removeprefix('sub-')}_log.jsonl"


def read_entries(root: Path, participant: str, *, corrected: bool = False) -> list[LoggedEntry]:
    """Return a person's entries by the time they happened; with ``corrected`` those that a later line corrects, too."""
    lines: list[tuple[str, EntryLine]] = []
    for hash_, data in read_chain(entries_path(root, participant)).content:
        try:
            lines.append((hash_, _LINE.validate_python(data)))
        except ValidationError:  # of a later version; verify still checks its hash
            continue
    later = {line.supersedes: hash_ for hash_, line in lines if line.supersedes}
    found = [LoggedEntry(hash_, line, later.get(hash_, "")) for hash_, line in lines]
    return sorted((one for one in found if corrected or not one.superseded_by), key=lambda one: one.at)


def save_entry(
    root: Path,
    participant: str,
    entry: AnyEntry,
    *,
    at: datetime | None = None,
    by: str = "",
    clock_offset_s: float = 0.0,
    supersedes: str = "",
    reason: str = "",
) -> tuple[str, tuple[str, ...]]:
    """Append an entry; return its hash, and sentences about anything unusual, which are also logged.

    Parameters
    ----------
    at : datetime, optional
        When it happened; None for now, or for the time of the corrected entry.
    clock_offset_s : float
        What is to be added to this computer's clock, s; not to the time of a corrected entry.
    supersedes : str
        Hash of the entry that this one corrects, or the beginning of it.

    Raises
    ------
    SettingsError
        The label is not valid, there is no such entry to correct, or it is corrected already.
    RecordingError
        The disk cannot be written; nothing has changed.
    """
    label = participant.removeprefix("sub-")
    check_label("participant", label)
    everything = read_entries(root, label, corrected=True)
    old = _find_entry(everything, supersedes) if supersedes else None
    if old is not None and at is None:
        happened = old.at
    else:
        happened = (at or datetime.now()).astimezone() + timedelta(seconds=clock_offset_s)
    line = EntryLine(
        participant=label,
        at=happened.isoformat(timespec="seconds"),
        written_at=now_text(),
        by=by,
        machine=machine_code(),
        clock_offset_s=clock_offset_s,
        supersedes=old.hash if old else "",
        reason=reason,
        entry=entry,
    )
    path = entries_path(root, label)
    with explain_disk_errors("the entry is not saved yet", todo="free disk space, then enter it again"):
        ensure_dataset(root)
        register_participant(root, f"sub-{label}")
        hash_ = append_entry(path, line.model_dump(exclude_defaults=True) | {"entry": entry.model_dump()})
    unlogged = log_saved(root, "entry", by=by, participant=f"sub-{label}", what=entry.kind, after=hash_)
    with in_english():
        notices = tuple(_notices([one for one in everything if not one.superseded_by], line, happened))
    log_notices(root, notices, by=by, participant=f"sub-{label}", what=entry.kind)
    return hash_, (*unlogged, *(tr_stored(notice, templates_of(texts)) for notice in notices))


def save_consent(
    root: Path, participant: str, version: str, *, day: str = "", by: str = ""
) -> tuple[datetime, tuple[str, ...]]:
    """Append that a person has consented to a version of the information; return when, and notices.

    Parameters
    ----------
    day : str
        When, such as ``2026-12-01``; empty for now.

    Raises
    ------
    SettingsError
        The version is missing or too long, or the label is not valid.
    RecordingError
        The day is none, or the disk cannot be written.
    """
    at = parse_time(day) if day else datetime.now().astimezone()
    try:
        entry = Consent(version=version.strip())
    except ValidationError:
        raise SettingsError(
            "the version of the information is missing or too long", got=repr(version), todo="enter its name"
        ) from None
    return at, save_entry(root, participant, entry, at=at, by=by)[1]


def find_entry(root: Path, participant: str, beginning: str) -> LoggedEntry:
    """Return the entry whose hash begins so, to correct it.

    Raises
    ------
    SettingsError
        There is none, more than one, or a later entry corrects it already.
    """
    return _find_entry(read_entries(root, participant, corrected=True), beginning)


def minutes_since_dose(entries: Iterable[LoggedEntry], at: datetime) -> float | None:
    """Return the minutes from the last dose before a time; None without one."""
    doses = [one.at for one in entries if isinstance(one.line.entry, DoseGiven) and one.at <= at]
    return round((at - max(doses)).total_seconds() / 60, 1) if doses else None


def dose_ends(entries: Iterable[LoggedEntry]) -> Iterator[tuple[LoggedEntry, LoggedEntry | None]]:
    """Yield each infusion (iv) with the entry of its end, None without one: an end is that of the last open infusion.

    Other routes have no end.
    """
    infusions: list[LoggedEntry] = []
    waiting: list[LoggedEntry] = []
    ends: dict[str, LoggedEntry] = {}
    for one in entries:
        entry = one.line.entry
        if isinstance(entry, DoseGiven) and entry.route == "iv":
            infusions.append(one)
            waiting.append(one)
        elif isinstance(entry, DoseEnd) and waiting:
            ends[waiting.pop().hash] = one
    return ((one, ends.get(one.hash)) for one in infusions)


def open_doses(entries: Iterable[LoggedEntry]) -> list[LoggedEntry]:
    """Return the infusions (iv) without an entry of their end, by time."""
    return [one for one, end in dose_ends(entries) if end is None]


def machine_code() -> str:
    """Return a code of this computer that does not name it."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{uuid.getnode()} {platform.node()}").hex[:8]


def _notices(earlier: list[LoggedEntry], line: EntryLine, happened: datetime) -> Iterable[str]:
    written = datetime.fromisoformat(line.written_at)
    if happened > written + timedelta(seconds=line.clock_offset_s) + _LATE:
        yield tr(texts.IN_THE_FUTURE, at=f"{happened:%H:%M}")
    others = [one for one in earlier if one.line.machine and one.line.machine != line.machine]
    if others and datetime.fromisoformat(others[-1].line.written_at) > written:
        yield tr(texts.OTHER_CLOCK)
    elif others and not line.clock_offset_s:
        yield tr(texts.OTHER_COMPUTER)
    same = [one for one in earlier if type(one.line.entry) is type(line.entry)]
    if same and abs(happened - same[-1].at) < _SOON and not line.supersedes:
        yield tr(texts.TWICE_IN_A_MINUTE, kind=line.entry.kind)
    if isinstance(line.entry, DoseGiven) and not line.supersedes:
        yield from _dose_notices(earlier, happened)
    if isinstance(line.entry, DoseEnd) and not open_doses(one for one in earlier if one.at <= happened):
        yield tr(texts.END_WITHOUT_DOSE)
    if isinstance(line.entry, AdverseEvent) and line.entry.serious:
        yield tr(texts.SERIOUS)


def _dose_notices(earlier: list[LoggedEntry], happened: datetime) -> Iterable[str]:
    doses = [one for one in earlier if isinstance(one.line.entry, DoseGiven)]
    if any(one.at.date() == happened.date() for one in doses):
        yield tr(texts.SECOND_DOSE)
    if open_doses(one for one in earlier if one.at <= happened):
        yield tr(texts.DOSE_WITHOUT_END)
    if doses and happened < doses[-1].at:
        yield tr(texts.DOSE_OUT_OF_ORDER, at=f"{doses[-1].at:%Y-%m-%d %H:%M}")


def _find_entry(entries: list[LoggedEntry], beginning: str) -> LoggedEntry:
    found = [one for one in entries if one.hash.startswith(beginning)]
    if len(found) != 1:
        raise SettingsError(
            "this names more than one entry" if found else "there is no such entry",
            got=beginning,
            allowed=", ".join(one.hash[:12] for one in found),
            todo="list them with `neurofeedback course show`",
        )
    if later := found[0].superseded_by:
        raise SettingsError(
            "this entry is corrected already", got=beginning, todo=f"correct the correction, {later[:12]}"
        )
    return found[0]
