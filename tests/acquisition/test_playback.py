"""A recording is played whole, in order, and at its pace."""

from __future__ import annotations

import numpy as np
import pytest

from neurofeedback.acquisition.playback import PlaybackSource
from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.errors import SourceError
from neurofeedback.types import Chunk, LostRun, StreamInfo


class Recording:
    """1000 samples of two channels with a hole of 10."""

    stream = StreamInfo("cyton:COM3", 250.0, ("Fz", "Pz"), facts={"board_id": "0"})

    def __init__(self):
        self.data = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
        self.data[:, 500:510] = np.nan

    def iter_chunks(self, n_samples):
        for start in range(0, 1000, n_samples):
            stop = min(start + n_samples, 1000)
            hole = LostRun(max(start, 500), min(stop, 510) - max(start, 500))
            yield Chunk(start, self.data[:, start:stop], (hole,) if hole.n_samples > 0 else (), start / 250)


class Clock:
    def __init__(self):
        self.time = 100.0

    def __call__(self):
        return self.time


def play(source, clock, step_s):
    chunks = []
    while True:
        clock.time += step_s
        try:
            chunk = source.read()
        except SourceEnded:
            return chunks
        if chunk is not None:
            chunks.append(chunk)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def source(clock):
    source = PlaybackSource(Recording(), "playback:x.vhdr", now=clock)
    source.open()
    return source


@pytest.mark.parametrize("step_s", [0.001, 0.05, 1.3, 100.0])
def test_every_sample_comes_once_in_its_place(source, clock, step_s):
    chunks = play(source, clock, step_s)
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks], axis=1), Recording().data)
    starts = [chunk.first_sample for chunk in chunks]
    assert starts == [0, *(chunk.stop for chunk in chunks[:-1])]
    assert sum(run.n_samples for chunk in chunks for run in chunk.lost) == 10


def test_nothing_comes_before_its_time(source, clock):
    assert source.read() is None
    clock.time += 1.0
    assert source.read().stop == 250
    assert source.read() is None


def test_a_chunk_carries_both_clocks(source, clock):
    clock.time += 1.0
    chunk = source.read()
    assert chunk.host_time == clock.time
    assert chunk.device_time == pytest.approx(0.98)


def test_the_stream_is_the_recordings_under_the_playbacks_name(source):
    assert source.stream.device == "playback:x.vhdr"
    assert source.stream.facts == {"board_id": "0", "recorded_with": "cyton:COM3"}
    assert source.stream.ch_names == ("Fz", "Pz")


def test_it_plays_from_the_start_when_opened_again(source, clock):
    clock.time += 1.0
    source.read()
    source.close()
    source.close()
    with pytest.raises(SourceError, match="not open"):
        source.read()
    source.open()
    clock.time += 1.0
    assert source.read().first_sample == 0


def test_opening_twice_does_not_rewind(source, clock):
    clock.time += 1.0
    source.read()
    source.open()
    clock.time += 1.0
    assert source.read().first_sample == 250


def test_restarted_numbering_plays_from_the_first_sample_again(source, clock):
    play(source, clock, 0.1)
    source.restart_numbering()
    clock.time += 0.1
    chunk = source.read()
    assert chunk is not None
    assert chunk.first_sample == 0
