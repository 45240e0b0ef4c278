"""A programme: the segments of a sitting between its baseline and its end, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel

MIN_MINUTES = 0.25
MAX_MINUTES = 240.0


class SegmentSettings(SettingsModel):
    """One stretch of a programme."""

    phase: Literal["practice", "transfer", "rest"] = Field(
        default="practice", description="practice follows the person by sound, transfer does not, rest asks nothing"
    )
    minutes: float | None = Field(
        default=None, gt=0, le=MAX_MINUTES, description="length, min; left out once: what the others leave, or no end"
    )
    target_rate: float | None = Field(
        default=None, ge=0.1, le=0.95, description="share of frames with reward aimed at; left out, as it was before"
    )
    background: Literal["rain", "wind", "drone", "file"] | None = Field(
        default=None, description="background sound; left out, as it was before"
    )
    bell_every_min: float = Field(default=0.0, ge=0, le=120, description="soft bell every so often, min; 0 for none")


class Programme(SettingsModel):
    """A programme of segments; what comes before and after them is the profile's."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the programme")
    title: str = Field(min_length=1, max_length=60, description="what a person reads on a button")
    description: str = Field(default="", max_length=300, description="one sentence for people")
    minutes: float | None = Field(
        default=None, ge=MIN_MINUTES, le=MAX_MINUTES, description="whole sitting, min; left out, the segments add up"
    )
    segments: tuple[SegmentSettings, ...] = Field(min_length=1, max_length=100, description="segments in their order")

    @model_validator(mode="after")
    def _check_minutes(self) -> Programme:
        free = [place for place, segment in enumerate(self.segments) if segment.minutes is None]
        if len(free) > 1:
            msg = "only one segment may leave out its minutes"
            raise ValueError(msg)
        if self.minutes is not None and not free:
            msg = "minutes of the whole sitting needs one segment that leaves out its own"
            raise ValueError(msg)
        if self.open_ended and free[0] != len(self.segments) - 1:
            msg = "a segment without end must be the last"
            raise ValueError(msg)
        return self

    @property
    def flexible(self) -> bool:
        """Whether one segment takes what the others leave, so that the whole can have any length."""
        return any(segment.minutes is None for segment in self.segments)

    @property
    def open_ended(self) -> bool:
        """Whether it lasts until the person ends it."""
        return self.minutes is None and self.flexible
