"""A small valid recording in each format: the same 4 channels at 256 Hz, with two marks where the format has marks."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from neurofeedback.formats.export.export_csv import write_csv
from neurofeedback.formats.export.export_edf import write_bdf, write_edf
from neurofeedback.formats.export.export_fif import write_fif
from neurofeedback.recording.brainvision.headers import format_header
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, StreamInfo

NAMES = ("TP9", "AF7", "AF8", "TP10")
SFREQ = 256.0
N_SAMPLES = 512
STARTED = 1505316600.0
MARKS = {31: 2, 177: 1}
SIGNAL = np.round(np.random.default_rng(7).normal(0, 20, (4, N_SAMPLES)), 3)


@dataclass(frozen=True, slots=True)
class Seed:
    """A valid recording: its files by name, the first of them the one to open."""

    files: Mapping[str, bytes]

    def write(self, folder: Path) -> Path:
        """Write the files and return the one to open."""
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / next(iter(self.files))


def recording() -> Recording:
    """Return the recording all seeds hold."""
    values = SIGNAL.astype(np.float32)
    return Recording(
        Path("signal"),
        StreamInfo("synthetic", SFREQ, NAMES),
        N_SAMPLES,
        lambda start, stop: values[:, start:stop].copy(),
        events=tuple(Event(sample, EventKind.MARK, str(code)) for sample, code in MARKS.items()),
        started=datetime.fromtimestamp(STARTED, UTC),
    )


def seeds(folder: Path) -> dict[str, Seed]:
    """Make all seeds; ``folder`` is for those a library writes to disk."""
    written: dict[str, tuple[str, Callable[[Recording, Path], None]]] = {
        "edf": ("signal.edf", write_edf),
        "bdf": ("signal.bdf", write_bdf),
        "fif": ("signal_raw.fif", write_fif),
        "own csv": ("signal.csv", write_csv),
    }
    for name, write in written.values():
        write(recording(), folder / name)
    return {
        **{kind: Seed({name: (folder / name).read_bytes()}) for kind, (name, _) in written.items()},
        "brainvision": _brainvision(),
        "eeglab": _eeglab(),
        "xdf": Seed({"signal.xdf": _xdf()}),
        "muse-lsl": _text("muse-lsl.csv", "timestamps,TP9,AF7,AF8,TP10,Right AUX,Marker0", _muse_lsl),
        "mind monitor": _text("mind.csv", _MIND, _mind_monitor),
        "openbci": _text("openbci.txt", _OPENBCI, _openbci),
        "openbci old": _text("openbci-old.txt", _OPENBCI_OLD, _openbci_old),
        "sd card": _text("OBCI_01.TXT", "%STOP AT\n%00001F2E", _card),
        "sd converted": _text("SDconverted.txt", "%OBCI Data Log - 2014-10-22_16-27-06", _converted),
        "brainflow": Seed({"brainflow.csv": "".join(f"{_brainflow(i)}\n" for i in range(N_SAMPLES)).encode()}),
    }


def _brainvision() -> Seed:
    marks = "".join(
        f"Mk{i}=Stimulus,S{code:3d},{sample + 1},1,0\n" for i, (sample, code) in enumerate(MARKS.items(), start=2)
    )
    text = (
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile=signal_eeg.eeg\n[Marker Infos]\nMk1=New Segment,,1,1,0,20170913153000000000\n{marks}"
    )
    head = format_header(recording().stream, "signal")
    return Seed(
        {
            "signal_eeg.vhdr": head.encode(),
            "signal_eeg.vmrk": text.encode(),
            "signal_eeg.eeg": SIGNAL.T.astype("<f4").tobytes(),
        }
    )


def _eeglab() -> Seed:
    from scipy.io import savemat  # one seed's

    labels = np.array([(name, 0.5, 0.1, 0.2, 0.3) for name in NAMES], [("labels", "O"), *((c, "f8") for c in "tXYZ")])
    events = np.array([(str(code), sample + 1.0) for sample, code in MARKS.items()], [("type", "O"), ("latency", "f8")])
    eeg = {
        "setname": "signal", "nbchan": 4.0, "pnts": float(N_SAMPLES), "trials": 1.0, "srate": SFREQ, "xmin": 0.0,
        "xmax": (N_SAMPLES - 1) / SFREQ, "data": SIGNAL.astype(np.float32), "chanlocs": labels, "event": events,
        "epoch": np.empty(0), "icawinv": np.empty(0), "icaweights": np.empty(0), "icasphere": np.empty(0),
    }  # fmt: skip
    file = io.BytesIO()
    savemat(file, {"EEG": eeg}, appendmat=False, do_compression=True)
    return Seed({"signal.set": file.getvalue()})


def _xdf() -> bytes:
    """Write XDF 1.0 (github.com/sccn/xdf/wiki/Specifications): an EEG stream and a stream of marks."""
    channels = "".join(
        f"<channel><label>{name}</label><unit>microvolts</unit><type>EEG</type></channel>" for name in NAMES
    )
    times = STARTED + np.arange(N_SAMPLES) / SFREQ
    rows = (struct.pack("<B d 4d", 8, time, *row) for time, row in zip(times, SIGNAL.T, strict=True))
    marks = (struct.pack("<B d B B", 8, times[sample], 1, 1) + str(code).encode() for sample, code in MARKS.items())
    return b"XDF:" + b"".join(
        (
            _chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>"),
            _chunk(2, struct.pack("<I", 1) + _info("Muse", "EEG", 4, "double64", channels)),
            _chunk(2, struct.pack("<I", 2) + _info("Marks", "Markers", 1, "string")),
            _chunk(3, struct.pack("<I B I", 1, 4, N_SAMPLES) + b"".join(rows)),
            _chunk(3, struct.pack("<I B I", 2, 4, len(MARKS)) + b"".join(marks)),
            _chunk(6, struct.pack("<I", 1) + b"<?xml version='1.0'?><info><sample_count>512</sample_count></info>"),
        )
    )


def _chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<B I H", 4, len(content) + 2, tag) + content


def _info(name: str, kind: str, n_channels: int, value: str, channels: str = "") -> bytes:
    return (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>{n_channels}</channel_count>"
        f"<nominal_srate>{SFREQ if n_channels > 1 else 0:g}</nominal_srate><channel_format>{value}</channel_format>"
        f"<desc><channels>{channels}</channels></desc></info>"
    ).encode()


_MIND = "TimeStamp,Delta_TP9,RAW_TP9,RAW_AF7,RAW_AF8,RAW_TP10,Battery,Elements"
_OPENBCI = (
    "%OpenBCI Raw EXG Data\n%Number of channels = 4\n%Sample Rate = 256 Hz\n%Board = OpenBCI_GUI$BoardGanglionNative\n"
    "Sample Index, EXG Channel 0, EXG Channel 1, EXG Channel 2, EXG Channel 3, Accel Channel 0, Timestamp, "
    "Marker Channel, Timestamp (Formatted)"
)
_OPENBCI_OLD = "%OpenBCI Raw EEG Data\n%\n%Sample Rate = 256.0 Hz\n%First Column = SampleIndex"


def _text(name: str, heading: str, row: Callable[[int], str]) -> Seed:
    return Seed({name: "\n".join((heading, *(row(i) for i in range(N_SAMPLES)), "")).encode()})


def _cells(i: int, add: float = 0.0) -> str:
    return ",".join(f"{value + add:.3f}" for value in SIGNAL[:, i])


def _muse_lsl(i: int) -> str:
    return f"{STARTED + i / SFREQ:.3f},{_cells(i)},0.0,{MARKS.get(i, 0)}"


def _mind_monitor(i: int) -> str:
    time = datetime.fromtimestamp(STARTED + i // 12 * 12 / SFREQ, UTC)
    stamp = f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}"
    blink = f"{stamp},,,,,,,/muse/elements/blink\n" if i == 100 else ""
    return f"{blink}{stamp},0.5,{_cells(i, 800)},90.0,"


def _openbci(i: int) -> str:
    time = datetime.fromtimestamp(STARTED + i / SFREQ, UTC)
    return f"{i % 256}, {_cells(i)}, 0.0, {STARTED + i / SFREQ:.6f}, {MARKS.get(i, 0)}, {time:%Y-%m-%d %H:%M:%S}"


def _openbci_old(i: int) -> str:
    return f"{i % 256}, {_cells(i)}, 0.07, 0.42, 0.27"


def _card(i: int) -> str:
    counts = np.round(np.tile(SIGNAL[:, i], 2) / (4.5e6 / 24 / (2**23 - 1))).astype(int)
    return ",".join((f"{i % 256:02X}", *(f"{count & 0xFFFFFF:06X}" for count in counts.tolist())))


def _converted(i: int) -> str:
    return f"{float(i % 256)},{_cells(i)},{_cells(i)}"


def _brainflow(i: int) -> str:
    values = (i % 256, *SIGNAL[:, i], 0.0, STARTED + i / SFREQ, MARKS.get(i, 0))
    return "\t".join(f"{value:.6f}" for value in values)
