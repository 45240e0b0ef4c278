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


def draw_episodes(
    seconds: float,
    dwell: Dwell,
    rng: np.random.Generator,
    *,
    alertness: Callable[[float], float] = lambda onset_s: 1.0,
    drowsiness: float = 0.0,
) -> tuple[Episode, ...]:
    """Draw the episodes of a sitting, focus first; the last one is cut at the end.

    Parameters
    ----------
    seconds : float
        Length of the sitting, s.
    alertness : callable
        Factor on the mean stay in focus at a given time (s): below 1 the mind wanders more often.
    drowsiness : float
        Chance, after 20 min, that an episode is followed by a drowsy one; it rises from 0 at the start.
    """
    episodes: list[Episode] = []
    onset, mind, awake = 0.0, Mind.FOCUS, Mind.FOCUS
    while onset < seconds:
        duration = _stay(mind, dwell, alertness(onset), rng)
        episodes.append(Episode(onset, duration, mind))
        onset += duration
        sleepy = rng.random() < min(drowsiness * onset / SITTING_S, DROWSY_MOST)
        if sleepy and mind is not Mind.DROWSY:
            mind = Mind.DROWSY
        else:
            awake = Mind.WANDER if awake is Mind.FOCUS else Mind.FOCUS
            mind = awake
    return cut(episodes, seconds)


def _stay(mind: Mind, dwell: Dwell, alertness: float, rng: np.random.Generator) -> float:
    shape, mean = {
        Mind.FOCUS: (dwell.focus_shape, dwell.focus_s * alertness),
        Mind.WANDER: (dwell.wander_shape, dwell.wander_s),
        Mind.DROWSY: (2.0, DROWSY_MEAN_S),
    }[mind]
    return max(dwell.shortest_s, float(rng.gamma(shape, mean / shape)))


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
