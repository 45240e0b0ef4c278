"""Answers of a simulated meditator to probes, and key presses on noticing wandering.

Each answer has its own random numbers by the number of its probe, so it does not depend on other probes. Presses
depend only on the true states.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.simulated_meditator import SimulatedSession
from neurofeedback.simulation.slow_processes import interpolate
from neurofeedback.simulation.states import MentalState

N_QUESTIONS = 3


class ReportedAttention(IntEnum):
    """Answers to where attention was just before the chime, with their keys."""

    BREATH = 1
    ELSEWHERE = 2
    UNSURE = 3


@dataclass(frozen=True, slots=True)
class ResponseHabits:
    """Probabilities and times of a person's answers and presses.

    Parameters
    ----------
    p_correct : float
        Probability that an answer of "breath" or "elsewhere" is true.
    response_time_s, response_time_log_sd : float
        Median response time (s) and SD of its logarithm.
    certainty_tau_s : float
        Time constant of the rise of certainty after a change of state, s.
    p_unsure_at_change, unsure_tau_s : float
        Probability of "not sure" right after a change of state, and the time constant of its fall, s.
    p_unsure_drowsy : float
        Probability of "not sure" while drowsy; otherwise the answer is "elsewhere".
    mean_notice_s : float
        Mean time to notice wandering and press the key, s; infinite for no presses.
    expectancy : float
        Share of wandering reported as "breath" because of an expected benefit.
    """

    p_correct: float = 0.88
    response_time_s: float = 1.2
    response_time_log_sd: float = 0.4
    certainty_tau_s: float = 8.0
    p_unsure_at_change: float = 0.5
    unsure_tau_s: float = 2.0
    p_unsure_drowsy: float = 0.5
    mean_notice_s: float = 25.0
    expectancy: float = 0.0


DEFAULT_HABITS = ResponseHabits()
EXPECTANT_HABITS = ResponseHabits(expectancy=0.05)


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """The true state at one time, its duration so far (s), and fatigue (about -1 to 1)."""

    state: MentalState
    elapsed_s: float
    fatigue: float = 0.0


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """Answers to one probe.

    Parameters
    ----------
    attention : ReportedAttention
        Where attention was.
    certainty : int
        1 to 4.
    sleepiness : int
        1 to 5.
    response_times_s : tuple of float
        Time from each question to its key, s.
    """

    attention: ReportedAttention
    certainty: int
    sleepiness: int
    response_times_s: tuple[float, float, float]

    @property
    def codes(self) -> tuple[int, int, int]:
        """The three answers as numbers, in the order of the questions."""
        return int(self.attention), self.certainty, self.sleepiness


def snapshot_at(truth: SimulatedSession, time_s: float) -> StateSnapshot:
    """Return the true state of a session just before a time, s."""
    now = next((e for e in reversed(truth.episodes) if e.onset_s < time_s), truth.episodes[0])
    fatigue = float(interpolate(truth.drifts.fatigue, np.array([time_s]))[0])
    return StateSnapshot(now.state, time_s - now.onset_s, fatigue)


def draw_answer(snapshot: StateSnapshot, probe: int, seed: int, habits: ResponseHabits = DEFAULT_HABITS) -> ProbeAnswer:
    """Return the answers to one probe.

    Parameters
    ----------
    probe : int
        Number of the probe in the session, from 0.
    """
    rng = rng_for(seed, RandomStream.ANSWERS, probe)
    unsure, wrong, believed = rng.random(3).tolist()
    certainty_noise, sleepiness_noise = rng.standard_normal(2).tolist()
    delays = (habits.response_time_s * np.exp(habits.response_time_log_sd * rng.standard_normal(N_QUESTIONS))).tolist()
    certainty_rise = 1.0 - math.exp(-snapshot.elapsed_s / habits.certainty_tau_s)
    drowsy = snapshot.state is MentalState.DROWSY
    return ProbeAnswer(
        attention=_draw_attention(snapshot, habits, unsure=unsure, wrong=wrong, believed=believed),
        certainty=_clip_rating(1.5 + 2.2 * certainty_rise + 0.6 * certainty_noise - drowsy, 4),
        sleepiness=_clip_rating(2.0 + snapshot.fatigue + 2.0 * drowsy + 0.5 * sleepiness_noise, 5),
        response_times_s=(delays[0], delays[1], delays[2]),
    )


def _draw_attention(
    snapshot: StateSnapshot, habits: ResponseHabits, *, unsure: float, wrong: float, believed: float
) -> ReportedAttention:
    if snapshot.state is MentalState.DROWSY:
        return ReportedAttention.UNSURE if unsure < habits.p_unsure_drowsy else ReportedAttention.ELSEWHERE
    if unsure < habits.p_unsure_at_change * math.exp(-snapshot.elapsed_s / habits.unsure_tau_s):
        return ReportedAttention.UNSURE
    wandering = (snapshot.state is MentalState.WANDER) is (wrong < habits.p_correct)
    return ReportedAttention.ELSEWHERE if wandering and believed >= habits.expectancy else ReportedAttention.BREATH


def _clip_rating(value: float, highest: int) -> int:
    return min(max(round(value), 1), highest)


def draw_answers(
    truth: SimulatedSession, onsets_s: Iterable[float], habits: ResponseHabits = DEFAULT_HABITS
) -> tuple[ProbeAnswer, ...]:
    """Return the answers to probes with chimes at these times (s), in this order."""
    return tuple(
        draw_answer(snapshot_at(truth, onset_s), probe, truth.seed, habits) for probe, onset_s in enumerate(onsets_s)
    )


def draw_notice_delay(seed: int, episode: int, habits: ResponseHabits = DEFAULT_HABITS) -> float:
    """Return the time (s) after which wandering would be noticed in an episode, by its number from 0."""
    return float(rng_for(seed, RandomStream.PRESSES, episode).exponential(habits.mean_notice_s))


def draw_presses(truth: SimulatedSession, habits: ResponseHabits = DEFAULT_HABITS) -> tuple[float, ...]:
    """Return the times (s) at which wandering is noticed, at most one in each episode of it."""
    noticed: list[float] = []
    for number, episode in enumerate(truth.episodes):
        after_s = draw_notice_delay(truth.seed, number, habits)
        if episode.state is MentalState.WANDER and after_s < episode.duration_s:
            noticed.append(episode.onset_s + after_s)
    return tuple(noticed)
