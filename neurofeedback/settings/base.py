"""The base class of settings models, and field types with limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] >= pair[1]:
        msg = "the second must be above the first"
        raise ValueError(msg)
    return pair


def _falling(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] <= pair[1]:
        msg = "the second must be below the first"
        raise ValueError(msg)
    return pair


Rising = Annotated[tuple[Positive, Positive], AfterValidator(_rising)]
Falling = Annotated[tuple[Positive, Positive], AfterValidator(_falling)]


class SettingsModel(BaseModel):
    """Base of all settings models: frozen, strict types, finite numbers, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


def number(default: float, description: str, *, low: float, high: float) -> float:
    """Return a float field with default, description (with its unit) and limits."""
    return Field(default=default, ge=low, le=high, description=description)
