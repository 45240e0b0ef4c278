"""Every emulated headset behind one interface: how a program finds it, what it sent, and what it lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators import athena, cyton, ganglion, muse
from neurofeedback.emulators.athena import AthenaHeadband
from neurofeedback.emulators.bluetooth_headset import EmulatedBluetooth
from neurofeedback.emulators.cyton import CytonFirmware, EmulatedCyton
from neurofeedback.emulators.faults import Faults
from neurofeedback.emulators.ganglion import EmulatedGanglion, Ganglion, GanglionFirmware2
from neurofeedback.emulators.headset import Headset
from neurofeedback.emulators.muse import EmulatedMuse, HeadbandModel, MuseHeadband
from neurofeedback.emulators.udp_headsets import Crown, EmulatedUdpHeadset

Signal = NDArray[np.floating]
Emulator = EmulatedMuse | EmulatedGanglion | EmulatedCyton | EmulatedUdpHeadset


@dataclass(frozen=True)
class HeadsetKind:
    """One emulated headset: its rate and channels, how to make and run it, and the counts of what it sent."""

    sfreq: float
    n_channels: int
    make: Callable[[Iterable[Signal], Faults], Headset]
    run: Callable[[Headset], AbstractContextManager[Emulator]]
    counts: Callable[[Headset], NDArray[np.int64]]
    scale_uv: float
    middle: int = 0
    device: str = ""
    n_not_delivered: int = 0

    def device_name(self, emulator: Emulator) -> str:
        """Return the name by which the program finds the headset."""
        if isinstance(emulator, EmulatedCyton):
            return f"{self.device}:{emulator.port}"
        if isinstance(emulator, EmulatedUdpHeadset):
            return f"brainflow:crown:ip_port={emulator.port}"
        return self.device

    def environment(self, emulator: Emulator) -> dict[str, str]:
        """Return what a program's environment must contain."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": emulator.address} if isinstance(emulator, EmulatedBluetooth) else {}

    def to_counts(self, microvolts: Signal) -> NDArray[np.int64]:
        """Return recorded microvolts as the counts they were sent as; no NaN may be among them."""
        return np.rint(np.asarray(microvolts, float) / self.scale_uv).astype(np.int64) + self.middle


def noisy_rhythm(n_channels: int, sfreq: float, seed: int = 1) -> Iterator[Signal]:
    """Yield endless seconds of 20 uV at 10 Hz with noise, so that no sample is the same as another."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(round(sfreq)) / sfreq
    while True:
        yield 20 * np.sin(2 * np.pi * 10 * seconds) + rng.normal(0, 5, (n_channels, seconds.size))


def _blocks(headset: Headset) -> NDArray[np.int64]:
    assert isinstance(headset, MuseHeadband)
    return np.concatenate(headset.counts, axis=1)


def _samples(headset: Headset) -> NDArray[np.int64]:
    assert isinstance(headset, CytonFirmware | Ganglion)
    return np.array(headset.counts).T


def _crown_counts(headset: Headset) -> NDArray[np.int64]:
    """Return the samples of a Crown, which are no counts, in steps of its test's resolution."""
    assert isinstance(headset, Crown)
    return np.rint(np.array(headset.samples_uv).T.astype(np.float32).astype(float) / CROWN_RESOLUTION_UV).astype(
        np.int64
    )


CROWN_RESOLUTION_UV = 1e-4


def _muse(model: HeadbandModel) -> HeadsetKind:
    def run(headset: Headset) -> EmulatedMuse:
        assert isinstance(headset, MuseHeadband)
        return EmulatedMuse(headset, model=model)

    if model is HeadbandModel.ATHENA:
        return HeadsetKind(
            256.0, 4, AthenaHeadband, run, _blocks, athena.SCALE_UV, athena.MIDDLE_COUNT, device=str(model)
        )
    return HeadsetKind(256.0, 4, MuseHeadband, run, _blocks, muse.SCALE_UV, 0x800, str(model), n_not_delivered=12)


def _run_ganglion(headset: Headset) -> EmulatedGanglion:
    assert isinstance(headset, Ganglion)
    return EmulatedGanglion(headset)


def _run_cyton(headset: Headset) -> EmulatedCyton:
    assert isinstance(headset, CytonFirmware)
    return EmulatedCyton(headset)


def _run_crown(headset: Headset) -> EmulatedUdpHeadset:
    assert isinstance(headset, Crown)
    return EmulatedUdpHeadset(headset)


HEADSETS = {
    "Muse 2": _muse(HeadbandModel.MUSE_2),
    "Muse S": _muse(HeadbandModel.MUSE_S),
    "Muse 2016": _muse(HeadbandModel.MUSE_2016),
    "Athena": _muse(HeadbandModel.ATHENA),
    "Ganglion": HeadsetKind(200.0, 4, Ganglion, _run_ganglion, _samples, ganglion.SCALE_UV, device="ganglion"),
    "Ganglion, firmware 2": HeadsetKind(
        200.0, 4, GanglionFirmware2, _run_ganglion, _samples, ganglion.SCALE_UV, device="ganglion"
    ),
    "Cyton": HeadsetKind(250.0, 8, CytonFirmware, _run_cyton, _samples, cyton.SCALE_UV, device="cyton"),
    "Cyton with Daisy": HeadsetKind(
        125.0,
        16,
        lambda chunks, faults: CytonFirmware(chunks, faults, daisy=True),
        _run_cyton,
        _samples,
        cyton.SCALE_UV,
        device="cyton-daisy",
    ),
    "Crown": HeadsetKind(
        256.0,
        8,
        lambda chunks, faults: Crown(chunks, faults, epoch=time.time()),
        _run_crown,
        _crown_counts,
        CROWN_RESOLUTION_UV,
    ),
}
