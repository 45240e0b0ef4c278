"""The gate: which blocks are artifacts, which channels are out, and what that leaves of each frame.

It judges first; its limits come from a finished baseline and never from the block being judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.blocks import History, hops_per_block
from neurofeedback.processing.limits import Flags, GateLimits, Strain, median_known, tense
from neurofeedback.processing.measures import Measures
from neurofeedback.settings.model import Settings


@dataclass(frozen=True, slots=True, eq=False)
class WindowFacts:
    """What each frame's own window says, ``(n_blocks, n_channels)``.

    ``chi`` is the aperiodic exponent, ``band_square`` the power of the bins it was fitted on, alpha not among them
    (uV^2), ``expected_ln_emg`` its extrapolation to the muscle band (ln density), ``line_square`` what the notch
    left of the mains (uV^2); NaN where it is not known yet.
    """

    chi: NDArray[np.float64]
    band_square: NDArray[np.float64]
    expected_ln_emg: NDArray[np.float64]
    line_square: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """The gate's judgement, one row a frame (and the block that ends with it), one column a channel.

    ``reasons`` maps a rule's name to where it held; ``bad`` is any of the block rules, ``fixed_bad`` any but
    blink and muscle, which a baseline judges anew; ``out`` is a channel the gate has taken out (BAD);
    ``valid`` is a channel that counts in the frame: a quarter of its window may be bad, but muscle ends it at
    once, for its beta drowns a window long before that; ``clean`` is one without a bad block just now;
    ``unusable`` is one that at this moment has no signal at all; ``good_share`` is the share of good blocks
    over the last seconds.
    """

    reasons: dict[str, Flags]
    bad: Flags
    fixed_bad: Flags
    out: Flags
    valid: Flags
    clean: Flags
    unusable: Flags
    good_share: NDArray[np.float64]


class Gate:
    """Judges blocks with a memory of the last seconds; independent of how many blocks come at once."""

    def __init__(self, settings: Settings, full_scale_uv: float | None) -> None:
        self._settings = settings.gate
        self._railed_uv = np.inf if full_scale_uv is None else settings.gate.saturated_share * full_scale_uv
        eyes_open = settings.phases.eyes == "open"
        self._noisy_uv = settings.gate.channel_sd_open_uv if eyes_open else settings.gate.channel_sd_uv
        hop_s = settings.spectrum.hop_s
        recent = max(1, round(settings.gate.channel_bad_window_s / hop_s))
        self._typical: History[np.float64] = History(recent, before=np.nan)
        self._bad: History[np.bool_] = History(recent, before=False)
        self._in_window: History[np.bool_] = History(max(1, round(settings.spectrum.window_s / hop_s)), before=False)
        self._just_now: History[np.bool_] = History(1 + round(settings.envelope.clean_s / hop_s), before=False)
        release = settings.gate.emg_release_blocks * hops_per_block(hop_s)
        self._strain = Strain(settings.gate)
        self._emg_hits: History[np.bool_] = History(release + 1, before=False)
        self._line: History[np.float64] = History(max(1, round(settings.gate.line_window_s / hop_s)), before=np.nan)
        self._good: History[np.bool_] = History(
            max(1, round(settings.confidence.signal_window_s / hop_s)), before=False
        )
        self.limits: GateLimits | None = None

    def push(self, m: Measures, facts: WindowFacts) -> Verdicts:
        """Judge blocks."""
        s = self._settings
        missing = self._gone(m) | m.held | m.settling
        unseen = np.where(missing, np.nan, 0.0)  # what a gap was bridged with says nothing about an electrode
        seen = (m.pop_typical, m.mean_square, facts.chi, facts.expected_ln_emg, facts.band_square)
        pop_typical, mean_square, chi, expected_ln_emg, band_square = self._medians(*(each + unseen for each in seen))
        fixed = self._fixed_reasons(m, pop_typical)
        learned = {"blink": self._blink(m.slow_ptp), "muscle": self._muscle(m.ln_emg, expected_ln_emg, chi)}
        channel = self._channel_reasons(mean_square, chi, band_square, facts.line_square + unseen)
        fixed_bad = _any(fixed)
        bad = fixed_bad | _any(learned)
        out = (self._bad.push(bad & ~missing).mean(axis=-1) > s.channel_bad_share) | _any(channel)
        return Verdicts(
            reasons=fixed | learned | channel,
            bad=bad,
            fixed_bad=fixed_bad,
            out=out,
            valid=(self._in_window.push(bad).mean(axis=-1) <= s.window_bad_share) & ~out & ~learned["muscle"],
            clean=~self._just_now.push(bad).any(axis=-1) & ~out,
            unusable=self._gone(m) | fixed["flat"] | fixed["railed"],
            good_share=self._good.push(~bad & ~out).mean(axis=-1),
        )

    def _gone(self, m: Measures) -> Flags:
        """Too much of the last second is missing; gaps that could be filled count for less than others."""
        return (m.held_share > self._settings.invalid_share) | (m.lost_share > self._settings.filled_share)

    def _medians(self, *quantities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Median of each quantity over the last seconds, ``(n_quantities, n_blocks, n_channels)``."""
        windows = self._typical.push(np.stack(quantities, axis=1))
        return median_known(windows).transpose(1, 0, 2)

    def _fixed_reasons(self, m: Measures, pop_typical: NDArray[np.float64]) -> dict[str, Flags]:
        """All block rules whose limits no baseline changes."""
        s = self._settings
        return {
            "lost": self._gone(m) | m.held,
            "flat": m.raw_ptp < s.flat_uv,
            "railed": m.raw_peak >= self._railed_uv,
            "pop": m.pop > np.maximum(s.pop_min_uv, s.pop_medians * pop_typical),
            "wide": m.wide_ptp > s.broadband_max_uv,
            "settling": m.settling,
        }

    def _blink(self, slow_ptp: NDArray[np.float64]) -> Flags:
        limit = np.array(self._settings.blink_before_baseline_uv) if self.limits is None else self.limits.blink_uv
        return np.asarray(slow_ptp > limit, dtype=np.bool_)

    def _muscle(self, ln_emg: NDArray[np.float64], expected: NDArray[np.float64], chi: NDArray[np.float64]) -> Flags:
        s = self._settings
        if self.limits is None:
            hits = tense(ln_emg, expected, expected + s.emg_before_baseline, s.emg_together_share)
            hits |= self._flattened(chi)
        else:
            hits = self._strain.push(ln_emg, self.limits)
        return np.asarray(self._emg_hits.push(hits).any(axis=-1), dtype=np.bool_)

    def _flattened(self, chi: NDArray[np.float64]) -> Flags:
        """Strong muscle bends the fit it is judged by, but then on every channel: not one is left with a slope."""
        steepest = np.where(np.isnan(chi), -np.inf, chi).max(axis=-1, keepdims=True)
        return np.asarray(np.isfinite(steepest) & (steepest < self._settings.emg_flattest_chi), dtype=np.bool_)

    def _channel_reasons(
        self,
        mean_square: NDArray[np.float64],
        chi: NDArray[np.float64],
        band_square: NDArray[np.float64],
        line_square: NDArray[np.float64],
    ) -> dict[str, Flags]:
        s = self._settings
        return {
            "noisy": np.sqrt(mean_square) > self._noisy_uv,
            "broken": (chi < s.broken_chi) & (np.sqrt(band_square) > s.broken_sd_uv),
            "mains": 2 * mean_known(self._line.push(line_square)) > mean_square,  # more hum than everything else
        }


def mean_known(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis, NaN left out; 0 where nothing is known."""
    known = ~np.isnan(windows)
    return np.where(known, windows, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)


def _any(flags: dict[str, Flags]) -> Flags:
    together, *others = flags.values()
    for each in others:
        together = together | each
    return together
