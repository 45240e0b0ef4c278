"""Recordings as text tables: BrainFlow, OpenBCI GUI, muse-lsl. A cut-off last line costs that line, no more."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.recording.lost import find_runs
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Stream

if TYPE_CHECKING:
    from neurofeedback.recording.boards import Layout

_log = logging.getLogger(__name__)
_MUSE = ("TP9", "AF7", "AF8", "TP10")
_MUSE_SFREQS = (256.0, 220.0)
_OPENBCI_MONTAGES = {4: "ganglion", 8: "cyton", 16: "cyton-daisy"}


def read_brainflow(path: Path, board: str | None) -> Recording:
    """Read a file of BrainFlow's ``DataFilter.write_file`` or file streamer: one column a board row, no header."""
    from neurofeedback.recording.boards import layout_of, layouts_for  # noqa: PLC0415 - loads native libraries

    lines = _lines(path)
    width = len(lines[0].split("\t"))
    table = _table(path, lines, "\t", range(width))
    layout = layout_of(board) if board else _guess(path, table, layouts_for(width))
    _check_width(path, width, layout)
    stream = Stream(
        device=f"playback:{path.name}",
        sfreq=layout.sfreq,
        ch_names=layout.ch_names,
        montage=layout.montage,
        placed_freely=layout.placed_freely,
        model=layout.name,
    )
    return _recording(path, stream, table[list(layout.rows)], table[layout.timestamp_row])


def _check_width(path: Path, width: int, layout: Layout) -> None:
    if width != layout.n_rows:
        raise RecordingError(
            f"{path} is not from the board {layout.name}", got=f"{width} columns", allowed=f"{layout.n_rows} columns"
        )


def _guess(path: Path, table: NDArray[np.float64], layouts: list[Layout]) -> Layout:
    """Find the one layout whose timestamps fit, of those with so many columns; boards alike are as one."""
    fitting = [layout for layout in layouts if _rate_fits(layout, table)]
    if len({(layout.sfreq, layout.rows, layout.ch_names) for layout in fitting}) == 1:
        return fitting[0]
    raise RecordingError(
        f"the columns of {path} do not tell which board it is from",
        got=f"{table.shape[0]} columns" + (f" at {_rates(layouts, table)} samples a second" if layouts else ""),
        allowed=", ".join(layout.name for layout in layouts) or "the column count of a board BrainFlow knows",
        todo="name the board",
    )


def _rate_fits(layout: Layout, table: NDArray[np.float64]) -> bool:
    return abs(_rate(layout, table) / layout.sfreq - 1) < 0.012


def _rate(layout: Layout, table: NDArray[np.float64]) -> float:
    """Return samples a second by the column that would hold the time; 0 where it does not run."""
    times = table[layout.timestamp_row]
    span_s = times[-1] - times[0]
    return float((times.size - 1) / span_s) if span_s > 0 else 0.0


def _rates(layouts: Sequence[Layout], table: NDArray[np.float64]) -> str:
    return " or ".join(sorted({f"{_rate(layout, table):.4g}" for layout in layouts}))


def read_openbci(path: Path) -> Recording:
    """Read a text file of the OpenBCI GUI, versions 2 to 6."""
    lines = _lines(path)
    facts = [line for line in lines if line.startswith("%")]
    body = [line for line in lines if not line.startswith("%")]
    if body and body[0].startswith("Sample Index"):
        body = body[1:]
    if not body:
        raise RecordingError(f"{path} holds no samples", got="a header alone")
    n_channels = int(_fact(facts, r"Number of channels\s*=\s*(\d+)") or len(body[0].split(",")) - 4)
    sfreq = _fact(facts, r"Sample Rate\s*=\s*([\d.]+)")
    if sfreq is None or n_channels < 1:
        raise RecordingError(f"the header of {path} does not give the rate and channels", todo="export it again")
    first = lines.index(body[0])
    clock = _clock_column(body[-2:][0])
    columns = [*range(1, n_channels + 1), *([] if clock is None else [clock[0]])]
    data = _table(path, body, ",", columns, first_line=first + 1)
    if _all_zero(body[0]):  # version 5 begins with a row that no board sent
        data = data[:, 1:]
    stream = Stream(
        device=f"playback:{path.name}",
        sfreq=float(sfreq),
        ch_names=tuple(f"X{i + 1}" for i in range(n_channels)),
        montage=_OPENBCI_MONTAGES.get(n_channels, "auto"),
        placed_freely=n_channels in _OPENBCI_MONTAGES,
        manufacturer="OpenBCI",
    )
    return _recording(path, stream, data[:n_channels], None if clock is None else data[-1] * clock[1])


