"""The four headset families as a simulation needs them: rate, resolution, packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MUSE_STEP_UV = 125.0 / 256.0
_CYTON_STEP_UV = 4.5e6 / 24.0 / (2**23 - 1)
_GANGLION_STEP_UV = 1.2e6 / (2**23 - 1) / 1.5 / 51.0


@dataclass(frozen=True, slots=True)
class Device:
    """A headset family.

    Parameters
    ----------
    montage : str
        Name of the montage that fits it.
    sfreq : float
        Sampling frequency, Hz.
    step_uv : float
        Size of one count, uV; 0 leaves the samples unrounded.
    full_scale_uv : float
        Largest magnitude it can report, uV.
    packet_samples : int
        Samples of each channel in one packet.
    """

    montage: str
    sfreq: float
    step_uv: float
    full_scale_uv: float
    packet_samples: int


DEVICES: Mapping[str, Device] = {
    "muse": Device("muse", 256.0, _MUSE_STEP_UV, 2048 * _MUSE_STEP_UV, packet_samples=12),
    "ganglion": Device("ganglion", 200.0, _GANGLION_STEP_UV, 2**23 * _GANGLION_STEP_UV, packet_samples=2),
    "cyton": Device("cyton", 250.0, _CYTON_STEP_UV, 2**23 * _CYTON_STEP_UV, packet_samples=1),
    "cyton-daisy": Device("cyton-daisy", 125.0, _CYTON_STEP_UV, 2**23 * _CYTON_STEP_UV, packet_samples=1),
}


def device_of(family: str) -> Device:
    """Look up a device family.

    Raises
    ------
    SettingsError
        There is no such family.
    """
    if family not in DEVICES:
        raise SettingsError("no such device family to simulate", got=family, allowed=", ".join(DEVICES))
    return DEVICES[family]


def digitise(signal_uv: NDArray[np.float64], device: Device) -> NDArray[np.float32]:
    """Round to the device's counts and clip at its range, as its converter would.

    Examples
    --------
    >>> digitise(np.array([0.3, 5000.0]), DEVICES["muse"]).tolist()
    [0.48828125, 999.51171875]
    """
    if device.step_uv == 0:
        return signal_uv.astype(np.float32)
    highest = round(device.full_scale_uv / device.step_uv) - 1
    counts = np.clip(np.rint(signal_uv / device.step_uv), -highest - 1, highest)
    return (counts * device.step_uv).astype(np.float32)
