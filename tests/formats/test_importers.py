"""Other programs' files: found by content, the same samples from each, one clear message for what is broken."""

import random
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest

from benchmarks.fuzz import seeds, truth_binary
from neurofeedback.errors import RecordingError
from neurofeedback.formats import file_checks
from neurofeedback.formats.importers import import_file
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.import_report import ChannelUse
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.types import LostRun
from tests.helpers import DATA

GOLDEN = "golden_uV_256Hz_TP9_AF7_AF8_TP10.npy"

real_data = pytest.mark.real_data


def samples(recording: Recording) -> np.ndarray:
    return np.concatenate([chunk.data for chunk in recording.iter_chunks(1000)], axis=1)


@real_data
@pytest.mark.parametrize(
    ("name", "tolerance_uv"),
    [
        ("muse-lsl.csv", 1e-3),
        ("brainflow_MUSE_2.csv", 1e-3),
        ("openbci_gui_v6_ganglion_like.txt", 1e-3),
        ("signal.edf", 0.06),
        ("signal.bdf", 0.01),
        ("signal.vhdr", 0.01),
        ("signal.eeg", 0.01),
        ("signal_raw.fif", 0.01),
        ("mindmonitor_256Hz.csv", 1e-3),
        ("signal.xdf", 2e-5),  # exact but for float32
    ],
)
def test_every_format_gives_the_same_samples_and_markers(name: str, tolerance_uv: float):
    folder = DATA / "same_signal_in_nine_formats"
    recording = open_recording(folder / name)
    golden = np.load(folder / GOLDEN)
    assert recording.stream.sfreq == 256.0
    assert recording.n_samples == golden.shape[1]
    assert np.abs(samples(recording) - golden).max() <= tolerance_uv
    if "openbci" not in name:
        assert recording.stream.ch_names == ("TP9", "AF7", "AF8", "TP10")
    events = [(event.sample, event.value) for event in recording.events]
    if "mindmonitor" in name:
        assert events == [(2561, "blink")]
        return
    marks = np.loadtxt(folder / "golden_markers.csv", delimiter=",", skiprows=1, dtype=int)
    off = 1 if name.startswith("signal.v") or name == "signal.eeg" else 0  # that file's own positions are rounded down
    assert [value.rpartition("/")[2] for _, value in events] == [str(code) for _, code in marks]
    assert np.abs([sample for sample, _ in events] - marks[:, 0]).max() <= off


@real_data
def test_xdf_with_a_restarted_clock_has_a_gap_for_its_silence():
    recording = open_recording(DATA / "formats_mne_xdf" / "xdf" / "clock_resets.xdf")
    longest = max(recording.lost, key=lambda run: run.n_samples)
    assert recording.stream.sfreq == pytest.approx(93.3, rel=0.005)  # by the time stamps; the header says 100
    assert recording.n_samples - count_lost_samples(recording.lost) == 27815
    assert len(recording.events) == 175
    assert longest.n_samples / recording.stream.sfreq == pytest.approx(273.5, abs=0.1)


@real_data
@pytest.mark.parametrize(("name", "n_channels"), [("test.edf", 138), ("test.bdf", 69), ("test.vhdr", 26),
                         ("testv2.vhdr", 31), ("test_bin_raw.fif", 32)])  # fmt: skip
def test_the_reference_files_of_mne_open(name: str, n_channels: int):
    recording = open_recording(DATA / "formats_mne_xdf" / "mne" / name)
    assert recording.stream.n_channels == n_channels
    assert np.isfinite(samples(recording)).any()


@real_data
def test_streams_without_eeg_are_listed():
    with pytest.raises(RecordingError, match=r"holds no EEG.*ctrl \(control\)"):
        open_recording(DATA / "formats_mne_xdf" / "xdf" / "empty_streams.xdf")


@real_data
def test_three_generations_of_the_openbci_gui_decode_identically():
    names = ["OpenBCI-sampleData-1", "OpenBCI_GUI-v5", "OpenBCI_GUI-v6"]
    files = [next((DATA / "openbci_gui" / "original").glob(f"{name}*")) for name in names]
    first, *others = [open_recording(file) for file in files]
    assert first.stream.sfreq == 250.0
    assert first.stream.placed_freely
    assert first.stream.montage == "cyton"
    for other in others:
        assert np.array_equal(samples(first), samples(other))


