"""The plan of a course: doses, recordings, forms and meditation at home, by days from its start."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.clinic import ClinicContacts

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class PlannedDose(SettingsModel):
    """A planned dose: time zero of the recordings and forms that refer to it."""

    name: str = Field(pattern=_NAME, description="name of the dose, such as infusion1")
    day: int = Field(ge=0, le=730, description="days from the start of the course")
    time: str = Field(default="14:00", pattern=_CLOCK, description="planned time of day")
    substance: str = Field(min_length=1, max_length=100, description="substance")
    dose: str = Field(default="", max_length=200, description="dose as prescribed, such as 0.5 mg/kg over 40 min")
    route: Literal["iv", "im", "nasal", "oral"] = Field(default="iv", description="route")
    observe_min: int = Field(default=120, ge=0, le=1440, description="planned observation from the dose, min")
    vitals_min: tuple[int, ...] = Field(
        default=(-5, 40), description="reminders of vital signs from the dose, min; the clinic's own times"
    )


class PlannedRecording(SettingsModel):
    """A planned recording, from a dose or by day."""

    dose: str = Field(default="", description="name of the dose that it refers to; empty for a day")
    day: int = Field(default=0, ge=0, le=730, description="days from the start, without a dose")
    offset_min: int = Field(default=0, ge=-2880, le=525600, description="from the dose, or from 0:00 of the day, min")
    minutes: float = Field(default=10.0, gt=0, le=240, description="length, min")
    mode: Literal["record", "practice"] = Field(default="record", description="record only, or practice")
    condition: str = Field(default="", max_length=100, description="condition of the session, such as pre")


class PlannedForm(SettingsModel):
    """A planned form, from a dose or by day."""

    form: str = Field(min_length=1, max_length=200, description="name of the form")
    dose: str = Field(default="", description="name of the dose that it refers to; empty for a day")
    day: int = Field(default=0, ge=0, le=730, description="days from the start, without a dose")
    offset_min: int = Field(default=0, ge=-2880, le=525600, description="from the dose, min; without one: of the day")
    window_h: float = Field(default=24.0, gt=0, le=336, description="how much earlier or later it still counts, h")


class HomePlan(SettingsModel):
    """Meditation at home."""

    per_week: int = Field(ge=0, le=70, description="sittings a week")
    minutes: float = Field(default=20.0, gt=0, le=240, description="length of a sitting, min")
    from_day: int = Field(default=0, ge=0, le=730, description="first day")
    to_day: int = Field(default=27, ge=0, le=730, description="last day")


class Course(SettingsModel):
    """A course of one person."""

    participant: str = Field(default="", max_length=64, description="label of the person; empty in a template")
    title: str = Field(min_length=1, max_length=100, description="title of the course")
    description: str = Field(default="", max_length=1000, description="what it follows")
    start: str = Field(default="", description="first day, such as 2026-12-01; empty in a template")
    birth_year: int | None = Field(default=None, ge=1900, le=2100, description="year of birth, for the report")
    days: int = Field(default=28, ge=1, le=731, description="length, days")
    contacts: ClinicContacts | None = Field(default=None, description="whom to call; needed to freeze the course")
    doses: tuple[PlannedDose, ...] = Field(default=(), max_length=60, description="planned doses")
    recordings: tuple[PlannedRecording, ...] = Field(default=(), max_length=400, description="planned recordings")
    forms: tuple[PlannedForm, ...] = Field(default=(), max_length=400, description="planned forms")
    home: HomePlan | None = Field(default=None, description="meditation at home")

    @model_validator(mode="after")
    def _check(self) -> Course:
        names = [dose.name for dose in self.doses]
        wanted = {one.dose for one in (*self.recordings, *self.forms) if one.dose}
        problems = [
            "" if not self.start or _is_day(self.start) else f"start is no day: {self.start}",
            "two doses have the same name" if len(set(names)) != len(names) else "",
            *(f"there is no dose {name}" for name in sorted(wanted - set(names))),
        ]
        if any(problems):
            raise ValueError("; ".join(filter(None, problems)))
        return self

    @property
    def first_day(self) -> datetime:
        """Beginning of the first day, local time."""
        return self.time_of(0)

    def time_of(self, day: int, since_midnight: timedelta = timedelta()) -> datetime:
        """Return a time of day of a day of the course, local time: days are of the calendar, also of 23 or 25 h."""
        midnight = datetime.combine(date.fromisoformat(self.start) + timedelta(days=day), time())
        return (midnight + since_midnight).astimezone()

    def dose_time(self, dose: PlannedDose) -> datetime:
        """Return the planned time of a dose."""
        clock = time.fromisoformat(dose.time)
        day = date.fromisoformat(self.start) + timedelta(days=dose.day)
        return datetime.combine(day, clock).astimezone()

    def day_of(self, at: datetime) -> int:
        """Return the day of the course, 0 for the first."""
        return (at.astimezone().date() - date.fromisoformat(self.start)).days
