"""A session on disk: valid BIDS at every moment, opened by MNE, exact, and refused early where it cannot be."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import mne
import numpy as np
import pytest

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording import dataset, session_lock
from neurofeedback.recording.dataset import ensure_dataset
from neurofeedback.recording.event_tags import EVENT_TAGS, HED_VERSION
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.load import dump_profile, load_settings, resolve
from neurofeedback.storage.append_only import AppendOnlyFile
from neurofeedback.storage.atomic_files import read_json
from neurofeedback.types import (
    Chunk,
    Command,
    CommandKind,
    Event,
    EventKind,
    Frame,
    Guidance,
    LostRun,
    Phase,
    State,
    StreamInfo,
)
from tests.bids import bids_errors

STREAM = StreamInfo(
    device="synthetic", sfreq=250.0, ch_names=("Fz", "Pz", "O1"), reference="ear", facts={"firmware": "3"}
)
STARTED = datetime(2026, 11, 22, 9, 15, 0)
PROFILE = resolve(load_settings(), replace(STREAM, montage="auto"))[1]
HEADER = SessionHeader(
    participant="01",
    stream=STREAM,
    profile_toml=dump_profile(PROFILE),
    start_state=StartState(seed=7, versions={"neurofeedback": "0.1.0"}),
    columns=("ln_alpha_all",),
    started=STARTED,
)


def chunk(first_sample: int, n_samples: int, lost: tuple[LostRun, ...] = ()) -> Chunk:
    rng = np.random.default_rng(first_sample)
    data = rng.normal(0, 50, (3, n_samples)).astype(np.float32)
    for run in lost:
        rows = slice(None) if run.channels is None else list(run.channels)
        data[rows, run.start - first_sample : run.start - first_sample + run.n_samples] = np.nan
    return Chunk(first_sample, data, lost, device_time=first_sample / 250, host_time=1000 + first_sample / 250)


def frame(index: int) -> Frame:
    sample = int((index + 1) * 62.5)
    nan = float("nan")
    return Frame(
        index, sample, sample / 250, Phase.SETTLE, False, 1.0, 0.0, State.UNKNOWN, False, nan, nan, nan, False,
        Guidance(), (2.5,), (), 12.0,
    )  # fmt: skip


def standalone_errors(folder: Path) -> list[str]:
    """Return the errors of the validator started as a person starts it, which reads ``.bidsignore``."""
    tool = Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run([tool, folder, "--format", "json"], check=False, capture_output=True, text=True)
    return [issue["code"] for issue in json.loads(done.stdout)["issues"]["issues"] if issue["severity"] == "error"]


def write_session(root: Path, header: SessionHeader = HEADER, n_chunks: int = 8) -> tuple[SessionWriter, list[Chunk]]:
    writer = SessionWriter(root, header)
    writer.process_event(Event(0, EventKind.START))
    writer.process_event(Command(0, CommandKind.PHASE, "settle"))
    written = []
    for i in range(n_chunks):
        lost = (LostRun(i * 100 + 10, 20), LostRun(i * 100 + 50, 3, (1, 2), "invalid")) if i == 2 else ()
        written.append(chunk(i * 100, 100, lost))
        writer.process_chunk(written[-1])
        writer.process_frames([frame(i)])
    return writer, written


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SessionWriter, list[Chunk]]:
    root = tmp_path_factory.mktemp("recordings")
    writer, written = write_session(root)
    writer.close(SessionSummary(mains_hz=50, probes=0))
    return root, writer, written


def test_a_finished_session_is_valid_bids(session):
    for folder in (session[0], session[0] / "derivatives" / "neurofeedback"):
        assert standalone_errors(folder) == []


def test_a_new_dataset_is_valid_before_its_first_session_and_with_its_first_chunk(tmp_path: Path):
    root = tmp_path / "recordings"
    writer = SessionWriter(root, HEADER)
    new = shutil.copytree(root, tmp_path / "new")
    writer.process_chunk(chunk(0, 1))
    live = shutil.copytree(root, tmp_path / "live")
    writer.close()
    assert bids_errors(new, live) == []


def test_mne_reads_the_samples_and_skips_the_gaps(session):
    _, writer, written = session
    raw = mne.io.read_raw_brainvision(writer.files.eeg_file("eeg.vhdr"), verbose="error")
    expected = np.nan_to_num(np.concatenate([c.data for c in written], axis=1))
    assert raw.info["sfreq"] == 250.0
    np.testing.assert_allclose(raw.get_data() * 1e6, expected, rtol=1e-12)
    unmarked = raw.get_data(reject_by_annotation="omit", verbose="error")
    assert unmarked.shape[1] == raw.n_times - 20 - 3


def test_what_was_lost_is_zero_on_disk_and_listed(session):
    _, writer, _ = session
    values = np.fromfile(writer.files.eeg_file("eeg.eeg"), "<f4").reshape(-1, 3)
    assert not values[210:230].any()
    assert not values[250:253, 1:].any()
    assert values[250:253, 0].all()
    assert "lost\t210\t20\tn/a\tn/a\tall\tlost" in writer.files.derived_file("timing.tsv").read_text()
    assert "lost\t250\t3\tn/a\tn/a\t1,2\tinvalid" in writer.files.derived_file("timing.tsv").read_text()


def test_reading_back_gives_the_same_bits_and_facts(session):
    _, writer, written = session
    recording = open_recording(writer.raw)
    data = np.concatenate([c.data for c in recording.iter_chunks(37)], axis=1)
    assert data.tobytes() == np.concatenate([c.data for c in written], axis=1).tobytes()
    assert recording.stream == STREAM
    assert recording.start_state == HEADER.start_state
    assert recording.commands == (Command(0, CommandKind.PHASE, "settle"),)
    assert recording.events == (Event(0, EventKind.START),)
    assert recording.columns == ("ln_alpha_all",)
    assert recording.profile == PROFILE
    assert recording.lost == (LostRun(210, 20), LostRun(250, 3, (1, 2), "invalid"))


def test_the_summary_counts_what_is_there(session):
    _, writer, _ = session
    summary = json.loads(writer.files.derived_file("summary.json").read_text())
    expected = {"device": "synthetic", "sfreq": 250.0, "n_samples": 800, "n_lost": 23, "n_gaps": 2, "n_frames": 8}
    assert expected.items() <= summary.items()
    assert summary["finished"] is True
    sidecar = json.loads(writer.files.eeg_file("eeg.json").read_text())
    assert sidecar["RecordingDuration"] == 3.2
    assert sidecar["PowerLineFrequency"] == 50


def test_closing_leaves_no_temporary_file(session):
    assert not [path for path in session[0].iterdir() if path.name.startswith(".")]


def test_every_line_is_on_disk_when_the_call_returns(tmp_path: Path):
    writer, _ = write_session(tmp_path, n_chunks=3)
    assert writer.files.eeg_file("eeg.eeg").stat().st_size == 300 * 3 * 4
    assert len(writer.files.frame_log.read_text().splitlines()) == 4
    assert writer.files.derived_file("timing.tsv").read_text().count("read\t") == 3
    writer.close()


def test_a_session_without_samples_leaves_a_valid_dataset(tmp_path: Path):
    writer = SessionWriter(tmp_path, HEADER)
    writer.process_event(Event(0, EventKind.START))
    assert writer.close() is None
    assert not list(tmp_path.glob("sub-*"))
    assert not list(tmp_path.glob(".sub-*"))


def test_existing_session_label_gives_the_next_second(tmp_path: Path):
    first, second = SessionWriter(tmp_path, HEADER), SessionWriter(tmp_path, HEADER)
    assert first.raw.name == "ses-20261122T091500"
    assert second.raw.name == "ses-20261122T091501"
    for writer in (first, second):
        writer.process_chunk(chunk(0, 10))
        writer.close()
    third = SessionWriter(tmp_path, HEADER)
    assert third.raw.name == "ses-20261122T091502"
    third.close()


def test_participants_are_listed_once_and_foreign_columns_remain(tmp_path: Path):
    shutil.copytree(Path(dataset.__file__).parents[2] / "recordings", tmp_path, dirs_exist_ok=True, ignore=_sessions)
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-09\t30")
    (tmp_path / "sub-09").mkdir()
    for participant in ("01", "01", "02"):
        writer = SessionWriter(tmp_path, replace(HEADER, participant=participant))
        writer.process_chunk(chunk(0, 10))
        writer.close()
    table = (tmp_path / "participants.tsv").read_text()
    assert table == "participant_id\tage\nsub-09\t30\nsub-01\tn/a\nsub-02\tn/a\n"
    assert len(list(tmp_path.glob("README*"))) == 1
    assert bids_errors(tmp_path) == []


def _sessions(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name != "README"}


def test_the_readme_of_a_new_dataset_is_the_shipped_one():
    assert (Path(dataset.__file__).parents[2] / "recordings" / "README").read_text() == dataset.README


def test_an_existing_readme_is_respected(tmp_path: Path):
    (tmp_path / "README.md").write_text("Ours. " * 30)
    SessionWriter(tmp_path, HEADER).close()
    assert not (tmp_path / "README").exists()
    assert bids_errors(tmp_path) == []


@pytest.mark.parametrize(
    ("label", "suggestion"),
    [("../../x", "try x"), ("Ana María", "try AnaMaria"), ("", "try 01"), ("a\tb\n", "try ab"), ("日本", "try 01"),
     ("x" * 300, "try " + "x" * 64), ("sub-03", "try 03"), ("٣", "try 01")],
)  # fmt: skip
def test_hostile_labels_are_refused_with_a_suggestion(tmp_path: Path, label: str, suggestion: str):
    with pytest.raises(SettingsError) as caught:
        SessionWriter(tmp_path / "recordings", replace(HEADER, participant=label))
    assert suggestion in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordingError, match="cannot be written"):
        SessionWriter(tmp_path / "file" / "recordings", HEADER)
    with pytest.raises(RecordingError, match="cannot be written"):
        session_lock.check_recordings_folder(tmp_path / "file" / "recordings", "01")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="rights do not bind root")
def test_a_read_only_folder_is_refused_at_once(tmp_path: Path):
    tmp_path.chmod(0o555)
    with pytest.raises(RecordingError, match="cannot be written"):
        SessionWriter(tmp_path / "recordings", HEADER)
    tmp_path.chmod(0o755)


def test_a_nearly_full_disk_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session_lock.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(RecordingError, match="too little free space"):
        SessionWriter(tmp_path, HEADER)


def test_a_chunk_that_does_not_follow_is_refused(tmp_path: Path):
    writer = SessionWriter(tmp_path, HEADER)
    writer.process_chunk(chunk(0, 10))
    with pytest.raises(RecordingError, match="does not follow"):
        writer.process_chunk(chunk(11, 10))
    writer.close()


def test_undeclared_nan_and_infinity_are_zeros_and_listed(tmp_path: Path):
    writer = SessionWriter(tmp_path, HEADER)
    data = np.ones((3, 10), np.float32)
    data[0, 2], data[:, 5] = np.inf, np.nan
    writer.process_chunk(Chunk(0, data))
    writer.close()
    recording = open_recording(tmp_path)
    assert recording.lost == (LostRun(2, 1, (0,), "invalid"), LostRun(5, 1, None, "invalid"))
    (read,) = recording.iter_chunks(100)
    assert np.array_equal(np.isnan(read.data), ~np.isfinite(data))


class FullDisk:
    """Lets ``room`` more bytes be written to files, the last write short, as a real full disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = None
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, fd: int, data: bytes) -> int:
        if self.room is None:
            return self._write(fd, data)
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(fd, data[: self.room])
        self.room -= written
        return written


