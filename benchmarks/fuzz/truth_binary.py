"""Binary files with known truth: EDF+ and BDF+ with gaps, XDF, BrainVision, EEGLAB and FIF."""

from __future__ import annotations

import io
import random
import struct
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mne
import numpy as np
from scipy.io import savemat

from benchmarks.fuzz.seeds import Seed
from benchmarks.fuzz.truth import STARTED, Case, Floats, Truth, clock, make_truth

_NAMES = ("Fp1", "Fp2", "C3", "C4")
_RATES = (128.0, 200.0, 250.0, 256.0, 500.0)
_UNITS = (("uV", 1.0), ("uV", 1.0), ("µV", 1.0), ("mV", 1e-3), ("V", 1e-6), ("UV", 1.0), ("", 1.0), (".V", 1.0))
_CHUNK_SAMPLES = 500


def edf(rng: random.Random) -> Case:
    """Write EDF+ or BDF+, continuous or with gaps, with channels of other rates and a trigger."""
    n_bytes = rng.choice((2, 3))
    sfreq = rng.choice(_RATES)
    truth = make_truth(rng, sfreq, 4, loss=rng.choice(("none", "holes")), block=round(sfreq) // 2)
    per_record = round(sfreq) // 2
    unit, factor = rng.choice(_UNITS)
    discontinuous = bool(truth.gaps())
    label = b"EDF" if n_bytes == 2 else b"BDF"
    top = 2 ** (8 * n_bytes - 1) - 1
    signals = [(f"EEG {name}", unit, 500 * factor, per_record) for name in _NAMES]
    aux = rng.sample(
        [("ECG", "mV", 5.0, per_record * 2), ("Resp", "", 1.0, 4), ("Temp", "C", 50.0, 1)], rng.randrange(3)
    )
    signals = [*signals, *aux, (f"{label.decode()} Annotations", "", 1.0, 60)]
    starts = truth.kept[::per_record].tolist()
    header = _edf_header(signals, label + (b"+D" if discontinuous else b"+C"), n_bytes, len(starts), top)
    body = b"".join(
        b"".join(
            _pack(
                np.clip(
                    np.round(truth.data[row, start : start + per_record] * factor / (500 * factor) * top), -top, top
                ),
                n_bytes,
            )
            for row in range(4)
        )
        + b"".join(bytes(n_bytes * signal[3]) for signal in aux)
        + _tals(truth, start, per_record, rng.choice(("utf-8", "latin-1"))).ljust(60 * n_bytes, b"\0")
        for start in starts
    )
    suffix = "edf" if n_bytes == 2 else "bdf"
    faults = (unit, suffix, *(signal[0] for signal in aux))
    if rng.random() < 0.25:
        return Case("bids edf", _bids(truth, header + body, suffix, [signal[0] for signal in aux]), truth, faults)
    return Case("edf", Seed({f"a.{suffix}": header + body}), truth, faults)


def _bids(truth: Truth, content: bytes, suffix: str, aux: list[str]) -> Seed:
    """Return the file in a BIDS dataset with its tables of channels and events."""
    stem = "sub-7/eeg/sub-7_task-rest"
    names = [*(f"EEG {name}" for name in _NAMES), *aux]
    rows = "".join(f"{name}\t{'MISC' if name in aux else 'EEG'}\tn/a\n" for name in names)
    events = "".join(f"{mark / truth.sfreq:.6f}\t0\tm\n" for mark in truth.marks)
    tables = {"channels": f"name\ttype\tunits\n{rows}", "events": f"onset\tduration\ttrial_type\n{events}"}
    return Seed(
        {f"{stem}_eeg.{suffix}": content, **{f"{stem}_{name}.tsv": text.encode() for name, text in tables.items()}}
    )


def _edf_header(
    signals: list[tuple[str, str, float, int]], reserved: bytes, n_bytes: int, n_records: int, top: int
) -> bytes:
    n = len(signals)
    version = b"0       " if n_bytes == 2 else b"\xffBIOSEMI"
    start = datetime.fromtimestamp(STARTED, UTC)
    fixed = version + b"X X X X".ljust(80) + b"Startdate X X X X".ljust(80)
    fixed += f"{start:%d.%m.%y%H.%M.%S}".encode() + str(256 * (n + 1)).ljust(8).encode() + reserved.ljust(44)
    fixed += str(n_records).ljust(8).encode() + b"0.5".ljust(8) + str(n).ljust(4).encode()
    columns = (
        [signal[0].encode().ljust(16) for signal in signals],
        [b" " * 80] * n,
        [signal[1].encode("latin-1").ljust(8) for signal in signals],
        [f"{-signal[2]:.7g}".ljust(8)[:8].encode() for signal in signals],
        [f"{signal[2]:.7g}".ljust(8)[:8].encode() for signal in signals],
        [str(-top).ljust(8).encode()] * n,
        [str(top).ljust(8).encode()] * n,
        [b" " * 80] * n,
        [str(signal[3]).ljust(8).encode() for signal in signals],
        [b" " * 32] * n,
    )
    return fixed + b"".join(b"".join(column) for column in columns)


def _pack(values: Floats, n_bytes: int) -> bytes:
    integers = values.astype("<i4")
    return integers.astype("<i2").tobytes() if n_bytes == 2 else integers.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _tals(truth: Truth, start: int, per_record: int, encoding: str) -> bytes:
    marks = [mark for mark in truth.marks if start <= mark < start + per_record]
    tals = [f"+{start / truth.sfreq:.6f}\x14\x14\0".encode()]
    tals += [f"+{mark / truth.sfreq:.6f}\x14müde\x14\0".encode(encoding) for mark in marks]
    return b"".join(tals)


def xdf(rng: random.Random) -> Case:
    """Write XDF: any nominal rate, jitter, silences, marks anywhere, and channels that are not EEG."""
    sfreq = rng.choice(_RATES)
    truth = make_truth(rng, sfreq, 4, loss="holes")
    stamps, stamped = clock(rng, truth, bursts=True)
    nominal = rng.choice((sfreq, sfreq, 0.0, sfreq * 2))
    unit, factor = rng.choice((("microvolts", 1.0), ("uVolts", 1.0), ("volts", 1e-6), ("", 1.0)))
    marks = sorted(rng.sample(range(round(sfreq), truth.n_samples - round(sfreq)), 3))
    truth = Truth(truth.sfreq, truth.n_samples, truth.kept, truth.data, tuple(marks))
    extra = rng.choice(("", "<channel><label>ACC_X</label><unit>mg</unit><type>ACC</type></channel>"))
    channels = "".join(
        f"<channel><label>{name}</label><unit>{unit}</unit><type>EEG</type></channel>" for name in _NAMES
    )
    n_channels = 5 if extra else 4
    values = np.vstack([truth.values * factor, np.full((n_channels - 4, truth.kept.size), 3.0)])
    chunks = [_xdf_chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")]
    chunks.append(_xdf_header(1, "Muse", "EEG", n_channels, rate=nominal, value="double64", channels=channels + extra))
    chunks.append(_xdf_header(2, "Marks", "Markers", 1, rate=0.0, value="string", channels=""))
    rows = [
        struct.pack(f"<B d {n_channels}d", 8, STARTED + stamp, *row)
        for stamp, row in zip(stamps, values.T, strict=True)
    ]
    chunks += [_xdf_samples(1, rows[at : at + _CHUNK_SAMPLES]) for at in range(0, len(rows), _CHUNK_SAMPLES)]
    stamped_marks = np.interp(marks, truth.kept, stamps).tolist()
    texts = [struct.pack("<B d B B", 8, STARTED + stamp, 1, 1) + b"m" for stamp in stamped_marks]
    chunks.append(_xdf_samples(2, texts))
    return Case("xdf", Seed({"a.xdf": b"XDF:" + b"".join(chunks)}), truth, (stamped, f"{nominal:g}", unit))


def _xdf_chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<B I H", 4, len(content) + 2, tag) + content


def _xdf_header(number: int, name: str, kind: str, n: int, *, rate: float, value: str, channels: str) -> bytes:
    text = (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>{n}</channel_count>"
        f"<nominal_srate>{rate:g}</nominal_srate><channel_format>{value}</channel_format>"
        f"<desc><channels>{channels}</channels></desc></info>"
    )
    return _xdf_chunk(2, struct.pack("<I", number) + text.encode())


def _xdf_samples(number: int, rows: list[bytes]) -> bytes:
    return _xdf_chunk(3, struct.pack("<I B I", number, 4, len(rows)) + b"".join(rows))


def brainvision(rng: random.Random) -> Case:
    """Write BrainVision: 16 bits or floats, renamed, of a V-Amp, Latin-1, in any unit, with pauses."""
    sfreq = rng.choice((200.0, 250.0, 500.0, 1000.0))
    truth = make_truth(rng, sfreq, 4, loss=rng.choice(("none", "holes")))
    unit, factor = rng.choice(_UNITS)
    is_float, vamp = rng.random() < 0.5, rng.random() < 0.2
    coding = rng.choice(("utf-8", "latin-1"))
    data = truth.values * factor
    step = 1.0 if is_float else 0.05 * factor
    stem, named = "a", rng.choice(("a", "b"))
    head, mark = (".ahdr", ".amrk") if vamp else (".vhdr", ".vmrk")
    lines = [
        f"{'BrainVision V-Amp Data' if vamp else 'Brain Vision Data Exchange'} Header File Version 1.0",
        "[Common Infos]",
        f"DataFile={named}.eeg", f"MarkerFile={named}{mark}", "DataFormat=BINARY", "DataOrientation=MULTIPLEXED",
        "NumberOfChannels=4", f"SamplingInterval={1e6 / sfreq:g}", "[Binary Infos]",
        f"BinaryFormat={'IEEE_FLOAT_32' if is_float else 'INT_16'}", "[Channel Infos]",
        *(f"Ch{i}={name},,{step:g},{unit}" for i, name in enumerate(_NAMES, start=1)), "",
    ]  # fmt: skip
    if coding == "utf-8":
        lines.insert(2, "Codepage=UTF-8")
    stored = data.T if is_float else np.round(data.T / step)
    content = stored.astype("<f4" if is_float else "<i2")
    if vamp:
        content = np.hstack([content, content[:, :1]])
    files = {
        f"{stem}{head}": "\n".join(lines).encode(coding),
        f"{stem}{mark}": _brainvision_marks(truth).encode(coding),
        f"{stem}.eeg": content.tobytes(),
    }
    return Case("brainvision", Seed(files), truth, (unit, coding, named, head))


def _brainvision_marks(truth: Truth) -> str:
    row_of = {sample: row for row, sample in enumerate(truth.kept.tolist())}
    starts = [0, *(start + length for start, length in truth.gaps())]
    start_time = datetime.fromtimestamp(STARTED, UTC)
    entries = []
    for sample in starts:
        time = start_time + timedelta(seconds=sample / truth.sfreq)
        entries.append((row_of[sample], f"New Segment,,{row_of[sample] + 1},1,0,{time:%Y%m%d%H%M%S%f}"))
    entries += [(row_of[mark], f"Comment,müde,{row_of[mark] + 1},1,0") for mark in truth.marks]
    lines = [f"Mk{i}={text}" for i, (_, text) in enumerate(sorted(entries), start=1)]
    first = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "[Common Infos]",
        "DataFile=a.eeg",
        "[Marker Infos]",
    ]
    return "\n".join((*first, *lines, ""))


def eeglab(rng: random.Random) -> Case:
    """Write an EEGLAB file with an ECG channel."""
    truth = make_truth(rng, rng.choice(_RATES), 4, loss="none")
    names = (*_NAMES, "ECG")
    labels = np.array([(name, 0.5, 0.1, 0.2, 0.3) for name in names], [("labels", "O"), *((c, "f8") for c in "tXYZ")])
    events = np.array([("1", mark + 1.0) for mark in truth.marks], [("type", "O"), ("latency", "f8")])
    data = np.vstack([truth.values, np.zeros(truth.kept.size)]).astype(np.float32)
    eeg = {
        "setname": "a", "nbchan": 5.0, "pnts": float(truth.n_samples), "trials": 1.0, "srate": truth.sfreq, "xmin": 0.0,
        "xmax": (truth.n_samples - 1) / truth.sfreq, "data": data, "chanlocs": labels, "event": events,
        "epoch": np.empty(0), "icawinv": np.empty(0), "icaweights": np.empty(0), "icasphere": np.empty(0),
    }  # fmt: skip
    file = io.BytesIO()
    savemat(file, {"EEG": eeg}, appendmat=False)  # pyright: ignore[reportArgumentType] - SciPy takes open files, too
    return Case("eeglab", Seed({"a.set": file.getvalue()}), truth)


def fif(rng: random.Random) -> Case:
    """Write FIF with gaps as annotations and channels of other types."""
    truth = make_truth(rng, rng.choice(_RATES), 4, loss=rng.choice(("none", "holes")))
    info = mne.create_info([*_NAMES, "ECG 1", "Resp"], truth.sfreq, "eeg")
    data = np.vstack([truth.data * 1e-6, np.full((2, truth.n_samples), 1e-4)])
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.set_channel_types({"ECG 1": "ecg", "Resp": "resp"}, on_unit_change="ignore", verbose="error")
    spans = [(start, length, "BAD_ACQ_SKIP") for start, length in truth.gaps()] + [
        (mark, 0, "m") for mark in truth.marks
    ]
    raw.set_annotations(
        mne.Annotations(
            [span[0] / truth.sfreq for span in spans],
            [span[1] / truth.sfreq for span in spans],
            [span[2] for span in spans],
        ),
        verbose="error",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a_raw.fif")
        raw.save(path, verbose="error")
        return Case("fif", Seed({path.name: path.read_bytes()}), truth)


WRITERS = (edf, edf, xdf, xdf, brainvision, eeglab, fif)
