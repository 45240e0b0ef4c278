"""A participant's decoder as a validated JSON file beside the participant's sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.atomic_files import read_json, write_json_atomic
from neurofeedback.recording.bids_paths import DERIVATIVES
from neurofeedback.settings.base import SettingsModel, Share
from neurofeedback.settings.load import parse

SCHEMA = 1


class LabelledWindowRow(SettingsModel):
    """One labelled window, see ``learning.labelling.LabelledWindow``. A missing feature is null."""

    sample: int
    x: tuple[float | None, ...]
    wander: bool
    weight: Share
    minutes: float
    pressed: bool


class SessionRow(SettingsModel):
    """Training data of one session, with the stamp of its files. ``lessons`` are its labelled windows."""

    session: str
    stamp: str
    day: float
    device: str
    lessons: tuple[LabelledWindowRow, ...]
    windows: float
    covariance: tuple[tuple[float, ...], ...]
    drowsy: tuple[tuple[float, int], ...]
    iaf_hz: float | None
    notices: tuple[str, ...]


class FeatureWeightRow(SettingsModel):
    """Weight of one feature of the decoder, per personal standard deviation, and the weight's standard deviation."""

    feature: str
    weight: float
    sd: float


class IntervalRow(SettingsModel):
    """A metric with its 95 % interval, and the number of answers."""

    value: float
    low: float
    high: float
    n: int


class LearningCurveRow(SettingsModel):
    """One session of the learning curve: the number of answers before it, and the AUC of that decoder in it."""

    session: str
    n_before: int
    auc: IntervalRow | None


class ScoresRow(SettingsModel):
    """Performance of the decoder on answers outside its training data; null with too few answers."""

    prequential: IntervalRow | None
    left_out: IntervalRow | None
    brier_skill: IntervalRow | None
    ece: IntervalRow | None
    curve: tuple[LearningCurveRow, ...]
    active: bool
    calibration: tuple[float, float]


class DecoderFile(SettingsModel):
    """One participant's decoder file.

    ``fingerprint`` is a hash of the inputs of the scores. ``excluded`` are sessions that the person excluded from
    training. ``sittings`` are the sessions in it.
    """

    schema_version: Literal[1] = SCHEMA
    participant: str
    features: tuple[str, ...]
    excluded: tuple[str, ...]
    sittings: tuple[SessionRow, ...]
    with_presses: bool
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
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json_atomic(path, decoder.model_dump(mode="json"))
    return path


def rename_unusable(root: Path, participant: str) -> Path:
    """Rename an unusable decoder file, so that it is not overwritten, and return the new path."""
    path = decoder_path(root, participant)
    return path.replace(path.with_name(f"sub-{participant}_desc-unusable_model.json"))
