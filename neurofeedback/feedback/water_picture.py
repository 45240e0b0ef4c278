"""The feedback picture: water at night. Ripples grow with the index; mist covers the water without a valid state.

All motion is slow: the fastest wave has a period of 7 s, and ripple and mist are smoothed. Lengths are in heights of
the picture, from the middle of the horizon: ``u`` to the right, ``v`` upwards. A pixel is a mixture of six colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

WIDTH, HEIGHT = 256, 128
SHORTEST_PERIOD_S = 11.0
LONGEST_PERIOD_S = 30.0
RIPPLE_TAU_S = 2.5
MIST_RISE_TAU_S = 0.8
MIST_FALL_TAU_S = 4.0
PICTURES_PER_SECOND = 15
"""Enough for waves as slow as these: successive pictures differ by at most 2 of 255 in 99 of 100 pixels."""

_N_WAVES = 28
_HORIZON = 0.40
_MOON_U, _MOON_V = 0.20, 0.255
_MOON_RADIUS = 0.040
_CROPPABLE_SKY = 0.05
_CAMERA = 0.055
_MIN_SLOPE, _RIPPLE_SLOPE = 0.006, 0.125

_COLOURS = np.array(
    [
        (8, 13, 27),  # zenith
        (58, 58, 73),  # skyline, beyond the zenith's own
        (64, 53, 34),  # halo of the moon
        (236, 221, 184),  # moonlight
        (5, 9, 17),  # deep water
        (78, 82, 91),  # mist
    ],
    np.float32,
)
_ZENITH, _SKYLINE, _HALO, _MOONLIGHT, _DEEP, _MIST = range(6)


@dataclass(frozen=True, slots=True)
class WaterScene:
    """What one picture shows: ``ripple`` and ``mist`` (0 to 1), and the time of the waves (s)."""

    ripple: float = 0.0
    mist: float = 0.0
    time_s: float = 0.0


def advance_scene(scene: WaterScene, ripple: float, mist: float, step_s: float) -> WaterScene:
    """Return the scene ``step_s`` seconds later, moved towards the given ripple and mist.

    Mist rises faster than it falls, so an unreliable signal is covered at once.

    Examples
    --------
    >>> round(advance_scene(WaterScene(), ripple=1.0, mist=0.0, step_s=2.5).ripple, 3)
    0.632
    """
    mist_s = MIST_RISE_TAU_S if mist > scene.mist else MIST_FALL_TAU_S
    return WaterScene(
        ripple=_approach(scene.ripple, ripple, step_s / RIPPLE_TAU_S),
        mist=_approach(scene.mist, mist, step_s / mist_s),
        time_s=scene.time_s + step_s,
    )


def crop_rect(view_width: int, view_height: int) -> tuple[float, float, float, float]:
    """Return the part of the picture (x, y, width, height as shares) that fills a view without distortion.

    A wide view crops the bottom and a little sky; a narrow one crops the sides around the moon.

    Examples
    --------
    >>> crop_rect(1000, 500), crop_rect(500, 500)
    ((0.0, 0.0, 1.0, 1.0), (0.3, 0.0, 0.5, 1.0))
    >>> crop_rect(2000, 500)
    (0.0, 0.05, 1.0, 0.5)
    """
    stretch = (view_width / view_height) / (WIDTH / HEIGHT)
    if stretch >= 1.0:
        return 0.0, min(_CROPPABLE_SKY, 1.0 - 1.0 / stretch), 1.0, 1.0 / stretch
    moon_x = 0.5 + _MOON_U * HEIGHT / WIDTH
    return moon_x * (1.0 - stretch), 0.0, stretch, 1.0


def _approach(value: float, target: float, steps: float) -> float:
    return value + (min(max(target, 0.0), 1.0) - value) * (1.0 - exp(-steps))


class WaterRenderer:
    """Renders scenes: the static parts are computed once, the moving ones in a few milliseconds a picture.

    Parameters
    ----------
    width, height : int
        Size of the picture in pixels; it is meant to be scaled up with interpolation.
    seed : int
        Random seed of the waves and stars.

    Examples
    --------
    >>> WaterRenderer(64, 32).render(WaterScene(ripple=0.3)).shape
    (32, 64, 3)
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, seed: int = 3) -> None:
        rng = np.random.default_rng(seed)
        self._rows = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
        self._columns = ((np.arange(width, dtype=np.float32) + 0.5 - width / 2) / height)[None, :]
        n_sky = int(np.searchsorted(self._rows[:, 0], _HORIZON))
        self._below = self._rows[n_sky:] - np.float32(_HORIZON)
        self._depth = self._below / np.float32(1.0 - _HORIZON)
        self._waves = _waves(self._columns, self._depth, row_height=1.0 / height / (1.0 - _HORIZON), rng=rng)
        self._hill = _far_hill(self._columns)
        self._sky = _land_and_sky(self._columns, _HORIZON - self._rows[:n_sky], rng)
        self._shares = np.zeros((len(_COLOURS), height, width), np.float32)
        self._grain = rng.uniform(0.0, 1.0, (height, width, 1)).astype(np.float32)

    def render(self, scene: WaterScene) -> NDArray[np.uint8]:
        """Return the picture as RGB, shape (height, width, 3)."""
        fog = self._fog(scene)
        n_sky = self._sky.shape[1]
        self._shares[:_MIST, :n_sky] = self._sky
        self._shares[:_MIST, n_sky:] = self._water(scene)
        self._shares[:_MIST] *= 1.0 - fog
        self._shares[_MIST] = fog
        image = self._shares.transpose(1, 2, 0) @ _COLOURS
        image += self._grain  # dither, against visible steps in dark gradients
        return np.minimum(image, 255.0).astype(np.uint8)

    def _water(self, scene: WaterScene) -> FloatArray:
        """Return the colour shares of the water without the mist, shape (5, rows, columns)."""
        strength = np.float32(_MIN_SLOPE + _RIPPLE_SLOPE * scene.ripple)
        slope_u, slope_v = self._waves.slopes(scene.time_s) * strength
        reach = 0.2 + self._below
        u = self._columns + 2.0 * slope_u * reach
        v = self._below * np.exp(np.clip(slope_v / (0.06 + 0.5 * self._below), -3.0, 2.0))
        rough_u, rough_v = self._waves.unresolved_variance * strength**2
        spread_u = np.sqrt(_MOON_RADIUS**2 + 4.0 * rough_u * reach**2)
        spread_v = np.sqrt(_MOON_RADIUS**2 + 4.0 * rough_v)
        shares = _sky(u, v, spread_u, spread_v)
        shore = 1.0 - 0.62 * _soft_edge(self._hill - v, 0.02)
        mirror = 0.24 + 0.76 * np.exp(-2.4 * np.maximum(self._depth - 2.6 * slope_v, 0.0))
        shares[:_DEEP] *= mirror * shore
        shares[_DEEP] = 1.0 - mirror
        return shares

    def _fog(self, scene: WaterScene) -> FloatArray:
        drift = 2 * pi * scene.time_s
        swirl = np.sin(2.3 * self._columns + drift / 47.0 + 1.6 * np.sin(5.0 * self._rows + drift / 61.0))
        bank = np.exp(-(((self._rows - _HORIZON - 0.10) / 0.26) ** 2)) * (0.50 + 0.13 * swirl)
        return np.minimum(scene.mist * (bank + 0.40), 0.93).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Waves:
    """Slopes of many small waves at every point of the water.

    ``fields`` (2 n_waves, 2 * rows * columns) are the weights of the cosines and sines of time, for the slope across
    and along the view: one row a wave, so that a picture is one product of a vector with contiguous rows.
    ``unresolved_variance`` (2, rows, 1) is that of the waves smaller than a pixel: they widen the moon's reflection
    instead of breaking it into dots.
    """

    fields: FloatArray
    shape: tuple[int, int, int]
    unresolved_variance: FloatArray
    omega: NDArray[np.float64]

    def slopes(self, time_s: float) -> FloatArray:
        """Return the slopes (2, rows, columns) at a time (s)."""
        phase = self.omega * time_s
        weights = np.concatenate((np.cos(phase), np.sin(phase))).astype(np.float32)
        return (weights @ self.fields).reshape(self.shape)


