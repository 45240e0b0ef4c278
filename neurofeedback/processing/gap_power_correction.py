"""The power that filled gaps lack: what is likeliest is smoother than what was there.

Added to a spectrum it gives the expected one, given the samples that arrived. Without it a gap would lower fast
rhythms more than slow ones, as a change of mind does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.processing.gaps import GapFill
from neurofeedback.processing.spectrum import Periodogram


@dataclass(frozen=True, slots=True, eq=False)
class _MissingPower:
    row: int
    sample: int
    energy: NDArray[np.float64]


class GapPowerCorrection:
    """Keeps the gaps that windows still to come reach back to.

    Parameters
    ----------
    spectrum : Periodogram
        What the windows' spectra are taken with.
    sos : ndarray
        The filter between the filled samples and the windows.
    """

    def __init__(self, spectrum: Periodogram, sfreq: float, sos: NDArray[np.float64]) -> None:
        self._spectrum = spectrum
        self._radians = 2 * np.pi * spectrum.freqs / sfreq
        self._filter_power_gain = np.abs(signal.sosfreqz(sos, spectrum.freqs, fs=sfreq)[1]) ** 2
        self._missing_powers: list[_MissingPower] = []

    def correct(
        self, psd: NDArray[np.float64], fills: tuple[GapFill, ...], first: int, ends: NDArray[np.int64]
    ) -> None:
        """Add to ``psd`` ``(n, n_channels, n_freqs)``, in place, what gaps in its windows lack.

        Parameters
        ----------
        fills : tuple of Fill
            New gaps, their places counted from sample ``first`` on.
        ends : ndarray, shape (n,)
            Sample index just after each window.
        """
        self._missing_powers += [
            _MissingPower(gap.row, first + gap.middle, self._energy(gap.error_autocovariance)) for gap in fills
        ]
        for lack in self._missing_powers:
            place = lack.sample - (ends - self._spectrum.n)
            for window in np.flatnonzero((place >= 0) & (place < self._spectrum.n)).tolist():
                psd[window, lack.row] += self._spectrum.density_per_sample(int(place[window])) * lack.energy
        oldest = int(ends[-1]) - self._spectrum.n
        self._missing_powers = [lack for lack in self._missing_powers if lack.sample >= oldest]

    def _energy(self, error_autocovariance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Work out the expected squared magnitude of the transform of what a gap lacks, uV^2, ``(n_freqs,)``."""
        lags = np.arange(1, len(error_autocovariance))
        return (
            error_autocovariance[0] + 2 * np.cos(np.outer(self._radians, lags)) @ error_autocovariance[1:]
        ) * self._filter_power_gain