ROOMS = (0, 13, 77, 500, 1230)


@pytest.mark.parametrize("room", ROOMS)
def test_full_disk_ends_the_recording_with_complete_samples_and_lines(tmp_path: Path, monkeypatch, room: int):
    writer, caught = write_until_full(tmp_path, FullDisk(monkeypatch), room)
    assert caught.exit_code == 4
    with pytest.raises(RecordingError, match="the disk is full"):
        writer.process_chunk(chunk(900, 100))
    assert writer.close() == writer.derived
    summary = json.loads(writer.files.derived_file("summary.json").read_text())
    assert summary["finished"] is False
    assert writer.files.eeg_file("eeg.eeg").stat().st_size == 12 * summary["n_samples"]
    assert f"{summary['n_samples']} samples" in str(caught)
    for path in (writer.files.eeg_file("eeg.vmrk"), writer.files.eeg_file("events.tsv"), writer.files.frame_log):
        assert path.read_bytes().endswith(b"\n")
    assert summary["n_samples"] >= 800


def test_dataset_is_valid_after_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    disk = FullDisk(monkeypatch)
    for room in ROOMS:
        write_until_full(tmp_path / str(room), disk, room)[0].close()
    assert bids_errors(*tmp_path.iterdir()) == []


def write_until_full(root: Path, disk: FullDisk, room: int) -> tuple[SessionWriter, RecordingError]:
    """Write a session until the disk, which has so many bytes left, is full; afterwards it has room again."""
    writer, _ = write_session(root)
    disk.room = room
    with pytest.raises(RecordingError, match=r"the disk is full, so the recording ended.* are saved in") as caught:
        go_on(writer, 12)
    disk.room = None
    return writer, caught.value


