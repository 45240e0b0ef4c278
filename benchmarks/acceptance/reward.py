"""T15: how often the program rewards, and how often it changes its mind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.figures import Figure, Run, Target, at_least, at_most, figure
from benchmarks.acceptance.sittings import Sat, simulated, sit, stream_of
from benchmarks.acceptance.statistics import mean_of, share_of
from neurofeedback.settings.model import Settings
from neurofeedback.types import State


@dataclass(frozen=True, slots=True)
class Rewarded:
    """Reward rate over valid frames of practice, and changes between FOCUS and WANDER a minute of known state."""

    rate: float
    flips: float


def bounded(settings: Settings) -> Settings:
    """Return settings with the threshold kept near the baseline's quantile."""
    return settings.model_copy(update={"threshold": settings.threshold.model_copy(update={"bounded": True})})


def rewarded(seed: int) -> tuple[Rewarded, Rewarded]:
    """Sit once; judge with the threshold free and bounded."""
    case = person_case(3000 + seed, "fixed")
    data, stream = simulated(case).data, stream_of(case.family)
    return _of(sit(data, stream, Settings())), _of(sit(data, stream, bounded(Settings())))


def _of(sat: Sat) -> Rewarded:
    known = sat.states[sat.practice & sat.is_state(State.FOCUS, State.WANDER)]
    minutes = len(known) * 0.25 / 60
    return Rewarded(float(sat.reward[sat.judged].mean()), float(np.sum(known[1:] != known[:-1]) / minutes))


def reward(run: Run) -> list[Figure]:
    """Count sittings whose reward rate is near the one aimed at."""
    out: list[Figure] = []
    both = run.map(rewarded, list(run.people(80, 3)))
    for which, name in ((0, "free"), (1, "bounded")):
        of = [one[which] for one in both]
        near = share_of([0.58 <= one.rate <= 0.72 for one in of])
        free = which == 0 and not run.fast
        out += [
            figure(f"{name}: sittings with a rate of .58 to .72", near, at_least(0.90) if free else None),
            figure(f"{name}: reward rate", mean_of([one.rate for one in of]), known=".65" if which == 0 else ""),
            Figure(f"{name}: SD of the rate over people", float(np.std([one.rate for one in of], ddof=1)), n=len(of)),
            figure(
                f"{name}: flips a minute",
                mean_of([one.flips for one in of]),
                at_most(5) if which == 0 else None,
                known="3.3-4.2",
            ),
        ]
    return out


TARGETS = (
    Target("T15", "reward control over 20 min", reward, population="fixed effects, dirty, Muse, default profile"),
)
