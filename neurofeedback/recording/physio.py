"""Auxiliary signals on disk: tables that grow beside the frames, BIDS physio once the session has ended.

The tables grow uncompressed, since a torn gzip file opens nowhere; their nth row is the signal's nth sample, so that
cutting a torn line is all that a kill asks for.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from neurofeedback.recording.atomic_files import AppendOnlyFile, cut_torn_line, read_json, write_json_atomic
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.types import AuxChunk

_LIVE_SUFFIX = "_timeseries.tsv"


def live_path(files: SessionFiles, label: str) -> Path:
    """Path of the table of one signal while the session lasts."""
    return files.derived_file(f"recording-{label}{_LIVE_SUFFIX}")


def create_table(files: SessionFiles, signal: AuxChunk) -> AppendOnlyFile:
    """Begin a signal's table, its description first."""
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
    r"""Return a stretch as lines, ``n/a`` where nothing was measured.

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
    """Turn a session's tables into BIDS physio beside its EEG; done again after a kill in between, it goes on."""
    for description in sorted(files.derived.glob(f"{files.stem}_recording-*_timeseries.json")):
        table = description.with_suffix(".tsv")
        cut_torn_line(table)
        suffix = table.name.removeprefix(f"{files.stem}_").replace(_LIVE_SUFFIX, "_physio")
        if table.exists() and (draft := _compress_table(table, files.eeg_file(f"{suffix}.tsv.gz"))):
            write_json_atomic(files.eeg_file(f"{suffix}.json"), read_json(description))
            draft.replace(files.eeg_file(f"{suffix}.tsv.gz"))
        table.unlink(missing_ok=True)
        description.unlink()


def _compress_table(table: Path, final: Path) -> Path | None:
    """Write a table without its heading, compressed, to a draft of what it becomes; None if it has no row."""
    draft = final.with_name(f".{final.name}.draft")
    with table.open("rb") as lines:
        lines.readline()
        if not lines.peek(1):
            return None
        with draft.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            shutil.copyfileobj(lines, packed)
    return draft
