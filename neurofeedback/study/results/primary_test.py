"""The primary test of a study from its sessions: one contrast for each person, compared between groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from neurofeedback.study.protocol import Protocol
from neurofeedback.study.results.power import compare_groups
from neurofeedback.study.session_table import StudySession, exclusions_of

_MIN_PEOPLE = 2


@dataclass(frozen=True, slots=True)
class PrimaryResult:
    """Number of people in both groups, difference of their mean contrasts (logits), and the two-sided p."""

    n_real: int
    n_other: int
    difference: float
    p: float


def person_contrasts(protocol: Protocol, sessions: Iterable[StudySession]) -> dict[str, float]:
    """Return each person's contrast of the share of wandering, logits; excluded sessions are left out.

    In a parallel study the slope over the visits, as the change from the first visit of the protocol to the last; in a
    crossover the mean of period 2 minus that of period 1. People without two visits (or periods) are left out.
    """
    visits = [visit for visit in protocol.visits if visit.feedback]
    places = {visit.name: place for visit, place in zip(visits, np.linspace(0, 1, len(visits)).tolist(), strict=True)}
    points: dict[str, dict[str, float]] = {}
    for one in sessions:
        wander, focus = one.numbers["n_wander"], one.numbers["n_focus"]
        if one.visit in places and wander is not None and focus is not None and not exclusions_of(one, protocol):
            points.setdefault(one.participant, {})[one.visit] = math.log((wander + 0.5) / (focus + 0.5))
    periods = {visit.name: visit.period for visit in visits}
    found: dict[str, float] = {}
    for person, logits in points.items():
        if protocol.design == "crossover":
            groups = [[value for name, value in logits.items() if periods[name] == period] for period in (1, 2)]
            if all(groups):
                found[person] = float(np.mean(groups[1]) - np.mean(groups[0]))
        elif len(logits) > 1:
            found[person] = float(np.polyfit([places[name] for name in logits], list(logits.values()), 1)[0])
    return found


def primary_test(
    protocol: Protocol, sessions: Iterable[StudySession], arms: Mapping[str, str], seed: int = 1
) -> PrimaryResult | None:
    """Return the primary test; None with fewer than two people in a group. ``seed`` draws permutations."""
    real = {arm.name for arm in protocol.arms if arm.feedback[0] == "real"}
    contrasts = person_contrasts(protocol, sessions)
    a = np.array([value for person, value in contrasts.items() if arms.get(person) in real])
    b = np.array([value for person, value in contrasts.items() if person in arms and arms[person] not in real])
    if min(len(a), len(b)) < _MIN_PEOPLE:
        return None
    p = compare_groups(a, b, protocol.outcome.test, np.random.default_rng(seed))
    return PrimaryResult(len(a), len(b), float(a.mean() - b.mean()), p)
