"""Fit each channel's artifact limits to a baseline, and apply them to the baseline's own frames.

The numbers of the rules (blink, muscle, amplitude) are ``settings.signal.GateSettings``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.framing import SlidingWindows, hops_per_block, mean_of_last_axis
from neurofeedback.settings.model import Settings
from neurofeedback.settings.signal import GateSettings

Flags = NDArray[np.bool_]

_MIN_CHANNELS = 3  # the median of two channels follows either one


@dataclass(frozen=True, slots=True, eq=False)
class GateLimits:
    """Limits of each channel, ``(n_channels,)``: blink in uV; median and limit of muscle in ln density.

    A channel that was never usable has NaN for its median.
    """

    blink_uv: NDArray[np.float64]
    median_ln_emg: NDArray[np.float64]
    max_ln_emg: NDArray[np.float64]


def median_and_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the median, and 1.4826 times the median absolute deviation (SD of a normal distribution)."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


def fit_gate_limits(
    slow_samples: NDArray[np.float64], ln_emg: NDArray[np.float64], fixed_bad: Flags, settings: GateSettings
) -> GateLimits:
    """Return the limits of a finished baseline, from its blocks that are not bad for other reasons.

    Parameters
    ----------
    slow_samples : ndarray, shape (n_blocks, n_channels, n)
        Low-passed samples, uV.
    ln_emg, fixed_bad : ndarray, shape (n_blocks, n_channels)
    """
    blink_uv = np.full(ln_emg.shape[1], settings.blink_before_baseline_uv)
    median, limit = np.full(ln_emg.shape[1], np.nan), np.full(ln_emg.shape[1], np.inf)
    for row in np.flatnonzero(~fixed_bad.all(axis=0)):
        good = ~fixed_bad[:, row]
        _, slow_sd = median_and_spread(slow_samples[good, row].ravel())
        blink_uv[row] = np.clip(settings.blink_sd * slow_sd, settings.blink_min_uv, settings.blink_max_uv)
        median[row], spread = median_and_spread(ln_emg[good, row])
        limit[row] = median[row] + settings.emg_mads * max(spread, settings.emg_mad_floor)
    return GateLimits(blink_uv, median, limit)


def muscle_flags(
    ln_emg: NDArray[np.float64], median: NDArray[np.float64], limit: NDArray[np.float64], global_threshold: float
) -> Flags:
    """Return where muscle is detected: above a channel's limit, or near the limit on most channels at once.

    Muscle reaches every electrode, noise only one. So the median channel detects muscle that is too weak for any single
    one, and then all channels are flagged.

    Parameters
    ----------
    ln_emg : ndarray, shape (n_blocks, n_channels)
        Muscle band, ln density.
    median, limit : ndarray, broadcast to the same shape
        NaN and inf for a channel without limits.
    global_threshold : float
        Share of the distance from median to limit that the median channel has to exceed.

    Examples
    --------
    >>> muscle_flags(np.array([[0.8, 0.9, 0.95], [1.1, 0.0, 0.0]]), np.zeros(3), np.ones(3), 0.85).tolist()
    [[True, True, True], [True, False, False]]
    """
    whole_head = _global_muscle_level(ln_emg, median, limit) > global_threshold
    return np.asarray((ln_emg > limit) | whole_head[:, None], dtype=np.bool_)


def _global_muscle_level(
    ln_emg: NDArray[np.float64], median: NDArray[np.float64], limit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the median channel's share of the distance from median to limit, ``(n_blocks,)``; NaN for too few."""
    level = (ln_emg - median) / (limit - median)
    enough = np.add.reduce(np.isfinite(level), axis=-1, dtype=np.int64) >= _MIN_CHANNELS
    return np.where(enough, nan_median(level), np.nan)


