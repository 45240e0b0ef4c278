"""What a baseline fixes for the gate: each channel's own limits, and its frames judged again by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.blocks import History
from neurofeedback.settings.model import GateSettings, Settings

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GateLimits:
    """Limits of each channel, ``(n_channels,)``: blink threshold in uV, muscle limit in ln density."""

    blink_uv: NDArray[np.float64]
    ln_emg: NDArray[np.float64]


def robust(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median, and 1.4826 times the median absolute deviation: the spread of a normal distribution."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


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
    blink_uv = np.full(ln_emg.shape[1], settings.blink_before_baseline_uv)
    muscle = np.full(ln_emg.shape[1], np.inf)
    for row in np.flatnonzero(~fixed_bad.all(axis=0)):
        kept = ~fixed_bad[:, row]
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
    return (window.push(bad).mean(axis=-1) <= settings.gate.window_bad_share) & ~out & ~hits
