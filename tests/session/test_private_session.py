"""A whole session is private whatever the umask, follows no planted link, and survives a disk that turns read-only."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.power_cut import hindrance, make_image, mounted
from neurofeedback.analysis.history import past_sessions
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.forms import save_answers
from neurofeedback.recording.live_files import LiveFiles
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.repair import complete_interrupted
from neurofeedback.recording.session_json import StartState
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.settings.load import load_questionnaire
from neurofeedback.storage.dataset_access import accept_access, is_access_open, restrict_recordings, share_recordings
from neurofeedback.types import AuxChunk, Chunk, StreamInfo

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights and links of POSIX")

HEADER = SessionHeader(
    "01", StreamInfo("synthetic", 250.0, ("Fz", "Pz")), "", StartState(), ("chi_all",), datetime(2026, 11, 22, 9)
)
STEM = "sub-01_ses-20261122T090000_task-meditation"
OTHER_ACCOUNT = 65534


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def record(root: Path) -> Path:
    session = Session(SessionConfig("simulated:7", root, minutes=0.5, audio="none", fast=True))
    session.start()
    result = session.join(120.0)
    assert result is not None
    assert result.session_dir is not None
    return result.session_dir


def chunk(first: int) -> Chunk:
    motion = AuxChunk("motion", 52.0, ("x",), ("g",), 0.0, first // 5, np.ones((1, 10), np.float32))
    return Chunk(first, np.ones((2, 50), np.float32), host_time=first / 250, auxiliary=(motion,))


@pytest.mark.parametrize("mask", [0o022, 0o000], ids=["umask 022", "umask 000"])
def test_all_files_of_a_session_are_for_their_owner_alone(tmp_path: Path, mask: int) -> None:
    root = tmp_path / "recordings"
    with umask(mask):
        derived = record(root)
        files = SessionFiles.from_stem(root, next(derived.glob("*_start.json")).name.removesuffix("_start.json"))
        write_notes(files, SessionNotes(note="calm", condition="home"))
        save_answers(root, load_questionnaire("mood"), {}, participant=files.participant, session=files.session_label)
        past_sessions(root, cache=tmp_path / "cache" / "history")
    paths = [root, *root.rglob("*"), tmp_path / "cache"]
    assert len(paths) > 25
    assert {path: oct(rights(path)) for path in paths if rights(path) & 0o077} == {}


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="becoming another account needs root")
def test_another_account_sees_nothing_of_a_dataset(reachable_folder: Path) -> None:
    root = reachable_folder / "recordings"
    with umask(0):
        writer = SessionWriter(root, HEADER)
        writer.process_chunk(chunk(0))
        writer.close()
    look = f"import os; os.setgid({OTHER_ACCOUNT}); os.setuid({OTHER_ACCOUNT}); os.listdir"
    seen = {
        folder: subprocess.run(
            [sys.executable, "-S", "-c", f"{look}({str(folder)!r})"], check=False, capture_output=True, text=True
        ).stderr
        for folder in (reachable_folder, root, root / "sub-01", writer.raw / "eeg", writer.derived)
    }
    assert [folder for folder, errors in seen.items() if "PermissionError" not in errors] == [reachable_folder]


NAMES = (
    "README", "dataset_description.json", "participants.tsv", "participants.json", "sub-01", "derivatives",
    "derivatives/neurofeedback/dataset_description.json", "derivatives/neurofeedback/.bidsignore",
    "derivatives/neurofeedback/sub-01", f".{STEM}.part", ".sub-01_ses-20261122T090000.lock", ".participants.lock",
    "sub-01/ses-20261122T090000", "derivatives/neurofeedback/sub-01/ses-20261122T090000",
)  # fmt: skip
"""Names at which another user of a shared folder can plant a link before a session."""


@pytest.mark.parametrize("victim_is", ["file", "missing"])
@pytest.mark.parametrize("name", NAMES)
def test_link_planted_before_a_session_leaves_its_victim_untouched(tmp_path: Path, name: str, victim_is: str) -> None:
    root, victim = tmp_path / "recordings", tmp_path / "victim"
    if victim_is == "file":
        victim.write_text("participant_id\nsub-01\n")
    link = root / name
    link.parent.mkdir(parents=True)
    link.symlink_to(victim)
    before = sorted(path.name for path in tmp_path.iterdir())
    errors: list[RecordingError] = []
    try:
        writer = SessionWriter(root, HEADER)
        writer.process_chunk(chunk(0))
        writer.close()
    except RecordingError as error:
        errors.append(error)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    if victim_is == "file":
        assert victim.read_text() == "participant_id\nsub-01\n"
    (error,) = errors
    assert "link" in str(error)
    assert "\n" not in str(error)


def write_to_the_end(writer: SessionWriter) -> list[RecordingError]:
    """Record another chunk, end the session and add a note; return the errors until one ends it."""
    try:
        writer.process_chunk(chunk(50))
        writer.close()
        write_notes(writer.files, SessionNotes(note="calm", condition="home"))
    except RecordingError as error:
        return [error]
    return []


LATE_NAMES = ("summary.json", "after.json", "report.html", "settings.toml")


@pytest.mark.parametrize("suffix", LATE_NAMES)
def test_link_planted_during_a_session_leaves_its_victim_untouched(tmp_path: Path, suffix: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("victim")
    writer = SessionWriter(tmp_path / "recordings", HEADER)
    writer.process_chunk(chunk(0))
    writer.files.derived_file(suffix).symlink_to(victim)
    (error,) = write_to_the_end(writer)
    assert f"{suffix} is a link" in str(error)
    assert victim.read_text() == "victim"


def test_file_replaced_by_a_link_during_a_session_leaves_its_victim_untouched(tmp_path: Path) -> None:
    """Each file of a session in turn; none is written through, read into the session, or unnoticed."""
    first = SessionWriter(tmp_path / "first", HEADER)
    first.process_chunk(chunk(0))
    raw, derived = ([path.name for path in folder.rglob("*.*")] for folder in (first.files.raw, first.files.derived))
    first.close()
    assert len(raw) > 6
    assert len(derived) > 5
    for name in (*raw, *derived):
        root, victim = tmp_path / name, tmp_path / f"{name}.victim"
        victim.write_text("victim\nsecret")
        writer = SessionWriter(root, HEADER)
        writer.process_chunk(chunk(0))
        (planted,) = root.rglob(name)
        planted.rename(tmp_path / f"{name}.moved")
        planted.symlink_to(victim)
        assert len(write_to_the_end(writer)) == 1, name
        assert victim.read_text() == "victim\nsecret", name
        assert not list(root.rglob("*_physio.tsv.gz")) or "motion" not in name


def test_link_planted_at_the_physio_table_leaves_its_victim_untouched(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("victim")
    writer = SessionWriter(tmp_path / "recordings", HEADER)
    writer.process_chunk(chunk(0))
    writer.files.eeg_file("recording-motion_physio.tsv.gz").symlink_to(victim)
    with pytest.raises(RecordingError, match="is a link"):
        writer.close()
    assert victim.read_text() == "victim"


def open_dataset(root: Path) -> Path:
    """Record a session as an earlier version did: readable by everyone."""
    writer = SessionWriter(root, HEADER)
    writer.process_chunk(chunk(0))
    writer.close()
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return root


def test_an_open_dataset_is_asked_about_once(tmp_path: Path) -> None:
    root = open_dataset(tmp_path / "recordings")
    assert is_access_open(root)
    accept_access(root)
    assert not is_access_open(root)
    assert rights(root / "participants.tsv") == 0o644


def test_restricting_a_dataset_answers_the_question(tmp_path: Path) -> None:
    root = open_dataset(tmp_path / "recordings")
    restrict_recordings(root)
    assert not is_access_open(root)
    assert {rights(path) & 0o077 for path in (root, *root.rglob("*"))} == {0}


def test_a_shared_dataset_stays_shared_for_new_sessions(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    share_recordings(root)
    with umask(0o077):
        writer = SessionWriter(root, HEADER)
        writer.process_chunk(chunk(0))
        writer.close()
    assert {oct(rights(path)) for path in root.rglob("*") if path.is_dir()} == {"0o2770"}
    assert {oct(rights(path)) for path in root.rglob("*") if path.is_file()} == {"0o660"}
    assert not is_access_open(root)


def test_a_disk_that_turns_read_only_ends_with_where_the_recording_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SessionWriter(tmp_path / "recordings", HEADER)
    writer.process_chunk(chunk(0))

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as read_only:
        for name in ("write", "open", "mkdir", "unlink", "replace", "rename"):
            read_only.setattr(os, name, refuse)
        with pytest.raises(RecordingError, match="Read-only file system") as caught:
            writer.process_chunk(chunk(50))
        assert caught.value.exit_code == 4
        assert str(writer.files.raw) in str(caught.value)
        writer.close()
    assert recover_sessions(tmp_path / "recordings") == [writer.derived]
    assert open_recording(writer.raw).n_samples == 50


def test_a_dataset_on_a_read_only_disk_is_read_beside_a_left_behind_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := hindrance("ext4"):
        pytest.skip(why)
    image = make_image("ext4", tmp_path)
    with mounted("ext4", image) as disk:
        writer = SessionWriter(disk / "recordings", HEADER)
        writer.process_chunk(chunk(0))
        writer.close()
        writer.files.lock_path.touch()
        (disk / "recordings" / f".{STEM}.import").mkdir()
    with mounted("ext4", image, "ro") as disk:
        root = disk / "recordings"
        assert open_recording(root).n_samples == 50
        assert [row.stem for row in past_sessions(root, cache=tmp_path / "history")] == [STEM]
        assert recover_sessions(root) == []
        with pytest.raises(RecordingError, match="Read-only file system"):
            SessionWriter(root, HEADER)


def test_session_on_a_disk_that_is_remounted_read_only_ends_with_exit_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ext4 is made read-only under open files as after an error of the disk: ``mount -o remount,abort``."""
    if why := hindrance("ext4"):
        pytest.skip(why)
    image = make_image("ext4", tmp_path)
    append = LiveFiles.append_chunk
    with mounted("ext4", image) as disk:

        def abort_disk(live_files: LiveFiles, new: Chunk) -> None:
            if new.first_sample > 10 * 256 and not list(tmp_path.glob("aborted")):
                (tmp_path / "aborted").touch()
                os.sync()
                subprocess.run(["mount", "-o", "remount,abort", disk], check=True)
            append(live_files, new)

        monkeypatch.setattr(LiveFiles, "append_chunk", abort_disk)
        session = Session(SessionConfig("simulated:7", disk / "recordings", minutes=0.5, audio="none", fast=True))
        session.start()
        result = session.join(120.0)
        assert result is not None
        assert result.exit_code == 4, result.message
        assert "Read-only file system" in result.message
        assert result.session_dir is not None
        assert str(result.session_dir) in result.message
        name = result.session_dir.name
    with mounted("ext4", image) as disk:
        (recovered,) = recover_sessions(disk / "recordings")
        assert recovered.name == name
        assert open_recording(recovered).n_samples >= 10 * 256


def test_session_on_a_disk_that_turns_read_only_ends_with_exit_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = LiveFiles.append_chunk

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def turn_read_only(live_files: LiveFiles, new: Chunk) -> None:
        if new.first_sample > 10 * 256:
            monkeypatch.setattr(complete_interrupted, "write_summary", refuse)
            monkeypatch.setattr(complete_interrupted, "write_atomic", refuse)
            refuse()
        append(live_files, new)

    monkeypatch.setattr(LiveFiles, "append_chunk", turn_read_only)
    session = Session(SessionConfig("simulated:7", tmp_path, minutes=0.5, audio="none", fast=True))
    session.start()
    result = session.join(120.0)
    assert result is not None
    assert result.exit_code == 4
    assert "Read-only file system" in result.message
    assert str(result.session_dir) in result.message
