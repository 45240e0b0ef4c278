"""T10: recordings that differ in everything but the state must not look like decoding."""

from __future__ import annotations

import numpy as np

from benchmarks.acceptance.evaluation import leave_one_out, prequential, shuffled, within
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, between, figure
from benchmarks.acceptance.statistics import auc, mean_of

_SESSIONS, _ANSWERS, _FEATURES = 6, 40, 6


def leaked(seed: int) -> tuple[float, float, float]:
    """Return AUC (prequential, leave-one-session-out, shuffled) of labels that follow the session, not the state.

    Sessions differ in mean and slow drift; most answers of a session are alike, so session and label go together.
    """
    rng = np.random.default_rng((seed, 10))
    sessions = np.repeat(np.arange(_SESSIONS), _ANSWERS)
    level = rng.standard_normal((_SESSIONS, _FEATURES)) * 2
    x = level[sessions] + rng.standard_normal((len(sessions), _FEATURES))
    often = np.where(np.arange(_SESSIONS) % 2 == 0, 0.05, 0.95)
    y = rng.random(len(sessions)) < often[sessions]
    y[::_ANSWERS], y[1::_ANSWERS] = True, False
    later = sessions > 0
    return (
        within(prequential(x, y, sessions)[later], y[later], sessions[later]),
        within(leave_one_out(x, y, sessions), y, sessions),
        auc(shuffled(x, y, rng), y),
    )


def leak(run: Run) -> list[Figure]:
    """Average over many draws."""
    got = np.array(run.map(leaked, list(range(1, 201 if run.fast else 401))))
    return [
        figure("prequential, pairs of one session", mean_of(got[:, 0]), between(0.48, 0.52), of="runs"),
        figure("leave-one-session-out, pairs of one session", mean_of(got[:, 1]), between(0.48, 0.52), of="runs"),
        figure("shuffled folds (never in the product)", mean_of(got[:, 2]), at_least(0.8), of="runs"),
    ]


TARGETS = (
    Target(
        "T10",
        "leak test: session differences without any effect of state",
        leak,
        population=f"feature level, {_SESSIONS} sessions of {_ANSWERS} answers",
        notes=("Holds the evaluation the benchmarks use; the decoder's own evaluation has to pass it too.",),
    ),
)