def _waves(columns: FloatArray, depth: FloatArray, *, row_height: float, rng: np.random.Generator) -> _Waves:
    distance = (1.0 / (depth + _CAMERA))[..., None]
    heading = rng.normal(0.0, 0.7, _N_WAVES).astype(np.float32)
    number = np.geomspace(1.6, 26.0, _N_WAVES, dtype=np.float32)
    tilt = (np.stack((np.sin(heading), np.cos(heading))) * number**-0.5)[:, None, None, :]
    across, along = number * np.sin(heading), 1.9 * number * np.cos(heading)
    start = rng.uniform(0.0, 2 * pi, _N_WAVES).astype(np.float32)
    phase = columns[..., None] * distance * across + distance * along + start
    seen = np.exp(-0.35 * (np.hypot(along * distance, across) * distance * row_height) ** 2)
    fields = np.concatenate((np.cos(phase), -np.sin(phase)), axis=-1) * np.tile(tilt * seen, 2)
    hidden = (tilt**2 * (1.0 - seen**2)).sum(axis=-1) / 2
    omega = 2 * pi / np.geomspace(LONGEST_PERIOD_S, SHORTEST_PERIOD_S, _N_WAVES)
    by_wave = np.ascontiguousarray(fields.reshape(-1, fields.shape[-1]).T, np.float32)
    return _Waves(by_wave, fields.shape[:-1], hidden.astype(np.float32), omega)


