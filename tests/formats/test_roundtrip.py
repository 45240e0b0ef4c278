"""Whatever arrives, however chunked, comes back from disk with the same bits and the same lost runs."""

import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.lost_runs import clip_runs, count_lost_samples, find_lost_runs, lost_mask, runs_from_mask
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.recording.timing import read_timing
from neurofeedback.types import Chunk, LostRun, StreamInfo

N_CHANNELS = 3
STREAM = StreamInfo(device="synthetic", sfreq=125.0, ch_names=("a", "b", "c"))
HEADER = SessionHeader("01", STREAM, "", StartState(), (), datetime(2026, 11, 22, 9, 15))
float32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
signals = hnp.arrays(np.float32, st.tuples(st.just(N_CHANNELS), st.integers(1, 120)), elements=float32)


@st.composite
def sittings(draw: st.DrawFn) -> tuple[np.ndarray, list[int]]:
    """Return a signal with gaps over all and over single channels, and where its reads end."""
    data = draw(signals).copy()
    n_samples = data.shape[1]
    for _ in range(draw(st.integers(0, 4))):
        start, length = draw(st.integers(0, n_samples - 1)), draw(st.integers(1, 20))
        rows = draw(st.sampled_from([slice(None), [0], [1, 2]]))
        data[rows, start : start + length] = np.nan
    cuts = draw(st.lists(st.integers(1, n_samples), max_size=8))
    return data, sorted({*cuts, n_samples})


def write(root: Path, data: np.ndarray, stops: list[int]) -> tuple[Path, list[LostRun]]:
    writer = SessionWriter(root, HEADER, sync=lambda _: None)
    lost: list[LostRun] = []
    for start, stop in zip([0, *stops], stops, strict=False):
        runs = runs_from_mask(np.isnan(data[:, start:stop]), start)
        writer.process_chunk(Chunk(start, data[:, start:stop], runs, device_time=stop / 3, host_time=stop * 0.1))
        lost += runs
    writer.close()
    return writer.raw, lost


@settings(max_examples=40, deadline=None)
@given(sitting=sittings(), size=st.integers(1, 50))
def test_chunks_come_back_bit_for_bit(sitting: tuple[np.ndarray, list[int]], size: int):
    data, stops = sitting
    with tempfile.TemporaryDirectory() as folder:
        path, lost = write(Path(folder), data, stops)
        recording = open_recording(path)
        chunks = list(recording.iter_chunks(size))
        back = np.concatenate([chunk.data for chunk in chunks], axis=1)
    assert back.tobytes() == np.where(np.isnan(data), np.float32(np.nan), data).tobytes()
    assert recording.lost == tuple(lost)
    assert [chunk.first_sample for chunk in chunks] == list(range(0, data.shape[1], size))
    for chunk in chunks:
        assert np.array_equal(np.isnan(chunk.data), lost_mask(chunk.lost, chunk.first_sample, chunk.data.shape))


def test_times_come_back_in_full(tmp_path: Path):
    path, _ = write(tmp_path, np.zeros((N_CHANNELS, 10), np.float32), [3, 10])
    reads, _ = read_timing(next((tmp_path / "derivatives").rglob("*_timing.tsv")))
    assert path.exists()
    assert [(r.start, r.n_samples, r.device_time, r.host_time) for r in reads] == [
        (0, 3, 3 / 3, 3 * 0.1),
        (3, 7, 10 / 3, 10 * 0.1),
    ]


def test_a_damaged_timing_row_is_named(tmp_path: Path):
    path, _ = write(tmp_path, np.zeros((N_CHANNELS, 10), np.float32), [10])
    timing = next((tmp_path / "derivatives").rglob("*_timing.tsv"))
    timing.write_text(timing.read_text() + "read\tten\n")
    with pytest.raises(RecordingError, match="line 3 is not a timing row"):
        open_recording(path)