@real_data
def test_truncated_last_line_is_dropped_and_reported(caplog: pytest.LogCaptureFixture):
    path = DATA / "openbci_gui" / "original" / "OpenBCI_2016-02-13_Jordan_focus.txt"
    whole = sum(line.count(",") == 11 for line in path.read_text().splitlines())
    recording = open_recording(path)
    assert recording.n_samples - count_lost_samples(recording.lost) == whole
    assert "The last line is cut off" in caplog.text


@real_data
def test_edf_at_500_hz_opens_lazily_with_clean_names():
    recording = open_recording(DATA / "rest_vs_arithmetic" / "Subject00_2.edf")
    assert recording.stream.sfreq == 500.0
    assert recording.stream.ch_names[:2] == ("Fp1", "Fp2")
    assert 1 < np.abs(next(recording.iter_chunks(500)).data).max() < 500


def table(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, seeds.Seed]:
    return seeds.seeds(tmp_path_factory.mktemp("seeds"))


FORMATS = {
    "edf": "EDF", "bdf": "BDF", "fif": "FIF", "own csv": "CSV of this program", "brainvision": "BrainVision",
    "eeglab": "EEGLAB", "xdf": "XDF", "muse-lsl": "muse-lsl CSV", "mind monitor": "Mind Monitor CSV",
    "openbci": "OpenBCI GUI text", "openbci old": "OpenBCI GUI text", "sd card": "OpenBCI SD card",
    "sd converted": "OpenBCI SD card, converted", "brainflow": "BrainFlow CSV",
}  # fmt: skip
WITHOUT_MARKS = {"openbci old", "sd card", "sd converted"}


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_gives_what_was_put_into_it(known, kind: str, tmp_path: Path):
    recording = open_recording(known[kind].write(tmp_path))
    resolution = {"edf": 0.002, "sd card": 0.012}.get(kind, 1e-5)
    assert recording.stream.facts["format"] == FORMATS[kind]
    assert recording.lost == ()
    assert np.abs(samples(recording)[:4] - seeds.SIGNAL).max() <= resolution
    events = [(event.sample, event.value.split()[-1]) for event in recording.events]
    assert events == {"mind monitor": [(100, "blink")]}.get(
        kind, [] if kind in WITHOUT_MARKS else [(31, "2"), (177, "1")]
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", ["muse-lsl", "mind monitor", "openbci"])
def test_a_text_with_a_byte_order_mark_is_read(known, kind: str, encoding: str, tmp_path: Path):
    ((name, content),) = known[kind].files.items()
    (tmp_path / name).write_text(content.decode(), encoding=encoding)
    assert open_recording(tmp_path / name).n_samples == seeds.N_SAMPLES


def test_counters_place_what_was_lost(known, tmp_path: Path):
    ((name, content),) = known["openbci"].files.items()
    lines = content.decode().splitlines(keepends=True)
    (tmp_path / name).write_text("".join(lines[:105] + lines[125:]))
    recording = open_recording(tmp_path / name)
    assert recording.n_samples == seeds.N_SAMPLES
    assert recording.lost == (LostRun(100, 20),)
    assert [event.sample for event in recording.events] == [31, 177]


def test_mind_monitor_at_one_row_a_second_is_refused_with_the_reason(known, tmp_path: Path):
    ((name, content),) = known["mind monitor"].files.items()
    heading, *rows = [line for line in content.decode().splitlines() if "elements" not in line]
    slow = [f"2017-09-13 15:30:{i:02d}.000{rows[i][23:]}" for i in range(30)]
    with pytest.raises(RecordingError, match=r"holds no signal: got 1 rows per second.*constant"):
        open_recording(table(tmp_path / name, [heading, *slow]))


def test_a_bids_folder_of_another_program_is_read_with_its_events(tmp_path: Path, known):
    folder = tmp_path / "sub-7" / "eeg"
    folder.mkdir(parents=True)
    (folder / "sub-7_task-rest_eeg.edf").write_bytes(known["edf"].files["signal.edf"])
    (folder / "sub-7_task-rest_events.tsv").write_text("onset\tduration\ttrial_type\n0.5\t0.25\tblink\n")
    (folder / "sub-7_task-rest_channels.tsv").write_text(
        "name\ttype\tunits\n" + "".join(f"{name}\tEEG\tuV\n" for name in seeds.NAMES)
    )
    recording = open_recording(tmp_path)
    assert np.abs(samples(recording) - seeds.SIGNAL).max() < 0.002
    assert [(e.sample, e.value, e.duration_s) for e in recording.events if e.value == "blink"] == [(128, "blink", 0.25)]


def test_gaps_of_a_bids_named_edf_are_placed_and_its_tables_are_used(tmp_path: Path):
    case = truth_binary.edf(random.Random(11))  # BDF+D with a gap
    ((start, length),) = case.truth.gaps()
    folder = tmp_path / "sub-7" / "eeg"
    folder.mkdir(parents=True)
    (folder / "sub-7_task-rest_eeg.bdf").write_bytes(next(iter(case.seed.files.values())))
    (folder / "sub-7_task-rest_events.tsv").write_text(
        f"onset\tduration\ttrial_type\tvalue\n{(start + length) / case.truth.sfreq}\tn/a\tn/a\t7\n"
    )
    (folder / "sub-7_task-rest_channels.tsv").write_text("name\ttype\tunits\nEEG C4\tEOG\tuV\n")
    (tmp_path / "sub-7" / "sub-7_scans.tsv").write_text(
        "filename\tacq_time\neeg/sub-7_task-rest_eeg.bdf\t2024-05-06T07:08:09\n"
    )
    recording = open_recording(tmp_path)

    assert [(run.start, run.n_samples) for run in recording.lost] == [(start, length)]
    assert recording.stream.ch_names == ("Fp1", "Fp2", "C3")
    assert [(event.sample, event.value) for event in recording.events] == [(start + length, "7")]
    assert recording.started == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        ("own csv", {"time_s": "clock", "marks": "marks"}),
        ("sd card", {"column 1": "counter"}),
        ("xdf", {"Marks": "marks"}),
        ("mind monitor", {"TimeStamp": "clock", "Elements": "marks"}),
    ],
)
def test_every_column_and_stream_is_listed_with_its_use(tmp_path: Path, known, kind: str, others: dict[str, str]):
    report = open_recording(known[kind].write(tmp_path)).import_report
    assert report is not None
    uses = {channel.name: channel.use.value for channel in report.channels}
    assert {name: uses.get(name) for name in others} == others
    assert all(channel.reason for channel in report.channels if channel.use is ChannelUse.LEFT_OUT)


