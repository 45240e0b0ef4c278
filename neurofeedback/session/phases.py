"""Keeps the phases of a sitting by counting frames: each change is a command for the frame after."""

from __future__ import annotations

from neurofeedback.session.plan import SittingPlan
from neurofeedback.types import Command, CommandKind, Frame, Phase


class PhaseKeeper:
    """Says when a phase ends. A baseline with too little clean signal is extended, out of practice.

    Everything is counted in samples of the recording, so the phases do not depend on any clock.
    """

    def __init__(self, plan: SittingPlan, sfreq: float, max_extensions: int) -> None:
        self._plan = plan
        self._sfreq = sfreq
        self._phases = plan.phases
        self._at = 0
        self._extensions = max_extensions
        self._clean = 0
        self._wanted = plan.baseline_clean_s * sfreq
        self._last_sample = 0
        self._ends = self._planned_ends()
        self.done = False

    @property
    def phase(self) -> Phase:
        """The phase that the next frame belongs to."""
        return self._phases[self._at][0]

    @property
    def ends(self) -> tuple[float, float]:
        """Sample at which this phase, and at which the sitting, is planned to end."""
        return self._ends[self._at], self._ends[-1]

    def first(self) -> Command | None:
        """Command for a plan that does not begin with settling."""
        return None if self.phase is Phase.SETTLE else Command(0, CommandKind.PHASE, self.phase)

    def push(self, frame: Frame) -> Command | None:
        """Take a frame; return the command that begins the next phase, if this frame ended one."""
        if self.phase is Phase.BASELINE and frame.valid:
            self._clean += frame.sample - self._last_sample
        self._last_sample = frame.sample
        if self.done or frame.sample < self._ends[self._at] or self._extended():
            return None
        if self._at == len(self._phases) - 1:
            self.done = True
            return None
        self._at += 1
        return Command(frame.sample + 1, CommandKind.PHASE, self.phase)

    def _planned_ends(self) -> list[float]:
        ends: list[float] = []
        for _, length in self._phases:
            ends.append((ends[-1] if ends else 0.0) + length * self._sfreq)
        return ends

    def _least_left(self) -> float:
        """Return how many samples of the next phase a baseline may not take: half of it as planned."""
        return self._phases[self._at + 1][1] * self._sfreq / 2

    def _extended(self) -> bool:
        """Put off the end of a baseline that is not clean enough, as long as practice can spare it."""
        if self.phase is not Phase.BASELINE or self._clean >= self._wanted or self._extensions == 0:
            return False
        later = self._ends[self._at] + self._phases[self._at][1] * self._sfreq / 2
        if self._at + 1 >= len(self._ends) or later > self._ends[self._at + 1] - self._least_left():
            return False
        self._ends[self._at] = later
        self._extensions -= 1
        return True
