"""Correction of spectra for interpolated gaps, whose expected samples are smoother than the lost signal.

With the correction a spectrum is the expected one, given the samples received. Without it a gap would lower fast
rhythms more than slow ones, as a change of state does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.processing.gap_bridge import GapFill
from neurofeedback.processing.spectrum import Periodogram


@dataclass(frozen=True, slots=True, eq=False)
class _MissingPower:
    row: int
    sample: int
    energy: NDArray[np.float64]


class GapPowerCorrection:
    """Adds the missing power of gaps to the spectra of all windows that contain them.

    Parameters
    ----------
    spectrum : Periodogram
        Computes the windows' spectra.
    sos : ndarray
        Filter between the interpolated samples and the windows.
    """

    def __init__(self, spectrum: Periodogram, sfreq: float, sos: NDArray[np.float64]) -> None:
        self._spectrum = spectrum
        self._radians = 2 * np.pi * spectrum.freqs / sfreq
        self._filter_power_gain = np.abs(signal.sosfreqz(sos, spectrum.freqs, fs=sfreq)[1]) ** 2
        self._missing_powers: list[_MissingPower] = []

    def correct(
        self, psd: NDArray[np.float64], fills: tuple[GapFill, ...], first: int, ends: NDArray[np.int64]
    ) -> None:
        """Add to ``psd`` ``(n, n_channels, n_freqs)``, in place, the missing power of the gaps in its windows.

        Parameters
        ----------
        fills : tuple of GapFill
            New gaps, positions relative to sample ``first``.
        ends : ndarray, shape (n,)
            Sample index just after each window.
        """
        self._missing_powers += [
            _MissingPower(gap.row, first + gap.middle, self._energy(gap.error_autocovariance)) for gap in fills
        ]
        for missing in self._missing_powers:
            place = missing.sample - (ends - self._spectrum.n)
            for window in np.flatnonzero((place >= 0) & (place < self._spectrum.n)).tolist():
                psd[window, missing.row] += self._spectrum.density_per_sample(int(place[window])) * missing.energy
        oldest = int(ends[-1]) - self._spectrum.n
        self._missing_powers = [missing for missing in self._missing_powers if missing.sample >= oldest]

    def _energy(self, error_autocovariance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the expected squared magnitude of the transform of a gap's error, uV^2, ``(n_freqs,)``."""
        lags = np.arange(1, len(error_autocovariance))
        return (
            error_autocovariance[0] + 2 * np.cos(np.outer(self._radians, lags)) @ error_autocovariance[1:]
        ) * self._filter_power_gain
