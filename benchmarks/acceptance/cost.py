"""Estimated duration of a run: the cost of each target relative to one session, and the time of that session now."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.acceptance.judged_sessions import Case, judge, simulate_case, stream_of
from neurofeedback.simulation.population import draw_person

_SITTING_S = 300.0
COST: dict[str, tuple[float, int]] = {
    "T3": (1.6, 30),
    "T4": (21.0, 40),
    "T5": (23.0, 40),
    "T6": (9.7, 40),
    "T7": (11.5, 40),
    "T8a": (0.15, 300),
    "T8b": (0.1, 300),
    "T8": (0.15, 300),
    "T9": (1.0, 650),
    "T9b": (0.1, 2600),
    "T10": (0.3, 200),
    "T11": (12.0, 20),
    "T12": (16.0, 40),
    "T12b": (2.4, 54),
    "T13": (4.0, 60),
    "T14": (1.0, 40),
    "T15": (6.0, 80),
    "T16": (8.5, 20),
    "T17": (100.0, 8),
    "T18": (60.0, 2),
    "T19": (12.0, 20),
    "T21": (0.2, 1000),
    "T22": (0.15, 1000),
    "T23": (0.1, 1000),
    "T24": (0.1, 1000),
    "T25": (8.0, 60),
    "T26": (9.0, 200),
    "invariance": (12.8, 40),
    "controls": (4.0, 6),
    "real": (4.0, 2),
}
"""For each target: cost of one person, in simulated and judged sessions of 5 min, and number of people."""


def minutes(targets: Sequence[str], most_people: int, jobs: int) -> float:
    """Return the estimated duration of these targets (min), from the time of one session now."""
    begin = time.perf_counter()
    judge(simulate_case(Case(1, draw_person(1), seconds=_SITTING_S)).data, stream_of("muse"))
    sitting_s = time.perf_counter() - begin
    sittings = sum(each * min(people, most_people) for each, people in (COST.get(one, (0.0, 0)) for one in targets))
    return sittings * sitting_s / jobs / 60
