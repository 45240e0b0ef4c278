"""Generated files of every kind of table come out true, or are refused, or warned of: nothing is wrong in silence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.import_report import ChannelUse
from neurofeedback.recording.recording import Recording

START = 1.7e9
AMPLITUDE_UV = 20.0
MUSE = ("TP9", "AF7", "AF8", "TP10")


@dataclass(frozen=True)
class Truth:
    """What a generated file holds: the numbers of the samples present, their times, marks, and the stamps written."""

    sfreq: float
    at: np.ndarray
    stamps: np.ndarray
    marks: dict[int, int]
    n_channels: int = 4

    @property
    def signal(self) -> np.ndarray:
        """A sine of 10 Hz with a phase of its own on each channel, and noise."""
        phases = np.arange(self.n_channels)[:, np.newaxis]
        noise = np.random.default_rng(1).normal(0, 1, (self.n_channels, self.at.size))
        return AMPLITUDE_UV * np.sin(2 * np.pi * 10 * self.at / self.sfreq + phases) + noise

    def mark(self, row: int) -> int:
        """The code at a row, 0 without one."""
        return self.marks.get(int(self.at[row]), 0)


def cells(truth: Truth, row: int, add: float = 0.0) -> list[str]:
    return [f"{value + add:.4f}" for value in truth.signal[:, row]]


def table(truth: Truth, line: Callable[[int, list[str]], str], add: float = 0.0) -> str:
    values = [[f"{value:.4f}" for value in row] for row in (truth.signal + add).T]
    return "\n".join(line(row, values[row]) for row in range(truth.at.size)) + "\n"


def muse_lsl(truth: Truth) -> str:
    heading = "timestamps,TP9,AF7,AF8,TP10,Right AUX,Marker0\n"
    return heading + table(truth, lambda i, v: f"{truth.stamps[i]:.6f},{','.join(v)},0.0,{truth.mark(i)}")


def muse_lsl_bare_mark(truth: Truth) -> str:
    def line(i: int, values: list[str]) -> str:
        return f"{truth.stamps[i]:.6f},{','.join(values)},0.0" + (f",{truth.mark(i)}" if truth.mark(i) else "")

    return "timestamps,TP9,AF7,AF8,TP10,Right AUX\n" + table(truth, line)


def stamp_text(seconds: float) -> str:
    time = datetime.fromtimestamp(seconds, UTC)
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}"


def mind_monitor(truth: Truth) -> str:
    def line(i: int, values: list[str]) -> str:
        stamp = stamp_text(truth.stamps[i])
        marker = f"{stamp},,,,,,,/Marker/{truth.mark(i)}\n" if truth.mark(i) else ""
        return f"{marker}{stamp},0.5,{','.join(values)},90,"

    heading = "TimeStamp,Delta_TP9,RAW_TP9,RAW_AF7,RAW_AF8,RAW_TP10,Battery,Elements\n"
    return heading + table(truth, line, 800.0)


def openbci(truth: Truth, header_sfreq: float | None = None) -> str:
    head = (
        f"%OpenBCI Raw EXG Data\n%Number of channels = 4\n%Sample Rate = {header_sfreq or truth.sfreq:g} Hz\n"
        "Sample Index, EXG Channel 0, EXG Channel 1, EXG Channel 2, EXG Channel 3, Accel Channel 0, Timestamp, "
        "Marker Channel\n"
    )
    return head + table(
        truth, lambda i, v: f"{truth.at[i] % 256}, {', '.join(v)}, 0.1, {truth.stamps[i]:.6f}, {truth.mark(i)}"
    )


def openbci_wall_clock(truth: Truth) -> str:
    head = f"%OpenBCI Raw EEG Data\n%\n%Sample Rate = {truth.sfreq:g} Hz\n"
    return head + table(
        truth, lambda i, v: f"{truth.at[i] % 256}, {', '.join(v)}, 0.1, 0.2, 0.9, {stamp_text(truth.stamps[i])[11:]}"
    )


def brainflow(truth: Truth) -> str:
    return table(truth, lambda i, v: "\t".join((str(truth.at[i] % 256), *v, "0", f"{truth.stamps[i]:.6f}",
                                                str(truth.mark(i)))))  # fmt: skip


def emotiv(truth: Truth) -> str:
    head = (
        "title: x, start timestamp: 1700000000.0, headset type: INSIGHT, sampling rate:eeg_128\n"
        "Timestamp,EEG.Counter,EEG.Interpolated,EEG.AF3,EEG.T7,EEG.Pz,EEG.AF4,EEG.RawCq,EEG.Battery,MarkerIndex,"
        "MarkerType,MarkerValueInt,CQ.AF3,CQ.Overall\n"
    )

    def line(i: int, values: list[str]) -> str:
        code = truth.mark(i)
        marker = f"1,1,{code}" if code else ",,"
        return f"{truth.stamps[i]:.6f},{truth.at[i] % 129},0,{','.join(values)},0,95,{marker},4,100"

    return head + table(truth, line, 4200.0)


def named_channels(truth: Truth) -> str:
    heading = "Time (ms),Fp1 (uV),Fp2 (uV),C3 (uV),C4 (uV),ECG (mV),AccX,Trigger\n"
    return heading + table(
        truth, lambda i, v: f"{(truth.stamps[i] - START) * 1e3:.3f},{','.join(v)},0.4,0.1,{truth.mark(i)}"
    )


KINDS: dict[str, tuple[Callable[[Truth], str], tuple[float, ...]]] = {
    "muse-lsl": (muse_lsl, (256.0, 220.0, 128.0, 500.0)),
    "muse-lsl, marks without heading": (muse_lsl_bare_mark, (256.0,)),
    "mind monitor": (mind_monitor, (256.0, 220.0)),
    "openbci": (openbci, (200.0, 250.0, 500.0, 1000.0)),
    "openbci, wall clock": (openbci_wall_clock, (125.0, 250.0)),
    "brainflow": (brainflow, (256.0,)),
    "emotiv": (emotiv, (128.0, 256.0)),
    "named channels": (named_channels, (100.0, 173.61, 250.0, 512.0)),
}
WITHOUT_MARKS = {"openbci, wall clock"}


def spreadsheet(text: str) -> str:
    """What a spreadsheet of a language with decimal commas makes of a table with commas."""
    return text.replace(",", ";").replace(".", ",")


@st.composite
def truths(draw: st.DrawFn, sfreqs: tuple[float, ...]) -> tuple[Truth, dict[str, float]]:
    """Draw a recording of 12 s with a hole, losses, and a clock with one kind of fault."""
    sfreq = draw(st.sampled_from(sfreqs))
    at = np.arange(round(12 * sfreq))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    hole_s = draw(st.sampled_from([0.0, 0.3, 1.0, 4.0]))
    start = round(draw(st.floats(2, 6)) * sfreq)
    at = at[(at < start) | (at >= start + round(hole_s * sfreq))]
    loss = draw(st.sampled_from([0.0, 0.0, 0.05, 0.35]))
    at = at[(rng.random(at.size) >= loss) | (at == 0)]
    stamps = START + at / sfreq
    fault = draw(st.sampled_from(["", "", "set back", "jitter", "packets"]))
    if fault == "set back":
        stamps[at > 11 * sfreq] -= draw(st.sampled_from([3.0, 3600.0]))
    elif fault == "jitter":
        stamps += rng.normal(0, 0.1 / sfreq, at.size)
    elif fault == "packets":
        stamps = START + at // 6 * 6 / sfreq
    marks = {int(at[row]): code for code, row in enumerate(rng.choice(at.size, 4, replace=False).tolist(), start=1)}
    return Truth(sfreq, at, stamps, marks), {"loss": loss}


def read(text: str, encoding: str = "utf-8", **stated: float) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.csv"
        path.write_text(text, encoding=encoding)
        return open_recording(path, **stated)


def samples(recording: Recording) -> np.ndarray:
    return np.concatenate([chunk.data for chunk in recording.iter_chunks(10_000)], axis=1)


def assert_true_or_warned(recording: Recording, truth: Truth, kind: str) -> None:
    report = recording.import_report
    assert report is not None
    assert recording.stream.n_channels == truth.n_channels
    values, sfreq = samples(recording), recording.stream.sfreq
    spread = np.nanstd(values, axis=1)
    assert spread == pytest.approx(np.std(truth.signal, axis=1), rel=0.01)
    assert report.gaps.lost_s == pytest.approx(sum(r.n_samples for r in recording.lost if r.channels is None) / sfreq)
    duration_s = (truth.at[-1] + 1) / truth.sfreq
    present = np.flatnonzero(np.isfinite(values[0]))
    assert present.size == truth.at.size
    is_true = (
        sfreq == pytest.approx(truth.sfreq, rel=0.005)
        and recording.duration_s == pytest.approx(duration_s, abs=0.05)
        and np.max(np.abs(present / sfreq - truth.at / truth.sfreq)) <= 0.05
    )
    assert is_true or report.notices
    if kind not in WITHOUT_MARKS:
        rows = np.searchsorted(present, [event.sample for event in recording.events])
        assert [int(truth.at[row]) for row in rows] == sorted(truth.marks)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_generated_file_is_true_or_refused_or_warned_of(kind: str, data: st.DataObject) -> None:
    write, sfreqs = KINDS[kind]
    truth, _ = data.draw(truths(sfreqs))
    text = write(truth)
    if kind != "named channels" and data.draw(st.booleans()):
        text = spreadsheet(text) if "%" not in text and kind != "brainflow" else text
    try:
        recording = read(text)
    except RecordingError as error:
        refusal = error.todo
    else:
        assert_true_or_warned(recording, truth, kind)
        return
    assert "--sfreq" in refusal or "--board" in refusal


def plain(sfreq: float, duration_s: float = 8.0) -> Truth:
    at = np.arange(round(duration_s * sfreq))
    return Truth(sfreq, at, START + at / sfreq, {300: 7, 700: 8})


@pytest.mark.parametrize("kind", KINDS)
def test_undamaged_file_is_read_exactly_and_without_a_notice(kind: str) -> None:
    write, sfreqs = KINDS[kind]
    truth = plain(sfreqs[0])
    recording = read(write(truth))
    add = 4200.0 if kind == "emotiv" else 0.0
    assert recording.stream.sfreq == truth.sfreq
    assert np.abs(samples(recording) - add - truth.signal).max() < 1e-3
    assert recording.lost == ()
    assert recording.import_report.notices == ()
    assert [event.sample for event in recording.events] == ([] if kind in WITHOUT_MARKS else [300, 700])


def test_columns_that_are_no_eeg_are_listed_with_their_reason() -> None:
    report = read(emotiv(plain(128.0))).import_report
    reasons = {channel.name: channel.reason for channel in report.channels if channel.use is ChannelUse.LEFT_OUT}
    assert reasons["CQ.AF3"] == "contact quality"
    assert reasons["EEG.Battery"] == "state of the device"
    assert [channel.name for channel in report.channels if channel.use is ChannelUse.EEG] == ["AF3", "T7", "Pz", "AF4"]


@pytest.mark.parametrize(("scale", "unit"), [(1.0, "uV"), (1e-6, "V")])
def test_missing_unit_is_judged_by_size_and_reported(scale: float, unit: str) -> None:
    truth = plain(250.0)
    rows = [
        f"{t:.4f}," + ",".join(f"{v:.9f}" for v in row)
        for t, row in zip(truth.stamps, truth.signal.T * scale, strict=True)
    ]
    recording = read("\n".join(["time,C3,C4,O1,O2", *rows]) + "\n")
    assert np.nanstd(samples(recording)) == pytest.approx(np.std(truth.signal), rel=0.01)
    assert f"it is read as {unit}" in recording.import_report.notices[0]


def test_unit_without_a_size_of_eeg_is_refused_until_it_is_stated() -> None:
    truth = plain(250.0)
    rows = [
        f"{t:.4f}," + ",".join(f"{v:.3f}" for v in row)
        for t, row in zip(truth.stamps, truth.signal.T * 1e5, strict=True)
    ]
    text = "\n".join(["time,C3,C4,O1,O2", *rows]) + "\n"
    with pytest.raises(RecordingError, match="--unit"):
        read(text)
    assert np.nanstd(samples(read(text, unit="nV"))) == pytest.approx(np.std(truth.signal) * 100, rel=0.01)


@pytest.mark.parametrize("spelling", ["UV", "uVolts", "µV", "microvolts"])
def test_spellings_of_microvolts_in_a_heading(spelling: str) -> None:
    text = named_channels(plain(250.0)).replace("(uV)", f"({spelling})")
    for encoding in ("utf-8", "latin-1"):
        recording = read(text, encoding)
        assert np.nanstd(samples(recording)) == pytest.approx(14.2, rel=0.02)
        assert recording.import_report.notices == ()


def test_header_that_contradicts_clock_and_counter_is_reported() -> None:
    recording = read(openbci(plain(250.0), header_sfreq=1000.0))
    assert recording.stream.sfreq == 250
    assert "1000 Hz by its header" in recording.import_report.notices[0]


def test_row_of_empty_cells_is_one_lost_sample() -> None:
    lines = muse_lsl(plain(256.0)).splitlines()
    stamp = lines[501].split(",")[0]
    lines[501] = f"{stamp},,,,,,"
    recording = read("\n".join(lines) + "\n")
    assert [(run.start, run.n_samples) for run in recording.lost] == [(500, 1)]


def test_texts_in_a_marker_column_are_marks() -> None:
    lines = muse_lsl(plain(256.0)).splitlines()
    lines = [line.rsplit(",", 1)[0] + ("," if i != 301 else ",eyes öffnen") for i, line in enumerate(lines)]
    lines[0] = "timestamps,TP9,AF7,AF8,TP10,Right AUX,stim"
    recording = read("\n".join(lines) + "\n", "latin-1")
    assert [(event.sample, event.value) for event in recording.events] == [(300, "eyes öffnen")]


def test_rows_repeated_while_disconnected_are_lost() -> None:
    lines = mind_monitor(plain(256.0)).splitlines()
    stamp = lines[1000].split(",")[0]
    lines.insert(1000, f"{stamp},,,,,,,/muse/event/disconnected Muse-1234")
    lines.insert(1301, f"{stamp},,,,,,,/muse/event/connected Muse-1234")
    recording = read("\n".join(lines) + "\n")
    assert sum(run.n_samples for run in recording.lost) == 300
    assert "300 rows while the headset was disconnected" in recording.import_report.notices[0]
