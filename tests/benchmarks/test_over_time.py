"""T21 to T24 on some dozens of histories of each kind: no figure stands surely beyond its goal, of all together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.acceptance.figures import Figure, Goal, Run, at_most
from benchmarks.acceptance.over_time import AR_5, HistoryKind, simulate_history, simulate_series
from benchmarks.acceptance.registry import TARGETS
from neurofeedback.analysis.probe_statistics import fit_wandering_trend

SEEDS = {"T21": 25, "T22": 60, "T23": 60, "T24": 60}
FAMILY_LEVEL = 0.95
AR_5_TREND = at_most(0.065)
Counts = tuple[int, int, Goal]


@lru_cache
def measured(identity: str) -> tuple[Figure, ...]:
    """Return the figures of a target on some dozens of histories of each kind."""
    run = Run(fast=False, map=lambda function, items: [function(item) for item in items], most=SEEDS[identity])
    measure = TARGETS[identity].measure
    assert measure is not None
    return tuple(measure(run))


def pooled(figures: Iterable[Figure]) -> dict[str, Counts]:
    """Return hits, histories and goal by kind of history and by number of sessions: few comparisons, many histories."""
    out: dict[str, Counts] = {}
    groups: defaultdict[tuple[str, Goal], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.goal is not None:
            kind, _, n_sessions = figure.name.rpartition(", ")
            groups[kind or figure.name, figure.goal].append(figure)
            if re.fullmatch(r"\d+ sessions", n_sessions):
                groups[n_sessions, figure.goal].append(figure)
    for (name, goal), members in groups.items():
        hits = sum(round(one.value * one.n) for one in members)
        out[f"{name} {goal}"] = (hits, sum(one.n for one in members), goal)
    return out


def surely_beyond(counts: Mapping[str, Counts]) -> list[str]:
    """Return the names whose interval is outside of the goal; all intervals hold together in 95 % of runs (Sidak)."""
    level = FAMILY_LEVEL ** (1 / len(counts))
    out: list[str] = []
    for name, (hits, n, goal) in counts.items():
        interval = binomtest(hits, n).proportion_ci(level, method="wilson")
        if interval.low > goal.high or interval.high < goal.low:
            out.append(name)
    return out


@pytest.mark.parametrize("identity", SEEDS)
def test_statistics_over_sessions_hold_their_level(identity: str) -> None:
    figures = measured(identity)
    assert surely_beyond(pooled(figures)) == []
    assert sum(figure.goal is not None for figure in figures) >= 9


def test_a_plain_quasibinomial_trend_would_be_found_out() -> None:
    rng = np.random.default_rng(21)
    found = [fit_wandering_trend(simulate_history(rng, AR_5["AR(.5), SD .8"], 40).answers) for _ in range(150)]
    plain = [one is not None and not one.quasibinomial_low <= 1 <= one.quasibinomial_high for one in found]
    robust = [one is not None and one.is_significant for one in found]
    others = pooled(measured("T21"))
    assert surely_beyond({**others, "plain": (sum(plain), len(plain), AR_5_TREND)}) == ["plain"]
    assert surely_beyond({**others, "robust": (sum(robust), len(robust), AR_5_TREND)}) == []


def test_a_true_level_of_twice_the_goal_is_found_out_and_the_goal_is_not() -> None:
    families = {str(k): (5, 100, AR_5_TREND) for k in range(15)}
    assert surely_beyond(families) == []
    assert surely_beyond({**families, "doubled": (52, 400, AR_5_TREND)}) == ["doubled"]


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