def test_accelerations_of_an_sd_card_are_listed_as_left_out(tmp_path: Path):
    rows = [
        f"{i % 256:02X}," + ",".join(["000100"] * 8) + (",0010,0020,0030" if i % 10 == 0 else "") for i in range(300)
    ]
    path = tmp_path / "OBCI_01.TXT"
    path.write_text("\n".join(rows) + "\n")
    report = open_recording(path).import_report
    assert report is not None
    assert [(one.name, one.reason) for one in report.channels if one.use is ChannelUse.LEFT_OUT] == [
        (f"column {number}", "motion sensor") for number in (10, 11, 12)
    ]


def test_a_folder_with_several_recordings_asks_for_one(tmp_path: Path, known):
    folder = tmp_path / "sub-7" / "eeg"
    folder.mkdir(parents=True)
    for task in ("rest", "count"):
        (folder / f"sub-7_task-{task}_eeg.edf").write_bytes(known["edf"].files["signal.edf"])
    with pytest.raises(RecordingError, match="holds 2 recordings"):
        open_recording(tmp_path)


def test_a_link_out_of_a_dataset_is_refused(tmp_path: Path, known):
    outside = known["edf"].write(tmp_path)
    folder = tmp_path / "dataset" / "sub-7" / "eeg"
    folder.mkdir(parents=True)
    (folder / "sub-7_task-rest_eeg.edf").symlink_to(outside)
    with pytest.raises(RecordingError, match="is a link that leaves its dataset"):
        open_recording(tmp_path / "dataset")


def test_a_dataset_of_links_to_its_own_store_is_read(tmp_path: Path, known):
    store, folder = tmp_path / ".git" / "annex", tmp_path / "sub-7" / "eeg"
    folder.mkdir(parents=True)
    for name, content in known["brainvision"].files.items():
        place = store / name / "key"
        place.mkdir(parents=True)
        (place / name).write_bytes(content.replace(b"signal_eeg", b"sub-7_task-rest_eeg"))
        (folder / f"sub-7_task-rest_eeg{Path(name).suffix}").symlink_to(place / name)
    (tmp_path / "dataset_description.json").write_text('{"Name": "a", "BIDSVersion": "1.10.1"}')
    assert open_recording(tmp_path).n_samples == seeds.N_SAMPLES


