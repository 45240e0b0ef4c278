"""Builds a baseline at the end of its phase, or during practice when the phase had too little clean signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline, BaselineCollector
from neurofeedback.estimation.baseline_fit import fit_baseline
from neurofeedback.processing.pipeline import Windows
from neurofeedback.settings.resolved_profile import Profile

_CHECK_INTERVAL_S = 5.0
_CHECKS_SKIPPED_AFTER_FAILURE = 6  # fitting a baseline takes a while
_MIN_CLEAN_SHARE = 0.25


class BaselineBuilder:
    """Collects judged windows until they hold enough clean signal for a baseline.

    Notes
    -----
    When the baseline phase had too much muscle or too little contact, collecting continues in the practice that
    follows: no feedback is given there before a baseline exists, so that signal is a baseline too. It is checked only
    every 5 s of frames and uses only the last minutes, so the result does not depend on how frames are batched.
    """

    def __init__(self, profile: Profile, sfreq: float, freqs: NDArray[np.float64]) -> None:
        self._profile, self._sfreq, self._freqs = profile, sfreq, freqs
        settings, self._hop_s = profile.settings.baseline, profile.settings.spectrum.hop_s
        self._check_every_frames = max(1, round(_CHECK_INTERVAL_S / self._hop_s))
        self._max_frames = round(settings.late_window_s / self._hop_s)
        self._min_clean_s = self._required_clean_s = settings.late_clean_s
        self._collector = BaselineCollector()
        self._clean: list[NDArray[np.bool_]] = []
        self._retry_frame = 0

    def add(self, windows: Windows, usable: NDArray[np.bool_], valid: NDArray[np.bool_]) -> None:
        """Add a batch.

        Parameters
        ----------
        usable, valid : ndarray of bool, shape (n,)
            Frames that may enter the baseline, and frames that have an index by what is known so far.
        """
        self._collector.add(windows, usable)
        self._clean.append(valid & usable)

    def end_phase(self) -> Baseline | None:
        """Build the baseline of a phase that has ended; None when it has too little clean signal."""
        self._required_clean_s = min(self._min_clean_s, _MIN_CLEAN_SHARE * self._collector.n_frames * self._hop_s)
        return self._build(self._collector.n_frames)

    def clear(self) -> None:
        """Forget all collected windows."""
        self._collector, self._clean = BaselineCollector(), []

    def limit_batch(self, next_frame: int, stop: int) -> int:
        """Return the last frame of the next batch, so that it ends at the next check of a late baseline."""
        return min(stop, (next_frame // self._check_every_frames + 1) * self._check_every_frames)

    def try_build(self, next_frame: int) -> Baseline | None:
        """Build a late baseline just before ``next_frame``; None between checks and without enough clean signal."""
        if next_frame % self._check_every_frames or next_frame < self._retry_frame:
            return None
        self._collector.trim_to(self._max_frames)
        clean = np.concatenate([np.zeros(0, dtype=np.bool_), *self._clean])[-self._max_frames :]
        self._clean = [clean]
        if clean.sum() * self._hop_s < self._required_clean_s:
            return None
        self._retry_frame = next_frame + _CHECKS_SKIPPED_AFTER_FAILURE * self._check_every_frames
        return self._build(self._max_frames)

    def _build(self, n_frames: int) -> Baseline | None:
        baseline = fit_baseline(self._collector.to_data(n_frames), self._profile, self._sfreq, self._freqs)
        if baseline is None or baseline.clean_s < self._required_clean_s:
            return None
        return baseline
