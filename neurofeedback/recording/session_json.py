"""The JSON documents of a session as typed values: ``summary.json`` and ``start.json``, each read and written here.

Unknown entries are preserved. An entry of the wrong type counts as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    TypeAdapter,
    ValidationError,
    field_serializer,
    field_validator,
)

from neurofeedback.errors import RecordingError
from neurofeedback.recording.import_report import ImportReport
from neurofeedback.storage.atomic_files import is_blank, read_json, write_json_atomic
from neurofeedback.types import StreamInfo

DocumentModel = TypeVar("DocumentModel", bound="Document")
_REPORT = TypeAdapter(ImportReport)


class Document(BaseModel):
    """A JSON object. Fields that were never set are not written."""

    model_config = ConfigDict(
        frozen=True, extra="allow", strict=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    def as_dict(self) -> dict[str, Any]:
        """Return the entries by their names on disk, in field order."""
        return self.model_dump(exclude_unset=True)

    def merge(self, other: Self) -> Self:
        """Return a copy that is updated with all entries set in ``other``."""
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})

    def without_none(self) -> Self:
        """Return a copy without the entries that are None."""
        entries = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**{name: value for name, value in entries.items() if value is not None})


class LatencyPercentiles(Document):
    """Percentiles of the latency from a frame's last sample to its use, ms."""

    p50: float | None = None
    p95: float | None = None
    max: float | None = None


class BaselineDifferences(Document):
    """Differences of a baseline from the personal baseline, by feature, in standard deviations between sessions."""

    n_sessions: int
    differences: dict[str, float]


class SessionSummary(Document):
    """Content of a session's ``summary.json``. None means unknown.

    Parameters
    ----------
    device : str, optional
        Name of the device.
    sfreq : float, optional
        Nominal sampling rate, Hz.
    n_samples, n_lost, n_gaps, n_frames : int, optional
        Number of samples on disk, of lost samples among them, of runs of lost samples, and of frames in the log.
    participant : str, optional
        Participant label.
    reconnects : int, optional
        Number of reconnections to the device.
    duration_s : float, optional
        Length by the host's clock, s.
    effective_sfreq : float, optional
        Sampling rate by the host's clock, Hz.
    phases : dict, optional
        Length of each phase, s.
    valid_fraction, reward_rate : float, optional
        Share of frames with a usable signal, and of usable practice frames with reward.
    latency_ms : LatencyPercentiles, optional
        Latency of the frames, ms.
    iaf_hz, exponent, baseline_clean_s : float, optional
        Individual alpha frequency (Hz), aperiodic exponent and duration of clean signal (s) of the baseline.
    personal_differences : BaselineDifferences, optional
        Differences of the baseline from the personal baseline; ``usual_baseline`` on disk.
    baseline_late_s : float, optional
        Time at which the baseline was completed, s, if this was during practice.
    mains_hz : int or float, optional
        Mains frequency, Hz.
    had_sound : bool, optional
        The session had audio output.
    audio_underruns : int, optional
        Number of audio buffer underruns.
    probes, presses : int, optional
        Number of probes, and of self-reports by key press.
    fit : str, optional
        State of the headset fit at the start.
    battery_start_percent, battery_end_percent : float, optional
        Charge of the headset's battery at the start and the end, %.
    plan_completed : bool, optional
        All planned segments were completed.
    versions : dict, optional
        Versions of this program and its libraries.
    imported : bool, optional
        The session was imported from a file.
    sealed_chunks, sealed_sha256 : int and str, optional
        Number and SHA-256 of the sealed chunks of what was played; only in a study with sham.
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
    battery_start_percent: float | None = None
    battery_end_percent: float | None = None
    plan_completed: bool | None = None
    versions: dict[str, str] | None = None
    imported: bool | None = None
    sealed_chunks: int | None = None
    sealed_sha256: str | None = None
    finished: bool | None = None


class PlannedSegment(Document):
    """One segment of a session's plan. ``length_s`` is None for an unlimited segment.

    ``background`` and ``bell_interval_s`` are ``bed`` and ``bell_every_s`` on disk.
    """

    phase: str = ""
    length_s: float | None = None
    target_rate: float | None = None
    background: str | None = Field(default=None, validation_alias="bed", serialization_alias="bed")
    bell_interval_s: float | None = Field(
        default=None, validation_alias="bell_every_s", serialization_alias="bell_every_s"
    )
    breaths_per_min: float | None = None


class PlannedProbes(Document):
    """Version of the probes' wording, questions with their choices, and the drawn times, s of practice."""

    wording: str
    questions: dict[str, dict[str, str]]
    drawn_s: tuple[float, ...] = Field(strict=False)


