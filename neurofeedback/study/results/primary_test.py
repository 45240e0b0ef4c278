"""The primary test of a study from its sessions: one contrast for each person, compared between groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from neurofeedback.study.protocol import Protocol
from neurofeedback.study.results.power import compare_groups
from neurofeedback.study.session_table import StudySession, counting_session

_MIN_PEOPLE = 2


@dataclass(frozen=True, slots=True)
class PrimaryResult:
    """Number of people in both groups, difference of their mean contrasts, and the two-sided p.

    The difference is in logits for ``wander_share``, otherwise in the units of the outcome.
    """

    n_real: int
    n_other: int
    difference: float
    p: float


def person_contrasts(protocol: Protocol, sessions: Iterable[StudySession]) -> dict[str, float]:
    """Return each person's contrast of the primary outcome; excluded sessions are left out.

    The share of wandering is compared in logits, any other outcome as it is; sessions without a value are left out.
    In a parallel study the contrast is the slope over the visits, as the change from the first visit of the protocol to
    the last; in a crossover the mean of period 2 minus that of period 1. People without two visits (or periods)
    are left out. Of several sessions of one visit the last one that no rule excludes counts. In a study with sham only
    sessions that have played what their arm says have a part.
    """
    visits = [visit for visit in protocol.visits if visit.feedback]
    places = {visit.name: place for visit, place in zip(visits, np.linspace(0, 1, len(visits)).tolist(), strict=True)}
    points: dict[str, dict[str, float]] = {}
    by_visit: dict[tuple[str, str], list[StudySession]] = {}
    for one in sessions:
        if protocol.has_sham and one.sealed_visit != one.visit:
            continue
        by_visit.setdefault((one.participant, one.visit), []).append(one)
    for (person, visit), repeated in by_visit.items():
        counted = counting_session(repeated, protocol)
        value = None if counted is None else _outcome_of(counted, protocol.outcome.measure)
        if visit in places and value is not None:
            points.setdefault(person, {})[visit] = value
    periods = {visit.name: visit.period for visit in visits}
    found: dict[str, float] = {}
    for person, values in points.items():
        if protocol.design == "crossover":
            groups = [[value for name, value in values.items() if periods[name] == period] for period in (1, 2)]
            if all(groups):
                found[person] = float(np.mean(groups[1]) - np.mean(groups[0]))
        elif len(values) > 1:
            found[person] = float(np.polyfit([places[name] for name in values], list(values.values()), 1)[0])
    return found


def _outcome_of(session: StudySession, measure: str) -> float | None:
    if measure != "wander_share":
        return session.numbers[measure]
    wander, focus = session.numbers["n_wander"], session.numbers["n_focus"]
    if wander is None or focus is None or wander + focus == 0:
        return None
    return math.log((wander + 0.5) / (focus + 0.5))


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