def go_on(writer: SessionWriter, n_chunks: int) -> None:
    for i in range(8, n_chunks):
        writer.process_chunk(chunk(i * 100, 100, (LostRun(i * 100, 5),)))
        writer.process_frames([frame(i)])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of half a megabyte."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", tmp_path]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_disk_that_really_fills_ends_the_recording(small_disk: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session_lock, "MIN_FREE_BYTES", 0)
    (small_disk / "ballast").write_bytes(bytes(50_000))
    writer, _ = write_session(small_disk / "recordings")
    with pytest.raises(RecordingError, match="the disk is full"):
        go_on(writer, 1000)
    writer.close()
    assert writer.files.eeg_file("eeg.eeg").stat().st_size == writer.n_samples * 12 > 200_000
    assert bids_errors(small_disk / "recordings") == []
    (small_disk / "ballast").unlink()
    recover_sessions(small_disk / "recordings")
    assert open_recording(small_disk / "recordings").summary.finished is False


def test_writer_ignores_chunks_after_a_full_disk(tmp_path: Path, monkeypatch):
    disk = FullDisk(monkeypatch)
    writer, _ = write_session(tmp_path)
    disk.room = 0
    with pytest.raises(RecordingError):
        writer.process_event(Event(800, EventKind.MARK))
    disk.room = None
    with pytest.raises(RecordingError, match="800 samples"):
        writer.process_chunk(chunk(800, 100))
    writer.close()