@pytest.mark.parametrize("target", ["../secret.eeg", "/etc/passwd", "..\\secret.eeg"])
@pytest.mark.parametrize("entry", ["DataFile", "MarkerFile"])
def test_a_header_that_points_elsewhere_is_refused(tmp_path: Path, known, target: str, entry: str):
    path = known["brainvision"].write(tmp_path)
    (tmp_path / "secret.eeg").write_bytes(bytes(4000))
    left = [line for line in path.read_text().splitlines() if not line.startswith(entry)]
    path.write_text("\n".join(left).replace("[Common Infos]", f"[Common Infos]\n{entry}={target}"))
    with pytest.raises(RecordingError, match=f"the {entry} of .* is not in the same folder"):
        open_recording(path)


@pytest.mark.parametrize(("content", "what"), [
    (b"PK\x03\x04" + bytes(100), "a zip archive"),
    (b"\x1f\x8b\x08" + bytes(100), "a gzip archive"),
    (b"\x89HDF\r\n\x1a\n" + bytes(100), "MATLAB 7.3"),
])  # fmt: skip
def test_what_is_packed_is_not_unpacked(tmp_path: Path, content: bytes, what: str):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(RecordingError, match=what):
        open_recording(tmp_path / "a.zip")


def test_a_set_that_unpacks_without_end_is_refused(tmp_path: Path, known, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_checks, "_MAX_UNPACKED_BYTES", 10_000_000)
    bomb = zlib.compress(bytes(20_000_000))
    head = known["eeglab"].files["signal.set"][:128]
    (tmp_path / "bomb.set").write_bytes(head + struct.pack("<II", 15, len(bomb)) + bomb)
    with pytest.raises(RecordingError, match="decompresses to more data than any recording has"):
        open_recording(tmp_path / "bomb.set")


def test_a_rate_that_is_no_number_is_refused(tmp_path: Path, known):
    content = bytearray(known["fif"].files["signal_raw.fif"])
    tag = content.index(struct.pack(">iIi", 201, 4, 4))  # FIFF_SFREQ, a float of 4 bytes
    content[tag + 16 : tag + 20] = struct.pack(">f", float("nan"))
    (tmp_path / "a_raw.fif").write_bytes(content)
    with pytest.raises(RecordingError, match=r"a_raw\.fif.*(nan Hz|cannot be read as FIF)"):
        open_recording(tmp_path / "a_raw.fif")


def test_tags_in_a_circle_are_refused(tmp_path: Path, known):
    content = bytearray(known["fif"].files["signal_raw.fif"])
    content[12:16] = struct.pack(">i", 0)
    content[48:52] = struct.pack(">i", 36)  # the second tag leads to itself
    (tmp_path / "a_raw.fif").write_bytes(content)
    with pytest.raises(RecordingError, match="a tag at byte 36 that leads back to 36"):
        open_recording(tmp_path / "a_raw.fif")


@pytest.mark.parametrize(("kind", "old", "new", "message"), [
    ("openbci old", "256.0 Hz", "0.5 Hz", "the sampling rate of .* is not possible: got 0.5 Hz"),
    ("openbci old", "256.0 Hz", "9e9 Hz", "the sampling rate of .* is not possible: got 9 Hz"),
    ("openbci", "channels = 4", "channels = 9999", "does not give the channels"),
    ("own csv", "time_s,TP9 (uV),AF7 (uV)", "time_s,TP9 (uV),TP9 (uV)", "TP9 more than once"),
])  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, known, kind: str, old: str, new: str, message: str):
    ((name, content),) = known[kind].files.items()
    assert old.encode() in content
    (tmp_path / name).write_bytes(content.replace(old.encode(), new.encode()))
    with pytest.raises(RecordingError, match=message):
        open_recording(tmp_path / name)


def test_mixed_units_are_brought_to_microvolts(tmp_path: Path, known):
    first, _, rest = known["xdf"].files["signal.xdf"].partition(b"<unit>microvolts</unit>")
    (tmp_path / "a.xdf").write_bytes(first + b"<unit>millivolts</unit>" + rest)
    scaled = samples(open_recording(tmp_path / "a.xdf"))
    assert np.allclose(scaled[0], seeds.SIGNAL[0] * 1000)
    assert np.allclose(scaled[1:], seeds.SIGNAL[1:])


def test_time_that_goes_backwards_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    rows = [*MUSE_ROWS[:100], *MUSE_ROWS[50:]]
    assert open_recording(table(tmp_path / "a.csv", [MUSE_HEADER, *rows])).n_samples == 562
    assert "The clock was set back (1 x), first by 0.191407 s at row 101" in caplog.text


