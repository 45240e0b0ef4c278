"""Programmes, or practices: the segments of a session between its baseline and its end, with texts to be spoken."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from neurofeedback.settings.audio_feedback import BackgroundName
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.session import MAX_BREATHS_PER_MIN, MIN_BREATHS_PER_MIN

MIN_MINUTES = 0.25
MAX_MINUTES = 240.0


class GuideText(SettingsModel):
    """A text that is spoken and shown in a segment."""

    at_min: float = Field(default=0.0, ge=0, le=MAX_MINUTES, description="time from the start of the segment, min")
    text: str = Field(min_length=1, max_length=600, pattern=r"\S", description="what is spoken and shown")
    id: str = Field(
        default="",
        pattern=r"^[a-z0-9_]{0,64}$",
        description="name of a recording of the text in audio.voice_folder, without .wav",
    )


def _check_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        msg = "must be one line of text that is not blank"
        raise ValueError(msg)
    return text


Question = Annotated[str, Field(max_length=200), AfterValidator(_check_line)]
Answer = Annotated[str, Field(max_length=40), AfterValidator(_check_line)]


class PracticeQuestion(SettingsModel):
    """The question that a practice asks at its chime, in place of the standard one, with its answers in order."""

    text: Question = Field(description="what is asked, on one line")
    answers: tuple[Answer, ...] = Field(
        min_length=2, max_length=5, description="two to five answers; their keys are 1, 2 and so on"
    )

    @model_validator(mode="after")
    def _check_answers(self) -> PracticeQuestion:
        if len({answer.strip().casefold() for answer in self.answers}) < len(self.answers):
            msg = "two answers are the same"
            raise ValueError(msg)
        return self


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
    breaths_per_min: float | None = Field(
        default=None,
        ge=MIN_BREATHS_PER_MIN,
        le=MAX_BREATHS_PER_MIN,
        description="pace of the breath pacer, breaths a minute; no pacer if omitted",
    )
    announced: bool = Field(
        default=True,
        description="bell and voice at its start; false for a transfer that nobody is told of, in a study",
    )
    guide: tuple[GuideText, ...] = Field(default=(), max_length=200, description="texts to be spoken, by their times")

    @model_validator(mode="after")
    def _check_announced(self) -> SegmentSettings:
        if not self.announced and (self.phase != "transfer" or self.guide or self.background is not None):
            msg = "announced = false is for a transfer without texts and without another background"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_guide(self) -> SegmentSettings:
        times = [text.at_min for text in self.guide]
        if times != sorted(set(times)):
            msg = "each text of a guide must come later than the one before it (at_min)"
            raise ValueError(msg)
        if self.minutes is not None and times and times[-1] >= self.minutes:
            msg = f"the text at minute {times[-1]:g} comes after the end of its segment of {self.minutes:g} minutes"
            raise ValueError(msg)
        return self


class Programme(SettingsModel):
    """A programme of segments, also called a practice; the phases before and after them come from the profile.

    Without feedback there is no baseline, and a segment of practice is one without feedback.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="name of the programme")
    title: str = Field(min_length=1, max_length=60, description="title on its button")
    description: str = Field(default="", max_length=300, description="one sentence of description")
    minutes: float | None = Field(
        default=None,
        ge=MIN_MINUTES,
        le=MAX_MINUTES,
        description="length of the whole session, min; the sum of the segments if omitted",
    )
    feedback: Literal["index", "none"] = Field(
        default="index",
        description="what sound and picture follow: the index, which has a meaning only for attention to the breath, "
        "or none",
    )
    headset: bool = Field(default=True, description="false for a practice that is always without a headset, as a timer")
    learn: bool = Field(
        default=True, description="answers and key presses train the personal model; never without feedback"
    )
    evidence: str = Field(
        default="", max_length=200, description="evidence profile of the index; the profile's if empty"
    )
    question: PracticeQuestion | None = Field(
        default=None, description="question at the chime; the standard one, or none without feedback, if omitted"
    )
    segments: tuple[SegmentSettings, ...] = Field(min_length=1, max_length=100, description="segments in order")

    @model_validator(mode="after")
    def _check_feedback(self) -> Programme:
        if self.feedback == "none":
            if any(segment.target_rate is not None for segment in self.segments):
                msg = "without feedback there is no target_rate"
                raise ValueError(msg)
            if self.evidence:
                msg = "without feedback there is no evidence profile"
                raise ValueError(msg)
        elif not self.headset:
            msg = 'without a headset there is no feedback: set feedback = "none"'
            raise ValueError(msg)
        elif any(segment.breaths_per_min is not None for segment in self.segments[self.n_warm_up :]):
            msg = "with feedback a breath pacer comes first, because paced breathing changes the signal"
            raise ValueError(msg)
        elif self.n_warm_up == len(self.segments):
            msg = "with feedback, a segment must follow the breath pacer"
            raise ValueError(msg)
        elif any(segment.minutes is None for segment in self.segments[: self.n_warm_up]):
            msg = "a breath pacer before the baseline needs its minutes"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_question(self) -> Programme:
        if self.question is not None and not self.headset:
            msg = "without a headset no question is asked: leave out the question"
            raise ValueError(msg)
        return self

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

    @property
    def n_warm_up(self) -> int:
        """Number of segments with the breath pacer at the beginning; with feedback they come before the baseline."""
        paced = [segment.breaths_per_min is not None for segment in self.segments]
        return paced.index(False) if False in paced else len(paced)

    @property
    def has_feedback(self) -> bool:
        """Whether sound and picture follow the index in its practice segments."""
        return self.feedback == "index"

    @property
    def trains_decoder(self) -> bool:
        """Whether answers and key presses of its sessions train the personal decoder."""
        return self.has_feedback and self.learn
