"""T4 to T7: the index of simulated people whose wandering is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.acceptance.figures import Figure, Goal, Run, Target, at_least, at_most, between, figure
from benchmarks.acceptance.judged_sessions import (
    Case,
    JudgedSession,
    Variant,
    frame_auc,
    simulate_and_count,
    with_evidence,
)
from benchmarks.acceptance.spectrum import FAMILIES
from benchmarks.acceptance.statistics import Estimate, mean_of
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, Disturbances
from neurofeedback.simulation.population import FIXED_EFFECT, FeatureEffects, draw_person

DIRTY = EYES_CLOSED
NOVICE, POOLED, DEFAULT = "breath-novice", "probe-pooled", "default"
FIRST_DEFAULT = str(Path(__file__).with_name("first-default.toml"))
_CHANGE = "default profile minus that of 0.1.0 (paired)"


@dataclass(frozen=True, slots=True)
class Scored:
    """One person: AUC and mean index by evidence profile."""

    auc: dict[str, float]
    mean_u: dict[str, float]


def person_case(
    seed: int,
    population: str,
    *,
    scale: float = 1.0,
    conditions: Disturbances = DIRTY,
    family: str = "muse",
    effects: FeatureEffects | None = None,
) -> Case:
    """Draw a person from a population; ``effects`` overrides what wandering does to the person."""
    person = draw_person(seed, population, effect_scale=scale)
    if effects is not None:
        person = replace(person, effects=effects)
    return Case(seed, person, conditions, family)


def _by_evidence(case: Case, evidence: Sequence[str]) -> dict[str, Variant]:
    return {name: Variant(case, with_evidence(name)) for name in evidence}


def _score(judged: Mapping[str, JudgedSession]) -> Scored:
    return Scored(
        auc={name: frame_auc(one) for name, one in judged.items()},
        mean_u={
            name: float(np.mean(one.u[one.judged])) if one.judged.any() else np.nan for name, one in judged.items()
        },
    )


def _scores(run: Run, cases: Sequence[Case], *evidence: str) -> list[Scored]:
    return simulate_and_count(run, cases, partial(_by_evidence, evidence=evidence), _score)


def _auc(scored: Sequence[Scored], evidence: str) -> list[float]:
    return [one.auc[evidence] for one in scored]


def _change(scored: Sequence[Scored]) -> Estimate:
    """Return what the default profile gains over that of 0.1.0 in the same people; negative where it costs."""
    return mean_of(np.subtract(_auc(scored, DEFAULT), _auc(scored, FIRST_DEFAULT)))


def null(run: Run) -> list[Figure]:
    """No effect, artifacts and drift: the mean AUC must be at chance, on every headset family."""
    out: list[Figure] = []
    for family in FAMILIES:
        cases = [person_case(seed, "null", family=family) for seed in run.people(40, 3)]
        scored = _scores(run, cases, DEFAULT)
        aucs = _auc(scored, DEFAULT)
        goal = None if run.fast else between(0.48, 0.52)
        known = ".503, SD over people .065" if family == "muse" else ""
        out += [
            figure(f"{family}: mean AUC", mean_of(aucs), goal, known=known),
            Figure(f"{family}: SD over people", float(np.nanstd(aucs, ddof=1)), n=len(aucs)),
            figure(f"{family}: mean index", mean_of([one.mean_u[DEFAULT] for one in scored]), unit="u"),
        ]
    return out


def _fixed(run: Run, *, scale: float, goals: dict[str, Goal], known: dict[str, str]) -> list[Figure]:
    out: list[Figure] = []
    for name, conditions in (("clean", CLEAN), ("dirty", DIRTY)):
        people = run.people(40, 3)
        cases = [person_case(seed, "fixed", scale=scale, conditions=conditions) for seed in people]
        scored = _scores(run, cases, NOVICE, DEFAULT, FIRST_DEFAULT)
        goal = None if run.fast else goals[name]
        out += [
            figure(f"{name}, {NOVICE} profile", mean_of(_auc(scored, NOVICE)), goal, known=known[name]),
            figure(f"{name}, {DEFAULT} profile", mean_of(_auc(scored, DEFAULT))),
            figure(f"{name}, {_CHANGE}", _change(scored)),
        ]
    return out


def fixed(run: Run) -> list[Figure]:
    """Theta +.35, alpha 0, beta -.35 in everybody; then effects drawn for each person, without goal."""
    out = _fixed(
        run,
        scale=1.0,
        goals={"clean": at_least(0.60), "dirty": at_least(0.56)},
        known={"clean": ".625-.64", "dirty": ".585-.60"},
    )
    drawn: dict[str, list[Scored]] = {}
    for population, own in ((NOVICE, NOVICE), (POOLED, POOLED)):
        cases = [person_case(1000 + seed, population) for seed in run.people(40, 3)]
        drawn[population] = _scores(run, cases, own, DEFAULT, FIRST_DEFAULT)
        out += [
            figure(
                f"drawn from {population}, dirty, {profile} profile",
                mean_of(_auc(drawn[population], profile)),
                known=known,
            )
            for profile, known in ((own, ".57-.60" if own == NOVICE else ".52"), (DEFAULT, ""))
        ]
        out.append(figure(f"drawn from {population}, dirty, {_CHANGE}", _change(drawn[population])))
    mixed = _auc(drawn[NOVICE], DEFAULT)[::2] + _auc(drawn[POOLED], DEFAULT)[1::2]
    return [*out, figure(f"half and half, dirty, {DEFAULT} profile", mean_of(mixed), known=".53")]


def doubled(run: Run) -> list[Figure]:
    """Measure the same with effects twice as large."""
    return _fixed(
        run,
        scale=2.0,
        goals={"clean": at_least(0.70), "dirty": at_least(0.63)},
        known={"clean": ".73", "dirty": ".66"},
    )


def alpha_sign(run: Run) -> list[Figure]:
    """Alpha up or down while wandering, the same people and noise otherwise."""
    aucs: dict[float, list[Scored]] = {}
    for d_alpha in (0.5, -0.5):
        effects = replace(FIXED_EFFECT, alpha=d_alpha)
        cases = [person_case(2000 + seed, "fixed", effects=effects) for seed in run.people(40, 3)]
        aucs[d_alpha] = _scores(run, cases, NOVICE, DEFAULT)
    out: list[Figure] = []
    for profile, goal, known in ((NOVICE, at_most(0.03), ".016"), (DEFAULT, None, ".10")):
        differences = np.subtract(_auc(aucs[0.5], profile), _auc(aucs[-0.5], profile))
        name = f"difference of AUC, {profile} profile"
        estimate = mean_of(differences)
        out.append(
            Figure(
                name,
                abs(estimate.value),
                *sorted((np.sign(estimate.value) * estimate.low, np.sign(estimate.value) * estimate.high)),
                n=estimate.n,
                goal=None if run.fast else goal,
                known=known,
            )
        )
    return out


TARGETS = (
    Target("T4", "null: no effect, artifacts and drift", null, population="null, eyes closed, 20 min"),
    Target("T5", "fixed effects: theta +.35, beta -.35", fixed, population="fixed and drawn effects, 20 min"),
    Target("T6", "the same effects, twice as large", doubled, population="fixed effects x 2, 20 min"),
    Target(
        "T7", "sign of alpha, paired seeds", alpha_sign, population="fixed effects with alpha +.5 or -.5, dirty, 20 min"
    ),
)
