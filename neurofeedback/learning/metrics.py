"""Metrics of scored answers: AUC within sessions, Brier skill, calibration error.

Only pairs of answers from the same session are compared, because sessions, and decoders fitted at different times,
differ in level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.logistic_regression import expit, log_loss
from neurofeedback.learning.training_set import unique_sessions
from neurofeedback.settings.estimation import DecoderSettings

_Z95 = 1.959963984540054
_BOOTSTRAPS = 1000
_BINS = 5


@dataclass(frozen=True, slots=True)
class MetricInterval:
    """A metric with its 95 % interval and its number of answers; of an AUC also the pairs of answers behind it."""

    value: float
    low: float
    high: float
    n: int
    n_pairs: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ScoredAnswers:
    """Answers to probes, scored by decoders that were not trained on them; each field ``(n,)``.

    ``logit`` is before calibration, ``calibrated_logit`` after; ``base_rate_logit`` is that of the rate of wandering
    until then.
    """

    score: NDArray[np.float64]
    logit: NDArray[np.float64]
    calibrated_logit: NDArray[np.float64]
    base_rate_logit: NDArray[np.float64]
    wander: NDArray[np.bool_]
    session_index: NDArray[np.int64]


def join_scores(parts: list[ScoredAnswers]) -> ScoredAnswers:
    """Concatenate the scores of one person's sessions."""
    if not parts:
        none = np.zeros(0)
        return ScoredAnswers(none, none, none, none, none.astype(np.bool_), none.astype(np.int64))
    return ScoredAnswers(
        score=np.concatenate([part.score for part in parts]),
        logit=np.concatenate([part.logit for part in parts]),
        calibrated_logit=np.concatenate([part.calibrated_logit for part in parts]),
        base_rate_logit=np.concatenate([part.base_rate_logit for part in parts]),
        wander=np.concatenate([part.wander for part in parts]),
        session_index=np.concatenate([part.session_index for part in parts]),
    )


def stack_people(people: Sequence[ScoredAnswers]) -> ScoredAnswers:
    """Concatenate the scores of several people; their sessions stay distinct."""
    parts: list[ScoredAnswers] = []
    first = 0
    for scored in people:
        parts.append(replace(scored, session_index=scored.session_index + first))
        first += max(scored.session_index.tolist(), default=-1) + 1
    return join_scores(parts)


def within_session_auc(
    score: NDArray[np.float64], wander: NDArray[np.bool_], session_index: NDArray[np.int64], se_factor: float
) -> MetricInterval | None:
    """Return the AUC over pairs within sessions with its interval on the logit scale; None without any pair.

    The variance is Hanley and McNeil's (1982, Radiology 143:29) at the pooled AUC, summed over sessions by their
    share of the pairs; ``se_factor`` widens it for decoders that differ from session to session.
    An AUC of 0 or 1 is half an answer of the rarer kind short of it, else it would have no interval.
    """
    wins, counts = 0.0, list[tuple[int, int]]()
    for yes, no in _by_session(score, wander, session_index):
        wins += float((yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum())
        counts.append((len(yes), len(no)))
    n_pairs = sum(n_yes * n_no for n_yes, n_no in counts)
    if n_pairs == 0:
        return None
    auc = wins / n_pairs
    n_rarer = min(sum(n_yes for n_yes, n_no in counts if n_no), sum(n_no for n_yes, n_no in counts if n_yes))
    inside = min(max(auc, 0.5 / n_rarer), 1 - 0.5 / n_rarer)
    variance = sum((yes * no / n_pairs) ** 2 * _hanley_mcneil(inside, yes, no) for yes, no in counts if yes and no)
    half = _Z95 * se_factor * math.sqrt(variance) / (inside * (1 - inside))
    middle = math.log(inside / (1 - inside))
    low, high = (1 / (1 + math.exp(-(middle + sign * half))) for sign in (-1, 1))
    return MetricInterval(auc, low, high, len(score), n_pairs)


def _by_session(
    score: NDArray[np.float64], wander: NDArray[np.bool_], session_index: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for k in unique_sessions(session_index):
        here = session_index == k
        yield score[here & wander], score[here & ~wander]


def _hanley_mcneil(auc: float, n_yes: int, n_no: int) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return (auc * (1 - auc) + (n_yes - 1) * (q1 - auc**2) + (n_no - 1) * (q2 - auc**2)) / (n_yes * n_no)


def brier_skill(scored: ScoredAnswers) -> MetricInterval | None:
    """Return 1 - Brier score / that of the running base rate; its interval resamples sessions."""
    if len(unique_sessions(scored.session_index)) < 2:
        return None
    return _bootstrap_sessions(scored, lambda rows: _brier_skill_of(scored, rows))


def _brier_skill_of(scored: ScoredAnswers, rows: NDArray[np.intp]) -> float:
    y = scored.wander[rows]
    model, base = (expit(logit[rows]) for logit in (scored.calibrated_logit, scored.base_rate_logit))
    return 1.0 - float(np.mean((model - y) ** 2) / np.mean((base - y) ** 2))


def calibration_error(scored: ScoredAnswers, settings: DecoderSettings) -> MetricInterval | None:
    """Return the expected calibration error with its interval; None with too few answers."""
    if len(scored.wander) < settings.min_answers_for_ece or len(unique_sessions(scored.session_index)) < 2:
        return None
    p = expit(scored.calibrated_logit)
    return _bootstrap_sessions(scored, lambda rows: expected_calibration_error(p[rows], scored.wander[rows]))


def expected_calibration_error(p: NDArray[np.float64], wander: NDArray[np.bool_]) -> float:
    """Return the mean of |mean probability - rate| over five bins of equal size, weighted by their sizes."""
    bins = np.array_split(np.argsort(p, kind="stable"), _BINS)
    return float(sum(len(rows) * abs(p[rows].mean() - wander[rows].mean()) for rows in bins if len(rows)) / len(p))


def _bootstrap_sessions(scored: ScoredAnswers, metric: Callable[[NDArray[np.intp]], float]) -> MetricInterval:
    """Return a metric with its bootstrap interval over sessions; the seed is fixed."""
    rows = [np.flatnonzero(scored.session_index == k) for k in unique_sessions(scored.session_index)]
    rng = np.random.default_rng(0)
    drawn: list[list[int]] = rng.integers(len(rows), size=(_BOOTSTRAPS, len(rows))).tolist()
    values = [metric(np.concatenate([rows[k] for k in draw])) for draw in drawn]
    low, high = np.quantile(values, (0.025, 0.975))
    return MetricInterval(metric(np.concatenate(rows)), float(low), float(high), len(scored.wander))


def share_above_base_rate(scored: ScoredAnswers) -> float:
    """Return the share of bootstraps over sessions in which the log-loss is below that of the running base rate."""
    y = scored.wander.astype(np.float64)
    gain = log_loss(scored.base_rate_logit, y) - log_loss(scored.calibrated_logit, y)
    sums: NDArray[np.float64] = np.array(
        [gain[scored.session_index == k].sum() for k in unique_sessions(scored.session_index)]
    )
    if not len(sums):
        return 0.0
    drawn = np.random.default_rng(0).integers(len(sums), size=(_BOOTSTRAPS, len(sums)))
    gains: NDArray[np.float64] = sums[drawn].sum(axis=1)
    return float(np.mean(gains > 0))
