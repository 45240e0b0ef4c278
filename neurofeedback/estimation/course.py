"""All that a person's sittings teach, in order of time, stacked for fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.labels import Lesson
from neurofeedback.estimation.usual import Usual


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
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
    lessons: tuple[Lesson, ...]
    varied: Usual


@dataclass(frozen=True, slots=True, eq=False)
class Course:
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
    sittings : tuple of Taught
        In order of time.
    """

    names: tuple[str, ...]
    x: NDArray[np.float64]
    wander: NDArray[np.bool_]
    pressed: NDArray[np.bool_]
    weight: NDArray[np.float64]
    minutes: NDArray[np.float64]
    session: NDArray[np.int64]
    sittings: tuple[Taught, ...]

    @property
    def days(self) -> NDArray[np.float64]:
        """Day of each lesson, ``(n,)``."""
        return np.array([sitting.day for sitting in self.sittings], dtype=np.float64)[self.session]

    def on_device(self, device: str) -> NDArray[np.bool_]:
        """Which lessons were given on a device, ``(n,)``."""
        return np.array([sitting.device == device for sitting in self.sittings], dtype=np.bool_)[self.session]

    def only(self, rows: NDArray[np.bool_]) -> Course:
        """Return the lessons for which ``rows``, ``(n,)``, holds, with the sittings they are from."""
        kept = numbers_in(self.session[rows])
        return replace(
            self,
            x=self.x[rows],
            wander=self.wander[rows],
            pressed=self.pressed[rows],
            weight=self.weight[rows],
            minutes=self.minutes[rows],
            session=np.searchsorted(np.array(kept, dtype=np.int64), self.session[rows]),
            sittings=tuple(self.sittings[k] for k in kept),
        )


def numbers_in(session: NDArray[np.int64]) -> list[int]:
    """List the sittings in ``(n,)``, each once, in order."""
    return sorted(set(session.tolist()))


def course_of(names: tuple[str, ...], sittings: Sequence[Taught]) -> Course:
    """Stack sittings, which must come in order of time."""
    lessons = [lesson for sitting in sittings for lesson in sitting.lessons]
    x = np.array([lesson.x for lesson in lessons], dtype=np.float64).reshape(-1, len(names))
    return Course(
        names=names,
        x=np.where(np.isfinite(x), x, 0.0),
        wander=np.array([lesson.wander for lesson in lessons], dtype=np.bool_),
        pressed=np.array([lesson.pressed for lesson in lessons], dtype=np.bool_),
        weight=np.array([lesson.weight for lesson in lessons], dtype=np.float64),
        minutes=np.array([lesson.minutes for lesson in lessons], dtype=np.float64),
        session=np.repeat(np.arange(len(sittings)), [len(sitting.lessons) for sitting in sittings]).astype(np.int64),
        sittings=tuple(sittings),
    )
