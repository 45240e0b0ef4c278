"""Programmes: the segments of a session between its baseline and its end."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.settings.audio_feedback import BackgroundName
from neurofeedback.settings.base import SettingsModel

MIN_MINUTES = 0.25
MAX_MINUTES = 240.0


class SegmentSettings(SettingsModel):
    """One segment of a programme."""

    phase: Literal["practice", "transfer", "rest"] = Field(
        default="practice", description="practice with feedback, transfer without feedback, or rest"
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        le=MAX_MINUTES,
        description="length, min; one segment may omit it to take the remaining time, or to have no end",
    )
    target_rate: float | None = Field(
        default=None, ge=0.1, le=0.95, description="target share of rewarded frames; unchanged if omitted"
    )
    background: BackgroundName | None = Field(default=None, description="background sound; unchanged if omitted")
    bell_every_min: float = Field(default=0.0, ge=0, le=120, description="time between interval bells, min; 0 for none")


class Programme(SettingsModel):
    """A programme of segments; the phases before and after them come from the profile."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the programme")
    title: str = Field(min_length=1, max_length=60, description="title on its button")
    description: str = Field(default="", max_length=300, description="one sentence of description")
    minutes: float | None = Field(
        default=None,
        ge=MIN_MINUTES,
        le=MAX_MINUTES,
        description="length of the whole session, min; the sum of the segments if omitted",
    )
    segments: tuple[SegmentSettings, ...] = Field(min_length=1, max_length=100, description="segments in order")

    @model_validator(mode="after")
    def _check_minutes(self) -> Programme:
        without_length = [place for place, segment in enumerate(self.segments) if segment.minutes is None]
        if len(without_length) > 1:
            msg = "only one segment may omit its minutes"
            raise ValueError(msg)
        if self.minutes is not None and not without_length:
            msg = "with minutes for the whole session, one segment must omit its own"
            raise ValueError(msg)
        if self.open_ended and without_length[0] != len(self.segments) - 1:
            msg = "a segment without an end must be the last"
            raise ValueError(msg)
        return self

    @property
    def flexible(self) -> bool:
        """Whether one segment takes the remaining time, so that any total length is possible."""
        return any(segment.minutes is None for segment in self.segments)

    @property
    def open_ended(self) -> bool:
        """Whether the programme lasts until the person ends it."""
        return self.minutes is None and self.flexible
