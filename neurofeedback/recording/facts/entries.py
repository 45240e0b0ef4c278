"""Entries of an attendant: doses, vital signs, notes, adverse events, with a recording or without one.

They are stored as entered and never interpreted. The record of a person is ``sourcedata/course/sub-X_log.jsonl``.
"""

from __future__ import annotations

import platform
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from neurofeedback.errors import SettingsError
from neurofeedback.recording.bids_paths import check_label
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.facts.changes import log_change, now_text
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.hash_chain import append_entry, read_chain
from neurofeedback.texts import course as texts
from neurofeedback.texts.catalogue import tr

COURSE = Path("sourcedata", "course")
_SOON = timedelta(minutes=1)
_LATE = timedelta(minutes=2)
_PRESSURE = re.compile(r"(?<!\d)(\d{2,3})\s*/\s*(\d{2,3})(?!\d)")
_PULSE = re.compile(r"\b(?:p|pulse|hr|heart rate)\s*[:=]?\s*(\d{2,3})\b", re.IGNORECASE)
_SPO2 = re.compile(r"\b(?:spo2|sao2|sat|o2)\s*[:=]?\s*(\d{2,3})\s*%?", re.IGNORECASE)
_HOW = re.compile(r"\b(arm|wrist|finger|cuff|manual|monitor)\b", re.IGNORECASE)
_LIMITS = {"systolic": (40, 300), "diastolic": (20, 200), "pulse": (20, 250), "spo2": (40, 100)}
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*mg(\s*/\s*kg)?", re.IGNORECASE)


