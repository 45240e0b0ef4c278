"""A Muse 2, Muse S or Muse 2016 for BrainFlow's real Bluetooth driver.

Each EEG channel has a characteristic; a notification holds a 16-bit counter and twelve 12-bit samples, microvolts
= (count - 2048) * 125 / 256, at 256 Hz. Commands are a length byte, the command and a newline: ``d`` starts and
``h`` stops the stream.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain, islice
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import FaultKind, Faults
from neurofeedback.emulators.headset import Headset
from neurofeedback.emulators.muse_sensors import MuseSensors, Sensor
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.emulators.bluez import BlueZ

SFREQ = 256.0
SCALE_UV = 125 / 256
"""Microvolts per count."""

CH_NAMES = ("TP9", "AF7", "AF8", "TP10")
_BLOCK = 12
_POLL_S = 0.005
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


class MuseHeadband(Headset):
    """The headset: commands and time in, notifications out. No radio, no clock.

    The signal does not pause: sample numbers follow the time since the first stream started, and what was not sent
    while the headset was halted or out of reach is lost.

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
    possible_faults = frozenset(FaultKind) - {FaultKind.GARBAGE, FaultKind.UNPLUG, FaultKind.REPLY}

    def __init__(self, chunks: Iterable[NDArray[np.floating]], faults: Faults | None = None, *, seed: int = 0) -> None:
        super().__init__(chunks, faults, n_channels=len(CH_NAMES), sfreq=SFREQ, seed=seed)
        self._samples = self._measure_samples()
        self._streaming = False
        self.counts: list[NDArray[np.int64]] = []
        self.lost_packets: list[tuple[int, int]] = []
        self.stream_starts: list[int] = []
        self.sensors = MuseSensors(seed)

    def reachable(self, at: float) -> bool:
        """Whether the headset is in reach at this time (s)."""
        return not (self.absent(at) or self.faults.dropped(self.elapsed(at)))

    def accepts_connection(self, at: float) -> bool:
        """Whether an attempt to connect at this time (s) succeeds."""
        return self.reachable(at) and not self.next_attempt_fails(FaultKind.REFUSE)

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

    def halt(self) -> None:
        """Stop streaming, on request or because the link is gone."""
        self._streaming = False

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


class EmulatedMuse:
    """A Muse on a private message bus, as a context manager.

    Parameters
    ----------
    headband : MuseHeadband
        The headset.
    now : callable
        Monotonic clock that paces it, s.

    Attributes
    ----------
    address : str
        Value of ``DBUS_SYSTEM_BUS_ADDRESS`` for a program that should see the headset.
    """

    def __init__(
        self,
        headband: MuseHeadband,
        *,
        model: HeadbandModel = HeadbandModel.MUSE_2,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.headband = headband
        self.address = ""
        self._model = model
        self._now = now
        self._done = threading.Event()
        self._ended = threading.Event()
        self._started = threading.Event()
        self._failure: SettingsError | None = None
        self._thread = threading.Thread(target=self._run, name="emulated-muse", daemon=True)

    def __enter__(self) -> EmulatedMuse:
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.headband.report_lateness()

    def wait(self) -> None:
        """Wait until nothing is left to send."""
        while not self._done.wait(0.1):
            pass

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except SettingsError as error:
            self._failure = error
        finally:
            self._started.set()
            self._done.set()

    async def _serve(self) -> None:
        try:
            from neurofeedback.emulators.bluez import BlueZ, MessageBus, Peripheral, private_bus  # an extra
        except ModuleNotFoundError as error:
            raise SettingsError(
                "an emulated Muse needs dbus-fast",
                got=str(error),
                todo="pip install 'neurofeedback-meditation[emulators]'",
            ) from None
        async with private_bus() as address:
            bus = await MessageBus(bus_address=address).connect()
            peripheral = Peripheral(_ADDRESS, _NAMES[self._model], _SERVICE, _characteristics(self._model))
            bluez = BlueZ(bus, peripheral, self._receive, self._reachable, self._accepts_connection)
            self.headband.switch_on(self._now())
            await bluez.start()
            self.address = address
            self._started.set()
            await self._stream(bluez)
            bus.disconnect()

    def _receive(self, command: bytes) -> None:
        self.headband.receive(command, self._now())

    def _reachable(self) -> bool:
        return self.headband.reachable(self._now())

    def _accepts_connection(self) -> bool:
        return self.headband.accepts_connection(self._now())

    async def _stream(self, bluez: BlueZ) -> None:
        """Send what is due until the emulator is closed; an exhausted headset stays on the bus, silent."""
        linked = True
        while not self._ended.is_set():
            at = self._now()
            if linked and not self.headband.reachable(at):
                self.headband.halt()
                bluez.disconnect()
            linked = self.headband.reachable(at)
            for uuid, value in chain(self.headband.send(at), self.headband.send_sensors(at)):
                while bluez.is_full and not self._ended.is_set():
                    await asyncio.sleep(_POLL_S)
                bluez.notify(uuid, value)
            if self.headband.exhausted:
                self._done.set()
            await asyncio.sleep(_POLL_S)


def _characteristics(model: HeadbandModel) -> tuple[str, ...]:
    """Return the UUIDs of a model: control, EEG and auxiliary, gyroscope, accelerometer, telemetry, pulse.

    An Athena sends everything by one of two characteristics.
    """
    if model is HeadbandModel.ATHENA:
        return tuple(_UUID.format(number) for number in (1, 0x13, 0x14))
    pulse = () if model is HeadbandModel.MUSE_2016 else (0xF, 0x10, 0x11)
    return tuple(_UUID.format(number) for number in (1, 3, 4, 5, 6, 7, 9, 0xA, 0xB, *pulse))
