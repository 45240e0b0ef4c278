"""Where the mind is: a semi-Markov sequence of focus, wandering and, if asked for, drowsiness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.simulation.population import Dwell

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DROWSY_MEAN_S = 60.0
DROWSY_MOST = 0.5
SITTING_S = 1200.0


class Mind(IntEnum):
    """The true state of the simulated meditator."""

    FOCUS = 0
    WANDER = 1
    DROWSY = 2


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch in one state: onset and duration in s."""

    onset_s: float
    duration_s: float
    mind: Mind


def draw_episodes(seconds: float, course: Course) -> tuple[Episode, ...]:
    """Draw the episodes of a sitting (s) in which nothing interferes, focus first; the last one is cut at the end."""
    episodes: list[Episode] = []
    onset = 0.0
    while onset < seconds:
        episodes.append(course.next(onset))
        onset += episodes[-1].duration_s
    return cut(episodes, seconds)


class Course:
    """The mind's course as it is drawn, one episode after another.

    Parameters
    ----------
    alertness : callable
        Factor on the mean stay in focus at a given time (s): below 1 the mind wanders more often.
    drowsiness : float
        Chance, after 20 min, that an episode is followed by a drowsy one; it rises from 0 at the start.
    """

    def __init__(
        self,
        dwell: Dwell,
        rng: np.random.Generator,
        *,
        alertness: Callable[[float], float] = lambda onset_s: 1.0,
        drowsiness: float = 0.0,
    ) -> None:
        self._dwell = dwell
        self._rng = rng
        self._alertness = alertness
        self._drowsiness = drowsiness
        self._mind: Mind | None = None
        self._awake = Mind.WANDER

    def next(self, onset_s: float) -> Episode:
        """Draw the episode that begins at this time (s), as long as it lasts if nothing interferes."""
        self._mind = self._follows(onset_s)
        return Episode(onset_s, self._stay(self._mind, onset_s), self._mind)

    def _follows(self, onset_s: float) -> Mind:
        if self._mind is not None:
            sleepy = self._rng.random() < min(self._drowsiness * onset_s / SITTING_S, DROWSY_MOST)
            if sleepy and self._mind is not Mind.DROWSY:
                return Mind.DROWSY
        self._awake = Mind.WANDER if self._awake is Mind.FOCUS else Mind.FOCUS
        return self._awake

    def _stay(self, mind: Mind, onset_s: float) -> float:
        shape, mean = self.law(mind, onset_s)
        return max(self._dwell.shortest_s, float(self._rng.gamma(shape, mean / shape)))

    def law(self, mind: Mind, onset_s: float) -> tuple[float, float]:
        """Return shape and mean (s) of the Gamma-distributed stay in a state that begins at this time, s."""
        dwell = self._dwell
        if mind is Mind.FOCUS:
            return dwell.focus_shape, dwell.focus_s * self._alertness(onset_s)
        return (dwell.wander_shape, dwell.wander_s) if mind is Mind.WANDER else (2.0, DROWSY_MEAN_S)


def cut(episodes: Sequence[Episode], seconds: float) -> tuple[Episode, ...]:
    """Return the episodes of the first ``seconds``, the last one shortened.

    Examples
    --------
    >>> [episode.duration_s for episode in cut([Episode(0, 10, Mind.FOCUS), Episode(10, 5, Mind.WANDER)], 12)]
    [10, 2]
    """
    return tuple(
        replace(episode, duration_s=min(episode.duration_s, seconds - episode.onset_s))
        for episode in episodes
        if episode.onset_s < seconds
    )


def mind_at(episodes: Sequence[Episode], times_s: ArrayLike) -> NDArray[np.int64]:
    """Return the state (as ``Mind``) at each time; before the first episode its own, after the last the last.

    Examples
    --------
    >>> mind_at([Episode(0, 10, Mind.FOCUS), Episode(10, 5, Mind.WANDER)], [0.0, 9.9, 10.0, 99.0]).tolist()
    [0, 0, 1, 1]
    """
    onsets = np.array([episode.onset_s for episode in episodes])
    minds = np.array([int(episode.mind) for episode in episodes])
    return minds[np.maximum(np.searchsorted(onsets, times_s, side="right") - 1, 0)]
