"""Gain ramps in integer steps, so that the output does not depend on buffer boundaries."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

UNIT = 1 << 30
RANGE_DB = 32.0  # from full tone to inaudible; a ramp spends no time below that
FADE_OUT_S = 1.0
MAX_VOLUME = 4.0  # 12 dB above what the settings say

_IMMEDIATE_S = 0.2
_BRIGHTNESS_S = 4.0
_CROSSFADE_S = 0.25
_FADE_IN_S = 2.5
_VOLUME_S = 1.0
_SHIMMER_S = 6.0
_CALM_S = 4.0


class GainRamp(IntEnum):
    """The gains of the synthesizer."""

    LEVEL = 0
    BRIGHTNESS = 1
    NORMAL = 2
    NEUTRAL = 3
    LOST = 4
    FADE_IN = 5
    MASTER = 6
    VOLUME = 7
    REWARD = 8
    SHIMMER = 9
    CALM = 10


def initial_gains() -> tuple[int, ...]:
    """Return the gains before the first sample: all 0, except the master gain and the volume at 1."""
    gains = [0] * len(GainRamp)
    gains[GainRamp.MASTER] = UNIT
    gains[GainRamp.VOLUME] = round(UNIT / MAX_VOLUME)
    return tuple(gains)


def integer_ramp_steps(sfreq: int, level_s: float, *, immediate: bool) -> NDArray[np.int64]:
    """Return the integer step a sample of each gain, shape ``(n_gains,)``.

    Parameters
    ----------
    sfreq : int
        Sampling rate of the sound, Hz.
    level_s : float
        Time of the tone from silence to its full level, s.
    immediate : bool
        Ramp the tone, its brightness, the reward layer and the sign of calm in 0.2 s; the others are unchanged.
    """
    seconds = {
        GainRamp.LEVEL: _IMMEDIATE_S if immediate else level_s,
        GainRamp.BRIGHTNESS: _IMMEDIATE_S if immediate else _BRIGHTNESS_S,
        GainRamp.NORMAL: _CROSSFADE_S,
        GainRamp.NEUTRAL: _CROSSFADE_S,
        GainRamp.LOST: _CROSSFADE_S,
        GainRamp.FADE_IN: _FADE_IN_S,
        GainRamp.MASTER: FADE_OUT_S,
        GainRamp.VOLUME: _VOLUME_S,
        GainRamp.REWARD: _IMMEDIATE_S if immediate else level_s,
        GainRamp.SHIMMER: _SHIMMER_S,
        GainRamp.CALM: _IMMEDIATE_S if immediate else _CALM_S,
    }
    return np.array([math.ceil(UNIT / (seconds[ramp] * sfreq)) for ramp in GainRamp], np.int64)


def ramp_gains(
    gains: tuple[int, ...], targets: NDArray[np.int64], steps: NDArray[np.int64], n_samples: int
) -> NDArray[np.int64]:
    """Return the next values of every gain on its way to its target, shape ``(n_gains, n_samples)``."""
    start = np.array(gains, np.int64)
    ramps = start[:, None] + (np.sign(targets - start) * steps)[:, None] * np.arange(1, n_samples + 1)
    return np.clip(ramps, np.minimum(start, targets)[:, None], np.maximum(start, targets)[:, None])


# Amplitude over ramp position: exponential (linear in dB), with a linear part that starts at 0.
_CURVE_BITS = 12
_POSITIONS = np.arange((1 << _CURVE_BITS) + 1) / (1 << _CURVE_BITS)
_LINEAR_PART = 0.04
AMPLITUDE_CURVE = 10 ** (RANGE_DB / 20 * (np.maximum(_POSITIONS, _LINEAR_PART) - 1)) * np.minimum(
    _POSITIONS / _LINEAR_PART, 1
)


def position_for_amplitude(gain: float) -> int:
    """Return the ramp position at which the amplitude is ``gain``."""
    return round(UNIT * float(np.interp(gain, AMPLITUDE_CURVE, _POSITIONS)))


def position_for_share(x: float) -> int:
    """Return the ramp position for a share of the full range, 0 to 1."""
    return round(UNIT * min(max(x, 0.0), 1.0))


def amplitude(position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the amplitude at each ramp position from a table; a SIMD ``exp`` can differ at buffer ends."""
    scaled = position / (UNIT >> _CURVE_BITS)
    below = np.minimum(scaled.astype(np.int64), (1 << _CURVE_BITS) - 1)
    return AMPLITUDE_CURVE[below] + (AMPLITUDE_CURVE[below + 1] - AMPLITUDE_CURVE[below]) * (scaled - below)


def smooth_gain(position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a smooth gain from 0 to 1 with zero slope at both ends."""
    x = position / UNIT
    return x * x * (3 - 2 * x)


def equal_power_gain(position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a crossfade gain of constant power: the squared gains at x and 1 - x add up to 1."""
    x = position / UNIT
    return x * np.sqrt(3 - 2 * x)
