"""The gate: which blocks are artifacts, which channels are out, and what that leaves of each frame.

It judges first; its limits come from a finished baseline and never from the block being judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.blocks import History
from neurofeedback.processing.measures import Measures
from neurofeedback.settings.model import GateSettings, Settings

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GateLimits:
    """What a baseline fixes for each channel, ``(n_channels,)``: blink threshold in uV, muscle limit in ln density."""

    blink_uv: NDArray[np.float64]
    ln_emg: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """The gate's judgement, one row a block (and the frame that ends with it), one column a channel.

    ``reasons`` maps a rule's name to where it held; ``bad`` is any of them; ``out`` is a channel the gate
    has taken out (BAD); ``valid`` is a channel that counts in the frame; ``unusable`` is one that at this
    moment has no signal at all; ``good_share`` is the share of good blocks over the last seconds.
    ``fixed_bad`` is what no baseline can change: ``bad`` without the blink and muscle rules.
    """

    reasons: dict[str, Flags]
    bad: Flags
    out: Flags
    valid: Flags
    unusable: Flags
    good_share: NDArray[np.float64]
    fixed_bad: Flags
    contact_shares: dict[str, NDArray[np.float64]]
    bad_share: NDArray[np.float64]


def limits_from(
    slow_samples: NDArray[np.float64], ln_emg: NDArray[np.float64], fixed_bad: Flags, settings: GateSettings
) -> GateLimits:
    """Limits of a finished baseline, from its blocks that are not bad for other reasons.

    Parameters
    ----------
    slow_samples : ndarray, shape (n_blocks, n_channels, n)
        Low-passed samples, uV.
    ln_emg, fixed_bad : ndarray, shape (n_blocks, n_channels)
    """
    blink_uv, muscle = np.empty(ln_emg.shape[1]), np.empty(ln_emg.shape[1])
    for row in range(ln_emg.shape[1]):
        kept = ~fixed_bad[:, row]
        if not kept.any():
            blink_uv[row], muscle[row] = settings.blink_before_baseline_uv, np.inf
            continue
        _, slow_sd = robust(slow_samples[kept, row].ravel())
        blink_uv[row] = np.clip(settings.blink_sd * slow_sd, settings.blink_min_uv, settings.blink_max_uv)
        typical, spread = robust(ln_emg[kept, row])
        muscle[row] = typical + settings.emg_mads * max(spread, settings.emg_mad_floor)
    return GateLimits(blink_uv, muscle)


def gate_again(
    *,
    slow_ptp: NDArray[np.float64],
    ln_emg: NDArray[np.float64],
    fixed_bad: Flags,
    out: Flags,
    limits: GateLimits,
    settings: Settings,
) -> Flags:
    """Which channels count in each frame of a baseline, by that baseline's own limits; arrays ``(n, n_channels)``."""
    release: History[np.bool_] = History(settings.gate.emg_release_blocks + 1)
    hits = release.push(ln_emg > limits.ln_emg).any(axis=-1)
    bad = fixed_bad | hits | (slow_ptp > limits.blink_uv)
    window: History[np.bool_] = History(max(1, round(settings.spectrum.window_s / settings.spectrum.hop_s)))
    return (window.push(bad).mean(axis=-1) <= settings.gate.window_bad_share) & ~out


def _any(flags: dict[str, Flags]) -> Flags:
    together: Flags = np.stack(list(flags.values()))
    return np.asarray(together.any(axis=0), dtype=np.bool_)


