"""How well a decoder does on answers it never saw. Nothing here shuffles moments across time.

Only pairs of answers from the same sitting are compared: sittings differ in everything, and so do decoders fitted
at different times, so that pairs across sittings would flatter or slander.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.calibration import AS_IT_IS, Calibration, calibrate
from neurofeedback.estimation.course import Course, numbers_in
from neurofeedback.estimation.decoder import Decoder
from neurofeedback.estimation.decoder_fit import log_loss
from neurofeedback.settings.model import DecoderSettings

_Z95 = 1.959963984540054
_BOOTSTRAPS = 1000
_BINS = 5

Learn = Callable[[Course, float, str], Decoder]
"""Lessons, day and device of use, to a decoder."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval, and the answers it rests on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Answers to probes, scored by decoders that had not seen them; each ``(n,)``.

    ``logit`` is before calibration, ``mended`` after; ``base`` the log odds of the rate of wandering until then.
    """

    score: NDArray[np.float64]
    logit: NDArray[np.float64]
    mended: NDArray[np.float64]
    base: NDArray[np.float64]
    wander: NDArray[np.bool_]
    session: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One sitting of the learning curve: answers learned from before it, and how that decoder did in it."""

    session: str
    n_before: int
    auc: Interval | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that may be said about how well a decoder does; None where too little is known.

    ``prequential`` is the AUC with weights frozen at each sitting's start, ``left_out`` with each sitting left
    out; ``brier_skill`` is against the rate of wandering until then, ``ece`` the calibration error. ``active``
    is the badge.
    """

    n: int
    n_wander: int
    n_sessions: int
    prequential: Interval | None = None
    left_out: Interval | None = None
    brier_skill: Interval | None = None
    ece: Interval | None = None
    curve: tuple[CurvePoint, ...] = ()
    active: bool = False
    calibration: Calibration = AS_IT_IS


def prequential(course: Course, learn: Learn, settings: DecoderSettings) -> Scored:
    """Score each sitting by what the sittings before it taught; the first, which nothing precedes, is left out."""
    parts: list[Scored] = []
    for k, sitting in enumerate(course.sittings):
        before, now = course.session < k, (course.session == k) & ~course.pressed
        if not (before & ~course.pressed).any() or not now.any():
            continue
        decoder = learn(course.only(before), sitting.day, sitting.device)
        earlier = joined(parts)
        calibration = calibrate(earlier.logit, earlier.wander, settings)
        parts.append(_scored(course, now, decoder, calibration))
    return joined(parts)


def left_out(course: Course, learn: Learn) -> Scored:
    """Score each sitting by what all the others taught."""
    parts: list[Scored] = []
    for k, sitting in enumerate(course.sittings):
        others, now = course.session != k, (course.session == k) & ~course.pressed
        if (others & ~course.pressed).any() and now.any():
            decoder = learn(course.only(others), sitting.day, sitting.device)
            parts.append(_scored(course, now, decoder, AS_IT_IS))
    return joined(parts)


def _scored(course: Course, now: NDArray[np.bool_], decoder: Decoder, calibration: Calibration) -> Scored:
    x = course.x[now]
    logit = decoder.logit(x)
    return Scored(
        score=decoder.score(x),
        logit=logit,
        mended=calibration.slope * logit + calibration.shift,
        base=_running_base(course, now),
        wander=course.wander[now],
        session=course.session[now],
    )


def _running_base(course: Course, now: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log odds of wandering by the answers before each, (k + 1) / (n + 2)."""
    asked = np.where(course.pressed, 0.0, 1.0)
    said = asked * course.wander
    before, wandering = np.cumsum(asked) - asked, np.cumsum(said) - said
    return np.log((wandering + 1.0) / (before - wandering + 1.0))[now]


def scored_by(decoder: Decoder, course: Course) -> Scored:
    """Score all answers of a course by one decoder that never saw any of them."""
    return _scored(course, ~course.pressed, decoder, AS_IT_IS)


def joined(parts: list[Scored]) -> Scored:
    """Put scores of one person's sittings together."""
    if not parts:
        none = np.zeros(0)
        return Scored(none, none, none, none, none.astype(np.bool_), none.astype(np.int64))
    return Scored(
        score=np.concatenate([part.score for part in parts]),
        logit=np.concatenate([part.logit for part in parts]),
        mended=np.concatenate([part.mended for part in parts]),
        base=np.concatenate([part.base for part in parts]),
        wander=np.concatenate([part.wander for part in parts]),
        session=np.concatenate([part.session for part in parts]),
    )


def side_by_side(people: Sequence[Scored]) -> Scored:
    """Put several people's scores together, keeping their sittings apart."""
    parts: list[Scored] = []
    first = 0
    for scored in people:
        parts.append(replace(scored, session=scored.session + first))
        first += max(scored.session.tolist(), default=-1) + 1
    return joined(parts)


