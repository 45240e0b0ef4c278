"""An OpenBCI Cyton (with or without Daisy) on a pseudo-terminal, for BrainFlow's real serial driver.

Packets have 33 bytes: A0, counter (0-255), eight 24-bit big-endian counts, six auxiliary bytes, C0. With a
Daisy each sample of sixteen channels takes two: the Daisy's eight under an even count, then the board's own.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import Answer, Faults
from neurofeedback.emulators.samples import columns
from neurofeedback.errors import SettingsError

SCALE_UV = 4.5 / 24 / (2**23 - 1) * 1e6
"""Microvolts per count: the ADS1299's reference of 4.5 V at gain 24."""

_PACKETS_PER_S = 250
_GREETING = b"OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\nLIS3DH Device ID: 0x33\nFirmware: v3.1.1\n$$$"
_WRONG_GREETING = b"+++ modem ready\r\n" * 40


def quantise(microvolts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the 24-bit counts nearest to microvolts; what is not a number becomes 0.

    Examples
    --------
    >>> quantise(np.array([0.0, 1.0, 1e9, np.nan])).tolist()
    [0, 45, 8388607, 0]
    """
    counts = np.round(np.nan_to_num(microvolts, posinf=1e9, neginf=-1e9) / SCALE_UV)
    return np.clip(counts, -(2**23), 2**23 - 1).astype(np.int64)


def packet(counter: int, counts: NDArray[np.int64]) -> bytes:
    """Return the 33 bytes of one packet.

    Examples
    --------
    >>> packet(257, np.array([1, -1, 0, 0, 0, 0, 0, 0]))[:8].hex()
    'a001000001ffffff'
    """
    body = counts.astype(">i4").view(np.uint8).reshape(8, 4)[:, 1:].tobytes()
    return bytes([0xA0, counter & 0xFF]) + body + bytes(6) + b"\xc0"


class Firmware:
    """The board itself: commands and time in, bytes out. No port, no clock.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at the board's rate. A sample without a single number in it is never sent, like a lost one.
    daisy : bool
        Sixteen channels at 125 Hz instead of eight at 250 Hz.

    Attributes
    ----------
    counts : list of ndarray, shape (n_channels,)
        Every sample of the stream, quantised, also those that were lost.
    lost : list of int
        Which of them were lost.
    """

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None = None,
        *,
        seed: int = 0,
        daisy: bool = False,
    ) -> None:
        self._halves = 2 if daisy else 1
        self.n_channels = 8 * self._halves
        self.sfreq = _PACKETS_PER_S / self._halves
        self._columns = columns(chunks, self.n_channels)
        self._faults = faults or Faults()
        self._rng = np.random.default_rng(seed)
        self._begun: float | None = None
        self._begun_at = 0
        self.counts: list[NDArray[np.int64]] = []
        self.lost: list[int] = []
        self.exhausted = False

    @property
    def streaming(self) -> bool:
        """Between the commands to begin and to stop."""
        return self._begun is not None

    @property
    def unplugged(self) -> bool:
        """The fault that takes the port away is due."""
        return self._faults.unplugged(len(self.counts) / self.sfreq)

    def receive(self, commands: bytes, at: float) -> bytes:
        """Take commands at this time (s) and return the answers."""
        return b"".join(self._obey(bytes([command]), at) for command in commands)

    def _obey(self, command: bytes, at: float) -> bytes:
        if command == b"b":
            self._begun, self._begun_at = at, len(self.counts)
        elif command == b"s":
            self._begun = None
        elif command == b"v":
            self._begun = None
            return {Answer.RIGHT: _GREETING, Answer.WRONG: _WRONG_GREETING, Answer.NONE: b""}[self._faults.answer]
        elif command == b"d":
            return b"updating channel settings to default$$$"
        return b""

    def send(self, at: float) -> bytes:
        """Return the packets that are due at this time (s)."""
        if self._begun is None:
            return b""
        due = self._begun_at + int((at - self._begun) * self.sfreq)
        return b"".join(self._sample() for _ in range(due - len(self.counts)))

    def _sample(self) -> bytes:
        column = next(self._columns, None)
        if column is None or self.unplugged:
            self.exhausted = column is None
            return b""
        number = len(self.counts)
        self.counts.append(quantise(column))
        halves = [self._half(number, half) for half in range(self._halves)]
        silent = self._faults.stalled(number / self.sfreq) or bool(np.isnan(column).all())
        if silent or any(lost for _, lost in halves):
            self.lost.append(number)
        sent = b"".join(b"" if silent or lost else half for half, lost in halves)
        return sent + self._noise()

    def _half(self, number: int, half: int) -> tuple[bytes, bool]:
        """Return one packet of a sample (the Daisy's comes first), and whether it is lost."""
        first = 8 * (self._halves - 1 - half)
        made = packet(number * self._halves + half, self.counts[number][first : first + 8])
        return made, bool(self._rng.random() < self._faults.loss)

    def _noise(self) -> bytes:
        n_bytes = int(self._rng.integers(1, 40))
        return self._rng.bytes(n_bytes) if self._rng.random() < self._faults.garbage else b""


class EmulatedCyton:
    """A Cyton behind a pseudo-terminal, as a context manager.

    Parameters
    ----------
    firmware : Firmware
        The board.
    now : callable
        Monotonic clock that paces it, s.

    Attributes
    ----------
    port : str
        Path to open as a serial port.
    """

    def __init__(self, firmware: Firmware, *, now: Callable[[], float] = time.monotonic) -> None:
        self.firmware = firmware
        self.port = ""
        self._now = now
        self._ended = threading.Event()
        self._outgoing = bytearray()
        self._thread = threading.Thread(target=self._run, name="emulated-cyton", daemon=True)

    def __enter__(self) -> EmulatedCyton:
        if sys.platform == "win32":
            raise SettingsError("an emulated Cyton needs a pseudo-terminal", got="Windows", allowed="Linux or macOS")
        import pty  # noqa: PLC0415 - does not exist on Windows
        import tty  # noqa: PLC0415

        self._master, port = pty.openpty()
        tty.setraw(port)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(port)
        os.close(port)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def wait(self) -> None:
        """Return when the board is unplugged or has nothing left to send."""
        while not self._ended.wait(0.1):
            pass

    def _run(self) -> None:
        try:
            while not (self._ended.is_set() or self.firmware.unplugged or self.firmware.exhausted):
                self._serve()
        finally:
            os.close(self._master)
            self._ended.set()

    def _serve(self) -> None:
        """Answer what was asked, then send what is due."""
        commands = self._listen(1 / _PACKETS_PER_S if self.firmware.streaming else 0.02)
        answers = self.firmware.receive(commands, self._now())
        if not self.firmware.streaming:
            self._outgoing.clear()
        self._outgoing += answers + self.firmware.send(self._now())
        if self._outgoing:
            with suppress(BlockingIOError):
                del self._outgoing[: os.write(self._master, self._outgoing)]

    def _listen(self, wait_s: float) -> bytes:
        """Wait for commands (s); a port that nobody has open reads as an error at once."""
        ready, _, _ = select.select([self._master], [], [], wait_s)
        if not ready:
            return b""
        try:
            return os.read(self._master, 4096)
        except OSError:
            self._ended.wait(wait_s)
            return b""


def run_cyton(
    chunks: Iterable[NDArray[np.floating]],
    *,
    announce: Callable[[str], None],
    faults: Faults | None = None,
    seed: int = 0,
    daisy: bool = False,
) -> Firmware:
    """Emulate a Cyton until it has sent everything or is unplugged.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at 250 Hz, with a Daisy at 125 Hz.
    announce : callable
        Called once with the port to connect to.

    Returns
    -------
    Firmware
        With its account of what was sent and what was lost.
    """
    firmware = Firmware(chunks, faults, seed=seed, daisy=daisy)
    with EmulatedCyton(firmware) as board:
        announce(board.port)
        board.wait()
    return firmware
