"""Artifact invariance: artifacts move the displayed index no more than clean signal does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.adversarial import blink_train
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.gate import QUIET
from benchmarks.acceptance.judged_sessions import PRACTICE_S, Case, JudgedSession, Variant, headset, simulate_and_count
from benchmarks.acceptance.statistics import mean_of
from neurofeedback.simulation.artifacts import Artifact, ArtifactKind, make_artifact
from neurofeedback.simulation.disturbances import NEVER, Disturbances
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.scalp import scalp_of

SECONDS = 900.0
CALM = Disturbances(
    blink_every_s=NEVER, tonic_uv=QUIET.tonic_uv, drift_uv=QUIET.drift_uv, hum=QUIET.hum, band_drift=1.0
)
"""Everything in a session except artifacts with an onset."""


def blinks(seed: int, start_s: float) -> tuple[Artifact, ...]:
    """Return 15 blinks a minute."""
    return blink_train(seed, 4.0, start_s, SECONDS - 1)


def bursts(seed: int, start_s: float) -> tuple[Artifact, ...]:
    """Return muscle for 2 s in every 10 s, 8 to 40 uV."""
    rng, scalp = np.random.default_rng((seed, 8)), scalp_of(headset("muse")[1])
    return tuple(
        make_artifact(ArtifactKind.MUSCLE, float(at + rng.uniform(0, 3)), 2.0, float(rng.uniform(8, 40)), scalp)
        for at in np.arange(start_s, SECONDS - 6, 10.0)
    )


DISTURBANCES = {
    "blinks 15/min, practice only": (blinks, PRACTICE_S),
    "blinks 15/min, from the start": (blinks, 0.0),
    "muscle 2 s in 10 s, practice only": (bursts, PRACTICE_S),
    "muscle 2 s in 10 s, from the start": (bursts, 0.0),
}


@dataclass(frozen=True, slots=True)
class OutsideRange:
    """One session: share of valid frames outside the clean 5-95 % range, and share of frames valid."""

    outside: float
    valid: float


def calm_case(seed: int, extra: tuple[Artifact, ...] = ()) -> Case:
    """Return a session with these artifacts only, of a person without an effect of wandering."""
    return Case(seed, draw_person(seed, "null"), CALM, seconds=SECONDS, extra=extra)


def _variants(seed: int) -> dict[str, Variant]:
    disturbed = {name: Variant(calm_case(seed, make(seed, start_s))) for name, (make, start_s) in DISTURBANCES.items()}
    return {"calm": Variant(calm_case(seed)), **disturbed}


def _count(judged: Mapping[str, JudgedSession]) -> dict[str, OutsideRange]:
    calm = judged["calm"]
    low, high = np.quantile(calm.u[calm.judged], (0.05, 0.95))
    return {name: _outside(judged[name], float(low), float(high)) for name in DISTURBANCES}


def _outside(judged: JudgedSession, low: float, high: float) -> OutsideRange:
    u = judged.u[judged.judged]
    return OutsideRange(float(np.mean((u < low) | (u > high))), float(judged.valid[judged.practice].mean()))


def invariance(run: Run) -> list[Figure]:
    """Count valid frames outside the range of the same session without artifacts."""
    got = simulate_and_count(run, run.people(40, 2), _variants, _count)
    out: list[Figure] = []
    for name in DISTURBANCES:
        goal = None if run.fast else at_most(0.12)
        out.append(figure(f"{name}: valid frames outside", mean_of([one[name].outside for one in got]), goal))
        least = at_least(0.60) if name.startswith("blinks") else None
        out.append(figure(f"{name}: frames valid", mean_of([one[name].valid for one in got]), least))
    return out


TARGETS = (
    Target(
        "invariance",
        "artifact invariance: share of valid frames outside the clean 5-95 % range",
        invariance,
        population="null, Muse, 15 min; clean is the same sitting without the artifacts (10 % by definition)",
    ),
)
