"""Sham feedback: another series, but the wearer's own confidence, held frames and neutral time."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from neurofeedback.engine import EngineStart, FrameEngine
from neurofeedback.estimation.index import IndexSmoother
from neurofeedback.feedback.rules import OwnFrame
from neurofeedback.feedback.sham import ShamFeedback, ShamPlayer, ShamSource, donor_series, surrogate_series
from neurofeedback.recording.frame_log import format_row
from neurofeedback.settings import Profile
from neurofeedback.settings.estimation import IndexSettings
from neurofeedback.settings.load import load_evidence, load_montage, load_settings
from neurofeedback.types import CommandKind, Frame, State

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

import scenarios

HOP_S = 0.25
ROLLBACK_S = 0.75
WAVE = np.sin(np.arange(400) / 7)


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    plan = scenarios.SITTINGS["gaps"]
    return scenarios.holed(scenarios.simulated(plan), plan)


class AlwaysWandering:
    """A state machine with one state."""

    def update(self, u: float, threshold_u: float, *, valid: bool, usable: bool, lost: bool) -> State:
        return State.WANDER


OWN = OwnFrame(
    valid=True,
    usable=True,
    lost=False,
    gap=False,
    state=State.WANDER,
    signal=1.0,
    confidence=1.0,
    drowsy=False,
    practising=True,
    paused=False,
    late=False,
)


def frames_with(
    signal: np.ndarray, sham: ShamSource | None, plan: scenarios.Plan = scenarios.SITTINGS["gaps"]
) -> list[Frame]:
    profile = Profile(
        settings=load_settings("default"), montage=load_montage("muse"), evidence=load_evidence("default")
    )
    engine = FrameEngine(256.0, profile, EngineStart(sham=sham))
    return scenarios.run(engine, signal, plan)


def play(u: np.ndarray, valid: np.ndarray, gap: np.ndarray | None = None) -> list[float]:
    player = ShamPlayer(ShamSource(u, selected=True), ROLLBACK_S, HOP_S)
    gaps = np.zeros(len(valid), bool) if gap is None else gap
    return [player.update(guided=True, valid=bool(v), gap=bool(g)) for v, g in zip(valid, gaps, strict=True)]


def test_the_wearer_s_log_is_the_same_in_both_arms_and_without_sham(signal: np.ndarray) -> None:
    plain = frames_with(signal, None)
    arms = {chosen: frames_with(signal, ShamSource(WAVE, selected=chosen)) for chosen in (False, True)}
    assert [format_row(frame) for frame in plain] == [format_row(frame) for frame in arms[False]]
    assert [format_row(frame) for frame in plain] == [format_row(frame) for frame in arms[True]]
    assert all(frame.played is None and frame.played_guidance is frame.guidance for frame in arms[False])
    gains = [(frame.guidance.tone_gain, frame.played_guidance.tone_gain) for frame in arms[True]]
    assert max(abs(own - played) for own, played in gains) > 0.01


def test_unknown_and_lost_are_the_wearer_s_in_the_sham(signal: np.ndarray) -> None:
    frames = frames_with(signal, ShamSource(WAVE, selected=True))
    special = {State.UNKNOWN, State.LOST}
    assert {frame.state for frame in frames} >= special
    for frame in frames:
        assert frame.played is not None
        assert (frame.state in special) == (frame.played.state in special)
        assert frame.played.guidance.background == frame.guidance.background
        assert frame.played.guidance.immediate == frame.guidance.immediate
        assert not (frame.played.reward and not frame.valid)
        for name in ("index_u", "threshold"):
            assert np.isnan(getattr(frame, name)) == np.isnan(getattr(frame.played, name))


def test_the_sham_is_computed_again_exactly(signal: np.ndarray) -> None:
    once, again = (frames_with(signal, ShamSource(WAVE, selected=True)) for _ in range(2))
    assert [str(frame.played) for frame in once] == [str(frame.played) for frame in again]


def test_target_rate_and_tone_depth_hold_for_the_sham_too() -> None:
    profile = Profile(
        settings=load_settings("default"), montage=load_montage("muse"), evidence=load_evidence("default")
    )
    feedback = ShamFeedback(ShamSource(np.full(9, 3.0), selected=True), profile.settings, HOP_S, AlwaysWandering())
    feedback.rules.set_target_rate(0.9)
    feedback.rules.reset_threshold(1.0)
    feedback.rules.set_target_rate(0.6)
    loud = [feedback.update(OWN).guidance.tone_gain for _ in range(40)][-1]
    feedback.rules.set_tone_depth(0.0)
    assert [feedback.update(OWN).guidance.tone_gain for _ in range(40)][-1] < loud


def test_commands_in_a_session_with_a_sham_leave_the_wearer_s_log_as_it_is(signal: np.ndarray) -> None:
    commands = ((13.0, CommandKind.TARGET_RATE, "0.4"), (15.0, CommandKind.TONE_DEPTH, "0.5"))
    plan = replace(scenarios.SITTINGS["gaps"], commands=commands)
    plain, sham = (frames_with(signal, one, plan) for one in (None, ShamSource(WAVE, selected=True)))
    assert [format_row(frame) for frame in plain] == [format_row(frame) for frame in sham]
    assert all(frame.played is not None for frame in sham)


def test_a_surrogate_that_does_not_settle_has_the_same_values() -> None:
    u = np.random.default_rng(3).normal(size=64)
    assert sorted(surrogate_series(u, 1, max_iterations=1)) == sorted(u)


def test_series_is_played_by_valid_guided_time() -> None:
    player = ShamPlayer(ShamSource(np.arange(20.0), selected=True), ROLLBACK_S, HOP_S)
    guided = [False, True, True, False, True]
    assert [player.update(guided=one, valid=True, gap=False) for one in guided] == [0, 0, 1, 1, 2]


def test_series_steps_back_at_an_artifact_and_stands_in_a_gap() -> None:
    valid = np.array([1, 1, 1, 1, 1, 0, 0, 1, 1], bool)
    assert play(np.arange(20.0), valid) == [0, 1, 2, 3, 4, 2, 2, 3, 4]
    assert play(np.arange(20.0), valid, ~valid) == [0, 1, 2, 3, 4, 4, 4, 5, 6]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=5, max_size=80))
def test_played_index_is_held_in_the_same_frames_as_the_own_index(valid: list[bool]) -> None:
    """A ramp through an unsmoothed own index gives the same holds and steps as the player."""
    smoother = IndexSmoother(IndexSettings(smoothing_s=0.0, artifact_rollback_s=ROLLBACK_S), HOP_S, start=0.0)
    own = [smoother.update(float(k) if good else float("nan")) for k, good in enumerate(valid, start=1)]
    played = play(np.arange(1000.0), np.array(valid))
    for k in range(1, len(valid)):
        if not valid[k]:
            source = max(0, k - 3) if valid[k - 1] else k - 1
            assert own[k] == own[source]
            assert played[k] == played[source]


def test_series_runs_back_at_its_end_without_a_jump() -> None:
    assert play(np.arange(4.0), np.ones(9, bool)) == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert play(np.array([2.0]), np.ones(3, bool)) == [2, 2, 2]


@pytest.mark.parametrize("u", [np.array([]), np.array([1.0, np.nan]), np.ones((2, 2))])
def test_series_must_be_whole(u: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite value"):
        ShamSource(u, selected=True)


def test_donor_without_valid_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="no guided frame"):
        donor_series(np.zeros(3), np.ones(3, bool), np.zeros(3, bool))


def test_surrogate_keeps_values_and_spectrum_and_nothing_of_the_order() -> None:
    rng = np.random.default_rng(5)
    u = np.exp(0.5 * lfilter([0.3], [1, -0.95], rng.normal(size=2000)))
    surrogate = surrogate_series(u, 3)
    np.testing.assert_array_equal(np.sort(surrogate), np.sort(u))

    def smooth(x: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.abs(np.fft.rfft(x - x.mean())) ** 2, np.arange(0, 1000, 50))

    np.testing.assert_allclose(np.log(smooth(surrogate)), np.log(smooth(u)), atol=0.15)
    others = [np.corrcoef(surrogate_series(u, seed), u)[0, 1] for seed in range(8)]
    assert abs(np.mean(others)) < 0.15
    assert not np.array_equal(surrogate, surrogate_series(u, 4))
    np.testing.assert_array_equal(surrogate, surrogate_series(u, 3))
