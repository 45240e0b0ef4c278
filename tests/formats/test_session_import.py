"""``import``: a session with its provenance, all of it or nothing, and never outside the dataset."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import mne_bids
import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.fuzz.seeds import N_SAMPLES, SIGNAL, Seed, recording, seeds
from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.formats.reader import open_recording
from neurofeedback.formats.write_complete_session import write_complete_session
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.import_report import ChannelUse, ImportReport
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, SourceFile, StartState
from neurofeedback.report.session_data import load_session_data
from neurofeedback.verification.check_result import CheckStatus
from neurofeedback.verification.replay import replay
from neurofeedback.verification.verify import verify
from tests.bids import bids_issues
from tests.helpers import import_recording


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seed]:
    return seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def imported(known: dict[str, Seed], tmp_path_factory: pytest.TempPathFactory) -> SessionFiles:
    folder = tmp_path_factory.mktemp("foreign")
    return import_recording(known["openbci"].write(folder), folder / "recordings", participant="P1")


def test_an_import_from_a_file_without_a_clock_adds_up(known: dict[str, Seed], tmp_path: Path):
    files = import_recording(known["edf"].write(tmp_path), tmp_path / "recordings", participant="P1")
    verification = verify(files.raw)
    shown = {finding.item: finding.text for finding in verification.results}
    assert verification.status is not CheckStatus.WRONG
    assert shown["reads"] == "it was imported from a file without a clock"
    assert shown["frames"] == "it was imported, so there were no frames"


def test_an_imported_session_is_valid_with_explained_warnings_alone(imported: SessionFiles):
    explained = {
        "warning TOO_FEW_AUTHORS", "warning NO_AUTHORS Authors", "warning HED_WARNING SIDECAR_KEY_MISSING",
        "warning JSON_KEY_RECOMMENDED License", "warning JSON_KEY_RECOMMENDED SourceDatasets",
        "warning SIDECAR_KEY_RECOMMENDED CogAtlasID", "warning SIDECAR_KEY_RECOMMENDED CogPOID",
        "warning SIDECAR_KEY_RECOMMENDED HeadCircumference",
    }  # fmt: skip
    found = bids_issues(imported.root)
    assert {f"{issue.severity} {issue.kind}" for issue in found if issue.dataset == imported.root} <= explained
    others = {f"{issue.severity} {issue.kind}" for issue in found if issue.dataset != imported.root}
    assert others <= {"warning TOO_FEW_AUTHORS"}


def test_mne_bids_opens_it_with_its_marks(imported: SessionFiles):
    raw = mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(imported.eeg_file("eeg.vhdr")), verbose="error")
    np.testing.assert_allclose(raw.get_data() * 1e6, SIGNAL, atol=1e-4)
    assert [text[-1] for text in raw.annotations.description if text.startswith("mark")] == ["2", "1"]


def test_imported_session_names_its_source(imported: SessionFiles, known: dict[str, Seed]):
    ((name, content),) = known["openbci"].files.items()
    source = open_recording(imported.raw).start_state.imported_from
    assert source.files == (SourceFile(name=name, sha256=hashlib.sha256(content).hexdigest()),)
    assert source.format == "OpenBCI GUI text"
    assert source.imported_by.startswith("neurofeedback ")
    assert imported.raw.name.startswith("ses-201709")  # when it was recorded, not when it was imported


def test_what_the_import_did_is_stored(imported: SessionFiles):
    opened = open_recording(imported.raw)
    start = opened.start_state
    assert start is not None
    assert start.imported_from is not None
    report = start.imported_from.report
    assert isinstance(report, ImportReport)
    assert report.rate.sfreq == opened.stream.sfreq
    assert [channel.name for channel in report.channels if channel.use is ChannelUse.EEG] == list(
        opened.stream.ch_names
    )


def test_a_dry_run_shows_the_table_and_writes_nothing(known: dict[str, Seed], tmp_path: Path):
    path = known["xdf"].write(tmp_path)
    done = CliRunner().invoke(app, ["import", str(path), "--recordings", str(tmp_path / "r"), "--dry-run", "--json"])
    assert done.exit_code == 0, done.output
    rows = {row["label"]: row["text"] for row in json.loads(done.stdout)["summary"]}
    assert json.loads(done.stdout)["session"] is None
    assert rows["sampling rate"].startswith("256 Hz")
    assert rows["EEG channels"].startswith("4: TP9, AF7, AF8, TP10")
    assert rows["marks"].startswith("2 read")
    assert not (tmp_path / "r").exists()


def test_report_of_an_import_states_that_it_was_no_session(imported: SessionFiles):
    with pytest.raises(RecordingError, match="no session to report"):
        load_session_data(imported.derived)


def test_it_is_a_recording_like_any_other(imported: SessionFiles):
    back = open_recording(imported.raw)
    assert back.profile is None
    assert back.frames_path is None
    assert [(event.sample, event.value) for event in back.events[1:]] == [(31, "2"), (177, "1")]
    assert sum(1 for _ in replay(back).frames) == 8
    verified = verify(imported.raw)
    assert {found.status.value for found in verified.results} <= {"ok", "cannot be judged"}


@pytest.mark.parametrize("kind", ["brainvision", "edf", "fif", "xdf", "muse-lsl", "mind monitor"])
def test_every_kind_of_file_becomes_the_same_samples(known: dict[str, Seed], kind: str, tmp_path: Path):
    files = import_recording(known[kind].write(tmp_path), tmp_path / "recordings", participant="01")
    back = open_recording(files.raw)
    assert np.abs(back.read_chunk(0, N_SAMPLES).data - SIGNAL).max() < 0.002
    assert files.raw.name.startswith("ses-201709")


def test_a_broken_file_leaves_nothing_behind(known: dict[str, Seed], tmp_path: Path):
    root = tmp_path / "recordings"
    path = known["edf"].write(tmp_path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(RecordingError, match="cannot be read as EDF"):
        import_recording(path, root, participant="01")
    assert not root.exists()


HEADER = SessionHeader("01", recording().stream, "", StartState(), (), datetime(2026, 11, 22, 9, tzinfo=UTC))


def test_a_file_that_breaks_off_in_the_middle_leaves_nothing_behind(tmp_path: Path):
    def broken(start: int, stop: int) -> np.ndarray:
        if start > 200:
            raise RecordingError("the file breaks off")
        return np.zeros((4, stop - start), np.float32)

    with pytest.raises(RecordingError, match="breaks off"):
        write_complete_session(tmp_path, HEADER, replace(recording(), read_samples=broken), summary=SessionSummary())
    assert not list(tmp_path.glob("*sub-*"))
    assert not list(tmp_path.glob(".sub-*"))


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_file_without_one_measured_value_is_refused(tmp_path: Path, value: str):
    path = tmp_path / "nothing.csv"
    rows = (f"{1.7e9 + i / 256:.6f}{4 * f',{value}'}\n" for i in range(12_000))
    path.write_text("timestamps,TP9,AF7,AF8,TP10\n" + "".join(rows))
    with pytest.raises(RecordingError, match=r"nothing.csv holds no signal: got no number on any channel"):
        import_recording(path, tmp_path / "recordings", participant="P1")
    assert not (tmp_path / "recordings").exists()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path):
    def full(_: SessionFiles) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(RecordingError, match=r"cannot be written.*No space left.*nothing was saved"):
        write_complete_session(tmp_path, HEADER, recording(), summary=SessionSummary(), add_files=full)
    assert not list(tmp_path.glob(".sub-*"))


def test_what_a_killed_import_left_is_removed_at_the_next_start(tmp_path: Path):
    files = write_complete_session(tmp_path, HEADER, recording(), summary=SessionSummary())
    left = SessionFiles.from_stem(tmp_path, files.stem.replace("T", "T1", 1)).import_folder
    (left / "raw" / "eeg").mkdir(parents=True)
    (left / "raw" / "eeg" / "half.eeg").write_bytes(b"\0" * 99)
    assert recover_sessions(tmp_path) == []
    assert not left.exists()
    assert open_recording(tmp_path).n_samples == N_SAMPLES


@pytest.mark.parametrize("link", ["sub-01", "derivatives/neurofeedback/sub-01"])
def test_a_link_out_of_the_recordings_folder_is_not_followed(tmp_path: Path, link: str):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "recordings" / link).parent.mkdir(parents=True)
    (tmp_path / "recordings" / link).symlink_to(outside)
    with pytest.raises(RecordingError, match="is a link to a place outside the recordings folder"):
        write_complete_session(tmp_path / "recordings", HEADER, recording(), summary=SessionSummary())
    assert not list(outside.iterdir())


def test_a_session_of_ours_is_not_imported_again(imported: SessionFiles, tmp_path: Path):
    with pytest.raises(RecordingError, match="is a session of this program already"):
        import_recording(imported.raw, tmp_path, participant="01")


def test_a_hostile_label_is_refused(known: dict[str, Seed], tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot be used in file names"):
        import_recording(known["edf"].write(tmp_path), tmp_path / "recordings", participant="../../x")
    assert not (tmp_path / "recordings").exists()


def test_import_command_prints_the_folder(known: dict[str, Seed], tmp_path: Path):
    path = known["xdf"].write(tmp_path)
    done = CliRunner().invoke(app, ["import", str(path), "--recordings", str(tmp_path / "r"), "--json"])
    assert done.exit_code == 0, done.output
    session = Path(json.loads(done.stdout)["session"])
    assert session.parent.name == "sub-01"
    assert open_recording(session).n_samples == N_SAMPLES
