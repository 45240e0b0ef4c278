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
from scipy import stats

from neurofeedback.errors import RecordingError
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.evaluation import (
    DecoderTrainer,
    activation,
    score_answer_by_answer,
    score_by_weights,
    score_leaving_sessions_out,
    score_prequentially,
    score_with,
    scored_auc,
)
from neurofeedback.learning.feature_covariance import WindowCovariance, column_medians, pool_covariances
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.metrics import (
    MetricInterval,
    ScoredAnswers,
    brier_skill,
    calibration_error,
    stack_people,
)
from neurofeedback.learning.prior import untaught_weights
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.evidence import Evidence, FeatureEvidence

REQUIRED_COLUMNS = ("subject", "session", "onset", "label")
_SURENESS_COLUMN = "sure"
_DIFFERENCE = {"alpha_posterior": 1.0, "theta_frontal": -1.0}


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

    ``subjects`` holds each subject's number of answers and prequential AUC, ``active_subjects`` those whose decoder
    would be called active. ``untaught`` is the index before any answer, ``plain_l2`` a decoder without evidence,
    answer by answer, and ``alpha_minus_theta`` a difference that nothing was learned for. ``above_plain_l2`` and
    ``above_alpha_minus_theta`` are the mean differences of AUC over subjects, answer by answer on the same answers,
    with their t intervals.
    """

    n: int
    n_wander: int
    n_sessions: int
    features_with_prior: tuple[str, ...]
    untaught: MetricInterval | None
    answer_by_answer: MetricInterval | None
    prequential: MetricInterval | None
    sessions_left_out: MetricInterval | None
    subjects_left_out: MetricInterval | None
    brier_skill: MetricInterval | None
    ece: MetricInterval | None
    subjects: tuple[tuple[str, int, MetricInterval | None], ...]
    active_subjects: tuple[str, ...]
    plain_l2: MetricInterval | None
    alpha_minus_theta: MetricInterval | None
    above_plain_l2: MetricInterval | None
    above_alpha_minus_theta: MetricInterval | None


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

    def train_plain(training_set: TrainingSet, day: float, device: str) -> Decoder:
        return fit_decoder(training_set, _plain_l2(table.feature_names), settings, day=day, device=device)

    people = list(training_sets.values())
    singly = [score_answer_by_answer(training_set, train, settings) for training_set in people]
    plain = [score_answer_by_answer(training_set, train_plain, settings) for training_set in people]
    difference = _alpha_minus_theta(table.feature_names)
    differences = [] if difference is None else [score_by_weights(one, difference) for one in people]
    same_answers = [_last_answers(one, len(own.wander)) for one, own in zip(differences, singly, strict=False)]
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
        untaught=scored_auc(stack_people([_score_untaught(one, evidence, settings) for one in people]), 1.0),
        answer_by_answer=scored_auc(stack_people(singly), narrow),
        prequential=scored_auc(together, narrow),
        sessions_left_out=scored_auc(stack_people(left_out), wide),
        subjects_left_out=scored_auc(others, wide),
        brier_skill=brier_skill(together),
        ece=calibration_error(together, settings),
        subjects=tuple(
            (subject, len(training_sets[subject].wander), scored_auc(scored, narrow))
            for subject, scored in prequential.items()
        ),
        active_subjects=tuple(
            subject
            for subject, scored in prequential.items()
            if activation(training_sets[subject], scored, settings)[-1:] == (True,)
        ),
        plain_l2=scored_auc(stack_people(plain), narrow),
        alpha_minus_theta=scored_auc(stack_people(differences), 1.0),
        above_plain_l2=_paired_difference(singly, plain),
        above_alpha_minus_theta=_paired_difference(singly, same_answers) if differences else None,
    )


def _score_untaught(training_set: TrainingSet, evidence: Evidence, settings: DecoderSettings) -> ScoredAnswers:
    covariances = [session.window_covariance for session in training_set.sessions]
    pooled = pool_covariances(covariances, training_set.names, settings.prior_windows)
    return score_by_weights(training_set, untaught_weights(evidence, training_set.names, pooled.correlation, settings))


def _plain_l2(names: tuple[str, ...]) -> Evidence:
    """Return evidence that expects nothing of any feature: logistic regression with an L2 penalty."""
    features = [FeatureEvidence(feature=name, mu=0.0, between_sd=1.0, source="none") for name in names]
    return Evidence(name="plain-l2", features=tuple(features))


def _alpha_minus_theta(names: tuple[str, ...]) -> NDArray[np.float64] | None:
    if not set(_DIFFERENCE) <= set(names):
        return None
    return np.array([_DIFFERENCE.get(name, 0.0) for name in names])


def _paired_difference(one: Sequence[ScoredAnswers], other: Sequence[ScoredAnswers]) -> MetricInterval | None:
    """Return the mean difference of AUC over subjects with its t interval; None with fewer than two subjects."""
    aucs = [(scored_auc(a, 1.0), scored_auc(b, 1.0)) for a, b in zip(one, other, strict=True)]
    pairs = [(a.value, b.value) for a, b in aucs if a is not None and b is not None]
    if len(pairs) < 2:
        return None
    first, second = np.array(pairs).T
    interval = stats.ttest_rel(first, second).confidence_interval(0.95)
    n = sum(len(scored.wander) for scored in one)
    return MetricInterval(float(np.mean(first - second)), float(interval.low), float(interval.high), n)


def _last_answers(scored: ScoredAnswers, n: int) -> ScoredAnswers:
    """Return the last ``n`` answers: those that were scored answer by answer, too."""
    first = len(scored.wander) - n
    return ScoredAnswers(
        scored.score[first:],
        scored.logit[first:],
        scored.calibrated_logit[first:],
        scored.base_rate_logit[first:],
        scored.wander[first:],
        scored.session_index[first:],
    )


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
