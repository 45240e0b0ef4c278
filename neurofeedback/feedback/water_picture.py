"""The feedback picture: water at night. Ripples grow with the index; mist covers the water without a valid state.

All motion is slow: the fastest wave has a period of 7 s, and ripple and mist are smoothed. Lengths are in heights of
the picture, from the middle of the horizon: ``u`` to the right, ``v`` upwards. A pixel is a mixture of six colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, floor, pi

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

WIDTH, HEIGHT = 256, 128
SHORTEST_PERIOD_S = 11.0
LONGEST_PERIOD_S = 30.0
RIPPLE_TAU_S = 2.5
MIST_RISE_TAU_S = 0.8
MIST_FALL_TAU_S = 4.0
PICTURES_PER_SECOND = 12
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
_CHANNELS = ("red", "green", "blue")
_SKY_MIST_STEP, _SKY_DRIFT_S = 0.01, 0.25
_KNOT_S = 0.25


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

    A wide view crops the bottom and a little sky, a very wide one more sky, so that some water is left; a narrow one
    crops the sides around the moon.

    Examples
    --------
    >>> crop_rect(1000, 500), crop_rect(500, 500)
    ((0.0, 0.0, 1.0, 1.0), (0.3, 0.0, 0.5, 1.0))
    >>> crop_rect(2000, 500)
    (0.0, 0.05, 1.0, 0.5)
    """
    stretch = (view_width / view_height) / (WIDTH / HEIGHT)
    if stretch >= 1.0:
        height = 1.0 / stretch
        sky = _CROPPABLE_SKY + 0.3 * max(0.0, 0.5 - height)
        return 0.0, min(sky, 1.0 - height), 1.0, height
    moon_x = 0.5 + _MOON_U * HEIGHT / WIDTH
    return moon_x * (1.0 - stretch), 0.0, stretch, 1.0


def _approach(value: float, target: float, steps: float) -> float:
    return value + (min(max(target, 0.0), 1.0) - value) * (1.0 - exp(-steps))


def sky_differs(drawn: WaterScene, scene: WaterScene) -> bool:
    """Return whether the sky of a scene differs by more than a step of 255 from the one that was drawn.

    Mist alone changes the sky: it drifts over it slowly.
    """
    is_misty = max(drawn.mist, scene.mist) > _SKY_MIST_STEP
    drifted = is_misty and abs(scene.time_s - drawn.time_s) >= _SKY_DRIFT_S
    return drifted or abs(scene.mist - drawn.mist) >= _SKY_MIST_STEP