def test_a_short_write_is_tried_again_before_it_counts_as_full(tmp_path: Path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    file = AppendOnlyFile(tmp_path / "log.tsv")
    file.append(b"a whole line\n")
    file.close()
    assert (tmp_path / "log.tsv").read_bytes() == b"a whole line\n"


def test_a_slow_sync_never_holds_up_the_writer(tmp_path: Path):
    release, syncing = threading.Event(), threading.Event()

    def sync(_: int) -> None:
        syncing.set()
        assert release.wait(30)

    writer = SessionWriter(tmp_path, HEADER, sync=sync)
    writer.process_chunk(chunk(0, 100))
    assert syncing.wait(30)
    for i in range(1, 50):
        writer.process_chunk(chunk(i * 100, 100))
    assert writer.files.eeg_file("eeg.eeg").stat().st_size == 5000 * 12
    release.set()
    writer.close()


def test_a_disk_that_refuses_to_sync_ends_the_recording(tmp_path: Path):
    refused = threading.Event()

    def sync(_: int) -> None:
        refused.set()
        raise OSError(errno.EIO, "Input/output error")

    writer = SessionWriter(tmp_path, HEADER, sync=sync)
    writer.process_chunk(chunk(0, 100))
    assert refused.wait(30)
    writer._syncer._thread.join(30)
    with pytest.raises(RecordingError, match="Input/output error"):
        writer.process_chunk(chunk(100, 100))
    writer.close()
    assert json.loads(writer.files.derived_file("summary.json").read_text())["finished"] is False


@pytest.mark.parametrize("half", ["raw", "derived"])
@pytest.mark.parametrize("noticed", ["while it lasts", "at the end"])
def test_folder_removed_during_the_session_is_reported(tmp_path: Path, half: str, noticed: str):
    removed, rounds = threading.Event(), threading.Semaphore(0)

    def sync(_: int) -> None:
        rounds.release()
        assert removed.wait(30)

    writer = SessionWriter(tmp_path, HEADER, sync=sync)
    writer.process_chunk(chunk(0, 100))
    assert rounds.acquire(timeout=30)
    shutil.rmtree(getattr(writer, half))
    removed.set()
    message = rf"the session's folder was removed while it was recorded: got no .*{getattr(writer, half).name}"
    if noticed == "while it lasts":
        writer._syncer._thread.join(30)
        with pytest.raises(RecordingError, match=message):
            writer.process_chunk(chunk(100, 100))
        assert writer.close() is None
    else:
        with pytest.raises(RecordingError, match=message):
            writer.close()


def test_awkward_names_and_values_stay_in_their_cells(tmp_path: Path):
    stream = replace(STREAM, ch_names=("a,b", "c\td", "é µ"))
    writer = SessionWriter(tmp_path, replace(HEADER, stream=stream))
    writer.process_chunk(chunk(0, 250))
    writer.process_event(Event(0, EventKind.MARK, "a\tb\nc"))
    writer.close()
    raw = mne.io.read_raw_brainvision(writer.files.eeg_file("eeg.vhdr"), verbose="error")
    assert raw.ch_names == ["a,b", "c d", "é µ"]
    assert open_recording(tmp_path).events == (Event(0, EventKind.MARK, "a b c"),)
    assert bids_errors(tmp_path) == []


def test_a_false_tag_is_an_error(tmp_path: Path) -> None:
    assert set(EVENT_TAGS) <= set(EventKind)
    assert all(tags[0] == "(" and tags[-1] == ")" for tags in EVENT_TAGS.values()), "at one onset no tag may repeat"
    writer, _ = write_session(tmp_path, n_chunks=1)
    writer.close(SessionSummary())
    assert read_json(tmp_path / "dataset_description.json")["HEDVersion"] == HED_VERSION
    path = writer.files.eeg_file("events.json")
    text = path.read_text()
    assert "Experiment-structure" in text
    path.write_text(text.replace("Experiment-structure", "Experiment-frame"))
    assert any("HED" in error for error in bids_errors(tmp_path)), "the validator checks the tags"


def test_the_description_of_an_earlier_version_gets_the_version_of_the_tags(tmp_path: Path) -> None:
    path = tmp_path / "dataset_description.json"
    path.write_text('{"Name": "my own name", "BIDSVersion": "1.9.0"}')
    ensure_dataset(tmp_path)
    assert read_json(path) == {"Name": "my own name", "BIDSVersion": "1.9.0", "HEDVersion": HED_VERSION}
    for text in ('{"HEDVersion": "8.3.0"}', "{damaged"):
        path.write_text(text)
        ensure_dataset(tmp_path)
        assert path.read_text() == text
