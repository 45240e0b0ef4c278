"""The artifact gate: blocks with artifacts, excluded channels, and valid channels of each frame.

Its limits come from a finished baseline, never from the block being judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.block_measures import BlockMeasures
from neurofeedback.processing.framing import SlidingWindows, hops_per_block, mean_of_last_axis, sum_of_last_axis
from neurofeedback.processing.gate_limits import (
    BlinkMemory,
    Flags,
    GateLimits,
    MuscleDetector,
    muscle_flags,
    nan_median,
)
from neurofeedback.settings.model import Settings


@dataclass(frozen=True, slots=True, eq=False)
class WindowMeasures:
    """Measures of each frame's window, ``(n_blocks, n_channels)``.

    ``chi`` is the aperiodic exponent, ``band_square`` the power of the bins it was fitted on, alpha not among them
    (uV^2), ``expected_ln_emg`` its extrapolation to the muscle band (ln density), ``line_square`` the mains power left
    after the notch (uV^2); NaN before it is known.
    """

    chi: NDArray[np.float64]
    band_square: NDArray[np.float64]
    expected_ln_emg: NDArray[np.float64]
    line_square: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GateResult:
    """Result of the gate, one row per frame (and the block ending with it), one column per channel.

    ``reasons`` holds the flags of each rule; ``bad`` is any of the block rules, ``fixed_bad`` any but blink and muscle,
    which are judged again by a finished baseline; ``excluded`` is a channel with BAD contact; ``valid`` is a channel
    used in the frame: up to a quarter of its window may be bad, but muscle makes it invalid at once, as it dominates
    beta long before that; ``theta_valid`` is a valid channel while blinks are not frequent on any channel; ``clean``
    is a channel without a recent bad block; ``unusable`` has no signal at this moment; ``good_share`` is the share of
    good blocks over the last seconds.
    """

    reasons: dict[str, Flags]
    bad: Flags
    fixed_bad: Flags
    excluded: Flags
    valid: Flags
    theta_valid: Flags
    clean: Flags
    unusable: Flags
    good_share: NDArray[np.float64]


class ArtifactGate:
    """Judges blocks, with a memory of the last seconds; independent of how blocks are batched."""

    def __init__(self, settings: Settings, full_scale_uv: float | None) -> None:
        self._settings = settings.gate
        self._railed_uv = np.inf if full_scale_uv is None else settings.gate.saturated_share * full_scale_uv
        eyes_open = settings.phases.eyes == "open"
        self._noisy_uv = settings.gate.channel_sd_open_uv if eyes_open else settings.gate.channel_sd_uv
        hop_s = settings.spectrum.hop_s
        recent = max(1, round(settings.gate.channel_bad_window_s / hop_s))
        self._recent_values: SlidingWindows[np.float64] = SlidingWindows(recent, fill_value=np.nan)
        self._bad: SlidingWindows[np.bool_] = SlidingWindows(recent, fill_value=False)
        self._in_window: SlidingWindows[np.bool_] = SlidingWindows(
            max(1, round(settings.spectrum.window_s / hop_s)), fill_value=False
        )
        self._blinks = BlinkMemory(settings)
        self._current_bad: SlidingWindows[np.bool_] = SlidingWindows(
            1 + round(settings.envelope.clean_s / hop_s), fill_value=False
        )
        release = settings.gate.emg_release_blocks * hops_per_block(hop_s)
        self._muscle_detector = MuscleDetector(settings.gate)
        self._emg_hits: SlidingWindows[np.bool_] = SlidingWindows(release + 1, fill_value=False)
        self._line: SlidingWindows[np.float64] = SlidingWindows(
            max(1, round(settings.gate.line_window_s / hop_s)), fill_value=np.nan
        )
        self._good: SlidingWindows[np.bool_] = SlidingWindows(
            max(1, round(settings.confidence.signal_window_s / hop_s)), fill_value=False
        )
        self.limits: GateLimits | None = None

    def process(self, measures: BlockMeasures, window: WindowMeasures) -> GateResult:
        """Judge blocks."""
        s = self._settings
        signal_missing = self._signal_missing(measures)
        lost = signal_missing | measures.in_long_gap
        missing = lost | measures.settling
        mask = np.where(missing, np.nan, 0.0)  # interpolated samples carry no information about the electrode
        measured = (measures.pop_typical, measures.mean_square, window.chi, window.expected_ln_emg, window.band_square)
        pop_typical, mean_square, chi, expected_ln_emg, band_square = self._medians(np.array(measured) + mask)
        fixed = {"lost": lost} | self._fixed_reasons(measures, pop_typical)
        learned = {
            "blink": self._blink(measures.slow_ptp),
            "muscle": self._muscle(measures.ln_emg, expected_ln_emg, chi),
        }
        channel = self._channel_reasons(mean_square, chi, band_square, window.line_square + mask)
        fixed_bad = _any_flag(fixed)
        bad = fixed_bad | _any_flag(learned)
        bad_channel = _any_flag(channel)
        excluded = (mean_of_last_axis(self._bad.append(bad & ~missing)) > s.channel_bad_share) | bad_channel
        in_window = mean_of_last_axis(self._in_window.append(bad))
        valid = (in_window <= s.window_bad_share) & ~excluded & ~learned["muscle"]
        return GateResult(
            reasons=fixed | learned | channel,
            bad=bad,
            fixed_bad=fixed_bad,
            excluded=excluded,
            valid=valid,
            theta_valid=valid & ~self._blinks.process(learned["blink"] & ~bad_channel),
            clean=~np.logical_or.reduce(self._current_bad.append(bad), axis=-1) & ~excluded,
            unusable=signal_missing | fixed["flat"] | fixed["railed"],
            good_share=mean_of_last_axis(self._good.append(~bad & ~excluded)),
        )

    def _signal_missing(self, measures: BlockMeasures) -> Flags:
        """Whether too much of the last second is missing; the limit for gaps that could not be filled is lower."""
        return (measures.long_gap_share > self._settings.max_unfilled_share) | (
            measures.lost_share > self._settings.max_missing_share
        )

    def _medians(self, quantities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the median of each quantity over the last seconds, ``(n_quantities, n_blocks, n_channels)``."""
        windows = self._recent_values.append(quantities.transpose(1, 0, 2))
        return nan_median(windows).transpose(1, 0, 2)

    def _fixed_reasons(self, measures: BlockMeasures, pop_typical: NDArray[np.float64]) -> dict[str, Flags]:
        """Return the flags of the block rules whose limits do not depend on a baseline."""
        s = self._settings
        return {
            "flat": measures.raw_ptp < s.flat_uv,
            "railed": measures.raw_peak >= self._railed_uv,
            "pop": measures.pop > np.maximum(s.pop_min_uv, s.pop_medians * pop_typical),
            "wide": measures.wide_ptp > s.broadband_max_uv,
            "settling": measures.settling,
        }

    def _blink(self, slow_ptp: NDArray[np.float64]) -> Flags:
        limit = np.array(self._settings.blink_before_baseline_uv) if self.limits is None else self.limits.blink_uv
        return np.asarray(slow_ptp > limit, dtype=np.bool_)

    def _muscle(self, ln_emg: NDArray[np.float64], expected: NDArray[np.float64], chi: NDArray[np.float64]) -> Flags:
        s = self._settings
        if self.limits is None:
            hits = muscle_flags(ln_emg, expected, expected + s.emg_before_baseline, s.emg_global_threshold)
            hits |= self._flat_spectrum(chi)
        else:
            hits = self._muscle_detector.process(ln_emg, self.limits)
        return np.logical_or.reduce(self._emg_hits.append(hits), axis=-1)

    def _flat_spectrum(self, chi: NDArray[np.float64]) -> Flags:
        """Whether no channel has a slope: strong muscle flattens the fit it is judged by, but on every channel."""
        steepest = np.where(np.isnan(chi), -np.inf, chi).max(axis=-1, keepdims=True)
        return np.asarray(np.isfinite(steepest) & (steepest < self._settings.emg_min_exponent), dtype=np.bool_)

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
            "broken": (chi < s.broken_electrode_exponent) & (np.sqrt(band_square) > s.broken_electrode_rms_uv),
            "mains": 2 * nan_mean(self._line.append(line_square)) > mean_square,  # more hum than everything else
        }


def nan_mean(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the last axis without NaN; 0 if all are NaN."""
    known = ~np.isnan(windows)
    n_known = np.add.reduce(known, axis=-1, dtype=np.int64)
    return sum_of_last_axis(np.where(known, windows, 0.0)) / np.maximum(n_known, 1)


def _any_flag(flags: dict[str, Flags]) -> Flags:
    together, *others = flags.values()
    for each in others:
        together = together | each
    return together
