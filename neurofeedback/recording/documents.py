"""The JSON documents of a session as typed values: ``summary.json`` and ``start.json``, each read and written here.

Entries that this version does not know are kept. An entry of the wrong type counts as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError, field_serializer, field_validator

from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import read_json, write_json_atomic
from neurofeedback.types import StreamInfo

DocumentModel = TypeVar("DocumentModel", bound="Document")


class Document(BaseModel):
    """A JSON object; a field that was never set is not written."""

    model_config = ConfigDict(
        frozen=True, extra="allow", strict=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    def as_dict(self) -> dict[str, Any]:
        """Return the entries by their names on disk, in the order of the fields."""
        return self.model_dump(exclude_unset=True)

    def merge(self, other: Self) -> Self:
        """Return a copy with all entries that are set in ``other``."""
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})

    def without_none(self) -> Self:
        """Return a copy in which entries that are None are not set."""
        entries = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**{name: value for name, value in entries.items() if value is not None})


class LatencyPercentiles(Document):
    """Percentiles of the time from a frame's last sample to its use, ms."""

    p50: float | None = None
    p95: float | None = None
    max: float | None = None


class BaselineDifferences(Document):
    """A session baseline compared with the personal baseline: differences by feature, in spreads between sessions."""

    n_sessions: int
    differences: dict[str, float]


class SessionSummary(Document):
    """A session's ``summary.json``. None: not known.

    Parameters
    ----------
    n_samples, n_lost, n_gaps, n_frames : int, optional
        Samples on disk, how many of them are lost, in how many runs, and frames in the log.
    duration_s : float, optional
        Length by the host's clock, s.
    effective_sfreq : float, optional
        Samples a second by the host's clock, Hz.
    phases : dict, optional
        Length of each phase, s.
    valid_fraction, reward_rate : float, optional
        Share of frames with a usable signal, and of usable practice frames with reward.
    iaf_hz, exponent, baseline_clean_s : float, optional
        Of the baseline: individual alpha frequency (Hz), aperiodic exponent, and seconds of clean signal.
    personal_differences : BaselineDifferences, optional
        How the baseline differs from the person's own; ``usual_baseline`` on disk.
    baseline_late_s : float, optional
        When the baseline was complete, s, if that was only in practice.
    finished : bool, optional
        The session ended normally; None before it is complete on disk.
    """

    device: str | None = None
    sfreq: float | None = None
    n_samples: int | None = None
    n_lost: int | None = None
    n_gaps: int | None = None
    n_frames: int | None = None
    participant: str | None = None
    reconnects: int | None = None
    duration_s: float | None = None
    effective_sfreq: float | None = None
    phases: dict[str, float] | None = None
    valid_fraction: float | None = None
    reward_rate: float | None = None
    latency_ms: LatencyPercentiles | None = None
    iaf_hz: float | None = None
    exponent: float | None = None
    baseline_clean_s: float | None = None
    personal_differences: BaselineDifferences | None = Field(
        default=None, validation_alias="usual_baseline", serialization_alias="usual_baseline"
    )
    baseline_late_s: float | None = None
    mains_hz: int | float | None = None
    had_sound: bool | None = None
    audio_underruns: int | None = None
    probes: int | None = None
    presses: int | None = None
    fit: str | None = None
    plan_completed: bool | None = None
    versions: dict[str, str] | None = None
    imported: bool | None = None
    finished: bool | None = None


class PlannedSegment(Document):
    """One segment of a session's plan; ``length_s`` is None for one without end.

    ``background`` and ``bell_interval_s`` are ``bed`` and ``bell_every_s`` on disk.
    """

    phase: str = ""
    length_s: float | None = None
    target_rate: float | None = None
    background: str | None = Field(default=None, validation_alias="bed", serialization_alias="bed")
    bell_interval_s: float | None = Field(
        default=None, validation_alias="bell_every_s", serialization_alias="bell_every_s"
    )


