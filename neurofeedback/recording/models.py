"""What was learned of a participant, as one strict JSON file beside the sessions it came from; never pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.bids import DERIVED
from neurofeedback.recording.files import read_json, rewrite_json
from neurofeedback.settings.load import parse
from neurofeedback.settings.strict import Share, Strict

SCHEMA = 1


class LessonRow(Strict):
    """One labelled window; see ``estimation.labels.Lesson``. A missing feature is null."""

    sample: int
    x: tuple[float | None, ...]
    wander: bool
    weight: Share
    minutes: float
    pressed: bool


class SittingRow(Strict):
    """What one session teaches, and the stamp of the files it was read from."""

    session: str
    stamp: str
    day: float
    device: str
    lessons: tuple[LessonRow, ...]
    windows: float
    covariance: tuple[tuple[float, ...], ...]
    drowsy: tuple[tuple[float, int], ...]
    iaf_hz: float | None
    notices: tuple[str, ...]


class FeatureRow(Strict):
    """One feature of the decoder: its weight in the person's usual spreads, and how unsure that is."""

    feature: str
    weight: float
    sd: float


class IntervalRow(Strict):
    """A figure with its 95 % interval, and the answers it rests on."""

    value: float
    low: float
    high: float
    n: int


class CurveRow(Strict):
    """One sitting of the learning curve."""

    session: str
    n_before: int
    auc: IntervalRow | None


class ScoresRow(Strict):
    """How well the decoder does on answers it had not seen; null where too little is known."""

    prequential: IntervalRow | None
    left_out: IntervalRow | None
    brier_skill: IntervalRow | None
    ece: IntervalRow | None
    curve: tuple[CurveRow, ...]
    active: bool
    calibration: tuple[float, float]


class ModelFile(Strict):
    """One participant's model.

    ``fingerprint`` tells what the scores were made from; ``excluded`` are sessions the person does not want learned
    from.
    """

    schema_version: Literal[1] = SCHEMA
    participant: str
    features: tuple[str, ...]
    excluded: tuple[str, ...]
    sittings: tuple[SittingRow, ...]
    with_presses: bool
    weights: tuple[FeatureRow, ...]
    scores: ScoresRow
    fingerprint: str


def model_path(root: Path, participant: str) -> Path:
    """Where the model of a participant is."""
    return root / DERIVED / f"sub-{participant}" / f"sub-{participant}_desc-decoder_model.json"


def read_model(root: Path, participant: str) -> ModelFile | None:
    """Read a participant's model; None if there is none.

    Raises
    ------
    RecordingError
        The file is torn, foreign, of a newer version of this program, or another participant's.
    """
    path = model_path(root, participant)
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
        model = parse(ModelFile, document, str(path), todo="what it held is learned from the recordings anew")
    except SettingsError as error:
        raise RecordingError(error.what, got=error.got, todo=error.todo) from None
    if model.participant != participant:
        raise RecordingError(f"{path} is somebody else's", got=f"participant {model.participant}", allowed=participant)
    return model


def write_model(root: Path, model: ModelFile) -> Path:
    """Write a participant's model in one step; return where it is."""
    path = model_path(root, model.participant)
    path.parent.mkdir(parents=True, exist_ok=True)
    rewrite_json(path, model.model_dump(mode="json"))
    return path


def set_aside(root: Path, participant: str) -> Path:
    """Keep a file that cannot be used under another name, so that nothing is lost; return that."""
    path = model_path(root, participant)
    return path.replace(path.with_name(f"sub-{participant}_desc-unusable_model.json"))
