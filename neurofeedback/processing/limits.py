"""What a baseline fixes for the gate: each channel's own limits, and its frames judged again by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.blocks import History, hops_per_block
from neurofeedback.settings.model import Settings
from neurofeedback.settings.signal import GateSettings

Flags = NDArray[np.bool_]

_FEWEST_TOGETHER = 3  # of two channels the median is pulled by either


@dataclass(frozen=True, slots=True, eq=False)
class GateLimits:
    """Limits of each channel, ``(n_channels,)``: blink threshold in uV, usual and highest muscle in ln density.

    A channel that never was usable has NaN for its usual muscle.
    """

    blink_uv: NDArray[np.float64]
    usual_ln_emg: NDArray[np.float64]
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
    usual, muscle = np.full(ln_emg.shape[1], np.nan), np.full(ln_emg.shape[1], np.inf)
    for row in np.flatnonzero(~fixed_bad.all(axis=0)):
        kept = ~fixed_bad[:, row]
        _, slow_sd = robust(slow_samples[kept, row].ravel())
        blink_uv[row] = np.clip(settings.blink_sd * slow_sd, settings.blink_min_uv, settings.blink_max_uv)
        usual[row], spread = robust(ln_emg[kept, row])
        muscle[row] = usual[row] + settings.emg_mads * max(spread, settings.emg_mad_floor)
    return GateLimits(blink_uv, usual, muscle)


def tense(
    ln_emg: NDArray[np.float64], usual: NDArray[np.float64], limit: NDArray[np.float64], together: float
) -> Flags:
    """Where muscle is seen: above a channel's own limit, or on most channels at once and nearly there.

    Muscle reaches every electrode, noise each one by itself: the median channel tells muscle weaker than any one
    can, and a channel that hardly shows it is left out together with the rest.

    Parameters
    ----------
    ln_emg : ndarray, shape (n_blocks, n_channels)
        Muscle band, ln density.
    usual, limit : ndarray, broadcast to the same shape
        NaN and infinite for a channel without.
    together : float
        Share of the way from usual to limit that the median channel has to be beyond.

    Examples
    --------
    >>> tense(np.array([[0.8, 0.9, 0.95], [1.1, 0.0, 0.0]]), np.zeros(3), np.ones(3), 0.85).tolist()
    [[True, True, True], [True, False, False]]
    """
    whole_head = _way(ln_emg, usual, limit) > together
    return np.asarray((ln_emg > limit) | whole_head[:, None], dtype=np.bool_)


def _way(ln_emg: NDArray[np.float64], usual: NDArray[np.float64], limit: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the median channel is from its usual to its limit, ``(n_blocks,)``; NaN where too few are known."""
    way = (ln_emg - usual) / (limit - usual)
    enough = np.isfinite(way).sum(axis=-1) >= _FEWEST_TOGETHER
    return np.where(enough, median_known(way), np.nan)


class Strain:
    """Muscle by a baseline's limits; on the whole head it lasts until its level is well below that where it began.

    Chance alone makes a steady strain beside the limit look weaker for a moment, and just then what it adds to beta is
    taken for less than it is.
    """

    def __init__(self, settings: GateSettings) -> None:
        self._together = settings.emg_together_share
        self._release = min(settings.emg_release_share, settings.emg_together_share)
        self._on = False

    def push(self, ln_emg: NDArray[np.float64], limits: GateLimits) -> Flags:
        """Take the muscle band of blocks, ln density, ``(n_blocks, n_channels)``; return where muscle is."""
        whole_head = np.zeros((len(ln_emg), 1), dtype=np.bool_)
        for row, way in zip(whole_head, _way(ln_emg, limits.usual_ln_emg, limits.ln_emg).tolist(), strict=True):
            self._on = way > (self._release if self._on else self._together)
            row[...] = self._on
        return np.asarray((ln_emg > limits.ln_emg) | whole_head, dtype=np.bool_)


def median_known(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median over the last axis, NaN left out; NaN where nothing is known.

    Examples
    --------
    >>> median_known(np.array([[np.nan, 3.0, 1.0, 2.0], [np.nan, np.nan, 1.0, 2.0], 4 * [np.nan]])).tolist()
    [2.0, 1.5, nan]
    """
    ordered = np.sort(windows, axis=-1).reshape(-1, windows.shape[-1])  # NaN last
    known = windows.shape[-1] - np.isnan(ordered).sum(axis=-1)
    row = np.arange(len(ordered))
    middle = 0.5 * (ordered[row, np.maximum(known - 1, 0) // 2] + ordered[row, known // 2])
    return middle.reshape(windows.shape[:-1])


def gate_again(
    *,
    slow_ptp: NDArray[np.float64],
    ln_emg: NDArray[np.float64],
    fixed_bad: Flags,
    out: Flags,
    limits: GateLimits,
    settings: Settings,
) -> tuple[Flags, Flags]:
    """Which channels are valid and which are clean in each frame of a baseline, by that baseline's own limits.

    All arrays are ``(n, n_channels)``.
    """
    hop_s = settings.spectrum.hop_s
    release: History[np.bool_] = History(settings.gate.emg_release_blocks * hops_per_block(hop_s) + 1)
    hits = release.push(Strain(settings.gate).push(ln_emg, limits)).any(axis=-1)
    bad = fixed_bad | hits | (slow_ptp > limits.blink_uv)
    window: History[np.bool_] = History(max(1, round(settings.spectrum.window_s / hop_s)))
    just_now: History[np.bool_] = History(1 + round(settings.envelope.clean_s / hop_s))
    valid = (window.push(bad).mean(axis=-1) <= settings.gate.window_bad_share) & ~out & ~hits
    return valid, ~just_now.push(bad).any(axis=-1) & ~out
