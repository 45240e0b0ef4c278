"""A participant's decoder as a validated JSON file beside the participant's sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids_paths import DERIVATIVES
from neurofeedback.settings.base import SettingsModel, Share
from neurofeedback.settings.load import parse
from neurofeedback.storage.atomic_files import read_json, write_json_atomic
from neurofeedback.storage.private_files import make_folder

SCHEMA = 1


class _FileModel(SettingsModel):
    """Part of the decoder file. The keys on disk are those of version 0.1.0, by the aliases of the fields."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)


class LabelledWindowRow(_FileModel):
    """One labelled window, see ``learning.labelling.LabelledWindow``. A missing feature is null."""

    sample: int
    features: tuple[float | None, ...] = Field(validation_alias="x", serialization_alias="x")
    wander: bool
    weight: Share
    minutes: float
    self_caught: bool = Field(validation_alias="pressed", serialization_alias="pressed")


class SessionRow(_FileModel):
    """Training data of one session, with the stamp of its files."""

    session: str
    stamp: str
    day: float
    device: str
    labelled_windows: tuple[LabelledWindowRow, ...] = Field(validation_alias="lessons", serialization_alias="lessons")
    n_windows: float = Field(validation_alias="windows", serialization_alias="windows")
    covariance: tuple[tuple[float, ...], ...]
    sleepiness_ratings: tuple[tuple[float, int], ...] = Field(validation_alias="drowsy", serialization_alias="drowsy")
    iaf_hz: float | None
    notices: tuple[str, ...]


class FeatureWeightRow(_FileModel):
    """Weight of one feature of the decoder, per personal standard deviation, and the weight's standard deviation."""

    feature: str
    weight: float
    sd: float


class IntervalRow(_FileModel):
    """A metric with its 95 % interval, the number of answers, and of an AUC that of pairs."""

    value: float
    low: float
    high: float
    n: int
    n_pairs: int = 0


class LearningCurveRow(_FileModel):
    """One session of the learning curve: the number of answers before it, and the AUC of that decoder in it."""

    session: str
    n_before: int
    auc: IntervalRow | None


class ScoresRow(_FileModel):
    """Performance of the decoder on answers outside its training data; null with too few answers."""

    prequential: IntervalRow | None
    leave_one_session_out: IntervalRow | None = Field(validation_alias="left_out", serialization_alias="left_out")
    answer_by_answer: IntervalRow | None = None
    untaught: IntervalRow | None = None
    brier_skill: IntervalRow | None
    ece: IntervalRow | None
    curve: tuple[LearningCurveRow, ...]
    active: bool
    share_above_base_rate: float = 0.0
    calibration: tuple[float, float]


class DecoderFile(_FileModel):
    """One participant's decoder file.

    ``fingerprint`` is a hash of the inputs of the scores. ``excluded`` are sessions that the person excluded from
    training.
    """

    schema_version: Literal[1] = SCHEMA
    participant: str
    feature_names: tuple[str, ...] = Field(validation_alias="features", serialization_alias="features")
    excluded: tuple[str, ...]
    sessions: tuple[SessionRow, ...] = Field(validation_alias="sittings", serialization_alias="sittings")
    with_self_caught: bool = Field(validation_alias="with_presses", serialization_alias="with_presses")
    weights: tuple[FeatureWeightRow, ...]
    scores: ScoresRow
    fingerprint: str


def decoder_path(root: Path, participant: str) -> Path:
    """Return the path of a participant's decoder file."""
    return root / DERIVATIVES / f"sub-{participant}" / f"sub-{participant}_desc-decoder_model.json"


def read_decoder_file(root: Path, participant: str) -> DecoderFile | None:
    """Read a participant's decoder file. Return None if it does not exist.

    Raises
    ------
    RecordingError
        The file is damaged, in another format, of a newer version of this program, or of another participant.
    """
    path = decoder_path(root, participant)
    if not path.exists():
        return None
    document = read_json(path)
    found = document.get("schema_version")
    if isinstance(found, int) and found > SCHEMA:
        raise RecordingError(
            f"{path} was written by a newer version of this program",
            got=f"version {found}",
            allowed=f"version {SCHEMA}",
            todo="use that version, or retrain the decoder from the recordings",
        )
    try:
        model = parse(DecoderFile, document, str(path), todo="the decoder is retrained from the recordings")
    except SettingsError as error:
        raise RecordingError(error.what, got=error.got, todo=error.todo) from None
    if model.participant != participant:
        raise RecordingError(
            f"{path} belongs to another participant", got=f"participant {model.participant}", allowed=participant
        )
    return model


def write_decoder_file(root: Path, decoder: DecoderFile) -> Path:
    """Write a participant's decoder file in one step and return its path."""
    path = decoder_path(root, decoder.participant)
    make_folder(path.parent)
    write_json_atomic(path, decoder.model_dump(mode="json"))
    return path


def rename_unusable(root: Path, participant: str) -> Path:
    """Rename an unusable decoder file, so that it is not overwritten, and return the new path."""
    path = decoder_path(root, participant)
    return path.replace(path.with_name(f"sub-{participant}_desc-unusable_model.json"))
