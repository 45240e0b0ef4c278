"""An OpenBCI Ganglion with firmware 3 or 2 for BrainFlow's real Bluetooth driver.

By the firmware's source (OpenBCI_Ganglion_Library 3.0.2 and 2.0.1) and OpenBCI's page on the data format. A packet has
20 bytes: a number and two samples of four channels, most significant bit first. Firmware 3 sends the upper 18 bits of
24 (numbers 0-99, with accelerometer) or the upper 19 (100-199); it counts 201 samples a turn, so the last one is never
sent. Firmware 2 sends one whole sample (0) and then the differences, old minus new (1-100, or 101-200). In both the
lowest bit sent is the sign. ``b`` and ``s`` start and stop the stream, ``n`` and ``N`` switch the accelerometer, ``z``
and ``Z`` measure impedance instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.bluetooth_headset import BleHeadset, Characteristic, EmulatedBluetooth, Peripheral
from neurofeedback.emulators.faults import FaultKind, Faults

SFREQ = 200.0
N_CHANNELS = 4
SCALE_UV = 1.2e6 / (8388607 * 1.5 * 51)
"""Microvolts per count of 24 bits."""

TURN = 201
"""Samples until the packets' numbers start again."""

ACCEL_AT_REST = (3, -2, 62)
"""The board's x, y and z in 1/64 g."""

_ADDRESS = "00:55:DA:B1:00:01"
_NAME = "Ganglion-0001"
_BASE_UUID = "0000{}-0000-1000-8000-00805f9b34fb"
_NOTIFY, _WRITE, _DISCONNECT = (f"2d30c08{i}-f39f-4ce6-923f-3484ea480596" for i in (2, 3, 4))
_ACCELEROMETER_OFF = 100
_ACCEL_DIGITS = (1, 2, 3)
_IMPEDANCE, _TEXT, _TEXT_END = 201, 206, 207
_IMPEDANCE_PERIOD_S = 0.5
_TEXT_BYTES = 19
_TEXTS = {b"s": b"stop running\n", b"n": b"accelerometer enabled\n", b"N": b"accelerometer disabled\n"}
_PADDING = b"ABCDEFG"


