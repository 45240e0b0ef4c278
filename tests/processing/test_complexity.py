"""Lempel-Ziv complexity: known values, surrogates, and one result a second however the frames are batched."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

from neurofeedback.engine import FrameEngine
from neurofeedback.processing.complexity import (
    COLUMNS,
    count_words,
    lempel_ziv,
    segment_complexity,
    window_complexity,
)
from neurofeedback.settings.load import resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.signal import FeatureSettings
from neurofeedback.types import Chunk, Frame, StreamInfo


def power_noise(n: int, chi: float, sfreq: float, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(n, 1 / sfreq)
    gain = np.concatenate([[0.0], np.maximum(freqs[1:], 0.3) ** (-chi / 2)])
    return np.fft.irfft((rng.standard_normal(len(freqs)) + 1j * rng.standard_normal(len(freqs))) * gain, n)


def words_by_search(symbols: bytes) -> int:
    """Count words as the definition reads: each ends where no earlier place starts with the same symbols."""
    at, words = 0, 0
    while at < len(symbols):
        length = 1
        while at + length <= len(symbols) and symbols.find(symbols[at : at + length], 0, at + length - 1) >= 0:
            length += 1
        at, words = at + length, words + 1
    return words


def test_lempel_ziv_counts_phrases_of_the_exhaustive_history() -> None:
    assert count_words(np.zeros((1, 0), np.uint8)).tolist() == [0]
    assert count_words(np.array([[0] * 100, [0, 1] * 50], np.uint8)).tolist() == [2, 3]
    repeated = np.tile(np.random.default_rng(1).integers(0, 2, (3, 90)), 3).astype(np.uint8)
    assert count_words(repeated).tolist() == [words_by_search(one.tobytes()) for one in repeated]


# measured when the ratio was designed: windows of 4 s of noise of exponent chi, as they are
@pytest.mark.long
@pytest.mark.parametrize(
    ("chi", "at_256_hz", "at_125_hz"), [(1.0, 0.76, 0.82), (1.3, 0.56, 0.63), (1.6, 0.38, 0.46), (2.0, 0.21, 0.30)]
)
def test_complexity_follows_the_exponent_the_rate_and_the_length(
    chi: float, at_256_hz: float, at_125_hz: float
) -> None:
    noise = power_noise(256 * 400, chi, 256.0)
    slow = resample_poly(noise, 125, 256)[: 500 * 100]
    assert np.mean(lempel_ziv(noise.reshape(100, -1))) == pytest.approx(at_256_hz, abs=0.02)
    assert np.mean(lempel_ziv(slow.reshape(100, -1))) == pytest.approx(at_125_hz, abs=0.02)


@pytest.mark.parametrize("chi", [1.0, 1.6])
def test_over_surrogates_the_exponent_is_gone(chi: float) -> None:
    found = segment_complexity(power_noise(256 * 160, chi, 256.0)[None], 256.0)
    assert found.shape == (40, 1, 2)
    assert found[:, 0, 1].mean() == pytest.approx(1.0, abs=0.04)


def test_order_that_the_spectrum_does_not_show_lowers_the_ratio() -> None:
    burst = power_noise(1024, 0.0, 256.0)
    burst[256:] = 0.0
    swing = 0.05 * burst.std() * np.sin(np.pi * np.arange(1024) / 256.0)
    assert window_complexity(burst + swing)[1] < 0.8


@pytest.mark.long
@pytest.mark.parametrize("sfreq", [125.0, 200.0, 250.0, 500.0])
def test_every_rate_gives_the_same(sfreq: float) -> None:
    noise = power_noise(1000 * 40, 1.3, 1000.0, seed=3)
    at_1000, at_this = (
        segment_complexity(resample_poly(noise, int(rate), 1000)[None], rate).mean(axis=0) for rate in (1000.0, sfreq)
    )
    assert at_this == pytest.approx(at_1000, abs=0.02)


def test_size_sign_and_offset_do_not_matter() -> None:
    window = power_noise(1024, 1.3, 256.0)
    own, ratio = window_complexity(window)
    assert window_complexity(-30.0 * window + 5.0) == pytest.approx((own, ratio), abs=0.03)
    assert window_complexity(1e3 * window) == (own, ratio)


def test_too_short_a_stretch_has_no_window() -> None:
    assert segment_complexity(np.zeros((2, 100)), 250.0).shape == (0, 2, 2)


@pytest.fixture(scope="module")
def frames_of() -> Callable[[list[int]], list[Frame]]:
    settings = Settings(features=FeatureSettings(complexity=True))
    _, profile = resolve(settings, StreamInfo("x", 125.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse"))
    data = np.array([lfilter([1.0], [1.0, -0.9], power_noise(125 * 9, 0.5, 125.0, seed=k)) for k in range(4)])
    data *= 8 / data.std()
    data[2, 600:] = np.nan

    def push(sizes: list[int]) -> list[Frame]:
        engine, frames, at = FrameEngine(125.0, profile), [], 0
        assert engine.columns[-len(COLUMNS) :] == COLUMNS
        for size in sizes:
            frames += engine.process(Chunk(at, data[:, at : at + size].astype(np.float32)))
            at += size
        return frames

    return push


def lzc(frames: list[Frame]) -> NDArray[np.float64]:
    return np.array([frame.values[-len(COLUMNS) :] for frame in frames])


def test_the_frame_log_has_it_once_a_second_from_whole_clean_windows(
    frames_of: Callable[[list[int]], list[Frame]],
) -> None:
    found = lzc(frames_of([125 * 9]))
    known = np.asarray(np.isfinite(found).all(axis=1))
    assert set((np.flatnonzero(known) + 1) % 4) == {0}
    assert known[4 * 6 - 1]
    assert not known[: 4 * 4 - 1].any()
    assert (found[known] > 0.3).all()


@pytest.mark.long
def test_the_frame_log_does_not_depend_on_chunks(frames_of: Callable[[list[int]], list[Frame]]) -> None:
    whole = lzc(frames_of([125 * 9]))
    sizes = np.random.default_rng(5).integers(1, 60, 200).tolist()
    n = int(np.searchsorted(np.cumsum(sizes), 125 * 9))
    for cut in (sizes[:n], [1] * (125 * 9)):
        pieces = lzc(frames_of(cut))
        np.testing.assert_array_equal(pieces, whole[: len(pieces)])
