"""Backgrounds of equal loudness that never repeat, without a pulse, and with room for the tone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.sound_measures import loop_correlation, share_below, strongest_line_db
from neurofeedback.feedback.backgrounds import (
    ATTENUATION_LU,
    BACKGROUNDS,
    USER_FILE,
    crossfade_loop,
    make_backgrounds,
)
from neurofeedback.feedback.loops import Loop, Partial, noise_loop, partials_loop, soft_limit
from neurofeedback.feedback.loudness import loudness
from neurofeedback.feedback.textures import Texture, shuffled
from neurofeedback.types import BackgroundMode

SFREQ = 44100
LOW_SFREQ = 22050  # costs half


NAMES = sorted(BACKGROUNDS)
NOISE_NAMES = tuple(name for name in NAMES if name not in {"drone", "bowls"})


@cache
def layers_of(name: str) -> dict[BackgroundMode, tuple[Texture, ...]]:
    return make_backgrounds(name, 196.0, LOW_SFREQ, 7)


@cache
def minute_of(name: str) -> NDArray[np.float32]:
    """The first 75 seconds of a background, both ears."""
    return sum(layer.read(0, 75 * LOW_SFREQ) for layer in layers_of(name)[BackgroundMode.NORMAL])


@pytest.mark.parametrize("name", NAMES)
def test_every_background_has_its_loudness_in_every_mode(name: str) -> None:
    for mode, layers in layers_of(name).items():
        tables = [layer.loop_of_same_power for layer in layers]
        assert loudness(*tables, sfreq=LOW_SFREQ) == pytest.approx(-ATTENUATION_LU[mode], abs=0.01)
    assert loudness(minute_of(name), sfreq=LOW_SFREQ) == pytest.approx(0, abs=1.0)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_no_background_has_a_loop_or_a_line_that_drives_the_eeg(name: str) -> None:
    """Noise never resembles itself 5 to 50 s later; no envelope has a line from 2 to 45 Hz."""
    left = minute_of(name)[:, 0]
    assert strongest_line_db(left, LOW_SFREQ) < 3.5  # 75 s show a line to half a decibel
    if name in NOISE_NAMES:
        assert np.abs(loop_correlation(left[::3], LOW_SFREQ // 3, (5, 50))).max() < 0.2


def test_measures_find_a_loop_and_a_pulse() -> None:
    rng = np.random.default_rng(3)
    sfreq, band = 4000, (40, 1800)
    noise, t = rng.standard_normal(17 * sfreq), np.arange(68 * sfreq) / sfreq
    assert loop_correlation(np.tile(noise, 4), sfreq, (5, 50)).max() > 0.9
    long = rng.standard_normal(t.size)
    assert strongest_line_db(long, sfreq, band) < 3.5
    assert strongest_line_db(long * (1 + 0.1 * np.sin(2 * np.pi * 10 * t)), sfreq, band) > 6


def test_rain_has_body_and_the_sea_moves_more_than_plain_noise() -> None:
    assert share_below(minute_of("rain"), LOW_SFREQ, 700) > 0.15
    assert share_below(minute_of("heavy_rain"), LOW_SFREQ, 700) > 0.2
    levels = {
        name: 10 * np.log10(np.mean(minute_of(name).reshape(75, -1) ** 2, axis=1)).std() for name in ("sea", "pink")
    }
    assert levels["sea"] > 1.5
    assert levels["pink"] < 0.3


def test_own_sound_becomes_a_loop_without_a_seam_at_the_loudness_of_the_others() -> None:
    t = np.arange(10 * SFREQ) / SFREQ
    melody = np.stack((0.9 * np.sin(2 * np.pi * 440.3 * t), 0.02 * np.sin(2 * np.pi * 333.1 * t)), axis=1)
    (layer,) = make_backgrounds(USER_FILE, 196.0, SFREQ, 1, melody.astype(np.float32))[BackgroundMode.NORMAL]
    loop = layer.table
    assert len(loop) == 8 * SFREQ
    assert loudness(loop, sfreq=SFREQ) == pytest.approx(0, abs=0.01)
    jumps = np.abs(np.diff(loop, axis=0, append=loop[:1]))
    assert jumps[-2:].max() <= 1.01 * jumps[2 * SFREQ : -2].max()


def test_a_very_short_sound_crosses_over_a_quarter_of_itself() -> None:
    assert len(crossfade_loop(np.ones((400, 2), np.float32), 1000)) == 300


@pytest.mark.long
def test_same_seed_gives_the_same_background() -> None:
    first, again, other = (
        make_backgrounds("wind", 196.0, LOW_SFREQ, seed)[BackgroundMode.NORMAL][0].table for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@cache
def rain(tone_hz: float) -> Loop:
    return make_backgrounds("rain", tone_hz, SFREQ, 3)[BackgroundMode.NORMAL][0].table


@pytest.mark.long
@pytest.mark.parametrize("tone_hz", [80.0, 196.0, 880.0])
def test_rain_is_attenuated_around_the_tone(tone_hz: float) -> None:
    other_hz = 196.0 if tone_hz != 196 else 880.0
    around, moved = (_density(rain(hz), tone_hz) for hz in (tone_hz, other_hz))
    assert around < moved - 3


def _density(loop: Loop, hz: float) -> float:
    power = np.abs(np.fft.rfft(loop.mean(axis=1))) ** 2
    bins = np.fft.rfftfreq(len(loop), 1 / SFREQ)
    return float(10 * np.log10(power[(bins > hz) & (bins < 2 * hz)].mean()))


def test_noise_has_the_given_spectrum() -> None:
    loop = noise_loop(np.random.default_rng(0), SFREQ, SFREQ, ((100.0, 0.0), (1000.0, -20.0)), stereo_width=0.0)
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(loop[:, 0])) + 1e-9)
    assert spectrum[100] - spectrum[1000] == pytest.approx(20, abs=0.1)
    assert spectrum[1100:].max() < spectrum[1000] - 60
    assert np.array_equal(loop[:, 0], loop[:, 1])


def test_panning_keeps_the_power() -> None:
    loop = partials_loop(np.random.default_rng(0), 10 * SFREQ, SFREQ, (Partial(200.0, 1.0, 0.3, 0.2),))
    blocks = loop.reshape(100, -1, 2).astype(np.float64)
    ears = np.mean(blocks**2, axis=1)
    assert np.ptp(ears[:, 0]) > 0.2
    assert np.ptp(ears.sum(axis=1)) < 0.01


def test_partials_beyond_the_nyquist_frequency_are_left_out() -> None:
    assert not partials_loop(np.random.default_rng(0), SFREQ, SFREQ, (Partial(30000.0, 1.0, 0.1, 1.0),)).any()


def test_soft_limit_is_smooth_and_monotonic() -> None:
    x = np.linspace(-3, 3, 6001)
    y = soft_limit(x, 1.0)
    assert np.array_equal(y[np.abs(x) <= 0.8], x[np.abs(x) <= 0.8])
    assert np.abs(y).max() < 1
    assert (np.diff(y) > 0).all()
    assert np.abs(np.diff(y, n=2)).max() < 1.2e-5


def test_a_table_shorter_than_four_grains_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(700, 100\)"):
        shuffled(np.random.default_rng(0), np.zeros((700, 2), np.float32), 100)