def test_a_torn_tail_is_left_out(tmp_path: Path):
    path, _ = write(tmp_path, np.ones((N_CHANNELS, 10), np.float32), [10])
    with next(path.rglob("*.eeg")).open("ab") as file:
        file.write(b"\0\0\0\0\0")
    with next((tmp_path / "derivatives").rglob("*_timing.tsv")).open("a") as file:
        file.write("read\t10\t")
    assert open_recording(path).n_samples == 10


def test_what_a_path_means(tmp_path: Path):
    path, _ = write(tmp_path, np.ones((N_CHANNELS, 10), np.float32), [10])
    session = open_recording(path).path
    derived = tmp_path / "derivatives" / "neurofeedback" / "sub-01" / path.name
    every_file = [*path.rglob("*.*"), *derived.iterdir()]
    for place in [tmp_path, tmp_path / "sub-01", path, path / "eeg", derived, *every_file]:
        assert open_recording(place).path == session


def test_a_dataset_with_two_sessions_asks_for_one(tmp_path: Path):
    first, _ = write(tmp_path, np.ones((N_CHANNELS, 10), np.float32), [10])
    second, _ = write(tmp_path, np.ones((N_CHANNELS, 20), np.float32), [20])
    with pytest.raises(RecordingError, match="holds 2 sessions"):
        open_recording(tmp_path)
    assert open_recording(first).n_samples == 10
    assert open_recording(second).n_samples == 20


def test_missing_samples_are_marked_as_missing(tmp_path: Path):
    path, _ = write(tmp_path, np.ones((N_CHANNELS, 10), np.float32), [10])
    data = next(path.rglob("*.eeg"))
    data.write_bytes(b"")
    with pytest.raises(RecordingError, match="holds no samples"):
        open_recording(path)
    data.unlink()
    with pytest.raises(RecordingError, match="cannot be read"):
        open_recording(path)


def test_another_programs_file_inside_the_dataset_is_itself(tmp_path: Path):
    write(tmp_path, np.ones((N_CHANNELS, 10), np.float32), [10])
    rows = "".join(f"{i / 256:.6f},{i},1,2,3\n" for i in range(20))
    (tmp_path / "muse.csv").write_text("timestamps,TP9,AF7,AF8,TP10\n" + rows)
    assert open_recording(tmp_path / "muse.csv").n_samples == 20


def test_damaged_bytes_in_a_text_file_are_named(tmp_path: Path):
    write(tmp_path, np.ones((N_CHANNELS, 10), np.float32), [10])
    events = next(tmp_path.rglob("*_events.tsv"))
    events.write_bytes(events.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(RecordingError, match="line 2 is not an event"):
        open_recording(tmp_path)


runs = st.builds(LostRun, st.integers(0, 60), st.integers(1, 20), st.sampled_from([None, (0,), (1, 2)]))


@given(st.lists(runs, max_size=6))
def test_counting_and_marking_lost_samples_agree(made: list[LostRun]):
    assert count_lost_samples(made) == lost_mask(made, 0, (N_CHANNELS, 100)).any(axis=0).sum()


@given(st.lists(runs, max_size=6), st.integers(0, 70), st.integers(1, 30))
def test_clipped_runs_mark_the_same_samples(made: list[LostRun], start: int, length: int):
    whole = lost_mask(made, 0, (N_CHANNELS, 200))[:, start : start + length]
    assert np.array_equal(lost_mask(clip_runs(made, start, start + length), start, whole.shape), whole)


@given(hnp.arrays(bool, st.tuples(st.just(N_CHANNELS), st.integers(0, 40))), st.integers(0, 9))
def test_found_runs_mark_exactly_the_mask(mask: np.ndarray, first_sample: int):
    assert np.array_equal(lost_mask(runs_from_mask(mask, first_sample), first_sample, mask.shape), mask)


def test_lost_runs_that_contradict_the_data_are_found_again():
    data = np.array([[1, np.nan, 3]], np.float32)
    assert find_lost_runs(Chunk(0, data, (LostRun(2, 1),))) == (LostRun(1, 1, None, "invalid"),)
