"""What an import did: rate and from what, channels read and left out, gaps, marks, clock faults and notices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from neurofeedback.types import LostRun


class RateSource(StrEnum):
    """Where a sampling rate comes from."""

    STATED = "stated"
    CLOCK = "clock"
    COUNTER = "counter"
    HEADER = "header"
    NOMINAL = "nominal"


@dataclass(frozen=True, slots=True)
class RateEstimate:
    """A sampling rate in Hz and where it comes from; ``error_hz`` is its standard error, 0 if it was not measured."""

    source: RateSource
    sfreq: float
    error_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class ImportedRate:
    """The sampling rate that is used, and every rate the file gives or shows."""

    sfreq: float
    source: RateSource
    estimates: tuple[RateEstimate, ...] = ()


class ChannelUse(StrEnum):
    """What became of a channel of the file."""

    EEG = "eeg"
    MARKS = "marks"
    CLOCK = "clock"
    COUNTER = "counter"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class ImportedChannel:
    """A channel of the file: its name and unit there, its use, and why it was left out (a phrase; empty for EEG)."""

    name: str
    use: ChannelUse
    reason: str = ""
    unit: str = "n/a"


@dataclass(frozen=True, slots=True)
class ImportedGaps:
    """Gaps of all channels: how many, their total length, and the longest, s."""

    n_gaps: int = 0
    lost_s: float = 0.0
    longest_s: float = 0.0

    @classmethod
    def from_runs(cls, runs: Iterable[LostRun], sfreq: float) -> ImportedGaps:
        """Count the runs in which all channels are lost."""
        lengths = [run.n_samples / sfreq for run in runs if run.channels is None]
        return cls(len(lengths), sum(lengths), max(lengths, default=0.0))


@dataclass(frozen=True, slots=True)
class ImportedMarks:
    """Marks read, and marks left out because they are before the first or after the last sample."""

    n_read: int = 0
    n_outside: int = 0


class ClockFaultKind(StrEnum):
    """A fault of a file's time stamps."""

    SET_BACK = "set back"
    SET_FORWARD = "set forward"
    CLUMPED = "clumped"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class ClockFault:
    """A fault of the time stamps: how often, the row of the first (from 0), and the largest error, s."""

    kind: ClockFaultKind
    n: int
    first_row: int
    largest_s: float


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``notices`` are sentences a person should read, ``findings`` those of the verification."""

    format: str
    rate: ImportedRate
    channels: tuple[ImportedChannel, ...] = ()
    gaps: ImportedGaps = ImportedGaps()
    marks: ImportedMarks = ImportedMarks()
    clock_faults: tuple[ClockFault, ...] = ()
    notices: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
