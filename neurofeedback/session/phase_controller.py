"""Phases of a session by sample count: each change is a command for the next frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from neurofeedback.audio.sink import Bell
from neurofeedback.session.plan import Segment, SessionPlan
from neurofeedback.types import Command, CommandKind, Phase

_EXTEND_OFFER_S = 60.0
_EXTENDABLE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER, Phase.REST, Phase.DEBRIEF})


@dataclass(frozen=True, slots=True)
class PhaseOutput:
    """Result of a frame: commands for the next frame, a bell, a background sound (empty for the same).

    Without a bell the change is not announced.
    """

    bell: Bell | None
    commands: tuple[Command, ...] = ()
    background: str = ""


class Tick(Protocol):
    """A moment of a session, as a frame has it: the sample after it, its phase, and whether its signal is usable."""

    @property
    def sample(self) -> int:
        """Sample number."""
        ...

    @property
    def phase(self) -> Phase:
        """Phase of this moment; a pause is a phase."""
        ...

    @property
    def valid(self) -> bool:
        """Whether its signal counts for a baseline."""
        ...


class PhaseController:
    """Ends segments at the planned samples, and extends a baseline with too little clean signal.

    Time is counted in samples of the recording, so phases do not depend on a clock; samples of a pause are not
    counted.

    Attributes
    ----------
    practice : str
        Title of a practice that has no feedback as a whole; empty otherwise.
    done : bool
        The plan is at its end.
    """

    def __init__(self, plan: SessionPlan, sfreq: float, max_extensions: int) -> None:
        self._sfreq = sfreq
        self._segments = list(plan.segments)
        self.practice = plan.practice
        self._has_practice = any(segment.phase is Phase.PRACTICE for segment in plan.segments)
        self._segment_index = 0
        self._extensions_left = max_extensions
        self._n_clean = 0
        self._n_clean_required = plan.min_clean_s * sfreq
        self._last_sample = 0
        self._segment_start = 0
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
    def segment_s(self) -> float:
        """Time since the start of this segment without pauses, s."""
        return (self._last_sample - self._segment_start) / self._sfreq

    @property
    def end_samples(self) -> tuple[float, float]:
        """Planned end sample of this segment and of the session; infinite if open-ended."""
        return self._segment_ends[self._segment_index], self._segment_ends[-1]

    @property
    def left_s(self) -> float:
        """Time left in the session by its plan, without pauses, s; infinite if open-ended."""
        return (self._segment_ends[-1] - self._last_sample) / self._sfreq

    @property
    def open_ended(self) -> bool:
        """Whether this segment lasts until the person ends it."""
        return math.isinf(self._segment_ends[self._segment_index])

    @property
    def can_extend(self) -> bool:
        """Whether the session is about to end and can be extended."""
        is_near_end = self._segment_ends[-1] - self._last_sample <= _EXTEND_OFFER_S * self._sfreq
        return is_near_end and not self.done and self.phase in _EXTENDABLE_PHASES

    def initial_commands(self) -> tuple[Command, ...]:
        """Commands for a plan that does not begin with settling."""
        return () if self.phase is Phase.SETTLE else self._segment_commands(0)

    def process(self, frame: Tick) -> PhaseOutput | None:
        """Take a frame; return its phase change or bell, if any."""
        length = frame.sample - self._last_sample
        self._last_sample = frame.sample
        if frame.phase is Phase.PAUSE:
            self._postpone(length)
            self._segment_start += length
            return None
        if self.phase is Phase.BASELINE and frame.valid:
            self._n_clean += length
        if self.done or frame.sample < self._segment_ends[self._segment_index] or self._extend_baseline():
            return self._interval_bell(frame.sample)
        if self._segment_index == len(self._segments) - 1:
            self.done = True
            return None
        was_announced = self.segment.announced
        self._segment_index += 1
        self._segment_start = frame.sample
        self._next_bell = self._first_bell()
        bell = Bell.END if self.phase is Phase.DEBRIEF else Bell.PHASE
        if not self.segment.announced or (self.phase is Phase.PRACTICE and not was_announced):
            bell = None  # the bell after a silent transfer would tell of it, too
        return PhaseOutput(bell, self._segment_commands(frame.sample + 1), self.segment.background)

    def extend(self, seconds: float) -> bool:
        """Extend this practice, or add another one; return whether that was possible.

        A plan without feedback gets no practice: a part of its own is longer.
        """
        if self.done or self.open_ended or self.phase not in _EXTENDABLE_PHASES:
            return False
        if self.phase is Phase.PRACTICE or (not self._has_practice and self.phase is not Phase.DEBRIEF):
            self._shift_ends(self._segment_index, seconds * self._sfreq)
            return True
        last = self._segments[-1]
        if self._has_practice:
            added = Segment(Phase.PRACTICE, seconds)
        else:
            added = replace(self._segments[-2], length_s=seconds, guide=())
        if self.phase is Phase.DEBRIEF:
            self._segments[self._segment_index + 1 :] = [added, last]
            self._segment_ends[self._segment_index] = self._last_sample
        else:
            self._segments[-1:] = [added, last] if last.phase is Phase.DEBRIEF else [last, added]
        self._segment_ends = self._segment_ends[: self._segment_index + 1] + self._later_ends()
        return True

    def end_open_segment(self) -> None:
        """End an open-ended segment with the next frame."""
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
        """Return the interval bell if it is due, but not in the last second of a segment."""
        if sample < self._next_bell:
            return None
        self._next_bell += self.segment.bell_interval_s * self._sfreq
        return PhaseOutput(Bell.INTERVAL) if self._segment_ends[self._segment_index] - sample > self._sfreq else None

    def _min_next_segment_samples(self) -> float:
        """Return the samples of the next segment that a baseline may not take: half of it, if it has an end."""
        length = self._segments[self._segment_index + 1].length_s * self._sfreq
        return 0.0 if math.isinf(length) else length / 2

    def _extend_baseline(self) -> bool:
        """Extend a baseline with too little clean signal, if the next segment is long enough; return whether it was."""
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
