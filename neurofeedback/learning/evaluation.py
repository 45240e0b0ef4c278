"""Evaluation of a decoder on answers it was not trained on, without shuffling across time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.calibration import IDENTITY_CALIBRATION, Calibration, fit_calibration
from neurofeedback.learning.decoder import Decoder
from neurofeedback.learning.logistic_regression import log_loss
from neurofeedback.learning.metrics import (
    MetricInterval,
    ScoredAnswers,
    brier_skill,
    calibration_error,
    join_scores,
    share_above_base_rate,
    within_session_auc,
)
from neurofeedback.learning.training_set import TrainingSet, unique_sessions
from neurofeedback.settings.estimation import DecoderSettings

_MAX_SINGLE_ANSWERS = 500

DecoderTrainer = Callable[[TrainingSet, float, str], Decoder]
"""Function of training set, day and device of use that returns a decoder."""


@dataclass(frozen=True, slots=True)
class LearningCurvePoint:
    """One session of the learning curve: the number of answers before it, and the AUC of that decoder in it."""

    session: str
    n_before: int
    auc: MetricInterval | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Performance of a decoder; None where there are too few answers.

    ``prequential`` is the AUC with weights frozen at each session's start, ``answer_by_answer`` with those of all
    earlier answers, ``leave_one_session_out`` with each session left out, ``untaught`` that of the index before any
    answer. ``brier_skill`` is against the running rate of wandering, ``ece`` the calibration error,
    ``share_above_base_rate`` the share of bootstraps whose log-loss is below that rate's. ``active`` is whether the
    decoder has shown that it works, see ``activation``.
    """

    n_answers: int
    n_wander: int
    n_sessions: int
    prequential: MetricInterval | None = None
    leave_one_session_out: MetricInterval | None = None
    answer_by_answer: MetricInterval | None = None
    untaught: MetricInterval | None = None
    brier_skill: MetricInterval | None = None
    ece: MetricInterval | None = None
    curve: tuple[LearningCurvePoint, ...] = ()
    active: bool = False
    share_above_base_rate: float = 0.0
    calibration: Calibration = IDENTITY_CALIBRATION


def score_prequentially(training_set: TrainingSet, train: DecoderTrainer, settings: DecoderSettings) -> ScoredAnswers:
    """Score each session by a decoder trained on the sessions before it; the first has no score."""
    parts: list[ScoredAnswers] = []
    for k, session in enumerate(training_set.sessions):
        before, here = training_set.session_index < k, (training_set.session_index == k) & ~training_set.self_caught
        if not (before & ~training_set.self_caught).any() or not here.any():
            continue
        decoder = train(training_set.subset(before), session.day, session.device)
        earlier = join_scores(parts)
        calibration = fit_calibration(earlier.logit, earlier.wander, settings)
        parts.append(_score_rows(training_set, here, decoder, calibration))
    return join_scores(parts)


def score_leaving_sessions_out(training_set: TrainingSet, train: DecoderTrainer) -> ScoredAnswers:
    """Score each session by a decoder trained on all others."""
    parts: list[ScoredAnswers] = []
    for k, session in enumerate(training_set.sessions):
        others, here = training_set.session_index != k, (training_set.session_index == k) & ~training_set.self_caught
        if (others & ~training_set.self_caught).any() and here.any():
            decoder = train(training_set.subset(others), session.day, session.device)
            parts.append(_score_rows(training_set, here, decoder, IDENTITY_CALIBRATION))
    return join_scores(parts)


def score_answer_by_answer(
    training_set: TrainingSet, train: DecoderTrainer, settings: DecoderSettings
) -> ScoredAnswers:
    """Score each answer by a decoder trained on all earlier ones; the first few, and all but the last 500, have none.

    Every fit starts at its prior: a start at the previous fit would carry one that has diverged to all later ones.
    """
    parts: list[ScoredAnswers] = []
    answers: list[int] = np.flatnonzero(~training_set.self_caught).tolist()
    for row in answers[settings.min_answers_to_refit :][-_MAX_SINGLE_ANSWERS:]:
        session = int(training_set.session_index[row])
        before = (training_set.session_index < session) | (
            (training_set.session_index == session) & (training_set.minutes < training_set.minutes[row])
        )
        here = np.arange(len(before)) == row
        if (before & ~training_set.self_caught).any():
            data = training_set.sessions[session]
            decoder = train(training_set.subset(before), data.day, data.device)
            parts.append(_score_rows(training_set, here, decoder, IDENTITY_CALIBRATION))
    return join_scores(parts)


def score_by_weights(training_set: TrainingSet, weights: NDArray[np.float64]) -> ScoredAnswers:
    """Score all answers by a weighted sum that nothing was learned for."""
    rows = ~training_set.self_caught
    score, none = training_set.x[rows] @ weights, np.zeros(int(rows.sum()))
    return ScoredAnswers(score, none, none, none, training_set.wander[rows], training_set.session_index[rows])


def scored_auc(scored: ScoredAnswers, se_factor: float) -> MetricInterval | None:
    """Return the AUC of scored answers over pairs within sessions."""
    return within_session_auc(scored.score, scored.wander, scored.session_index, se_factor)


