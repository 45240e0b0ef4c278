"""What every emulated headset is: a signal, a clock that its first stream starts, and faults that may change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.electrodes import Electrodes
from neurofeedback.emulators.faults import Fault, Faults, Kind
from neurofeedback.emulators.samples import columns


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
    """

    title: ClassVar[str]
    """What it is, for people."""

    possible: ClassVar[frozenset[Kind]] = frozenset(Kind)
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
        self._columns = columns(chunks, n_channels)
        self._electrodes = Electrodes(n_channels, sfreq, seed)
        self._rng = np.random.default_rng(seed)
        self._on: float | None = None
        self._first: float | None = None
        self._attempts: Counter[Kind] = Counter()
        self._n_measured = 0

    def switch_on(self, at: float) -> None:
        """Begin to exist at this time (s)."""
        self._on = at

    def elapsed(self, at: float) -> float:
        """Seconds since the first sample of the first stream; negative before it."""
        return -1.0 if self._first is None else at - self._first

    def inflict(self, fault: Fault, at: float) -> None:
        """Add a fault, its time counted from this time (s)."""
        self.faults = self.faults.with_fault(fault.model_copy(update={"at_s": fault.at_s + max(0.0, self.elapsed(at))}))

    def mend(self) -> None:
        """End all faults."""
        self.faults = self.faults.cleared()

    def absent(self, at: float) -> bool:
        """Whether it cannot be found yet at this time (s)."""
        return self._first is None and self._on is not None and self.faults.absent(at - self._on)

    def fails(self, kind: Kind) -> bool:
        """Count an attempt to connect, and tell whether it fails in this way."""
        self._attempts[kind] += 1
        return self.faults.answers_wrongly(kind, self._attempts[kind] - 1)

    def _due(self, at: float) -> int:
        """Count the samples since the first one by the headset's own clock."""
        elapsed = self.elapsed(at)
        return int((elapsed + self.faults.clock_s(elapsed)) * self.sfreq)

    def _measured(self) -> Iterator[NDArray[np.float64]]:
        """Yield what is measured, sample after sample, until the signal ends."""
        for column in self._columns:
            yield self._electrodes.measure(column, self._n_measured, self.faults)
            self._n_measured += 1
        self.exhausted = True