def quantise(microvolts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the 24-bit counts nearest to microvolts; NaN becomes 0.

    Examples
    --------
    >>> quantise(np.array([0.0, 1.0, -1.0, 1e9, np.nan])).tolist()
    [0, 535, -535, 8388607, 0]
    """
    counts = np.round(np.nan_to_num(microvolts, posinf=1e9, neginf=-1e9) / SCALE_UV)
    return np.clip(counts, -(2**23), 2**23 - 1).astype(np.int64)


def put_sign_last(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers with their sign in the lowest bit, as the board sends them.

    Examples
    --------
    >>> put_sign_last(np.array([4, 5, -4, -5])).tolist()
    [4, 4, -3, -5]
    """
    return (values & ~1) | (values < 0)


def pack_bits(values: NDArray[np.int64], n_bits: int) -> bytes:
    """Return numbers of ``n_bits`` each, one after the other, most significant bit first.

    Examples
    --------
    >>> pack_bits(np.array([1, -1, 0, 0]), 18).hex()
    '00007ffff000000000'
    """
    bits = (values.ravel()[:, None] >> np.arange(n_bits)[::-1]) & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()


class Ganglion(BleHeadset):
    """A board with firmware 3: commands and time in, notifications out. No radio, no clock.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at 200 Hz.
    impedance_kohm : tuple of int
        Impedance of the four electrodes and the reference, kOhm.

    Attributes
    ----------
    counts : list of ndarray, shape (4,)
        Every sample since the first stream started, in counts, as one who gets every packet reads it.
    lost_samples : list of int
        Numbers of the samples that were not sent.
    stream_starts : list of int
        First sample of each stream.
    """

    title = "a Ganglion"
    revision = b"3.0.2"
    packets_a_turn = 100

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None = None,
        *,
        seed: int = 0,
        impedance_kohm: tuple[int, ...] = (8, 12, 45, 300, 6),
    ) -> None:
        super().__init__(chunks, faults, n_channels=N_CHANNELS, sfreq=SFREQ, seed=seed)
        self.impedance_kohm = impedance_kohm
        self.counts: list[NDArray[np.int64]] = []
        self.lost_samples: list[int] = []
        self.stream_starts: list[int] = []
        self._accel_on = False
        self._accel_byte = 0
        self._values: list[NDArray[np.int64]] = []
        self._before = np.zeros(N_CHANNELS, np.int64)
        self._is_missing = False
        self._n_packets = 0
        self._texts: list[bytes] = []
        self._impedance_at: float | None = None
        self._n_impedances = 0

    @property
    def peripheral(self) -> Peripheral:
        """What the board advertises and offers."""
        writable = (Characteristic(uuid, ("write-without-response",)) for uuid in (_WRITE, _DISCONNECT))
        revision = Characteristic(_BASE_UUID.format("2a28"), ("read",), self.revision)
        services = {"fe84": (Characteristic(_NOTIFY), *writable), "180a": (revision,)}
        return Peripheral(_ADDRESS, _NAME, {_BASE_UUID.format(name): found for name, found in services.items()})

    @property
    def n_bits(self) -> int:
        """Bits sent of each sample: one byte of a packet is the accelerometer's if it is on."""
        return 18 if self._accel_on else 19

    def receive(self, command: bytes, at: float) -> None:
        """Execute a command at this time (s)."""
        if command == b"b" and not self._streaming:
            self._first_sample_at = at if self._first_sample_at is None else self._first_sample_at
            self._impedance_at = None
            list(self._samples_due(at))
            self.stream_starts.append(len(self.counts))
            self._streaming, self._n_packets = True, 0
        elif command in {b"s", b"z", b"Z"}:
            self.halt()
            self._impedance_at = at if command == b"z" else None
        elif command in {b"n", b"N"}:
            self._accel_on = command == b"n"
        if command in _TEXTS and not self._streaming:
            parts = [_TEXTS[command][i : i + _TEXT_BYTES] for i in range(0, len(_TEXTS[command]), _TEXT_BYTES)]
            self._texts += [bytes([_TEXT]) + part for part in parts[:-1]] + [bytes([_TEXT_END]) + parts[-1]]

    def halt(self) -> None:
        """Stop streaming and measuring, on request or because the link is gone."""
        super().halt()
        self._impedance_at = None
        self._lose_packet()

    def notifications(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications that are due at this time (s): characteristic and value."""
        texts, self._texts = self._texts, []
        for value in (*texts, *self._impedances_due(at), *self._samples_due(at)):
            yield _NOTIFY, value

    def _impedances_due(self, at: float) -> Iterator[bytes]:
        """Yield the impedances measured until this time (s), one electrode after the other."""
        while self._impedance_at is not None and self._impedance_at + _IMPEDANCE_PERIOD_S <= at:
            electrode = self._n_impedances % len(self.impedance_kohm)
            self._n_impedances += 1
            self._impedance_at += _IMPEDANCE_PERIOD_S
            yield bytes([_IMPEDANCE + electrode]) + b"%dZ" % self.impedance_kohm[electrode]

    def _samples_due(self, at: float) -> Iterator[bytes]:
        self._note_sending(at, streaming=self._streaming)
        if self._first_sample_at is not None:
            for column in islice(self._samples, max(0, self._n_due(at) - len(self.counts))):
                yield from self._sample(column)

    def _sample(self, column: NDArray[np.float64]) -> Iterator[bytes]:
        """Add a sample; yield the packet that it completes."""
        number = len(self.counts)
        within = (number - self.stream_starts[-1]) % TURN if self._streaming else 0
        self.counts.append(self._encode(quantise(column), within))
        self._is_missing |= self.faults.stalled(number / SFREQ) or bool(np.isnan(column).all())
        if not self._streaming or self._is_left_out(within):
            self._lose_packet()
        elif self._completes_packet(within):
            yield from self._packet(number / SFREQ)

    def _encode(self, counts: NDArray[np.int64], within: int) -> NDArray[np.int64]:
        """Add a sample at its place ``within`` a turn to the packet; return its counts as they are read from there."""
        del within
        shift = 24 - self.n_bits
        self._values.append(put_sign_last(counts >> shift))
        return (counts >> shift & ~1) << shift

    def _is_left_out(self, within: int) -> bool:
        """Whether a sample of a turn is never sent."""
        return within == TURN - 1

    def _completes_packet(self, within: int) -> bool:
        """Whether a sample of a turn is the last of its packet."""
        return within % 2 == 1

    def _lose_packet(self) -> None:
        """Empty the packet: its samples are lost."""
        self.lost_samples += range(len(self.counts) - len(self._values), len(self.counts))
        self._values, self._is_missing = [], False

    def _packet(self, at_s: float) -> Iterator[bytes]:
        """Yield the packet that is complete at this time (s): once, twice or not at all."""
        rate = SFREQ * self.packets_a_turn / TURN
        first = round(self.stream_starts[-1] * self.packets_a_turn / TURN)
        number = self.faults.packet_counter(first + self._n_packets, first, rate) % self.packets_a_turn
        self._n_packets += 1
        if self._accel_on and number % 10 in _ACCEL_DIGITS:
            self._accel_byte = ACCEL_AT_REST[number % 10 - 1] & 0xFF
        lost, twice = self._rng.random(2) < [
            self.faults.probability(kind, at_s) for kind in (FaultKind.LOSS, FaultKind.DUPLICATE)
        ]
        if lost or self._is_missing:
            self._lose_packet()
            return
        data = self._packet_bytes(number)
        self._values = []
        yield from [data] * (2 if twice else 1)

    def _packet_bytes(self, number: int) -> bytes:
        samples = pack_bits(np.array(self._values), self.n_bits)
        if self._accel_on:
            return bytes([number]) + samples + bytes([self._accel_byte])
        return bytes([number + _ACCELEROMETER_OFF]) + samples


class GanglionFirmware2(Ganglion):
    """A board with firmware 2: one whole sample a turn, then differences. Who misses one is wrong until the next turn.

    Its count cannot jump: what a packet holds follows from its number.
    """

    revision = b"2.0.1"
    packets_a_turn = 101
    possible_faults = Ganglion.possible_faults - {FaultKind.COUNTER}

    def _encode(self, counts: NDArray[np.int64], within: int) -> NDArray[np.int64]:
        before, self._before = self._before, counts
        if within == 0:
            self._values.append(counts)
            return counts
        half_range = 1 << (self.n_bits - 1)
        difference = (before - counts + half_range) % (2 * half_range) - half_range
        self._values.append(put_sign_last(difference))
        return self.counts[-1] - (difference & ~1)

    def _is_left_out(self, within: int) -> bool:
        del within
        return False

    def _completes_packet(self, within: int) -> bool:
        return within % 2 == 0

    def _packet_bytes(self, number: int) -> bytes:
        if number == 0:
            whole = self._values[0].astype(">i4").view(np.uint8).reshape(N_CHANNELS, 4)[:, 1:].tobytes()
            return bytes(1) + whole + _PADDING
        return super()._packet_bytes(number)


class EmulatedGanglion(EmulatedBluetooth):
    """A Ganglion on a private message bus, as a context manager.

    Parameters
    ----------
    board : Ganglion
        The board.
    now : callable
        Monotonic clock that paces it, s.
    """

    def __init__(self, board: Ganglion, *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(board, board.peripheral, now=now)
        self.board = board
