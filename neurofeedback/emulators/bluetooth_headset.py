"""Headsets with Bluetooth Low Energy for BrainFlow's real drivers: what they have in common, and their run on a bus."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import COMMON_FAULTS, FaultKind, Faults
from neurofeedback.emulators.headset import Headset, RunningHeadset
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.emulators.bluez import BlueZ

_POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A characteristic: its UUID, what may be done with it, and the value that a program reads."""

    uuid: str
    flags: tuple[str, ...] = ("notify",)
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class Peripheral:
    """What a headset advertises and offers: its characteristics by the UUID of their service, the main one first."""

    address: str
    name: str
    services: dict[str, tuple[Characteristic, ...]]


class BleHeadset(Headset):
    """A headset: commands and time in, notifications out. No radio, no clock.

    The signal does not pause: sample numbers follow the time since the first stream started, and what was not sent
    while the headset was halted or out of reach is lost.
    """

    possible_faults = COMMON_FAULTS | {FaultKind.ABSENT, FaultKind.REFUSE}

    def __init__(
        self,
        chunks: Iterable[NDArray[np.floating]],
        faults: Faults | None,
        *,
        n_channels: int,
        sfreq: float,
        seed: int,
    ) -> None:
        super().__init__(chunks, faults, n_channels=n_channels, sfreq=sfreq, seed=seed)
        self._samples = self._measure_samples()
        self._streaming = False

    def reachable(self, at: float) -> bool:
        """Whether the headset is in reach at this time (s)."""
        return not (self.absent(at) or self.faults.dropped(self.elapsed(at)))

    def accepts_connection(self, at: float) -> bool:
        """Whether an attempt to connect at this time (s) succeeds."""
        return self.reachable(at) and not self.next_attempt_fails(FaultKind.REFUSE)

    def halt(self) -> None:
        """Stop streaming, on request or because the link is gone."""
        self._streaming = False

    def receive(self, command: bytes, at: float) -> None:
        """Execute a command at this time (s)."""
        raise NotImplementedError

    def notifications(self, at: float) -> Iterator[tuple[str, bytes]]:
        """Yield the notifications that are due at this time (s): characteristic and value."""
        raise NotImplementedError


class EmulatedBluetooth(RunningHeadset[BleHeadset]):
    """A headset on a private message bus, as a context manager.

    Parameters
    ----------
    headset : BleHeadset
        The headset.
    peripheral : Peripheral
        What it advertises and offers.
    now : callable
        Monotonic clock that paces it, s.

    Attributes
    ----------
    address : str
        Value of ``DBUS_SYSTEM_BUS_ADDRESS`` for a program that should see the headset.
    """

    def __init__(
        self, headset: BleHeadset, peripheral: Peripheral, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(headset, now)
        self.address = ""
        self._peripheral = peripheral
        self._started = threading.Event()
        self._failure: SettingsError | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

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
            from neurofeedback.emulators.bluez import BlueZ, MessageBus, private_bus  # an extra
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"{self.headset.title} cannot be emulated without dbus-fast",
                got=str(error),
                todo="pip install 'neurofeedback-meditation[emulators]'",
            ) from None
        async with private_bus() as address:
            bus = await MessageBus(bus_address=address).connect()
            bluez = BlueZ(bus, self._peripheral, self._receive, self._reachable, self._accepts_connection)
            self.headset.switch_on(self._now())
            await bluez.start()
            self.address = address
            self._started.set()
            await self._stream(bluez)
            bus.disconnect()

    def _receive(self, command: bytes) -> None:
        self.headset.receive(command, self._now())

    def _reachable(self) -> bool:
        return self.headset.reachable(self._now())

    def _accepts_connection(self) -> bool:
        return self.headset.accepts_connection(self._now())

    async def _stream(self, bluez: BlueZ) -> None:
        """Send what is due until the emulator is closed; an exhausted headset stays on the bus, silent."""
        linked = True
        while not self._ended.is_set():
            at = self._now()
            if linked and not self.headset.reachable(at):
                self.headset.halt()
                bluez.disconnect()
            linked = self.headset.reachable(at)
            for uuid, value in self.headset.notifications(at):
                while bluez.is_full and not self._ended.is_set():
                    await asyncio.sleep(_POLL_S)
                bluez.notify(uuid, value)
            if self.headset.exhausted:
                self._done.set()
            await asyncio.sleep(_POLL_S)
