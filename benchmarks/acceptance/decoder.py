"""T8a, T8 and T9: the personal decoder on simulated people at feature level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from benchmarks.acceptance.answers import (
    SETTINGS,
    answered,
    half_and_half,
    history,
    learn,
    make_test_sessions,
    person,
)
from benchmarks.acceptance.answers import oracle as oracle_of
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, between, figure
from benchmarks.acceptance.statistics import Estimate, mean_of, share_of
from neurofeedback.learning.evaluation import evaluate
from neurofeedback.learning.metrics import MetricInterval, expected_calibration_error
from neurofeedback.learning.training_set import TrainingSet
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.load import load_evidence

NOVICE, POOLED, DEFAULT, FIRST_DEFAULT = "breath-novice", "probe-pooled", "default", "default of 0.1.0"
_NS = (20, 40, 80, 160)
_EACH = 20
_SHARES = {20: (0.50, ".61"), 40: (0.65, ".73"), 80: (0.75, ".83"), 160: (0.85, ".90")}


@lru_cache
def evidence(name: str) -> Evidence:
    """Load an evidence profile; the default of 0.1.0 is an equal mixture of three, one with other numbers then."""
    if name != FIRST_DEFAULT:
        return load_evidence(name)
    pooled = load_evidence(POOLED)
    then = {"theta_frontal": (-0.12, 0.25), "alpha_posterior": (0.12, 0.35), "beta_all": (-0.02, 0.40)}
    features = tuple(
        one.model_copy(update=dict(zip(("mu", "between_sd"), then[one.feature], strict=True)))
        for one in pooled.features
    )
    members = (load_evidence(NOVICE), pooled.model_copy(update={"features": features}), load_evidence("open"))
    return Evidence(name="default-of-0-1-0", members=members)


def _first(training: TrainingSet, n: int) -> TrainingSet:
    """Return the first ``n`` answers."""
    return training.subset(np.arange(len(training.wander)) < n)


def learning_curve(seed: int, ns: tuple[int, ...], *, population: str = "", profile: str = DEFAULT) -> dict[str, float]:
    """Return the AUC on new sessions of the oracle and after ``n`` answers; ``side n`` > 0 is the right direction."""
    who = person(seed, population) if population else half_and_half(seed)
    training, past = history(who, -(-max(ns) // _EACH), _EACH)
    test = make_test_sessions(who, past)
    scores = {"oracle": test.auc(oracle_of(who))}
    for n in (0, 10, *ns):
        weights = learn(_first(training, n), evidence(profile)).weights
        scores |= {str(n): test.auc(weights), f"side {n}": float(weights @ who.effects)}
    return scores


def share_of_oracle(got: Sequence[dict[str, float]], name: str) -> Estimate:
    """Share of the oracle's AUC above one half: a ratio of means, its interval from a bootstrap over people."""
    gain = np.array([[one[name] - 0.5, one["oracle"] - 0.5] for one in got])
    drawn = np.random.default_rng(0).integers(len(gain), size=(2000, len(gain)))
    sums = gain[drawn].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975))
    return Estimate(float(gain[:, 0].sum() / gain[:, 1].sum()), float(low), float(high), len(gain))


def mixture(run: Run) -> list[Figure]:
    """Half of the people from each population with the default mixture; then those with the wrong prior."""
    got = run.map(partial(learning_curve, ns=_NS), list(run.people(300, 40)))
    figures = [figure("oracle, AUC", mean_of([one["oracle"] for one in got]), known=".695")]
    for n in (0, 10, *_NS):
        goal, known = _SHARES.get(n, (None, ""))
        goal_here = None if goal is None or run.fast else at_least(goal)
        figures += [
            figure(f"N={n}: AUC", mean_of([one[str(n)] for one in got])),
            figure(f"N={n}: share of the oracle's AUC above .5", share_of_oracle(got, str(n)), goal_here, known=known),
        ]
    figures += _both_populations(run, got)
    against = [one["side 40"] > 0 for one in got if one["side 0"] < 0 and one["oracle"] > 0.55]
    goal = None if run.fast else at_least(0.8)
    figures.append(figure("drawn against the prior: right side up by N=40", share_of(against), goal, known=".86"))
    return figures


def _both_populations(run: Run, got: Sequence[dict[str, float]]) -> list[Figure]:
    """Return the curve of each population, and what the default gains there over that of 0.1.0; negative: a cost."""
    seeds = list(run.people(300, 40))
    first = run.map(partial(learning_curve, ns=_NS, profile=FIRST_DEFAULT), seeds)
    out: list[Figure] = []
    for population, odd in ((NOVICE, 1), (POOLED, 0)):
        mine = [(now, then) for seed, now, then in zip(seeds, got, first, strict=True) if seed % 2 == odd]
        for n in (0, *_NS):
            change = mean_of([now[str(n)] - then[str(n)] for now, then in mine])
            out += [
                figure(f"{population} people, N={n}: AUC", mean_of([now[str(n)] for now, _ in mine])),
                figure(f"{population} people, N={n}: minus the default of 0.1.0 (paired)", change),
            ]
    return out


