"""Many people at the level of the index: the same law as one person's signal, learning where the tone tells true."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.acceptance.crowd import ORACLE, ToneSource, TrialDesign, TrialResults, run_trials
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.closed_loop import _OnlineStates
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.feedback_response import IDEAL_CORRELATION, RESPONSES, FeedbackResponse
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import NormalDistribution, Person
from neurofeedback.simulation.simulated_meditator import draw_session
from neurofeedback.simulation.states import MentalState

SHORT = TrialDesign(n_people=10, n_responders=6, n_sessions=4, seconds=600.0)


@pytest.fixture(scope="module")
def oracle() -> TrialResults:
    return run_trials(ORACLE, 12, 1, SHORT)


def test_trials_are_those_of_their_seed(oracle: TrialResults) -> None:
    again, other = run_trials(ORACLE, 12, 1, SHORT), run_trials(ORACLE, 12, 2, SHORT)
    np.testing.assert_array_equal(oracle.wandering, again.wandering)
    assert not np.array_equal(oracle.wandering, other.wandering)
    assert oracle.wandering.shape == oracle.correlation.shape == (12, 2, 10, 4)


def test_non_responders_wander_by_their_dwell_times(oracle: TrialResults) -> None:
    assert oracle.wandering[:, :, 6:].mean() == pytest.approx(1 / 3, abs=0.015)


def test_oracle_tone_affects_only_responders(oracle: TrialResults) -> None:
    responders, others = oracle.wandering[:, 0, :6], oracle.wandering[:, 0, 6:]
    assert responders[..., 0].mean() < others[..., 0].mean() - 0.05
    assert oracle.correlation[:, 0].mean() == pytest.approx(IDEAL_CORRELATION, abs=0.02)
    assert abs(oracle.correlation[:, 1].mean()) < 0.06  # yoked: another person's tone


def test_change_is_the_slope_from_first_to_last() -> None:
    wandering = np.linspace(0.4, 0.1, 4) * np.ones((1, 2, 10, 4))
    np.testing.assert_allclose(TrialResults(SHORT, wandering, wandering).change(), -0.3)


def test_learning_adds_up_over_sessions() -> None:
    quick = TrialDesign(
        n_people=20, n_responders=20, n_sessions=6, seconds=600.0, responder=FeedbackResponse(eta=0.8, learning=0.2)
    )
    trials = run_trials(ORACLE, 6, 3, quick)
    assert trials.change()[:, 0].mean() < -0.06
    assert abs(trials.change()[:, 1].mean()) < 0.05


def test_weak_index_gives_a_low_tone_correlation() -> None:
    weak, strong, wrong = (
        run_trials(ToneSource(NormalDistribution(mean, 0.0), 1.0), 6, 4, SHORT).correlation[:, 0].mean()
        for mean in (0.1, 3.0, -1.0)
    )
    assert abs(weak) < 0.12
    assert strong > 0.5
    assert wrong < -0.15


def test_confidence_keeps_the_tone_near_its_neutral_level() -> None:
    sure, unsure = (
        run_trials(ToneSource(NormalDistribution(3.0, 0.0), confidence), 6, 5, SHORT).wandering[:, 0, :6].mean()
        for confidence in (1.0, 0.1)
    )
    assert sure < unsure


def test_crowd_matches_the_closed_loop_of_one_person() -> None:
    level = RESPONSES["responder"].eta
    lasted = []
    for seed in range(8):
        truth = draw_session(
            Person(), seconds=600, seed=seed, montage=load_montage("muse"), headset=HEADSETS["muse"], disturbances=CLEAN
        )
        states = _OnlineStates(truth, FeedbackResponse(eta=level, arousal=0.0), truth.drifts.wander.size)
        states.set_tone_level(0.0, 1.0)
        states.advance(600.0)
        lasted += [e.duration_s for e in states.episodes[1:-1] if e.state is MentalState.WANDER]
    always = TrialDesign(
        n_people=40, n_responders=40, n_sessions=1, seconds=600.0, responder=FeedbackResponse(eta=level)
    )
    trials = run_trials(ToneSource(NormalDistribution(1e6, 0.0), 1.0), 5, 6, always)
    single = np.mean(lasted) / (np.mean(lasted) + 40.0)
    assert trials.wandering[:, 0].mean() == pytest.approx(single, abs=0.04)
