"""An OpenBCI Cyton (with or without Daisy) on a pseudo-terminal, for BrainFlow's real serial driver.

Packets have 33 bytes: A0, counter (0-255), eight 24-bit big-endian counts, six auxiliary bytes, C0. With a
Daisy each sample of sixteen channels takes two: the Daisy's eight under an even count, then the board's own.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import COMMON_FAULTS, FaultKind, Faults
from neurofeedback.emulators.headset import Headset, RunningHeadset
from neurofeedback.errors import SettingsError

SCALE_UV = 4.5 / 24 / (2**23 - 1) * 1e6
"""Microvolts per count: the ADS1299's reference of 4.5 V at gain 24."""

ACCEL_SFREQ = 25.0
"""Sampling frequency of the accelerometer, Hz."""

G_PER_COUNT = 0.002 / 16
"""Acceleration per count, g."""

ACCEL_AT_REST = (160, -80, 8000)
"""1 g, slightly tilted: BrainFlow ignores a measurement whose first axis is zero."""

_PACKETS_PER_S = 250
_IDLE_S = 0.02
_GREETING = (
    b"OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\n%bLIS3DH Device ID: 0x33\nFirmware: v3.1.1\n$$$"
)
_ON_DAISY = b"On Daisy ADS1299 Device ID: 0x3E\n"
_OUT_OF_REACH = b"Failure: Communications timeout - Device failed to poll Host$$$"
_WRONG_GREETING = b"+++ modem ready\r\n" * 40


def quantise(microvolts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the 24-bit counts nearest to microvolts; NaN becomes 0.

    Examples
    --------
    >>> quantise(np.array([0.0, 1.0, 1e9, np.nan])).tolist()
    [0, 45, 8388607, 0]
    """
    counts = np.round(np.nan_to_num(microvolts, posinf=1e9, neginf=-1e9) / SCALE_UV)
    return np.clip(counts, -(2**23), 2**23 - 1).astype(np.int64)


def packet(counter: int, counts: NDArray[np.int64], accel: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Return the 33 bytes of one packet; the accelerometer's are zeros without a new measurement.

    Examples
    --------
    >>> packet(257, np.array([1, -1, 0, 0, 0, 0, 0, 0]))[:8].hex()
    'a001000001ffffff'
    """
    body = counts.astype(">i4").view(np.uint8).reshape(8, 4)[:, 1:].tobytes()
    return bytes([0xA0, counter & 0xFF]) + body + np.array(accel, ">i2").tobytes() + b"\xc0"


class CytonFirmware(Headset):
    """The board and its dongle: commands and time in, bytes out. No port, no clock.

    Sample numbers pause while the board does not stream, but the time of faults does not; the packet counter
    restarts with each stream.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at the board's rate. A sample that is NaN in all channels is never sent, like a lost one.
    daisy : bool
        Sixteen channels at 125 Hz instead of eight at 250 Hz.

    Attributes
    ----------
    streaming : bool
        Whether the board streams.
    counts : list of ndarray, shape (n_channels,)
        Every sample of the streams, quantised, also those that were lost.
    lost_samples : list of int
        Numbers of the samples that were lost, in part or whole.
    stream_starts : list of int
        First sample of each stream.
    """

    title = "a Cyton"
    possible_faults = COMMON_FAULTS | {
        *(FaultKind.GARBAGE, FaultKind.UNPLUG, FaultKind.ABSENT, FaultKind.REFUSE, FaultKind.REPLY)
    }

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None = None,
        *,
        seed: int = 0,
        daisy: bool = False,
    ) -> None:
        self._halves = 2 if daisy else 1
        super().__init__(chunks, faults, n_channels=8 * self._halves, sfreq=_PACKETS_PER_S / self._halves, seed=seed)
        self._samples = self._measure_samples()
        self.streaming = False
        self._due_at_begin = 0
        self._n_paused = 0
        self.counts: list[NDArray[np.int64]] = []
        self.lost_samples: list[int] = []
        self.stream_starts: list[int] = []

    def unplugged(self, at: float) -> bool:
        """Whether the port is gone at this time (s)."""
        return self.absent(at) or self.faults.unplugged(self.elapsed(at))

    def permanently_unplugged(self, at: float) -> bool:
        """Whether the port is gone at this time (s) for good."""
        return self.faults.permanently_unplugged(self.elapsed(at))

    def receive(self, commands: bytes, at: float) -> bytes:
        """Execute commands at this time (s) and return the answers."""
        return b"".join(self._execute(bytes([command]), at) for command in commands)

    def _execute(self, command: bytes, at: float) -> bytes:
        if self.faults.dropped(self.elapsed(at)):
            return _OUT_OF_REACH if command in b"vd" else b""
        if command == b"b":
            self._first_sample_at = at if self._first_sample_at is None else self._first_sample_at
            self.stream_starts.append(len(self.counts))
            self.streaming, self._due_at_begin = True, self._n_due(at)
            self._n_paused = self._due_at_begin - len(self.counts)
            self._n_measured = self._due_at_begin
        elif command == b"s":
            self.streaming = False
        elif command == b"v":
            self.streaming = False
            return self._greeting()
        elif command == b"d":
            return b"updating channel settings to default$$$"
        return b""

    def _greeting(self) -> bytes:
        if self.next_attempt_fails(FaultKind.REPLY):
            return _WRONG_GREETING
        return (
            b"" if self.next_attempt_fails(FaultKind.REFUSE) else _GREETING % (_ON_DAISY if self._halves == 2 else b"")
        )

    def send(self, at: float) -> bytes:
        """Return the packets that are due at this time (s)."""
        self._note_sending(at, streaming=self.streaming)
        if not self.streaming:
            return b""
        due = self.stream_starts[-1] + self._n_due(at) - self._due_at_begin
        return b"".join(self._sample(column) for column in islice(self._samples, max(0, due - len(self.counts))))

    def _sample(self, column: NDArray[np.float64]) -> bytes:
        number = len(self.counts)
        at_s = (number + self._n_paused) / self.sfreq
        self.counts.append(quantise(column))
        halves = [self._half_packet(number, half) for half in range(self._halves)]
        noise = self._noise(at_s)
        if self._silent(at_s) or bool(np.isnan(column).all()):
            self.lost_samples.append(number)
            return b""
        if b"" in halves:
            self.lost_samples.append(number)
        return b"".join(halves) + noise

    def _silent(self, at_s: float) -> bool:
        return self.faults.stalled(at_s) or self.faults.dropped(at_s) or self.faults.unplugged(at_s)

    def _half_packet(self, number: int, half: int) -> bytes:
        """Return the packet of eight channels of a sample (the Daisy's first): once, twice or not at all."""
        first = 8 * (self._halves - 1 - half)
        due = number + self._n_paused
        at_s, first_packet, rate = due / self.sfreq, self._due_at_begin * self._halves, self.sfreq * self._halves
        counter = self.faults.packet_counter(due * self._halves + half, first_packet, rate)
        measures = number % round(self.sfreq / ACCEL_SFREQ) == 0
        data = packet(counter, self.counts[number][first : first + 8], ACCEL_AT_REST if measures else (0, 0, 0))
        lost, twice = self._rng.random(2) < [
            self.faults.probability(kind, at_s) for kind in (FaultKind.LOSS, FaultKind.DUPLICATE)
        ]
        return b"" if lost else data * (2 if twice else 1)

    def _noise(self, at_s: float) -> bytes:
        n_bytes = int(self._rng.integers(1, 40))
        noisy = self._rng.random() < self.faults.probability(FaultKind.GARBAGE, at_s)
        return self._rng.bytes(n_bytes) if noisy else b""


