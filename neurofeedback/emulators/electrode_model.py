"""The effect of lifted and broken electrodes and of mains hum on the head's signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import FaultKind, Faults

LIFTED_UV = 210.0
"""White noise of a lifted dry electrode, uV rms.

Measured on 55 segments in which Muses of 2014 reported no contact: 250 uV above 1 Hz, as strong at 40 Hz as at
10 Hz, with seven times the power below 4 Hz, and saturated at both ends within a segment.
"""

_LIFTED_SLOW_UV = 200.0
_LIFTED_MAINS_UV = 200.0
_SLOW_HZ = 0.5
_BROKEN_UV = 90.0


class ElectrodeModel:
    """Converts the head's signal to the measured signal, sample by sample.

    Parameters
    ----------
    n_channels : int
        Electrodes.
    sfreq : float
        Sampling frequency, Hz.
    seed : int
        Seed of the noise.
    """

    def __init__(self, n_channels: int, sfreq: float, seed: int) -> None:
        self._sfreq = sfreq
        self._rng = np.random.default_rng([seed, 1])
        self._slow_decay = float(np.exp(-2 * np.pi * _SLOW_HZ / sfreq))
        self._slow = np.zeros(n_channels)

    def measure(self, column: NDArray[np.float64], number: int, faults: Faults) -> NDArray[np.float64]:
        """Return the measured values of one sample.

        Parameters
        ----------
        column : ndarray, shape (n_channels,)
            The head's signal, uV; NaN where there is none.
        number : int
            Number of the sample, from 0.
        """
        at_s = number / self._sfreq
        lifted, broken, mains = (
            faults.active(kind, at_s) for kind in (FaultKind.LIFTED, FaultKind.BROKEN, FaultKind.MAINS)
        )
        if not (lifted or broken or mains):
            return column
        noise = self._rng.standard_normal((2, column.size))
        self._slow = self._slow_decay * self._slow + np.sqrt(1 - self._slow_decay**2) * noise[0]
        measured = column.copy()
        for channel in np.flatnonzero(~np.isnan(column)).tolist():
            if any(fault.affects(channel) for fault in broken):
                measured[channel] = _BROKEN_UV * noise[1, channel]
            for fault in filter(lambda fault: fault.affects(channel), lifted):
                slow = _LIFTED_SLOW_UV * self._slow[channel]
                measured[channel] = (
                    LIFTED_UV * noise[1, channel] + slow + _LIFTED_MAINS_UV * _mains_sine(fault.hz, at_s)
                )
            measured[channel] += sum(
                fault.uv * _mains_sine(fault.hz, at_s) for fault in mains if fault.affects(channel)
            )
        return measured


def _mains_sine(hz: int, at_s: float) -> float:
    return float(np.sin(2 * np.pi * hz * at_s))