def test_a_hundred_thousand_marks_between_rows_are_read(tmp_path: Path, known):
    ((name, content),) = known["mind monitor"].files.items()
    heading, first, *rows = content.decode().splitlines(keepends=True)
    markers = f"{first.split(',')[0]},,,,,,,/Marker/1\n" * 100_000
    (tmp_path / name).write_text("".join((heading, first, markers, *rows)))
    recording = open_recording(tmp_path / name)
    assert recording.n_samples == seeds.N_SAMPLES
    assert len(recording.events) == 100_001


@pytest.mark.slow
def test_a_hundred_thousand_annotations_are_read(tmp_path: Path, known):
    path = known["brainvision"].write(tmp_path)
    markers = path.with_suffix(".vmrk")
    lines = (f"Mk{i}=Stimulus,S  1,{i % seeds.N_SAMPLES + 1},1,0\n" for i in range(4, 100_002))
    markers.write_text(markers.read_text() + "".join(lines))
    assert len(open_recording(path).events) == 100_000


@pytest.mark.parametrize(
    ("onset", "sample"),
    [(b"+1.5", 384), (b"+1.001953125", 256), (b"+1.005859375", 258), (b"+" + b"9" * 400, None), (b"-2", None)],
)
def test_annotation_is_at_the_nearest_sample_and_outside_left_out(
    tmp_path: Path, onset: bytes, sample: int | None
) -> None:
    """Half a sample is rounded to the even one, as Python does."""
    signals = [
        edfio.EdfSignal(np.random.default_rng(1).normal(0, 20, 1024), 256, label="EEG Cz", physical_dimension="uV")
    ]
    annotations = [edfio.EdfAnnotation(1, None, "x" * 500)]
    edfio.Edf(signals, annotations=annotations).write(tmp_path / "a.edf")
    data = (tmp_path / "a.edf").read_bytes()
    written, wanted = b"+1\x14" + b"x" * 500, onset + b"\x14mark\x14\x00"
    assert written in data
    (tmp_path / "a.edf").write_bytes(data.replace(written, wanted.ljust(len(written), b"\x00"), 1))
    recording = import_file(tmp_path / "a.edf")
    assert [event.sample for event in recording.events] == ([] if sample is None else [sample])
    assert recording.import_report is not None
    assert recording.import_report.marks.n_outside == (sample is None)


MUSE_ROWS = [f"{i / 256:.6f},{i},{i + 1},{i + 2},{i + 3},0" for i in range(512)]
MUSE_HEADER = "timestamps,TP9,AF7,AF8,TP10,Right AUX"
OPENBCI_HEADER = ["%OpenBCI Raw EEG Data", "%Number of channels = 2", "%Sample Rate = 200 Hz"]


def test_the_format_is_found_by_content(tmp_path: Path):
    recording = open_recording(table(tmp_path / "photo.jpg", [MUSE_HEADER, *MUSE_ROWS]))
    assert recording.stream.montage == "muse"
    assert np.array_equal(samples(recording)[:, 5], [5, 6, 7, 8])


def test_nan_in_a_table_is_lost(tmp_path: Path):
    rows = [*MUSE_ROWS[:3], "0.1,nan,1,2,3,0", *MUSE_ROWS[4:]]
    recording = open_recording(table(tmp_path / "a.csv", [MUSE_HEADER, *rows]))
    (run,) = recording.lost
    assert (run.start, run.n_samples, run.channels) == (3, 1, (0,))


def brainflow_rows(n_columns: int, sfreq: float, time_column: int) -> list[str]:
    rows = np.zeros((300, n_columns))
    rows[:, 1:5] = np.arange(4) + 1
    rows[:, time_column] = 1.7e9 + np.arange(300) / sfreq
    return ["\t".join(f"{value:.6f}" for value in row) for row in rows]


@pytest.mark.parametrize(
    ("n_columns", "sfreq", "time_column", "montage"),
    [(24, 250, 22, "cyton"), (8, 256, 6, "muse"), (15, 200, 13, "ganglion")],
)
def test_brainflow_board_is_recognized_by_its_columns_and_rate(tmp_path: Path, n_columns, sfreq, time_column, montage):
    recording = open_recording(table(tmp_path / "a.csv", brainflow_rows(n_columns, sfreq, time_column)))
    assert recording.stream.sfreq == sfreq
    assert recording.stream.montage == montage
    assert samples(recording)[:4, 0].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("board", ["MUSE_2_BOARD", "muse_2", "38", "Muse2"])
