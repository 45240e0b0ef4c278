"""Small files that a power cut emptied or tore are rebuilt, and no session that ended well is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import mne
import numpy as np
import pytest

from neurofeedback.analysis.history import past_sessions
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.load import dump_profile, load_settings, resolve
from neurofeedback.types import Chunk, Command, CommandKind, StreamInfo

STREAM = StreamInfo("synthetic", 250.0, ("Fz", "Pz"), reference="ear", facts={"firmware": "3"})
PROFILE = resolve(load_settings(), STREAM)[1]
HEADER = SessionHeader(
    "01", STREAM, dump_profile(PROFILE), StartState(seed=7), ("chi_all",), datetime(2026, 11, 22, 9, 15)
)

SMALL = ("eeg.vhdr", "eeg.vmrk", "eeg.json", "channels.tsv", "events.json", "events.tsv")
DERIVED = ("start.json", "settings.toml", "summary.json", "timing.json", "timing.tsv", "desc-frames_timeseries.json")
DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.fixture
def files(tmp_path: Path) -> SessionFiles:
    writer = SessionWriter(tmp_path / "recordings", HEADER)
    writer.process_event(Command(0, CommandKind.PHASE, "practice"))
    writer.process_chunk(Chunk(0, np.ones((2, 500), np.float32), host_time=2.0))
    writer.close(SessionSummary(mains_hz=50))
    return writer.files


def paths(files: SessionFiles) -> list[Path]:
    return [*map(files.eeg_file, SMALL), *map(files.derived_file, DERIVED), files.scans, files.frame_log]


def assert_whole(files: SessionFiles, tmp_path: Path) -> None:
    recording = open_recording(files.raw)
    assert (recording.n_samples, recording.stream, recording.profile) == (500, STREAM, PROFILE)
    assert recording.start_state == HEADER.start_state
    assert recording.columns == HEADER.columns
    assert mne.io.read_raw_brainvision(files.eeg_file("eeg.vhdr"), verbose="error").n_times == 500
    assert [row.stem for row in past_sessions(files.root, cache=tmp_path / "history")] == [files.stem]


@pytest.mark.parametrize("damage", ["empty", "zeros"])
@pytest.mark.parametrize("number", range(len(SMALL) + len(DERIVED) + 2))
def test_one_torn_file_is_rebuilt(files: SessionFiles, tmp_path: Path, number: int, damage: str) -> None:
    path = paths(files)[number]
    DAMAGE[damage](path)
    recover_sessions(files.root)
    assert_whole(files, tmp_path)
    if damage == "empty":
        assert path.stat().st_size > 0


@pytest.mark.parametrize("damage", DAMAGE)
def test_all_small_files_but_the_copy_are_rebuilt(files: SessionFiles, tmp_path: Path, damage: str) -> None:
    for path in paths(files):
        DAMAGE[damage](path)
    assert recover_sessions(files.root) == [files.derived]
    assert_whole(files, tmp_path)
    assert recover_sessions(files.root) == []
    sidecar = json.loads(files.eeg_file("eeg.json").read_text())
    assert sidecar["RecordingDuration"] == 2.0


def test_session_without_start_and_copy_is_described_by_its_brainvision_header(files: SessionFiles, tmp_path: Path):
    for path in (files.derived_file("start.json"), files.header_copy):
        path.write_bytes(b"")
    recover_sessions(files.root)
    recording = open_recording(files.raw)
    assert (recording.stream.ch_names, recording.stream.sfreq) == (STREAM.ch_names, 250.0)
    assert recording.columns == HEADER.columns
    assert recording.started is not None
    assert recording.started.replace(tzinfo=None) == HEADER.started
    assert len(past_sessions(files.root, cache=tmp_path / "history")) == 1


def test_session_that_lost_all_descriptions_is_left_with_one_message(files: SessionFiles, caplog) -> None:
    for path in (files.derived_file("start.json"), files.header_copy, files.eeg_file("eeg.vhdr")):
        path.write_bytes(b"")
    before = files.eeg_file("eeg.eeg").read_bytes()
    assert recover_sessions(files.root) == []
    assert "has lost its description" in caplog.text
    assert files.eeg_file("eeg.eeg").read_bytes() == before
    with pytest.raises(RecordingError):
        open_recording(files.raw)


def test_rebuilding_a_finished_session_leaves_it_finished(files: SessionFiles) -> None:
    files.eeg_file("channels.tsv").write_bytes(b"")
    assert recover_sessions(files.root) == []
    assert open_recording(files.raw).summary.finished
    assert "Pz" in files.eeg_file("channels.tsv").read_text()


@pytest.mark.parametrize("name", ["participants.tsv", "dataset_description.json"])
@pytest.mark.parametrize("damage", ["empty", "zeros"])
def test_torn_files_of_the_dataset_are_restored(files: SessionFiles, name: str, damage: str) -> None:
    whole = (files.root / name).read_text()
    DAMAGE[damage](files.root / name)
    recover_sessions(files.root)
    SessionWriter(files.root, HEADER).close()
    assert (files.root / name).read_text() == whole


def test_empty_notes_of_a_power_cut_do_not_hide_the_session(files: SessionFiles, tmp_path: Path) -> None:
    files.derived_file("after.json").write_bytes(b"")
    assert len(past_sessions(files.root, cache=tmp_path / "history")) == 1
