"""Keeps the segments of a sitting by counting frames: each change is a command for the frame after."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurofeedback.audio.sink import Bell
from neurofeedback.session.plan import Segment, SessionPlan
from neurofeedback.types import Command, CommandKind, Frame, Phase

_EXTEND_OFFER_S = 60.0
_EXTENDABLE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER, Phase.REST, Phase.DEBRIEF})


@dataclass(frozen=True, slots=True)
class PhaseOutput:
    """What a frame brings about: commands for the frame after, a bell, another bed (empty for the same)."""

    bell: Bell
    commands: tuple[Command, ...] = ()
    background: str = ""


class PhaseController:
    """Says when a segment ends. A baseline with too little clean signal is extended, out of practice.

    Everything is counted in samples of the recording, so the phases do not depend on any clock; the samples of a
    pause are not counted.
    """

    def __init__(self, plan: SessionPlan, sfreq: float, max_extensions: int) -> None:
        self._sfreq = sfreq
        self._segments = list(plan.segments)
        self._segment_index = 0
        self._extensions_left = max_extensions
        self._n_clean = 0
        self._n_clean_required = plan.min_clean_s * sfreq
        self._last_sample = 0
        self._segment_ends = self._planned_ends()
        self._next_bell = self._first_bell()
        self.done = False

    @property
    def segment(self) -> Segment:
        """The segment that the next frame belongs to."""
        return self._segments[self._segment_index]

    @property
    def phase(self) -> Phase:
        """The phase that the next frame belongs to."""
        return self.segment.phase

    @property
    def end_samples(self) -> tuple[float, float]:
        """Sample at which this segment, and at which the sitting, is planned to end; infinite if it is open."""
        return self._segment_ends[self._segment_index], self._segment_ends[-1]

    @property
    def open_ended(self) -> bool:
        """Whether this segment lasts until the person ends it."""
        return math.isinf(self._segment_ends[self._segment_index])

    @property
    def can_extend(self) -> bool:
        """Whether the sitting is about to end and could be made longer."""
        near = self._segment_ends[-1] - self._last_sample <= _EXTEND_OFFER_S * self._sfreq
        return near and not self.done and self.phase in _EXTENDABLE_PHASES

    def initial_commands(self) -> tuple[Command, ...]:
        """Commands for a plan that does not begin with settling."""
        return () if self.phase is Phase.SETTLE else self._segment_commands(0)

    def process(self, frame: Frame) -> PhaseOutput | None:
        """Take a frame; return what it brings about, if anything."""
        length = frame.sample - self._last_sample
        self._last_sample = frame.sample
        if frame.phase is Phase.PAUSE:
            self._postpone(length)
            return None
        if self.phase is Phase.BASELINE and frame.valid:
            self._n_clean += length
        if self.done or frame.sample < self._segment_ends[self._segment_index] or self._extend_baseline():
            return self._interval_bell(frame.sample)
        if self._segment_index == len(self._segments) - 1:
            self.done = True
            return None
        self._segment_index += 1
        self._next_bell = self._first_bell()
        bell = Bell.END if self.phase is Phase.DEBRIEF else Bell.PHASE
        return PhaseOutput(bell, self._segment_commands(frame.sample + 1), self.segment.background)

    def extend(self, seconds: float) -> bool:
        """Practise so much longer: in this practice, else in one more; tell whether that can be."""
        if self.done or self.open_ended or self.phase not in _EXTENDABLE_PHASES:
            return False
        if self.phase is Phase.PRACTICE:
            self._shift_ends(self._segment_index, seconds * self._sfreq)
            return True
        last = self._segments[-1]
        more = Segment(Phase.PRACTICE, seconds)
        if self.phase is Phase.DEBRIEF:
            self._segments[self._segment_index + 1 :] = [more, last]
            self._segment_ends[self._segment_index] = self._last_sample
        else:
            self._segments[-1:] = [more, last] if last.phase is Phase.DEBRIEF else [last, more]
        self._segment_ends = self._segment_ends[: self._segment_index + 1] + self._later_ends()
        return True

    def end_open_segment(self) -> None:
        """End a segment without end with the next frame."""
        if self.open_ended:
            self._segment_ends[self._segment_index] = self._last_sample
            self._segment_ends[self._segment_index + 1 :] = self._later_ends()

    def _segment_commands(self, sample: int) -> tuple[Command, ...]:
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
        ends = [self._segment_ends[self._segment_index]]
        ends += [segment.length_s * self._sfreq for segment in self._segments[self._segment_index + 1 :]]
        return [sum(ends[: place + 1]) for place in range(1, len(ends))]

    def _postpone(self, n_samples: float) -> None:
        self._shift_ends(self._segment_index, n_samples)
        self._next_bell += n_samples

    def _shift_ends(self, first_segment: int, n_samples: float) -> None:
        self._segment_ends[first_segment:] = [end + n_samples for end in self._segment_ends[first_segment:]]

    def _first_bell(self) -> float:
        every = self.segment.bell_interval_s * self._sfreq
        return self._last_sample + every if every else math.inf

    def _interval_bell(self, sample: int) -> PhaseOutput | None:
        """Ring the bell of an interval, but not into the segment's last breath."""
        if sample < self._next_bell:
            return None
        self._next_bell += self.segment.bell_interval_s * self._sfreq
        return PhaseOutput(Bell.INTERVAL) if self._segment_ends[self._segment_index] - sample > self._sfreq else None

    def _min_next_segment_samples(self) -> float:
        """Return how many samples of the next segment a baseline may not take: half of it, if it has an end."""
        length = self._segments[self._segment_index + 1].length_s * self._sfreq
        return 0.0 if math.isinf(length) else length / 2

    def _extend_baseline(self) -> bool:
        """Put off the end of a baseline that is not clean enough, as long as practice can spare it."""
        if self.phase is not Phase.BASELINE or self._n_clean >= self._n_clean_required or self._extensions_left == 0:
            return False
        later = self._segment_ends[self._segment_index] + self.segment.length_s * self._sfreq / 2
        if (
            self._segment_index + 1 >= len(self._segment_ends)
            or later > self._segment_ends[self._segment_index + 1] - self._min_next_segment_samples()
        ):
            return False
        self._segment_ends[self._segment_index] = later
        self._extensions_left -= 1
        return True
