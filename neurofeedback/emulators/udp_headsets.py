"""Headsets that send datagrams: Neurosity's Crown by OSC, and BrainFlow's streaming board."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterable
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import FaultKind, Faults
from neurofeedback.emulators.headset import Headset, RunningHeadset

if TYPE_CHECKING:  # importing it loads BrainFlow's native libraries
    from neurofeedback.formats.text.brainflow_layouts import BoardLayout

CROWN_SFREQ = 256.0
CROWN_CHANNELS = ("CP3", "C3", "F5", "PO3", "PO4", "F6", "C4", "CP4")
_CROWN_COUNTS = 32
MULTICAST_GROUP = "239.255.77.77"
"""Multicast group of the streaming board; its datagrams do not leave this machine."""

_LOOPBACK = "127.0.0.1"
_POLL_S = 0.002


class UdpHeadset(Headset):
    """A headset that streams from the moment it is switched on, with or without a receiver.

    Its timestamps come from its own clock: the fault ``clock`` moves the timestamps, not the samples.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at the headset's rate.
    samples_per_datagram : int
        Samples in a datagram.
    epoch : float
        Time of the first sample by the headset's clock, s.

    Attributes
    ----------
    samples_uv : list of ndarray, shape (n_channels,)
        Every sample, uV, also those that were lost.
    lost_samples : list of int
        Numbers of the samples that were lost.
    """

    title = "a headset that sends datagrams"

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None = None,
        *,
        n_channels: int,
        sfreq: float,
        samples_per_datagram: int = 1,
        epoch: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(chunks, faults, n_channels=n_channels, sfreq=sfreq, seed=seed)
        self._samples = self._measure_samples()
        self._samples_per_datagram = samples_per_datagram
        self._epoch = epoch
        self.samples_uv: list[NDArray[np.float64]] = []
        self.lost_samples: list[int] = []

    def switch_on(self, at: float) -> None:
        """Start streaming at this time (s)."""
        super().switch_on(at)
        self._first_sample_at = at

    def send(self, at: float) -> list[bytes]:
        """Return the datagrams that are due at this time (s)."""
        self._note_sending(at)
        due = int(self.elapsed(at) * self.sfreq) // self._samples_per_datagram
        datagrams: list[bytes] = []
        while len(self.samples_uv) < due * self._samples_per_datagram:
            columns = list(islice(self._samples, self._samples_per_datagram))
            if len(columns) < self._samples_per_datagram:
                break
            datagrams += self._datagram(columns)
        return datagrams

    def _datagram(self, columns: list[NDArray[np.float64]]) -> list[bytes]:
        number = len(self.samples_uv)
        at_s = number / self.sfreq
        self.samples_uv += columns
        numbers = range(number, number + self._samples_per_datagram)
        lost, twice = self._rng.random(2) < [
            self.faults.probability(kind, at_s) for kind in (FaultKind.LOSS, FaultKind.DUPLICATE)
        ]
        silent = self.faults.stalled(at_s) or self.faults.dropped(at_s) or bool(np.isnan(columns).all())
        if lost or silent:
            self.lost_samples += numbers
            return []
        counts = [self.faults.packet_counter(n, 0, self.sfreq) for n in numbers]
        stamps = [self._epoch + n / self.sfreq + self.faults.clock_offset_s(n / self.sfreq) for n in numbers]
        return [self.encode(np.nan_to_num(np.array(columns)).T, counts, stamps)] * (2 if twice else 1)

    def encode(self, data: NDArray[np.float64], counts: list[int], stamps: list[float]) -> bytes:
        """Return the datagram of samples ``(n_channels, n_samples)``, uV, with their counts and timestamps (s)."""
        raise NotImplementedError


class Crown(UdpHeadset):
    """A Crown: one OSC message per sample, ``/neurosity/notion/ID/raw`` with eight floats, time, count and marker.

    The time is in milliseconds and the count ends at 31, as reported from hardware.
    """

    title = "a Crown"

    def __init__(
        self, chunks: Iterable[NDArray[np.floating]], faults: Faults | None = None, *, epoch: float = 0.0, seed: int = 0
    ) -> None:
        super().__init__(chunks, faults, n_channels=len(CROWN_CHANNELS), sfreq=CROWN_SFREQ, epoch=epoch, seed=seed)

    def encode(self, data: NDArray[np.float64], counts: list[int], stamps: list[float]) -> bytes:
        """Return one sample as an OSC message."""
        head = _osc_string("/neurosity/notion/emulated/raw") + _osc_string(",[ffffffff]sis")
        values = struct.pack(">8f", *data[:, 0])
        count = struct.pack(">i", counts[0] % _CROWN_COUNTS)
        return head + values + _osc_string(f"{1000 * stamps[0]:.3f}") + count + _osc_string("")


def _osc_string(text: str) -> bytes:
    r"""Return a string in OSC's encoding: ended by zeros, up to a multiple of four bytes.

    Examples
    --------
    >>> _osc_string("/raw"), _osc_string("")
    (b'/raw\x00\x00\x00\x00', b'\x00\x00\x00\x00')
    """
    return text.encode() + bytes(4 - len(text) % 4)


_COUNTER_MODULUS = 256


class StreamingBoard(UdpHeadset):
    """Another BrainFlow program that streams a board's table: three samples a datagram, as doubles.

    Parameters
    ----------
    layout : BoardLayout
        The columns of the board's table; it must have a packet counter.
    """

    title = "a streaming board"

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None = None,
        *,
        layout: BoardLayout,
        epoch: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            chunks,
            faults,
            n_channels=len(layout.eeg_rows),
            sfreq=layout.sfreq,
            samples_per_datagram=3,
            epoch=epoch,
            seed=seed,
        )
        self.layout = layout

    def encode(self, data: NDArray[np.float64], counts: list[int], stamps: list[float]) -> bytes:
        """Return three rows of the table."""
        table = np.zeros((len(counts), self.layout.n_rows))
        table[:, list(self.layout.eeg_rows)] = data.T
        table[:, self.layout.counter_row] = np.array(counts) % _COUNTER_MODULUS
        table[:, self.layout.timestamp_row] = stamps
        return table.astype("<f8").tobytes()


class EmulatedUdpHeadset(RunningHeadset[UdpHeadset]):
    """Sends a headset's datagrams to this machine, as a context manager.

    Parameters
    ----------
    headset : UdpHeadset
        The headset.
    multicast : bool
        Send to the multicast group instead of the loopback address.
    now : callable
        Monotonic clock that paces it, s.

    Attributes
    ----------
    port : int
        UDP port of the receiver.
    """

    def __init__(
        self, headset: UdpHeadset, *, multicast: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(headset, now)
        self.port = _free_port()
        self._target = (MULTICAST_GROUP if multicast else _LOOPBACK, self.port)
        self._socket = _multicast_socket() if multicast else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self.headset.switch_on(self._now())
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._socket.close()

    def _run(self) -> None:
        while not self._ended.wait(_POLL_S):
            for datagram in self.headset.send(self._now()):
                self._socket.sendto(datagram, self._target)
            if self.headset.exhausted:
                self._done.set()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _multicast_socket() -> socket.socket:
    """Return a socket whose datagrams stay on this machine; its membership makes the loopback deliver the group."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    member = socket.inet_aton(MULTICAST_GROUP) + socket.inet_aton(_LOOPBACK)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(_LOOPBACK))
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
    return sender
