"""Bells: struck bowls that begin a sitting, tell its phases apart, ask and end it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurofeedback.feedback.loops import Loop

# A bowl's modes (ratio, level, decay in s); each is a pair that beats slowly, as real bowls do.
MODES = ((1.0, 1.0, 2.6), (2.71, 0.5, 1.5), (5.15, 0.18, 0.7), (8.1, 0.05, 0.35))
BEATING_HZ = 0.6
ATTACK_S = 0.012
RING_S = 8.0

# Ratio of the bowl to the guide tone, and the strokes (s, level).
BELLS: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "begin": (2.0, ((0.0, 1.0),)),
    "phase": (3.0, ((0.0, 0.55),)),
    "end": (1.5, ((0.0, 1.0), (2.5, 0.8))),
    "interval": (2.5, ((0.0, 0.4),)),
    "probe": (4.0, ((0.0, 0.35),)),
    "wander": (2.0, ((0.0, 0.3),)),
}


def render_bells(tone_hz: float, sfreq: float) -> dict[str, Loop]:
    """Strike every bell of `BELLS` once: ``(n_samples, 2)``, at most 1, silent at both ends."""
    return {name: _render_bell(tone_hz * ratio, strokes, sfreq) for name, (ratio, strokes) in BELLS.items()}


def _render_bell(hz: float, strokes: tuple[tuple[float, float], ...], sfreq: float) -> Loop:
    bowl = _render_bowl(hz, sfreq)
    sound = np.zeros_like(bowl)
    for at_s, level in strokes:
        at = round(at_s * sfreq)
        sound[at:] += level * bowl[: len(bowl) - at]
    fade = np.clip(np.arange(len(sound), 0, -1) / sfreq, 0, 1)[:, None] ** 2
    return (sound * fade).astype(np.float32)


def _render_bowl(hz: float, sfreq: float) -> NDArray[np.float64]:
    t = np.arange(round(RING_S * sfreq)) / sfreq
    sound = np.zeros((t.size, 2))
    for ratio, level, decay_s in MODES:
        if hz * ratio < sfreq / 3:
            sound += level * np.exp(-t / decay_s)[:, None] * _beating_pair(hz * ratio, t)
    attack = np.sin(np.pi / 2 * np.clip(t / ATTACK_S, 0, 1))[:, None] ** 2
    sound *= attack
    return sound / np.abs(sound).max()


def _beating_pair(hz: float, t: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = (np.sin(2 * np.pi * (hz + sign * BEATING_HZ / 2) * t) for sign in (-1, 1))
    return np.stack((low + 0.6 * high, 0.6 * low + high), axis=1)
