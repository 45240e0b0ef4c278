"""Samples of a source: stream, chunk, lost samples, other signals, and the sample at which a frame ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """Description of the signal a source delivers; fixed for one recording.

    Parameters
    ----------
    device : str
        Device name as typed by the user, such as ``synthetic`` or ``cyton:/dev/ttyUSB0``.
    sfreq : float
        Nominal sampling frequency in Hz.
    ch_names : tuple of str
        Names of the EEG channels, in row order.
    montage : str
        Name of the montage that fits this device, or ``auto`` to derive regions from the channel names.
    placed_freely : bool
        The device has numbered inputs; the montage defines the electrode positions.
    """

    device: str
    sfreq: float
    ch_names: tuple[str, ...]
    montage: str = "auto"
    placed_freely: bool = False
    reference: str = "n/a"
    ground: str = "n/a"
    manufacturer: str = "n/a"
    model: str = "n/a"
    serial: str = "n/a"
    facts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def n_channels(self) -> int:
        """Number of EEG channels."""
        return len(self.ch_names)


@dataclass(frozen=True, slots=True)
class LostRun:
    """Samples that did not arrive or were not numbers.

    ``channels`` are row indices, or None for all. ``cause`` is ``lost``, ``invalid`` (NaN or infinity
    from the device, or a block its driver delivered twice) or ``gap`` (nothing arrived for a while).
    """

    start: int
    n_samples: int
    channels: tuple[int, ...] | None = None
    cause: str = "lost"


LOW_BATTERY = 15.0
"""Charge from which on a headset's battery counts as low, %."""


@dataclass(frozen=True, slots=True, eq=False)
class AuxChunk:
    """Samples of another signal of the same device, such as motion or pulse; recorded, not used for the index.

    Parameters
    ----------
    label : str
        Which signal: a BIDS label, such as ``motion``.
    sfreq : float
        Nominal sampling frequency in Hz.
    ch_names, units : tuple of str
        Names and units of the rows; ``n/a`` for an unknown unit.
    start_s : float
        Time of this signal's sample 0 since the recording's first sample, s.
    first_sample : int
        Index of the first sample; chunks of one signal follow each other without gap or overlap.
    data : ndarray of float32, shape (n_channels, n_samples)
        NaN for missing samples.
    """

    label: str
    sfreq: float
    ch_names: tuple[str, ...]
    units: tuple[str, ...]
    start_s: float
    first_sample: int
    data: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Samples of one read, any number. ``data`` is float32 microvolts, NaN exactly for the samples in ``lost``.

    ``device_time`` is the device's timestamp of the last sample (s, its own epoch), ``host_time`` the
    host's monotonic clock when the read returned (s), ``buffer_delay_s`` how long the last sample had
    waited in the buffer before the read (s; 0 if unknown). ``auxiliary`` holds the device's other signals.
    """

    first_sample: int
    data: NDArray[np.float32]
    lost: tuple[LostRun, ...] = ()
    device_time: float | None = None
    host_time: float = 0.0
    auxiliary: tuple[AuxChunk, ...] = ()
    buffer_delay_s: float = 0.0

    @property
    def n_samples(self) -> int:
        """Number of samples in this chunk."""
        return self.data.shape[1]

    @property
    def stop(self) -> int:
        """Sample index just after this chunk."""
        return self.first_sample + self.data.shape[1]


def frame_end(index: int, sfreq: float, hop_s: float) -> int:
    """Sample index at which frame (or block) ``index`` ends, in exact arithmetic.

    Examples
    --------
    >>> [frame_end(i, 250.0, 0.25) for i in range(4)]
    [62, 125, 187, 250]
    """
    return int((index + 1) * Fraction(sfreq).limit_denominator(10**6) * Fraction(hop_s).limit_denominator(10**6))
