"""What goes out comes back: samples to each format's resolution, marks and gaps in their places, and no names."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest
from typer.testing import CliRunner

from neurofeedback import read_session
from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError
from neurofeedback.formats.anonymize import anonymize_recording
from neurofeedback.formats.export import export_edf, export_mat
from neurofeedback.formats.export.export_bids_zip import write_bids_zip
from neurofeedback.formats.export.export_edf import write_bdf, write_edf
from neurofeedback.formats.export.exporters import EXPORT_TARGETS, export_recording
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts, write_facts
from neurofeedback.recording.lost_runs import runs_from_mask
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.session_json import SessionSummary, StartState, parse_document
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.settings.load import dump_profile, load_settings, resolve
from neurofeedback.settings.session import QuestionnaireSettings
from neurofeedback.types import Chunk, Command, CommandKind, Event, EventKind, LostRun, StreamInfo

STREAM = StreamInfo(
    "cyton:/dev/ttyUSB0", 250.0, ("Fz", "Pz", "Öz"), reference="A1", serial="SN-4711", facts={"host": "anas-laptop"}
)
STARTED = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
N_SAMPLES = 1000
LOST = (LostRun(300, 40), LostRun(600, 5, (1,), "invalid"))


def signal() -> np.ndarray:
    data = np.random.default_rng(3).normal(0, 40, (3, N_SAMPLES)).astype(np.float32)
    data[2] += 30_000  # an offset as a Cyton has
    data[:, 300:340] = np.nan
    data[1, 600:605] = np.nan
    return data


def write_session(root: Path, participant: str = "Ana", started: datetime = STARTED) -> SessionFiles:
    start = parse_document(
        StartState,
        {"seed": 5, "versions": {"mne": "1.13", "system": "Linux-anas-laptop"}, "recordings": "/home/ana"},
    )
    header = SessionHeader(participant, STREAM, "", start, ("chi_all",), started)
    writer = SessionWriter(root, header, sync=lambda _: None)
    writer.process_event(Event(0, EventKind.START, STREAM.device))
    writer.process_event(Command(250, CommandKind.PHASE, "practice"))
    data = signal()
    for at in range(0, N_SAMPLES, 100):
        piece = data[:, at : at + 100]
        runs = runs_from_mask(np.isnan(piece), at)
        writer.process_chunk(Chunk(at, piece, runs, device_time=1.7e9 + at / 250, host_time=9000 + at / 250))
    writer.process_event(Event(500, EventKind.MARK, "Ana coughed"))
    writer.close(SessionSummary(participant=participant, reconnects=0))
    return writer.files


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SessionFiles:
    return write_session(tmp_path_factory.mktemp("recordings"))


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def samples(recording: Recording) -> np.ndarray:
    return recording.read_chunk(0, recording.n_samples).data


RESOLUTION = {"edf": 2**16, "bdf": 2**24, "fif": np.inf, "csv": np.inf}


@pytest.mark.parametrize("to", RESOLUTION)
def test_samples_come_back_to_the_resolution_of_the_format(session: SessionFiles, out: Path, to: str):
    file, frames, columns = export_recording(session.raw, to)
    back, data = open_recording(file), signal()
    for row in range(3):
        step = np.nanmax(data[row]) - np.nanmin(data[row][np.isfinite(data[row])].clip(max=0))
        rounding = 0 if np.isinf(RESOLUTION[to]) else step / RESOLUTION[to] + np.spacing(np.float32(step))
        assert np.nanmax(np.abs(samples(back)[row] - data[row])) <= rounding
    assert np.array_equal(np.isnan(samples(back)), np.isnan(data))
    assert frames.read_text() == session.frame_log.read_text()
    assert "onset" in json.loads(columns.read_text())
    assert {path.name for path in out.iterdir()} == {file.name, frames.name, columns.name}


@pytest.mark.parametrize("to", RESOLUTION)
def test_annotations_come_back_in_their_places(session: SessionFiles, out: Path, to: str):
    back = open_recording(export_recording(session.raw, to)[0])
    events = [(event.sample, event.value) for event in back.events]
    assert events == [(0, f"start/{STREAM.device}"), (250, "phase/practice"), (500, "mark/Ana coughed")]
    assert [(run.start, run.n_samples, run.channels) for run in back.lost] == [
        (run.start, run.n_samples, run.channels) for run in LOST
    ]


def test_eeglab_set_opens_in_mne_with_samples_and_events(session: SessionFiles, out: Path):
    import mne

    raw = mne.io.read_raw_eeglab(export_recording(session.raw, "set")[0], verbose="error")
    assert (raw.ch_names, raw.info["sfreq"], raw.n_times) == (["Fz", "Pz", "Öz"], 250.0, N_SAMPLES)
    assert np.allclose(raw.to_data_frame()[raw.ch_names].to_numpy().T, np.nan_to_num(signal()), rtol=1e-6)
    events = dict(zip(raw.annotations.description, (raw.annotations.onset * 250).round(), strict=True))
    assert events == {
        f"start/{STREAM.device}": 0, "phase/practice": 250, "BAD_ACQ_SKIP": 300, "mark/Ana coughed": 500, "gap/Pz": 600
    }  # fmt: skip
    back = open_recording(Path("sub-Ana_ses-20261122T091500_task-meditation.set"))
    assert [(run.start, run.n_samples, run.channels) for run in back.lost] == [(300, 40, None)]


def test_mat_file_has_samples_names_and_events(session: SessionFiles, out: Path):
    from scipy.io import loadmat

    found = loadmat(export_recording(session.raw, "mat")[0], simplify_cells=True)
    assert np.array_equal(found["data"], signal(), equal_nan=True)
    assert (found["sfreq"], list(found["ch_names"])) == (250.0, ["Fz", "Pz", "Öz"])
    assert [event["description"] for event in found["events"]][1:3] == ["phase/practice", "BAD_ACQ_SKIP"]


def test_recording_too_long_for_a_matlab_file_is_refused(session: SessionFiles, out: Path, monkeypatch):
    monkeypatch.setattr(export_mat, "_MAX_BYTES", 1000)
    with pytest.raises(RecordingError, match="too long for a MATLAB file"):
        export_recording(session.raw, "set")
    assert list(out.iterdir()) == []


def test_a_length_no_record_divides_is_filled_and_marked(session: SessionFiles, out: Path, monkeypatch):
    monkeypatch.setattr(export_edf, "_LONGEST_RECORD_S", 1.5)
    whole = open_recording(session.raw)
    odd = replace(whole, n_samples=997)
    write_bdf(odd, out / "a.bdf")
    back = open_recording(out / "a.bdf")
    assert back.lost[-1].start == 997
    assert back.lost[-1].start + back.lost[-1].n_samples == back.n_samples


def test_bdf_header_is_continuous_bdf_plus_with_its_date(session: SessionFiles, out: Path):
    file = edfio.read_bdf(export_recording(session.raw, "bdf")[0])
    assert file.reserved == "BDF+C"
    assert file.startdate == STARTED.date()
    assert [signal.label for signal in file.signals] == ["Fz", "Pz", "Oz"]


def test_a_flat_channel_has_a_range_too(session: SessionFiles, out: Path):
    flat = replace(
        open_recording(session.raw), read_samples=lambda a, b: np.full((3, b - a), 7, np.float32), lost=(), commands=()
    )
    write_bdf(flat, out / "flat.bdf")
    assert np.allclose(samples(open_recording(out / "flat.bdf")), 7)


def test_nothing_is_replaced(session: SessionFiles, out: Path):
    export_recording(session.raw, "csv", out / "a.csv")
    with pytest.raises(RecordingError, match="already exists"):
        export_recording(session.raw, "csv", out / "a.csv")
    with pytest.raises(RecordingError, match="the export cannot be written"):
        export_recording(session.raw, "csv", out / "no folder" / "a.csv")


def test_one_session_goes_to_several_formats_of_one_name(session: SessionFiles, out: Path):
    with_frames = [export_recording(session.raw, to, out / f"a.{to}") for to in ("csv", "edf")]
    assert with_frames[0][1:] == with_frames[1][1:], "the same frames beside both"
    with_frames[0][1].write_text("somebody else's")
    with pytest.raises(RecordingError, match="already exists"):
        export_recording(session.raw, "bdf", out / "a.bdf")


TELLING = (b"Ana", b"ana", b"coughed", b"SN-4711", b"ttyUSB0", b"2026", b"22.11", b"laptop")


@pytest.mark.parametrize("to", EXPORT_TARGETS)
def test_an_anonymous_file_names_nobody_and_no_day(session: SessionFiles, out: Path, to: str):
    for file in export_recording(session.raw, to, anonymize=True):
        content = file.read_bytes()
        assert [word for word in TELLING if word in content] == []
        assert "Ana" not in file.name
        assert "2026" not in file.name


def unpacked(archive: Path, to: Path) -> Path:
    with zipfile.ZipFile(archive) as file:
        file.extractall(to)
    return to


def test_a_zip_holds_the_sessions_as_they_are(session: SessionFiles, out: Path):
    (archive,) = export_recording(session.root, "bids-zip", out / "all.zip")
    root = unpacked(archive, out / "all")
    for path in (*session.raw.rglob("[!.]*.*"), *session.derived.rglob("[!.]*.*")):  # without the hidden copy
        assert (root / path.relative_to(session.root)).read_bytes() == path.read_bytes()
    assert open_recording(root).n_samples == N_SAMPLES


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_exported_files_are_for_their_owner_alone(session: SessionFiles, out: Path):
    written = [
        *export_recording(session.raw, "csv", out / "a.csv"),
        *export_recording(session.root, "bids-zip", out / "a.zip"),
    ]
    assert {path.stat().st_mode & 0o077 for path in written} == {0}


def test_anonymous_exports_into_one_folder_are_numbered(session: SessionFiles, out: Path, tmp_path: Path):
    other = write_session(tmp_path / "other", "Bo")
    other.frame_log.write_text(session.frame_log.read_text() + "1\n")
    exported = [
        export_recording(files.raw, to, anonymize=True)[:2] for files in (session, other) for to in ("edf", "bdf")
    ]
    assert [[path.name for path in written] for written in exported] == [
        ["anonymous.edf", "anonymous_frames.tsv"],
        ["anonymous.bdf", "anonymous_frames.tsv"],
        ["anonymous-2.edf", "anonymous-2_frames.tsv"],
        ["anonymous-2.bdf", "anonymous-2_frames.tsv"],
    ]
    zips = [export_recording(session.root, "bids-zip", anonymize=True)[0].name for _ in range(3)]
    assert zips == ["anonymous.zip", "anonymous-2.zip", "anonymous-3.zip"]


def test_a_zip_holds_facts_of_its_own_sessions_alone(tmp_path: Path):
    """Ana's second session is not exported, but one of Bo with the same label is."""
    later = STARTED + timedelta(days=1)
    ana, _, bo = (
        write_session(tmp_path, "Ana"),
        write_session(tmp_path, "Ana", later),
        write_session(tmp_path, "Bo", later),
    )
    for participant, label in (("Ana", ana.session_label), ("Ana", bo.session_label), ("Bo", bo.session_label)):
        write_facts(tmp_path, participant, label, SessionFacts(condition="home"))
    write_bids_zip([ana, bo], tmp_path / "two.zip")
    root = unpacked(tmp_path / "two.zip", tmp_path / "two")
    assert read_facts(root, "Ana", ana.session_label) == read_facts(root, "Bo", bo.session_label)
    assert read_facts(root, "Bo", bo.session_label) == SessionFacts(condition="home")
    assert read_facts(root, "Ana", bo.session_label) is None


