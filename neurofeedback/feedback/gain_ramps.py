"""Gains as whole numbers that walk towards their goals in whole steps: a buffer boundary changes nothing."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

UNIT = 1 << 30
RANGE_DB = 32.0  # from full tone down to the edge of hearing; what lies below is no use waiting for
FADE_OUT_S = 1.0
MAX_VOLUME = 4.0  # 12 dB above what the settings say

_IMMEDIATE_S = 0.2
_BRIGHTNESS_S = 4.0
_CROSSFADE_S = 0.25
_FADE_IN_S = 2.5
_VOLUME_S = 1.0
_SHIMMER_S = 6.0


class GainRamp(IntEnum):
    """What moves while a sitting sounds."""

    LEVEL = 0
    BRIGHTNESS = 1
    OWN = 2
    NEUTRAL = 3
    LOST = 4
    FADE_IN = 5
    MASTER = 6
    VOLUME = 7
    REWARD = 8
    SHIMMER = 9


def initial_gains() -> tuple[int, ...]:
    """Where the knobs stand before the first sound: all off, curtain open, volume as the settings say."""
    knobs = [0] * len(GainRamp)
    knobs[GainRamp.MASTER] = UNIT
    knobs[GainRamp.VOLUME] = round(UNIT / MAX_VOLUME)
    return tuple(knobs)


def integer_ramp_steps(sfreq: int, level_s: float, *, immediate: bool) -> NDArray[np.int64]:
    """Whole steps a sample for each knob, shape ``(n_knobs,)``.

    Parameters
    ----------
    sfreq : int
        Sampling rate of the sound, Hz.
    level_s : float
        Time the tone takes from silence to its full level, s.
    immediate : bool
        The tone and what goes with it hurry; everything else keeps its pace.
    """
    seconds = {
        GainRamp.LEVEL: _IMMEDIATE_S if immediate else level_s,
        GainRamp.BRIGHTNESS: _IMMEDIATE_S if immediate else _BRIGHTNESS_S,
        GainRamp.OWN: _CROSSFADE_S,
        GainRamp.NEUTRAL: _CROSSFADE_S,
        GainRamp.LOST: _CROSSFADE_S,
        GainRamp.FADE_IN: _FADE_IN_S,
        GainRamp.MASTER: FADE_OUT_S,
        GainRamp.VOLUME: _VOLUME_S,
        GainRamp.REWARD: _IMMEDIATE_S if immediate else level_s,
        GainRamp.SHIMMER: _SHIMMER_S,
    }
    return np.array([math.ceil(UNIT / (seconds[knob] * sfreq)) for knob in GainRamp], np.int64)


def ramp_gains(
    gains: tuple[int, ...], targets: NDArray[np.int64], steps: NDArray[np.int64], n_samples: int
) -> NDArray[np.int64]:
    """Walk every knob towards its goal: its next n positions, ``(n_knobs, n)``."""
    start = np.array(gains, np.int64)
    ways = start[:, None] + (np.sign(targets - start) * steps)[:, None] * np.arange(1, n_samples + 1)
    return np.clip(ways, np.minimum(start, targets)[:, None], np.maximum(start, targets)[:, None])


# Amplitude over the way from silence to full tone: even steps are even decibels, the first bit fades from nothing.
_CURVE_BITS = 12
_POSITIONS = np.arange((1 << _CURVE_BITS) + 1) / (1 << _CURVE_BITS)
_LINEAR_PART = 0.04
AMPLITUDE_CURVE = 10 ** (RANGE_DB / 20 * (np.maximum(_POSITIONS, _LINEAR_PART) - 1)) * np.minimum(
    _POSITIONS / _LINEAR_PART, 1
)


def position_for_amplitude(gain: float) -> int:
    """Find where on the way the amplitude is ``gain``."""
    return round(UNIT * float(np.interp(gain, AMPLITUDE_CURVE, _POSITIONS)))


def position_for_share(x: float) -> int:
    """Position of a knob that is turned to ``x``, 0 to 1."""
    return round(UNIT * min(max(x, 0.0), 1.0))


def amplitude(position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Amplitude of each level by table: a SIMD ``exp`` need not agree with itself at buffer ends."""
    scaled = position / (UNIT >> _CURVE_BITS)
    below = np.minimum(scaled.astype(np.int64), (1 << _CURVE_BITS) - 1)
    return AMPLITUDE_CURVE[below] + (AMPLITUDE_CURVE[below + 1] - AMPLITUDE_CURVE[below]) * (scaled - below)


def smooth_gain(position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rise from 0 to 1, flat at both ends."""
    x = position / UNIT
    return x * x * (3 - 2 * x)


def equal_power_gain(position: NDArray[np.int64]) -> NDArray[np.float64]:
    """Two beds that cross keep their power: the squares of x and 1 - x add up to 1."""
    x = position / UNIT
    return x * np.sqrt(3 - 2 * x)
