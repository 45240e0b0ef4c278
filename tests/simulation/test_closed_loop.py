"""The closed loop: nothing heard is the open loop to the last bit, and what is heard acts late and on its hazard."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.closed_loop import ClosedLoop
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED
from neurofeedback.simulation.feedback_response import (
    NO_RESPONSE,
    RESPONSES,
    FeedbackResponse,
    StayModel,
    apply_learning,
)
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.simulated_meditator import FEATURE_SD, SimulatedSession, draw_session
from neurofeedback.simulation.slow_processes import LEAD_S
from neurofeedback.simulation.states import MentalState

SFREQ = 256
TIRED = replace(EYES_CLOSED, vigilance=1.0, drowsiness=0.3)
HASTENED = FeedbackResponse(eta=3.0, arousal=0.0)


def drawn(seconds: float = 130.0, seed: int = 3, **options: object) -> SimulatedSession:
    return draw_session(
        draw_person(seed),
        seconds=seconds,
        seed=seed,
        montage=load_montage("muse"),
        headset=HEADSETS["muse"],
        **{"disturbances": TIRED, **options},
    )


@pytest.fixture(scope="module")
def unguided() -> SimulatedSession:
    return drawn()


@pytest.fixture(scope="module")
def whole(unguided: SimulatedSession) -> np.ndarray:
    return np.concatenate(list(unguided.segments()), axis=1)


def read_in(loop: ClosedLoop, sizes: list[int], level: float | None = None) -> np.ndarray:
    """Take all samples; after each piece hear, like a program that is told of every frame."""
    out, at, place = [np.zeros((4, 0), np.float32)], 0, 0
    while (piece := loop.read(sizes[place % len(sizes)])).shape[1]:
        out.append(piece)
        at, place = at + piece.shape[1], place + 1
        if level is not None:
            loop.set_tone_level(at, level if at > 10 * SFREQ else 0.0)
    return np.concatenate(out, axis=1)


@pytest.mark.long
@pytest.mark.parametrize("response", [NO_RESPONSE, FeedbackResponse(eta=0.0, arousal=0.1), RESPONSES["responder"]])
@pytest.mark.parametrize("sizes", [[10**6], [37, 1, 256]])
def test_without_response_the_closed_loop_changes_nothing(
    unguided: SimulatedSession, whole: np.ndarray, response: FeedbackResponse, sizes: list[int]
) -> None:
    loop = ClosedLoop(unguided, response)
    np.testing.assert_array_equal(read_in(loop, sizes), whole)
    assert loop.truth.episodes == unguided.episodes
    assert loop.truth.seconds == unguided.seconds


def test_signal_depends_on_levels_and_not_on_read_sizes(unguided: SimulatedSession, whole: np.ndarray) -> None:
    one, other = ClosedLoop(unguided, HASTENED), ClosedLoop(unguided, HASTENED)
    gains = {sample: 0.5 + 0.5 * math.sin(sample) for sample in range(0, 130 * SFREQ, 64)}
    pieces: dict[int, list[np.ndarray]] = {16: [], 128: []}
    for loop, size in ((one, 16), (other, 128)):
        for at in range(0, 130 * SFREQ, size):
            pieces[size].append(loop.read(size))
            for sample in range(at, at + size):
                if sample in gains:
                    loop.set_tone_level(sample, gains[sample])
    first, second = (np.concatenate(made, axis=1) for made in pieces.values())
    np.testing.assert_array_equal(first, second)
    assert one.truth.episodes == other.truth.episodes != unguided.episodes
    assert not np.array_equal(first, whole)


@pytest.mark.long
def test_full_guidance_ends_wandering_sooner_and_leaves_focus_alone() -> None:
    unguided = drawn(600.0, disturbances=CLEAN)
    loop = ClosedLoop(unguided, HASTENED)
    read_in(loop, [64], level=1.0)
    before, after = unguided.episodes, loop.truth.episodes
    shorter = [(b, a) for b, a in zip(before, after, strict=False) if b.state is MentalState.WANDER and b.onset_s > 15][
        :-1
    ]
    assert shorter
    assert all(a.duration_s < b.duration_s or a.duration_s == 2.0 for b, a in shorter)
    focus = [(b.duration_s, a.duration_s) for b, a in zip(before, after, strict=False) if b.state is MentalState.FOCUS][
        :-1
    ]
    assert all(a == pytest.approx(b) for b, a in focus[:-1])
    assert loop.truth.wandering_share() < unguided.wandering_share()


@pytest.mark.long
def test_guidance_acts_after_its_delay_and_late_levels_on_arrival(unguided: SimulatedSession) -> None:
    onset_s = next(e.onset_s for e in unguided.episodes if e.state is MentalState.WANDER)
    reported = int((onset_s + 0.2) * SFREQ)
    loop, late = ClosedLoop(unguided, FeedbackResponse(eta=1e6, arousal=0.0)), ClosedLoop(unguided, HASTENED)
    loop.read(reported)
    loop.set_tone_level(reported, 1.0)
    late.read(reported + 5 * SFREQ)
    late.set_tone_level(reported, 1.0)
    wandered = next(e for e in _finished(loop) if e.state is MentalState.WANDER)
    assert wandered.duration_s == pytest.approx(2.0)  # 1.7 s later, and no stay is shorter than 2 s
    late.read(1)
    assert late.truth.episodes[:2] == unguided.episodes[:1] + late.truth.episodes[1:2]


def _finished(loop: ClosedLoop) -> tuple:
    loop.read(10**6)
    return loop.truth.episodes


def test_tone_raises_beta_in_proportion_to_its_level() -> None:
    unguided = drawn(90.0, disturbances=CLEAN)
    loop = ClosedLoop(unguided, FeedbackResponse(arousal=1.0))
    read_in(loop, [64], level=1.0)
    arousal = loop.truth.drifts.arousal
    assert arousal[int((9.0 + LEAD_S) * 20)] == 0.0
    assert arousal[int((20.0 + LEAD_S) * 20)] == pytest.approx(1.0, abs=0.01)
    audible, inaudible = (scene.mix(layers[..., :5120], np.arange(15, 35, 1 / 256)) for scene, layers in _scenes(loop))
    assert np.var(audible) > np.var(inaudible)
    assert FEATURE_SD["beta"] < 0.2


def _scenes(loop: ClosedLoop) -> list:
    (layers, *_) = loop.truth.layers()
    only_beta = np.zeros_like(layers)
    only_beta[[0, 4]] = layers[4]
    silent = replace(loop.truth, drifts=replace(loop.truth.drifts, arousal=0 * loop.truth.drifts.arousal))
    return [(loop.truth, only_beta), (silent, only_beta)]


def stays(factor: float, n: int = 3000) -> np.ndarray:
    rng = rng_for(1, RandomStream.STATES)
    lasted = []
    for _ in range(n):
        stay = StayModel(max(2.0, float(rng.gamma(1.5, 20 / 1.5))), shape=1.5, mean_s=20.0, shortest_s=2.0)
        age_s, ended_s = 0.0, None
        while ended_s is None:
            age_s += 1.0
            ended_s = stay.update(age_s, factor)
        lasted.append(ended_s)
    return np.array(lasted)


def test_stay_lasts_as_planned_or_by_its_multiplied_hazard() -> None:
    alone, hastened, held = stays(1.0), stays(1.8), stays(0.7)
    rng = rng_for(1, RandomStream.STATES)
    planned = [max(2.0, float(rng.gamma(1.5, 20 / 1.5))) for _ in alone]
    np.testing.assert_array_equal(alone, planned)
    ages = np.linspace(0, 400, 40_001)
    from scipy.special import gammaincc

    for lasted, factor in ((hastened, 1.8), (held, 0.7)):
        survival = gammaincc(1.5, ages * 1.5 / 20) ** factor
        survival[ages < 2.0] = 1.0
        assert lasted.mean() == pytest.approx(np.sum(survival) * 0.01, rel=0.05)
    assert hastened.min() == 2.0


def test_a_hazard_may_change_while_a_stay_lasts() -> None:
    stay = StayModel(30.0, shape=1.5, mean_s=20.0, shortest_s=2.0)
    assert stay.update(10.0, 2.0) is None
    ended_s = stay.update(60.0, 1.0)
    assert ended_s is not None
    assert 10.0 < ended_s < 30.0


def test_learning_is_proportional_to_the_tone_correlation() -> None:
    person, responder = Person(), RESPONSES["responder"]
    for correlation, grown in ((0.96, 1.02), (0.48, 1.01), (0.0, 1.0), (-0.48, 1.0)):
        better, response = apply_learning(person, responder, correlation)
        assert better.dwell.focus_s == pytest.approx(40.0 * grown)
        assert response.eta == pytest.approx(0.8 * grown)
    assert apply_learning(person, RESPONSES["non-responder"], 0.96) == (person, RESPONSES["non-responder"])


def test_tone_correlation_is_measured_while_the_tone_plays(unguided: SimulatedSession) -> None:
    steady, telling = (ClosedLoop(unguided, RESPONSES["non-responder"]) for _ in range(2))
    assert steady.correlation == 0.0
    for sample in range(64, 90 * SFREQ, 64):
        telling.read(64)
        telling.set_tone_level(sample, 0.2 + 0.6 * float(telling.truth.state_at(sample / SFREQ) == MentalState.WANDER))
        steady.set_tone_level(sample, 0.4)
    steady.read(90 * SFREQ)
    assert steady.correlation == 0.0
    assert telling.correlation > 0.95
