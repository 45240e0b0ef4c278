"""How a sitting goes: phases, probes, questionnaires."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.settings.base import SettingsModel, number

_DEFAULT_INTERVAL_S = (40.0, 90.0)


class ProbeSettings(SettingsModel):
    """Questions about the moments just before a chime, and presses of one's own (6.3)."""

    enabled: bool = Field(
        default=True, description="ask at all; false for silent sittings, and where answers would give a sham away"
    )
    interval_s: tuple[float, float] = Field(
        default=_DEFAULT_INTERVAL_S,
        description="time between questions, drawn evenly from this range, s; 0, 0 for none",
    )
    timeout_s: float = number(12.0, "time for each answer before the question goes away, s", low=0.5, high=120)
    min_response_s: float = number(
        0.2, "a key sooner than this after the question or the key before is no answer, s", low=0, high=1
    )
    press_min_interval_s: float = number(1.0, "silence before a press counts as another one, s", low=0, high=30)
    max_logged_presses_per_min: int = Field(
        default=20, ge=1, le=600, description="more presses in a minute are not logged"
    )

    learn_live: bool = Field(default=False, description="each answer refines the guidance of the minutes after it")

    @model_validator(mode="after")
    def _check_interval(self) -> ProbeSettings:
        low, high = self.interval_s
        if not 0 <= low <= high <= 3600:
            msg = "probes.apart_s must be two times in seconds, the second not below the first, at most 3600"
            raise ValueError(msg)
        if high > 0 and low < 3 * self.timeout_s:
            msg = "probes.apart_s must leave time for three answers of probes.timeout_s each"
            raise ValueError(msg)
        return self

    def with_mean_interval(self, mean_s: float) -> ProbeSettings:
        """Return the same with another mean time between questions (s), as irregular as before; 0 for none."""
        if mean_s <= 0:
            return self.model_copy(update={"interval_s": (0.0, 0.0)})
        low, high = self.interval_s if self.interval_s[1] > 0 else _DEFAULT_INTERVAL_S
        scale = mean_s / ((low + high) / 2)
        apart_s = (round(low * scale, 3), round(high * scale, 3))
        patience_s = math.floor(1000 * apart_s[0] / 3) / 1000
        return self.model_copy(update={"interval_s": apart_s, "timeout_s": min(self.timeout_s, patience_s)})


class PhaseSettings(SettingsModel):
    """The sitting as planned; a shorter one scales all phases."""

    settle_s: float = number(30.0, "settling, s", low=1, high=600)
    baseline_s: float = number(120.0, "baseline, s", low=2, high=1200)
    practice_s: float = number(840.0, "practice with feedback, s", low=2, high=14400)
    min_practice_s: float = number(240.0, "practice is never shorter unless all phases are scaled, s", low=2, high=3600)
    transfer_s: float = number(180.0, "practice without feedback, s", low=0, high=3600)
    debrief_s: float = number(8.0, "end bell rings out, s", low=1, high=600)
    eyes: Literal["closed", "open"] = Field(
        default="closed", description="eyes closed or open: widens some limits of the gate"
    )


class QuestionnaireSettings(SettingsModel):
    """Questionnaires around a sitting, by name or TOML file; none unless a person wants them."""

    before: tuple[str, ...] = Field(default=(), description="asked before a sitting, such as mood or expectancy")
    after: tuple[str, ...] = Field(default=(), description="asked after a sitting, such as mood or phq9")
