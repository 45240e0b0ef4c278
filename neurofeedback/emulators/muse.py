"""A Muse 2, Muse S or Muse 2016 for BrainFlow's real Bluetooth driver.

Each EEG channel has a characteristic; a notification holds a 16-bit counter and twelve 12-bit samples, microvolts
= (count - 2048) * 125 / 256, at 256 Hz. Commands are a length byte, the command and a newline: ``d`` starts and
``h`` stops the stream.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.bluetooth_headset import (
    BleHeadset,
    Characteristic,
    EmulatedBluetooth,
    Peripheral,
)
from neurofeedback.emulators.faults import FaultKind, Faults
from neurofeedback.emulators.muse_sensors import MuseSensors, Sensor

SFREQ = 256.0
SCALE_UV = 125 / 256
"""Microvolts per count."""

CH_NAMES = ("TP9", "AF7", "AF8", "TP10")
_BLOCK = 12
_ADDRESS = "00:55:DA:B0:00:01"
_SERVICE = "0000fe8d-0000-1000-8000-00805f9b34fb"
_UUID = "273e{:04x}-4c4d-454d-96be-f03bac821358"
_EEG = tuple(_UUID.format(number) for number in (3, 4, 5, 6))
_SENSOR_UUIDS = {
    Sensor.GYRO: _UUID.format(9),
    Sensor.ACCEL: _UUID.format(0xA),
    Sensor.AMBIENT: _UUID.format(0xF),
    Sensor.INFRARED: _UUID.format(0x10),
}
_PULSE_PRESETS = {b"p50", b"p61"}
_SEND_ORDER = (3, 2, 0, 1)
"""Order in which a headset sends the channels of one block, as seen by muse-lsl: TP10, AF8, TP9, AF7."""


class HeadbandModel(StrEnum):
    """Model of a Muse."""

    MUSE_2 = "muse-2"
    MUSE_S = "muse-s"
    MUSE_2016 = "muse-2016"
    ATHENA = "muse-s-athena"


_NAMES = {
    HeadbandModel.MUSE_2: "Muse-0001",
    HeadbandModel.MUSE_S: "MuseS-0001",
    HeadbandModel.MUSE_2016: "Muse-0001",
    HeadbandModel.ATHENA: "MuseS-0002",
}


def quantise(microvolts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the 12-bit counts nearest to microvolts; NaN becomes the middle count.

    Examples
    --------
    >>> quantise(np.array([0.0, 1.0, 1e4, -1e4, np.nan])).tolist()
    [2048, 2050, 4095, 0, 2048]
    """
    counts = np.round(np.nan_to_num(microvolts, posinf=1e6, neginf=-1e6) / SCALE_UV) + 0x800
    return np.clip(counts, 0, 0xFFF).astype(np.int64)


def packet(counter: int, counts: NDArray[np.int64]) -> bytes:
    """Return the 20 bytes of one notification.

    Examples
    --------
    >>> packet(258, np.array([0xABC, 0xDEF] + [0] * 10))[:6].hex()
    '0102abcdef00'
    """
    pairs = (int(first) << 12 | int(second) for first, second in counts.reshape(-1, 2))
    return (counter & 0xFFFF).to_bytes(2, "big") + b"".join(pair.to_bytes(3, "big") for pair in pairs)


