"""How well a decoder does on answers it never saw. Nothing here shuffles moments across time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.calibration import AS_IT_IS, Calibration, calibrate
from neurofeedback.estimation.course import Course, numbers_in
from neurofeedback.estimation.decoder import Decoder
from neurofeedback.estimation.decoder_fit import log_loss
from neurofeedback.estimation.figures import (
    Interval,
    Scored,
    auc_within,
    beats_base_rate,
    brier_skill,
    calibration_error,
    joined,
)
from neurofeedback.settings.estimate import DecoderSettings

Learn = Callable[[Course, float, str], Decoder]
"""Lessons, day and device of use, to a decoder."""


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
