"""True states: one after the other, as long as a person's dwell times say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.population import DWELL_TIMES
from neurofeedback.simulation.states import MentalState, StateSequence, draw_episodes, state_at

LONG_S = 60_000.0


def episodes(dwell="average", seconds=LONG_S, **options):
    return draw_episodes(seconds, StateSequence(DWELL_TIMES[dwell], rng_for(1, RandomStream.STATES), **options))


def stays(drawn, state):
    return [episode.duration_s for episode in drawn[:-1] if episode.state is state]


def test_episodes_cover_the_session_and_alternate():
    drawn = episodes()
    assert drawn[0].state is MentalState.FOCUS
    assert sum(episode.duration_s for episode in drawn) == pytest.approx(LONG_S)
    for one, other in pairwise(drawn):
        assert other.onset_s == pytest.approx(one.onset_s + one.duration_s)
        assert {one.state, other.state} == {MentalState.FOCUS, MentalState.WANDER}


@pytest.mark.parametrize("dwell", sorted(DWELL_TIMES))
def test_stays_have_the_persons_mean(dwell):
    drawn = episodes(dwell)
    assert np.mean(stays(drawn, MentalState.FOCUS)) == pytest.approx(DWELL_TIMES[dwell].focus_s, rel=0.1)
    assert np.mean(stays(drawn, MentalState.WANDER)) == pytest.approx(DWELL_TIMES[dwell].wander_s, rel=0.1)
    assert min(episode.duration_s for episode in drawn[:-1]) >= 2.0


def test_stays_are_gamma_distributed():
    drawn = episodes()
    for mind, shape in ((MentalState.FOCUS, 2.0), (MentalState.WANDER, 1.5)):
        times = stays(drawn, mind)
        assert np.std(times) / np.mean(times) == pytest.approx(shape**-0.5, rel=0.12)


def test_drowsiness_is_off_by_default_and_increases_over_time():
    assert not stays(episodes(), MentalState.DROWSY)
    drawn = [episode for seed in range(40) for episode in _sleepy(seed)]
    drowsy = [episode for episode in drawn if episode.state is MentalState.DROWSY]
    early, late = (sum(low <= episode.onset_s < low + 600 for episode in drowsy) for low in (0, 600))
    assert 0 < early < late
    assert np.mean([e.duration_s for e in drowsy if e.onset_s < 1000]) == pytest.approx(60, rel=0.3)


def _sleepy(seed):
    return draw_episodes(
        1200, StateSequence(DWELL_TIMES["average"], rng_for(seed, RandomStream.STATES), drowsiness=0.3)
    )


def test_after_drowsiness_the_other_waking_state_follows():
    drawn = episodes(seconds=5000, drowsiness=1.0)
    for before, sleep, after in zip(drawn, drawn[1:], drawn[2:], strict=False):
        if sleep.state is MentalState.DROWSY:
            assert {before.state, after.state} == {MentalState.FOCUS, MentalState.WANDER}


def test_low_alertness_shortens_focus():
    assert np.mean(stays(episodes(alertness=lambda _: 0.5), MentalState.FOCUS)) == pytest.approx(20, rel=0.1)


def test_the_state_at_any_time_is_the_episodes():
    drawn = episodes(seconds=600)
    middles = [episode.onset_s + episode.duration_s / 2 for episode in drawn]
    assert state_at(drawn, middles).tolist() == [int(episode.state) for episode in drawn]
    assert state_at(drawn, [-1.0, 1e6]).tolist() == [int(drawn[0].state), int(drawn[-1].state)]
