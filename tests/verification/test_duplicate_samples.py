"""Copies are found wherever they are, and nothing else is taken for one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.verification.duplicate_samples import (
    DuplicateRun,
    count_duplicates,
    find_duplicates,
    find_duplicates_in_pieces,
    find_stale_blocks,
    hash_samples,
    min_duplicate_length,
)

N = 2000


def quantised(n_channels: int = 4, n_samples: int = N, seed: int = 1) -> np.ndarray:
    """Noise in the steps of a Muse."""
    counts = np.random.default_rng(seed).normal(0, 20, (n_channels, n_samples)).round()
    return (counts * 125 / 256).astype(np.float32)


def repeats(data: np.ndarray, sfreq: float = 256.0) -> tuple[DuplicateRun, ...]:
    return find_duplicates(hash_samples([data]), data.shape[0], sfreq)


@given(data=st.data(), n_channels=st.integers(1, 8), scale=st.sampled_from([1.0, -1.0, 0.5, 1e-3]))
def test_copied_stretch_is_found_exactly(data: st.DataObject, n_channels: int, scale: float) -> None:
    signal = quantised(n_channels) * np.float32(scale)
    length = data.draw(st.integers(min_duplicate_length(256.0, n_channels), 400))
    source = data.draw(st.integers(0, 500))
    target = data.draw(st.integers(source + length, N - length))
    signal[:, target : target + length] = signal[:, source : source + length]
    (found,) = repeats(signal)
    assert found.lag == target - source
    assert 0 <= target - found.start <= 5
    assert length <= found.n_samples <= length + 10


@given(edges=st.sets(st.integers(1, N - 1), max_size=20))
def test_hashes_do_not_depend_on_pieces(edges: set[int]) -> None:
    signal = quantised()
    signal[1, 700:720] = np.nan
    pieces = np.split(signal, sorted(edges), axis=1)
    np.testing.assert_array_equal(hash_samples(pieces), hash_samples([signal]))


def test_hashes_are_the_same_sample_by_sample() -> None:
    signal = quantised(n_samples=100)
    np.testing.assert_array_equal(hash_samples(signal[:, [i]] for i in range(100)), hash_samples([signal]))


def test_duplicates_do_not_depend_on_channel_order_and_polarity() -> None:
    signal = np.tile(quantised(n_samples=500), 2)
    assert repeats(signal) == repeats(signal[::-1].copy()) == repeats(-signal) == (DuplicateRun(500, 500, 500),)


@pytest.mark.parametrize("n_channels", [1, 2, 4, 16])
def test_coarse_noise_gives_no_duplicates(n_channels: int) -> None:
    steps = np.random.default_rng(2).integers(-2, 3, (n_channels, 200_000)).astype(np.float32)
    assert repeats(steps) == ()


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros((4, N), np.float32),
        np.full((4, N), -187500.02, np.float32),
        np.tile(np.float32([-1000, -1000, 0, 1000, 1000]), (4, N // 5)),
        np.full((4, N), np.nan, np.float32),
        np.empty((4, 0), np.float32),
        quantised(n_samples=40),
    ],
    ids=["zeros", "railed", "mains between the rails", "lost", "empty", "short"],
)
def test_flat_lost_or_short_stretch_is_not_a_duplicate(signal: np.ndarray) -> None:
    assert repeats(signal) == ()
    assert find_stale_blocks(signal) == ()


def test_lost_sample_splits_duplicate() -> None:
    signal = np.tile(quantised(n_samples=500), 2)
    signal[2, 700] = np.nan
    assert [(found.start, found.n_samples) for found in repeats(signal)] == [(500, 200), (701, 299)]


def test_minus_zero_hashes_like_zero() -> None:
    signal = quantised(n_samples=500)
    signal[0] = 0.0
    twice = np.concatenate([signal, signal], axis=1)
    twice[0, 500:] = -0.0
    assert count_duplicates(repeats(twice)) == 500


def test_empty_recording_has_no_hashes() -> None:
    assert hash_samples([]).size == 0


@given(start=st.integers(12, N - 24), channel=st.integers(0, 3))
def test_stale_block_is_found_at_any_alignment(start: int, channel: int) -> None:
    signal = quantised()
    signal[channel, start : start + 12] = signal[channel, start - 12 : start]
    (found,) = find_stale_blocks(signal)
    assert (found.channel, found.n_blocks) == (channel, 1)
    assert 0 <= start - found.start <= 2


@pytest.mark.parametrize("window", [400, 512, 10_000])
@pytest.mark.parametrize("piece", [7, 64, 5000])
def test_repeats_are_found_in_windows_as_in_the_whole(window: int, piece: int) -> None:
    noise = np.random.default_rng(5).normal(size=(4, 2000)).astype(np.float32)
    data = np.concatenate(
        [noise[:, :300], noise[:, 200:500], noise[:, 460:1000], noise[:, 1000:1380], noise[:, 1300:]], axis=1
    )
    pieces = (data[:, at : at + piece] for at in range(0, data.shape[1], piece))
    whole = find_duplicates(hash_samples([data]), 4, 256.0)
    assert len(whole) == 3
    assert find_duplicates_in_pieces(pieces, 4, 256.0, window) == whole