class EntryModel(BaseModel):
    """Base of all entries: fields as entered, no unknown ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DoseGiven(EntryModel):
    """A dose; ``text`` as entered, ``mg`` and ``mg_per_kg`` as read from it."""

    kind: Literal["dose"] = "dose"
    substance: str = Field(min_length=1, max_length=100)
    route: Literal["iv", "im", "nasal", "oral"]
    text: str = Field(min_length=1, max_length=200)
    mg: float | None = Field(default=None, gt=0, le=2000)
    mg_per_kg: float | None = Field(default=None, gt=0, le=20)


class DoseEnd(EntryModel):
    """The end of an infusion."""

    kind: Literal["dose_end"] = "dose_end"


class Vitals(EntryModel):
    """Vital signs in columns: mmHg, beats a minute, per cent; ``text`` as entered."""

    kind: Literal["vitals"] = "vitals"
    systolic: int | None = None
    diastolic: int | None = None
    pulse: int | None = None
    spo2: int | None = None
    how: str = ""
    text: str = ""


class AttendantNote(EntryModel):
    """A note; not an adverse event."""

    kind: Literal["note"] = "note"
    text: str = Field(min_length=1, max_length=2000)


class StopSound(EntryModel):
    """The sound was stopped; the recording goes on."""

    kind: Literal["stop_sound"] = "stop_sound"
    reason: str = ""


class ReadyToLeave(EntryModel):
    """Somebody found the person ready to leave."""

    kind: Literal["ready"] = "ready"
    escort: str = ""
    told_not_to_drive: bool = False


class AdverseEvent(EntryModel):
    """An adverse event; the term as the person said it."""

    kind: Literal["adverse"] = "adverse"
    term: str = Field(min_length=1, max_length=500)
    start: str = ""
    end: str = ""
    how_bad: Literal["mild", "moderate", "severe"]
    serious: bool
    related: Literal["yes", "possibly", "no", "unknown"] = "unknown"
    done: str = ""
    outcome: str = ""


class Medicine(EntryModel):
    """Another medicine, or a change of one."""

    kind: Literal["medicine"] = "medicine"
    name: str = Field(min_length=1, max_length=200)
    dose: str = ""
    change: str = ""


class Consent(EntryModel):
    """Consent to a version of the information, or its withdrawal."""

    kind: Literal["consent"] = "consent"
    version: str = Field(min_length=1, max_length=100)
    withdrawn: bool = False


AnyEntry = Annotated[
    DoseGiven | DoseEnd | Vitals | AttendantNote | StopSound | ReadyToLeave | AdverseEvent | Medicine | Consent,
    Field(discriminator="kind"),
]


class EntryLine(BaseModel):
    """A line of the record.

    Parameters
    ----------
    participant : str
        Label without ``sub-``.
    at, written_at : str
        When it happened, and when it was written, ISO 8601 with time zone.
    by : str
        Who entered it.
    machine : str
        A code of the computer: clocks of two computers may differ.
    clock_offset_s : float
        What was added to this computer's time, s.
    supersedes, reason : str
        Hash of the line that this one corrects, and why; empty for none.
    entry : DoseGiven and others
        What was entered.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    participant: str
    at: str
    written_at: str
    by: str = ""
    machine: str = ""
    clock_offset_s: float = 0.0
    supersedes: str = ""
    reason: str = ""
    entry: AnyEntry


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
        When it happened; None for now.
    clock_offset_s : float
        What is to be added to this computer's clock, s.

    Raises
    ------
    SettingsError
        The label is not valid, or there is no such entry to correct.
    RecordingError
        The disk cannot be written; nothing has changed.
    """
    label = participant.removeprefix("sub-")
    check_label("participant", label)
    everything = read_entries(root, label, corrected=True)
    if supersedes:
        supersedes = _find_entry(everything, supersedes).hash
    happened = (at or datetime.now()).astimezone() + timedelta(seconds=clock_offset_s)
    line = EntryLine(
        participant=label,
        at=happened.isoformat(timespec="seconds"),
        written_at=now_text(),
        by=by,
        machine=machine_code(),
        clock_offset_s=clock_offset_s,
        supersedes=supersedes,
        reason=reason,
        entry=entry,
    )
    path = entries_path(root, label)
    with explain_disk_errors("the entry is not saved yet", todo="free disk space, then enter it again"):
        ensure_dataset(root)
        register_participant(root, f"sub-{label}")
        hash_ = append_entry(path, line.model_dump(exclude_defaults=True) | {"entry": entry.model_dump()})
    log_change(root, "entry", by=by, participant=f"sub-{label}", what=entry.kind, after=hash_)
    notices = tuple(_notices([one for one in everything if not one.superseded_by], line, happened))
    for notice in notices:
        log_change(root, "notice", by=by, participant=f"sub-{label}", what=entry.kind, why=notice)
    return hash_, notices


def parse_vitals(text: str) -> Vitals:
    """Return vital signs from free text; what was entered stays in ``text``.

    Raises
    ------
    SettingsError
        There is no value in it, or one that cannot be: it is asked again, never guessed.

    Examples
    --------
    >>> parse_vitals("128/84 pulse 71 spo2 98 % arm").model_dump(exclude={"kind", "text"})
    {'systolic': 128, 'diastolic': 84, 'pulse': 71, 'spo2': 98, 'how': 'arm'}
    """
    pressure, how = _PRESSURE.search(text), _HOW.search(text)
    found = {
        "systolic": int(pressure[1]) if pressure else None,
        "diastolic": int(pressure[2]) if pressure else None,
        "pulse": _number(_PULSE, text),
        "spo2": _number(_SPO2, text),
    }
    outside = [name for name, value in found.items() if value is not None and not _is_possible(name, value)]
    swapped = pressure is not None and int(pressure[1]) <= int(pressure[2])
    left_over = re.findall(r"\d+", _without_values(text))
    if outside or swapped or left_over or all(value is None for value in found.values()):
        raise SettingsError(
            "these vital signs cannot be read",
            got=repr(text[:80]),
            allowed="such as 128/84 pulse 71 spo2 98",
            todo="enter them again; the text was not stored",
        )
    return Vitals.model_validate({**found, "how": how[1].lower() if how else "", "text": text})


def parse_dose(text: str, substance: str, route: str) -> DoseGiven:
    """Return a dose with its mg or mg/kg as read from the text.

    Raises
    ------
    SettingsError
        There is no dose in the text, or the route is none.

    Examples
    --------
    >>> parse_dose("0.5 mg/kg over 40 min", "ketamine", "iv").mg_per_kg
    0.5
    """
    mg = mg_per_kg = None
    for number, per_kg in _DOSE.findall(text):
        if per_kg:
            mg_per_kg = float(number)
        else:
            mg = float(number)
    try:
        if mg is None and mg_per_kg is None:
            raise ValueError
        return DoseGiven.model_validate(
            {"substance": substance, "route": route, "text": text, "mg": mg, "mg_per_kg": mg_per_kg}
        )
    except ValueError:
        raise SettingsError(
            "this dose cannot be read",
            got=f"{text!r}, {substance!r}, {route!r}",
            allowed="such as 35 mg or 0.5 mg/kg; by iv, im, nasal or oral; with the name of the substance",
            todo="enter it again",
        ) from None


def minutes_since_dose(entries: Iterable[LoggedEntry], at: datetime) -> float | None:
    """Return the minutes from the last dose before a time; None without one."""
    doses = [one.at for one in entries if isinstance(one.line.entry, DoseGiven) and one.at <= at]
    return round((at - max(doses)).total_seconds() / 60, 1) if doses else None


def open_doses(entries: Iterable[LoggedEntry]) -> list[LoggedEntry]:
    """Return the infusions (iv) without an entry of their end, by time."""
    found: list[LoggedEntry] = []
    for one in entries:
        entry = one.line.entry
        if isinstance(entry, DoseGiven) and entry.route == "iv":
            found.append(one)
        elif isinstance(entry, DoseEnd) and found:
            found.pop()
    return found


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
    if len(found) == 1:
        return found[0]
    raise SettingsError("there is no such entry", got=beginning, todo="list them with `neurofeedback course show`")


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _is_possible(name: str, value: int) -> bool:
    low, high = _LIMITS[name]
    return low <= value <= high


def _without_values(text: str) -> str:
    for pattern in (_PRESSURE, _PULSE, _SPO2):
        text = pattern.sub("", text, count=1)
    return text