def matching(run: Run) -> list[Figure]:
    """People from the population that the prior describes; then the other population with its own, without goals."""
    ns = (40, 80, 160)
    got = run.map(partial(learning_curve, ns=ns, population=NOVICE, profile=NOVICE), list(run.people(300, 40)))
    figures = [
        figure("oracle, AUC", mean_of([one["oracle"] for one in got]), known=".72"),
        figure("v1, AUC", mean_of([one["0"] for one in got]), known=".633"),
    ]
    goals = {10: (None, ""), 40: (None, ".668"), 80: (0.675, ".686"), 160: (0.685, ".692")}
    for n, (goal, known) in goals.items():
        aucs = [one[str(n)] for one in got]
        goal_here = None if goal is None or run.fast else at_least(goal)
        figures.append(figure(f"N={n}: AUC", mean_of(aucs), goal_here, known=known))
    gain = {n: mean_of([one[str(n)] - one["0"] for one in got]) for n in (10, 40)}
    figures.append(figure("N=10: AUC above v1", gain[10], None if run.fast else at_least(-0.01), known="+.02"))
    figures.append(figure("N=40: AUC above v1", gain[40], known="+.035 of .087 to the oracle"))
    way = _way_to_oracle(got, "40")
    figures.append(figure("N=40: share of the way from v1 to the oracle", way, None if run.fast else at_least(0.23)))
    pooled = run.map(partial(learning_curve, ns=ns, population=POOLED, profile=POOLED), list(run.people(300, 40)))
    names = {"oracle": "oracle, AUC", "0": "v1, AUC"} | {str(n): f"N={n}: AUC" for n in (10, *ns)}
    return figures + [
        figure(f"{POOLED} people and prior: {text}", mean_of([one[name] for one in pooled]))
        for name, text in names.items()
    ]


def _way_to_oracle(got: Sequence[dict[str, float]], name: str) -> Estimate:
    """Share of what the oracle has over the untaught index: a ratio of means, as ``share_of_oracle``."""
    above = [{name: one[name] - one["0"] + 0.5, "oracle": one["oracle"] - one["0"] + 0.5} for one in got]
    return share_of_oracle(above, name)


def calibrated(seed: int, *, null: bool = False) -> dict[str, float]:
    """Return the evaluation of a decoder after 128 answers, and its results in new sessions."""
    who = replace(half_and_half(seed), effects=np.zeros(3)) if null else half_and_half(seed)
    training, past = history(who, 8, 16)
    scores = evaluate(training, lambda part, day, _device: learn(part, evidence(DEFAULT), day), SETTINGS)
    decoder = learn(training, evidence(DEFAULT))
    test = make_test_sessions(who, past, 12)
    answers = answered(test.wander, np.random.default_rng((seed, 4)))
    p = scores.calibration.probability(decoder.logit(test.x))
    base = float(training.wander.mean())
    skill = 1 - float(np.mean((p - answers) ** 2) / np.mean((base - answers) ** 2))
    truth = test.auc(decoder.weights, answers)
    return {
        "skill": skill,
        "ece": expected_calibration_error(p, answers),
        "truth": truth,
        "prequential": scores.prequential.value if scores.prequential else np.nan,
        "left_out": scores.leave_one_session_out.value if scores.leave_one_session_out else np.nan,
        "in prequential": _inside(scores.prequential, truth),
        "in left_out": _inside(scores.leave_one_session_out, truth),
        "active": float(scores.active),
    }


def _inside(interval: MetricInterval | None, truth: float) -> float:
    return np.nan if interval is None else float(interval.low <= truth <= interval.high)


def calibration(run: Run) -> list[Figure]:
    """After 128 answers, half and half; coverage under the null too, of more people: its estimate lies near the bar."""
    seeds = list(run.people(300, 40))
    got, null = run.map(calibrated, seeds), run.map(partial(calibrated, null=True), list(run.people(1000, 40)))
    judged = not run.fast
    figures = [
        figure(
            "Brier skill on new sessions",
            mean_of([one["skill"] for one in got]),
            at_least(0.0) if judged else None,
            known="+.025",
        ),
        figure(
            "calibration error on 756 new answers",
            mean_of([one["ece"] for one in got]),
            at_most(0.10) if judged else None,
            known=".072",
        ),
    ]
    for population, odd in ((NOVICE, 1), (POOLED, 0)):
        mine = [one for seed, one in zip(seeds, got, strict=True) if seed % 2 == odd]
        hits = [bool(one["in prequential"]) for one in mine if np.isfinite(one["in prequential"])]
        figures += [
            figure(f"{population} people: Brier skill on new sessions", mean_of([one["skill"] for one in mine])),
            figure(f"{population} people: calibration error", mean_of([one["ece"] for one in mine])),
            figure(f"{population} people, session by session: interval covers", share_of(hits)),
        ]
    for name, people in (("half and half", got), ("null", null)):
        for way, text in (("prequential", "session by session"), ("left_out", "session left out")):
            hits = [bool(one[f"in {way}"]) for one in people if np.isfinite(one[f"in {way}"])]
            goal = between(0.90, 0.98) if judged else None
            figures += [
                figure(f"{name}, {text}: interval covers", share_of(hits), goal, known=".94-.97"),
                figure(f"{name}, {text}: AUC reported", mean_of([one[way] for one in people])),
            ]
        figures += [
            figure(f"{name}: AUC for new answers", mean_of([one["truth"] for one in people])),
            figure(f"{name}: badge given", share_of([one["active"] > 0 for one in people])),
        ]
    return figures


_LEVEL = "feature level, three features, 12 % wrong answers, drift, new sessions"
TARGETS = (
    Target(
        "T8a",
        "decoder with the mixture prior: share of the oracle's AUC",
        mixture,
        population=f"half breath-novice, half probe-pooled; {_LEVEL}",
    ),
    Target(
        "T8",
        "decoder with the matching prior",
        matching,
        population=f"breath-novice, and probe-pooled where said; {_LEVEL}",
    ),
    Target(
        "T9",
        "calibration of the decoder",
        calibration,
        population=f"half and half, 8 sessions of 16 answers; {_LEVEL}",
    ),
)
