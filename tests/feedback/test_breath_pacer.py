"""The breath pacer: its course between 0 and 1, its turns, and its sounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.feedback.breath_pacer import INHALE_SHARE, LEAD_S, breath_at, turn_to
from neurofeedback.feedback.sound_bank import BELL_PEAK, make_breath
from neurofeedback.feedback.synthesis import SynthState, change_breath, render
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.types import Guidance
from tests.helpers import sound_bank

SETTINGS = AudioSettings()
SFREQ = SETTINGS.sfreq_hz
QUIET = sound_bank(background="drone", background_lufs=-70.0)
BREATHS = pytest.mark.parametrize(
    ("pace", "inhaling"), [(pace, on) for pace in (4.0, 6.0, 8.0) for on in (True, False)]
)

paces = st.floats(4, 8)


@settings(max_examples=50)
@given(st.floats(LEAD_S, 3600), paces)
def test_filling_stays_between_0_and_1_and_moves_slowly(at_s: float, pace: float) -> None:
    now, later = breath_at(at_s, pace), breath_at(at_s + 0.05, pace)
    assert now is not None
    assert later is not None
    assert 0 <= now.fill <= 1
    assert abs(later.fill - now.fill) < 0.05


@settings(max_examples=50)
@given(st.integers(0, 200), st.floats(0.001, 0.999), paces)
def test_breaths_repeat_at_the_pace_and_fill_while_breathing_in(number: int, share: float, pace: float) -> None:
    period_s = 60 / pace
    breath = breath_at(LEAD_S + (number + share) * period_s, pace)
    assert breath is not None
    assert breath.inhaling == (share < INHALE_SHARE) or abs(share - INHALE_SHARE) < 1e-9
    later = breath_at(LEAD_S + (number + share) * period_s + 0.001, pace)
    assert later is not None
    if later.inhaling is breath.inhaling:
        assert (later.fill >= breath.fill) == breath.inhaling or later.fill == pytest.approx(breath.fill)


@pytest.mark.parametrize("at_s", [0.0, LEAD_S - 0.01])
def test_there_is_no_breath_before_the_first(at_s: float) -> None:
    assert breath_at(at_s, 6.0) is None


@pytest.mark.parametrize("pace", [4.0, 6.0, 8.0])
def test_breathing_in_and_out_last_as_long_as_the_picture_shows(pace: float) -> None:
    turn, back = turn_to(True, pace), turn_to(False, pace)
    assert turn.length_s + back.length_s == pytest.approx(60 / pace)
    before, after = (breath_at(LEAD_S + turn.length_s + aside_s, pace) for aside_s in (-0.01, 0.01))
    assert (before and before.inhaling, after and after.inhaling) == (True, False)


@BREATHS
def test_a_sound_lasts_as_long_as_its_breath_and_is_heard_in_all_of_it(pace: float, inhaling: bool) -> None:
    turn = turn_to(inhaling, pace)
    sound = make_breath(SETTINGS, turn)[:, 0]
    assert len(sound) == round(turn.length_s * SFREQ)
    assert abs(sound[0]) < 1e-6 > abs(sound[-1])
    assert np.abs(np.diff(sound, n=2)).max() < 1e-3
    heard = np.flatnonzero(np.abs(sound) > 0.1 * np.abs(sound).max())
    assert heard[0] < 0.25 * SFREQ
    assert heard[-1] > len(sound) - 0.25 * SFREQ


@BREATHS
def test_pitch_rises_with_the_breath_in_and_falls_with_the_breath_out(pace: float, inhaling: bool) -> None:
    sound = make_breath(SETTINGS, turn_to(inhaling, pace))[:, 0]
    begin, end = (np.abs(np.fft.rfft(part, 4 * SFREQ)).argmax() / 4 for part in (sound[:SFREQ], sound[-SFREQ:]))
    low, high = (begin, end) if inhaling else (end, begin)
    assert low == pytest.approx(SETTINGS.tone_hz, rel=0.12)
    assert high == pytest.approx(1.5 * SETTINGS.tone_hz, rel=0.12)


@BREATHS
def test_level_is_that_of_a_soft_bell_at_every_pace(pace: float, inhaling: bool) -> None:
    sound = make_breath(SETTINGS, turn_to(inhaling, pace))
    assert np.abs(sound).max() == pytest.approx(0.3 * BELL_PEAK * sound_bank().ceiling, rel=1e-4)
    softer = make_breath(SETTINGS.model_copy(update={"bells_db": -20.0}), turn_to(inhaling, pace))
    assert np.abs(softer).max() == pytest.approx(0.1 * np.abs(sound).max(), rel=1e-4)


@pytest.mark.parametrize("pace", [4.0, 6.0, 8.0])
def test_sounds_do_not_pulse_in_the_bands_that_are_measured(pace: float) -> None:
    breath = [make_breath(SETTINGS, turn_to(inhaling, pace))[:, 0] for inhaling in (True, False)]
    envelope = np.square(np.concatenate(breath * 2), dtype=np.float64)
    power = np.abs(np.fft.rfft(envelope - envelope.mean())) ** 2
    hz = np.fft.rfftfreq(len(envelope), 1 / SFREQ)
    assert power[(hz >= 2) & (hz <= 45)].sum() < 0.001 * power[hz < 2].sum()


@pytest.mark.parametrize("n_samples", [480, 1441])
def test_sound_does_not_depend_on_the_buffers(n_samples: int) -> None:
    sound = make_breath(SETTINGS, turn_to(True, 8.0))
    state = change_breath(SynthState(position=100), sound, 1000)
    plain = SynthState(position=100)
    pieces: list[np.ndarray] = []
    while state.breaths:
        state, mix = render(QUIET, state, Guidance(), n_samples)
        plain, without = render(QUIET, plain, Guidance(), n_samples)
        pieces.append(mix - without)
    assert np.abs(np.concatenate(pieces)[: len(sound)] - sound).max() < 1e-4


@pytest.mark.parametrize("next_sound", [True, False])
def test_a_breath_that_is_not_over_fades_out_within_the_next(next_sound: bool) -> None:
    fade = SFREQ // 2
    ones = np.ones((4 * SFREQ, 2), np.float32)
    state = replace(change_breath(SynthState(), ones, fade), position=SFREQ)
    after = change_breath(state, np.zeros_like(ones) if next_sound else None, fade)
    assert len(after.breaths) == 1 + next_sound
    faded = after.breaths[0].sound[:, 0]
    assert len(faded) == SFREQ + fade
    assert np.array_equal(faded[:SFREQ], ones[:SFREQ, 0])
    assert np.all(np.diff(faded[SFREQ:]) < 0)
    assert faded[-1] == 0
