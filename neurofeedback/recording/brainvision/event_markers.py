"""Markers of a closed session's events in its ``.vmrk``, for programs that do not read ``events.tsv``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from neurofeedback.recording.brainvision.headers import escape_text
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.storage.append_only import read_complete_lines
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.types import CommandKind, EventKind

COMMENT_TYPE = "Comment"
"""Type of these markers. Their description is ``kind/value``, or the kind of an event without a value."""
_N_COLUMNS = 5


def format_event_markers(rows: Iterable[str], sfreq: float, n_samples: int) -> list[str]:
    r"""Return the markers of rows of ``events.tsv``, without their numbers; gaps have markers of their own.

    An event at the end of the recording is at its last sample, because readers leave out what lies behind it. Entries
    of an attendant are left out: they can be corrected after the recording. The weights of a decoder are not repeated.

    Examples
    --------
    >>> format_event_markers(["2.000000\t0.000000\t500\tmark\tdoor, loud\tn/a"], 250.0, 1000)
    ['Comment,mark/door\\1 loud,501,1,0']
    """
    markers: list[str] = []
    for cells in (row.split("\t") for row in rows):
        if len(cells) < _N_COLUMNS or not cells[2].isdigit() or cells[3] in {GAP_TYPE, EventKind.ENTRY}:
            continue
        sample = min(int(cells[2]), n_samples - 1)
        size = max(1, min(_duration_samples(cells[1], sfreq), n_samples - sample))
        text = cells[3] if cells[4] == "n/a" or cells[3] == CommandKind.DECODER else f"{cells[3]}/{cells[4]}"
        markers.append(f"{COMMENT_TYPE},{escape_text(text)},{sample + 1},{size},0")
    return markers


def _duration_samples(text: str, sfreq: float) -> int:
    try:
        return round(float(text) * sfreq)
    except (ValueError, OverflowError):
        return 0


def add_event_markers(path: Path, rows: Iterable[str], sfreq: float, n_samples: int) -> None:
    """Write the markers of events into the ``.vmrk`` of a closed session, sorted with those of its gaps, in one step.

    Parameters
    ----------
    path : Path
        The ``.vmrk``, with its head and the markers of the gaps. Markers of events that it has are replaced.
    rows : iterable of str
        Rows of ``events.tsv``.
    sfreq : float
        Sampling rate, Hz.
    n_samples : int
        Number of samples of the recording.
    """
    head, gaps = _split_markers(read_complete_lines(path))
    markers = sorted([*gaps, *format_event_markers(rows, sfreq, n_samples)], key=_position)
    lines = [*head, *(f"Mk{number}={marker}" for number, marker in enumerate(markers, start=2))]
    write_atomic(path, "".join(f"{line}\n" for line in lines))


def _split_markers(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the lines up to the first marker, and the markers of gaps without their numbers."""
    gaps = [line.partition("=")[2] for line in lines if line.startswith("Mk") and f"={GAP_TYPE}," in line]
    return [line for line in lines if not line.startswith("Mk") or line.startswith("Mk1=")], gaps


def _position(marker: str) -> int:
    return int(marker.split(",")[2])