def _sky(u: FloatArray, v: FloatArray, spread_u: FloatArray | float, spread_v: FloatArray | float) -> FloatArray:
    """Return the colour shares of sky and moon, shape (5, ...); the wider the moon is spread, the fainter it is."""
    shares = np.zeros((_MIST, *u.shape), np.float32)
    across, up = u - _MOON_U, v - _MOON_V
    near = across**2 + up**2
    disc = (across / spread_u) ** 2 + (up / spread_v) ** 2
    thinned = np.sqrt(_MOON_RADIUS**2 / (spread_u * spread_v))
    shares[_ZENITH] = 1.0
    shares[_SKYLINE] = np.exp(-3.4 * v)
    shares[_HALO] = 0.75 * np.exp(near / -0.035) + 0.45 * np.exp(near / -0.25)
    shares[_MOONLIGHT] = thinned * np.exp(-np.minimum(disc**2, 60.0))
    return shares


def _land_and_sky(columns: FloatArray, heights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the colour shares of everything above the horizon (static), shape (5, rows, columns)."""
    u, v = np.broadcast_arrays(columns, heights)
    shares = _sky(u, v, _MOON_RADIUS, _MOON_RADIUS)
    shares[_MOONLIGHT] += _stars(u, v, rng)
    open_sky = _sky(u, v, _MOON_RADIUS, _MOON_RADIUS)
    haze = 1.0 + 0.5 * np.exp(-10.0 * v)
    for hill, light in ((_far_hill(u), 0.50), (_near_hill(u), 0.28)):
        land = _soft_edge(hill - v, 0.005)
        shares += land * (light * haze * open_sky - shares)
    return shares


def _stars(u: FloatArray, v: FloatArray, rng: np.random.Generator) -> FloatArray:
    x, y, glint = rng.uniform(-1.0, 1.0, 46), rng.uniform(0.14, 0.40, 46), rng.uniform(0.03, 0.20, 46)
    outshone = np.minimum(1.0, 6.0 * ((x - _MOON_U) ** 2 + (y - _MOON_V) ** 2))
    away = (u[..., None] - x) ** 2 + (v[..., None] - y) ** 2
    return (np.exp(away / -2.2e-5) @ (glint * outshone)).astype(np.float32)


def _soft_edge(inside: FloatArray, softness: float) -> FloatArray:
    """Return 0 outside, 1 inside, with a smooth transition of about ``softness`` heights."""
    return 0.5 + 0.5 * np.tanh(inside / np.float32(softness))


def _far_hill(u: FloatArray) -> FloatArray:
    return 0.070 + 0.034 * np.sin(2.1 * u + 0.6) + 0.016 * np.sin(5.3 * u + 1.0)


def _near_hill(u: FloatArray) -> FloatArray:
    ridge = 0.105 * np.exp(-(((u + 0.95) / 0.42) ** 2)) + 0.075 * np.exp(-(((u - 1.05) / 0.33) ** 2))
    return ridge + 0.004 * np.sin(23.0 * u) + 0.003 * np.sin(41.0 * u + 2.0)
