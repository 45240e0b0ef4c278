"""T8b: what features without any effect cost the personal decoder, with a neutral prior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.answers import (
    NAMES,
    SETTINGS,
    TestSessions,
    half_and_half,
    history,
    learn,
    make_test_sessions,
)
from benchmarks.acceptance.figures import Figure, Run, Target, figure
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.learning.decoder import fit_decoder
from neurofeedback.learning.feature_covariance import WindowCovariance, estimate_window_covariance
from neurofeedback.learning.training_set import TrainingSet
from neurofeedback.settings.load import load_evidence

EXTRA = ("permutation_entropy_all", "lzc_ratio_all")
"""The first is independent of the others, the second shares a quarter of its variance with beta."""
_SHARED = np.array([0.0, 0.5])
_NS, _EACH = (20, 40, 80), 20
_CASES = {
    "one, independent, prior SD .2": ([0, 1, 2, 3], 0.2),
    "one that shares a quarter with beta, prior SD .2": ([0, 1, 2, 4], 0.2),
    "both, prior SD .2": ([0, 1, 2, 3, 4], 0.2),
    "both, prior SD .1": ([0, 1, 2, 3, 4], 0.1),
}

Floats = NDArray[np.float64]


def with_extra(x: Floats, rng: np.random.Generator) -> Floats:
    """Return windows ``(n, 3)`` with two more features that say nothing the others do not."""
    noise = rng.standard_normal((len(x), len(EXTRA)))
    beta = x[:, [NAMES.index("beta_all")]]
    return np.hstack([x, _SHARED * beta + np.sqrt(1 - _SHARED**2) * noise])


def enlarge(training: TrainingSet, rng: np.random.Generator) -> TrainingSet:
    """Return a training set with the two more features, and the covariance of its windows to match."""
    names = (*NAMES, *EXTRA)
    sessions = tuple(
        replace(one, window_covariance=_covariance(one.window_covariance, names)) for one in training.sessions
    )
    return replace(training, names=names, x=with_extra(training.x, rng), sessions=sessions)


def choose(training: TrainingSet, columns: Sequence[int]) -> TrainingSet:
    """Return a training set with some of its features alone."""
    names = tuple(training.names[column] for column in columns)
    inside = np.ix_(columns, columns)
    sessions = tuple(
        replace(
            one,
            window_covariance=WindowCovariance(
                names, one.window_covariance.covariance[inside], one.window_covariance.n
            ),
        )
        for one in training.sessions
    )
    return replace(training, names=names, x=training.x[:, columns], sessions=sessions)


def _covariance(three: WindowCovariance, names: tuple[str, ...]) -> WindowCovariance:
    sd = np.concatenate([three.sd, estimate_window_covariance(names).sd[len(NAMES) :]])
    correlation = np.eye(len(names))
    correlation[: len(NAMES), : len(NAMES)] = three.correlation
    beta = three.correlation[NAMES.index("beta_all")]
    for column, shared in enumerate(_SHARED.tolist(), start=len(NAMES)):
        correlation[column, : len(NAMES)] = correlation[: len(NAMES), column] = shared * beta
    return WindowCovariance(names, correlation * np.outer(sd, sd), three.n)


def loss(seed: int, ns: Sequence[int] = _NS) -> dict[tuple[str, int], float]:
    """Return the AUC on new sessions without the features minus that with them, by features and answers."""
    who, evidence = half_and_half(seed), load_evidence("default")
    training, past = history(who, math.ceil(max(ns) / _EACH), _EACH)
    test = make_test_sessions(who, past)
    rng = np.random.default_rng((seed, 8))
    more, x = enlarge(training, rng), with_extra(test.x, rng)
    out: dict[tuple[str, int], float] = {}
    for n in ns:
        first = np.arange(len(training.wander)) < n
        without = test.auc(learn(training.subset(first), evidence).weights)
        for name, (columns, prior_sd) in _CASES.items():
            settings = SETTINGS.model_copy(update={"default_between_sd": prior_sd})
            used = choose(more, columns).subset(first)
            weights = fit_decoder(used, evidence, settings, day=0.0, device="").weights
            out[name, n] = without - TestSessions(x[:, columns], test.wander, test.session).auc(weights)
    return out


def extra_features(run: Run) -> list[Figure]:
    """Measure the loss of people for whom the features say nothing; they are used only if it is below .005."""
    got = run.map(loss, list(run.people(300, 20)))
    return [figure(f"{name}, N={n}: AUC lost", mean_of([one[name, n] for one in got])) for name, n in got[0]]


TARGETS = (
    Target(
        "T8b",
        "decoder with two more features that have no effect",
        extra_features,
        population="half breath-novice, half probe-pooled; feature level, three features and these, 12 % wrong answers",
    ),
)
