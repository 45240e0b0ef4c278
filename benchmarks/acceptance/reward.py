"""T15: reward rate, and how often the state changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.judged_sessions import JudgedSession, Variant, simulate_and_count
from benchmarks.acceptance.statistics import mean_of, share_of
from neurofeedback.settings.model import Settings
from neurofeedback.types import State


@dataclass(frozen=True, slots=True)
class Rewarded:
    """Reward rate over valid frames of practice, and changes between FOCUS and WANDER a minute of known state."""

    rate: float
    flips: float


def bounded(settings: Settings) -> Settings:
    """Return settings with a bounded threshold."""
    return settings.model_copy(update={"threshold": settings.threshold.model_copy(update={"bounded": True})})


def _variants(seed: int) -> dict[str, Variant]:
    case = person_case(3000 + seed, "fixed")
    return {"free": Variant(case), "bounded": Variant(case, bounded(Settings()))}


def _count(judged: Mapping[str, JudgedSession]) -> dict[str, Rewarded]:
    return {name: _rewarded(one) for name, one in judged.items()}


def _rewarded(judged: JudgedSession) -> Rewarded:
    known = judged.states[judged.practice & judged.is_state(State.FOCUS, State.WANDER)]
    minutes = len(known) * 0.25 / 60
    return Rewarded(float(judged.reward[judged.judged].mean()), float(np.sum(known[1:] != known[:-1]) / minutes))


def reward(run: Run) -> list[Figure]:
    """Count sessions whose reward rate is near its target."""
    out: list[Figure] = []
    counts = simulate_and_count(run, run.people(80, 3), _variants, _count)
    for name in ("free", "bounded"):
        of = [one[name] for one in counts]
        near = share_of([0.58 <= one.rate <= 0.72 for one in of])
        free = name == "free" and not run.fast
        out += [
            figure(f"{name}: sittings with a rate of .58 to .72", near, at_least(0.90) if free else None),
            figure(f"{name}: reward rate", mean_of([one.rate for one in of]), known=".65" if name == "free" else ""),
            Figure(f"{name}: SD of the rate over people", float(np.std([one.rate for one in of], ddof=1)), n=len(of)),
            figure(
                f"{name}: flips a minute",
                mean_of([one.flips for one in of]),
                at_most(5) if name == "free" else None,
                known="3.3-4.2",
            ),
        ]
    return out


TARGETS = (
    Target("T15", "reward control over 20 min", reward, population="fixed effects, dirty, Muse, default profile"),
)
