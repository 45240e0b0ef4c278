"""The respondent: true answers as often as stated, surer with time, sleepy when tired, and the same by seed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.conditions import CLEAN
from neurofeedback.simulation.devices import DEVICES
from neurofeedback.simulation.meditator import SimulatedSitting, sitting
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.respondent import (
    EXPECTANT,
    USUAL,
    Answer,
    Habits,
    Moment,
    Place,
    answer,
    answers,
    moment_at,
    presses,
)
from neurofeedback.simulation.states import Mind

N = 1500


def truth_of(seed: int = 1, seconds: float = 1200.0, **conditions: float) -> SimulatedSitting:
    return sitting(
        Person(),
        seconds=seconds,
        seed=seed,
        montage=load_montage("muse"),
        device=DEVICES["muse"],
        conditions=replace(CLEAN, **conditions),
    )


def many(moment: Moment, habits: Habits = USUAL) -> list[Answer]:
    return [answer(moment, probe, 7, habits) for probe in range(N)]


@pytest.mark.parametrize(("mind", "true"), [(Mind.FOCUS, Place.BREATH), (Mind.WANDER, Place.ELSEWHERE)])
def test_an_answer_is_true_with_its_chance(mind: Mind, true: Place) -> None:
    places = [one.place for one in many(Moment(mind, 60.0))]
    assert places.count(true) / N == pytest.approx(0.88, abs=0.03)
    assert places.count(Place.UNSURE) == 0


def test_not_sure_is_for_changes_of_mind_and_sleep() -> None:
    just, later, drowsy = (
        [one.place for one in many(moment)]
        for moment in (Moment(Mind.FOCUS, 0.0), Moment(Mind.FOCUS, 4.0), Moment(Mind.DROWSY, 60.0))
    )
    assert just.count(Place.UNSURE) / N == pytest.approx(0.5, abs=0.04)
    assert later.count(Place.UNSURE) / N == pytest.approx(0.5 * math.exp(-2), abs=0.03)
    assert drowsy.count(Place.UNSURE) / N == pytest.approx(0.5, abs=0.04)
    assert drowsy.count(Place.BREATH) == 0


def test_sureness_rises_after_a_change_and_stays_on_its_scale() -> None:
    means = [np.mean([one.sureness for one in many(Moment(Mind.WANDER, since_s))]) for since_s in (0.0, 6.0, 40.0)]
    assert means[0] + 0.5 < means[1] < means[2] - 0.5
    assert {one.sureness for one in many(Moment(Mind.WANDER, 6.0))} == {1, 2, 3, 4}


def test_sleepiness_follows_tiredness_and_sleep() -> None:
    awake, tired, drowsy = (
        np.mean([one.sleepiness for one in many(moment)])
        for moment in (Moment(Mind.FOCUS, 9.0, -1.0), Moment(Mind.FOCUS, 9.0, 1.0), Moment(Mind.DROWSY, 9.0, 1.0))
    )
    assert awake + 1 < tired < drowsy - 1
    assert all(1 <= one.sleepiness <= 5 for one in many(Moment(Mind.DROWSY, 9.0, 2.0)))


def test_delays_are_lognormal_around_their_median() -> None:
    delays = np.log([one.delays_s for one in many(Moment(Mind.FOCUS, 9.0))])
    assert np.exp(np.median(delays)) == pytest.approx(1.2, rel=0.05)
    assert delays.std() == pytest.approx(0.4, rel=0.05)


def test_who_expects_a_benefit_tells_less_wandering() -> None:
    plain, expectant = (
        [one.place for one in many(Moment(Mind.WANDER, 60.0), habits)].count(Place.ELSEWHERE)
        for habits in (USUAL, EXPECTANT)
    )
    assert (plain - expectant) / plain == pytest.approx(0.05, abs=0.02)


def test_a_moment_is_the_one_just_before_the_chime() -> None:
    truth = truth_of(vigilance=1.0)
    second = truth.episodes[1]
    assert moment_at(truth, second.onset_s).mind is truth.episodes[0].mind
    after = moment_at(truth, second.onset_s + 1.5)
    assert (after.mind, after.since_s) == (second.mind, pytest.approx(1.5))
    assert moment_at(truth, 0.0).since_s == 0.0
    assert moment_at(truth, 30.0).tired < -0.3
    assert moment_at(truth, 1190.0).tired > 0.3


def test_an_answer_depends_on_seed_and_number_of_its_probe_alone() -> None:
    truth = truth_of()
    first, second, third = answers(truth, (60.0, 120.0, 180.0))
    assert answers(truth, (60.0, 500.0, 180.0))[::2] == (first, third)
    assert len({one.delays_s for one in (first, second, third)}) == 3
    assert answer(moment_at(truth, 120.0), 1, truth.seed) == second
    assert second.keys == (second.place, second.sureness, second.sleepiness)
    assert answers(truth_of(seed=2), (60.0,))[0].delays_s != first.delays_s


def test_presses_come_in_wandering_at_their_hazard_and_once_an_episode() -> None:
    wandered, expected, found = 0, 0.0, 0
    for seed in range(60):
        truth = truth_of(seed)
        times = presses(truth)
        assert list(times) == sorted(times)
        assert (truth.mind_at(times) == Mind.WANDER).all()
        episodes = [episode for episode in truth.episodes if episode.mind is Mind.WANDER]
        assert all(sum(e.onset_s <= t < e.onset_s + e.duration_s for t in times) <= 1 for e in episodes)
        wandered += len(episodes)
        expected += sum(1.0 - math.exp(-episode.duration_s / 25.0) for episode in episodes)
        found += len(times)
    assert found / wandered == pytest.approx(expected / wandered, abs=0.04)


def test_who_never_notices_never_presses() -> None:
    assert presses(truth_of(), Habits(notice_every_s=math.inf)) == ()
