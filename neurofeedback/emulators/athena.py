"""A Muse S Athena for BrainFlow's real Bluetooth driver: all signals as blocks in packets on one characteristic.

A packet has a header of 14 bytes: its length, an index, the time in 1/256000 s, and at 9 and 10 kind and index of the
first block. The data of that block follow, then further blocks with a header of 5 bytes each: kind, index, and three
bytes of unknown meaning. Each kind counts its blocks, modulo 256 (so it is in public recordings). Samples are packed
with the least significant bit first: EEG 14 bits, microvolts = (count - 8192) * 1450 / 16383, optics 20 bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import FaultKind, Faults
from neurofeedback.emulators.muse import CH_NAMES, SFREQ, MuseHeadband
from neurofeedback.emulators.muse_sensors import MOTION_BLOCK, MOTION_SFREQ, motion_counts

SCALE_UV = 1450 / 16383
"""Microvolts per count."""

MIDDLE_COUNT = 8192
OPTICS_SFREQ = 64.0

SAMPLES_A_PACKET = 8
"""Samples of each channel in an EEG packet."""

_DEVICE_CLOCK_HZ = 256_000
_DATA = "273e0013-4c4d-454d-96be-f03bac821358"
_FOUR_CHANNEL_PRESETS = {b"p20", b"p21", b"p50", b"p51", b"p60", b"p61", b"p1034", b"p1035"}
_BATTERY_PERIOD_S = 1.0
_OPTICS_MAX = (1 << 20) - 1
_UNKNOWN_BYTES = 12
_OPTICS_LEVEL, _OPTICS_PULSE, _PULSE_HZ = 200_000.0, 1_500.0, 1.1


class BlockKind(IntEnum):
    """Kinds of blocks."""

    EEG_4 = 0x11
    EEG_8 = 0x12
    OPTICS_16 = 0x36
    MOTION = 0x47
    BATTERY = 0x98
    UNKNOWN = 0x99
    """No driver knows it."""


def quantise(microvolts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the 14-bit counts nearest to microvolts; NaN becomes the middle count.

    Examples
    --------
    >>> quantise(np.array([0.0, 20.0, 1e4, -1e4, np.nan])).tolist()
    [8192, 8418, 16383, 0, 8192]
    """
    counts = np.round(np.nan_to_num(microvolts, posinf=1e6, neginf=-1e6) / SCALE_UV) + MIDDLE_COUNT
    return np.clip(counts, 0, 0x3FFF).astype(np.int64)


def pack_bits(counts: NDArray[np.int64], n_bits: int) -> bytes:
    """Return counts of ``n_bits`` each, one after the other, least significant bit first.

    Examples
    --------
    >>> pack_bits(np.array([1, 0x3FFF]), 14).hex()
    '01c0ff0f'
    """
    bits = (counts.ravel()[:, None] >> np.arange(n_bits)) & 1
    return np.packbits(bits.astype(np.uint8).ravel(), bitorder="little").tobytes()


