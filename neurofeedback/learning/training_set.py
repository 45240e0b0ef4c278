"""Labelled windows of a person's sessions, stacked for fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.feature_covariance import WindowCovariance
from neurofeedback.learning.labelling import LabelledWindow


@dataclass(frozen=True, slots=True, eq=False)
class SessionTrainingData:
    """Labelled windows of one session.

    Parameters
    ----------
    session : str
        Its stem.
    day : float
        Date in days; only differences matter.
    device : str
        Channels and reference: windows of another device get their own intercept and less weight.
    labelled_windows : tuple of LabelledWindow
        In order of time.
    window_covariance : WindowCovariance
        Covariance of all its windows.
    """

    session: str
    day: float
    device: str
    labelled_windows: tuple[LabelledWindow, ...]
    window_covariance: WindowCovariance


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Labelled windows of many sessions, stacked.

    Parameters
    ----------
    names : tuple of str
        The features.
    x : ndarray, shape (n, n_features)
        Feature values; 0, the session's median, where a feature is missing.
    wander, self_caught : ndarray of bool, shape (n,)
        Whether wandering was reported, and whether by a press.
    weight, minutes : ndarray, shape (n,)
        As in ``LabelledWindow``.
    session_index : ndarray of int, shape (n,)
        Position in ``sessions`` of each window's session.
    sessions : tuple of SessionTrainingData
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
        """Day of each window, ``(n,)``."""
        return np.array([session.day for session in self.sessions], dtype=np.float64)[self.session_index]

    def on_device(self, device: str) -> NDArray[np.bool_]:
        """Return which windows are from a device, ``(n,)``."""
        return np.array([session.device == device for session in self.sessions], dtype=np.bool_)[self.session_index]

    def subset(self, rows: NDArray[np.bool_]) -> TrainingSet:
        """Return the windows selected by ``rows``, ``(n,)``, with their sessions."""
        remaining = unique_sessions(self.session_index[rows])
        return replace(
            self,
            x=self.x[rows],
            wander=self.wander[rows],
            self_caught=self.self_caught[rows],
            weight=self.weight[rows],
            minutes=self.minutes[rows],
            session_index=np.searchsorted(np.array(remaining, dtype=np.int64), self.session_index[rows]),
            sessions=tuple(self.sessions[k] for k in remaining),
        )


def unique_sessions(session_index: NDArray[np.int64]) -> list[int]:
    """Return the distinct session numbers in ``(n,)``, sorted."""
    return sorted(set(session_index.tolist()))


def build_training_set(names: tuple[str, ...], sessions: Sequence[SessionTrainingData]) -> TrainingSet:
    """Stack sessions, which must come in order of time."""
    windows = [window for session in sessions for window in session.labelled_windows]
    x = np.array([window.x for window in windows], dtype=np.float64).reshape(-1, len(names))
    return TrainingSet(
        names=names,
        x=np.where(np.isfinite(x), x, 0.0),
        wander=np.array([window.wander for window in windows], dtype=np.bool_),
        self_caught=np.array([window.self_caught for window in windows], dtype=np.bool_),
        weight=np.array([window.weight for window in windows], dtype=np.float64),
        minutes=np.array([window.minutes for window in windows], dtype=np.float64),
        session_index=np.repeat(
            np.arange(len(sessions)), [len(session.labelled_windows) for session in sessions]
        ).astype(np.int64),
        sessions=tuple(sessions),
    )
