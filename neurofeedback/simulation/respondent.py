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

from neurofeedback.simulation.meditator import SimulatedSitting
from neurofeedback.simulation.noise import Draw, rng_for
from neurofeedback.simulation.slow import read
from neurofeedback.simulation.states import Mind

N_QUESTIONS = 3


class Place(IntEnum):
    """Answers to where the mind was just before the chime, as their keys."""

    BREATH = 1
    ELSEWHERE = 2
    UNSURE = 3


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person answers and notices.

    Parameters
    ----------
    correct : float
        Chance that an answer of on the breath or elsewhere is true.
    delay_s, delay_spread : float
        Median time to a key (s) and standard deviation of its logarithm.
    surer_in_s : float
        Time constant with which sureness rises after the mind has changed, s.
    unsure_at_change, unsure_for_s : float
        Chance of "not sure" right after the mind has changed, and how fast it falls, s.
    drowsy_unsure : float
        Chance of "not sure" while drowsy; otherwise the mind was elsewhere.
    notice_every_s : float
        Mean time to notice wandering and press the key, s; infinite for never.
    expectancy : float
        Share of wandering told as on the breath by somebody who expects the training to help.
    """

    correct: float = 0.88
    delay_s: float = 1.2
    delay_spread: float = 0.4
    surer_in_s: float = 8.0
    unsure_at_change: float = 0.5
    unsure_for_s: float = 2.0
    drowsy_unsure: float = 0.5
    notice_every_s: float = 25.0
    expectancy: float = 0.0


USUAL = Habits()
EXPECTANT = Habits(expectancy=0.05)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is true at one time: the mind, how long it has been so (s), how tired (-1 to 1, about)."""

    mind: Mind
    since_s: float
    tired: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers to one probe.

    Parameters
    ----------
    place : Place
        Where the mind was.
    sureness : int
        1 to 4.
    sleepiness : int
        1 to 5.
    delays_s : tuple of float
        From each question to its key, s.
    """

    place: Place
    sureness: int
    sleepiness: int
    delays_s: tuple[float, float, float]

    @property
    def keys(self) -> tuple[int, int, int]:
        """The three answers as numbers, in the order of the questions."""
        return int(self.place), self.sureness, self.sleepiness


def moment_at(truth: SimulatedSitting, time_s: float) -> Moment:
    """Return what is true of a sitting just before a time, s."""
    now = next((e for e in reversed(truth.episodes) if e.onset_s < time_s), truth.episodes[0])
    tired = float(read(truth.slow.tired, np.array([time_s]))[0])
    return Moment(now.mind, time_s - now.onset_s, tired)


def answer(moment: Moment, probe: int, seed: int, habits: Habits = USUAL) -> Answer:
    """Answer the questions of one probe.

    Parameters
    ----------
    probe : int
        Number of the probe in the sitting, from 0.
    """
    rng = rng_for(seed, Draw.ANSWERS, probe)
    unsure, wrong, believed = rng.random(3).tolist()
    noise_sure, noise_sleepy = rng.standard_normal(2).tolist()
    delays = (habits.delay_s * np.exp(habits.delay_spread * rng.standard_normal(N_QUESTIONS))).tolist()
    risen = 1.0 - math.exp(-moment.since_s / habits.surer_in_s)
    drowsy = moment.mind is Mind.DROWSY
    return Answer(
        place=_place(moment, habits, unsure=unsure, wrong=wrong, believed=believed),
        sureness=_within(1.5 + 2.2 * risen + 0.6 * noise_sure - drowsy, 4),
        sleepiness=_within(2.0 + moment.tired + 2.0 * drowsy + 0.5 * noise_sleepy, 5),
        delays_s=(delays[0], delays[1], delays[2]),
    )


def _place(moment: Moment, habits: Habits, *, unsure: float, wrong: float, believed: float) -> Place:
    if moment.mind is Mind.DROWSY:
        return Place.UNSURE if unsure < habits.drowsy_unsure else Place.ELSEWHERE
    if unsure < habits.unsure_at_change * math.exp(-moment.since_s / habits.unsure_for_s):
        return Place.UNSURE
    wandering = (moment.mind is Mind.WANDER) is (wrong < habits.correct)
    return Place.ELSEWHERE if wandering and believed >= habits.expectancy else Place.BREATH


def _within(value: float, most: int) -> int:
    return min(max(round(value), 1), most)


def answers(truth: SimulatedSitting, onsets_s: Iterable[float], habits: Habits = USUAL) -> tuple[Answer, ...]:
    """Answer probes whose chimes sound at these times (s) of a sitting, in this order."""
    return tuple(answer(moment_at(truth, onset_s), probe, truth.seed, habits) for probe, onset_s in enumerate(onsets_s))


def notices_after(seed: int, episode: int, habits: Habits = USUAL) -> float:
    """Return after how many seconds in an episode, by its number from 0, wandering would be noticed."""
    return float(rng_for(seed, Draw.PRESSES, episode).exponential(habits.notice_every_s))


def presses(truth: SimulatedSitting, habits: Habits = USUAL) -> tuple[float, ...]:
    """Return the times (s) at which wandering is noticed, at most one in each episode of it."""
    noticed: list[float] = []
    for number, episode in enumerate(truth.episodes):
        after_s = notices_after(truth.seed, number, habits)
        if episode.mind is Mind.WANDER and after_s < episode.duration_s:
            noticed.append(episode.onset_s + after_s)
    return tuple(noticed)
