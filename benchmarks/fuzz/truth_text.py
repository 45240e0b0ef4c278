"""Text files with known truth: muse-lsl, Mind Monitor, OpenBCI, BrainFlow, Emotiv and this program's CSV."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.fuzz.seeds import Seed
from benchmarks.fuzz.truth import STARTED, Case, Floats, Truth, clock, make_truth
from neurofeedback.formats.export.export_csv import write_csv
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

_MUSE = ("TP9", "AF7", "AF8", "TP10")
_SD_STEP_UV = 4.5e6 / 24 / (2**23 - 1)


def _cells(row: Floats, offset: float = 0.0) -> list[str]:
    return [f"{value + offset:.3f}" for value in row]


def _text(name: str, lines: list[str]) -> Seed:
    return Seed({name: ("\n".join(lines) + "\n").encode()})


def _codes(truth: Truth) -> dict[int, int]:
    return {sample: code for code, sample in enumerate(truth.marks, start=1)}


def muse_lsl(rng: random.Random) -> Case:
    """Write a CSV of muse-lsl or EEG-ExPy, at any rate and in seconds or milliseconds."""
    truth = make_truth(rng, rng.choice((128.0, 220.0, 250.0, 256.0, 256.0, 500.0)), 4, loss="holes")
    stamps, stamped = clock(rng, truth, bursts=True)
    codes, heading = _codes(truth), rng.choice(("Marker0", "stim", "Marker"))
    epoch, scale = rng.choice(((STARTED, 1.0), (0.0, 1.0), (STARTED, 1e3)))
    separator = rng.choice((",", ",", ";"))
    lines = [separator.join(("timestamps", *_MUSE, "Right AUX", heading))]
    for sample, stamp, row in zip(truth.kept.tolist(), stamps, truth.values.T, strict=True):
        cells = (f"{(epoch + stamp) * scale:.6f}", *_cells(row), "0.0", str(codes.get(sample, 0)))
        lines.append(separator.join(cell.replace(".", ",") if separator == ";" else cell for cell in cells))
    return Case("muse-lsl", _text("muse.csv", lines), truth, (stamped, separator, f"{scale:g}"))


def mind_monitor(rng: random.Random) -> Case:
    """Write a CSV of Mind Monitor: stamps in ms, holes with a disconnection, perhaps a clock set back an hour."""
    truth = make_truth(rng, 256.0, 4, loss="holes")
    stamps, stamped = clock(rng, truth, packet=12)
    fault = rng.choice(("", "", "set back"))
    lines = ["TimeStamp,Delta_TP9,RAW_TP9,RAW_AF7,RAW_AF8,RAW_TP10,AUX_RIGHT,HeadBandOn,Battery,Elements"]
    marks = set(truth.marks)
    half = truth.times[-1] / 2
    for i, (sample, stamp) in enumerate(zip(truth.kept.tolist(), stamps, strict=True)):
        shift = -3600.0 if fault and truth.times[i] > half else 0.0
        time = datetime.fromtimestamp(STARTED + shift + float(stamp), UTC)
        text = f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}"
        if i and sample - truth.kept[i - 1] > 50:
            lines += [f"{text},,,,,,,,,/Muse disconnected", f"{text},,,,,,,,,/Muse connected"]
        if sample in marks:
            lines.append(f"{text},,,,,,,,,/Marker/1")
        lines.append(",".join((text, "0.5", *_cells(truth.values[:, i], 800), "800", "1", "90", "")))
    return Case("mind monitor", _text("mind.csv", lines), truth, (stamped, fault))


def openbci(rng: random.Random) -> Case:
    """Write text of the OpenBCI GUI: Cyton or Ganglion, perhaps with a wrong rate in the header or without clock."""
    sfreq, n_channels, modulus, board = rng.choice(
        ((250.0, 8, 256, "BoardCytonSerial"), (200.0, 4, 201, "BoardGanglionNative"))
    )
    has_clock = rng.random() < 0.8
    truth = make_truth(rng, sfreq, n_channels, loss="any" if has_clock else "short")
    stamps, stamped = clock(rng, truth, packet=8)
    header_rate = rng.choice((sfreq, sfreq, sfreq, 1000.0)) if has_clock else sfreq
    codes = _codes(truth)
    names = ["Sample Index", *(f" EXG Channel {i}" for i in range(n_channels)), " Accel Channel 0"]
    tail = [" Timestamp", " Marker Channel", " Timestamp (Formatted)"] if has_clock else []
    head = ["%OpenBCI Raw EXG Data" if has_clock else "%OpenBCI Raw EEG Data", f"%Number of channels = {n_channels}"]
    head.append(f"%Sample Rate = {header_rate:g} Hz")
    lines = [*head, f"%Board = OpenBCI_GUI${board}", ",".join((*names, *tail))] if has_clock else head
    for sample, stamp, row in zip(truth.kept.tolist(), stamps, truth.values.T, strict=True):
        cells = [str(sample % modulus), *_cells(row), "0.0"]
        if has_clock:
            cells += [f"{STARTED + stamp:.6f}", str(codes.get(sample, 0)), "x"]
        else:
            cells += ["0.0", "0.0"]
        lines.append(", ".join(cells))
    return Case(
        "openbci",
        _text("obci.txt", lines),
        truth if has_clock else _without_marks(truth),
        (stamped, f"{header_rate:g}"),
    )


def _without_marks(truth: Truth) -> Truth:
    return Truth(truth.sfreq, truth.n_samples, truth.kept, truth.data)


def sd_card(rng: random.Random) -> Case:
    """Write rows of an OpenBCI SD card, which has a counter and no clock."""
    truth = _without_marks(make_truth(rng, 250.0, 8, loss="short"))
    lines = ["%STOP AT", "%00001F2E"]
    counts = np.round(truth.values / _SD_STEP_UV).astype(int)
    for sample, row in zip(truth.kept.tolist(), counts.T.tolist(), strict=True):
        lines.append(",".join((f"{sample % 256:02X}", *(f"{count & 0xFFFFFF:06X}" for count in row))))
    return Case("sd card", _text("OBCI_01.TXT", lines), truth)


def brainflow(rng: random.Random) -> Case:
    """Write a BrainFlow table of a Cyton, with tabs or commas."""
    truth = make_truth(rng, 250.0, 8)
    stamps, stamped = clock(rng, truth, packet=8)
    separator, codes = rng.choice(("\t", ",")), _codes(truth)
    lines: list[str] = []
    for sample, stamp, row in zip(truth.kept.tolist(), stamps, truth.values.T, strict=True):
        values = (sample % 256, *row, *[0.0] * 13, STARTED + stamp, codes.get(sample, 0))
        lines.append(separator.join(f"{value:.6f}" for value in values))
    return Case("brainflow", _text("brainflow.csv", lines), truth, (stamped, separator))


def emotiv(rng: random.Random) -> Case:
    """Write a CSV of EmotivPRO with counter, contact quality, motion and markers beside the electrodes."""
    sfreq = rng.choice((128.0, 256.0))
    truth = make_truth(rng, sfreq, 5)
    stamps, stamped = clock(rng, truth)
    codes, offset = _codes(truth), 4200.0
    lines = [
        "Timestamp,EEG.Counter,EEG.Interpolated,EEG.AF3,EEG.T7,EEG.Pz,EEG.T8,EEG.AF4,EEG.RawCq,EEG.Battery,"
        "MarkerIndex,CQ.AF3,MOT.AccX"
    ]
    for sample, stamp, row in zip(truth.kept.tolist(), stamps, truth.values.T, strict=True):
        cells = (f"{STARTED + stamp:.6f}", str(sample % int(sfreq)), "0", *_cells(row, offset), "0", "4")
        lines.append(",".join((*cells, str(codes.get(sample, 0)), "4", "0.98")))
    return Case("emotiv", _text("emotiv.csv", lines), truth, (stamped,))


def own_csv(rng: random.Random) -> Case:
    """Write this program's CSV export: any rate, lost samples as empty cells, marks as texts."""
    sfreq = rng.choice((128.0, 200.0, 250.0, 256.0, 256.03, 500.0))
    truth = make_truth(rng, sfreq, 4, loss="holes")
    lost = tuple(LostRun(start, length) for start, length in truth.gaps())
    values = truth.data.astype(np.float32)
    events = tuple(Event(mark, EventKind.MARK, rng.choice(("m", "a, b", "müde"))) for mark in truth.marks)
    recording = Recording(
        Path("a"),
        StreamInfo("synthetic", sfreq, _MUSE),
        truth.n_samples,
        lambda start, stop: values[:, start:stop].copy(),
        lost=lost,
        events=events,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.csv")
        write_csv(recording, path)
        content = path.read_bytes()
    if rng.random() < 0.2:  # a copy that was cut off
        content = content[: -rng.randrange(1, 12)]
    return Case("own csv", Seed({"own.csv": content}), truth)


WRITERS = (muse_lsl, mind_monitor, openbci, sd_card, brainflow, emotiv, own_csv)
