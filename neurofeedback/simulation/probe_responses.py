"""How a simulated meditator answers: questions after a chime, and keys pressed on noticing to have wandered.

Each answer has random numbers of its own, drawn for the number of its probe, so it is the same whatever else
was asked; a press depends on the true states alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from neurofeedback.simulation.drifts import interpolate
from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.simulated_session import SimulatedSession
from neurofeedback.simulation.states import MentalState

N_QUESTIONS = 3


class ReportedAttention(IntEnum):
    """Answers to where the mind was just before the chime, as their keys."""

    BREATH = 1
    ELSEWHERE = 2
    UNSURE = 3


@dataclass(frozen=True, slots=True)
class ResponseHabits:
    """How a person answers and notices.

    Parameters
    ----------
    correct : float
        Chance that an answer of on the breath or elsewhere is true.
    delay_s, response_time_log_sd : float
        Median time to a key (s) and standard deviation of its logarithm.
    certainty_tau_s : float
        Time constant with which sureness rises after the mind has changed, s.
    p_unsure_at_change, unsure_tau_s : float
        Chance of "not sure" right after the mind has changed, and how fast it falls, s.
    p_unsure_drowsy : float
        Chance of "not sure" while drowsy; otherwise the mind was elsewhere.
    mean_notice_s : float
        Mean time to notice wandering and press the key, s; infinite for never.
    expectancy : float
        Share of wandering told as on the breath by somebody who expects the training to help.
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
    """What is true at one time: the mind, how long it has been so (s), how tired (-1 to 1, about)."""

    state: MentalState
    elapsed_s: float
    fatigue: float = 0.0


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """Answers to one probe.

    Parameters
    ----------
    place : Place
        Where the mind was.
    sureness : int
        1 to 4.
    sleepiness : int
        1 to 5.
    response_times_s : tuple of float
        From each question to its key, s.
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
    """Return what is true of a sitting just before a time, s."""
    now = next((e for e in reversed(truth.episodes) if e.onset_s < time_s), truth.episodes[0])
    tired = float(interpolate(truth.drifts.fatigue, np.array([time_s]))[0])
    return StateSnapshot(now.state, time_s - now.onset_s, tired)


def draw_answer(snapshot: StateSnapshot, probe: int, seed: int, habits: ResponseHabits = DEFAULT_HABITS) -> ProbeAnswer:
    """Answer the questions of one probe.

    Parameters
    ----------
    probe : int
        Number of the probe in the sitting, from 0.
    """
    rng = rng_for(seed, RandomStream.ANSWERS, probe)
    unsure, wrong, believed = rng.random(3).tolist()
    noise_sure, noise_sleepy = rng.standard_normal(2).tolist()
    delays = (habits.response_time_s * np.exp(habits.response_time_log_sd * rng.standard_normal(N_QUESTIONS))).tolist()
    risen = 1.0 - math.exp(-snapshot.elapsed_s / habits.certainty_tau_s)
    drowsy = snapshot.state is MentalState.DROWSY
    return ProbeAnswer(
        attention=_draw_attention(snapshot, habits, unsure=unsure, wrong=wrong, believed=believed),
        certainty=_clip_rating(1.5 + 2.2 * risen + 0.6 * noise_sure - drowsy, 4),
        sleepiness=_clip_rating(2.0 + snapshot.fatigue + 2.0 * drowsy + 0.5 * noise_sleepy, 5),
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
    """Answer probes whose chimes sound at these times (s) of a sitting, in this order."""
    return tuple(
        draw_answer(snapshot_at(truth, onset_s), probe, truth.seed, habits) for probe, onset_s in enumerate(onsets_s)
    )


def draw_notice_delay(seed: int, episode: int, habits: ResponseHabits = DEFAULT_HABITS) -> float:
    """Return after how many seconds in an episode, by its number from 0, wandering would be noticed."""
    return float(rng_for(seed, RandomStream.PRESSES, episode).exponential(habits.mean_notice_s))


def draw_presses(truth: SimulatedSession, habits: ResponseHabits = DEFAULT_HABITS) -> tuple[float, ...]:
    """Return the times (s) at which wandering is noticed, at most one in each episode of it."""
    noticed: list[float] = []
    for number, episode in enumerate(truth.episodes):
        after_s = draw_notice_delay(truth.seed, number, habits)
        if episode.state is MentalState.WANDER and after_s < episode.duration_s:
            noticed.append(episode.onset_s + after_s)
    return tuple(noticed)
