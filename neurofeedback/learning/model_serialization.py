"""Conversion of decoder, evaluation and session labels to and from the decoder file."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from neurofeedback.learning.calibration import Calibration
from neurofeedback.learning.decoder import Decoder
from neurofeedback.learning.evaluation import Evaluation, LearningCurvePoint
from neurofeedback.learning.feature_covariance import WindowCovariance
from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.metrics import MetricInterval
from neurofeedback.learning.model_file import (
    DecoderFile,
    FeatureWeightRow,
    IntervalRow,
    LabelledWindowRow,
    LearningCurveRow,
    ScoresRow,
    SessionRow,
)
from neurofeedback.learning.session_labels import SessionLabels
from neurofeedback.learning.training_set import SessionTrainingData


def to_model_file(
    *,
    participant: str,
    feature_names: tuple[str, ...],
    excluded: tuple[str, ...],
    session_labels: Sequence[tuple[SessionLabels, str]],
    decoder: Decoder,
    evaluation: Evaluation,
    fingerprint: str,
) -> DecoderFile:
    """Return the content of a participant's decoder file.

    Parameters
    ----------
    participant : str
        Participant label.
    feature_names : tuple of str
        Features in the order of the decoder's weights.
    excluded : tuple of str
        Sessions that the person excluded from training.
    session_labels : sequence of (SessionLabels, str)
        Labels and stamp of each session.
    decoder : Decoder
        The trained decoder.
    evaluation : Evaluation
        Its performance.
    fingerprint : str
        Hash of the inputs of the evaluation.
    """
    weights = zip(feature_names, decoder.weights.tolist(), decoder.sd.tolist(), strict=True)
    return DecoderFile(
        participant=participant,
        feature_names=feature_names,
        excluded=excluded,
        sessions=tuple(_session_row(labels, stamp) for labels, stamp in session_labels),
        with_self_caught=decoder.with_self_caught,
        weights=tuple(FeatureWeightRow(feature=name, weight=weight, sd=sd) for name, weight, sd in weights),
        scores=_scores_row(evaluation),
        fingerprint=fingerprint,
    )


def session_labels_from_row(row: SessionRow, feature_names: tuple[str, ...]) -> SessionLabels:
    """Return the labels of a session from its row in the decoder file."""
    covariance = WindowCovariance(feature_names, np.array(row.covariance, dtype=np.float64), row.n_windows)
    training_data = SessionTrainingData(
        row.session, row.day, row.device, tuple(_window_from_row(window) for window in row.labelled_windows), covariance
    )
    return SessionLabels(training_data, row.sleepiness_ratings, row.iaf_hz, row.notices)


def evaluation_from_model(model: DecoderFile) -> Evaluation:
    """Return the evaluation from a decoder file."""
    scores = model.scores
    answers = [window for row in model.sessions for window in row.labelled_windows if not window.self_caught]
    return Evaluation(
        n_answers=len(answers),
        n_wander=sum(window.wander for window in answers),
        n_sessions=sum(any(not window.self_caught for window in row.labelled_windows) for row in model.sessions),
        prequential=_interval_from_row(scores.prequential),
        leave_one_session_out=_interval_from_row(scores.leave_one_session_out),
        answer_by_answer=_interval_from_row(scores.answer_by_answer),
        untaught=_interval_from_row(scores.untaught),
        brier_skill=_interval_from_row(scores.brier_skill),
        ece=_interval_from_row(scores.ece),
        curve=tuple(LearningCurvePoint(row.session, row.n_before, _interval_from_row(row.auc)) for row in scores.curve),
        active=scores.active,
        share_above_base_rate=scores.share_above_base_rate,
        calibration=Calibration(*scores.calibration),
    )


def _session_row(session_labels: SessionLabels, stamp: str) -> SessionRow:
    training_data = session_labels.training_data
    return SessionRow(
        session=training_data.session,
        stamp=stamp,
        day=training_data.day,
        device=training_data.device,
        labelled_windows=tuple(_window_row(window) for window in training_data.labelled_windows),
        n_windows=training_data.window_covariance.n,
        covariance=tuple(tuple(line) for line in training_data.window_covariance.covariance.tolist()),
        sleepiness_ratings=session_labels.sleepiness_ratings,
        iaf_hz=session_labels.iaf_hz,
        notices=session_labels.notices,
    )


def _window_row(window: LabelledWindow) -> LabelledWindowRow:
    return LabelledWindowRow(
        sample=window.sample,
        features=tuple(value if math.isfinite(value) else None for value in window.x.tolist()),
        wander=window.wander,
        weight=window.weight,
        minutes=window.minutes,
        self_caught=window.self_caught,
    )


def _window_from_row(row: LabelledWindowRow) -> LabelledWindow:
    x = np.array([np.nan if value is None else value for value in row.features], dtype=np.float64)
    return LabelledWindow(
        row.sample, x, wander=row.wander, weight=row.weight, minutes=row.minutes, self_caught=row.self_caught
    )


def _scores_row(evaluation: Evaluation) -> ScoresRow:
    return ScoresRow(
        prequential=_interval_row(evaluation.prequential),
        leave_one_session_out=_interval_row(evaluation.leave_one_session_out),
        answer_by_answer=_interval_row(evaluation.answer_by_answer),
        untaught=_interval_row(evaluation.untaught),
        brier_skill=_interval_row(evaluation.brier_skill),
        ece=_interval_row(evaluation.ece),
        curve=tuple(
            LearningCurveRow(session=point.session, n_before=point.n_before, auc=_interval_row(point.auc))
            for point in evaluation.curve
        ),
        active=evaluation.active,
        share_above_base_rate=evaluation.share_above_base_rate,
        calibration=(evaluation.calibration.slope, evaluation.calibration.shift),
    )


def _interval_row(interval: MetricInterval | None) -> IntervalRow | None:
    return interval and IntervalRow(
        value=interval.value, low=interval.low, high=interval.high, n=interval.n, n_pairs=interval.n_pairs
    )


def _interval_from_row(row: IntervalRow | None) -> MetricInterval | None:
    return row and MetricInterval(row.value, row.low, row.high, row.n, row.n_pairs)
