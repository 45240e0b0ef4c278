"""Labelled windows: the seconds before a probe or press, relative to the session so far.

Live use, training and evaluation share this causal code: frames go in one by one, and a window is made from frames and
answers that were there by then.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.learning.feature_covariance import WindowCovariance, column_medians, estimate_window_covariance
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.types import Phase, Probe

BREATH, ELSEWHERE, NOT_SURE = 1, 2, 3
"""Answers to where the mind was."""

_LABELLED_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER})
_DEFAULT_SURENESS = 2  # "a little sure": used when the question "how sure" was skipped


@dataclass(frozen=True, slots=True, eq=False)
class LabelledWindow:
    """One labelled window.

    Parameters
    ----------
    sample : int
        The chime or the press.
    x : ndarray, shape (n_features,)
        Mean z of the window minus the median of all windows so far, in the person's window spread; NaN where missing.
    wander : bool
        The person reported wandering.
    weight : float
        By the reported certainty, 0 to 1; 1 for a press.
    minutes : float
        Time since the practice began, min.
    self_caught : bool
        A press, not the answer to a probe.
    """

    sample: int
    x: NDArray[np.float64]
    wander: bool
    weight: float
    minutes: float
    self_caught: bool = False


class WindowLabeller:
    """Makes labelled windows from the frames, probes and presses of one session.

    Parameters
    ----------
    prior_covariance : WindowCovariance
        Covariance of this person's windows in earlier sessions.
    hop_s : float
        Time between frames, s.

    Examples
    --------
    >>> import numpy as np
    >>> settings = DecoderSettings(features=("theta_frontal",))
    >>> labeller = WindowLabeller(estimate_window_covariance(("theta_frontal",)), 4.0, 0.25, settings)
    >>> for i in range(80):
    ...     labeller.append(i + 1, Phase.PRACTICE, True, (float(i >= 60),))
    >>> window = labeller.label_probe(Probe(80, where=ELSEWHERE, sure=4))
    >>> window.wander, window.weight, bool(window.x[0] > 0)
    (True, 1.0, True)
    """

    def __init__(
        self, prior_covariance: WindowCovariance, sfreq: float, hop_s: float, settings: DecoderSettings
    ) -> None:
        self._prior_covariance, self._sfreq, self._settings = prior_covariance, sfreq, settings
        self._min_frames = settings.min_valid_s / hop_s
        self._window_step_frames = max(1, round(1.0 / hop_s))
        self._length_s = settings.probe_window_s[0] - settings.probe_window_s[1]
        self._samples, self._z = array("q"), array("d")  # of all frames: a night has 170,000
        self._missing_z = (np.nan,) * len(prior_covariance.names)
        self._window_ends, self._windows = array("q"), array("d")
        self._presses: list[int] = []
        self._first_sample: int | None = None

    def append(self, sample: int, phase: Phase, valid: bool, z: Sequence[float]) -> None:
        """Take one frame: its end, and the z-scores of the features by the frozen baseline."""
        counts = valid and phase in _LABELLED_PHASES
        if phase in _LABELLED_PHASES and self._first_sample is None:
            self._first_sample = sample
        self._samples.append(sample)
        self._z.extend(z if counts else self._missing_z)
        if len(self._samples) % self._window_step_frames == 0:
            window = self._mean(sample - round(self._length_s * self._sfreq), sample)
            if window is not None:
                self._window_ends.append(sample)
                self._windows.extend(window)

    def label_probe(self, probe: Probe) -> LabelledWindow | None:
        """Return the window of an answered probe; None if it counts only for the rate of wandering."""
        if probe.where not in {BREATH, ELSEWHERE} or self._after_press(probe.sample):
            return None
        weight = self._settings.certainty_weights[(probe.sure or _DEFAULT_SURENESS) - 1]
        window = self._label_window(probe.sample, self._settings.probe_window_s, weight)
        return window if window is None or probe.where == ELSEWHERE else _as_on_breath(window)

    def has_signal(self, sample: int) -> bool:
        """Return whether enough signal precedes a chime at ``sample``."""
        start, stop = (sample - round(back * self._sfreq) for back in self._settings.probe_window_s)
        return self._mean(start, stop) is not None

    def label_press(self, sample: int) -> LabelledWindow | None:
        """Return the window of a press; None if too little signal precedes it, or another press."""
        follows = self._after_press(sample)
        self._presses.append(sample)
        return None if follows else self._label_window(sample, self._settings.press_window_s, 1.0, self_caught=True)

    def shrunk_covariance(self, sample: int | None = None) -> WindowCovariance:
        """Return the covariance of this session's windows so far, shrunk to earlier sessions."""
        return self._prior_covariance.combine(self.session_covariance(sample), self._settings.prior_windows)

    def session_covariance(self, sample: int | None = None) -> WindowCovariance:
        """Return the covariance of this session's windows up to ``sample``."""
        n_windows = len(self._window_ends) if sample is None else bisect_right(self._window_ends, sample)
        windows = self._rows(self._windows, 0, n_windows)
        return estimate_window_covariance(self._prior_covariance.names, windows, self._length_s)

    def _label_window(
        self, sample: int, span_s: tuple[float, float], weight: float, *, self_caught: bool = False
    ) -> LabelledWindow | None:
        start, stop = (sample - round(back * self._sfreq) for back in span_s)
        mean = self._mean(start, stop)
        n_windows = bisect_right(self._window_ends, stop)
        if mean is None or n_windows == 0:
            return None
        medians = column_medians(self._rows(self._windows, 0, n_windows))
        x = (mean - medians) / self.shrunk_covariance(stop).sd
        minutes = (sample - (self._first_sample or 0)) / self._sfreq / 60.0
        return LabelledWindow(sample, x, wander=True, weight=weight, minutes=minutes, self_caught=self_caught)

    def _mean(self, start: int, stop: int) -> NDArray[np.float64] | None:
        """Return mean z of the frames that end after ``start``, up to ``stop``; None with too little valid signal."""
        z = self._rows(self._z, bisect_right(self._samples, start), bisect_right(self._samples, stop))
        finite = np.isfinite(z)
        if finite.any(axis=1).sum() < self._min_frames:
            return None
        n = finite.sum(axis=0)
        sums = np.where(finite, z, 0.0).sum(axis=0)
        return np.where(n >= self._min_frames, sums / np.maximum(n, 1), np.nan)

    def _rows(self, values: array[float], start: int, stop: int) -> NDArray[np.float64]:
        """Return the rows from ``start`` up to ``stop`` of values with one column for each feature."""
        n = len(self._missing_z)
        return np.array(values[start * n : stop * n]).reshape(-1, n)

    def _after_press(self, sample: int) -> bool:
        guard = self._settings.press_guard_s * self._sfreq
        return any(0 <= sample - press <= guard for press in self._presses)


def _as_on_breath(window: LabelledWindow) -> LabelledWindow:
    return LabelledWindow(window.sample, window.x, wander=False, weight=window.weight, minutes=window.minutes)


def is_key_stuck(presses: Sequence[int], sfreq: float, settings: DecoderSettings) -> bool:
    """Return whether a session has more presses than a person makes.

    Examples
    --------
    >>> is_key_stuck(range(0, 100), 1.0, DecoderSettings()), is_key_stuck((10, 95, 300), 1.0, DecoderSettings())
    (True, False)
    """
    if len(presses) < settings.max_presses_per_min:
        return False
    minutes = (max(presses) - min(presses)) / sfreq / 60.0
    return len(presses) > settings.max_presses_per_min * max(minutes, 1.0)
