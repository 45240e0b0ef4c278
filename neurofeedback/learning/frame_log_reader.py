"""Columns of a frame log, read back one frame at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.storage.append_only import iter_complete_lines
from neurofeedback.types import Phase

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class LoggedFrame:
    """What a frame log says of one frame; ``values`` are the columns that were asked for, NaN where there is none."""

    sample: int
    phase: Phase
    valid: bool
    values: tuple[float, ...]


def read_frames(path: Path, columns: tuple[str, ...]) -> Iterator[LoggedFrame]:
    """Yield the frames of a log; a missing one, or one killed before its first line, has none.

    Raises
    ------
    RecordingError
        The log lacks a column, or a line is not what this program writes.
    """
    lines = iter_complete_lines(path)
    header = next(lines, "")
    if not header:
        return
    names = header.split("\t")
    missing = [name for name in ("sample", "phase", "valid", *columns) if name not in names]
    if missing:
        raise RecordingError(f"{path} lacks columns", got=", ".join(missing), todo="replay the session to renew it")
    sample, phase, valid = (names.index(name) for name in ("sample", "phase", "valid"))
    places = [names.index(name) for name in columns]
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        try:
            values = tuple(_NAN if cells[k] == "n/a" else float(cells[k]) for k in places)
            yield LoggedFrame(int(cells[sample]), Phase(cells[phase]), cells[valid] == "1", values)
        except (ValueError, IndexError):
            raise RecordingError(f"{path}, line {number} is not a frame", got=repr(line[:80])) from None