def test_a_brainflow_board_can_be_named(tmp_path: Path, board: str):
    path = table(tmp_path / "a.csv", brainflow_rows(8, 256, 6))
    assert open_recording(path, board=board).stream.model == "Muse2"


def athena_file(folder: Path, values: np.ndarray) -> Path:
    """A BrainFlow file of an Athena with these values in all four channels."""
    rows = np.zeros((values.size, 11))
    rows[:, 0] = np.arange(values.size) // 4
    rows[:, 1:5] = values[:, None]
    rows[:, 9] = 1.7e9 + np.arange(values.size) / 256
    return table(folder / "a.csv", ["\t".join(f"{value:.6f}" for value in row) for row in rows])


def test_athena_file_of_an_older_brainflow_needs_its_version(tmp_path: Path):
    counts = np.round(8192 + 20 * np.sin(np.arange(512)) * 16383 / 1450)
    old = athena_file(tmp_path, counts * 0.40293040293040294)
    with pytest.raises(RecordingError, match=r"4\.55 times too large.*--board MuseAthena:5\.22\.2"):
        open_recording(old)
    recording = open_recording(old, board="MuseAthena:5.22.2")
    np.testing.assert_allclose(samples(recording)[0], (counts - 8192) * 1450 / 16383, atol=1e-3)
    assert recording.import_report is not None
    assert "5.22.2 gave an Athena's samples 4.55 times too large" in " ".join(recording.import_report.notices)
    assert samples(open_recording(old, board="muse-s-athena:5.23.0"))[0].max() > 3000
    with pytest.raises(RecordingError, match="no version of BrainFlow"):
        open_recording(old, board="MuseAthena:new")


def test_athena_file_of_todays_brainflow_needs_no_version(tmp_path: Path):
    values = 20 * np.sin(np.arange(512))
    np.testing.assert_allclose(samples(open_recording(athena_file(tmp_path, values)))[0], values, atol=1e-4)


def test_a_board_named_for_another_format_is_refused(tmp_path: Path, known):
    path = known["fif"].write(tmp_path)
    with pytest.raises(RecordingError, match=r"not a BrainFlow file.*leave out --board"):
        open_recording(path, board="Muse2")


def test_truncated_last_line_of_an_own_csv_is_reported(tmp_path: Path, known, caplog: pytest.LogCaptureFixture):
    path = known["own csv"].write(tmp_path)
    whole = open_recording(path).n_samples
    path.write_bytes(path.read_bytes()[:-4])
    assert open_recording(path).n_samples == whole - 1
    assert "The last line is cut off" in caplog.text


def test_an_unclear_brainflow_board_lists_the_choices(tmp_path: Path):
    path = table(tmp_path / "a.csv", brainflow_rows(12, 250, 10))
    with pytest.raises(RecordingError, match=r"do not show.*NotionOSC1.*name the board"):
        open_recording(path)
    with pytest.raises(RecordingError, match="no such EEG board"):
        open_recording(path, board="toaster")
    with pytest.raises(RecordingError, match="12 columns; allowed: 8"):
        open_recording(path, board="MUSE_2_BOARD")


def edf(path: Path) -> Path:
    """Ten records of 1 s, two channels at 100 Hz: 400 bytes a record."""
    labels = ["EEG Fz", "EEG Pz"]
    fields = [(labels, 16), (["cup"] * 2, 80), (["uV"] * 2, 8), (["-100"] * 2, 8), (["100"] * 2, 8)]
    fields += [(["-32768"] * 2, 8), (["32767"] * 2, 8), ([""] * 2, 80), (["100"] * 2, 8), ([""] * 2, 32)]
    first = [("0", 8), ("X", 80), ("X", 80), ("22.11.26", 8), ("09.15.00", 8), ("768", 8), ("", 44), ("10", 8)]
    first += [("1", 8), ("2", 4)]
    head = "".join(text.ljust(width) for text, width in first)
    head += "".join(text.ljust(width) for texts, width in fields for text in texts)
    path.write_bytes(head.encode() + np.random.default_rng(1).integers(-9000, 9000, 2000).astype("<i2").tobytes())
    return path


