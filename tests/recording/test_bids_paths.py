"""The rules of BIDS 1.10 for a session on disk, at its end, after a kill, with reconnects, and handed on."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import mne_bids
import numpy as np
import pytest

from neurofeedback.formats.export.exporters import export_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionWriter
from neurofeedback.settings.load import dump_profile, load_settings, resolve
from neurofeedback.types import (
    ChannelContact,
    Chunk,
    Command,
    CommandKind,
    ContactLevel,
    Event,
    EventKind,
    Frame,
    Guidance,
    LostRun,
    Phase,
    State,
    StreamInfo,
)
from tests.bids import BidsIssue, bids_issues

STREAM = StreamInfo(
    "muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), "muse", reference="Fpz", ground="forehead",
    manufacturer="Interaxon", model="Muse 2", serial="0055",
)  # fmt: skip
ELECTRODES = {
    "TP9": (-80.0, -20.0, -40.0),
    "AF7": (-50.0, 70.0, 10.0),
    "AF8": (50.0, 70.0, 10.0),
    "TP10": (80.0, -20.0, -40.0),
}
LANDMARKS = {"NAS": (0.0, 100.0, 0.0), "LPA": (-80.0, 0.0, 0.0), "RPA": (80.0, 0.0, 0.0)}
PLACES = ELECTRODES | LANDMARKS
EXPLAINED = {  # docs/recordings.md says why of each
    "TOO_FEW_AUTHORS", "NO_AUTHORS Authors", "JSON_KEY_RECOMMENDED HEDVersion", "JSON_KEY_RECOMMENDED License",
    "HED_WARNING SIDECAR_KEY_MISSING",
    "JSON_KEY_RECOMMENDED SourceDatasets", "SIDECAR_KEY_RECOMMENDED CogAtlasID", "SIDECAR_KEY_RECOMMENDED CogPOID",
    "SIDECAR_KEY_RECOMMENDED HeadCircumference",
}  # fmt: skip


def header() -> SessionHeader:
    profile = resolve(load_settings(), STREAM)[1]
    placed = profile.model_copy(update={"montage": profile.montage.model_copy(update={"positions_mm": PLACES})})
    return SessionHeader(
        "01", STREAM, dump_profile(placed), StartState(seed=1), ("chi_all",), datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    )


def frame(i: int) -> Frame:
    verdicts = (
        ContactLevel.GOOD,
        ContactLevel.BAD,
        ContactLevel.BAD if i % 4 == 0 else ContactLevel.GOOD,
        ContactLevel.FAIR,
    )
    contacts = tuple(
        ChannelContact(name, verdict, ("flat",) if verdict is ContactLevel.BAD else ())
        for name, verdict in zip(STREAM.ch_names, verdicts, strict=True)
    )
    nan = float("nan")
    return Frame(
        i, 64 * (i + 1), 0.25 * (i + 1), Phase.SETTLE, False, 1.0, 0.0, State.UNKNOWN, False, nan, nan, nan, False,
        Guidance(), (1.0,), contacts,
    )  # fmt: skip


def write(root: Path) -> SessionWriter:
    """Write a session whose headset was lost for two seconds."""
    writer = SessionWriter(root, header(), sync=lambda _: None)
    writer.process_event(Command(0, CommandKind.PHASE, "settle"))
    for at in range(0, 2048, 256):
        data = np.random.default_rng(at).normal(0, 20, (4, 256)).astype(np.float32)
        lost = ()
        if at in {512, 768}:
            data[:] = np.nan
            lost = (LostRun(at, 256, None, "gap"),)
        writer.process_chunk(Chunk(at, data, lost, host_time=at / 256))
        writer.process_frames([frame(at // 64 + i) for i in range(4)])
    writer.process_event(Event(512, EventKind.SIGNAL_LOST))
    writer.process_event(Event(1024, EventKind.SIGNAL_BACK, "2.00 s +- 0.02 s"))
    return writer


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SessionFiles:
    writer = write(tmp_path_factory.mktemp("recordings"))
    writer.close(SessionSummary(mains_hz=50, reconnects=1))
    return writer.files


@pytest.fixture(scope="module")
def datasets(session: SessionFiles, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The dataset of a session with a reconnect, one killed and then recovered, and an anonymous export."""
    folder = tmp_path_factory.mktemp("datasets")
    return {"reconnect": session.root, **killed_and_recovered(folder), "export": exported(session, folder)}


def killed_and_recovered(folder: Path) -> dict[str, Path]:
    root = folder / "recovered"
    writer = write(root)
    writer._syncer.stop()
    writer._live_files.close()
    with writer.files.eeg_file("eeg.eeg").open("ab") as torn:
        torn.write(b"\0\0\0")
    writer._lock.release()
    killed = shutil.copytree(root, folder / "killed")
    assert recover_sessions(root) == [writer.derived]
    return {"killed": killed, "recovered": root}


def exported(session: SessionFiles, folder: Path) -> Path:
    (archive,) = export_recording(session.root, "bids-zip", folder / "a.zip", anonymize=True)
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder / "a")
    return folder / "a"


@pytest.fixture(scope="module")
def issues(datasets: dict[str, Path]) -> list[BidsIssue]:
    return bids_issues(*datasets.values())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("name", ["reconnect", "recovered", "export"])
def test_a_dataset_has_explained_warnings_alone_and_mne_bids_opens_it(
    name: str, datasets: dict[str, Path], issues: list[BidsIssue]
):
    root = datasets[name]
    assert {issue.kind for issue in issues if issue.dataset.is_relative_to(root)} <= EXPLAINED
    headers = list(root.glob("sub-*/ses-*/eeg/*.vhdr"))
    assert headers
    for path in headers:
        raw = mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(path), verbose="warning")
        assert raw.get_data().shape[0] == 4