def test_an_anonymous_zip_names_nobody_and_replays_the_same(session: SessionFiles, out: Path):
    write_session(session.root, "Bea")
    (archive,) = export_recording(session.root, "bids-zip", anonymize=True)
    root = unpacked(archive, out / "shared")
    assert sorted(path.name for path in root.glob("sub-*")) == ["sub-01", "sub-02"]
    for path in root.rglob("*"):
        text = path.read_bytes() if path.is_file() and path.suffix != ".eeg" else b""
        assert [word for word in (*TELLING, b"Bea") if word in text or word.decode() in path.name] == []
    ours, theirs = open_recording(session.raw), open_recording(root / "sub-01")
    assert samples(ours).tobytes() == samples(theirs).tobytes()
    assert theirs.lost == ours.lost
    assert theirs.commands == ours.commands
    assert theirs.columns == ours.columns
    assert theirs.start_state == StartState(seed=5, versions={"mne": "1.13"})
    assert [event.value for event in theirs.events] == ["n/a", "n/a"]
    assert "read\t0\t100\t0.0\t0.0" in next(root.glob("derivatives/*/sub-01/*/*_timing.tsv")).read_text()


def test_the_settings_in_an_anonymous_zip_name_no_file_and_no_device_of_a_person(tmp_path: Path):
    muse = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
    _, profile = resolve(load_settings(), muse)
    settings = profile.settings.model_copy(
        update={
            "montage": "/home/ana/cap.toml",
            "index": profile.settings.index.model_copy(update={"evidence": "/home/ana/evidence.toml"}),
            "audio": AudioSettings(
                background="file", background_file="C:\\ana\\sea.mp3", device="Ana's headphones", tone_hz=210.0
            ),
            "questionnaires": QuestionnaireSettings(before=("/home/ana/mood.toml",)),
        }
    )
    profile_text = dump_profile(profile.model_copy(update={"settings": settings}))
    writer = SessionWriter(tmp_path / "recordings", SessionHeader("Ana", muse, profile_text, StartState(), (), STARTED))
    writer.process_chunk(Chunk(0, np.ones((4, 256), np.float32)))
    writer.close()
    (archive,) = export_recording(writer.files.raw, "bids-zip", tmp_path / "a.zip", anonymize=True)
    (shared,) = unpacked(archive, tmp_path / "shared").rglob("*_settings.toml")
    assert [word for word in ("home", "ana\\", "sea.mp3", "Ana's") if word in shared.read_text()] == []
    theirs = open_recording(shared).profile
    assert theirs is not None
    assert theirs.settings.audio.tone_hz == 210.0
    assert (theirs.montage, theirs.evidence) == (profile.montage, profile.evidence)


