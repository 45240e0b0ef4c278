"""Loops without seams, beds of equal level, room for the tone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from neurofeedback.feedback.backgrounds import (
    ATTENUATION_LU,
    BACKGROUNDS,
    CREST_FACTOR,
    USER_FILE,
    crossfade_loop,
    make_backgrounds,
)
from neurofeedback.feedback.loops import Loop, Partial, noise_loop, partials_loop, soft_limit
from neurofeedback.feedback.loudness import loudness
from neurofeedback.types import BackgroundMode

SFREQ = 44100


@pytest.fixture(scope="module", params=sorted(BACKGROUNDS))
def bed(request: pytest.FixtureRequest) -> dict[BackgroundMode, tuple[Loop, ...]]:
    return make_backgrounds(request.param, 196.0, SFREQ, 7)


def test_every_loop_runs_into_its_own_beginning(bed: dict[BackgroundMode, tuple[Loop, ...]]) -> None:
    for layers in bed.values():
        for loop in layers:
            curvature = np.abs(np.diff(np.concatenate((loop[-400:], loop[:400])), n=2, axis=0)).max(axis=1)
            inside = np.abs(np.diff(loop, n=2, axis=0)).max()
            assert curvature[395:402].max() <= inside


def test_every_colour_has_its_loudness_and_bounded_peaks(bed: dict[BackgroundMode, tuple[Loop, ...]]) -> None:
    for colour, layers in bed.items():
        assert loudness(*layers, sfreq=SFREQ) == pytest.approx(-ATTENUATION_LU[colour], abs=0.01)
        rms = max(np.sqrt(np.mean(layer.astype(np.float64) ** 2)) for layer in layers)
        assert max(np.abs(layer).max() for layer in layers) <= 1.2 * CREST_FACTOR * rms


def test_own_sound_becomes_a_loop_without_a_seam_at_the_loudness_of_the_others() -> None:
    t = np.arange(10 * SFREQ) / SFREQ
    melody = np.stack((0.9 * np.sin(2 * np.pi * 440.3 * t), 0.02 * np.sin(2 * np.pi * 333.1 * t)), axis=1)
    (loop,) = make_backgrounds(USER_FILE, 196.0, SFREQ, 1, melody.astype(np.float32))[BackgroundMode.NORMAL]
    assert len(loop) == 8 * SFREQ
    assert loudness(loop, sfreq=SFREQ) == pytest.approx(0, abs=0.01)
    jumps = np.abs(np.diff(loop, axis=0, append=loop[:1]))
    assert jumps[-2:].max() <= 1.01 * jumps[2 * SFREQ : -2].max()


def test_a_very_short_sound_crosses_over_a_quarter_of_itself() -> None:
    assert len(crossfade_loop(np.ones((400, 2), np.float32), 1000)) == 300


@pytest.mark.long
def test_same_seed_gives_the_same_background() -> None:
    first, again, other = (make_backgrounds("wind", 196.0, SFREQ, seed)[BackgroundMode.NORMAL][0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@cache
def rain(tone_hz: float) -> Loop:
    return make_backgrounds("rain", tone_hz, SFREQ, 3)[BackgroundMode.NORMAL][0]


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
