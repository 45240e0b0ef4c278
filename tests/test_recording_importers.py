"""Other programs' files: found by content, the same samples from each, one clear message for what is broken."""

import os
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.errors import RecordingError
from neurofeedback.recording.lost import count_lost
from neurofeedback.recording.reader import open_recording
from neurofeedback.recording.recording import Recording

DATA = Path(os.environ.get("NEUROFEEDBACK_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
GOLDEN = "golden_uV_256Hz_TP9_AF7_AF8_TP10.npy"

real_data = pytest.mark.real_data


def samples(recording: Recording) -> np.ndarray:
    return np.concatenate([chunk.data for chunk in recording.chunks(1000)], axis=1)


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
    ],
)
def test_every_format_gives_the_same_samples(name: str, tolerance_uv: float):
    folder = DATA / "same_signal_in_nine_formats"
    recording = open_recording(folder / name)
    golden = np.load(folder / GOLDEN)
    assert recording.stream.sfreq == 256.0
    assert recording.n_samples == golden.shape[1]
    assert np.abs(samples(recording) - golden).max() <= tolerance_uv
    if "openbci" not in name:
        assert recording.stream.ch_names == ("TP9", "AF7", "AF8", "TP10")


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
def test_a_cut_off_last_line_costs_that_line_and_is_said(caplog: pytest.LogCaptureFixture):
    path = DATA / "openbci_gui" / "original" / "OpenBCI_2016-02-13_Jordan_focus.txt"
    whole = sum(line.count(",") == 11 for line in path.read_text().splitlines())
    recording = open_recording(path)
    assert recording.n_samples - count_lost(recording.lost) == whole
    assert "the last line is cut off" in caplog.text


@real_data
def test_edf_at_500_hz_opens_lazily_with_clean_names():
    recording = open_recording(DATA / "rest_vs_arithmetic" / "Subject00_2.edf")
    assert recording.stream.sfreq == 500.0
    assert recording.stream.ch_names[:2] == ("Fp1", "Fp2")
    assert 1 < np.abs(next(recording.chunks(500)).data).max() < 500


def table(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


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
def test_a_brainflow_board_is_told_by_its_columns_and_rate(tmp_path: Path, n_columns, sfreq, time_column, montage):
    recording = open_recording(table(tmp_path / "a.csv", brainflow_rows(n_columns, sfreq, time_column)))
    assert recording.stream.sfreq == sfreq
    assert recording.stream.montage == montage
    assert samples(recording)[:4, 0].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("board", ["MUSE_2_BOARD", "muse_2", "38", "Muse2"])
def test_a_brainflow_board_can_be_named(tmp_path: Path, board: str):
    path = table(tmp_path / "a.csv", brainflow_rows(8, 256, 6))
    assert open_recording(path, board=board).stream.model == "Muse2"


def test_an_unclear_brainflow_board_lists_the_choices(tmp_path: Path):
    path = table(tmp_path / "a.csv", brainflow_rows(12, 250, 10))
    with pytest.raises(RecordingError, match=r"do not tell.*NotionOSC1.*name the board"):
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


def test_a_truncated_edf_keeps_its_whole_records_and_says_so(tmp_path: Path, caplog, capsys):
    path = edf(tmp_path / "a.edf")
    whole = samples(open_recording(path))
    path.write_bytes(path.read_bytes()[:-700])
    kept = samples(open_recording(path))
    assert whole.shape == (2, 1000)
    assert np.array_equal(kept, whole[:, :800])
    assert "a.edf" in caplog.text
    assert capsys.readouterr().out == ""


def test_a_file_that_shrinks_under_the_reader_breaks_off_with_a_message(tmp_path: Path):
    recording = open_recording(edf(tmp_path / "a.edf"))
    recording.path.write_bytes(recording.path.read_bytes()[:-700])
    with pytest.raises(RecordingError, match="from sample"):
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
    np.arange(1, 101, dtype="<f4").tofile(data)
    recording = open_recording(data)
    assert [(run.start, run.n_samples) for run in recording.lost] == [(10, 5)]
    assert np.flatnonzero(np.isnan(samples(recording)[0])).tolist() == [10, 11, 12, 13, 14]
    assert samples(recording)[0, :10].tolist() == list(range(1, 11))


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
    "openbci without rate": (b"%OpenBCI Raw EEG Data\n0, 1, 2, 3, 4, 5\n", "does not give the rate"),
    "openbci row too short": (
        "\n".join([*OPENBCI_HEADER, "0, 1, 2, 0, 0, 0", "1, 2", "2, 1, 2, 0, 0, 0", ""]).encode(),
        "is damaged",
    ),
    "binary in text": (MUSE_HEADER.encode() + b"\n0,1,2,3,4,0\n\xff\xfe\xff", "no text at byte"),
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


def test_what_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(RecordingError, match="there is no recording at"):
        open_recording(tmp_path / "nothing.edf")
    with pytest.raises(RecordingError, match="holds no session"):
        open_recording(tmp_path)