def auc_within(
    score: NDArray[np.float64], wander: NDArray[np.bool_], session: NDArray[np.int64], se_factor: float
) -> Interval | None:
    """AUC over pairs within one sitting, its interval on the logit scale; None without any pair.

    The variance is Hanley and McNeil's (1982, Radiology 143:29) at the pooled AUC, summed over sittings by their
    share of the pairs; ``se_factor`` widens it for decoders that differ from sitting to sitting.
    """
    wins, counts = 0.0, list[tuple[int, int]]()
    for yes, no in _by_session(score, wander, session):
        wins += float((yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum())
        counts.append((len(yes), len(no)))
    n_pairs = sum(n_yes * n_no for n_yes, n_no in counts)
    if n_pairs == 0:
        return None
    auc = wins / n_pairs
    inside = min(max(auc, 0.5 / n_pairs), 1 - 0.5 / n_pairs)
    variance = sum((yes * no / n_pairs) ** 2 * _hanley_mcneil(inside, yes, no) for yes, no in counts if yes and no)
    half = _Z95 * se_factor * math.sqrt(variance) / (inside * (1 - inside))
    middle = math.log(inside / (1 - inside))
    low, high = (1 / (1 + math.exp(-(middle + sign * half))) for sign in (-1, 1))
    return Interval(auc, low, high, len(score))


def _by_session(
    score: NDArray[np.float64], wander: NDArray[np.bool_], session: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for k in numbers_in(session):
        here = session == k
        yield score[here & wander], score[here & ~wander]


def _hanley_mcneil(auc: float, n_yes: int, n_no: int) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return (auc * (1 - auc) + (n_yes - 1) * (q1 - auc**2) + (n_no - 1) * (q2 - auc**2)) / (n_yes * n_no)


def brier_skill(scored: Scored) -> Interval | None:
    """1 - Brier score / that of the running base rate; the interval resamples sittings."""
    if len(numbers_in(scored.session)) < 2:
        return None
    return _over_sessions(scored, lambda rows: _skill(scored, rows))


def _skill(scored: Scored, rows: NDArray[np.intp]) -> float:
    y = scored.wander[rows]
    ours, base = (AS_IT_IS.probability(logit[rows]) for logit in (scored.mended, scored.base))
    return 1.0 - float(np.mean((ours - y) ** 2) / np.mean((base - y) ** 2))


def calibration_error(scored: Scored, settings: DecoderSettings) -> Interval | None:
    """Mean distance of said and true rates over five bins of equal size; None with too few answers."""
    if len(scored.wander) < settings.ece_answers or len(numbers_in(scored.session)) < 2:
        return None
    p = AS_IT_IS.probability(scored.mended)
    return _over_sessions(scored, lambda rows: expected_calibration_error(p[rows], scored.wander[rows]))


def expected_calibration_error(p: NDArray[np.float64], wander: NDArray[np.bool_]) -> float:
    """Mean over five bins of equal size of |mean probability - rate|, weighted by their sizes."""
    bins = np.array_split(np.argsort(p, kind="stable"), _BINS)
    return float(sum(len(rows) * abs(p[rows].mean() - wander[rows].mean()) for rows in bins if len(rows)) / len(p))


def _over_sessions(scored: Scored, figure: Callable[[NDArray[np.intp]], float]) -> Interval:
    """Give a figure the interval of a bootstrap over sittings; the same answers give the same interval."""
    rows = [np.flatnonzero(scored.session == k) for k in numbers_in(scored.session)]
    rng = np.random.default_rng(0)
    drawn: list[list[int]] = rng.integers(len(rows), size=(_BOOTSTRAPS, len(rows))).tolist()
    values = [figure(np.concatenate([rows[k] for k in draw])) for draw in drawn]
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(figure(np.concatenate(rows)), float(low), float(high), len(scored.wander))


def beats_base_rate(scored: Scored) -> float:
    """Share of bootstraps over sittings in which the log-loss is below that of the running base rate."""
    y = scored.wander.astype(np.float64)
    gain = log_loss(scored.base, y) - log_loss(scored.mended, y)
    sums = np.array([float(gain[scored.session == k].sum()) for k in numbers_in(scored.session)])
    if not len(sums):
        return 0.0
    drawn = np.random.default_rng(0).integers(len(sums), size=(_BOOTSTRAPS, len(sums)))
    return float(np.mean(sums[drawn].sum(axis=1) > 0))


def presses_help(course: Course, learn: Learn, learn_with_presses: Learn, settings: DecoderSettings) -> bool:
    """Tell whether learning from presses improves the prequential log-loss on probes."""
    if not course.pressed.any():
        return False
    without, with_ = (prequential(course, way, settings) for way in (learn, learn_with_presses))
    if not len(without.wander):
        return False
    y = without.wander.astype(np.float64)
    return float(log_loss(with_.mended, y).sum()) < float(log_loss(without.mended, y).sum())


def evaluate(course: Course, learn: Learn, settings: DecoderSettings) -> Evaluation:
    """All figures of one person."""
    asked = ~course.pressed
    n, n_wander = int(asked.sum()), int(course.wander[asked].sum())
    ahead, aside = prequential(course, learn, settings), left_out(course, learn)
    n_sessions = len(numbers_in(course.session[asked]))
    enough = (
        n >= settings.active_answers
        and min(n_wander, n - n_wander) >= settings.active_each
        and n_sessions >= settings.active_sessions
    )
    return Evaluation(
        n=n,
        n_wander=n_wander,
        n_sessions=n_sessions,
        prequential=auc_within(ahead.score, ahead.wander, ahead.session, settings.prequential_se_factor),
        left_out=auc_within(aside.score, aside.wander, aside.session, settings.left_out_se_factor),
        brier_skill=brier_skill(ahead),
        ece=calibration_error(ahead, settings),
        curve=_curve(course, ahead, settings),
        active=enough and beats_base_rate(ahead) >= settings.active_share,
        calibration=calibrate(ahead.logit, ahead.wander, settings),
    )


def _curve(course: Course, ahead: Scored, settings: DecoderSettings) -> tuple[CurvePoint, ...]:
    points: list[CurvePoint] = []
    for k in numbers_in(ahead.session):
        here = ahead.session == k
        n_before = int((~course.pressed & (course.session < k)).sum())
        auc = auc_within(ahead.score[here], ahead.wander[here], ahead.session[here], settings.prequential_se_factor)
        points.append(CurvePoint(course.sittings[k].session, n_before, auc))
    return tuple(points)
