"""Auxiliary signals on disk: tables that grow beside the frames, BIDS physio once the session has ended.

The tables grow uncompressed, since a torn gzip file opens nowhere; their nth row is the signal's nth sample, so that
cutting a torn line is all that a kill asks for.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.files import Appending, cut_torn_line, read_json, rewrite_json
from neurofeedback.types import Auxiliary

_GROWING = "_timeseries.tsv"


def growing(files: SessionFiles, label: str) -> Path:
    """Path of the table of one signal while the session lasts."""
    return files.computed(f"recording-{label}{_GROWING}")


def begin(files: SessionFiles, first: Auxiliary) -> Appending:
    """Begin a signal's table, its description first."""
    path = growing(files, first.label)
    rewrite_json(path.with_suffix(".json"), _sidecar(first))
    table = Appending(path)
    table.append(("\t".join(first.ch_names) + "\n").encode())
    return table


def _sidecar(signal: Auxiliary) -> dict[str, object]:
    units = {name: {"Units": unit} for name, unit in zip(signal.ch_names, signal.units, strict=True) if unit != "n/a"}
    return {
        "SamplingFrequency": signal.sfreq,
        "StartTime": round(signal.start_s, 6),
        "Columns": list(signal.ch_names),
        **units,
    }


def rows(stretch: Auxiliary) -> bytes:
    r"""Return a stretch as lines, ``n/a`` where nothing was measured.

    Examples
    --------
    >>> import numpy as np
    >>> data = np.array([[0.5, np.nan], [1.25, 3.0]], np.float32)
    >>> rows(Auxiliary("motion", 52.0, ("x", "y"), ("g", "g"), 0.0, 0, data))
    b'0.5\t1.25\nn/a\t3\n'
    """
    line = "\t".join(["%.9g"] * len(stretch.data)) + "\n"
    text = (line * stretch.data.shape[1]) % tuple(stretch.data.T.ravel().tolist())
    return text.replace("nan", "n/a").encode()


def finish(files: SessionFiles) -> None:
    """Turn a session's tables into BIDS physio beside its EEG; done again after a kill in between, it goes on."""
    for description in sorted(files.derived.glob(f"{files.stem}_recording-*_timeseries.json")):
        table = description.with_suffix(".tsv")
        cut_torn_line(table)
        suffix = table.name.removeprefix(f"{files.stem}_").replace(_GROWING, "_physio")
        if table.exists() and (draft := _compressed(table, files.eeg(f"{suffix}.tsv.gz"))):
            rewrite_json(files.eeg(f"{suffix}.json"), read_json(description))
            draft.replace(files.eeg(f"{suffix}.tsv.gz"))
        table.unlink(missing_ok=True)
        description.unlink()


def _compressed(table: Path, final: Path) -> Path | None:
    """Write a table without its heading, compressed, to a draft of what it becomes; None if it has no row."""
    draft = final.with_name(f".{final.name}.draft")
    with table.open("rb") as lines:
        lines.readline()
        if not lines.peek(1):
            return None
        with draft.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            shutil.copyfileobj(lines, packed)
    return draft
