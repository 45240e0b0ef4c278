"""Keeps the segments of a sitting by counting frames: each change is a command for the frame after."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurofeedback.audio.sink import Bell
from neurofeedback.session.plan import Segment, SittingPlan
from neurofeedback.types import Command, CommandKind, Frame, Phase

_SOON_S = 60.0
_LONGER_IN = frozenset({Phase.PRACTICE, Phase.TRANSFER, Phase.REST, Phase.DEBRIEF})


@dataclass(frozen=True, slots=True)
class Turn:
    """What a frame brings about: commands for the frame after, a bell, another bed (empty for the same)."""

    bell: Bell
    commands: tuple[Command, ...] = ()
    bed: str = ""


class PhaseKeeper:
    """Says when a segment ends. A baseline with too little clean signal is extended, out of practice.

    Everything is counted in samples of the recording, so the phases do not depend on any clock; the samples of a
    pause are not counted.
    """

    def __init__(self, plan: SittingPlan, sfreq: float, max_extensions: int) -> None:
        self._sfreq = sfreq
        self._segments = list(plan.segments)
        self._at = 0
        self._extensions = max_extensions
        self._clean = 0
        self._wanted = plan.baseline_clean_s * sfreq
        self._last_sample = 0
        self._ends = self._planned_ends()
        self._next_bell = self._first_bell()
        self.done = False

    @property
    def segment(self) -> Segment:
        """The segment that the next frame belongs to."""
        return self._segments[self._at]

    @property
    def phase(self) -> Phase:
        """The phase that the next frame belongs to."""
        return self.segment.phase

    @property
    def ends(self) -> tuple[float, float]:
        """Sample at which this segment, and at which the sitting, is planned to end; infinite if it is open."""
        return self._ends[self._at], self._ends[-1]

    @property
    def open_ended(self) -> bool:
        """Whether this segment lasts until the person ends it."""
        return math.isinf(self._ends[self._at])

    @property
    def may_go_on(self) -> bool:
        """Whether the sitting is about to end and could be made longer."""
        near = self._ends[-1] - self._last_sample <= _SOON_S * self._sfreq
        return near and not self.done and self.phase in _LONGER_IN

    def first(self) -> tuple[Command, ...]:
        """Commands for a plan that does not begin with settling."""
        return () if self.phase is Phase.SETTLE else self._commands(0)

    def push(self, frame: Frame) -> Turn | None:
        """Take a frame; return what it brings about, if anything."""
        length = frame.sample - self._last_sample
        self._last_sample = frame.sample
        if frame.phase is Phase.PAUSE:
            self._put_off(length)
            return None
        if self.phase is Phase.BASELINE and frame.valid:
            self._clean += length
        if self.done or frame.sample < self._ends[self._at] or self._extended():
            return self._rung(frame.sample)
        if self._at == len(self._segments) - 1:
            self.done = True
            return None
        self._at += 1
        self._next_bell = self._first_bell()
        bell = Bell.END if self.phase is Phase.DEBRIEF else Bell.PHASE
        return Turn(bell, self._commands(frame.sample + 1), self.segment.bed)

    def longer(self, seconds: float) -> bool:
        """Practise so much longer: in this practice, else in one more; tell whether that can be."""
        if self.done or self.open_ended or self.phase not in _LONGER_IN:
            return False
        if self.phase is Phase.PRACTICE:
            self._shift(self._at, seconds * self._sfreq)
            return True
        last = self._segments[-1]
        more = Segment(Phase.PRACTICE, seconds)
        if self.phase is Phase.DEBRIEF:
            self._segments[self._at + 1 :] = [more, last]
            self._ends[self._at] = self._last_sample
        else:
            self._segments[-1:] = [more, last] if last.phase is Phase.DEBRIEF else [last, more]
        self._ends = self._ends[: self._at + 1] + self._later_ends()
        return True

    def finish(self) -> None:
        """End a segment without end with the next frame."""
        if self.open_ended:
            self._ends[self._at] = self._last_sample
            self._ends[self._at + 1 :] = self._later_ends()

    def _commands(self, sample: int) -> tuple[Command, ...]:
        phase = Command(sample, CommandKind.PHASE, self.phase)
        rate = self.segment.target_rate
        return (phase,) if rate is None else (phase, Command(sample, CommandKind.TARGET_RATE, f"{rate:g}"))

    def _planned_ends(self) -> list[float]:
        ends: list[float] = []
        for segment in self._segments:
            ends.append((ends[-1] if ends else 0.0) + segment.length_s * self._sfreq)
        return ends

    def _later_ends(self) -> list[float]:
        """Return the ends of the segments after this one, as planned from its end on."""
        ends = [self._ends[self._at]]
        ends += [segment.length_s * self._sfreq for segment in self._segments[self._at + 1 :]]
        return [sum(ends[: place + 1]) for place in range(1, len(ends))]

    def _put_off(self, n_samples: float) -> None:
        self._shift(self._at, n_samples)
        self._next_bell += n_samples

    def _shift(self, since: int, n_samples: float) -> None:
        self._ends[since:] = [end + n_samples for end in self._ends[since:]]

    def _first_bell(self) -> float:
        every = self.segment.bell_every_s * self._sfreq
        return self._last_sample + every if every else math.inf

    def _rung(self, sample: int) -> Turn | None:
        """Ring the bell of an interval, but not into the segment's last breath."""
        if sample < self._next_bell:
            return None
        self._next_bell += self.segment.bell_every_s * self._sfreq
        return Turn(Bell.INTERVAL) if self._ends[self._at] - sample > self._sfreq else None

    def _least_left(self) -> float:
        """Return how many samples of the next segment a baseline may not take: half of it, if it has an end."""
        length = self._segments[self._at + 1].length_s * self._sfreq
        return 0.0 if math.isinf(length) else length / 2

    def _extended(self) -> bool:
        """Put off the end of a baseline that is not clean enough, as long as practice can spare it."""
        if self.phase is not Phase.BASELINE or self._clean >= self._wanted or self._extensions == 0:
            return False
        later = self._ends[self._at] + self.segment.length_s * self._sfreq / 2
        if self._at + 1 >= len(self._ends) or later > self._ends[self._at + 1] - self._least_left():
            return False
        self._ends[self._at] = later
        self._extensions -= 1
        return True
