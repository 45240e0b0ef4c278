"""Power of the primary test by simulation at the level of answers.

Each person answers questions at each visit. A person's share of wandering has a level and a change from the first visit
to the last (logits, normal between people), and visits scatter with a memory of the last one. The primary test compares
one contrast for each person between the groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import proportion_confint

from neurofeedback.errors import SettingsError
from neurofeedback.study.protocol import OutcomeSettings, Protocol

N_PERMUTATIONS = 999
SMALL_EFFECT = 0.2
_PRE_SCORE_R = 0.6
_TARGET_POWER = 0.8


@dataclass(frozen=True, slots=True)
class PowerResult:
    """Share of simulated studies in which the test rejects, with its 95 % interval (Wilson)."""

    difference: float
    n_studies: int
    n_rejected: int

    @property
    def power(self) -> float:
        """Share of studies."""
        return self.n_rejected / self.n_studies

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share."""
        low, high = proportion_confint(self.n_rejected, self.n_studies, method="wilson")
        return np.asarray(low).item(), np.asarray(high).item()


def visit_contrast(protocol: Protocol) -> NDArray[np.float64]:
    """Return the weights ``(n_visits,)`` of the visits with feedback in a person's contrast.

    In a parallel study, the slope over the visits times their range: the change from the first visit to the last. In a
    crossover, the mean of period 2 minus the mean of period 1.

    Raises
    ------
    SettingsError
        Fewer than two visits have feedback, or the study has a single arm or arms of one kind of feedback.
    """
    visits = [visit for visit in protocol.visits if visit.feedback]
    if protocol.design == "single" or len(visits) < 2 or 0 in group_sizes(protocol, 1):
        raise SettingsError(
            "this protocol has no test of arms",
            got=f"design {protocol.design}, {len(visits)} visits with feedback, real feedback first in "
            f"{group_sizes(protocol, 1)[0]} of {len(protocol.arms)} arms",
            allowed="a parallel or crossover design with two visits or more, and arms with real and with sham feedback",
        )
    if protocol.design == "crossover":
        second = np.array([visit.period == 2 for visit in visits])
        return np.where(second, 1 / second.sum(), -1 / (~second).sum())
    place = np.linspace(-0.5, 0.5, len(visits))
    return place / np.sum(place**2)


def group_sizes(protocol: Protocol, per_arm: int) -> tuple[int, int]:
    """Return the people in the two groups of the primary test: arms that have real feedback (first), and others."""
    n_real = sum(arm.feedback[0] == "real" for arm in protocol.arms)
    return per_arm * n_real, per_arm * (len(protocol.arms) - n_real)


def empirical_logit(n_wander: NDArray[np.int_], n: int) -> NDArray[np.float64]:
    """Return ln((k + .5) / (n - k + .5)), which is finite also for all or none."""
    return np.log((n_wander + 0.5) / (n - n_wander + 0.5))


