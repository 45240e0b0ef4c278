"""The respondent: true answers as often as stated, surer with time, sleepy when tired, and the same by seed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.probe_responses import (
    DEFAULT_HABITS,
    EXPECTANT_HABITS,
    ProbeAnswer,
    ReportedAttention,
    ResponseHabits,
    StateSnapshot,
    draw_answer,
    draw_answers,
    draw_presses,
    snapshot_at,
)
from neurofeedback.simulation.simulated_meditator import SimulatedSession, draw_session
from neurofeedback.simulation.states import MentalState

N = 1500


def truth_of(seed: int = 1, seconds: float = 1200.0, **conditions: float) -> SimulatedSession:
    return draw_session(
        Person(),
        seconds=seconds,
        seed=seed,
        montage=load_montage("muse"),
        headset=HEADSETS["muse"],
        disturbances=replace(CLEAN, **conditions),
    )


def many(moment: StateSnapshot, habits: ResponseHabits = DEFAULT_HABITS) -> list[ProbeAnswer]:
    return [draw_answer(moment, probe, 7, habits) for probe in range(N)]


@pytest.mark.parametrize(
    ("mind", "true"), [(MentalState.FOCUS, ReportedAttention.BREATH), (MentalState.WANDER, ReportedAttention.ELSEWHERE)]
)
def test_an_answer_is_true_with_its_chance(mind: MentalState, true: ReportedAttention) -> None:
    places = [one.attention for one in many(StateSnapshot(mind, 60.0))]
    assert places.count(true) / N == pytest.approx(0.88, abs=0.03)
    assert places.count(ReportedAttention.UNSURE) == 0


def test_not_sure_follows_changes_of_state_and_drowsiness() -> None:
    just, later, drowsy = (
        [one.attention for one in many(moment)]
        for moment in (
            StateSnapshot(MentalState.FOCUS, 0.0),
            StateSnapshot(MentalState.FOCUS, 4.0),
            StateSnapshot(MentalState.DROWSY, 60.0),
        )
    )
    assert just.count(ReportedAttention.UNSURE) / N == pytest.approx(0.5, abs=0.04)
    assert later.count(ReportedAttention.UNSURE) / N == pytest.approx(0.5 * math.exp(-2), abs=0.03)
    assert drowsy.count(ReportedAttention.UNSURE) / N == pytest.approx(0.5, abs=0.04)
    assert drowsy.count(ReportedAttention.BREATH) == 0


@pytest.mark.long
def test_certainty_rises_after_a_change_of_state_within_its_scale() -> None:
    means = [
        np.mean([one.certainty for one in many(StateSnapshot(MentalState.WANDER, since_s))])
        for since_s in (0.0, 6.0, 40.0)
    ]
    assert means[0] + 0.5 < means[1] < means[2] - 0.5
    assert {one.certainty for one in many(StateSnapshot(MentalState.WANDER, 6.0))} == {1, 2, 3, 4}


@pytest.mark.long
def test_sleepiness_follows_fatigue_and_drowsiness() -> None:
    awake, tired, drowsy = (
        np.mean([one.sleepiness for one in many(moment)])
        for moment in (
            StateSnapshot(MentalState.FOCUS, 9.0, -1.0),
            StateSnapshot(MentalState.FOCUS, 9.0, 1.0),
            StateSnapshot(MentalState.DROWSY, 9.0, 1.0),
        )
    )
    assert awake + 1 < tired < drowsy - 1
    assert all(1 <= one.sleepiness <= 5 for one in many(StateSnapshot(MentalState.DROWSY, 9.0, 2.0)))


def test_delays_are_lognormal_around_their_median() -> None:
    delays = np.log([one.response_times_s for one in many(StateSnapshot(MentalState.FOCUS, 9.0))])
    assert np.exp(np.median(delays)) == pytest.approx(1.2, rel=0.05)
    assert delays.std() == pytest.approx(0.4, rel=0.05)


def test_expected_benefit_lowers_reported_wandering() -> None:
    plain, expectant = (
        [one.attention for one in many(StateSnapshot(MentalState.WANDER, 60.0), habits)].count(
            ReportedAttention.ELSEWHERE
        )
        for habits in (DEFAULT_HABITS, EXPECTANT_HABITS)
    )
    assert (plain - expectant) / plain == pytest.approx(0.05, abs=0.02)


def test_a_moment_is_the_one_just_before_the_chime() -> None:
    truth = truth_of(vigilance=1.0)
    second = truth.episodes[1]
    assert snapshot_at(truth, second.onset_s).state is truth.episodes[0].state
    after = snapshot_at(truth, second.onset_s + 1.5)
    assert (after.state, after.elapsed_s) == (second.state, pytest.approx(1.5))
    assert snapshot_at(truth, 0.0).elapsed_s == 0.0
    assert snapshot_at(truth, 30.0).fatigue < -0.3
    assert snapshot_at(truth, 1190.0).fatigue > 0.3


def test_an_answer_depends_on_seed_and_number_of_its_probe_alone() -> None:
    truth = truth_of()
    first, second, third = draw_answers(truth, (60.0, 120.0, 180.0))
    assert draw_answers(truth, (60.0, 500.0, 180.0))[::2] == (first, third)
    assert len({one.response_times_s for one in (first, second, third)}) == 3
    assert draw_answer(snapshot_at(truth, 120.0), 1, truth.seed) == second
    assert second.codes == (second.attention, second.certainty, second.sleepiness)
    assert draw_answers(truth_of(seed=2), (60.0,))[0].response_times_s != first.response_times_s


def test_presses_come_in_wandering_at_their_hazard_and_once_an_episode() -> None:
    wandered, expected, found = 0, 0.0, 0
    for seed in range(60):
        truth = truth_of(seed)
        times = draw_presses(truth)
        assert list(times) == sorted(times)
        assert (truth.state_at(times) == MentalState.WANDER).all()
        episodes = [episode for episode in truth.episodes if episode.state is MentalState.WANDER]
        assert all(sum(e.onset_s <= t < e.onset_s + e.duration_s for t in times) <= 1 for e in episodes)
        wandered += len(episodes)
        expected += sum(1.0 - math.exp(-episode.duration_s / 25.0) for episode in episodes)
        found += len(times)
    assert found / wandered == pytest.approx(expected / wandered, abs=0.04)


def test_infinite_notice_time_gives_no_presses() -> None:
    assert draw_presses(truth_of(), ResponseHabits(mean_notice_s=math.inf)) == ()
