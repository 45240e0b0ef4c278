"""When a baseline is frozen: at the end of its phase, or, where that gave too little, as soon as practice has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline, BaselineCollector
from neurofeedback.estimation.baseline_fit import fit_baseline
from neurofeedback.processing.pipeline import Windows
from neurofeedback.settings.profile import Profile

_CHECK_INTERVAL_S = 5.0
_CHECKS_SKIPPED_AFTER_FAILURE = 6  # looks left out after one in vain: freezing a baseline takes a while
_MIN_CLEAN_SHARE = 0.25


class BaselineBuilder:
    """Collects judged windows until they make a baseline with enough clean signal in it.

    Notes
    -----
    A baseline phase that was clenched, or off the head, goes on through the practice that follows: nothing is shown
    meanwhile, so practice is a baseline too. It is looked at only where frames end a stretch of 5 s, and
    only the last minutes of it are kept, so what comes of it does not depend on how frames were batched.
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
        self.collecting_late = False

    def add(self, windows: Windows, usable: NDArray[np.bool_], valid: NDArray[np.bool_]) -> None:
        """Keep a batch; ``counting`` ``(n,)`` may be learned from, ``valid`` had an index as far as is known yet."""
        self._collector.add(windows, usable)
        self._clean.append(valid & usable)

    def end_phase(self, *, continue_if_missing: bool) -> Baseline | None:
        """Freeze what the baseline phase gave; None where it was too little. If ``needed``, collecting goes on then."""
        self._required_clean_s = min(self._min_clean_s, _MIN_CLEAN_SHARE * self._collector.n_frames * self._hop_s)
        baseline = self._build(self._collector.n_frames)
        self._set_collecting(continue_if_missing and baseline is None)
        return baseline

    def limit_batch(self, next_frame: int, stop: int) -> int:
        """Return where the next batch has to end at the latest, so that it ends where it is looked at."""
        return (
            min(stop, (next_frame // self._check_every_frames + 1) * self._check_every_frames)
            if self.collecting_late
            else stop
        )

    def try_build(self, next_frame: int) -> Baseline | None:
        """Freeze the baseline if by now, just before ``next_frame``, there is enough clean signal for it."""
        if not self.collecting_late or next_frame % self._check_every_frames or next_frame < self._retry_frame:
            return None
        self._collector.trim_to(self._max_frames)
        clean = np.concatenate([np.zeros(0, dtype=np.bool_), *self._clean])[-self._max_frames :]
        self._clean = [clean]
        if clean.sum() * self._hop_s < self._required_clean_s:
            return None
        self._retry_frame = next_frame + _CHECKS_SKIPPED_AFTER_FAILURE * self._check_every_frames
        baseline = self._build(self._max_frames)
        self._set_collecting(baseline is None)
        return baseline

    def _set_collecting(self, collecting: bool) -> None:
        """Go on collecting, or forget what was collected."""
        self.collecting_late = collecting
        if not collecting:
            self._collector, self._clean = BaselineCollector(), []

    def _build(self, n_frames: int) -> Baseline | None:
        collected = self._collector.to_data(n_frames)
        baseline = fit_baseline(collected, self._profile, self._sfreq, self._freqs)
        if baseline is None or baseline.clean_s < self._required_clean_s:
            return None
        return baseline