class MuscleDetector:
    """Detects muscle by a baseline's limits, with hysteresis for muscle on the whole head.

    Without it, chance makes steady muscle near the limit look weaker for a moment, and just then its part of beta is
    underestimated.
    """

    def __init__(self, settings: GateSettings) -> None:
        self._global_threshold = settings.emg_global_threshold
        self._global_release = min(settings.emg_global_release, settings.emg_global_threshold)
        self._active = False

    def process(self, ln_emg: NDArray[np.float64], limits: GateLimits) -> Flags:
        """Return muscle flags from muscle-band power per block, ln density, ``(n_blocks, n_channels)``."""
        whole_head = np.zeros((len(ln_emg), 1), dtype=np.bool_)
        for row, level in zip(
            whole_head, _global_muscle_level(ln_emg, limits.median_ln_emg, limits.max_ln_emg).tolist(), strict=True
        ):
            self._active = level > (self._global_release if self._active else self._global_threshold)
            row[...] = self._active
        return np.asarray((ln_emg > limits.max_ln_emg) | whole_head, dtype=np.bool_)


def nan_median(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median over the last axis without NaN; NaN if all are NaN.

    Examples
    --------
    >>> nan_median(np.array([[np.nan, 3.0, 1.0, 2.0], [np.nan, np.nan, 1.0, 2.0], 4 * [np.nan]])).tolist()
    [2.0, 1.5, nan]
    """
    ordered = np.sort(windows, axis=-1).reshape(-1, windows.shape[-1])  # NaN last
    known = windows.shape[-1] - np.add.reduce(np.isnan(ordered), axis=-1, dtype=np.int64)
    row = np.arange(len(ordered))
    middle = 0.5 * (ordered[row, np.maximum(known - 1, 0) // 2] + ordered[row, known // 2])
    return middle.reshape(windows.shape[:-1])


class BlinkMemory:
    """Whether blinks on any channel fill too much of the last seconds for theta.

    Where a blink is small it stays below the blink rule and still raises theta: of a train of blinks, by much.
    """

    def __init__(self, settings: Settings) -> None:
        self._rejects, self._share = settings.gate.blink_rejects_theta, settings.gate.channel_bad_share
        n_blocks = max(1, round(settings.gate.channel_bad_window_s / settings.spectrum.hop_s))
        self._window: SlidingWindows[np.bool_] = SlidingWindows(n_blocks, fill_value=False)

    def process(self, blinks: Flags) -> Flags:
        """Return ``(n, 1)`` from the flags of the blink rule, ``(n, n_channels)``."""
        if not self._rejects:
            return np.zeros((len(blinks), 1), dtype=np.bool_)
        together = self._window.append(np.logical_or.reduce(blinks, axis=-1, keepdims=True))
        return np.asarray(mean_of_last_axis(together) > self._share, dtype=np.bool_)


def apply_gate_limits(
    *,
    slow_ptp: NDArray[np.float64],
    ln_emg: NDArray[np.float64],
    fixed_bad: Flags,
    excluded: Flags,
    limits: GateLimits,
    settings: Settings,
) -> tuple[Flags, Flags, Flags]:
    """Return which channels are valid, clean, and valid for theta in each frame of a baseline, by its own limits.

    All arrays are ``(n, n_channels)``.
    """
    hop_s = settings.spectrum.hop_s
    release: SlidingWindows[np.bool_] = SlidingWindows(settings.gate.emg_release_blocks * hops_per_block(hop_s) + 1)
    hits = release.append(MuscleDetector(settings.gate).process(ln_emg, limits)).any(axis=-1)
    blinks = slow_ptp > limits.blink_uv
    bad = fixed_bad | hits | blinks
    window: SlidingWindows[np.bool_] = SlidingWindows(max(1, round(settings.spectrum.window_s / hop_s)))
    recent: SlidingWindows[np.bool_] = SlidingWindows(1 + round(settings.envelope.clean_s / hop_s))
    valid = (window.append(bad).mean(axis=-1) <= settings.gate.window_bad_share) & ~excluded & ~hits
    return (
        valid,
        ~recent.append(bad).any(axis=-1) & ~excluded,
        valid & ~BlinkMemory(settings).process(blinks & ~excluded),
    )