def robust(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median, and 1.4826 times the median absolute deviation."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


class Gate:
    """Judges blocks with a memory of the last seconds; independent of how many blocks come at once."""

    def __init__(self, settings: Settings, full_scale_uv: float | None) -> None:
        self._settings = settings.gate
        self._full_scale_uv = full_scale_uv
        self._eyes_open = settings.phases.eyes == "open"
        self._interpolate_s = settings.gaps.interpolate_s
        hop = settings.spectrum.hop_s
        recent = max(1, round(self._settings.channel_bad_window_s / hop))
        self._expected_emg: History[np.float64] = History(recent)
        self._emg_hits: History[np.bool_] = History(self._settings.emg_release_blocks + 1)
        self._pop_typical: History[np.float64] = History(recent)
        self._mean_square: History[np.float64] = History(recent)
        self._chi: History[np.float64] = History(recent)
        self._line: History[np.float64] = History(max(1, round(self._settings.line_window_s / hop)))
        self._bad: History[np.bool_] = History(recent)
        self._reasons: dict[str, History[np.bool_]] = {}
        self._window = max(1, round(settings.spectrum.window_s / hop))
        self._signal: History[np.bool_] = History(max(1, round(settings.confidence.signal_window_s / hop)))
        self._recent_for_contact = max(1, round(4.0 / hop))
        self.limits: GateLimits | None = None

    def push(
        self,
        measures: Measures,
        chi: NDArray[np.float64],
        expected_ln_emg: NDArray[np.float64],
        line_square: NDArray[np.float64],
    ) -> Verdicts:
        """Judge blocks.

        Parameters
        ----------
        chi, expected_ln_emg, line_square : ndarray, shape (n_blocks, n_channels)
            From each frame's own window: aperiodic exponent, its extrapolation to the muscle band
            (ln density), and what the notch left of the mains (uV^2).
        """
        reasons = self._fixed_reasons(measures)
        fixed_bad = _any(reasons)
        reasons["blink"] = self._blink(measures.slow_ptp)
        reasons["muscle"] = self._muscle(measures.ln_emg, expected_ln_emg)
        bad = fixed_bad | reasons["blink"] | reasons["muscle"]
        recent_bad = self._bad.push(bad)
        robust_sd = np.sqrt(np.median(self._mean_square.push(measures.mean_square), axis=-1))
        channel = self._channel_reasons(robust_sd, chi, line_square)
        out = (recent_bad.mean(axis=-1) > self._settings.channel_bad_share) | np.logical_or.reduce(
            list(channel.values())
        )
        in_window = recent_bad[..., -self._window :]
        valid = (in_window.mean(axis=-1) <= self._settings.window_bad_share) & ~out
        everything = reasons | channel
        return Verdicts(
            reasons=everything,
            bad=bad,
            out=out,
            valid=valid,
            unusable=reasons["lost"] | reasons["flat"] | reasons["railed"],
            good_share=self._signal.push(~bad & ~out).mean(axis=-1),
            fixed_bad=fixed_bad,
            contact_shares={name: self._contact_share(name, flags) for name, flags in everything.items()},
            bad_share=recent_bad[..., -self._recent_for_contact :].mean(axis=-1),
        )

    def _fixed_reasons(self, m: Measures) -> dict[str, Flags]:
        """All block rules whose limits no baseline changes."""
        s = self._settings
        pop_uv = np.maximum(s.pop_min_uv, s.pop_medians * np.median(self._pop_typical.push(m.pop_typical), axis=-1))
        no_scale = np.zeros(m.raw_peak.shape, dtype=np.bool_)
        return {
            "lost": (m.lost_share > s.invalid_share) | (m.gap_s > self._interpolate_s),
            "flat": m.raw_ptp < s.flat_uv,
            "railed": no_scale
            if self._full_scale_uv is None
            else m.raw_peak >= s.saturated_share * self._full_scale_uv,
            "pop": m.pop > pop_uv,
            "wide": m.wide_ptp > s.broadband_max_uv,
            "settling": m.settling,
        }

    def _blink(self, slow_ptp: NDArray[np.float64]) -> Flags:
        limit = np.array(self._settings.blink_before_baseline_uv) if self.limits is None else self.limits.blink_uv
        return np.asarray(slow_ptp > limit, dtype=np.bool_)

    def _muscle(self, ln_emg: NDArray[np.float64], expected: NDArray[np.float64]) -> Flags:
        typical = np.median(self._expected_emg.push(expected), axis=-1)
        limit = typical + self._settings.emg_before_baseline if self.limits is None else self.limits.ln_emg
        return self._emg_hits.push(ln_emg > limit).any(axis=-1)

    def _channel_reasons(
        self, robust_sd: NDArray[np.float64], chi: NDArray[np.float64], line_square: NDArray[np.float64]
    ) -> dict[str, Flags]:
        s = self._settings
        limit_uv = s.channel_sd_open_uv if self._eyes_open else s.channel_sd_uv
        typical_chi = np.median(self._chi.push(chi), axis=-1)
        line_rms = np.sqrt(self._line.push(line_square).mean(axis=-1))
        return {
            "noisy": robust_sd > limit_uv,
            "broken": (typical_chi < s.broken_chi) & (robust_sd > s.broken_sd_uv),
            "mains": line_rms > robust_sd,
        }

    def _contact_share(self, name: str, flags: Flags) -> NDArray[np.float64]:
        history = self._reasons.setdefault(name, History(self._recent_for_contact))
        return history.push(flags).mean(axis=-1)
