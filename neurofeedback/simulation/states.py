"""Mental states: a semi-Markov sequence of focus, wandering and optionally drowsiness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.simulation.population import DwellTimes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DROWSY_MEAN_S = 60.0
MAX_DROWSY_CHANCE = 0.5
REFERENCE_SESSION_S = 1200.0


class MentalState(IntEnum):
    """The true state of the simulated meditator."""

    FOCUS = 0
    WANDER = 1
    DROWSY = 2


@dataclass(frozen=True, slots=True)
class Episode:
    """A period in one state: onset and duration in s."""

    onset_s: float
    duration_s: float
    state: MentalState


def draw_episodes(seconds: float, sequence: StateSequence) -> tuple[Episode, ...]:
    """Draw the episodes of a session (s) without feedback, focus first; the last one is truncated at the end."""
    episodes: list[Episode] = []
    onset = 0.0
    while onset < seconds:
        episodes.append(sequence.next_episode(onset))
        onset += episodes[-1].duration_s
    return truncate_episodes(episodes, seconds)


class StateSequence:
    """The random sequence of states, drawn one episode after another.

    Parameters
    ----------
    alertness : callable
        Factor on the mean duration of focus at a given time (s); below 1 wandering is more frequent.
    drowsiness : float
        Probability, after 20 min, that a drowsy episode follows another; it rises linearly from 0.
    """

    def __init__(
        self,
        dwell: DwellTimes,
        rng: np.random.Generator,
        *,
        alertness: Callable[[float], float] = lambda onset_s: 1.0,
        drowsiness: float = 0.0,
    ) -> None:
        self._dwell = dwell
        self._rng = rng
        self._alertness = alertness
        self._drowsiness = drowsiness
        self._state: MentalState | None = None
        self._awake = MentalState.WANDER

    def next_episode(self, onset_s: float) -> Episode:
        """Draw the episode that starts at this time (s), with its duration without feedback."""
        self._state = self._next_state(onset_s)
        return Episode(onset_s, self._draw_duration(self._state, onset_s), self._state)

    def _next_state(self, onset_s: float) -> MentalState:
        if self._state is not None:
            sleepy = self._rng.random() < min(self._drowsiness * onset_s / REFERENCE_SESSION_S, MAX_DROWSY_CHANCE)
            if sleepy and self._state is not MentalState.DROWSY:
                return MentalState.DROWSY
        self._awake = MentalState.WANDER if self._awake is MentalState.FOCUS else MentalState.FOCUS
        return self._awake

    def _draw_duration(self, state: MentalState, onset_s: float) -> float:
        shape, mean = self.gamma_params(state, onset_s)
        return max(self._dwell.shortest_s, float(self._rng.gamma(shape, mean / shape)))

    def gamma_params(self, state: MentalState, onset_s: float) -> tuple[float, float]:
        """Return shape and mean (s) of the Gamma-distributed duration of a state that starts at this time, s."""
        dwell = self._dwell
        if state is MentalState.FOCUS:
            return dwell.focus_shape, dwell.focus_s * self._alertness(onset_s)
        return (dwell.wander_shape, dwell.wander_s) if state is MentalState.WANDER else (2.0, DROWSY_MEAN_S)


def truncate_episodes(episodes: Sequence[Episode], seconds: float) -> tuple[Episode, ...]:
    """Return the episodes of the first ``seconds``, the last one shortened.

    Examples
    --------
    >>> episodes = [Episode(0, 10, MentalState.FOCUS), Episode(10, 5, MentalState.WANDER)]
    >>> [episode.duration_s for episode in truncate_episodes(episodes, 12)]
    [10, 2]
    """
    return tuple(
        replace(episode, duration_s=min(episode.duration_s, seconds - episode.onset_s))
        for episode in episodes
        if episode.onset_s < seconds
    )


def state_at(episodes: Sequence[Episode], times_s: ArrayLike) -> NDArray[np.int64]:
    """Return the state (as `MentalState`) at each time; before the first episode the first, after the last the last.

    Examples
    --------
    >>> episodes = [Episode(0, 10, MentalState.FOCUS), Episode(10, 5, MentalState.WANDER)]
    >>> state_at(episodes, [0.0, 9.9, 10.0, 99.0]).tolist()
    [0, 0, 1, 1]
    """
    onsets = np.array([episode.onset_s for episode in episodes])
    states = np.array([int(episode.state) for episode in episodes])
    return states[np.maximum(np.searchsorted(onsets, times_s, side="right") - 1, 0)]
