"""Settings of a session: phases, probes, questionnaires."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, field_validator, model_validator

from neurofeedback.settings.base import SettingsModel, number

MIN_BREATHS_PER_MIN, MAX_BREATHS_PER_MIN = 4.0, 8.0
_DEFAULT_INTERVAL_S = (40.0, 90.0)


class RecordingSettings(SettingsModel):
    """Rights on the recordings."""

    shared: bool = Field(
        default=False, description="let the group of the recordings folder read and change them; false for you alone"
    )


class ProbeSettings(SettingsModel):
    """Thought probes, and key presses on noticing mind-wandering."""

    enabled: bool = Field(
        default=True, description="ask probes; false for silent sessions, and where answers would reveal a sham"
    )
    interval_s: tuple[float, float] = Field(
        default=_DEFAULT_INTERVAL_S,
        description="range of the time between probes, drawn uniformly, s; 0, 0 for no probes",
    )
    ask_sure: bool = Field(default=True, description="ask how sure an answer is, which the decoder weighs it by")
    ask_sleepy: bool = Field(default=True, description="ask how sleepy the person is, which marks drowsy answers")
    timeout_s: float = number(12.0, "time for each answer before the question disappears, s", low=0.5, high=120)
    min_response_s: float = number(
        0.2, "keys sooner than this after the question or the previous key are ignored, s", low=0, high=1
    )
    press_min_interval_s: float = number(1.0, "minimum time between two counted presses, s", low=0, high=30)
    max_logged_presses_per_min: int = Field(default=20, ge=1, le=600, description="maximum presses logged per minute")
    learn_live: bool = Field(
        default=True, description="update the decoder during the session after each answer, from the tenth on"
    )

    @model_validator(mode="after")
    def _check_interval(self) -> ProbeSettings:
        low, high = self.interval_s
        if not 0 <= low <= high <= 3600:
            msg = "probes.interval_s must be two times of at most 3600 s, the second not below the first"
            raise ValueError(msg)
        if high > 0 and low < 3 * self.timeout_s:
            msg = "probes.interval_s must leave time for three answers of probes.timeout_s each"
            raise ValueError(msg)
        return self

    def with_mean_interval(self, mean_s: float) -> ProbeSettings:
        """Return these settings with another mean interval (s) and the same relative range; 0 for no probes."""
        if mean_s <= 0:
            return self.model_copy(update={"interval_s": (0.0, 0.0)})
        low, high = self.interval_s if self.interval_s[1] > 0 else _DEFAULT_INTERVAL_S
        scale = mean_s / ((low + high) / 2)
        interval_s = (round(low * scale, 3), round(high * scale, 3))
        max_timeout_s = math.floor(1000 * interval_s[0] / 3) / 1000
        return self.model_copy(update={"interval_s": interval_s, "timeout_s": min(self.timeout_s, max_timeout_s)})


class PhaseSettings(SettingsModel):
    """Planned phases of a session; a shorter session scales all of them."""

    settle_s: float = number(30.0, "length of settling, s", low=1, high=600)
    baseline_s: float = number(120.0, "length of the baseline, s", low=2, high=1200)
    practice_s: float = number(840.0, "length of practice with feedback, s", low=2, high=14400)
    min_practice_s: float = number(240.0, "minimum practice, unless all phases are scaled, s", low=2, high=3600)
    transfer_s: float = number(180.0, "length of practice without feedback (transfer), s", low=0, high=3600)
    debrief_s: float = number(8.0, "length of the end, while the bell rings, s", low=1, high=600)
    eyes: Literal["closed", "open"] = Field(
        default="closed", description="eyes closed or open; open widens some limits of the gate"
    )


class PacerSettings(SettingsModel):
    """The breath pacer of practices that have one."""

    breaths_per_min: float = number(
        0.0,
        "pace of the breath pacer, 4 to 8 breaths a minute; 0 for the pace of the practice",
        low=0,
        high=MAX_BREATHS_PER_MIN,
    )

    @field_validator("breaths_per_min")
    @classmethod
    def _check_pace(cls, value: float) -> float:
        if 0 < value < MIN_BREATHS_PER_MIN:
            msg = f"must be 0 or at least {MIN_BREATHS_PER_MIN:g}"
            raise ValueError(msg)
        return value


class QuestionnaireSettings(SettingsModel):
    """Questionnaires before and after a session, by name or TOML file; none by default."""

    before: tuple[str, ...] = Field(
        default=(), description="questionnaires before a session, such as mood or expectancy"
    )
    after: tuple[str, ...] = Field(default=(), description="questionnaires after a session, such as mood or phq9")
