"""Contact of each electrode: from the gate's reasons while a session runs, and second by second from the raw signal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.filters import MAINS_HZ
from neurofeedback.processing.framing import TINY, FrameSchedule, SlidingWindows, mean_of_last_axis
from neurofeedback.processing.gap_bridge import BridgedSamples, GapBridge, join_bridged
from neurofeedback.processing.gate import GateResult
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.model import Settings
from neurofeedback.texts.contact import ELECTRODE_REASONS, GATE_REASONS, MOVING, NOISY
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality

FAIR_BADNESS, BAD_BADNESS, MAX_BADNESS = 1.0, 2.0, 4.0

_GATE_REASON_TEXTS = tuple(GATE_REASONS.values())
_RECENT_S = 4.0
_LISTED_SHARE = 0.25
_EXCLUSIVE_RULES = frozenset({"lost", "flat", "railed", "broken"})
_EEG_HZ = (2.0, 12.0)
_BROKEN_S = 3
_DRIFT_S = 2

Row = NDArray[np.float64]


class ContactMonitor:
    """Contact of every channel at every frame, from the gate's results; independent of how frames are batched."""

    def __init__(self, ch_names: tuple[str, ...], hop_s: float) -> None:
        self._ch_names = ch_names
        self._good = {name: ChannelContact(name, ContactLevel.GOOD) for name in ch_names}
        self._recent: SlidingWindows[np.bool_] = SlidingWindows(max(1, round(_RECENT_S / hop_s)), fill_value=False)

    def process(self, gate_result: GateResult) -> list[tuple[ChannelContact, ...]]:
        """Return the contacts of each frame, in the order of the channels."""
        flags = np.array([gate_result.bad, *(gate_result.reasons[rule] for rule in GATE_REASONS)]).transpose(1, 2, 0)
        frequent = mean_of_last_axis(self._recent.append(flags)) >= _LISTED_SHARE
        frames = zip(gate_result.excluded.tolist(), frequent.tolist(), strict=True)
        return [tuple(map(self._contact, self._ch_names, *frame)) for frame in frames]

    def _contact(self, ch_name: str, excluded: bool, frequent: list[bool]) -> ChannelContact:
        """Rate one channel; ``frequent`` is whether it was bad, and each rule held, in enough of the last seconds."""
        if not excluded and not frequent[0]:
            return self._good[ch_name]
        reasons = tuple(
            dict.fromkeys(text for text, found in zip(_GATE_REASON_TEXTS, frequent[1:], strict=True) if found)
        )
        if excluded:
            return ChannelContact(ch_name, ContactLevel.BAD, reasons or (NOISY,))
        return ChannelContact(ch_name, ContactLevel.FAIR, reasons or (MOVING,))


@dataclass(frozen=True, slots=True)
class ContactSecond:
    """Quality of all electrodes in one second; ``sample`` is the index just after it."""

    sample: int
    electrodes: tuple[ElectrodeQuality, ...]


class ElectrodeQualityMonitor:
    """Quality of every electrode in every second of raw signal; independent of how samples are chunked.

    It uses no filter that has to settle, so it answers from the first second on.

    Parameters
    ----------
    ch_names : tuple of str
        Channels in row order.
    sfreq : float
        Sampling frequency, Hz.
    settings : Settings
        Limits of contact, and the muscle band of the gate.
    full_scale_uv : float, optional
        Largest magnitude the device can report, uV; without it no electrode is railed.

    Notes
    -----
    Each rule's quantity m becomes a badness of 1 + ln(m / fair) / ln(bad / fair): 1 at the limit between good and
    fair, 2 at the limit between fair and bad. An electrode is as bad as its worst rule.
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
        """Process ``(n_channels, n_samples)`` in uV, NaN for lost samples; return the seconds now complete."""
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
        deviation = np.abs(rest - np.median(rest, axis=-1, keepdims=True))
        sd = 1.4826 * np.median(deviation, axis=-1)
        rows = zip(self._ch_names, badness.T.tolist(), mains.tolist(), sd.tolist(), lost.tolist(), strict=True)
        return tuple(
            ElectrodeQuality(_electrode_contact(name, scores), max(scores), *values) for name, scores, *values in rows
        )

    def _measure(self, raw: Row, rest: Row, mains: Row, lost: Row) -> dict[str, Row]:
        """Return the quantity of each rule, larger is worse, ``(n_channels,)``."""
        psd = self._spectrum(rest) * self._spectrum.freqs[1]
        eeg, emg = (np.sqrt(psd[:, band].sum(axis=-1)) for band in (self._eeg, self._emg))
        means = self._means.append(raw.mean(axis=-1)[None])[0]
        return {
            "lost": lost,
            "flat": 1 / np.maximum(np.ptp(raw, axis=-1), TINY),
            "railed": np.abs(raw).max(axis=-1) / self._full_scale_uv,
            "broken": self._noise.append(np.minimum(eeg, 2 * emg)[None])[0].min(axis=-1),
            "mains": mains,
            "muscle": emg,
            "moving": np.ptp(rest, axis=-1),
            "drifting": np.abs(means[:, -1] - means[:, 0]) / _DRIFT_S,
        }

    def _badness(self, quantities: dict[str, Row]) -> Row:
        """Return the badness by each rule, ``(n_rules, n_channels)``, in the order of ``ELECTRODE_REASONS``."""
        scores: list[Row] = []
        for rule in ELECTRODE_REASONS:
            fair, bad = self._limits[rule]
            m = np.maximum(quantities[rule], TINY)
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
        """Return the mains' rms ``(n_channels,)`` and the rest ``(n_channels, n_samples)``, both in uV."""
        raw = raw[:, : len(self._basis)]  # at 220.5 Hz some seconds have one sample more
        centred = raw - raw.mean(axis=-1, keepdims=True)
        rest = centred - (centred @ self._basis) @ self._basis.T
        hum = [np.abs(centred @ line) for line in self._lines]
        return (np.max(hum, axis=0) if hum else np.zeros(len(raw))), rest


def _electrode_contact(ch_name: str, scores: list[float]) -> ChannelContact:
    exceeded = [rule for rule, score in zip(ELECTRODE_REASONS, scores, strict=True) if score >= FAIR_BADNESS]
    if not exceeded:
        return ChannelContact(ch_name, ContactLevel.GOOD)
    reasons = exceeded[:1] if exceeded[0] in _EXCLUSIVE_RULES else exceeded
    level = ContactLevel.BAD if max(scores) >= BAD_BADNESS else ContactLevel.FAIR
    return ChannelContact(ch_name, level, tuple(ELECTRODE_REASONS[rule] for rule in reasons))