class AthenaHeadband(MuseHeadband):
    """The headset: commands and time in, notifications out. No radio, no clock.

    A loss is that of a whole packet: eight samples of all channels.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at 256 Hz.
    battery_percent : float
        Charge of the battery at the start, %.

    Attributes
    ----------
    counts : list of ndarray, shape (4, 8)
        The EEG of every packet since the first stream started, quantised, also of those that were lost.
    lost_packets : list of tuple (int, int)
        Number of every EEG packet that was not sent or that no driver reads, and -1 for all channels.
    """

    title = "an Athena"
    possible_faults = MuseHeadband.possible_faults | {FaultKind.STRANGE, FaultKind.BATTERY, FaultKind.SATURATED}

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None = None,
        *,
        seed: int = 0,
        battery_percent: float = 80.0,
    ) -> None:
        super().__init__(chunks, faults, seed=seed)
        self.battery_percent = battery_percent
        self._eeg = BlockKind.EEG_8
        self._n_start_commands = 0
        self._n_packets = 0
        self._blocks: Counter[BlockKind] = Counter()
        self._n_motion = self._n_battery = 0

    def receive(self, command: bytes, at: float) -> None:
        """Execute a command at this time (s); the stream starts at the second ``dc001``."""
        order = command[1:].rstrip(b"\n")
        if order == b"dc001":
            self._n_start_commands += 1
            if self._n_start_commands == 2:
                super().receive(b"\x02d\n", at)
                self._skip_sensors(at)
        elif order == b"h":
            self.halt()
        elif order.startswith(b"p"):
            self._eeg = BlockKind.EEG_4 if order in _FOUR_CHANNEL_PRESETS else BlockKind.EEG_8

    def halt(self) -> None:
        """Stop streaming, on request or because the link is gone."""
        super().halt()
        self._n_start_commands = 0

    def send(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications of EEG and optics that are due at this time (s): characteristic and value."""
        self._note_sending(at, streaming=self._streaming)
        if self._first_sample_at is None:
            return
        due = self._n_due(at) // SAMPLES_A_PACKET
        while len(self.counts) < due:
            columns = list(islice(self._samples, SAMPLES_A_PACKET))
            if len(columns) < SAMPLES_A_PACKET:
                return
            yield from self._notifications(np.array(columns).T)

    def send_sensors(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications of motion and battery at this time (s): characteristic and value."""
        if self._first_sample_at is None:
            return
        at_s = self._n_due(at) / SFREQ
        sends = self._streaming and not self.faults.stalled(self.elapsed(at))
        while (self._n_motion + 1) * MOTION_BLOCK / MOTION_SFREQ <= at_s:
            counts = np.concatenate(motion_counts(self._n_motion * MOTION_BLOCK), axis=1)
            self._n_motion += 1
            data = np.clip(counts, -32768, 32767).astype("<i2").tobytes()
            yield from self._packet([(BlockKind.MOTION, data)], at_s, sends=sends)
        while (report_s := self._n_battery * _BATTERY_PERIOD_S) <= at_s:
            self._n_battery += 1
            scripted = self.faults.active(FaultKind.BATTERY, report_s)
            percent = scripted[-1].percent if scripted else self.battery_percent
            data = round(512 * percent).to_bytes(2, "little") + bytes(18)
            yield from self._packet([(BlockKind.BATTERY, data)], at_s, sends=sends)

    def _skip_sensors(self, at: float) -> None:
        for _ in self.send_sensors(at):
            pass

    def _notifications(self, block: NDArray[np.float64]) -> Iterator[tuple[str, bytes]]:
        number = len(self.counts)
        at_s = number * SAMPLES_A_PACKET / SFREQ
        self.counts.append(quantise(block))
        silent = not self._streaming or self.faults.stalled(at_s) or bool(np.isnan(block).all())
        lost, twice, strange = self._rng.random(3) < [
            self.faults.probability(kind, at_s) for kind in (FaultKind.LOSS, FaultKind.DUPLICATE, FaultKind.STRANGE)
        ]
        if silent or lost or strange:  # a driver leaves out a packet that begins with what it does not know
            self.lost_packets.append((number, -1))
        blocks = list(self._data_blocks(number, at_s))
        if strange:
            blocks.insert(0, (BlockKind.UNKNOWN, bytes(_UNKNOWN_BYTES)))
        sent = list(self._packet(blocks, at_s, sends=not (silent or lost)))
        yield from sent * (2 if twice else 1)

    def _data_blocks(self, number: int, at_s: float) -> Iterator[tuple[BlockKind, bytes]]:
        """Yield kind and data of the blocks of one packet: EEG, and optics with 8 channels."""
        counts = self.counts[number].T
        if self._eeg is BlockKind.EEG_4:
            for half in np.split(counts, 2):
                yield BlockKind.EEG_4, pack_bits(half, 14)
            return
        unused = np.full((SAMPLES_A_PACKET, 8 - len(CH_NAMES)), MIDDLE_COUNT)
        for pair in np.split(np.concatenate([counts, unused], axis=1), 4):
            yield BlockKind.EEG_8, pack_bits(pair, 14)
        for sample in range(2 * number, 2 * number + 2):
            beat = np.sin(2 * np.pi * _PULSE_HZ * sample / OPTICS_SFREQ)
            level = round(_OPTICS_LEVEL + _OPTICS_PULSE * beat)
            level = _OPTICS_MAX if self.faults.active(FaultKind.SATURATED, at_s) else level
            yield BlockKind.OPTICS_16, pack_bits(np.full(16, level), 20)

    def _packet(
        self, blocks: list[tuple[BlockKind, bytes]], at_s: float, *, sends: bool
    ) -> Iterator[tuple[str, bytes]]:
        """Yield a packet of blocks taken at a time (s), unless it is not sent; its indices are used up all the same."""
        number = max(0, len(self.counts) - 1)
        jump = self.faults.packet_counter(number, 0, SFREQ / SAMPLES_A_PACKET) - number
        indices: list[int] = []
        for kind, _ in blocks:
            indices.append((self._blocks[kind] + jump) % 256)
            self._blocks[kind] += 1
        time = round(at_s * _DEVICE_CLOCK_HZ) & 0xFFFFFFFF
        header = bytes([self._n_packets % 256]) + time.to_bytes(4, "little") + bytes(3)
        self._n_packets += 1
        first = bytes([blocks[0][0], indices[0], 0, 0, 0]) + blocks[0][1]
        others = b"".join(
            bytes([kind, index, 0, 0, 0]) + data for (kind, data), index in zip(blocks[1:], indices[1:], strict=True)
        )
        body = header + first + others
        if sends:
            yield _DATA, bytes([len(body) + 1]) + body
