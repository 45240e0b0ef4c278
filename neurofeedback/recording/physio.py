"""Auxiliary signals on disk: uncompressed tables during the session, BIDS physio files after it.

A truncated gzip file cannot be opened, so the live tables are not compressed. Each row is one sample, so after a kill
only an incomplete last line must be removed.
"""

from __future__ import annotations

import gzip
import shutil
import zlib
from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.storage.append_only import AppendOnlyFile, cut_torn_line
from neurofeedback.storage.atomic_files import open_replacement, read_json, write_json_atomic
from neurofeedback.storage.private_files import refuse_link
from neurofeedback.types import AuxChunk

_LIVE_SUFFIX = "_timeseries.tsv"


def live_path(files: SessionFiles, label: str) -> Path:
    """Return the path of the table of one signal during the session."""
    return files.derived_file(f"recording-{label}{_LIVE_SUFFIX}")


def create_table(files: SessionFiles, signal: AuxChunk) -> AppendOnlyFile:
    """Create a signal's table, after its description."""
    path = live_path(files, signal.label)
    write_json_atomic(path.with_suffix(".json"), _sidecar(signal))
    table = AppendOnlyFile(path)
    table.append(("\t".join(signal.ch_names) + "\n").encode())
    return table


def _sidecar(signal: AuxChunk) -> dict[str, object]:
    units = {name: {"Units": unit} for name, unit in zip(signal.ch_names, signal.units, strict=True) if unit != "n/a"}
    return {
        "SamplingFrequency": signal.sfreq,
        "StartTime": round(signal.start_s, 6),
        "Columns": list(signal.ch_names),
        **units,
    }


def format_rows(signal: AuxChunk) -> bytes:
    r"""Return the samples of a signal as lines, with ``n/a`` for NaN.

    Examples
    --------
    >>> import numpy as np
    >>> data = np.array([[0.5, np.nan], [1.25, 3.0]], np.float32)
    >>> format_rows(AuxChunk("motion", 52.0, ("x", "y"), ("g", "g"), 0.0, 0, data))
    b'0.5\t1.25\nn/a\t3\n'
    """
    line = "\t".join(["%.9g"] * len(signal.data)) + "\n"
    text = (line * signal.data.shape[1]) % tuple(signal.data.T.ravel().tolist())
    return text.replace("nan", "n/a").encode()


def write_bids_physio(files: SessionFiles) -> None:
    """Convert a session's tables to BIDS physio files beside its EEG. After a kill it can be called again."""
    for description in sorted(files.derived.glob(f"{files.stem}_recording-*_timeseries.json")):
        table = description.with_suffix(".tsv")
        refuse_link(table)  # what it names would be copied into the session
        refuse_link(description)
        cut_torn_line(table)
        suffix = table.name.removeprefix(f"{files.stem}_").replace(_LIVE_SUFFIX, "_physio")
        if table.exists():
            _publish_table(table, files.eeg_file(f"{suffix}.tsv.gz"), files.eeg_file(f"{suffix}.json"), description)
        table.unlink(missing_ok=True)
        description.unlink()


def _publish_table(table: Path, final: Path, sidecar: Path, description: Path) -> None:
    """Compress a table without its header, if it has rows; its sidecar appears first, as BIDS requires one."""
    with table.open("rb") as lines:
        lines.readline()
        if lines.peek(1):
            with open_replacement(final) as file:
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as compressed:
                    shutil.copyfileobj(lines, compressed)
                write_json_atomic(sidecar, read_json(description))


def physio_path(files: SessionFiles, label: str) -> Path:
    """Return the path of the table of one signal after the session."""
    return files.eeg_file(f"recording-{label}_physio.tsv.gz")


def read_bids_physio(files: SessionFiles, label: str) -> AuxChunk | None:
    """Read one auxiliary signal of a finished session; None if it was not recorded.

    Raises
    ------
    RecordingError
        The table or its description is damaged.
    """
    table = physio_path(files, label)
    if not table.is_file():
        return None
    about = read_json(table.with_name(table.name.replace(".tsv.gz", ".json")))
    try:
        ch_names = tuple(str(name) for name in about["Columns"])
        sfreq, start_s = float(about["SamplingFrequency"]), float(about["StartTime"])
        units = tuple(str(about.get(name, {}).get("Units", "n/a")) for name in ch_names)
        with gzip.open(table, "rt", encoding="ascii") as lines:
            rows = np.loadtxt((line.replace("n/a", "nan") for line in lines), np.float32, delimiter="\t", ndmin=2)
        data = rows.reshape(-1, len(ch_names)).T
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(
            f"the signal beside the EEG cannot be read: {table}",
            got=f"{type(error).__name__}: {error}",
            todo="restore the file from a copy, or remove it; the EEG is not affected",
        ) from None
    return AuxChunk(label, sfreq, ch_names, units, start_s, 0, data)
