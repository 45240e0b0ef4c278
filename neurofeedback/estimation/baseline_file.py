"""The JSON form of baselines: a session's ``baseline.json``, and the personal baseline beside it and in ``start.json``.

Values have six significant digits; null stands for an unknown value.
"""

from __future__ import annotations

import json
import math
import reprlib
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from neurofeedback.errors import RecordingError
from neurofeedback.estimation.personal_baseline import PersonalBaseline, SessionBaseline
from neurofeedback.processing.features import FEATURES, KINDS
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts

SCHEMA = 1
_DIGITS = 6


class _FileModel(BaseModel):
    """Part of the file. Unknown entries are ignored; the keys on disk are the aliases of the fields."""

    model_config = ConfigDict(
        frozen=True, strict=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )


class FeatureBaseline(_FileModel):
    """Baseline of one feature, see ``SessionBaseline``."""

    level: float | None
    mu: float | None
    spread: float | None


class BetweenSessions(_FileModel):
    """Standard deviation of one feature's level between sessions; ``spread`` on disk."""

    sd: float | None = Field(validation_alias="spread", serialization_alias="spread")


class BaselineFile(_FileModel):
    """Content of a session's ``baseline.json``, see ``SessionBaseline``.

    ``channels`` has the medians of all channels by kind of feature. ``participant`` is written for a personal baseline
    only.
    """

    participant: str | None = None
    schema_version: Literal[1] = Field(validation_alias="schema", serialization_alias="schema")
    ch_names: tuple[str, ...] = Field(strict=False)
    reference: str
    eyes: str
    clean_s: float
    iaf_hz: float | None
    channels: dict[str, list[float | None]]
    features: dict[str, FeatureBaseline]

    @field_validator("features")
    @classmethod
    def _check_features(cls, value: dict[str, FeatureBaseline]) -> dict[str, FeatureBaseline]:
        return _require_keys(value, tuple(FEATURES))

    @model_validator(mode="after")
    def _check_channels(self) -> Self:
        _require_keys(self.channels, KINDS)
        if any(len(column) != len(self.ch_names) for column in self.channels.values()):
            raise ValueError(f"not one number for each of {len(self.ch_names)} channels")
        return self

    @classmethod
    def from_baseline(cls, baseline: SessionBaseline) -> BaselineFile:
        """Return the content of the file for a session's baseline."""
        columns = zip(KINDS, baseline.channel_median.T.tolist(), strict=True)
        rows = zip(FEATURES, baseline.level.tolist(), baseline.mu.tolist(), baseline.spread.tolist(), strict=True)
        return BaselineFile(
            schema_version=SCHEMA,
            ch_names=baseline.ch_names,
            reference=baseline.reference,
            eyes=baseline.eyes,
            clean_s=baseline.clean_s,
            iaf_hz=_to_stored(baseline.iaf_hz),
            channels={kind: [_to_stored(value) for value in column] for kind, column in columns},
            features={
                name: FeatureBaseline(level=_to_stored(level), mu=_to_stored(mu), spread=_to_stored(spread))
                for name, level, mu, spread in rows
            },
        )

    def to_baseline(self) -> SessionBaseline:
        """Return the session's baseline."""
        rows = [self.features[name] for name in FEATURES]
        return SessionBaseline(
            ch_names=self.ch_names,
            reference=self.reference,
            eyes=self.eyes,
            clean_s=self.clean_s,
            iaf_hz=math.nan if self.iaf_hz is None else self.iaf_hz,
            channel_median=np.array([_from_stored(self.channels[kind]) for kind in KINDS]).T,
            mu=_from_stored([row.mu for row in rows]),
            spread=_from_stored([row.spread for row in rows]),
            level=_from_stored([row.level for row in rows]),
        )


class PersonalBaselineFile(BaselineFile):
    """Content of a participant's file with the personal baseline, see ``PersonalBaseline``."""

    n_sessions: int
    between_sessions: dict[str, BetweenSessions] = Field(validation_alias="between", serialization_alias="between")

    @field_validator("between_sessions")
    @classmethod
    def _check_between(cls, value: dict[str, BetweenSessions]) -> dict[str, BetweenSessions]:
        return _require_keys(value, tuple(FEATURES))

    @classmethod
    def from_personal_baseline(cls, personal: PersonalBaseline, participant: str = "") -> PersonalBaselineFile:
        """Return the content of the file; without participant as ``start.json`` holds it."""
        median = BaselineFile.from_baseline(personal.median)
        if participant:
            median = median.model_copy(update={"participant": participant})
        spreads = zip(FEATURES, personal.between_session_sd.tolist(), strict=True)
        return PersonalBaselineFile(
            **{name: getattr(median, name) for name in median.model_fields_set},
            n_sessions=personal.n_sessions,
            between_sessions={name: BetweenSessions(sd=_to_stored(sd)) for name, sd in spreads},
        )

    def to_personal_baseline(self) -> PersonalBaseline:
        """Return the personal baseline."""
        between_sd = _from_stored([self.between_sessions[name].sd for name in FEATURES])
        return PersonalBaseline(self.n_sessions, self.to_baseline(), between_sd)


def parse_session_baseline(document: object) -> SessionBaseline:
    """Return the session's baseline from the content of its ``baseline.json``.

    Raises
    ------
    RecordingError
        It is not a baseline, or has other features than this version computes.
    """
    try:
        return BaselineFile.model_validate(document).to_baseline()
    except ValidationError as error:
        raise RecordingError(
            tr(texts.SESSION_BASELINE), got=_first_problem(error), todo=tr(texts.RESTORE_FILE)
        ) from None


def personal_baseline_to_json(personal: PersonalBaseline | None) -> str:
    """Return a personal baseline as one line of JSON, as ``start.json`` holds it; empty for None."""
    if personal is None:
        return ""
    content = PersonalBaselineFile.from_personal_baseline(personal)
    return json.dumps(content.model_dump(exclude_unset=True), separators=(",", ":"))


def parse_personal_baseline(text: str) -> PersonalBaseline | None:
    """Parse the output of ``personal_baseline_to_json``; None for an empty text.

    Raises
    ------
    RecordingError
        The text is not a personal baseline.
    """
    if not text or text == "n/a":
        return None
    try:
        return PersonalBaselineFile.model_validate(json.loads(text)).to_personal_baseline()
    except ValidationError as error:
        got = _first_problem(error)
    except ValueError as error:
        got = str(error)
    raise RecordingError(tr(texts.PERSONAL_BASELINE), got=got, todo=tr(texts.RESTORE_START))


def round_as_stored(personal: PersonalBaseline) -> PersonalBaseline:
    """Return a personal baseline with the digits that its file has."""
    return PersonalBaselineFile.from_personal_baseline(personal).to_personal_baseline()


def _require_keys(table: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    if set(table) != set(names):
        raise ValueError(f"other features than {', '.join(names)}")
    return table


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    value = "" if isinstance(first["input"], dict | list) else f" = {reprlib.repr(first['input'])}"
    return f"{place}{value}: {message}" if place else message


def _to_stored(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _from_stored(values: list[float | None]) -> NDArray[np.float64]:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
