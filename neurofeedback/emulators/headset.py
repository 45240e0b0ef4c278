"""Base classes of emulated headsets: a signal, faults that may change, and the thread that runs it by the clock."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.electrode_model import ElectrodeModel
from neurofeedback.emulators.faults import COMMON_FAULTS, Fault, FaultKind, Faults
from neurofeedback.emulators.signal_input import iter_samples

LATE_S = 0.1
"""Delay from which a sample counts as late, s."""

STARVED_S = 0.5
"""Delay of a sample from which the machine is reported as too busy, s."""

_log = logging.getLogger(__name__)


class Headset:
    """An emulated headset. No line, no radio, no clock: each call gets the time in seconds of any monotonic clock.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        The head's signal, uV, at the headset's rate.
    faults : Faults, optional
        The faults; may be replaced at any time.
    n_channels : int
        Electrodes.
    sfreq : float
        Sampling frequency, Hz.
    seed : int
        Seed of all random numbers.

    Attributes
    ----------
    faults : Faults
        The faults now.
    exhausted : bool
        Whether nothing is left to send.
    n_late : int
        Number of samples sent more than ``LATE_S`` after they were due, because the machine was busy.
    late_s : float
        Largest delay of a sample, s.
    """

    title: ClassVar[str]
    """Name with article, for messages."""

    possible_faults: ClassVar[frozenset[FaultKind]] = COMMON_FAULTS
    """Kinds of faults that this headset can have."""

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
        """Switch the headset on at this time (s)."""
        self._switched_on_at = at

    def elapsed(self, at: float) -> float:
        """Return the seconds since the first sample of the first stream; negative before it."""
        return -1.0 if self._first_sample_at is None else at - self._first_sample_at

    def add_fault(self, fault: Fault, at: float) -> None:
        """Add a fault, its time counted from this time (s)."""
        self.faults = self.faults.with_fault(fault.model_copy(update={"at_s": fault.at_s + max(0.0, self.elapsed(at))}))

    def clear_faults(self) -> None:
        """End all faults."""
        self.faults = self.faults.cleared()

    def report_lateness(self) -> None:
        """Log a warning if a busy machine delayed samples, which makes measurements with them uncertain."""
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
        """Count an attempt to connect and return whether it fails in this way."""
        self._attempts[kind] += 1
        return self.faults.attempt_fails(kind, self._attempts[kind] - 1)

    def _n_due(self, at: float) -> int:
        """Return the number of samples since the first one by the headset's own clock."""
        elapsed = self.elapsed(at)
        return int((elapsed + self.faults.clock_offset_s(elapsed)) * self.sfreq)

    def _note_sending(self, at: float, *, streaming: bool = True) -> None:
        """Count the samples that became due since the last call and are late at this time (s)."""
        late_s = 0.0 if self._last_sent_at is None else at - self._last_sent_at
        if streaming and late_s > LATE_S:
            self.n_late += round((late_s - LATE_S) * self.sfreq)
            self.late_s = max(self.late_s, late_s)
        self._last_sent_at = at if streaming else None

    def _measure_samples(self) -> Iterator[NDArray[np.float64]]:
        """Yield the measured samples until the signal ends."""
        for column in self._signal:
            self._n_measured += 1
            yield self._electrodes.measure(column, self._n_measured - 1, self.faults)
        self.exhausted = True


AnyHeadset = TypeVar("AnyHeadset", bound=Headset)


class RunningHeadset(Generic[AnyHeadset]):
    """Runs a headset in a thread of its own, as a context manager.

    Parameters
    ----------
    headset : Headset
        The headset.
    now : callable
        Monotonic clock that paces it, s.
    """

    def __init__(self, headset: AnyHeadset, now: Callable[[], float]) -> None:
        self.headset = headset
        self._now = now
        self._done = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emulated-headset", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.headset.report_lateness()

    def wait(self) -> None:
        """Wait until nothing is left to send, or the headset is gone for good."""
        while not self._done.wait(0.1):
            pass

    def _run(self) -> None:
        """Send what is due until ``_ended`` is set; set ``_done`` once nothing is left."""
        raise NotImplementedError
