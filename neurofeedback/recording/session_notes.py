"""A participant's notes on a session: note, tags and mood in one JSON file, and the facts of the session."""

from __future__ import annotations

import errno
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.storage.atomic_files import is_blank, read_json, write_json_atomic

if TYPE_CHECKING:  # the facts need Pydantic, which takes long to load
    from neurofeedback.recording.facts.session_facts import SessionFacts

NOTES_SUFFIX = "after.json"
SCHEMA = 1
MAX_TEXT_LENGTH = 10_000
NoteValue = str | int | float | tuple[str, ...] | None
"""Value of a field of `SessionNotes`."""
_FACTS = frozenset({"condition", "substance", "dose", "route", "minutes_since", "eyes"})
SUGGESTED_CONDITIONS = ("pre", "during", "post_0-2h", "post_24h")


@dataclass(frozen=True, slots=True)
class SessionNotes:
    """Notes on a session as entered. The program does not interpret them, and a dose is not medical advice.

    Parameters
    ----------
    note : str
        Free text.
    tags : tuple of str
        Free keywords.
    mood_before, mood_after : int, optional
        1 (low) to 5 (high).
    sleepiness_before, sleepiness_after : int, optional
        1 (wide awake) to 5 (nearly asleep).
    condition : str
        Such as ``pre`` or ``post_24h``, or any other name; empty for none.
    substance, dose, route : str
        Substance, dose and route of administration as free text; empty for none.
    minutes_since : float, optional
        Time since the infusion or another start of the condition, minutes.
    eyes : str
        ``closed``, ``open``, or empty if it is unknown.
    """

    note: str = ""
    tags: tuple[str, ...] = ()
    mood_before: int | None = None
    mood_after: int | None = None
    sleepiness_before: int | None = None
    sleepiness_after: int | None = None
    condition: str = ""
    substance: str = ""
    dose: str = ""
    route: str = ""
    minutes_since: float | None = None
    eyes: str = ""

    @property
    def under_substance(self) -> bool:
        """Whether the session counts for no baseline and no decoder."""
        from neurofeedback.recording.facts.session_facts import SessionFacts

        return SessionFacts(condition=self.condition, substance=self.substance).under_substance

    def __post_init__(self) -> None:
        for name in ("note", "condition", "substance", "dose", "route"):
            _check_text(name, getattr(self, name))
        for tag in self.tags:
            _check_text("tag", tag)
        for name in ("mood_before", "mood_after", "sleepiness_before", "sleepiness_after"):
            _check_scale(name, getattr(self, name))
        if self.minutes_since is not None and not math.isfinite(self.minutes_since):
            raise _invalid_value("minutes_since", self.minutes_since, "a number of minutes")
        if self.eyes not in {"", "closed", "open"}:
            raise _invalid_value("eyes", self.eyes, "closed, open, or nothing")


def read_notes(files: SessionFiles) -> SessionNotes:
    """Read the notes on a session. A missing or empty file gives empty notes.

    Raises
    ------
    RecordingError
        The file is not in this program's format.
    """
    from neurofeedback.recording.facts.session_facts import read_facts

    path = files.derived_file(NOTES_SUFFIX)
    notes = SessionNotes()
    if not is_blank(path):
        try:
            notes = _parse_notes(read_json(path))
        except RecordingError as error:
            raise RecordingError(
                f"{path} cannot be used", got=str(error), todo="repair the file, or remove it and enter the notes again"
            ) from None
    facts = read_facts(files.root, files.participant, files.session_label)
    return notes if facts is None else _with_facts(notes, facts)


def _with_facts(notes: SessionNotes, facts: SessionFacts) -> SessionNotes:
    """Return notes with the facts of the table of sessions; those in the file are of an earlier version."""
    return replace(
        notes,
        condition=facts.condition,
        substance=facts.substance,
        dose=facts.dose,
        route=facts.route,
        minutes_since=facts.minutes_from_anchor,
        eyes=facts.eyes,
    )


def write_notes(files: SessionFiles, notes: SessionNotes) -> None:
    """Write the notes on a session in one step, and its facts into the table of sessions where they have changed.

    Raises
    ------
    RecordingError
        The session's folder is missing, or the disk cannot be written.
    """
    from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts, write_facts

    facts = read_facts(files.root, files.participant, files.session_label)
    changed = replace(
        facts or SessionFacts(),
        condition=notes.condition,
        substance=notes.substance,
        dose=notes.dose,
        route=notes.route,
        minutes_from_anchor=notes.minutes_since,
        eyes=notes.eyes,
    )
    content = {name: value for name, value in asdict(notes).items() if name not in _FACTS}
    try:
        if not files.derived.is_dir():
            raise FileNotFoundError(errno.ENOENT, "no such folder", str(files.derived))
        if changed != (facts or SessionFacts()):
            write_facts(files.root, files.participant, files.session_label, changed)
        write_json_atomic(files.derived_file(NOTES_SUFFIX), {"schema": SCHEMA, **content})
    except OSError as error:
        raise RecordingError(
            "the notes could not be saved",
            got=str(error),
            todo="check that the session's folder exists and the disk has free space, then save again",
        ) from None


def update_notes(files: SessionFiles, changes: Mapping[str, NoteValue]) -> None:
    """Write changed fields into the notes as they are now, so that what was entered elsewhere meanwhile stays.

    Raises
    ------
    RecordingError
        The notes cannot be read or written.
    """
    fresh = read_notes(files)
    values: Mapping[str, Any] = changes
    write_notes(files, replace(fresh, **values))


def _parse_notes(document: Mapping[str, object]) -> SessionNotes:
    if document.get("schema") != SCHEMA:
        raise _invalid_value("schema", document.get("schema"), f"{SCHEMA}, as this version writes it")
    field_names = {field.name for field in fields(SessionNotes)}
    if unknown := sorted(set(document) - field_names - {"schema"}):
        raise _invalid_value("entries", ", ".join(unknown), ", ".join(sorted(field_names)))
    values = {name: value for name, value in document.items() if name != "schema"}
    tags = values.get("tags", [])
    if not isinstance(tags, list):
        raise _invalid_value("tags", tags, "a list of words")
    minutes = values.get("minutes_since")
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int | float)):
        raise _invalid_value("minutes_since", minutes, "a number of minutes")
    return SessionNotes(**(values | {"tags": tuple(tags)}))  # pyright: ignore[reportArgumentType] - checked by SessionNotes


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH:
        raise _invalid_value(name, repr(value)[:80], f"text of up to {MAX_TEXT_LENGTH} characters")


def _check_scale(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5):
        raise _invalid_value(name, value, "1 to 5, or nothing")


def _invalid_value(name: str, got: object, allowed: str) -> RecordingError:
    return RecordingError(f"{name} has an invalid value", got=str(got), allowed=allowed)