def _clock_column(row: str) -> tuple[int, float] | None:
    """Find the column of Unix times, wherever a version puts it, and its unit in seconds.

    Examples
    --------
    >>> _clock_column("0, 61379.36, 0.040, 12:00:53.329, 1557936053329"), _clock_column("0, 61379.36, 0.040")
    ((4, 0.001), None)
    """
    for column, cell in enumerate(row.split(",")):
        if found := re.fullmatch(r"\s*1\d{9}(\d{3})?(\.\d*)?\s*", cell):
            return column, 1e-3 if found.group(1) else 1.0
    return None


def _fact(facts: Sequence[str], pattern: str) -> str | None:
    found = next(filter(None, (re.search(pattern, line) for line in facts)), None)
    return found.group(1) if found else None


def _all_zero(line: str) -> bool:
    return not line.strip("0., ")


def read_muse_lsl(path: Path) -> Recording:
    """Read a CSV of muse-lsl; the rate is the Muse's nominal one that its timestamps are nearest to."""
    lines = _lines(path)
    names = [name.strip() for name in lines[0].split(",")]
    missing = [name for name in _MUSE if name not in names]
    if missing:
        raise RecordingError(f"{path} lacks channels of a Muse", got=", ".join(names), allowed=", ".join(_MUSE))
    if len(lines) < 2:
        raise RecordingError(f"{path} holds no samples", got="a header alone")
    table = _table(path, lines[1:], ",", [0, *(names.index(name) for name in _MUSE)], first_line=2)
    rate = (table.shape[1] - 1) / max(table[0, -1] - table[0, 0], 1e-9)
    stream = Stream(
        device=f"playback:{path.name}",
        sfreq=min(_MUSE_SFREQS, key=lambda sfreq: abs(sfreq - rate)),
        ch_names=_MUSE,
        montage="muse",
        reference="Fpz",
        manufacturer="Interaxon",
    )
    return _recording(path, stream, table[1:], table[0])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path} is damaged", got=f"no text at byte {error.start}") from None
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None


def _table(
    path: Path, lines: list[str], delimiter: str, columns: Sequence[int], *, first_line: int = 1
) -> NDArray[np.float64]:
    """Read columns as ``(n_columns, n_rows)``; ``first_line`` is the file's line number of the first row."""
    width = lines[0].count(delimiter)
    if lines[-1].count(delimiter) < width:
        _log.warning("%s: the last line is cut off; the %d whole lines are kept", path, len(lines) - 1)
        lines = lines[:-1]
    if not lines:
        raise RecordingError(f"{path} holds no samples", got="one line, cut off")
    try:
        return np.loadtxt(lines, delimiter=delimiter, usecols=tuple(columns), ndmin=2, comments=None).T
    except (ValueError, IndexError) as error:
        raise RecordingError(
            f"{path} is damaged", got=f"{error} (row 0 is line {first_line})", todo="mend or remove that line"
        ) from None


def _recording(
    path: Path, stream: Stream, data: NDArray[np.float64], timestamps: NDArray[np.float64] | None
) -> Recording:
    values = np.ascontiguousarray(data, np.float32)
    if values.shape[1] == 0:
        raise RecordingError(f"{path} holds no samples")

    def samples(start: int, stop: int) -> NDArray[np.float32]:
        return values[:, start:stop].copy()

    lost = find_runs(~np.isfinite(values), 0)
    return Recording(path, stream, values.shape[1], samples, lost=lost, timestamps=timestamps)
