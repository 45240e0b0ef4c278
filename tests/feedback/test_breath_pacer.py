"""The breath pacer: its course between 0 and 1, its turns, and its sounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.feedback.breath_pacer import INHALE_SHARE, LEAD_S, breath_at
from neurofeedback.feedback.sound_bank import BREATHS
from tests.helpers import sound_bank

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


@pytest.mark.parametrize("name", BREATHS)
def test_sounds_are_soft_swells_that_glide_without_a_click(name: str) -> None:
    bank = sound_bank()
    sound = bank.one_shot(name)[:, 0]
    first, last, length_s = BREATHS[name]
    assert len(sound) == round(length_s * bank.sfreq)
    assert length_s < INHALE_SHARE * 60 / 8 if name == "breath_in" else length_s < (1 - INHALE_SHARE) * 60 / 8
    assert abs(sound[0]) < 1e-6 > abs(sound[-1])
    assert np.abs(sound).max() < 0.5 * np.abs(bank.one_shot("begin")).max()
    rising = [np.argmax(np.abs(np.fft.rfft(part))) for part in (sound[9600:19200], sound[-19200:-9600])]
    assert (rising[1] > rising[0]) == (last > first)


def test_sounds_do_not_pulse_in_the_bands_that_are_measured() -> None:
    bank = sound_bank()
    for name in BREATHS:
        envelope = np.square(bank.one_shot(name)[:, 0], dtype=np.float64)
        power = np.abs(np.fft.rfft(envelope - envelope.mean())) ** 2
        hz = np.fft.rfftfreq(len(envelope), 1 / bank.sfreq)
        assert power[(hz >= 2) & (hz <= 45)].sum() < 0.01 * power[hz < 2].sum()
