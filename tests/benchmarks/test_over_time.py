"""T21 to T24 on some sixty to a hundred histories of each kind: no figure stands surely beyond its goal."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from benchmarks.acceptance.figures import Figure, Run
from benchmarks.acceptance.over_time import HistoryKind, simulate_history, simulate_series
from benchmarks.acceptance.registry import TARGETS

SEEDS = {"T21": 50, "T22": 100, "T23": 100, "T24": 100}


@lru_cache
def measured(identity: str) -> tuple[Figure, ...]:
    """Return the figures of a target on some sixty to a hundred histories of each kind."""
    run = Run(fast=False, map=lambda function, items: [function(item) for item in items], most=SEEDS[identity])
    measure = TARGETS[identity].measure
    assert measure is not None
    return tuple(measure(run))


def surely_beyond(figure: Figure) -> bool:
    """Return whether the whole 95 % interval of a figure is outside of its goal."""
    return figure.goal is not None and not (figure.low <= figure.goal.high and figure.high >= figure.goal.low)


@pytest.mark.parametrize("identity", SEEDS)
def test_statistics_over_sessions_hold_their_level(identity: str) -> None:
    figures = measured(identity)
    assert [figure.name for figure in figures if surely_beyond(figure)] == []
    assert sum(figure.goal is not None for figure in figures) >= 9


def test_a_plain_quasibinomial_trend_would_be_found_out() -> None:
    figures = {figure.name: figure for figure in measured("T21")}
    assert figures["AR(.5), SD .5, by the plain quasi-binomial, 40 sessions"].low > 0.065


def test_histories_are_as_described() -> None:
    rng = np.random.default_rng(1)
    series = np.array([simulate_series(rng, 3, 0.5) for _ in range(4000)])
    assert series.std(axis=0) == pytest.approx(1.0, abs=0.04)
    assert np.corrcoef(series.T)[0] == pytest.approx([1.0, 0.5, 0.25], abs=0.05)
    falling = simulate_history(rng, HistoryKind(0.45, 0.0, last_share=0.25, one_of=400), 5)
    assert falling.shares[[0, -1]] == pytest.approx([0.45, 0.25])
    assert falling.answers[-1].n == 400
    assert {one.n for one in falling.answers[:-1]} <= set(range(8, 21))
    persisting = [simulate_history(rng, HistoryKind(sd=0.0, persist=0.3, n_answers=20), 50) for _ in range(40)]
    shares = np.array([one.n_wander / 20 for history in persisting for one in history.answers])
    assert shares.mean() == pytest.approx(0.33, abs=0.02)
    assert shares.var() / (0.33 * 0.67 / 20) == pytest.approx(1.3 / 0.7, abs=0.2)
