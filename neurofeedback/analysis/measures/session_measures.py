"""What a comparison needs of one session: spectra and entropies of each channel's clean signal, whole and in minutes.

CommonBands and regions are applied later, as they depend on the sessions that are compared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neurofeedback.analysis.clean_signal import WINDOW_S, extract_clean_signal
from neurofeedback.analysis.contact_log import replay_contacts
from neurofeedback.analysis.resting_measures import (
    MAX_ENTROPY_WINDOWS,
    MEASURES,
    iaf_from_psds,
    median_psd,
    spectral_measures,
)
from neurofeedback.processing.entropies import ENTROPIES, window_entropies
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import dump_profile, parse, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.types import Phase

MAX_WINDOWS = 75
MIN_WINDOWS = 15
"""A minute: the least clean signal of a channel that takes part, and the length of a block."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ChannelMeasures:
    """Spectrum ``(n_channels, n_freqs)`` in uV^2/Hz and ``ENTROPIES`` ``(n_channels, 6)``; NaN without signal."""

    psd: Floats
    entropies: Floats


@dataclass(frozen=True, slots=True, eq=False)
class SessionMeasures:
    """Measures of one session's clean signal without feedback.

    Parameters
    ----------
    sfreq : float
        Sampling rate, Hz.
    mains_hz : float or None
        Mains frequency of the session, Hz.
    profile_toml : str
        The session's resolved settings.
    n_windows : ndarray, shape (n_channels,)
        Number of clean windows of 4 s that were used, at most 75, spread evenly over the session.
    n_read : int
        Number of windows that were looked at.
    lost_share : float
        Share of lost samples in them.
    freqs : ndarray, shape (n_freqs,)
        Hz.
    whole : ChannelMeasures
        Of all windows used.
    blocks : tuple of ChannelMeasures
        Of each whole minute of them; a channel with fewer minutes has NaN.
    """

    sfreq: float
    mains_hz: float | None
    profile_toml: str
    n_windows: NDArray[np.int64]
    n_read: int
    lost_share: float
    freqs: Floats
    whole: ChannelMeasures
    blocks: tuple[ChannelMeasures, ...]

    @property
    def profile(self) -> Profile:
        """The session's settings."""
        return _parse_profile(self.profile_toml)

    @property
    def clean_rows(self) -> frozenset[int]:
        """Channels with at least a minute of clean signal."""
        return frozenset(np.flatnonzero(self.n_windows >= MIN_WINDOWS).tolist())

    def iaf(self, rows: Sequence[int], montage: Montage, settings: Settings) -> float:
        """Return the alpha frequency of these channels, Hz; NaN without a peak."""
        return iaf_from_psds({row: (self.freqs, self.whole.psd[row]) for row in rows}, montage, settings)

    def minutes(self, rows: Sequence[int]) -> float:
        """Return the length of the signal used of these channels, minutes; that of the one with least."""
        return float(self.n_windows[list(rows)].min()) * WINDOW_S / 60 if rows else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class CommonBands:
    """Montage, settings and alpha frequency (Hz; None for the default) that set regions and bands of a comparison."""

    montage: Montage
    settings: Settings
    iaf_hz: float | None


@lru_cache(maxsize=32)
def _parse_profile(text: str) -> Profile:
    return parse(Profile, tomllib.loads(text), "settings.toml")


def compute_session_measures(recording: Recording, phases: Sequence[Phase]) -> SessionMeasures:
    """Compute the measures of a session from its signal."""
    profile = recording.profile or resolve(Settings(), recording.stream)[1]
    signal = extract_clean_signal(recording, replay_contacts(recording), phases)
    n_channels = recording.stream.n_channels
    n_windows = np.zeros(n_channels, np.int64)
    for row, windows in signal.windows.items():
        n_windows[row] = min(len(windows), MAX_WINDOWS)
    used = {
        row: signal.subsample(int(n_windows[row])).windows[row]
        for row in np.flatnonzero(n_windows >= MIN_WINDOWS).tolist()
    }
    freqs: Floats = np.fft.rfftfreq(round(WINDOW_S * signal.sfreq), 1 / signal.sfreq)[1:].astype(np.float64)
    entropies = _entropies(used, n_channels)

    def measure(first: int, stop: int, at_least: int) -> ChannelMeasures:
        psd = np.full((n_channels, freqs.size), np.nan)
        for row, windows in used.items():
            if len(windows) >= at_least:
                psd[row] = median_psd(windows[first:stop], signal.sfreq)[1]
        return ChannelMeasures(psd, _known_mean(entropies[:, first:stop]))

    blocks = range(0, int(n_windows.max(initial=0)) // MIN_WINDOWS * MIN_WINDOWS, MIN_WINDOWS)
    return SessionMeasures(
        sfreq=signal.sfreq,
        mains_hz=recording.summary.mains_hz,
        profile_toml=dump_profile(profile),
        n_windows=n_windows,
        n_read=signal.n_read,
        lost_share=signal.lost_share,
        freqs=freqs,
        whole=measure(0, MAX_WINDOWS, MIN_WINDOWS),
        blocks=tuple(measure(first, first + MIN_WINDOWS, first + MIN_WINDOWS) for first in blocks),
    )


def _entropies(used: Mapping[int, Floats], n_channels: int) -> Floats:
    """Return the entropies of 16 windows of each channel, at their places, ``(n_channels, 75, 6)``; NaN elsewhere."""
    found = np.full((n_channels, MAX_WINDOWS, len(ENTROPIES)), np.nan)
    places = {
        row: np.unique(np.linspace(0, len(windows) - 1, MAX_ENTROPY_WINDOWS).round().astype(int))
        for row, windows in used.items()
    }
    if used:
        values = window_entropies(np.concatenate([used[row][chosen] for row, chosen in places.items()]))
        for row, chosen in places.items():
            found[row, chosen], values = values[: len(chosen)], values[len(chosen) :]
    return found


def _known_mean(values: Floats) -> Floats:
    """Return the mean over the second axis without NaN; NaN where there is nothing else."""
    known = np.isfinite(values)
    total, n = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
    return np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)


def regional_measures(
    found: ChannelMeasures,
    session: SessionMeasures,
    rows: Mapping[str, Sequence[int]],
    bands: CommonBands,
) -> dict[str, float]:
    """Return all ``MEASURES`` of a session or one of its minutes.

    Parameters
    ----------
    rows : mapping
        Channels of each region; a measure of a region without channels, or with one without signal, is NaN.
    bands : CommonBands
        The same for all sessions that are compared.
    """
    spectral = spectral_measures(found.psd, session.freqs, bands.iaf_hz, bands.settings, session.mains_hz)
    by_channel = spectral | dict(zip(ENTROPIES, found.entropies.T, strict=True))
    measures = {
        name: float(by_channel[name][list(rows[measure.region])].mean()) if rows[measure.region] else np.nan
        for name, measure in MEASURES.items()
        if name != "iaf"
    }
    psds = {row: (session.freqs, found.psd[row]) for row in rows["posterior"]}
    whole = all(bool(np.isfinite(psd).all()) for _, psd in psds.values())
    iaf = iaf_from_psds(psds, bands.montage, bands.settings) if whole else np.nan
    return {name: measures.get(name, iaf) for name in MEASURES}
