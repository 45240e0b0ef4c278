"""What a recording can be exported to, and how."""

from __future__ import annotations

import filecmp
import itertools
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.recording.anonymous import anonymous
from neurofeedback.recording.exporters.archive import write_zip
from neurofeedback.recording.exporters.csv import write_csv
from neurofeedback.recording.exporters.edf import write_bdf, write_edf
from neurofeedback.recording.exporters.fif import write_fif
from neurofeedback.recording.files import explained
from neurofeedback.recording.reader import open_recording, sessions_at
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.whole import Progress


@dataclass(frozen=True, slots=True)
class Target:
    """A format to export to: the end of its file names, and what writes it."""

    ending: str
    write: Callable[[Recording, Path], None]


TARGETS: dict[str, Target] = {
    "edf": Target(".edf", write_edf),
    "bdf": Target(".bdf", write_bdf),
    "fif": Target("_raw.fif", write_fif),
    "csv": Target(".csv", write_csv),
}
ARCHIVE = "bids-zip"


def export(
    path: Path,
    to: str,
    out: Path | None = None,
    *,
    anonymize: bool = False,
    progress: Progress = lambda _: None,
) -> list[Path]:
    """Export a recording, its frames in a table beside it; or sessions as a zipped dataset.

    Parameters
    ----------
    path : Path
        A recording; for ``bids-zip`` a session, participant or dataset of this program.
    to : str
        A key of ``TARGETS``, or ``bids-zip``.
    out : Path, optional
        The file to write; else one in this folder, named after the session.
    anonymize : bool
        Leave out dates, names, notes and serial numbers.
    progress : callable
        Told how far it is, 0 to 1; what it raises ends the export, and nothing of it is left.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RecordingError
        It cannot be read, or not be written; a file that is there already is not replaced.
    """
    where = f" to {out}" if out else ""
    with explained(f"the export cannot be written{where}", todo="make room, or choose another place"):
        if to == ARCHIVE:
            return _export_zip(path, out, anonymize, progress)
        return _export_file(path, to, out, anonymize, progress)


def _export_file(path: Path, to: str, out: Path | None, anonymize: bool, progress: Progress) -> list[Path]:
    target, recording = TARGETS[to], _watched(open_recording(path), progress)
    if out is None:
        name = recording.path.stem.removesuffix("_eeg")
        out = _unnamed(target.ending, recording) if anonymize else Path(f"{name}{target.ending}")
    beside = _tables(recording, out)
    _refuse_to_replace(out, beside)
    draft = out.with_name(f".draft-{os.getpid()}-{out.name}")
    try:
        target.write(anonymous(recording) if anonymize else recording, draft)
        progress(1.0)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    for table, copy in beside.items():
        shutil.copyfile(table, copy)
    return [out, *beside.values()]


def _watched(recording: Recording, progress: Progress) -> Recording:
    """Return the same recording, which tells how far it is read: what every format does with it."""

    def samples(start: int, stop: int) -> NDArray[np.float32]:
        progress(start / recording.n_samples)
        return recording.samples(start, stop)

    return replace(recording, samples=samples)


def _tables(recording: Recording, out: Path) -> dict[Path, Path]:
    """Say where the frame log and the description of its columns are copied to."""
    log = recording.frames_path
    files = [] if log is None else [path for path in (log, log.with_suffix(".json")) if path.exists()]
    return {path: out.with_name(f"{out.stem}_frames{path.suffix}") for path in files}


def _unnamed(ending: str, recording: Recording | None = None) -> Path:
    """Name an export by the next free number alone: a name or a date would tell whose it is."""
    names = (f"anonymous-{number}{ending}" for number in itertools.count(2))
    outs = map(Path, itertools.chain([f"anonymous{ending}"], names))
    return next(out for out in outs if _in_the_way(out, _tables(recording, out) if recording else {}) is None)


def _export_zip(path: Path, out: Path | None, anonymize: bool, progress: Progress) -> list[Path]:
    sessions = sessions_at(path.expanduser().absolute())
    if not sessions:
        raise RecordingError(f"{path} holds no session of this program", todo="import it first")
    if out is None:
        name = sessions[0].stem if len(sessions) == 1 else sessions[0].root.name
        out = _unnamed(".zip") if anonymize else Path(f"{name}.zip")
    out = out.absolute()
    _refuse_to_replace(out, {})
    write_zip(sessions, out, anonymize=anonymize, progress=progress)
    return [out]


def _refuse_to_replace(out: Path, beside: Mapping[Path, Path]) -> None:
    taken = _in_the_way(out, beside)
    if taken is not None:
        raise RecordingError(f"{taken} is there already", allowed="a new file", todo="choose another name or place")


def _in_the_way(out: Path, beside: Mapping[Path, Path]) -> Path | None:
    """Find a file that is there already; a table that is the very same is another format's, and in nobody's way."""
    tables = (copy for table, copy in beside.items() if copy.exists() and not filecmp.cmp(table, copy, shallow=False))
    return out if out.exists() else next(tables, None)
