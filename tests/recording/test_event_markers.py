"""Events in the ``.vmrk`` of a closed session, as other programs read them, equal to ``events.tsv``."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path

import mne
import numpy as np
import pytest

from neurofeedback.formats.reader import open_recording, open_session
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.brainvision.event_markers import COMMENT_TYPE, add_event_markers, format_event_markers
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.load import dump_profile, load_settings, resolve
from neurofeedback.storage.append_only import read_complete_lines
from neurofeedback.types import Chunk, Command, CommandKind, Event, EventKind, LostRun, StreamInfo

SFREQ, N_SAMPLES = 250.0, 1000
STREAM = StreamInfo(device="synthetic", sfreq=SFREQ, ch_names=("Fz", "Pz", "O1"), reference="ear", montage="auto")
EVENTS = (
    Event(0, EventKind.START, "synthetic"),
    Command(0, CommandKind.PHASE, "settle"),
    Command(250, CommandKind.PHASE, "practice"),
    Event(300, EventKind.PROBE, "1"),
    Event(400, EventKind.ANSWER_WHERE, "2", response_s=0.4),
    Event(460, EventKind.PRESS),
    Event(520, EventKind.MARK, "door, loud\tand\u2028late, \x0bÄ", duration_s=0.2),
    Event(300, EventKind.VOLUME, "-6"),  # the disk had it later
    Event(600, EventKind.MARK, "BAD_ACQ_SKIP"),
    Command(700, CommandKind.DECODER, '{"weights": [1, 2, 3]}'),
    Event(750, EventKind.ENTRY, '{"kind": "note", "text": "tired"}'),
    Event(N_SAMPLES, EventKind.STOP, "planned"),
)
GAPS = (LostRun(310, 20), LostRun(350, 3, (1, 2), "invalid"))


def write(root: Path) -> SessionWriter:
    profile = resolve(load_settings(), STREAM)[1]
    header = SessionHeader("01", STREAM, dump_profile(profile), StartState(), (), datetime(2026, 11, 22, 9, 15))
    writer = SessionWriter(root, header)
    for event in EVENTS:
        writer.process_event(event)
    for start in range(0, N_SAMPLES, 100):
        data = np.random.default_rng(start).normal(0, 20, (3, 100)).astype(np.float32)
        lost = tuple(run for run in GAPS if start <= run.start < start + 100)
        for run in lost:
            rows = slice(None) if run.channels is None else list(run.channels)
            data[rows, run.start - start : run.start - start + run.n_samples] = np.nan
        writer.process_chunk(Chunk(start, data, lost, start / SFREQ, 1000.0 + start / SFREQ))
    return writer


@pytest.fixture
def closed(tmp_path: Path) -> SessionFiles:
    writer = write(tmp_path / "recordings")
    writer.close(SessionSummary())
    return writer.files


def marker_lines(files: SessionFiles) -> list[str]:
    return [line for line in read_complete_lines(files.eeg_file("eeg.vmrk")) if line.startswith("Mk")]


def test_mne_reads_the_events_of_a_closed_session_as_they_are_in_the_table(closed: SessionFiles) -> None:
    raw = mne.io.read_raw_brainvision(closed.eeg_file("eeg.vhdr"), verbose="error")
    read = [
        (round(one["onset"] * SFREQ), round(one["duration"] * SFREQ), one["description"])
        for one in raw.annotations
        if one["description"].startswith(f"{COMMENT_TYPE}/")
    ]
    rows = [line.split("\t") for line in read_complete_lines(closed.eeg_file("events.tsv"))[1:]]
    listed = []
    for onset, duration, _, kind, value, _ in rows:
        if kind in {GAP_TYPE, EventKind.ENTRY}:
            continue
        text = kind if value == "n/a" or kind == CommandKind.DECODER else f"{kind}/{' '.join(value.split())}"
        sample = min(round(float(onset) * SFREQ), N_SAMPLES - 1)
        listed.append((sample, max(1, round(float(duration) * SFREQ)), f"Comment/{text}"))
    assert read == listed
    assert len(read) == len(EVENTS) - 1
    assert (520, 50, "Comment/mark/door, loud and late, Ä") in read
    _, codes = mne.events_from_annotations(raw, verbose="error")
    assert {"Comment/phase/practice", "Comment/answer_where/2", "Comment/press"} <= set(codes)


def test_gaps_are_still_left_out_by_mne_and_a_mark_of_that_name_is_not(closed: SessionFiles) -> None:
    raw = mne.io.read_raw_brainvision(closed.eeg_file("eeg.vhdr"), verbose="error")
    kept = raw.get_data(reject_by_annotation="omit", verbose="error")
    assert kept.shape[1] == N_SAMPLES - 20 - 3
    gaps = [line for line in marker_lines(closed) if GAP_TYPE in line and COMMENT_TYPE not in line]
    assert [line.partition("=")[2] for line in gaps] == [
        "BAD_ACQ_SKIP,,311,20,0", "BAD_ACQ_SKIP,,351,3,2", "BAD_ACQ_SKIP,,351,3,3",
    ]  # fmt: skip


def test_markers_are_numbered_and_sorted_and_have_as_many_fields_as_the_format(closed: SessionFiles) -> None:
    lines = marker_lines(closed)
    assert [int(re.findall(r"^Mk(\d+)=", line)[0]) for line in lines] == [*range(1, len(lines) + 1)]
    assert lines[0].startswith("Mk1=New Segment,,1,1,0,")
    fields = [line.split(",") for line in lines[1:]]
    assert {len(one) for one in fields} == {5}
    positions = [int(one[2]) for one in fields]
    assert positions == sorted(positions)
    assert positions[0] >= 1
    assert max(int(one[2]) + int(one[3]) - 1 for one in fields) == N_SAMPLES
    assert not any("tired" in line or "weights" in line for line in lines)


def test_interrupted_session_gets_the_markers_of_a_closed_one(closed: SessionFiles) -> None:
    whole = closed.eeg_file("eeg.vmrk").read_bytes()
    gaps = [line for line in whole.decode().splitlines(keepends=True) if f"={COMMENT_TYPE}," not in line]
    closed.eeg_file("eeg.vmrk").write_text("".join(gaps), encoding="utf-8")
    closed.derived_file("summary.json").unlink()
    assert recover_sessions(closed.root) == [closed.derived]
    assert closed.eeg_file("eeg.vmrk").read_bytes() == whole


def test_running_session_has_only_its_gaps(tmp_path: Path) -> None:
    writer = write(tmp_path / "recordings")
    assert [line.partition("=")[2][:12] for line in marker_lines(writer.files)] == [
        "New Segment,",
        *["BAD_ACQ_SKIP"] * 3,
    ]
    writer.close(SessionSummary())


def test_closed_session_of_an_earlier_version_is_not_changed(closed: SessionFiles) -> None:
    path = closed.eeg_file("eeg.vmrk")
    path.write_text("".join(f"{line}\n" for line in read_complete_lines(path) if COMMENT_TYPE not in line))
    before = {one: one.read_bytes() for one in closed.raw.rglob("*") if one.is_file()}
    assert recover_sessions(closed.root) == []
    assert {one: one.read_bytes() for one in closed.raw.rglob("*") if one.is_file()} == before


def test_written_twice_they_are_the_same(closed: SessionFiles) -> None:
    path = closed.eeg_file("eeg.vmrk")
    before = path.read_bytes()
    add_event_markers(path, read_complete_lines(closed.eeg_file("events.tsv"))[1:], SFREQ, N_SAMPLES)
    assert path.read_bytes() == before


def test_rows_that_are_no_events_are_left_out() -> None:
    assert format_event_markers(["", "torn", "0.0\tx\t0\tpress\tn/a\tn/a", "0\t0\t-1\tpress\tn/a"], SFREQ, 10) == [
        "Comment,press,1,1,0"
    ]


def test_events_are_read_once_where_the_computed_files_are_gone(closed: SessionFiles) -> None:
    shutil.rmtree(closed.root / "derivatives")
    values = [event.value for event in open_recording(closed.eeg_file("eeg.vhdr")).events]
    assert sum("practice" in value for value in values) == 1


def test_session_itself_takes_its_events_from_the_table(closed: SessionFiles) -> None:
    recording = open_session(closed)
    assert len(recording.commands) + len(recording.events) == len(EVENTS)