def activation(training_set: TrainingSet, prequential: ScoredAnswers, settings: DecoderSettings) -> tuple[bool, ...]:
    """Return at the end of each session with scored answers whether the decoder is active.

    It becomes active when the lower limit of the prequential AUC is above one half, with enough answers of both kinds,
    at the end of several sessions in a row; it is no longer when that holds at the end of none of as many in a row.
    Looked at after every session, one such end alone is reached by chance too often.
    """
    shown: list[bool] = []
    passed: list[bool] = []
    for k in unique_sessions(prequential.session_index):
        until = prequential.session_index <= k
        auc = within_session_auc(
            prequential.score[until],
            prequential.wander[until],
            prequential.session_index[until],
            settings.activation_se_factor,
        )
        answers = training_set.wander[(training_set.session_index <= k) & ~training_set.self_caught]
        n, n_wander = len(answers), int(answers.sum())
        enough = (
            n >= settings.min_answers_to_activate
            and min(n_wander, n - n_wander) >= settings.min_answers_per_class_to_activate
        )
        passed.append(enough and auc is not None and auc.low > 0.5)
        last = passed[-settings.min_sessions_to_activate :]
        agreed = len(last) == settings.min_sessions_to_activate and len(set(last)) == 1
        shown.append(last[-1] if agreed else bool(shown) and shown[-1])
    return tuple(shown)


def _score_rows(
    training_set: TrainingSet, rows: NDArray[np.bool_], decoder: Decoder, calibration: Calibration
) -> ScoredAnswers:
    x = training_set.x[rows]
    logit = decoder.logit(x)
    return ScoredAnswers(
        score=decoder.score(x),
        logit=logit,
        calibrated_logit=calibration.slope * logit + calibration.shift,
        base_rate_logit=_running_base_rate_logit(training_set, rows),
        wander=training_set.wander[rows],
        session_index=training_set.session_index[rows],
    )


def _running_base_rate_logit(training_set: TrainingSet, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the log odds of wandering by the answers before each, (k + 1) / (n + 2)."""
    asked = np.where(training_set.self_caught, 0.0, 1.0)
    reported = asked * training_set.wander
    before, wandering = np.cumsum(asked) - asked, np.cumsum(reported) - reported
    return np.log((wandering + 1.0) / (before - wandering + 1.0))[rows]


def score_with(decoder: Decoder, training_set: TrainingSet) -> ScoredAnswers:
    """Score all answers by one decoder that was trained on none of them."""
    return _score_rows(training_set, ~training_set.self_caught, decoder, IDENTITY_CALIBRATION)


def self_caught_improves(
    training_set: TrainingSet, train: DecoderTrainer, train_with_self_caught: DecoderTrainer, settings: DecoderSettings
) -> bool:
    """Return whether training on presses as well improves the prequential log-loss on probes."""
    if not training_set.self_caught.any():
        return False
    without, with_ = (
        score_prequentially(training_set, trainer, settings) for trainer in (train, train_with_self_caught)
    )
    if not len(without.wander):
        return False
    y = without.wander.astype(np.float64)
    return float(log_loss(with_.calibrated_logit, y).sum()) < float(log_loss(without.calibrated_logit, y).sum())


def evaluate(
    training_set: TrainingSet,
    train: DecoderTrainer,
    settings: DecoderSettings,
    untaught: NDArray[np.float64] | None = None,
) -> Evaluation:
    """Return the evaluation of one person's decoder.

    Parameters
    ----------
    untaught : ndarray, shape (n_features,), optional
        Weights of the index before any answer, to evaluate them too.
    """
    asked = ~training_set.self_caught
    n, n_wander = int(asked.sum()), int(training_set.wander[asked].sum())
    prequential, left_out = (
        score_prequentially(training_set, train, settings),
        score_leaving_sessions_out(training_set, train),
    )
    n_sessions = len(unique_sessions(training_set.session_index[asked]))
    shown = activation(training_set, prequential, settings)
    return Evaluation(
        n_answers=n,
        n_wander=n_wander,
        n_sessions=n_sessions,
        prequential=scored_auc(prequential, settings.prequential_se_factor),
        leave_one_session_out=scored_auc(left_out, settings.leave_one_out_se_factor),
        answer_by_answer=scored_auc(
            score_answer_by_answer(training_set, train, settings), settings.prequential_se_factor
        ),
        untaught=None if untaught is None else scored_auc(score_by_weights(training_set, untaught), 1.0),
        brier_skill=brier_skill(prequential),
        ece=calibration_error(prequential, settings),
        curve=_learning_curve(training_set, prequential, settings),
        active=bool(shown) and shown[-1],
        share_above_base_rate=share_above_base_rate(prequential),
        calibration=fit_calibration(prequential.logit, prequential.wander, settings),
    )


def _learning_curve(
    training_set: TrainingSet, prequential: ScoredAnswers, settings: DecoderSettings
) -> tuple[LearningCurvePoint, ...]:
    points: list[LearningCurvePoint] = []
    for k in unique_sessions(prequential.session_index):
        here = prequential.session_index == k
        n_before = int((~training_set.self_caught & (training_set.session_index < k)).sum())
        auc = within_session_auc(
            prequential.score[here],
            prequential.wander[here],
            prequential.session_index[here],
            settings.prequential_se_factor,
        )
        points.append(LearningCurvePoint(training_set.sessions[k].session, n_before, auc))
    return tuple(points)