def draw_shares(
    outcome: OutcomeSettings,
    n_visits: int,
    n_people: int,
    difference: float,
    rng: np.random.Generator,
    *,
    shape: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the shares of wandering of the people of one group at each visit, shape ``(n_people, n_visits)``.

    Parameters
    ----------
    difference : float
        What this group's contrast differs by, logits.
    shape : array, optional
        Where the difference acts, ``(n_visits,)``, -0.5 to 0.5; by default along the visits.
    """
    level = math.log(outcome.share / (1 - outcome.share)) + rng.normal(0, outcome.person_sd, n_people)
    change = rng.normal(0, outcome.change_sd, n_people)
    place = np.linspace(-0.5, 0.5, n_visits)
    scatter = rng.normal(0, 1, (n_people, n_visits))
    memory = outcome.visit_memory
    for k in range(1, n_visits):
        scatter[:, k] = memory * scatter[:, k - 1] + math.sqrt(1 - memory**2) * scatter[:, k]
    effect = difference * (place if shape is None else shape)
    logit = level[:, None] + change[:, None] * place + effect + outcome.visit_sd * scatter
    return 1 / (1 + np.exp(-logit))


def simulate_contrasts(
    contrast: NDArray[np.float64],
    outcome: OutcomeSettings,
    n_people: int,
    difference: float,
    rng: np.random.Generator,
    *,
    crossover: bool = False,
) -> NDArray[np.float64]:
    """Return the contrasts ``(n_people,)`` of one group.

    Parameters
    ----------
    difference : float
        What this group's contrast differs by, logits.
    crossover : bool
        Whether the effect belongs to a period, so that nobody's own change over the visits enters it as a slope.
    """
    shape = np.where(contrast > 0, 0.5, -0.5) if crossover else None
    shares = draw_shares(outcome, len(contrast), n_people, difference, rng, shape=shape)
    answers = rng.binomial(outcome.answers_per_visit, shares)
    return empirical_logit(answers, outcome.answers_per_visit) @ contrast


def compare_groups(a: NDArray[np.float64], b: NDArray[np.float64], test: str, rng: np.random.Generator) -> float:
    """Return the two-sided p of two groups of contrasts: Welch's t, or a permutation of the arms.

    The permutation is of the difference of means, with ``N_PERMUTATIONS`` draws and the observed one counted.
    """
    if test == "welch":
        return np.asarray(stats.ttest_ind(a, b, equal_var=False).pvalue).item()
    both = np.concatenate([a, b])
    observed = abs(a.mean() - b.mean())
    order = rng.permuted(np.tile(both, (N_PERMUTATIONS, 1)), axis=1)
    drawn = np.abs(order[:, : len(a)].mean(axis=1) - order[:, len(a) :].mean(axis=1))
    return float((1 + np.sum(drawn >= observed - 1e-12)) / (1 + N_PERMUTATIONS))


def simulate_power(protocol: Protocol, *, per_arm: int, difference: float, n_studies: int, seed: int) -> PowerResult:
    """Return the share of simulated studies in which the primary test rejects.

    ``difference`` is the difference of the two groups' contrasts, logits; with 0 the share is the test's true level.

    Raises
    ------
    SettingsError
        The protocol has no test of arms, or its primary outcome is not the share of wandering.
    """
    outcome, contrast = protocol.outcome, visit_contrast(protocol)
    if outcome.measure != "wander_share":
        raise SettingsError("power is simulated for answers alone", got=outcome.measure, allowed="wander_share")
    rng = np.random.default_rng(seed)
    crossover = protocol.design == "crossover"
    sizes, n_rejected = group_sizes(protocol, per_arm), 0
    for _ in range(n_studies):
        a, b = (
            simulate_contrasts(contrast, outcome, n, half, rng, crossover=crossover)
            for n, half in zip(sizes, (difference / 2, -difference / 2), strict=True)
        )
        n_rejected += compare_groups(a, b, outcome.test, rng) < outcome.alpha
    return PowerResult(difference, n_studies, n_rejected)


def people_for_effect(d: float, alpha: float, *, pre_score_r: float = 0.0) -> int:
    """Return the people in each of two groups for power .8 at a standardised difference (t test).

    A pre-score that correlates ``r`` with the outcome leaves 1 - r^2 of the variance.

    Examples
    --------
    >>> people_for_effect(0.2, 0.05), people_for_effect(0.2, 0.05, pre_score_r=0.6)
    (394, 252)
    """
    n = np.asarray(TTestIndPower().solve_power(effect_size=d, alpha=alpha, power=_TARGET_POWER)).item()
    return math.ceil(n * (1 - pre_score_r**2))


def detectable_effect(per_arm: int, alpha: float) -> float:
    """Return the standardised difference that two groups of this size find with power .8.

    Examples
    --------
    >>> [round(detectable_effect(n, 0.05), 2) for n in (12, 24, 60)]
    [1.2, 0.83, 0.52]
    """
    return np.asarray(TTestIndPower().solve_power(nobs1=per_arm, alpha=alpha, power=_TARGET_POWER)).item()


def small_effect_numbers(alpha: float) -> tuple[int, int]:
    """Return the people in each group for d = .2, without and with a pre-score of r = .6."""
    return people_for_effect(SMALL_EFFECT, alpha), people_for_effect(SMALL_EFFECT, alpha, pre_score_r=_PRE_SCORE_R)