class PlannedProbes(Document):
    """The wording of the questions, their choices, and the times drawn for them, s of practice."""

    wording: str
    questions: dict[str, dict[str, str]]
    drawn_s: tuple[float, ...] = Field(strict=False)


class EngineInput(Document):
    """What the engine started from, each as JSON text; empty for nothing."""

    decoder: str | None = None
    baseline: str | None = None


class SourceFile(Document):
    """A file that a session was imported from."""

    name: str
    sha256: str


class ImportSource(Document):
    """Where an imported session comes from."""

    files: tuple[SourceFile, ...] = Field(strict=False)
    format: str
    imported_by: str


class StartState(Document):
    """What a session started from, besides its stream: the ``start`` entry of ``start.json``. None: not known."""

    seed: int | None = None
    minutes: float | None = None
    programme: str | None = None
    plan: tuple[PlannedSegment, ...] | None = Field(default=None, strict=False)
    probes: PlannedProbes | None = None
    engine: EngineInput | None = None
    versions: dict[str, str] | None = None
    imported_from: ImportSource | None = None


class SessionStart(Document):
    """A session's ``start.json``."""

    participant: str = ""
    task: str = ""
    started: datetime
    stream: InstanceOf[StreamInfo]
    columns: tuple[str, ...] = Field(strict=False)
    start_state: StartState = Field(validation_alias="start", serialization_alias="start")

    @field_validator("started", mode="before")
    @classmethod
    def _parse_time(cls, value: Any) -> Any:
        return datetime.fromisoformat(value) if isinstance(value, str) else value

    @field_validator("stream", mode="before")
    @classmethod
    def _make_stream(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        entries: dict[str, Any] = {**value, "ch_names": tuple(value["ch_names"])}
        return StreamInfo(**entries)

    @field_validator("start_state", mode="before")
    @classmethod
    def _read_state(cls, value: Any) -> Any:
        return parse_document(StartState, value) if isinstance(value, dict) else value

    @field_serializer("started")
    def _format_time(self, value: datetime) -> str:
        return value.isoformat()

    @field_serializer("stream")
    def _stream_entries(self, value: StreamInfo) -> dict[str, Any]:
        return {field.name: getattr(value, field.name) for field in fields(value)}


def parse_document(model: type[DocumentModel], document: Mapping[str, Any]) -> DocumentModel:
    """Read a document of which every entry may be missing; one of the wrong type counts as missing.

    Examples
    --------
    >>> parse_document(SessionSummary, {"duration_s": "long", "n_lost": 3}).as_dict()
    {'n_lost': 3}
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        wrong = {item["loc"][0] for item in error.errors()}
        return model.model_validate({key: value for key, value in document.items() if key not in wrong})


def read_summary(path: Path) -> SessionSummary:
    """Read a ``summary.json``; a missing file is an empty summary.

    Raises
    ------
    RecordingError
        The file is damaged.
    """
    return parse_document(SessionSummary, read_json(path)) if path.exists() else SessionSummary()


def write_summary(path: Path, summary: SessionSummary, *, finished: bool) -> None:
    """Write a ``summary.json`` in one step; ``finished`` says whether the session ended in order."""
    write_json_atomic(path, summary.merge(SessionSummary(finished=finished)).as_dict())


def read_start(path: Path) -> SessionStart:
    """Read a ``start.json``.

    Raises
    ------
    RecordingError
        The file is missing or not what this program writes.
    """
    document = read_json(path)
    try:
        return SessionStart.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        got = f"{first['loc'][0]}: {first['msg']}"
    except (KeyError, TypeError) as error:
        got = f"stream: {type(error).__name__}: {error}"
    raise RecordingError(f"{path} does not describe a session", got=got, todo="restore the file")


def write_start(path: Path, start: SessionStart) -> None:
    """Write a ``start.json`` in one step."""
    write_json_atomic(path, start.as_dict())
