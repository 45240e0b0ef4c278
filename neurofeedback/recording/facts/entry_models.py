"""What an attendant can enter: doses, vital signs, notes, adverse events. Stored as entered, never interpreted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


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
    """Another medicine, or a change of one, as entered."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # earlier lines hold fields that were always empty

    kind: Literal["medicine"] = "medicine"
    name: str = Field(min_length=1, max_length=200)


class Consent(EntryModel):
    """Consent to a version of the information."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # earlier lines hold a field that was never set

    kind: Literal["consent"] = "consent"
    version: str = Field(min_length=1, max_length=100)


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