def test_truncated_edf_gives_its_whole_records_and_a_notice(tmp_path: Path, caplog, capsys):
    path = edf(tmp_path / "a.edf")
    whole = samples(open_recording(path))
    path.write_bytes(path.read_bytes()[:-700])
    left = samples(open_recording(path))
    assert whole.shape == (2, 1000)
    assert np.array_equal(left, whole[:, :800])
    assert "a.edf" in caplog.text
    assert capsys.readouterr().out == ""


def test_a_file_that_shrinks_under_the_reader_breaks_off_with_a_message(tmp_path: Path):
    recording = import_file(edf(tmp_path / "a.edf"))
    recording.path.write_bytes(recording.path.read_bytes()[:-700])
    with pytest.raises(RecordingError, match="became shorter"):
        samples(recording)


def test_a_gap_in_a_foreign_brainvision_file_is_lost(tmp_path: Path):
    names = ("a.vhdr", "a.vmrk", "a.eeg")
    header, markers, data = (tmp_path / name for name in names)
    header.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=a.eeg\nMarkerFile=a.vmrk\n"
        "DataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=1\nSamplingInterval=4000\n"
        "[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\nCh1=Cz,,1,µV\n"
    )
    markers.write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nDataFile=a.eeg\n[Marker Infos]\n"
        "Mk1=New Segment,,1,1,0,20261122091500000000\nMk2=BAD_ACQ_SKIP,,11,5,0\n"
    )
    values = np.round(20 * np.sin(np.arange(100, dtype="<f4")), 2)
    values.tofile(data)
    recording = open_recording(data)
    assert [(run.start, run.n_samples) for run in recording.lost] == [(10, 5)]
    assert np.flatnonzero(np.isnan(samples(recording)[0])).tolist() == [10, 11, 12, 13, 14]
    assert np.abs(samples(recording)[0, :10] - values[:10]).max() < 1e-5


BROKEN = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n  \n", "is empty"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not a recording this program can read"),
    "prose": (b"Dear diary, today I sat.\n", "is not a recording this program can read"),
    "edf header cut": (b"0       X X X X" + b" " * 100, "cannot be read as EDF"),
    "bdf header cut": (b"\xffBIOSEMI" + b" " * 300, "cannot be read as BDF"),
    "fif header cut": (b"\x00\x00\x00\x64\x00\x00\x00\x1f" + bytes(20), "cannot be read as FIF"),
    "vhdr cut": (b"Brain Vision Data Exchange Header File Version 1.0\n[Common", "cannot be read as BrainVision"),
    "muse-lsl header alone": (MUSE_HEADER.encode() + b"\n", "holds no samples"),
    "muse-lsl lacks a channel": (b"timestamps,TP9,AF7\n0,1,2\n", "lacks channels of a Muse"),
    "muse-lsl word in a cell": ("\n".join([MUSE_HEADER, *MUSE_ROWS[:4], "0,1,x,3,4,0"]).encode(), "is damaged.*'x'"),
    "openbci header alone": ("\n".join(OPENBCI_HEADER).encode(), "holds no samples"),
    "openbci without rate": (b"%OpenBCI Raw EEG Data\n0, 1, 2, 3, 4, 5\n", "nothing in .* gives its sampling rate"),
    "openbci row too short": (
        "\n".join([*OPENBCI_HEADER, "0, 1, 2, 0, 0, 0", "1, 2", "2, 1, 2, 0, 0, 0", ""]).encode(),
        "is damaged",
    ),
    "binary in text": (MUSE_HEADER.encode() + b"\n0,1,2,3,4,0\n\xff\xfe\xff", "invalid text at byte"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_get_one_clear_message(tmp_path: Path, case: str):
    content, message = BROKEN[case]
    suffix = {"edf header cut": ".edf", "bdf header cut": ".bdf", "fif header cut": "_raw.fif", "vhdr cut": ".vhdr"}
    path = tmp_path / f"recording{suffix.get(case, '.dat')}"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=message) as caught:
        open_recording(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)


def test_missing_parts_are_reported(tmp_path: Path):
    with pytest.raises(RecordingError, match="there is no recording at"):
        open_recording(tmp_path / "nothing.edf")
    with pytest.raises(RecordingError, match="holds no session"):
        open_recording(tmp_path)


