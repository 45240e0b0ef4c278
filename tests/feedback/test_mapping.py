"""From index to tone: quiet focus, neutral doubt, slew limits only while the signal is good."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.feedback.mapping import GuidanceMapper, smoothstep
from neurofeedback.settings.audio_feedback import FeedbackSettings
from neurofeedback.types import BackgroundMode, Guidance, State

HOP_S = 0.25
G0 = 0.15625
KNOWN = (State.FOCUS, State.WANDER)


def mapper() -> GuidanceMapper:
    return GuidanceMapper(FeedbackSettings(), HOP_S)


def settled(u: float, confidence: float = 1.0, depth: float = 1.0) -> Guidance:
    mapped = mapper()
    mapped.depth = depth
    for _ in range(100):
        guidance = mapped.update(u, confidence, 1.0, State.FOCUS, feedback=True)
    return guidance


def test_neutral_is_the_gain_at_the_baseline_s_middle() -> None:
    assert mapper().neutral_gain == pytest.approx(0.156, abs=0.001)
    assert settled(0.0).tone_gain == pytest.approx(G0)


def test_focus_is_quieter_than_neutral_and_wandering_louder() -> None:
    assert settled(-0.5).tone_gain == 0.0
    assert settled(-0.2).tone_gain < G0 < settled(0.5).tone_gain < settled(1.5).tone_gain == pytest.approx(1.0)


@given(st.floats(-5, 5), st.floats(0, 1), st.floats(0, 1))
def test_tone_depth_follows_confidence_and_setting(u: float, confidence: float, depth: float) -> None:
    g = smoothstep((u + 0.5) / 2)
    assert settled(u, confidence, depth).tone_gain == pytest.approx(G0 + depth * confidence * (g - G0), abs=1e-9)


def test_tone_is_neutral_without_confidence() -> None:
    assert settled(4.0, 0.0).tone_gain == pytest.approx(G0)


def test_unknown_state_has_neutral_tone_and_background_at_once() -> None:
    for before in (-3.0, 3.0):
        mapped = mapper()
        for _ in range(60):
            mapped.update(before, 1.0, 1.0, State.FOCUS, feedback=True)
        guidance = mapped.update(math.nan, 0.0, 0.4, State.UNKNOWN, feedback=True)
        assert guidance.tone_gain == pytest.approx(G0)
        assert guidance.background is BackgroundMode.NEUTRAL
        assert guidance.immediate
        assert guidance.mist == 1.0


@pytest.mark.parametrize("feedback", [True, False])
def test_lost_headset_has_no_tone_and_its_own_background_at_once(feedback: bool) -> None:
    mapped = mapper()
    for _ in range(60):
        mapped.update(3.0, 1.0, 1.0, State.WANDER, feedback=True)
    guidance = mapped.update(math.nan, 0.0, 0.0, State.LOST, feedback=feedback)
    assert (guidance.tone_gain, guidance.background, guidance.immediate) == (0.0, BackgroundMode.LOST, True)


def test_background_modes_differ_by_signal_state() -> None:
    mapped = mapper()
    beds = [
        mapped.update(0.0, 0.3, 1.0, state, feedback=True).background
        for state in (State.FOCUS, State.UNKNOWN, State.LOST)
    ]
    assert beds == [BackgroundMode.NORMAL, BackgroundMode.NEUTRAL, BackgroundMode.LOST]


def test_without_feedback_tone_fades_and_ignores_the_index() -> None:
    mapped = mapper()
    for _ in range(60):
        mapped.update(3.0, 1.0, 1.0, State.WANDER, feedback=True)
    faded = [mapped.update(u, 1.0, 1.0, State.WANDER, feedback=False) for u in (3.0, -3.0) * 40]
    assert faded[0].tone_gain > 0.8
    assert faded[-1].tone_gain == 0.0
    assert {guidance.ripple for guidance in faded} == {0.2}


frames = st.lists(
    st.tuples(st.floats(-5, 5), st.floats(0, 1), st.sampled_from(State), st.booleans()), min_size=2, max_size=80
)


@given(frames)
def test_slew_limits_hold_exactly_while_focus_or_wander(frames: list[tuple[float, float, State, bool]]) -> None:
    mapped = mapper()
    gain = 0.0
    for u, confidence, state, feedback in frames:
        guidance = mapped.update(u, confidence, 1.0, state, feedback=feedback)
        if state in KNOWN:
            assert not guidance.immediate
            assert abs(guidance.tone_gain - gain) <= 0.05 + 1e-12
            if min(guidance.tone_gain, gain) > 0.02:
                assert abs(20 * math.log10(guidance.tone_gain / gain)) <= 6 * HOP_S + 1e-9
        assert 0 <= guidance.tone_gain <= 1
        assert 0 <= guidance.ripple <= 1
        assert 0 <= guidance.mist <= 1
        gain = guidance.tone_gain


def test_a_faster_hop_has_the_same_limits_in_seconds() -> None:
    mapped = GuidanceMapper(FeedbackSettings(), 0.05)
    gains = [mapped.update(5.0, 1.0, 1.0, State.WANDER, feedback=True).tone_gain for _ in range(40)]
    assert max(b - a for a, b in pairwise(gains)) <= 0.2 * 0.05 + 1e-12


def test_mist_comes_in_as_the_signal_goes() -> None:
    mapped = mapper()
    clear, half = (mapped.update(0.0, 0.3, signal, State.FOCUS, feedback=True).mist for signal in (1.0, 0.5))
    assert clear == 0.0
    assert half > clear
