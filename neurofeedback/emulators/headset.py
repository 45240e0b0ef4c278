"""What every emulated headset is: a signal, a clock that its first stream starts, and faults that may change."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.electrode_model import ElectrodeModel
from neurofeedback.emulators.faults import Fault, FaultKind, Faults
from neurofeedback.emulators.signal_input import iter_samples

LATE_S = 0.1
"""From how much after it was due a sample counts as late, s."""

STARVED_S = 0.5
"""From how late a sample the machine is reported as too busy, s."""

_log = logging.getLogger(__name__)


class Headset:
    """A headset by itself. No line, no radio, no clock: it is told the time, in seconds of any clock that runs on.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        The head's signal, uV, at the headset's rate.
    faults : Faults, optional
        What goes wrong; may be replaced at any time.
    n_channels : int
        Electrodes.
    sfreq : float
        Sampling frequency, Hz.
    seed : int
        Seed of all that is random.

    Attributes
    ----------
    faults : Faults
        What goes wrong now.
    exhausted : bool
        There is nothing left to send.
    n_late : int
        Samples that could not be sent within ``LATE_S`` of when they were due, because the machine was busy.
    late_s : float
        How late the latest of them was, s.
    """

    title: ClassVar[str]
    """What it is, for people."""

    possible_faults: ClassVar[frozenset[FaultKind]] = frozenset(FaultKind)
    """What can happen to it."""

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None,
        *,
        n_channels: int,
        sfreq: float,
        seed: int,
    ) -> None:
        self.faults = faults or Faults()
        self.n_channels, self.sfreq = n_channels, sfreq
        self.exhausted = False
        self._signal = iter_samples(chunks, n_channels)
        self._electrodes = ElectrodeModel(n_channels, sfreq, seed)
        self._rng = np.random.default_rng(seed)
        self._switched_on_at: float | None = None
        self._first_sample_at: float | None = None
        self._attempts: Counter[FaultKind] = Counter()
        self._n_measured = 0
        self.n_late = 0
        self.late_s = 0.0
        self._last_sent_at: float | None = None

    def switch_on(self, at: float) -> None:
        """Begin to exist at this time (s)."""
        self._switched_on_at = at

    def elapsed(self, at: float) -> float:
        """Seconds since the first sample of the first stream; negative before it."""
        return -1.0 if self._first_sample_at is None else at - self._first_sample_at

    def add_fault(self, fault: Fault, at: float) -> None:
        """Add a fault, its time counted from this time (s)."""
        self.faults = self.faults.with_fault(fault.model_copy(update={"at_s": fault.at_s + max(0.0, self.elapsed(at))}))

    def clear_faults(self) -> None:
        """End all faults."""
        self.faults = self.faults.cleared()

    def report_lateness(self) -> None:
        """Log a warning if a busy machine kept samples waiting; what was measured with them is in doubt."""
        if self.late_s >= STARVED_S:
            _log.warning("starved: the emulator sent %d samples late, by up to %.1f s", self.n_late, self.late_s)

    def absent(self, at: float) -> bool:
        """Whether it cannot be found yet at this time (s)."""
        return (
            self._first_sample_at is None
            and self._switched_on_at is not None
            and self.faults.absent(at - self._switched_on_at)
        )

    def next_attempt_fails(self, kind: FaultKind) -> bool:
        """Count an attempt to connect, and tell whether it fails in this way."""
        self._attempts[kind] += 1
        return self.faults.attempt_fails(kind, self._attempts[kind] - 1)

    def _n_due(self, at: float) -> int:
        """Count the samples since the first one by the headset's own clock."""
        elapsed = self.elapsed(at)
        return int((elapsed + self.faults.clock_offset_s(elapsed)) * self.sfreq)

    def _note_sending(self, at: float, *, streaming: bool = True) -> None:
        """Count what became due since it could last send, and is late at this time (s)."""
        late_s = 0.0 if self._last_sent_at is None else at - self._last_sent_at
        if streaming and late_s > LATE_S:
            self.n_late += round((late_s - LATE_S) * self.sfreq)
            self.late_s = max(self.late_s, late_s)
        self._last_sent_at = at if streaming else None

    def _measure_samples(self) -> Iterator[NDArray[np.float64]]:
        """Yield what is measured, sample after sample, until the signal ends."""
        for column in self._signal:
            yield self._electrodes.measure(column, self._n_measured, self.faults)
            self._n_measured += 1
        self.exhausted = True
