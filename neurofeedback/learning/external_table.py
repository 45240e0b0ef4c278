"""Evaluation of the decoder on a table of labelled features from other software."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.evaluation import (
    DecoderTrainer,
    score_leaving_sessions_out,
    score_prequentially,
    score_with,
)
from neurofeedback.learning.feature_covariance import WindowCovariance, column_medians
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.metrics import (
    MetricInterval,
    ScoredAnswers,
    brier_skill,
    calibration_error,
    stack_people,
    within_session_auc,
)
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.evidence import Evidence

REQUIRED_COLUMNS = ("subject", "session", "onset", "label")
_SURENESS_COLUMN = "sure"


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One labelled moment; ``sure`` is 1 to 4, ``values`` are NaN where a cell is empty or n/a."""

    subject: str
    session: str
    onset: float
    wander: bool
    sure: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Rows in order of time within each session; sessions in order of first appearance."""

    feature_names: tuple[str, ...]
    rows: tuple[LabelledRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTableScores:
    """Performance of the decoder on a table; None where there is nothing to compare.

    ``subjects`` holds each subject's number of answers and prequential AUC.
    """

    n: int
    n_wander: int
    n_sessions: int
    features_with_prior: tuple[str, ...]
    prequential: MetricInterval | None
    sessions_left_out: MetricInterval | None
    subjects_left_out: MetricInterval | None
    brier_skill: MetricInterval | None
    ece: MetricInterval | None
    subjects: tuple[tuple[str, int, MetricInterval | None], ...]


def read_feature_table(path: Path) -> FeatureTable:
    """Read a table of labelled features, separated by commas, semicolons or tabs.

    Raises
    ------
    RecordingError
        Columns are missing, or a cell is not what its column holds.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror, allowed="a table of text") from None
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path} cannot be read", got=error.reason, allowed="a table of UTF-8 text") from None
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = max(",;\t", key=head.count)
    names = next(csv.reader([head], delimiter=delimiter), [])
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    features = tuple(name for name in names if name not in {*REQUIRED_COLUMNS, _SURENESS_COLUMN})
    if missing or not features or len(set(names)) < len(names):
        raise RecordingError(
            f"{path} is not a table of labelled features",
            got=f"columns {', '.join(names) or 'none'}",
            allowed=f"{', '.join(REQUIRED_COLUMNS)} (1 = wandering), features by any name, each once; "
            f"{_SURENESS_COLUMN} (1 to 4) if known",
            todo=f"name these columns: {', '.join(missing)}" if missing else "give it features, each with its own name",
        )
    cell_texts = csv.reader(lines[1:], delimiter=delimiter)
    rows = [_parse_row(path, number, names, features, row) for number, row in enumerate(cell_texts, start=2) if row]
    if not rows:
        raise RecordingError(f"{path} contains no rows", todo="add at least one labelled row")
    order = {key: k for k, key in enumerate(dict.fromkeys((row.subject, row.session) for row in rows))}
    return FeatureTable(features, tuple(sorted(rows, key=lambda row: (order[row.subject, row.session], row.onset))))


def _parse_row(
    path: Path, number: int, names: Sequence[str], features: tuple[str, ...], cell_texts: Sequence[str]
) -> LabelledRow:
    try:
        cells = dict(zip(names, cell_texts, strict=True))
        sure = int(cells.get(_SURENESS_COLUMN) or 4)
        if cells["label"] not in {"0", "1"} or not 1 <= sure <= 4:
            raise ValueError(f"label {cells['label']}, {_SURENESS_COLUMN} {sure}")
        onset = float(cells["onset"])
        values = tuple(math.nan if cells[name] in {"", "n/a"} else float(cells[name]) for name in features)
        if math.isnan(onset) or any(math.isinf(value) for value in values):
            raise ValueError("a number without end, or no onset")
    except ValueError as error:
        raise RecordingError(
            f"{path}, line {number} cannot be understood",
            got=str(error),
            allowed="a cell for each column; label 0 or 1; sure 1 to 4; numbers, empty or n/a for features",
        ) from None
    return LabelledRow(cells["subject"], cells["session"], onset, cells["label"] == "1", sure, values)


