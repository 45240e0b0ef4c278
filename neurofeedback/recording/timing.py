"""The table ``timing.tsv``: one row for each read and each lost run, for later checks of timing and loss."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.storage.append_only import iter_complete_lines
from neurofeedback.types import Chunk, LostRun

SIDECAR: dict[str, object] = {
    "kind": {
        "Description": "what the row describes",
        "Levels": {"read": "samples that one read of the device delivered", "lost": "samples that never arrived"},
    },
    "start": {"Description": "index of the first sample, counted from 0"},
    "n_samples": {"Description": "how many samples"},
    "device_time": {"Description": "the device's time of the last sample, on its own clock", "Units": "s"},
    "host_time": {"Description": "the computer's monotonic clock when the read returned", "Units": "s"},
    "channels": {"Description": "for lost samples: all, or channel indices counted from 0, separated by commas"},
    "cause": {
        "Description": "for lost samples: how the loss was found",
        "Levels": {
            "lost": "the device's packet counter skips them",
            "gap": "no data arrived for a while",
            "invalid": "the device sent values that are not numbers",
        },
    },
}
HEADER = "kind\tstart\tn_samples\tdevice_time\thost_time\tchannels\tcause\n"


@dataclass(frozen=True, slots=True)
class DeviceRead:
    """One read of the device: samples ``start`` up to ``start + n_samples``.

    ``device_time`` is the time of the last sample on the device's clock, s. ``host_time`` is the host's monotonic clock
    when the read returned, s.
    """

    start: int
    n_samples: int
    device_time: float | None
    host_time: float


class DeviceReads(Sequence[DeviceRead]):
    """The reads of a session: a sequence of ``DeviceRead``, held as four arrays, since a long one has millions."""

    def __init__(self) -> None:
        self._starts, self._sizes = array("q"), array("q")
        self._device_times, self._host_times = array("d"), array("d")

    def append(self, start: int, n_samples: int, device_time: float, host_time: float) -> None:
        """Add a read; a ``device_time`` of NaN is none."""
        self._starts.append(start)
        self._sizes.append(n_samples)
        self._device_times.append(device_time)
        self._host_times.append(host_time)

    def arrivals(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the sample index just after each read, and when it returned on the host's clock, s."""
        return np.array(self._starts, np.int64) + np.array(self._sizes, np.int64), np.array(self._host_times)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> DeviceRead: ...

    @overload
    def __getitem__(self, index: slice) -> list[DeviceRead]: ...

    def __getitem__(self, index: int | slice) -> DeviceRead | list[DeviceRead]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        device_time = self._device_times[index]
        return DeviceRead(
            self._starts[index],
            self._sizes[index],
            None if math.isnan(device_time) else device_time,
            self._host_times[index],
        )


def format_read_row(chunk: Chunk) -> str:
    """Return the row of one read. Times have full precision (``repr``)."""
    return _format_row(chunk.first_sample, chunk.n_samples, chunk.device_time, chunk.host_time)


def _format_row(start: int, n_samples: int, device_time: float | None, host_time: float) -> str:
    device = "n/a" if device_time is None else repr(float(device_time))
    return f"read\t{start}\t{n_samples}\t{device}\t{float(host_time)!r}\tn/a\tn/a\n"


def format_lost_rows(runs: Iterable[LostRun]) -> str:
    """Return the rows of lost runs. ``channels`` is ``all`` or row indices from 0."""
    return "".join(f"lost\t{r.start}\t{r.n_samples}\tn/a\tn/a\t{_format_channels(r)}\t{r.cause}\n" for r in runs)


def _format_channels(run: LostRun) -> str:
    return "all" if run.channels is None else ",".join(map(str, run.channels))


def rebase_clocks(path: Path) -> str:
    """Return a timing table in which both clocks start at the first read, so that they contain no date.

    Raises
    ------
    RecordingError
        A row is not in this program's format.
    """
    reads, lost = read_timing(path)
    host = reads[0].host_time if reads else 0.0
    device = next((read.device_time for read in reads if read.device_time is not None), 0.0)
    rows = (
        _format_row(read.start, read.n_samples, _relative_time(read.device_time, device), read.host_time - host)
        for read in reads
    )
    return HEADER + format_lost_rows(lost) + "".join(rows)


def _relative_time(time: float | None, first: float) -> float | None:
    return None if time is None else time - first


def read_timing(path: Path) -> tuple[DeviceReads, tuple[LostRun, ...]]:
    """Read a session's reads and lost runs. An incomplete last line is left out.

    Raises
    ------
    RecordingError
        A row is not in this program's format.
    """
    reads = DeviceReads()
    lost: list[LostRun] = []
    for number, line in enumerate(islice(iter_complete_lines(path), 1, None), start=2):
        try:
            kind, start, n_samples, device, host, channels, cause = line.split("\t")
            if kind == "read":
                reads.append(int(start), int(n_samples), math.nan if device == "n/a" else float(device), float(host))
            else:
                rows = None if channels == "all" else tuple(map(int, channels.split(",")))
                lost.append(LostRun(int(start), int(n_samples), rows, cause))
        except (ValueError, OverflowError):
            raise RecordingError(f"{path}, line {number} is not a timing row", got=repr(line[:80])) from None
    return reads, tuple(lost)
