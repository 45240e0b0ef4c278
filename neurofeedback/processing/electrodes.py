"""How each electrode sits, second by second, from the raw signal alone: quick, and no filter that must settle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.contact import GATE_REASON_TEXTS
from neurofeedback.processing.filters import MAINS_HZ
from neurofeedback.processing.framing import FrameSchedule, SlidingWindows
from neurofeedback.processing.gaps import BridgedSamples, GapBridge, join_bridged
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.model import Settings
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality

ELECTRODE_REASON_TEXTS: dict[str, str] = {
    **{name: GATE_REASON_TEXTS[name] for name in ("lost", "railed", "flat", "broken", "mains", "muscle")},
    "moving": "moving",
    "drifting": "drifting",
}
"""What a person reads for each rule, the most telling first."""

FAIR_BADNESS, BAD_BADNESS, MAX_BADNESS = 1.0, 2.0, 4.0
_EXCLUSIVE_REASONS = frozenset({"lost", "flat", "railed", "broken"})
_EEG_HZ = (2.0, 12.0)
_BROKEN_S = 3
_DRIFT_S = 2

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ContactSecond:
    """One second of all electrodes; ``sample`` is the index just after it."""

    sample: int
    electrodes: tuple[ElectrodeQuality, ...]


class ElectrodeQualityMonitor:
    """Judges every second of raw signal; the same however the samples are cut.

    Parameters
    ----------
    ch_names : tuple of str
        Channels in row order.
    sfreq : float
        Sampling frequency, Hz.
    settings : Settings
        Limits of contact, and the muscle band of the gate.
    full_scale_uv : float, optional
        Largest magnitude the device can report, uV; without it nothing is railed.

    Notes
    -----
    Each rule's quantity m becomes a badness of 1 + ln(m / fair) / ln(bad / fair): 1 where contact begins to be
    only fair, 2 where it begins to be bad. An electrode is as bad as its worst rule.
    """

    def __init__(
        self, ch_names: tuple[str, ...], sfreq: float, settings: Settings, full_scale_uv: float | None = None
    ) -> None:
        self._ch_names = ch_names
        self._schedule = FrameSchedule(sfreq, 1.0)
        n = self._schedule.min_hop_samples
        self._bridge = GapBridge(len(ch_names), sfreq, settings.gaps)
        self._mains_separator = _MainsSeparator(n, sfreq)
        self._spectrum = Periodogram(n, sfreq, settings.gate.emg_high_hz)
        self._eeg = in_band(self._spectrum.freqs, *_EEG_HZ)
        self._emg = in_band(self._spectrum.freqs, settings.gate.emg_low_hz, settings.gate.emg_high_hz)
        self._full_scale_uv = np.inf if full_scale_uv is None else full_scale_uv
        self._noise: SlidingWindows[np.float64] = SlidingWindows(_BROKEN_S, fill_value=0.0)
        self._means: SlidingWindows[np.float64] = SlidingWindows(_DRIFT_S + 1)
        limits = settings.contact
        self._limits = {
            "lost": limits.lost_share,
            "flat": (1 / limits.flat_uv[0], 1 / limits.flat_uv[1]),
            "railed": limits.railed_share,
            "broken": limits.broken_uv,
            "mains": limits.mains_uv,
            "muscle": limits.muscle_uv,
            "moving": limits.moving_uv,
            "drifting": limits.drifting_uv,
        }
        self._pending: list[BridgedSamples] = []
        self._n_pending = 0
        self._at = 0
        self._next = 0

    def process(self, data: NDArray[np.floating]) -> list[ContactSecond]:
        """Take ``(n_channels, n_samples)`` in uV, NaN for lost samples; return the seconds that are complete."""
        bridged = self._bridge.process(data)
        self._pending.append(bridged)
        self._n_pending += bridged.data.shape[1]
        return [ContactSecond(self._at, self._rate_second(second)) for second in self._seconds()]

    def _seconds(self) -> Iterator[BridgedSamples]:
        if self._schedule.count_complete(self._at + self._n_pending) == self._next:
            return
        rest = join_bridged(self._pending)
        while self._schedule.count_complete(self._at + rest.data.shape[1]) > self._next:
            end = int(self._schedule.ends(self._next, 1)[0])
            second, rest = rest.split(end - self._at)
            self._at, self._next = end, self._next + 1
            yield second
        self._pending, self._n_pending = [rest], rest.data.shape[1]

    def _rate_second(self, second: BridgedSamples) -> tuple[ElectrodeQuality, ...]:
        raw = second.data
        mains, rest = self._mains_separator(raw)
        lost = second.lost.mean(axis=-1)
        badness = self._badness(self._measure(raw, rest, mains, lost))
        centred = np.abs(rest - np.median(rest, axis=-1, keepdims=True))
        sd = 1.4826 * np.median(centred, axis=-1)
        rows = zip(self._ch_names, badness.T.tolist(), mains.tolist(), sd.tolist(), lost.tolist(), strict=True)
        return tuple(
            ElectrodeQuality(_electrode_contact(name, scores), max(scores), *facts) for name, scores, *facts in rows
        )

    def _measure(self, raw: Row, rest: Row, mains: Row, lost: Row) -> dict[str, Row]:
        """Measure what each rule looks at, larger is worse, ``(n_channels,)``."""
        psd = self._spectrum(rest) * self._spectrum.freqs[1]
        eeg, emg = (np.sqrt(psd[:, band].sum(axis=-1)) for band in (self._eeg, self._emg))
        means = self._means.append(raw.mean(axis=-1)[None])[0]
        return {
            "lost": lost,
            "flat": 1 / np.maximum(np.ptp(raw, axis=-1), np.finfo(float).tiny),
            "railed": np.abs(raw).max(axis=-1) / self._full_scale_uv,
            "broken": self._noise.append(np.minimum(eeg, 2 * emg)[None])[0].min(axis=-1),
            "mains": mains,
            "muscle": emg,
            "moving": np.ptp(rest, axis=-1),
            "drifting": np.abs(means[:, -1] - means[:, 0]) / _DRIFT_S,
        }

    def _badness(self, quantities: dict[str, Row]) -> Row:
        """Badness by each rule, ``(n_rules, n_channels)`` in the order of ``WORDS``."""
        scores: list[Row] = []
        for rule in ELECTRODE_REASON_TEXTS:
            fair, bad = self._limits[rule]
            m = np.maximum(quantities[rule], np.finfo(float).tiny)
            scores.append(FAIR_BADNESS + np.log(m / fair) / np.log(bad / fair))
        return np.clip(np.array(scores), -MAX_BADNESS, MAX_BADNESS)


class _MainsSeparator:
    """Splits a second into trend, mains hum and the rest, by least squares."""

    def __init__(self, n: int, sfreq: float) -> None:
        t = np.arange(n) / sfreq
        self._mains_hz = [hz for hz in MAINS_HZ if hz < sfreq / 2 - 1]
        multiples = (k * hz for hz in self._mains_hz for k in range(1, int((sfreq / 2 - 1) // hz) + 1))
        phases = [2 * np.pi * hz * t for hz in dict.fromkeys(multiples)]
        columns = [np.ones(n), t, *(wave(phase) for phase in phases for wave in (np.cos, np.sin))]
        self._basis: Row = np.linalg.qr(np.array(columns).T)[0]
        self._lines = [np.exp(-2j * np.pi * hz * t) * (np.sqrt(2) / n) for hz in self._mains_hz]

    def __call__(self, raw: Row) -> tuple[Row, Row]:
        """Return the mains' rms ``(n_channels,)`` and what is left ``(n_channels, n_samples)``, both uV."""
        raw = raw[:, : len(self._basis)]  # a second of 220.5 Hz has one sample more now and then
        centred = raw - raw.mean(axis=-1, keepdims=True)
        rest = centred - (centred @ self._basis) @ self._basis.T
        hum = [np.abs(centred @ line) for line in self._lines]
        return (np.max(hum, axis=0) if hum else np.zeros(len(raw))), rest


def _electrode_contact(ch_name: str, scores: list[float]) -> ChannelContact:
    held = [rule for rule, score in zip(ELECTRODE_REASON_TEXTS, scores, strict=True) if score >= FAIR_BADNESS]
    if not held:
        return ChannelContact(ch_name, ContactLevel.GOOD)
    reasons = held[:1] if held[0] in _EXCLUSIVE_REASONS else held
    verdict = ContactLevel.BAD if max(scores) >= BAD_BADNESS else ContactLevel.FAIR
    return ChannelContact(ch_name, verdict, tuple(ELECTRODE_REASON_TEXTS[rule] for rule in reasons))