@pytest.mark.parametrize("to", [*EXPORT_TARGETS, "bids-zip"])
def test_export_reports_progress_and_leaves_nothing_when_cancelled(session: SessionFiles, out: Path, to: str):
    shares: list[float] = []
    ending = "x.fif" if to == "fif" else "x"
    export_recording(session.raw, to, out / f"whole.{ending}", progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    before = sorted(out.iterdir())

    def give_up(share: float) -> None:
        if share == 1.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_recording(session.raw, to, out / f"given-up.{ending}", progress=give_up)
    assert sorted(out.iterdir()) == before


def test_an_empty_table_of_answers_keeps_nothing_out_of_a_zip(tmp_path: Path):
    files = write_session(tmp_path / "recordings")
    (files.root / "phenotype").mkdir()
    (files.root / "phenotype" / "mood_before.tsv").touch()
    (archive,) = export_recording(files.raw, "bids-zip", tmp_path / "a.zip")
    assert list(unpacked(archive, tmp_path / "shared").rglob("*_eeg.eeg"))


def test_a_link_out_of_the_dataset_does_not_go_into_a_zip(tmp_path: Path):
    files = write_session(tmp_path / "recordings")
    (tmp_path / "secret.txt").write_text("secret")
    (files.derived / f"{files.stem}_report.html").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(RecordingError, match="is a link that leaves its dataset"):
        export_recording(files.raw, "bids-zip", tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_codes_stay_and_notes_go():
    recording = Recording(Path("a"), STREAM, 9, lambda a, b: np.zeros((3, b - a), np.float32), events=tuple(
        Event(0, EventKind.MARK, value) for value in ("2", "Stimulus/S  1", "stim/12", "Ana", "call 555-1234")
    ))  # fmt: skip
    values = [event.value for event in anonymize_recording(recording).events]
    assert values == ["2", "Stimulus/S  1", "stim/12", "n/a", "n/a"]


def test_export_command_prints_the_files_it_wrote(session: SessionFiles, out: Path):
    done = CliRunner().invoke(app, ["export", str(session.raw), "--to", "fif", "--json"])
    assert done.exit_code == 0, done.output
    assert [Path(name).exists() for name in json.loads(done.stdout)["files"]] == [True, True, True]


def test_stretch_that_ends_before_it_starts_is_empty(session: SessionFiles):
    recording = open_recording(session.raw)
    n_channels = recording.stream.n_channels
    assert [recording.read_samples(10, stop).shape for stop in (9, 10, 11)] == [(n_channels, n) for n in (0, 0, 1)]


def test_read_session_gives_raw_and_frames(session: SessionFiles):
    raw, frames = read_session(session.raw)
    assert isinstance(raw, mne.io.BaseRaw)
    assert raw.info["meas_date"] == STARTED
    np.testing.assert_allclose(raw.get_data() * 1e6, np.nan_to_num(signal()), rtol=1e-12)
    assert list(raw.annotations.description) == [
        f"start/{STREAM.device}", "phase/practice", "BAD_ACQ_SKIP", "mark/Ana coughed", "BAD_ACQ_SKIP",
    ]  # fmt: skip
    assert raw.annotations.ch_names[-1] == ("Pz",)
    assert frames is not None
    assert list(frames.columns[:3]) == ["onset", "sample", "phase"]
    assert [bool(np.isfinite(channel["loc"][:3]).all()) for channel in raw.info["chs"]] == [True, True, False]


def noise(sfreq: float, n_samples: int, scale_uv: float = 20.0) -> Recording:
    values = np.random.default_rng(1).normal(0, scale_uv, (2, n_samples)).astype(np.float32)
    return Recording(
        Path("noise"),
        StreamInfo("synthetic", sfreq, ("Fp1", "Cz")),
        n_samples,
        lambda start, stop: values[:, start:stop].copy(),
        events=(Event(10, EventKind.MARK, "ä"), Event(20, EventKind.MARK, "b", 1.5)),
    )


@pytest.mark.parametrize("n_samples", [1, 2560, 2561])
@pytest.mark.parametrize("sfreq", [256.0, 250.3, 93.27, 20_000.0])
@pytest.mark.parametrize(("write", "name", "step_uv"), [(write_edf, "a.edf", 0.003), (write_bdf, "a.bdf", 1e-4)])
def test_edflib_opens_what_is_written(write, name: str, step_uv: float, sfreq: float, n_samples: int, tmp_path: Path):
    pyedflib = pytest.importorskip("pyedflib")
    recording = noise(sfreq, n_samples)
    write(recording, tmp_path / name)
    reader = pyedflib.EdfReader(str(tmp_path / name))
    kinds = {"a.edf": pyedflib.FILETYPE_EDFPLUS, "a.bdf": pyedflib.FILETYPE_BDFPLUS}
    assert reader.filetype == kinds[name]
    assert reader.getSignalLabels() == ["Fp1", "Cz"]
    assert reader.getSampleFrequency(0) == pytest.approx(sfreq, rel=2e-6)
    written = reader.readSignal(1)[:n_samples]
    assert np.abs(written - recording.read_samples(0, n_samples)[1]).max() <= step_uv
    onsets, _, texts = reader.readAnnotations()
    marks = {text: onset for onset, text in zip(onsets, texts, strict=True)}
    assert marks["ä"] == pytest.approx(10 / sfreq, abs=2e-4)
    reader.close()


def test_steps_above_a_microvolt_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    write_edf(noise(256.0, 512, scale_uv=1e5), tmp_path / "a.edf")
    assert "EDF stores Fp1, Cz in steps of up to" in caplog.text
    caplog.clear()
    write_bdf(noise(256.0, 512, scale_uv=1e5), tmp_path / "a.bdf")
    assert not caplog.text


def test_a_bdf_that_cannot_be_written_is_not_called_edf(tmp_path: Path):
    with pytest.raises(RecordingError, match="cannot be stored as BDF"):
        write_bdf(noise(256.0, 512, scale_uv=1e12), tmp_path / "a.bdf")
