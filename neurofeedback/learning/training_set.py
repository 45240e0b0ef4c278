"""All that a person's sittings teach, in order of time, stacked for fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.labelling import LabelledWindow
from neurofeedback.learning.window_covariance import WindowCovariance


@dataclass(frozen=True, slots=True, eq=False)
class SessionTrainingData:
    """What one sitting teaches.

    Parameters
    ----------
    session : str
        Its label.
    day : float
        When it was, days; only differences count.
    device : str
        Channels and reference: lessons of another device get an intercept of their own and count for less.
    varied : Usual
        How much its windows vary.
    """

    session: str
    day: float
    device: str
    labelled_windows: tuple[LabelledWindow, ...]
    window_covariance: WindowCovariance


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Lessons of many sittings, stacked.

    Parameters
    ----------
    names : tuple of str
        The features.
    x : ndarray, shape (n, n_features)
        Of all lessons; 0, the sitting's own median, where a feature is missing.
    wander, pressed : ndarray of bool, shape (n,)
        What was said, and whether by a press.
    weight, minutes : ndarray, shape (n,)
        As in ``Lesson``.
    session : ndarray of int, shape (n,)
        Which of ``sittings`` each lesson is from.
    sittings : tuple of SessionTrainingData
        In order of time.
    """

    names: tuple[str, ...]
    x: NDArray[np.float64]
    wander: NDArray[np.bool_]
    self_caught: NDArray[np.bool_]
    weight: NDArray[np.float64]
    minutes: NDArray[np.float64]
    session_index: NDArray[np.int64]
    sessions: tuple[SessionTrainingData, ...]

    @property
    def days(self) -> NDArray[np.float64]:
        """Day of each lesson, ``(n,)``."""
        return np.array([sitting.day for sitting in self.sessions], dtype=np.float64)[self.session_index]

    def on_device(self, device: str) -> NDArray[np.bool_]:
        """Which lessons were given on a device, ``(n,)``."""
        return np.array([sitting.device == device for sitting in self.sessions], dtype=np.bool_)[self.session_index]

    def subset(self, rows: NDArray[np.bool_]) -> TrainingSet:
        """Return the lessons for which ``rows``, ``(n,)``, holds, with the sittings they are from."""
        kept = unique_sessions(self.session_index[rows])
        return replace(
            self,
            x=self.x[rows],
            wander=self.wander[rows],
            self_caught=self.self_caught[rows],
            weight=self.weight[rows],
            minutes=self.minutes[rows],
            session_index=np.searchsorted(np.array(kept, dtype=np.int64), self.session_index[rows]),
            sessions=tuple(self.sessions[k] for k in kept),
        )


def unique_sessions(session_index: NDArray[np.int64]) -> list[int]:
    """List the sittings in ``(n,)``, each once, in order."""
    return sorted(set(session_index.tolist()))


def build_training_set(names: tuple[str, ...], sessions: Sequence[SessionTrainingData]) -> TrainingSet:
    """Stack sittings, which must come in order of time."""
    lessons = [lesson for sitting in sessions for lesson in sitting.labelled_windows]
    x = np.array([lesson.x for lesson in lessons], dtype=np.float64).reshape(-1, len(names))
    return TrainingSet(
        names=names,
        x=np.where(np.isfinite(x), x, 0.0),
        wander=np.array([lesson.wander for lesson in lessons], dtype=np.bool_),
        self_caught=np.array([lesson.self_caught for lesson in lessons], dtype=np.bool_),
        weight=np.array([lesson.weight for lesson in lessons], dtype=np.float64),
        minutes=np.array([lesson.minutes for lesson in lessons], dtype=np.float64),
        session_index=np.repeat(
            np.arange(len(sessions)), [len(sitting.labelled_windows) for sitting in sessions]
        ).astype(np.int64),
        sessions=tuple(sessions),
    )
