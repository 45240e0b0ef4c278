"""When a baseline is frozen: at the end of its phase, or, where that gave too little, as soon as practice has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.estimation.baseline import Baseline, BaselineCollector
from neurofeedback.estimation.reference import fit_baseline
from neurofeedback.processing.pipeline import Windows
from neurofeedback.settings.profile import Profile

_LOOK_EVERY_S = 5.0
_REST = 6  # looks left out after one in vain: freezing a baseline takes a while
_LEAST_SHARE = 0.25


class BaselineTaker:
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
        self._every = max(1, round(_LOOK_EVERY_S / self._hop_s))
        self._most = round(settings.late_window_s / self._hop_s)
        self._least_s = self._wanted_s = settings.late_clean_s
        self._collector = BaselineCollector()
        self._clean: list[NDArray[np.bool_]] = []
        self._look_again_at = 0
        self.late = False

    def add(self, windows: Windows, counting: NDArray[np.bool_], valid: NDArray[np.bool_]) -> None:
        """Keep a batch; ``counting`` ``(n,)`` may be learned from, ``valid`` had an index as far as is known yet."""
        self._collector.add(windows, counting)
        self._clean.append(valid & counting)

    def end_phase(self, *, needed: bool) -> Baseline | None:
        """Freeze what the baseline phase gave; None where it was too little. If ``needed``, collecting goes on then."""
        self._wanted_s = min(self._least_s, _LEAST_SHARE * self._collector.n_frames * self._hop_s)
        baseline = self._taken(self._collector.n_frames)
        self._go_on(needed and baseline is None)
        return baseline

    def limit(self, next_frame: int, stop: int) -> int:
        """Return where the next batch has to end at the latest, so that it ends where it is looked at."""
        return min(stop, (next_frame // self._every + 1) * self._every) if self.late else stop

    def look(self, next_frame: int) -> Baseline | None:
        """Freeze the baseline if by now, just before ``next_frame``, there is enough clean signal for it."""
        if not self.late or next_frame % self._every or next_frame < self._look_again_at:
            return None
        self._collector.forget_before(self._most)
        clean = np.concatenate([np.zeros(0, dtype=np.bool_), *self._clean])[-self._most :]
        self._clean = [clean]
        if clean.sum() * self._hop_s < self._wanted_s:
            return None
        self._look_again_at = next_frame + _REST * self._every
        baseline = self._taken(self._most)
        self._go_on(baseline is None)
        return baseline

    def _go_on(self, late: bool) -> None:
        """Go on collecting, or forget what was collected."""
        self.late = late
        if not late:
            self._collector, self._clean = BaselineCollector(), []

    def _taken(self, n_frames: int) -> Baseline | None:
        collected = self._collector.collected(n_frames)
        baseline = fit_baseline(collected, self._profile, self._sfreq, self._freqs)
        if baseline is None or baseline.clean_s < self._wanted_s:
            return None
        return baseline
