"""The frame log as columns: one array for each column that analysis and reports use."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from neurofeedback.errors import RecordingError
from neurofeedback.storage.append_only import iter_complete_lines
from neurofeedback.types import Phase, State

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.str_]

_NUMBERS = ("onset", "confidence", "mwi", "threshold", "latency_ms")
_FLAGS = ("valid", "drowsy")
_LABELS = ("phase", "state")
_PHASES_WITHOUT_INDEX = (Phase.SETTLE, Phase.BASELINE)


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive frames with the same label, from ``start_s`` to ``stop_s`` of the session."""

    start_s: float
    stop_s: float
    label: str

    @property
    def length_s(self) -> float:
        """Length, s."""
        return self.stop_s - self.start_s


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """Columns of a frame log, each ``(n_frames,)``; NaN where there was no value.

    ``onset`` is the end of the frame's window in s; ``threshold`` is on the scale of ``mwi`` (0 to 100).
    """

    onset: Floats
    phase: Labels
    state: Labels
    valid: Flags
    drowsy: Flags
    confidence: Floats
    mwi: Floats
    threshold: Floats
    latency_ms: Floats

    def __len__(self) -> int:
        return self.onset.size

    @property
    def has_index(self) -> bool:
        """Whether any frame has an index, as after a complete baseline."""
        return bool(np.isfinite(self.mwi).any())

    @property
    def unusable_reason(self) -> Labels:
        """``lost``, ``unknown``, or empty where the signal could be judged, for each frame.

        Before the baseline is complete the state is always UNKNOWN; there, validity decides.
        """
        early = np.isin(self.phase, _PHASES_WITHOUT_INDEX)
        unknown = np.where(early, ~self.valid, self.state == State.UNKNOWN)
        return np.where(self.state == State.LOST, "lost", np.where(unknown, "unknown", ""))

    def spans(self, labels: Labels) -> list[Span]:
        """Return the spans of consecutive frames with the same label."""
        edges = np.flatnonzero(labels[1:] != labels[:-1]) + 1
        starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(self)]
        times = np.concatenate([[0.0], self.onset])
        found = zip(starts, stops, strict=True) if len(self) else ()
        return [Span(float(times[a]), float(times[b]), str(labels[a])) for a, b in found]


def read_frame_table(path: Path | None) -> FrameTable:
    """Read a frame log; a missing file, or one that ends before its first frame, gives no frames.

    Raises
    ------
    RecordingError
        The file is not a frame log of this program.
    """
    floats, texts = read_frame_columns(path, _NUMBERS, (*_FLAGS, *_LABELS))
    flags = {name: texts[name] == "1" for name in _FLAGS}
    labels = {name: texts[name] for name in _LABELS}
    return FrameTable(**{**floats, **flags, **labels, "threshold": 100 * ndtr(floats["threshold"])})


def read_frame_columns(
    path: Path | None, numbers: Sequence[str], words: Sequence[str]
) -> tuple[dict[str, Floats], dict[str, Labels]]:
    """Return columns of a frame log by name as they stand: numbers, NaN where there is none, and words.

    Raises
    ------
    RecordingError
        The file is not a frame log of this program.
    """
    values = {name: array("d") for name in numbers}
    cells: dict[str, list[str]] = {name: [] for name in words}
    lines = iter(()) if path is None else iter_complete_lines(path)
    names = next(lines, "").split("\t")
    try:
        for line in lines:  # hours of frames would not fit into memory as cells
            row = dict(zip(names, line.split("\t"), strict=False))
            for name, column in values.items():
                column.append(np.nan if row[name] == "n/a" else float(row[name]))
            for name, texts in cells.items():
                texts.append(sys.intern(row[name]))
    except (ValueError, KeyError) as error:
        raise RecordingError(f"{path} is not a frame log", got=str(error), todo="restore the file") from None
    return (
        {name: np.array(column, np.float64) for name, column in values.items()},
        {name: np.array(texts, np.str_) for name, texts in cells.items()},
    )