class EmulatedCyton(RunningHeadset[CytonFirmware]):
    """A Cyton behind a pseudo-terminal, as a context manager.

    Parameters
    ----------
    firmware : CytonFirmware
        The board.
    now : callable
        Monotonic clock that paces it, s.

    Attributes
    ----------
    port : str
        Path of the serial port; it does not exist while the dongle is unplugged.
    """

    def __init__(self, firmware: CytonFirmware, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(firmware, now)
        self.firmware = firmware
        self.port = ""
        self._master: int | None = None
        self._outgoing = bytearray()

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            raise SettingsError("an emulated Cyton needs a pseudo-terminal", got="Windows", allowed="Linux or macOS")
        self._folder = Path(tempfile.mkdtemp(prefix="neurofeedback-"))
        self.port = str(self._folder / "ttyUSB0")
        self.firmware.switch_on(self._now())
        if not self.firmware.unplugged(self._now()):
            self._plug_in()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _plug_in(self) -> None:
        import pty  # does not exist on Windows
        import tty

        self._master, port = pty.openpty()
        tty.setraw(port)
        os.set_blocking(self._master, False)
        Path(self.port).symlink_to(os.ttyname(port))
        os.close(port)

    def _unplug(self) -> None:
        Path(self.port).unlink()
        self._outgoing.clear()
        if self._master is not None:
            os.close(self._master)
            self._master = None

    def _run(self) -> None:
        try:
            while not (
                self._ended.is_set() or self.firmware.exhausted or self.firmware.permanently_unplugged(self._now())
            ):
                self._serve()
        finally:
            if self._master is not None:
                self._unplug()
            self._done.set()

    def _serve(self) -> None:
        """Plug the port in or out; then answer commands and send what is due."""
        gone = self.firmware.unplugged(self._now())
        if gone and self._master is not None:
            self._unplug()
        elif not gone and self._master is None:
            self._plug_in()
        if self._master is None:
            self.firmware.send(self._now())
            self._ended.wait(_IDLE_S)
        else:
            self._exchange(self._master)

    def _exchange(self, master: int) -> None:
        commands = self._read_commands(master, 1 / _PACKETS_PER_S if self.firmware.streaming else _IDLE_S)
        answers = self.firmware.receive(commands, self._now())
        if not self.firmware.streaming:
            self._outgoing.clear()
        self._outgoing += answers + self.firmware.send(self._now())
        if self._outgoing:
            with suppress(BlockingIOError):
                del self._outgoing[: os.write(master, self._outgoing)]

    def _read_commands(self, master: int, wait_s: float) -> bytes:
        """Wait for commands (s); a port that no program has open gives an error at once."""
        ready, _, _ = select.select([master], [], [], wait_s)
        if not ready:
            return b""
        try:
            return os.read(master, 4096)
        except OSError:
            self._ended.wait(wait_s)
            return b""
