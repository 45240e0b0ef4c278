"""Markers of another program, sent by a real LSL outlet."""

from pathlib import Path

import pytest

from neurofeedback.acquisition.lsl import load_lsl
from neurofeedback.errors import SettingsError, SourceError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.events import read_events
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.marker_input import LslMarkers
from neurofeedback.session.session import Session
from neurofeedback.types import EventKind

lsl = pytest.importorskip("mne_lsl.lsl", reason="the extra lsl is not installed")


@pytest.fixture(autouse=True)
def this_machine() -> None:
    load_lsl()  # before the first stream: the library reads its configuration once


def test_markers_arrive_with_their_age() -> None:
    outlet = lsl.StreamOutlet(lsl.StreamInfo("test-stimuli", "Markers", 1, 0.0, "string", "stimuli-1"))
    markers = LslMarkers("test-stimuli")
    assert markers.read() == []
    outlet.push_sample(["a" * 300], lsl.local_clock() - 2.0)
    received = []
    while not received:
        received = markers.read()
    assert received[0].text == "a" * 200
    assert received[0].age_s == pytest.approx(2.0, abs=1.0)
    markers.close()
    markers.close()
    assert markers.read() == []


def test_missing_stream_and_stream_of_samples_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurofeedback.session.marker_input._FIND_S", 0.5)
    with pytest.raises(SourceError, match="no stream of markers named nowhere"):
        LslMarkers("nowhere")
    outlet = lsl.StreamOutlet(lsl.StreamInfo("test-samples", "EEG", 1, 100.0, "float32", "samples-1"))
    monkeypatch.setattr("neurofeedback.session.marker_input._FIND_S", 30.0)
    with pytest.raises(SourceError, match="has no markers"):
        LslMarkers("test-samples")
    del outlet


@pytest.mark.real_time
def test_session_records_marker_at_its_sample(tmp_path: Path) -> None:
    outlet = lsl.StreamOutlet(lsl.StreamInfo("test-task", "Markers", 1, 0.0, "string", "task-1"))
    session = Session(SessionConfig("simulated:1", tmp_path, audio="none", lsl_markers="test-task"))
    session.start()
    while session.live_state.snapshot.elapsed_s < 1.0:
        assert session.join(0.02) is None
    outlet.push_sample(["from before the recording"], lsl.local_clock() - 1e6)
    elapsed_s = session.live_state.snapshot.elapsed_s
    outlet.push_sample(["cue\tleft\n"], lsl.local_clock() - 0.5)
    while session.live_state.snapshot.elapsed_s < elapsed_s + 0.5:
        assert session.join(0.02) is None
    session.stop()
    session.join()
    files = SessionFiles.from_stem(tmp_path, *find_session_stems(tmp_path))
    (mark,) = [event for event in read_events(files.eeg_file("events.tsv"))[1] if event.kind is EventKind.MARK]
    assert mark.value == "cue left"
    assert mark.sample / 256 == pytest.approx(elapsed_s - 0.5, abs=0.3)


def test_markers_cannot_be_received_faster_than_real_time(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="real time"):
        Session(SessionConfig("simulated:1", tmp_path, audio="none", fast=True, lsl_markers="task"))