class WaterRenderer:
    """Renders scenes: the static parts are computed once, the moving ones in a millisecond a picture.

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
        below = self._rows[n_sky:] - np.float32(_HORIZON)
        depth = below / np.float32(1.0 - _HORIZON)
        waves = _waves(self._columns, depth, row_height=1.0 / height / (1.0 - _HORIZON), rng=rng)
        sky = _land_and_sky(self._columns, _HORIZON - self._rows[:n_sky], rng)
        self._water = _Water(waves, self._columns, below, depth, _far_hill(self._columns))
        self._sky = _mixed(sky)
        self._shares = np.empty((len(_COLOURS), height - n_sky, width), np.float32)
        self._grain = rng.uniform(0.0, 1.0, (height, width)).astype(np.float32)

    @property
    def n_sky(self) -> int:
        """Rows of the picture above the horizon."""
        return self._sky.shape[1]

    def render(self, scene: WaterScene) -> NDArray[np.uint8]:
        """Return the picture as RGB, shape (height, width, 3)."""
        picture = np.empty((*self._grain.shape, len(_CHANNELS)), np.uint8)
        planes = picture.transpose(2, 0, 1)
        self.draw_sky(scene, planes)
        self.draw_water(scene, planes)
        return picture

    def draw_sky(self, scene: WaterScene, planes: NDArray[np.uint8]) -> None:
        """Draw the rows above the horizon into planes of red, green and blue, shape (3, height, width)."""
        fog = self._fog(scene, slice(None, self.n_sky))
        colours = self._sky * (1.0 - fog)
        colours += _COLOURS[_MIST][:, None, None] * fog
        self._write(colours, planes, slice(None, self.n_sky))

    def draw_water(self, scene: WaterScene, planes: NDArray[np.uint8]) -> None:
        """Draw the rows below the horizon into planes of red, green and blue, shape (3, height, width)."""
        fog = self._fog(scene, slice(self.n_sky, None))
        self._water.fill(self._shares[:_MIST], scene, clear=1.0 - fog)
        self._shares[_MIST] = fog
        self._write(_mixed(self._shares), planes, slice(self.n_sky, None))

    def _write(self, colours: FloatArray, planes: NDArray[np.uint8], rows: slice) -> None:
        colours += self._grain[rows]  # dither, against visible steps in dark gradients
        np.minimum(colours, 255.0, out=colours)
        for plane, colour in zip(planes, colours, strict=True):
            plane[rows] = colour

    def _fog(self, scene: WaterScene, rows: slice) -> FloatArray:
        if not scene.mist:
            return np.zeros((1, 1), np.float32)
        drift = 2 * pi * scene.time_s
        height = self._rows[rows]
        swirl = np.sin(2.3 * self._columns + (drift / 47.0 + 1.6 * np.sin(5.0 * height + drift / 61.0)))
        bank = scene.mist * np.exp(-(((height - _HORIZON - 0.10) / 0.26) ** 2))
        swirl *= 0.13 * bank
        swirl += 0.50 * bank + 0.40 * scene.mist
        return np.minimum(swirl, 0.93, out=swirl)


class _Water:
    """The water below the horizon, without the mist."""

    def __init__(
        self, waves: _Waves, columns: FloatArray, below: FloatArray, depth: FloatArray, hill: FloatArray
    ) -> None:
        self._waves, self._below, self._depth = waves, below, depth
        self._from_moon = columns - np.float32(_MOON_U)
        self._hill = hill
        self._reach = 0.2 + below
        self._stretch = 1.0 / (0.06 + 0.5 * below)
        self._knots: dict[int, tuple[FloatArray, FloatArray]] = {}

    def _slopes(self, time_s: float) -> tuple[FloatArray, FloatArray]:
        """Return the slopes at a time (s), interpolated: the waves are slow, and their sum costs the most."""
        place = time_s / _KNOT_S
        first = floor(place)
        known = self._knots
        self._knots = {at: known[at] if at in known else self._waves.slopes(at * _KNOT_S) for at in (first, first + 1)}
        share = np.float32(place - first)
        across, along = (start + share * (stop - start) for start, stop in zip(*self._knots.values(), strict=True))
        return across, along

    def fill(self, shares: FloatArray, scene: WaterScene, *, clear: FloatArray) -> None:
        """Write the colour shares, shape (5, rows, columns), each times ``clear``, the share without mist.

        In place, as every step over all points costs as much as its temporary array.
        """
        strength = np.float32(_MIN_SLOPE + _RIPPLE_SLOPE * scene.ripple)
        across, slope_v = self._slopes(scene.time_s)
        across *= 2.0 * strength * self._reach
        across += self._from_moon
        slope_v *= strength
        v = slope_v * self._stretch
        np.clip(v, -3.0, 2.0, out=v)
        np.exp(v, out=v)
        v *= self._below
        rough_u, rough_v = self._waves.unresolved_variance * strength**2
        spread_u = np.sqrt(_MOON_RADIUS**2 + 4.0 * rough_u * self._reach**2)
        spread_v = np.sqrt(_MOON_RADIUS**2 + 4.0 * rough_v)
        slope_v *= 2.6
        np.subtract(self._depth, slope_v, out=slope_v)
        np.maximum(slope_v, 0.0, out=slope_v)
        slope_v *= -2.4
        mirror = np.exp(slope_v, out=slope_v)
        mirror *= 0.76
        mirror += 0.24
        np.subtract(1.0, mirror, out=shares[_DEEP])
        shares[_DEEP] *= clear
        mirror *= _shore(self._hill - v)
        mirror *= clear
        _fill_sky(shares, across, v, spread_u, spread_v)
        for colour in (_ZENITH, _SKYLINE, _HALO, _MOONLIGHT):
            shares[colour] *= mirror


@dataclass(frozen=True, slots=True, eq=False)
class _Waves:
    """Slopes of many small waves at every point of the water.

    ``fields`` (2 n_waves, rows * columns) are the weights of the cosines and sines of time: one row a wave, so that a
    picture takes two products of a vector with contiguous rows. ``tilts`` (2, 2 n_waves) are the slopes of the waves
    across and along the view. ``unresolved_variance`` (2, rows, 1) is that of the waves smaller than a pixel: they
    widen the moon's reflection instead of breaking it into dots.
    """

    fields: FloatArray
    tilts: FloatArray
    shape: tuple[int, int]
    unresolved_variance: FloatArray
    omega: NDArray[np.float64]

    def slopes(self, time_s: float) -> tuple[FloatArray, FloatArray]:
        """Return the slopes across and along the view (rows, columns each) at a time (s)."""
        phase = self.omega * time_s
        across, along = self.tilts * np.concatenate((np.cos(phase), np.sin(phase))).astype(np.float32)
        return (across @ self.fields).reshape(self.shape), (along @ self.fields).reshape(self.shape)


def _waves(columns: FloatArray, depth: FloatArray, *, row_height: float, rng: np.random.Generator) -> _Waves:
    distance = 1.0 / (depth + _CAMERA)
    heading = rng.normal(0.0, 0.7, _N_WAVES).astype(np.float32)
    number = np.geomspace(1.6, 26.0, _N_WAVES, dtype=np.float32)
    tilt = np.stack((np.sin(heading), np.cos(heading))) * number**-0.5
    start = rng.uniform(0.0, 2 * pi, _N_WAVES).astype(np.float32)
    across, along, start = (
        values[:, None, None] for values in (number * np.sin(heading), 1.9 * number * np.cos(heading), start)
    )
    phase = columns * distance * across + distance * along + start
    seen = np.exp(-0.35 * (np.hypot(along * distance, across) * distance * row_height) ** 2)
    fields = np.concatenate((np.cos(phase) * seen, -np.sin(phase) * seen))
    hidden = (tilt[..., None, None] ** 2 * (1.0 - seen**2)).sum(axis=1) / 2
    omega = 2 * pi / np.geomspace(LONGEST_PERIOD_S, SHORTEST_PERIOD_S, _N_WAVES)
    by_wave = np.ascontiguousarray(fields.reshape(len(fields), -1), np.float32)
    return _Waves(by_wave, np.tile(tilt, 2), phase.shape[1:], hidden.astype(np.float32), omega)


def _fill_sky(
    shares: FloatArray, across: FloatArray, v: FloatArray, spread_u: FloatArray, spread_v: FloatArray
) -> None:
    """Write the colour shares of sky and moon; the wider the moon is spread, the fainter it is.

    ``across`` is the distance from the moon to the right; it is overwritten.
    """
    up = v - np.float32(_MOON_V)
    across *= across
    up *= up
    near = across + up
    shares[_ZENITH] = 1.0
    np.exp(np.multiply(v, -3.4, out=shares[_SKYLINE]), out=shares[_SKYLINE])
    halo, wide, disc = shares[_HALO], shares[_MOONLIGHT], up
    np.exp(np.divide(near, -0.25, out=wide), out=wide)
    np.exp(np.divide(near, -0.035, out=halo), out=halo)
    halo *= 0.75
    wide *= 0.45
    halo += wide
    across *= spread_u**-2
    disc *= spread_v**-2
    disc += across
    disc *= disc
    np.minimum(disc, 60.0, out=disc)
    np.negative(disc, out=disc)
    np.exp(disc, out=shares[_MOONLIGHT])
    shares[_MOONLIGHT] *= _MOON_RADIUS / np.sqrt(spread_u * spread_v)


def _sky(u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the colour shares of sky and moon, shape (5, rows, columns)."""
    shares = np.zeros((_MIST, *u.shape), np.float32)
    radius = np.full((1, 1), _MOON_RADIUS, np.float32)
    _fill_sky(shares, u - np.float32(_MOON_U), v, radius, radius)
    return shares


def _mixed(shares: FloatArray) -> FloatArray:
    """Return the colours of shares (n_colours, rows, columns) as planes of red, green and blue."""
    colours = _COLOURS[: len(shares)].T @ shares.reshape(len(shares), -1)
    return colours.reshape(len(_CHANNELS), *shares.shape[1:])


def _shore(inside: FloatArray) -> FloatArray:
    """Return how much light comes off the far shore's mirror image: less inside it, with a smooth edge; in place."""
    inside *= -2.0 / 0.02
    np.minimum(inside, 80.0, out=inside)
    np.exp(inside, out=inside)
    inside += 1.0
    np.divide(-0.62, inside, out=inside)
    inside += 1.0
    return inside


def _land_and_sky(columns: FloatArray, heights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the colour shares of everything above the horizon (static), shape (5, rows, columns)."""
    u, v = np.broadcast_arrays(columns, heights)
    open_sky = _sky(u, v)
    shares = open_sky.copy()
    shares[_MOONLIGHT] += _stars(u, v, rng)
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