class MuseHeadband(BleHeadset):
    """The headset: commands and time in, notifications out. No radio, no clock.

    Parameters
    ----------
    chunks : iterable of ndarray, shape (n_channels, n_samples)
        Microvolts at 256 Hz.

    Attributes
    ----------
    counts : list of ndarray, shape (4, 12)
        Every block since the first stream started, quantised, also those that were lost.
    lost_packets : list of tuple (int, int)
        Block and channel of every packet that was not sent.
    stream_starts : list of int
        First block of each stream, where the packet counter restarts.
    sensors : MuseSensors
        The other sensors.
    """

    title = "a Muse"

    def __init__(self, chunks: Iterable[NDArray[np.floating]], faults: Faults | None = None, *, seed: int = 0) -> None:
        super().__init__(chunks, faults, n_channels=len(CH_NAMES), sfreq=SFREQ, seed=seed)
        self.counts: list[NDArray[np.int64]] = []
        self.lost_packets: list[tuple[int, int]] = []
        self.stream_starts: list[int] = []
        self.sensors = MuseSensors(seed)

    def receive(self, command: bytes, at: float) -> None:
        """Execute a command at this time (s)."""
        if command[1:2] == b"d" and not self._streaming:
            self._first_sample_at = at if self._first_sample_at is None else self._first_sample_at
            list(self.send(at))
            self.stream_starts.append(len(self.counts))
            self.sensors.start_stream(self._n_due(at) / SFREQ)
            self._streaming = True
        elif command[1:2] == b"h":
            self.halt()
        elif command[1:2] == b"p":
            self.sensors.pulse_on = command[1:4] in _PULSE_PRESETS

    def notifications(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications that are due at this time (s): characteristic and value."""
        yield from self.send(at)
        yield from self.send_sensors(at)

    def send(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications that are due at this time (s): characteristic and value."""
        self._note_sending(at, streaming=self._streaming)
        if self._first_sample_at is None:
            return
        due = self._n_due(at) // _BLOCK
        while len(self.counts) < due:
            block = list(islice(self._samples, _BLOCK))
            if len(block) < _BLOCK:
                return
            yield from self._notifications(np.array(block).T)

    def send_sensors(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications of the other sensors at this time (s): characteristic and value."""
        if self._first_sample_at is not None:
            sends = self._streaming and not self.faults.stalled(self.elapsed(at))
            for sensor, value in self.sensors.send(self._n_due(at) / SFREQ, self.faults, streaming=sends):
                yield _SENSOR_UUIDS[sensor], value

    def _notifications(self, block: NDArray[np.float64]) -> Iterator[tuple[str, bytes]]:
        number = len(self.counts)
        at_s = number * _BLOCK / SFREQ
        self.counts.append(quantise(block))
        silent = not self._streaming or self.faults.stalled(at_s) or bool(np.isnan(block).all())
        draws = self._rng.random((2, len(CH_NAMES)))
        for channel in _SEND_ORDER:
            if silent or draws[0, channel] < self.faults.probability(FaultKind.LOSS, at_s, channel):
                self.lost_packets.append((number, channel))
                continue
            counter = self.faults.packet_counter(number, self.stream_starts[-1], SFREQ / _BLOCK)
            twice = draws[1, channel] < self.faults.probability(FaultKind.DUPLICATE, at_s, channel)
            yield from [(_EEG[channel], packet(counter, self.counts[-1][channel]))] * (2 if twice else 1)


class EmulatedMuse(EmulatedBluetooth):
    """A Muse on a private message bus, as a context manager.

    Parameters
    ----------
    headband : MuseHeadband
        The headset.
    model : HeadbandModel
        What it advertises itself as.
    now : callable
        Monotonic clock that paces it, s.
    """

    def __init__(
        self,
        headband: MuseHeadband,
        *,
        model: HeadbandModel = HeadbandModel.MUSE_2,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(headband, Peripheral(_ADDRESS, _NAMES[model], {_SERVICE: _characteristics(model)}), now=now)
        self.headband = headband


def _characteristics(model: HeadbandModel) -> tuple[Characteristic, ...]:
    """Return what a model offers: control, EEG and auxiliary, gyroscope, accelerometer, telemetry, pulse.

    An Athena sends everything by one of two characteristics.
    """
    control = Characteristic(_UUID.format(1), ("write-without-response", "notify"))
    pulse = () if model is HeadbandModel.MUSE_2016 else (0xF, 0x10, 0x11)
    numbers = (0x13, 0x14) if model is HeadbandModel.ATHENA else (3, 4, 5, 6, 7, 9, 0xA, 0xB, *pulse)
    return (control, *(Characteristic(_UUID.format(number)) for number in numbers))