def evaluate_feature_table(table: FeatureTable, evidence: Evidence, settings: DecoderSettings) -> FeatureTableScores:
    """Evaluate the decoder on a table, without shuffling across time.

    Values are taken relative to the median of their session's rows until then, in units of the table's spread within
    sessions; features without evidence get the neutral prior.
    """
    training_sets = _training_sets(table, settings)

    def train(training_set: TrainingSet, day: float, device: str) -> Decoder:
        return fit_decoder(training_set, evidence, settings, day=day, device=device)

    prequential = {
        subject: score_prequentially(training_set, train, settings) for subject, training_set in training_sets.items()
    }
    left_out = [score_leaving_sessions_out(training_set, train) for training_set in training_sets.values()]
    known = set(evidence.feature_names)
    together, wide = stack_people(list(prequential.values())), settings.leave_one_out_se_factor
    others = (
        _score_left_out_subjects(table.feature_names, training_sets, train)
        if len(training_sets) > 1
        else stack_people([])
    )
    narrow = settings.prequential_se_factor
    return FeatureTableScores(
        n=len(table.rows),
        n_wander=sum(row.wander for row in table.rows),
        n_sessions=sum(len(training_set.sessions) for training_set in training_sets.values()),
        features_with_prior=tuple(name for name in table.feature_names if name in known),
        prequential=_auc_interval(together, narrow),
        sessions_left_out=_auc_interval(stack_people(left_out), wide),
        subjects_left_out=_auc_interval(others, wide),
        brier_skill=brier_skill(together),
        ece=calibration_error(together, settings),
        subjects=tuple(
            (subject, len(training_sets[subject].wander), _auc_interval(scored, narrow))
            for subject, scored in prequential.items()
        ),
    )


def _auc_interval(scored: ScoredAnswers, se_factor: float) -> MetricInterval | None:
    return within_session_auc(scored.score, scored.wander, scored.session_index, se_factor)


def _score_left_out_subjects(
    names: tuple[str, ...], training_sets: dict[str, TrainingSet], train: DecoderTrainer
) -> ScoredAnswers:
    parts: list[ScoredAnswers] = []
    for subject, training_set in training_sets.items():
        sessions = [data for other, theirs in training_sets.items() if other != subject for data in theirs.sessions]
        decoder = train(build_training_set(names, sessions), 0.0, "")
        parts.append(score_with(decoder, training_set))
    return stack_people(parts)


def _training_sets(table: FeatureTable, settings: DecoderSettings) -> dict[str, TrainingSet]:
    sd = _sd_within_sessions(table)
    data: dict[str, list[SessionTrainingData]] = {}
    for (subject, session), rows in groupby(table.rows, key=lambda row: (row.subject, row.session)):
        data.setdefault(subject, []).append(
            _session_training_data(session, list(rows), sd, table.feature_names, settings)
        )
    return {subject: build_training_set(table.feature_names, sessions) for subject, sessions in data.items()}


def _session_training_data(
    session: str, rows: list[LabelledRow], sd: NDArray[np.float64], names: tuple[str, ...], settings: DecoderSettings
) -> SessionTrainingData:
    values = np.array([row.values for row in rows], dtype=np.float64)
    windows = [
        LabelledWindow(
            sample=k,
            x=(values[k] - column_medians(values[: k + 1])) / sd,
            wander=row.wander,
            weight=settings.certainty_weights[row.sure - 1],
            minutes=(row.onset - rows[0].onset) / 60.0,
        )
        for k, row in enumerate(rows)
    ]
    x = np.nan_to_num((values - column_medians(values)) / sd, nan=0.0)
    covariance = WindowCovariance(names, x.T @ x / len(x), float(len(x)))
    return SessionTrainingData(session, 0.0, "", tuple(windows), covariance)


def _sd_within_sessions(table: FeatureTable) -> NDArray[np.float64]:
    """Return the spread of each feature around its session medians, ``(n_features,)``; 1 for a constant feature."""
    parts = []
    for _, rows in groupby(table.rows, key=lambda row: (row.subject, row.session)):
        values = np.array([row.values for row in rows], dtype=np.float64)
        parts.append(values - column_medians(values))
    deviations = np.concatenate(parts)
    finite = np.isfinite(deviations)
    sd = np.sqrt((np.where(finite, deviations, 0.0) ** 2).sum(axis=0) / np.maximum(finite.sum(axis=0), 1))
    return np.where(sd > 0, sd, 1.0)