@pytest.mark.parametrize(
    ("n_channels", "sfreq", "counts", "montage"),
    [(16, 125, lambda i: i * 2 % 256, "cyton-daisy"), (4, 200, lambda i: i // 2 % 101, "ganglion")],
)
def test_daisy_and_ganglion_text_is_placed_by_their_own_counters(tmp_path: Path, n_channels, sfreq, counts, montage):
    rows = [f"{counts(i)}, {', '.join(str(i + c) for c in range(n_channels))}, 0, 0, 0" for i in range(600)]
    head = ["%OpenBCI Raw EXG Data", f"%Number of channels = {n_channels}", f"%Sample Rate = {sfreq} Hz"]
    recording = open_recording(table(tmp_path / "a.txt", [*head, *rows[:300], *rows[310:]]))
    assert (recording.stream.sfreq, recording.stream.montage) == (sfreq, montage)
    assert recording.lost == (LostRun(300, 10),)
    assert samples(recording)[:, 310].tolist() == list(range(310, 310 + n_channels))


def test_largest_of_several_eeg_streams_is_read_and_named(tmp_path: Path, known, caplog: pytest.LogCaptureFixture):
    content = known["xdf"].files["signal.xdf"]
    small = b"XDF:" + b"".join(
        (
            seeds._chunk(2, struct.pack("<I", 9) + seeds._info("Small", "EEG", 2, "double64")),
            seeds._chunk(3, struct.pack("<I B I B d 2d", 9, 4, 1, 8, seeds.STARTED, 1.0, 2.0)),
        )
    )
    (tmp_path / "a.xdf").write_bytes(content + small[4:])
    assert open_recording(tmp_path / "a.xdf").n_samples == seeds.N_SAMPLES
    assert "holds 2 EEG streams (Muse, Small); Muse, the largest, is read" in caplog.text


def test_a_lost_row_too_many_is_refused(tmp_path: Path):
    rows = [f"{i % 256}, 1, 2, 3, 4, 0, {1.7e9 + i / 256 + (1e8 if i > 99 else 0)}" for i in range(400)]
    head = ["%OpenBCI Raw EXG Data", "%Number of channels = 4", "%Sample Rate = 256 Hz"]
    with pytest.raises(RecordingError, match=r"the counter or clock of .* is wrong"):
        open_recording(table(tmp_path / "a.txt", [*head, *rows]))


def test_codes_of_trigger_channels_are_marks_where_there_are_no_annotations(tmp_path: Path):
    codes = np.zeros(seeds.N_SAMPLES)
    codes[[50, 51, 300]] = 4, 4, 7
    info = mne.create_info([*seeds.NAMES, "STI"], seeds.SFREQ, ["eeg"] * 4 + ["stim"])
    mne.io.RawArray(np.vstack([seeds.SIGNAL * 1e-6, codes]), info, verbose="error").save(tmp_path / "a_raw.fif")
    recording = open_recording(tmp_path / "a_raw.fif")
    assert recording.stream.ch_names == seeds.NAMES
    assert [(event.sample, event.value) for event in recording.events] == [(50, "4"), (300, "7")]


def test_a_fif_that_ends_inside_its_samples_is_refused(tmp_path: Path, known):
    path = known["fif"].write(tmp_path)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(RecordingError, match="is cut off"):
        open_recording(path)


def test_a_fif_cut_out_of_a_longer_one_keeps_its_marks_in_place(tmp_path: Path):
    info = mne.create_info(list(seeds.NAMES), seeds.SFREQ, "eeg")
    raw = mne.io.RawArray(seeds.SIGNAL * 1e-6, info, verbose="error")
    raw.set_meas_date(seeds.STARTED)
    raw.set_annotations(mne.Annotations([1.5], [0.25], ["blink"], orig_time=raw.info["meas_date"]))
    raw.crop(1.0, None).save(tmp_path / "a_raw.fif", verbose="error")
    (event,) = open_recording(tmp_path / "a_raw.fif").events
    assert (event.sample, event.value, event.duration_s) == (128, "blink", 0.25)


@pytest.mark.parametrize(("kind", "old", "new", "message"), [
    ("sd card", "\n01,", "\n0G,", "in line 4"),
    ("mind monitor", "2017-09-13 15:30:00.046", "yesterday", "'yesterday' as the time of sample row"),
    ("own csv", ",marks", ",notes", "allowed: time_s, channels, marks"),
])  # fmt: skip
def test_a_damaged_cell_is_named(tmp_path: Path, known, kind: str, old: str, new: str, message: str):
    ((name, content),) = known[kind].files.items()
    assert old.encode() in content
    (tmp_path / name).write_bytes(content.replace(old.encode(), new.encode(), 1))
    with pytest.raises(RecordingError, match=message):
        open_recording(tmp_path / name)
