"""Compute sample positions from packet counters and arrival times. No I/O, no clock.

A counter gives the exact number of missing samples, but only modulo its cycle. The host's clock gives the
approximate number, but samples that the host had queued look like a gap. Together they are exact: where the clock
leaves the counter one candidate, it is followed. Elsewhere samples are held until the queue has been worked off and
they arrive at the device's own pace; then the clock can choose among the counter's candidates. Where that takes too
long the smallest candidate is used, so that no loss is invented, and a gap is inserted once it is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from neurofeedback.acquisition.placement.arrival_pace import EarliestArrival, LatenessBlocks
from neurofeedback.acquisition.placement.counter_rules import CounterRule

MAX_HOLD_S = 4.0
"""Longest time that samples are held while they keep coming, s."""

_MAX_IMPLAUSIBLE_S = 0.25
_RESTART_BLOCK_S, _BLOCK_S, _LATE_BLOCK_S = 0.125, 0.5, 5.0
_N_BLOCKS, _N_BLOCKS_AT_JUMP, _N_BLOCKS_IF_DOUBTFUL = 2, 3, 6
_PACE_TOLERANCE_S = 0.012
_CYCLE_TOLERANCE_S = 0.06
_MAX_CHUNK_S = 0.1
_FORGETTING = 0.999
_MIN_GARBAGE_STEP = 8
_MIN_MILLISECONDS = 1e11


@dataclass(frozen=True, slots=True)
class SamplePosition:
    """Position of a sample, and the cause of a gap before it: ``gap`` if the clock decided its length or place."""

    position: int
    cause: str = "lost"


@dataclass(frozen=True, slots=True)
class _Sample:
    """A sample at the smallest position that its count allows.

    ``step`` is the distance from the sample before, and ``lateness`` the delay after the earliest possible arrival,
    both in samples.
    """

    position: int
    phase: int
    time: float
    step: int = 1
    lateness: float = 0.0


class CounterTracker:
    """Finds the position of each sample of one sequence of counts, in order; None for a sample to drop."""

    def __init__(self, sfreq: float, rule: CounterRule | None) -> None:
        self._sfreq = sfreq
        self._rule = rule
        self._cycle = rule.cycle if rule else None
        self._slack = min(self._cycle // 4, round(sfreq)) if self._cycle else round(sfreq / 2)
        self._late_from = self._cycle - self._slack if self._cycle else self._slack
        self._max_silence = self._late_from if self._cycle else sfreq
        self._tolerance = _PACE_TOLERANCE_S * sfreq
        self._longest_chunk = _MAX_CHUNK_S * sfreq
        self._typical_lateness = 0.0
        self._last: _Sample | None = None
        self._count: tuple[int, int] | None = None
        self._held: list[_Sample | None] = []
        self._restarted = self._restart_due = self._jumped = False
        self._repeated = True
        self._earliest = EarliestArrival(sfreq)
        self._blocks = self._new_blocks(_BLOCK_S)
        self._late_blocks = self._new_blocks(_LATE_BLOCK_S)

    @property
    def has_pending(self) -> bool:
        """Whether samples are held until their position is known."""
        return bool(self._held)

    def restart(self) -> None:
        """Forget the counter: the next position is found by time alone."""
        self._restart_due, self._count = True, None

    def update(self, counter: int, time: float, *, repeated: bool = True) -> list[SamplePosition | None]:
        """Add one sample's count and arrival time (s); return the positions that are now known, oldest first.

        ``repeated`` is whether its values are those of the sample before. A sample that only has the same count is no
        duplicate: all but one sample of a cycle were lost before it.
        """
        phase = self._phase(counter)
        self._repeated = repeated
        if self._last is None:
            self._restart_due = False
            return [self._place(_Sample(0, phase, time))]
        due = self._begin_restart() if self._restart_due else []
        return [*due, *self._locate(self._last, phase, time)]

    def flush(self) -> list[SamplePosition | None]:
        """Place the samples that are held, by what is known now: no more samples will come.

        Where the clock leaves the counter several candidates the smallest is used, and a loss is marked uncertain. A
        single sample whose count cannot be right is dropped.
        """
        held, is_plausible = self._held, self._is_plausible()
        if not self._restarted and not is_plausible and len(held) == 1:
            return self._drop_held()
        is_uncertain = is_plausible and self._blocks.minimum >= self._late_from
        places = self._place_overdue() if held else []
        return [
            replace(place, cause="gap") if is_uncertain and place and sample and sample.step > 1 else place
            for sample, place in zip(held, places, strict=True)
        ]

    def _new_blocks(self, block_s: float) -> LatenessBlocks:
        return LatenessBlocks(max(1, round(block_s * self._sfreq)))

    def _begin_restart(self) -> list[SamplePosition | None]:
        due = self._place_held(self._blocks.minimum if self._restarted else 0)
        self._restarted, self._restart_due = True, False
        return due

    def _phase(self, counter: int) -> int:
        """Return the position within the counter's cycle, in samples."""
        if self._rule is None:
            return 0
        packet = self._rule.packet(counter)
        within = 0
        if self._count is not None and self._count[0] == packet:
            within = (self._count[1] + 1) % self._rule.n_samples(packet)
        self._count = (packet, within)
        return self._rule.first_sample(packet) + within

    def _locate(self, last: _Sample, phase: int, time: float) -> list[SamplePosition | None]:
        place = len(self._held) - 1
        while place >= 0 and self._held[place] is None:
            place -= 1
        newest = self._held[place] if place >= 0 else None
        if newest is None:
            sample = self._after(last, phase, time)
            return self._hold(sample) if self._restarted else [*self._drop_held(), *self._follow(last, sample)]
        sample = self._after(newest, phase, time)
        if self._cycle and not self._restarted:
            if self._blocks.minimum < -self._slack:
                from_last = self._after(last, phase, time)
                if from_last.lateness >= -self._slack and from_last.step:
                    return [*self._drop_held(), *self._follow(last, from_last)]
            if min(newest.step, sample.step) >= _MIN_GARBAGE_STEP and newest.step + sample.step > self._cycle:
                self._held[place] = None  # it was garbage: without it the counter goes on
                return self._locate(last, phase, time)
        return self._hold(sample)

    def _after(self, before: _Sample, phase: int, time: float) -> _Sample:
        """Return a sample as its count places it after another one; with a step of 0 it is a duplicate."""
        step = (phase - before.phase) % self._cycle if self._cycle else 1
        if self._restarted and not self._held:
            step = 1
        elif step == 0 and self._cycle:
            is_silence = (time - before.time) * self._sfreq > self._max_silence
            could_be_later = self._earliest.lateness(before.position + self._cycle, time) >= -self._slack
            step = self._cycle if is_silence or (could_be_later and not self._repeated) else 0
        position = before.position + step
        return _Sample(position, phase, time, step, self._earliest.lateness(position, time))

    def _is_duplicate(self, sample: _Sample) -> bool:
        """Whether a sample repeats the one before it, or (by its count, and too early for a loss) one before that."""
        return sample.step == 0 or (sample.step >= self._late_from and sample.lateness < -self._slack)

    def _follow(self, last: _Sample, sample: _Sample) -> list[SamplePosition | None]:
        """Place a sample by its count, unless it is a duplicate, or more may have been lost than the count shows."""
        if self._cycle and self._is_duplicate(sample):
            return [None]
        is_silence = (sample.time - last.time) * self._sfreq > self._max_silence
        hides_loss = sample.lateness >= self._late_from and (is_silence or sample.step > 1)
        if hides_loss or (self._cycle and sample.lateness < -self._slack):
            return self._hold(sample)
        return [self._place_late(sample)]

    def _place_late(self, sample: _Sample) -> SamplePosition:
        """Place a sample: after a gap, if all have been late for long by what must have been lost unnoticed."""
        if sample.lateness < self._late_from:
            self._jumped = False
            self._late_blocks = self._new_blocks(_LATE_BLOCK_S)
            return self._place(sample)
        whole_block = self._late_blocks.update(sample.lateness)
        level = self._late_blocks.steady_level(_N_BLOCKS, self._tolerance) if whole_block else None
        if level is not None and (n_lost := self._lost_cycles(level)):
            self._late_blocks = self._new_blocks(_LATE_BLOCK_S)
            return self._place(replace(sample, position=sample.position + n_lost), "gap")
        if self._late_blocks.steady_level(_N_BLOCKS_IF_DOUBTFUL, self._tolerance) is not None:
            self._earliest.restart()  # another delay, which lasts
        return self._place(sample)

    def _lost_cycles(self, level: float) -> int:
        """Return the number of lost samples that explains a lasting lateness (in samples), or 0."""
        if self._cycle is None:
            return round(level) if level > self._sfreq else 0
        n_lost = round(level / self._cycle) * self._cycle
        return n_lost if abs(level - n_lost) <= _CYCLE_TOLERANCE_S * self._sfreq else 0

    def _place(self, sample: _Sample, cause: str = "lost") -> SamplePosition:
        self._last = sample
        if not self._earliest.lateness(sample.position, sample.time) >= self._late_from:
            self._earliest.update(sample.position, sample.time)
        if sample.lateness <= self._longest_chunk:  # more is a pause or a loss
            self._typical_lateness = max(sample.lateness, _FORGETTING * self._typical_lateness)
        return SamplePosition(sample.position, cause)

    def _drop_held(self) -> list[SamplePosition | None]:
        dropped: list[SamplePosition | None] = [None] * len(self._held)
        self._held = []
        return dropped

    def _hold(self, sample: _Sample) -> list[SamplePosition | None]:
        """Hold a sample until the clock can choose among the positions that the counts allow."""
        if not self._held:
            self._blocks = self._new_blocks(_RESTART_BLOCK_S if self._restarted else _BLOCK_S)
        elif self._cycle and self._is_duplicate(sample):
            self._held.append(None)
            return []
        self._held.append(sample)
        whole_block = self._blocks.update(sample.lateness)
        first = next(held for held in self._held if held)
        if sample.time - first.time >= self._max_hold_s():
            return self._place_overdue()
        if self._blocks.minimum < self._late_from and self._is_plausible():
            return self._place_held()
        return self._place_by_pace() if whole_block else []

    def _is_plausible(self) -> bool:
        """Whether no held sample would have come too early for its count."""
        return not self._restarted and (self._cycle is None or self._blocks.minimum >= -self._slack)

    def _max_hold_s(self) -> float:
        return MAX_HOLD_S if self._restarted or self._is_plausible() else _MAX_IMPLAUSIBLE_S

    def _place_overdue(self) -> list[SamplePosition | None]:
        """Place the held samples by the clock, if their counts are of no use, or else where least is lost."""
        if not self._is_plausible():
            return self._place_held(self._blocks.minimum)
        self._jumped = self._jumped or any(held and held.step > 1 for held in self._held)
        return self._place_held()

    def _place_by_pace(self) -> list[SamplePosition | None]:
        """Place the held samples if they arrive at the device's pace: the clock can choose among their positions."""
        if self._restarted and self._blocks.steady_level(_N_BLOCKS, self._tolerance) is not None:
            return self._place_held(self._blocks.minimum)
        if self._restarted or not self._is_plausible():
            return []
        jumped = any(held and held.step > 1 for held in self._held)
        level = self._blocks.steady_level(_N_BLOCKS_AT_JUMP, self._tolerance)
        if level is not None and (jumped or self._cycle is None) and (n_lost := self._lost_cycles(level)):
            return self._place_with_loss(n_lost, level)
        level = self._blocks.steady_level(_N_BLOCKS_IF_DOUBTFUL, self._tolerance)
        if level is None:
            return []
        n_lost = int((level + self._slack) // self._cycle) * self._cycle if jumped and self._cycle else 0
        n_lost = self._lost_cycles(level) or n_lost
        return self._place_with_loss(n_lost, level) if n_lost else []

    def _place_with_loss(self, n_lost: int, level: float) -> list[SamplePosition | None]:
        """Place the held samples with so many more lost, at the jump of the counter that can have been longer.

        What was lost before samples as little late as the last ones (``level``, in samples), was lost before these too.
        Where several jumps remain it is the first sample at the device's pace from the last one on: samples before it
        may be placed too early, but none too late. A chunk is late at its beginning, so after a silence that long the
        first one counts.
        """
        jumps: list[_Sample] = []
        soonest = inf
        for sample in filter(None, self._held):
            if sample.step > 1 and soonest > level + self._tolerance:
                jumps.append(sample)
            soonest = min(soonest, sample.lateness)
        jumps = jumps or [sample for sample in self._held if sample and sample.step > 1]
        if len(jumps) == 1:
            return self._place_held(n_lost, jumps[0], "lost" if self._is_sure(jumps[0]) else "gap")
        placed = [held for held in self._held if held]
        start = jumps[-1].position if jumps else -inf
        at_pace = level + self._tolerance
        in_chunk = at_pace if jumps else level + self._chunk_lateness()
        silent_s = max(0.0, n_lost / self._sfreq - _MAX_CHUNK_S) if self._cycle else 0.0
        prompt = (
            sample
            for before, sample in pairwise([self._last or placed[0], *placed])
            if sample.position >= start
            and sample.lateness <= (in_chunk if sample.time - before.time >= silent_s else at_pace)
        )
        first = next(prompt, placed[-1])
        is_sure = self._cycle and not jumps and first is placed[0]
        return self._place_held(n_lost, first, "lost" if is_sure else "gap")

    def _chunk_lateness(self) -> float:
        """Return how late the first sample of a chunk may be, in samples: twice the typical, at most 0.1 s.

        Without a counter nothing else shows where a gap ends, so there it is the longest.
        """
        if self._cycle is None:
            return self._longest_chunk
        return min(self._longest_chunk, 2 * self._typical_lateness + self._tolerance)

    def _is_sure(self, jump: _Sample) -> bool:
        """Whether whole cycles were lost at the only jump of the counter among the held samples.

        They alone would leave no jump, and one packet may be lost anywhere. So the jump must be longer than that, or
        the sample before it was not late yet.
        """
        is_first = jump is next(filter(None, self._held))
        is_prompt = is_first and self._last is not None and self._last.lateness < self._slack
        return not self._jumped and (is_prompt or jump.step > 1 + (self._rule.repeat if self._rule else 0))

    def _place_held(
        self, n_lost: float = 0, before: _Sample | None = None, cause: str = "gap"
    ) -> list[SamplePosition | None]:
        """Place the held samples by their counts, with ``n_lost`` more lost before one of them, by default the first.

        A negative ``n_lost`` moves the first one to its predecessor at most.
        """
        before = before or next((sample for sample in self._held if sample), None)
        shift = max(round(n_lost), 1 - before.step) if before else 0
        passed = False
        places: list[SamplePosition | None] = []
        for sample in self._held:
            is_gap, passed = sample is before, passed or sample is before
            moved = sample if sample is None or not passed else replace(sample, position=sample.position + shift)
            places.append(moved and self._place(moved, cause if is_gap and n_lost else "lost"))
        self._held, self._restarted = [], False
        return places


def to_seconds(timestamps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a driver's timestamps since 1970 in seconds: some come in milliseconds.

    Examples
    --------
    >>> to_seconds(np.array([1787270434786.832])), to_seconds(np.array([1787270434.5]))
    (array([1.78727043e+09]), array([1.78727043e+09]))
    """
    return timestamps / 1000 if timestamps.size and timestamps[-1] > _MIN_MILLISECONDS else timestamps


def arrival_times(timestamps: NDArray[np.float64], since: float, now: float) -> list[float]:
    """Convert a driver's timestamps of any epoch to arrival times on the host's monotonic clock.

    All samples of a read arrived since the previous read, which limits the error of a clock that was set in between.

    Parameters
    ----------
    timestamps : ndarray, shape (n_samples,)
        The driver's time of each sample, s.
    since, now : float
        When the previous and this read returned, s.

    Examples
    --------
    >>> arrival_times(np.array([100.0, 100.5, 101.0]), since=7.25, now=8.0)
    [7.25, 7.5, 8.0]
    """
    times = np.clip(now + (timestamps - timestamps[-1]), since, now)
    return np.maximum.accumulate(times).tolist()
