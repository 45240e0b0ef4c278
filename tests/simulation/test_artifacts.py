"""Artifacts have the rate, size, shape and place their ground truth states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.artifacts import (
    Artifact,
    ArtifactKind,
    broken_electrode_rms,
    draw_artifacts,
    make_artifact,
    muscle_rms,
    render_waveforms,
)
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, EYES_OPEN
from neurofeedback.simulation.scalp import scalp_of, side_of, site_of

HOURS = 10
SECONDS = 3600.0 * HOURS
MUSE = scalp_of(load_montage("muse"))
TIMES = np.arange(0, 10, 1 / 256)
TP9, AF7, AF8, TP10 = range(4)


@pytest.fixture(scope="module")
def drawn():
    return draw_artifacts(SECONDS, EYES_CLOSED, MUSE, seed=1)


RATES = [
    (ArtifactKind.BLINK, 25),
    (ArtifactKind.EYE, 40),
    (ArtifactKind.MUSCLE, 70),
    (ArtifactKind.POP, 180),
    (ArtifactKind.BROKEN, 1800),
]


@pytest.mark.parametrize(("kind", "every_s"), RATES)
def test_artifacts_come_at_their_rate(drawn, kind, every_s):
    expected = SECONDS / every_s
    assert len([item for item in drawn if item.kind is kind]) == pytest.approx(expected, abs=4 * expected**0.5)


SIZES = [
    (ArtifactKind.BLINK, (60, 140), (0.35, 0.35)),
    (ArtifactKind.EYE, (20, 60), (1, 3)),
    (ArtifactKind.MUSCLE, (8, 40), (0.5, 3)),
    (ArtifactKind.POP, (150, 600), (1.5, 1.5)),
    (ArtifactKind.BROKEN, (50, 170), (20, 120)),
]


@pytest.mark.parametrize(("kind", "sizes_uv", "durations_s"), SIZES)
def test_artifacts_have_the_sizes_of_their_kind(drawn, kind, sizes_uv, durations_s):
    items = [item for item in drawn if item.kind is kind]
    assert all(sizes_uv[0] <= abs(item.size_uv) <= sizes_uv[1] for item in items)
    assert all(durations_s[0] <= item.duration_s <= durations_s[1] for item in items)


def test_artifacts_are_in_order_and_begin_within_the_sitting(drawn):
    onsets = [item.onset_s for item in drawn]
    assert onsets == sorted(onsets)
    assert 0 < onsets[0] < onsets[-1] < SECONDS
    assert {item.size_uv > 0 for item in drawn if item.kind in {ArtifactKind.POP, ArtifactKind.EYE}} == {True, False}


def test_clean_has_none_and_open_eyes_blink_more():
    assert not draw_artifacts(SECONDS, CLEAN, MUSE, seed=1)
    blinks = [item for item in draw_artifacts(SECONDS, EYES_OPEN, MUSE, seed=1) if item.kind is ArtifactKind.BLINK]
    assert len(blinks) / (60 * HOURS) == pytest.approx(10, rel=0.1)


def test_switching_one_kind_off_leaves_the_others_as_they_were(drawn):
    without = draw_artifacts(SECONDS, replace(EYES_CLOSED, blink_every_s=np.inf), MUSE, seed=1)
    assert list(without) == [item for item in drawn if item.kind is not ArtifactKind.BLINK]


def test_a_longer_sitting_begins_with_the_artifacts_of_a_shorter(drawn):
    short = draw_artifacts(1200.0, EYES_CLOSED, MUSE, seed=1)
    assert list(short) == [item for item in drawn if item.onset_s < 1200]


def test_on_a_muse_a_blink_is_strong_behind_the_ears_and_faintly_reversed_on_the_forehead():
    blink = make_artifact(ArtifactKind.BLINK, 2.0, 0.35, 100.0, MUSE)
    seen = render_waveforms([blink], TIMES, MUSE)
    assert blink.channels == (TP9, TP10)
    np.testing.assert_allclose(seen[[TP9, TP10]].max(1), 100, rtol=1e-3)
    np.testing.assert_allclose(seen[[AF7, AF8]].min(1), [-10, -20], rtol=1e-3)
    moving = TIMES[np.abs(seen[TP9]) > 0]
    assert moving[0] >= blink.onset_s
    assert moving[-1] <= blink.stop_s
    assert TIMES[seen[TP9].argmax()] == pytest.approx(2.175, abs=0.005)


def test_with_ear_reference_a_blink_is_on_the_forehead():
    montage = load_montage("cyton-daisy")
    scalp = scalp_of(montage)
    seen = render_waveforms([make_artifact(ArtifactKind.BLINK, 2.0, 0.35, 100.0, scalp)], TIMES, scalp).max(1)
    by_name = dict(zip(montage.ch_names, seen, strict=True))
    assert by_name["Fp1"] == by_name["Fz"] == pytest.approx(100, rel=1e-3)
    assert by_name["Oz"] == by_name["Pz"] == pytest.approx(10, rel=1e-3)


def test_a_glance_pulls_the_two_sides_apart():
    seen = render_waveforms([make_artifact(ArtifactKind.EYE, 2.0, 2.0, 40.0, MUSE)], TIMES, MUSE)
    assert seen[AF7].max() == pytest.approx(40, rel=1e-3)
    np.testing.assert_array_equal(seen[AF7], -seen[AF8])


def test_a_pop_jumps_on_one_channel_and_decays_in_a_third_of_a_second():
    seen = render_waveforms([Artifact(ArtifactKind.POP, 3.0, 1.5, (AF8,), -400.0)], TIMES, MUSE)
    assert not seen[[TP9, AF7, TP10]].any()
    assert seen[AF8].min() == pytest.approx(-400, rel=1e-6)
    after = seen[AF8][TIMES == 3.3 // (1 / 256) / 256]
    assert after == pytest.approx(-400 * np.exp(-1), rel=0.02)
    assert abs(seen[AF8][TIMES < 5.4][-1]) < 0.2
    assert not seen[AF8][TIMES >= 5.4].any()


def test_muscle_reaches_the_forehead_at_half_strength_and_grows_over_its_edges():
    level = muscle_rms([make_artifact(ArtifactKind.MUSCLE, 2.0, 2.0, 20.0, MUSE)], TIMES, MUSE)
    np.testing.assert_allclose(level.max(1), [20, 10, 10, 20])
    assert not level[:, (TIMES < 2) | (TIMES > 4)].any()


def test_bursts_that_overlap_add_up():
    burst = make_artifact(ArtifactKind.MUSCLE, 2.0, 2.0, 20.0, MUSE)
    np.testing.assert_allclose(muscle_rms([burst, burst], TIMES, MUSE).max(), 40)


def test_a_broken_electrode_is_one_channel():
    level = broken_electrode_rms([Artifact(ArtifactKind.BROKEN, 1.0, 8.0, (AF7,), 100.0)], TIMES, MUSE)
    assert level[AF7].max() == 100
    assert not level[[TP9, AF8, TP10]].any()


def test_each_renderer_leaves_the_others_kinds_alone(drawn):
    waved = [item for item in drawn if item.kind in {ArtifactKind.BLINK, ArtifactKind.EYE, ArtifactKind.POP}]
    times = np.arange(0, 1800, 1 / 64)
    np.testing.assert_array_equal(render_waveforms(drawn, times, MUSE), render_waveforms(waved, times, MUSE))
    assert not muscle_rms(waved, times, MUSE).any()
    assert not broken_electrode_rms(waved, times, MUSE).any()


@pytest.mark.parametrize("name", ["muse", "ganglion", "cyton", "cyton-daisy", "openbci-cap"])
def test_every_montage_has_alpha_behind_and_theta_in_front(name):
    montage = load_montage(name)
    scalp = scalp_of(montage)
    front, back = (list(montage.rows(region)) for region in ("frontal", "posterior"))
    assert scalp.alpha[back].min() > 2 * scalp.alpha[front].max()
    assert scalp.theta[front].min() > scalp.theta[back].max()
    assert scalp.aperiodic_uv.shape == (len(montage.ch_names), 1)


def test_unknown_channel_name_gets_an_average_site():
    assert site_of("EXG1", "n/a") == site_of("X7", "ear")
    assert site_of("TP9", "ear") != site_of("TP9", "Fpz")
    assert [side_of(name) for name in ("T7", "O2", "Cz")] == [1, -1, 0]
