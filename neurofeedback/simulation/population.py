"""Simulated people: the properties of a person's EEG, and the populations they are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts


@dataclass(frozen=True, slots=True)
class FeatureEffects:
    """Effects of wandering on one person: standardised differences d, wandering minus focus, by feature.

    One unit is the SD of the feature in 4-s windows (``simulated_session.FEATURE_SD``).
    """

    theta: float = 0.0
    alpha: float = 0.0
    beta: float = 0.0
    chi: float = 0.0

    def scaled(self, factor: float) -> FeatureEffects:
        """Return all effects times a factor."""
        return FeatureEffects(self.theta * factor, self.alpha * factor, self.beta * factor, self.chi * factor)


NO_EFFECT = FeatureEffects()
FIXED_EFFECT = FeatureEffects(theta=0.35, alpha=0.0, beta=-0.35)


@dataclass(frozen=True, slots=True)
class DwellTimes:
    """Mean durations (s) and shapes of the Gamma-distributed episodes of focus and wandering."""

    focus_s: float = 40.0
    wander_s: float = 20.0
    focus_shape: float = 2.0
    wander_shape: float = 1.5
    shortest_s: float = 2.0


DWELL_TIMES: Mapping[str, DwellTimes] = {
    "average": DwellTimes(),
    "novice": DwellTimes(focus_s=20.0, wander_s=25.0),
    "expert": DwellTimes(focus_s=120.0, wander_s=10.0),
}


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated meditator.

    Parameters
    ----------
    iaf_hz : float
        Individual alpha frequency, Hz.
    chi : float
        Aperiodic exponent of the 1/f background.
    alpha_uv, theta_uv, beta_uv : float
        Rms of each oscillation at a scalp gain of 1, uV; 0 is none.
    """

    iaf_hz: float = 10.3
    chi: float = 1.35
    alpha_uv: float = 5.0
    theta_uv: float = 1.3
    beta_uv: float = 0.8
    effects: FeatureEffects = NO_EFFECT
    dwell: DwellTimes = DWELL_TIMES["average"]


@dataclass(frozen=True, slots=True)
class NormalDistribution:
    """A normal distribution over people."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Population:
    """Distributions of the effects in a group of people."""

    theta: NormalDistribution
    alpha: NormalDistribution
    beta: NormalDistribution
    chi: NormalDistribution = NormalDistribution(0.0, 0.0)

    def draw(self, rng: np.random.Generator) -> FeatureEffects:
        """Draw one person's effects; always four numbers, so that seeds can be compared between populations."""
        theta, alpha, beta, chi = rng.standard_normal(4).tolist()
        return FeatureEffects(
            theta=self.theta.mean + self.theta.sd * theta,
            alpha=self.alpha.mean + self.alpha.sd * alpha,
            beta=self.beta.mean + self.beta.sd * beta,
            chi=self.chi.mean + self.chi.sd * chi,
        )


def _without_variation(effects: FeatureEffects) -> Population:
    return Population(*(NormalDistribution(d, 0.0) for d in (effects.theta, effects.alpha, effects.beta, effects.chi)))


POPULATIONS: Mapping[str, Population] = {
    "breath-novice": Population(
        NormalDistribution(0.35, 0.2),
        NormalDistribution(0.0, 0.5),
        NormalDistribution(-0.35, 0.2),
        NormalDistribution(0.15, 0.15),
    ),
    "probe-pooled": Population(
        NormalDistribution(-0.14, 0.2), NormalDistribution(0.12, 0.33), NormalDistribution(-0.02, 0.41)
    ),
    "fixed": _without_variation(FIXED_EFFECT),
    "null": _without_variation(NO_EFFECT),
}


def draw_person(
    seed: int,
    population: str = "breath-novice",
    *,
    effect_scale: float = 1.0,
    dwell: DwellTimes = DWELL_TIMES["average"],
) -> Person:
    """Draw a person; the same seed gives the same person.

    Alpha frequency N(10.3, .8) Hz, exponent N(1.35, .15) within 1 to 1.9, alpha lognormal(5 uV, .4);
    exponent and alpha are calibrated on Muse recordings with eyes closed. Use ``dataclasses.replace`` for
    other values.

    Parameters
    ----------
    effect_scale : float
        Factor on all effects; 0 for no effect.

    Raises
    ------
    SettingsError
        There is no such population.
    """
    if population not in POPULATIONS:
        raise SettingsError(tr(texts.POPULATION), got=population, allowed=", ".join(sorted(POPULATIONS)))
    rng = rng_for(seed, RandomStream.PERSON)
    iaf, chi, alpha = rng.standard_normal(3).tolist()
    return Person(
        iaf_hz=10.3 + 0.8 * iaf,
        chi=min(max(1.35 + 0.15 * chi, 1.0), 1.9),
        alpha_uv=5.0 * math.exp(0.4 * alpha),
        effects=POPULATIONS[population].draw(rng).scaled(effect_scale),
        dwell=dwell,
    )
