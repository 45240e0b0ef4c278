"""What was learned of a participant, as one strict JSON file beside the sessions it came from; never pickle."""

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
    """One labelled window; see ``estimation.labels.Lesson``. A missing feature is null."""

    sample: int
    x: tuple[float | None, ...]
    wander: bool
    weight: Share
    minutes: float
    pressed: bool


class SessionRow(SettingsModel):
    """What one session teaches, and the stamp of the files it was read from."""

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
    """One feature of the decoder: its weight in the person's usual spreads, and how unsure that is."""

    feature: str
    weight: float
    sd: float


class IntervalRow(SettingsModel):
    """A figure with its 95 % interval, and the answers it rests on."""

    value: float
    low: float
    high: float
    n: int


class LearningCurveRow(SettingsModel):
    """One sitting of the learning curve."""

    session: str
    n_before: int
    auc: IntervalRow | None


class ScoresRow(SettingsModel):
    """How well the decoder does on answers it had not seen; null where too little is known."""

    prequential: IntervalRow | None
    left_out: IntervalRow | None
    brier_skill: IntervalRow | None
    ece: IntervalRow | None
    curve: tuple[LearningCurveRow, ...]
    active: bool
    calibration: tuple[float, float]


class DecoderFile(SettingsModel):
    """One participant's model.

    ``fingerprint`` tells what the scores were made from; ``excluded`` are sessions the person does not want learned
    from.
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
    """Where the model of a participant is."""
    return root / DERIVATIVES / f"sub-{participant}" / f"sub-{participant}_desc-decoder_model.json"


def read_decoder_file(root: Path, participant: str) -> DecoderFile | None:
    """Read a participant's model; None if there is none.

    Raises
    ------
    RecordingError
        The file is torn, foreign, of a newer version of this program, or another participant's.
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
            todo="use that version, or let this one learn from the recordings anew",
        )
    try:
        model = parse(DecoderFile, document, str(path), todo="what it held is learned from the recordings anew")
    except SettingsError as error:
        raise RecordingError(error.what, got=error.got, todo=error.todo) from None
    if model.participant != participant:
        raise RecordingError(f"{path} is somebody else's", got=f"participant {model.participant}", allowed=participant)
    return model


def write_decoder_file(root: Path, decoder: DecoderFile) -> Path:
    """Write a participant's model in one step; return where it is."""
    path = decoder_path(root, decoder.participant)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json_atomic(path, decoder.model_dump(mode="json"))
    return path


def rename_unusable(root: Path, participant: str) -> Path:
    """Keep a file that cannot be used under another name, so that nothing is lost; return that."""
    path = decoder_path(root, participant)
    return path.replace(path.with_name(f"sub-{participant}_desc-unusable_model.json"))