class EngineInput(Document):
    """Decoder and baseline at the start of the engine, as JSON text; empty if there is none."""

    decoder: str | None = None
    baseline: str | None = None


class SourceFile(Document):
    """A source file of an imported session."""

    name: str
    sha256: str


class ImportSource(Document):
    """Source files, format and importer of an imported session, and what the import did."""

    files: tuple[SourceFile, ...] = Field(strict=False)
    format: str
    imported_by: str
    report: InstanceOf[ImportReport] | None = None

    @field_validator("report", mode="before")
    @classmethod
    def _read_report(cls, value: Any) -> Any:
        return _REPORT.validate_python(value) if isinstance(value, dict) else value


class StudyStart(Document):
    """The study that a session belongs to. Nothing here depends on the arm.

    Parameters
    ----------
    protocol_sha256 : str
        Hash of the frozen protocol.
    participant, visit : str
        Participant number as enrolled, and name of the visit.
    series_number : int
        How many series this person was given before; in every arm one is computed, and played or not.
    sealed : bool
        What was played is sealed, and the session counts for no decoder.
    masked : bool
        The arm is hidden until the study is unlocked.
    """

    protocol_sha256: str
    participant: str
    visit: str
    series_number: int = 0
    sealed: bool = False
    masked: bool = False


class StartState(Document):
    """State at the start of a session: the ``start`` entry of ``start.json``. None means unknown.

    ``trains_decoder`` is false if answers and key presses are not about attention to the breath, else None.
    """

    seed: int | None = None
    minutes: float | None = None
    programme: str | None = None
    trains_decoder: bool | None = None
    plan: tuple[PlannedSegment, ...] | None = Field(default=None, strict=False)
    probes: PlannedProbes | None = None
    engine: EngineInput | None = None
    versions: dict[str, str] | None = None
    imported_from: ImportSource | None = None
    study: StudyStart | None = None


class SessionStart(Document):
    """Content of a session's ``start.json``."""

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
    """Return a document as a typed value. Every entry is optional; one of the wrong type counts as missing.

    Examples
    --------
    >>> parse_document(SessionSummary, {"duration_s": "long", "n_lost": 3}).as_dict()
    {'n_lost': 3}
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        invalid_keys = {item["loc"][0] for item in error.errors()}
        return model.model_validate({key: value for key, value in document.items() if key not in invalid_keys})


def read_summary(path: Path) -> SessionSummary:
    """Read a ``summary.json``. A missing or empty file gives an empty summary.

    Raises
    ------
    RecordingError
        The file is damaged.
    """
    return parse_document(SessionSummary, read_json(path)) if not is_blank(path) else SessionSummary()


def write_summary(path: Path, summary: SessionSummary, *, finished: bool) -> None:
    """Write a ``summary.json`` in one step. ``finished`` is true if the session ended normally."""
    write_json_atomic(path, summary.merge(SessionSummary(finished=finished)).as_dict())


def read_start(path: Path) -> SessionStart:
    """Read a ``start.json``.

    Raises
    ------
    RecordingError
        The file is missing or not in this program's format.
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
