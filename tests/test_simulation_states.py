"""True states: one after the other, as long as a person's dwell times say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from neurofeedback.simulation.noise import Draw, rng_for
from neurofeedback.simulation.population import DWELLS
from neurofeedback.simulation.states import Course, Mind, draw_episodes, mind_at

LONG_S = 60_000.0


def episodes(dwell="usual", seconds=LONG_S, **options):
    return draw_episodes(seconds, Course(DWELLS[dwell], rng_for(1, Draw.STATES), **options))


def stays(drawn, mind):
    return [episode.duration_s for episode in drawn[:-1] if episode.mind is mind]


def test_episodes_cover_the_sitting_without_hole_and_take_turns():
    drawn = episodes()
    assert drawn[0].mind is Mind.FOCUS
    assert sum(episode.duration_s for episode in drawn) == pytest.approx(LONG_S)
    for one, other in pairwise(drawn):
        assert other.onset_s == pytest.approx(one.onset_s + one.duration_s)
        assert {one.mind, other.mind} == {Mind.FOCUS, Mind.WANDER}


@pytest.mark.parametrize("dwell", sorted(DWELLS))
def test_stays_have_the_persons_mean(dwell):
    drawn = episodes(dwell)
    assert np.mean(stays(drawn, Mind.FOCUS)) == pytest.approx(DWELLS[dwell].focus_s, rel=0.1)
    assert np.mean(stays(drawn, Mind.WANDER)) == pytest.approx(DWELLS[dwell].wander_s, rel=0.1)
    assert min(episode.duration_s for episode in drawn[:-1]) >= 2.0


def test_stays_are_gamma_distributed():
    drawn = episodes()
    for mind, shape in ((Mind.FOCUS, 2.0), (Mind.WANDER, 1.5)):
        times = stays(drawn, mind)
        assert np.std(times) / np.mean(times) == pytest.approx(shape**-0.5, rel=0.12)


def test_nobody_is_drowsy_unless_asked_for_and_then_more_and_more():
    assert not stays(episodes(), Mind.DROWSY)
    drawn = [episode for seed in range(40) for episode in _sleepy(seed)]
    drowsy = [episode for episode in drawn if episode.mind is Mind.DROWSY]
    early, late = (sum(low <= episode.onset_s < low + 600 for episode in drowsy) for low in (0, 600))
    assert 0 < early < late
    assert np.mean([e.duration_s for e in drowsy if e.onset_s < 1000]) == pytest.approx(60, rel=0.3)


def _sleepy(seed):
    return draw_episodes(1200, Course(DWELLS["usual"], rng_for(seed, Draw.STATES), drowsiness=0.3))


def test_after_drowsiness_the_other_waking_state_follows():
    drawn = episodes(seconds=5000, drowsiness=1.0)
    for before, sleep, after in zip(drawn, drawn[1:], drawn[2:], strict=False):
        if sleep.mind is Mind.DROWSY:
            assert {before.mind, after.mind} == {Mind.FOCUS, Mind.WANDER}


def test_the_less_alert_the_shorter_in_focus():
    assert np.mean(stays(episodes(alertness=lambda _: 0.5), Mind.FOCUS)) == pytest.approx(20, rel=0.1)


def test_the_state_at_any_time_is_the_episodes():
    drawn = episodes(seconds=600)
    middles = [episode.onset_s + episode.duration_s / 2 for episode in drawn]
    assert mind_at(drawn, middles).tolist() == [int(episode.mind) for episode in drawn]
    assert mind_at(drawn, [-1.0, 1e6]).tolist() == [int(drawn[0].mind), int(drawn[-1].mind)]
