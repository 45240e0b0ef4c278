"""Simulated people: drawn as their population says, always the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.simulation.population import FIXED_EFFECT, NO_EFFECT, POPULATIONS, draw_person

PEOPLE = range(1000)


def test_people_are_as_varied_as_published():
    people = [draw_person(seed) for seed in PEOPLE]
    iaf = [person.iaf_hz for person in people]
    assert np.mean(iaf) == pytest.approx(10.3, abs=0.08)
    assert np.std(iaf) == pytest.approx(0.8, abs=0.06)
    assert np.mean([person.chi for person in people]) == pytest.approx(1.35, abs=0.02)
    assert all(1.0 <= person.chi <= 1.9 for person in people)
    assert np.std(np.log([person.alpha_uv for person in people])) == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("name", sorted(POPULATIONS))
def test_effects_have_the_populations_mean_and_spread(name):
    effects = [draw_person(seed, name).effects for seed in PEOPLE]
    for feature in ("theta", "alpha", "beta", "chi"):
        drawn, expected = [getattr(effect, feature) for effect in effects], getattr(POPULATIONS[name], feature)
        assert np.mean(drawn) == pytest.approx(expected.mean, abs=0.05)
        assert np.std(drawn) == pytest.approx(expected.sd, abs=0.03)


def test_same_seed_is_the_same_person_whatever_the_population():
    novice, other = draw_person(7, "breath-novice"), draw_person(7, "probe-pooled")
    assert novice == draw_person(7, "breath-novice") != draw_person(8, "breath-novice")
    assert (novice.iaf_hz, novice.chi, novice.alpha_uv) == (other.iaf_hz, other.chi, other.alpha_uv)


def test_effects_scale():
    assert draw_person(7, effect_scale=0.0).effects.scaled(1.0) == NO_EFFECT
    assert draw_person(7, "fixed").effects == FIXED_EFFECT
    assert draw_person(7, "fixed", effect_scale=2.0).effects == FIXED_EFFECT.scaled(2.0)


def test_an_unknown_population_is_refused_with_the_choice():
    with pytest.raises(SettingsError, match=r"got monks; allowed: breath-novice, fixed, null, probe-pooled"):
        draw_person(1, "monks")
