"""What is learned, to and from the rows of a model file."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from neurofeedback.estimation.calibration import Calibration
from neurofeedback.estimation.course import Taught
from neurofeedback.estimation.decoder import Decoder
from neurofeedback.estimation.evaluation import CurvePoint, Evaluation
from neurofeedback.estimation.figures import Interval
from neurofeedback.estimation.labels import Lesson
from neurofeedback.estimation.usual import Usual
from neurofeedback.recording.models import (
    CurveRow,
    FeatureRow,
    IntervalRow,
    LessonRow,
    ModelFile,
    ScoresRow,
    SittingRow,
)
from neurofeedback.session.lessons import Told


def model_of(
    *,
    participant: str,
    names: tuple[str, ...],
    excluded: tuple[str, ...],
    told: Sequence[tuple[Told, str]],
    decoder: Decoder,
    evaluation: Evaluation,
    fingerprint: str,
) -> ModelFile:
    """Put all that is known of a participant into the shape of its file."""
    values = zip(names, decoder.weights.tolist(), decoder.sd.tolist(), strict=True)
    return ModelFile(
        participant=participant,
        features=names,
        excluded=excluded,
        sittings=tuple(_sitting_row(one, stamp) for one, stamp in told),
        with_presses=decoder.with_presses,
        weights=tuple(FeatureRow(feature=name, weight=weight, sd=sd) for name, weight, sd in values),
        scores=_scores_row(evaluation),
        fingerprint=fingerprint,
    )


def told_of(row: SittingRow, names: tuple[str, ...]) -> Told:
    """Return what a session taught, as its row tells."""
    usual = Usual(names, np.array(row.covariance, dtype=np.float64), row.windows)
    taught = Taught(row.session, row.day, row.device, tuple(_lesson(lesson) for lesson in row.lessons), usual)
    return Told(taught, row.drowsy, row.iaf_hz, row.notices)


def evaluation_of(model: ModelFile) -> Evaluation:
    """Return the scores a file holds."""
    scores = model.scores
    asked = [lesson for row in model.sittings for lesson in row.lessons if not lesson.pressed]
    return Evaluation(
        n=len(asked),
        n_wander=sum(lesson.wander for lesson in asked),
        n_sessions=sum(any(not lesson.pressed for lesson in row.lessons) for row in model.sittings),
        prequential=_interval(scores.prequential),
        left_out=_interval(scores.left_out),
        brier_skill=_interval(scores.brier_skill),
        ece=_interval(scores.ece),
        curve=tuple(CurvePoint(row.session, row.n_before, _interval(row.auc)) for row in scores.curve),
        active=scores.active,
        calibration=Calibration(*scores.calibration),
    )


def _sitting_row(told: Told, stamp: str) -> SittingRow:
    taught = told.taught
    return SittingRow(
        session=taught.session,
        stamp=stamp,
        day=taught.day,
        device=taught.device,
        lessons=tuple(_lesson_row(lesson) for lesson in taught.lessons),
        windows=taught.varied.n,
        covariance=tuple(tuple(line) for line in taught.varied.covariance.tolist()),
        drowsy=told.drowsy,
        iaf_hz=told.iaf_hz,
        notices=told.notices,
    )


def _lesson_row(lesson: Lesson) -> LessonRow:
    return LessonRow(
        sample=lesson.sample,
        x=tuple(value if math.isfinite(value) else None for value in lesson.x.tolist()),
        wander=lesson.wander,
        weight=lesson.weight,
        minutes=lesson.minutes,
        pressed=lesson.pressed,
    )


def _lesson(row: LessonRow) -> Lesson:
    x = np.array([np.nan if value is None else value for value in row.x], dtype=np.float64)
    return Lesson(row.sample, x, wander=row.wander, weight=row.weight, minutes=row.minutes, pressed=row.pressed)


def _scores_row(evaluation: Evaluation) -> ScoresRow:
    return ScoresRow(
        prequential=_interval_row(evaluation.prequential),
        left_out=_interval_row(evaluation.left_out),
        brier_skill=_interval_row(evaluation.brier_skill),
        ece=_interval_row(evaluation.ece),
        curve=tuple(
            CurveRow(session=point.session, n_before=point.n_before, auc=_interval_row(point.auc))
            for point in evaluation.curve
        ),
        active=evaluation.active,
        calibration=(evaluation.calibration.slope, evaluation.calibration.shift),
    )


def _interval_row(interval: Interval | None) -> IntervalRow | None:
    return interval and IntervalRow(value=interval.value, low=interval.low, high=interval.high, n=interval.n)


def _interval(row: IntervalRow | None) -> Interval | None:
    return row and Interval(row.value, row.low, row.high, row.n)
