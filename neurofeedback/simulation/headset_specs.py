"""The four headset families for the simulation: rate, resolution, packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MUSE_STEP_UV = 125.0 / 256.0
_CYTON_STEP_UV = 4.5e6 / 24.0 / (2**23 - 1)
_GANGLION_STEP_UV = 1.2e6 / (2**23 - 1) / 1.5 / 51.0


@dataclass(frozen=True, slots=True)
class HeadsetSpec:
    """A headset family.

    Parameters
    ----------
    montage : str
        Name of the montage that fits it.
    sfreq : float
        Sampling frequency, Hz.
    resolution_uv : float
        Size of one count, uV; 0 leaves the samples unrounded.
    full_scale_uv : float
        Largest magnitude the device can report, uV.
    samples_per_packet : int
        Samples of each channel in one packet.
    """

    montage: str
    sfreq: float
    resolution_uv: float
    full_scale_uv: float
    samples_per_packet: int


HEADSETS: Mapping[str, HeadsetSpec] = {
    "muse": HeadsetSpec("muse", 256.0, _MUSE_STEP_UV, 2048 * _MUSE_STEP_UV, samples_per_packet=12),
    "ganglion": HeadsetSpec("ganglion", 200.0, _GANGLION_STEP_UV, 2**23 * _GANGLION_STEP_UV, samples_per_packet=2),
    "cyton": HeadsetSpec("cyton", 250.0, _CYTON_STEP_UV, 2**23 * _CYTON_STEP_UV, samples_per_packet=1),
    "cyton-daisy": HeadsetSpec("cyton-daisy", 125.0, _CYTON_STEP_UV, 2**23 * _CYTON_STEP_UV, samples_per_packet=1),
}


def get_headset(family: str) -> HeadsetSpec:
    """Return a headset family.

    Raises
    ------
    SettingsError
        There is no such family.
    """
    if family not in HEADSETS:
        raise SettingsError(tr(texts.DEVICE_FAMILY), got=family, allowed=", ".join(HEADSETS))
    return HEADSETS[family]


def digitise(signal_uv: NDArray[np.float64], headset: HeadsetSpec) -> NDArray[np.float32]:
    """Return a signal rounded to the device's counts and clipped at its range.

    Examples
    --------
    >>> digitise(np.array([0.3, 5000.0]), HEADSETS["muse"]).tolist()
    [0.48828125, 999.51171875]
    """
    if headset.resolution_uv == 0:
        return signal_uv.astype(np.float32)
    highest = round(headset.full_scale_uv / headset.resolution_uv) - 1
    counts = np.clip(np.rint(signal_uv / headset.resolution_uv), -highest - 1, highest)
    return (counts * headset.resolution_uv).astype(np.float32)
