"""The feedback pictures, water and ring: pure, slow, smooth, and misty without a clear signal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.feedback.ring_picture import ring_for_scene
from neurofeedback.feedback.water_picture import (
    HEIGHT,
    PICTURES_PER_SECOND,
    SHORTEST_PERIOD_S,
    WIDTH,
    WaterRenderer,
    WaterScene,
    advance_scene,
    crop_rect,
    sky_differs,
)

BREATH_S = 5.0
WATER_ROWS = slice(int(0.45 * HEIGHT), None)
shares = st.floats(0.0, 1.0)


@pytest.fixture(scope="module")
def water() -> WaterRenderer:
    return WaterRenderer()


def liveliness(picture: np.ndarray) -> float:
    """Mean step from row to row of the water: how broken its surface looks."""
    light = picture[WATER_ROWS].astype(float).mean(axis=-1)
    return float(np.abs(np.diff(light, axis=0)).mean())


def test_same_scene_gives_the_same_picture(water: WaterRenderer) -> None:
    scene = WaterScene(0.4, 0.3, 12.5)
    first = water.render(scene)
    water.render(WaterScene(1.0, 1.0, 99.0))
    assert first.shape == (HEIGHT, WIDTH, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, water.render(scene))
    np.testing.assert_array_equal(first, WaterRenderer().render(scene))


def test_another_seed_gives_another_picture(water: WaterRenderer) -> None:
    assert not np.array_equal(water.render(WaterScene(0.5)), WaterRenderer(seed=4).render(WaterScene(0.5)))


@pytest.mark.parametrize("time_s", [0.0, 7.3, 61.0, 1200.0])
def test_ripples_grow_with_the_index(water: WaterRenderer, time_s: float) -> None:
    calm, some, much = (liveliness(water.render(WaterScene(ripple, 0.0, time_s))) for ripple in (0.0, 0.4, 1.0))
    assert calm < some < much


def test_mist_hides_whether_the_water_is_calm(water: WaterRenderer) -> None:
    clear, hidden = (
        np.abs(water.render(WaterScene(0.0, mist, 4.0)).astype(int) - water.render(WaterScene(1.0, mist, 4.0))).mean()
        for mist in (0.0, 1.0)
    )
    assert hidden < clear / 2


def test_mist_is_visible_everywhere(water: WaterRenderer) -> None:
    difference = water.render(WaterScene(0.2, 1.0)).astype(int).sum(axis=-1) - water.render(WaterScene(0.2, 0.0)).sum(
        axis=-1
    )
    assert (np.abs(difference) > 5).mean() > 0.95


def test_fastest_wave_is_slower_than_a_breath() -> None:
    assert SHORTEST_PERIOD_S > BREATH_S


@pytest.mark.parametrize("ripple", [0.0, 1.0])
def test_successive_pictures_differ_little(water: WaterRenderer, ripple: float) -> None:
    pictures = [water.render(WaterScene(ripple, 0.2, 30.0 + i / PICTURES_PER_SECOND)).astype(int) for i in range(30)]
    steps = np.abs(np.diff(pictures, axis=0))
    assert np.percentile(steps, 99) <= 2
    assert steps.max() <= 16
    assert steps.mean() < 0.5


@pytest.mark.parametrize("mist", [0.0, 0.3, 1.0])
def test_sky_is_drawn_again_before_a_step_is_seen(water: WaterRenderer, mist: float) -> None:
    drawn, steps = WaterScene(0.0, mist, 0.0), []
    for i in range(1, 40):
        scene = advance_scene(WaterScene(0.0, mist, i / PICTURES_PER_SECOND), 0.0, 0.0, 0.0)
        if sky_differs(drawn, scene):
            old, new = (water.render(s)[: water.n_sky].astype(int) for s in (drawn, scene))
            steps.append(np.abs(new - old).max())
            drawn = scene
    assert max(steps, default=0) <= 2
    assert bool(steps) is bool(mist)
    assert len(steps) < 20  # half of the pictures


def test_sky_is_drawn_again_when_mist_rises() -> None:
    clear, misty = WaterScene(), WaterScene(mist=0.02)
    assert sky_differs(clear, misty)
    assert sky_differs(misty, clear)
    assert not sky_differs(clear, WaterScene(1.0, 0.005, 60.0))


def test_picture_is_smooth(water: WaterRenderer) -> None:
    light = water.render(WaterScene(0.0, 0.0)).astype(int).mean(axis=-1)
    assert np.abs(np.diff(light, axis=0)).max() < 100
    assert np.abs(np.diff(light, axis=1)).max() < 100


@given(shares, shares, shares, shares, st.floats(0.001, 2.0))
def test_two_half_steps_equal_one_step(ripple: float, mist: float, to: float, fog: float, step: float) -> None:
    start = WaterScene(ripple, mist)
    once, twice = (
        advance_scene(start, to, fog, step),
        advance_scene(advance_scene(start, to, fog, step / 2), to, fog, step / 2),
    )
    assert once.ripple == pytest.approx(twice.ripple, abs=1e-12)
    assert once.mist == pytest.approx(twice.mist, abs=1e-12)
    assert min(ripple, to) <= once.ripple <= max(ripple, to)


def test_mist_appears_faster_than_it_fades() -> None:
    comes = advance_scene(WaterScene(mist=0.0), 0.0, 1.0, 0.5).mist
    goes = 1.0 - advance_scene(WaterScene(mist=1.0), 0.0, 0.0, 0.5).mist
    assert comes > 2 * goes


def test_guidance_out_of_range_is_clipped() -> None:
    scene = advance_scene(WaterScene(), 7.0, -3.0, 1000.0)
    assert (scene.ripple, scene.mist) == (1.0, 0.0)


@given(st.integers(200, 4000), st.integers(100, 3000))
def test_picture_covers_the_view_undistorted(width: int, height: int) -> None:
    x, y, w, h = crop_rect(width, height)
    assert (w * WIDTH) / (h * HEIGHT) == pytest.approx(width / height)
    assert min(x, y) >= 0
    assert max(x + w, y + h) <= 1 + 1e-9


def test_ring_narrows_with_the_index_and_fades_in_mist() -> None:
    low, high, misty = (ring_for_scene(scene) for scene in (WaterScene(), WaterScene(1.0), WaterScene(mist=1.0)))
    assert high.radius < low.radius / 2
    assert high.line_width < low.line_width
    assert low.opacity == high.opacity == 1.0
    assert 0 < misty.opacity < 0.3
    assert (misty.radius, misty.line_width) == (low.radius, low.line_width)