def test_a_killed_session_has_explained_warnings_alone_before_the_next_start(
    datasets: dict[str, Path], issues: list[BidsIssue]
):
    found = {issue.kind for issue in issues if issue.dataset == datasets["killed"]}
    assert found <= EXPLAINED | {"EVENT_ONSET_ORDER", "SIDECAR_KEY_RECOMMENDED RecordingDuration"}


def test_the_validator_sees_errors_in_a_dataset_and_in_its_derivatives(datasets: dict[str, Path], tmp_path: Path):
    root = shutil.copytree(datasets["recovered"], tmp_path / "recovered")
    for dataset in (root, root / "derivatives" / "neurofeedback"):
        (dataset / "stray.txt").write_text("no file of BIDS")
    found = bids_issues(datasets["reconnect"], root)
    errors = [(issue.dataset, issue.location) for issue in found if issue.severity == "error"]
    assert errors == [(root, "/stray.txt"), (root / "derivatives" / "neurofeedback", "/stray.txt")]


def test_channels_tsv_has_units_status_and_reasons(session: SessionFiles):
    channels = rows(session.eeg_file("channels.tsv"))
    assert list(channels[0])[:3] == ["name", "type", "units"]  # required, in this order
    content = [(row["name"], row["units"], row["status"], row["status_description"]) for row in channels]
    assert content == [
        ("TP9", "uV", "good", "n/a"),
        ("AF7", "uV", "bad", "contact bad in 100% of the frames: flat"),
        ("AF8", "uV", "good", "contact bad in 25% of the frames: flat"),
        ("TP10", "uV", "good", "n/a"),
    ]


def test_mne_bids_reads_the_bad_channels(session: SessionFiles):
    path = mne_bids.get_bids_path_from_fname(session.eeg_file("eeg.vhdr"))
    assert mne_bids.read_raw_bids(path, verbose="error").info["bads"] == ["AF7"]


def test_electrodes_tsv_holds_what_the_montage_measured_and_coordsystem_json_from_where(session: SessionFiles):
    places = {row["name"]: tuple(float(row[axis]) for axis in "xyz") for row in rows(session.electrodes)}
    assert places == ELECTRODES
    system = json.loads(session.coordsystem.read_text())
    assert (system["EEGCoordinateSystem"], system["EEGCoordinateUnits"]) == ("CapTrak", "mm")
    assert system["AnatomicalLandmarkCoordinates"] == {name: list(place) for name, place in LANDMARKS.items()}


def test_events_tsv_is_in_the_order_of_time(session: SessionFiles):
    onsets = [float(row["onset"]) for row in rows(session.eeg_file("events.tsv"))]
    assert onsets == sorted(onsets)
    assert len(onsets) == 5


def test_unmeasured_positions_are_not_written(tmp_path: Path):
    writer = SessionWriter(tmp_path, replace(header(), profile_toml=""), sync=lambda _: None)
    writer.process_chunk(Chunk(0, np.ones((4, 10), np.float32)))
    writer.close()
    assert not writer.files.electrodes.exists()
    assert not writer.files.coordsystem.exists()


def test_eeg_json_has_the_known_fields(session: SessionFiles):
    content = json.loads(session.eeg_file("eeg.json").read_text())
    known = {
        "EEGReference": "Fpz", "EEGGround": "forehead", "PowerLineFrequency": 50, "Manufacturer": "Interaxon",
        "ManufacturersModelName": "Muse 2", "DeviceSerialNumber": "0055", "SoftwareFilters": "n/a",
        "EEGChannelCount": 4, "EOGChannelCount": 0, "RecordingDuration": 8.0, "RecordingType": "continuous",
        "EEGPlacementScheme": "10-10 (extended 10-20), by channel name",
    }  # fmt: skip
    assert {key: content[key] for key in known} == known


def test_scans_tsv_has_acquisition_times(session: SessionFiles):
    (scan,) = rows(session.scans)
    assert (session.raw / scan["filename"]).exists()
    began = datetime.fromisoformat(scan["acq_time"]).astimezone()
    assert began == datetime(2026, 11, 22, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize("table", ["events.tsv", "timing.tsv", "desc-frames_timeseries.tsv"])
def test_every_column_is_in_the_dictionary_beside_its_table(session: SessionFiles, table: str):
    path = session.eeg_file(table) if table == "events.tsv" else session.derived_file(table)
    heading = path.read_text().split("\n", 1)[0].split("\t")
    described = json.loads(path.with_suffix(".json").read_text())
    standard = {"onset", "duration"} if table == "events.tsv" else set()  # BIDS itself describes them
    assert set(heading) - standard <= set(described)
    assert all(described[name].get("Description") for name in set(heading) & set(described))


def test_every_kind_of_event_is_described_for_hed(session: SessionFiles):
    levels = json.loads(session.eeg_file("events.json").read_text())["trial_type"]["Levels"]
    assert {*map(str, CommandKind), *map(str, EventKind)} <= set(levels)


def test_participants_json_describes_participants_tsv(session: SessionFiles):
    described = json.loads((session.root / "participants.json").read_text())
    assert set(rows(session.root / "participants.tsv")[0]) <= set(described)


def test_an_older_datasets_own_ignore_file_is_completed(tmp_path: Path):
    ignored = tmp_path / "derivatives" / "neurofeedback" / ".bidsignore"
    ignored.parent.mkdir(parents=True)
    ignored.write_text("*_mine.txt\n*_timing.tsv\n")
    write(tmp_path).close()
    lines = ignored.read_text().splitlines()
    assert lines[0] == "*_mine.txt"
    assert lines.count("*_timing.tsv") == 1
    assert "*_timing.json" in lines
