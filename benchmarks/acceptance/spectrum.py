"""T1 and T2: band powers of sines, and what the causal filters delay."""

from __future__ import annotations

import numpy as np
from scipy import signal

from benchmarks.acceptance.figures import Figure, Run, Target, at_most
from benchmarks.acceptance.judged_sessions import headset
from neurofeedback.processing.filters import CausalFilter, prefilter_sos
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.signal import FilterSettings

FAMILIES = ("muse", "ganglion", "cyton", "cyton-daisy")
BANDS = {"delta": (1.5, 4.0), "theta": (4.0, 7.5), "alpha": (8.0, 13.0), "beta": (14.0, 28.0), "emg": (30.0, 44.0)}
SINES = {6.0: "theta", 10.0: "alpha", 20.0: "beta"}
_RMS_UV = 10.0


def band_powers(sine_hz: float, sfreq: float) -> dict[str, float]:
    """Return the power (uV^2) that the last 2-s window after the filters holds in each band."""
    n = round(20 * sfreq)
    sine = _RMS_UV * np.sqrt(2) * np.sin(2 * np.pi * sine_hz * np.arange(n) / sfreq + 1.0)
    filtered = CausalFilter(prefilter_sos(sfreq, FilterSettings()), 1).process(sine[None], [])
    spectrum = Periodogram(round(2 * sfreq), sfreq, 62.0)
    psd = spectrum(filtered[None, :, -round(2 * sfreq) :])[0, 0]
    width = spectrum.freqs[1] - spectrum.freqs[0]
    return {name: float(psd[in_band(spectrum.freqs, *band)].sum() * width) for name, band in BANDS.items()}


def sines(run: Run) -> list[Figure]:
    """Measure the error in the sine's own band and the leakage into the others, worst of all rates."""
    errors, leaks = [], []
    for family in FAMILIES:
        for sine_hz, own in SINES.items():
            powers = band_powers(sine_hz, headset(family)[0].sfreq)
            errors.append(abs(powers[own] / _RMS_UV**2 - 1))
            leaks += [10 * np.log10(power / powers[own]) for name, power in powers.items() if name != own]
    between = [
        10 * np.log10(max(power for name, power in powers.items() if name != own) / powers[own])
        for family in FAMILIES
        for sine_hz, own in ((6.25, "theta"), (10.25, "alpha"), (20.25, "beta"))
        if (powers := band_powers(sine_hz, headset(family)[0].sfreq))
    ]
    n = len(errors)
    return [
        Figure("largest error of band power", 100 * max(errors), n=n, unit="%", goal=at_most(3), of="sines"),
        Figure("largest leakage", max(leaks), n=n, unit="dB", goal=at_most(-25), of="sines"),
        Figure("largest leakage, sine between two bins", max(between), n=len(between), unit="dB", of="sines"),
    ]


def group_delay_ms(sfreq: float) -> float:
    """Return the largest group delay from 4 to 40 Hz, ms: minus the slope of the unwrapped phase."""
    freqs = np.arange(4.0, 40.0, 0.01)
    _, response = signal.sosfreqz(prefilter_sos(sfreq, FilterSettings()), worN=freqs, fs=sfreq)
    return float(1000 * np.max(-np.gradient(np.unwrap(np.angle(response)), 2 * np.pi * freqs)))


def delays(run: Run) -> list[Figure]:
    """Measure the delay of high-pass and notches at every rate."""
    return [
        Figure(f"{sfreq:g} Hz", group_delay_ms(sfreq), unit="ms", goal=at_most(20), known="15", of="filters")
        for sfreq in sorted({headset(family)[0].sfreq for family in FAMILIES})
    ]


TARGETS = (
    Target("T1", "10 uV sines of 6, 10, 20 Hz at the four headsets' rates: band power and leakage", sines),
    Target("T2", "group delay of the filters, 4 to 40 Hz", delays),
)
