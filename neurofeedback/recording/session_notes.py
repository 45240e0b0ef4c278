"""What a person says of a session afterwards: note, tags, mood, and under which condition it was. One JSON file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import read_json, write_json_atomic
from neurofeedback.recording.bids_paths import SessionFiles

NOTES_SUFFIX = "after.json"
SCHEMA = 1
MAX_TEXT_LENGTH = 10_000
SUGGESTED_CONDITIONS = ("pre", "during", "post_0-2h", "post_24h")


@dataclass(frozen=True, slots=True)
class SessionNotes:
    """As entered, never interpreted: a dose here is a word, not medical advice.

    Parameters
    ----------
    mood_before, mood_after : int, optional
        1 (low) to 5 (high).
    sleepiness_before, sleepiness_after : int, optional
        1 (wide awake) to 5 (nearly asleep).
    condition : str
        Such as ``pre`` or ``post_24h``, or a name of one's own; empty for none.
    minutes_since : float, optional
        Minutes since the infusion, or whatever the condition counts from.
    eyes : str
        ``closed``, ``open``, or empty where nobody said.
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
    """Read what was said of a session; nothing was said where there is no file.

    Raises
    ------
    RecordingError
        The file is not what this program writes.
    """
    path = files.derived_file(NOTES_SUFFIX)
    if not path.exists():
        return SessionNotes()
    try:
        return _parse_notes(read_json(path))
    except RecordingError as error:
        raise RecordingError(
            f"{path} cannot be used", got=str(error), todo="mend it, or remove it and say it again"
        ) from None


def write_notes(files: SessionFiles, notes: SessionNotes) -> None:
    """Keep what was said of a session, in one step.

    Raises
    ------
    RecordingError
        The session's folder is gone, or the disk refuses.
    """
    try:
        write_json_atomic(files.derived_file(NOTES_SUFFIX), {"schema": SCHEMA, **asdict(notes)})
    except OSError as error:
        raise RecordingError(
            "what you wrote could not be kept",
            got=str(error),
            todo="see that the session's folder is still there and the disk has room, then save again",
        ) from None


def _parse_notes(document: Mapping[str, object]) -> SessionNotes:
    if document.get("schema") != SCHEMA:
        raise _invalid_value("schema", document.get("schema"), f"{SCHEMA}, as this version writes it")
    known = {field.name for field in fields(SessionNotes)}
    if unknown := sorted(set(document) - known - {"schema"}):
        raise _invalid_value("entries", ", ".join(unknown), ", ".join(sorted(known)))
    values = {name: value for name, value in document.items() if name != "schema"}
    tags = values.get("tags", [])
    if not isinstance(tags, list):
        raise _invalid_value("tags", tags, "a list of words")
    minutes = values.get("minutes_since")
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int | float)):
        raise _invalid_value("minutes_since", minutes, "a number of minutes")
    return SessionNotes(**(values | {"tags": tuple(tags)}))  # pyright: ignore[reportArgumentType] - checked by After itself


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH:
        raise _invalid_value(name, repr(value)[:80], f"text of up to {MAX_TEXT_LENGTH} characters")


def _check_scale(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5):
        raise _invalid_value(name, value, "1 to 5, or nothing")


def _invalid_value(name: str, got: object, allowed: str) -> RecordingError:
    return RecordingError(f"{name} is not what it can be", got=str(got), allowed=allowed)
