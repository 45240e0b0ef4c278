"""A recording of another program as plain files: how the process that read it hands it over.

Numbers are raw arrays, everything else is JSON. Nothing is executed on reading, unlike with pickle.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from datetime import datetime
from functools import cache
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.recording.import_report import ImportReport
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, LostRun, StreamInfo

if TYPE_CHECKING:
    from pydantic import TypeAdapter

DOCUMENT = "recording.json"
_SAMPLES, _TIMESTAMPS, _EVENT_SAMPLES, _EVENT_DURATIONS = "samples.f4", "timestamps.f8", "events.i8", "durations.f8"
_BLOCK_VALUES = 1 << 20


def write_recording(recording: Recording, folder: Path) -> None:
    """Write all samples and metadata of another program's recording into an empty folder, the document last.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written; the samples are deleted.
    """
    try:
        _write_samples(recording, folder / _SAMPLES)
    except OSError:
        (folder / _SAMPLES).unlink(missing_ok=True)  # so that a full disk has space for the error
        raise
    events = recording.events
    np.array([event.sample for event in events], np.int64).tofile(folder / _EVENT_SAMPLES)
    np.array([event.duration_s for event in events], np.float64).tofile(folder / _EVENT_DURATIONS)
    if recording.timestamps is not None:
        recording.timestamps.astype(np.float64).tofile(folder / _TIMESTAMPS)
    document = {
        "path": str(recording.path),
        "stream": asdict(recording.stream),
        "n_samples": recording.n_samples,
        "lost": [(run.start, run.n_samples, run.channels, run.cause) for run in recording.lost],
        "kinds": [] if all(event.kind is EventKind.MARK for event in events) else [event.kind for event in events],
        "values": [event.value for event in events],
        "started": None if recording.started is None else recording.started.isoformat(),
        "report": None if recording.import_report is None else _report_adapter().dump_python(recording.import_report),
    }
    (folder / DOCUMENT).write_text(json.dumps(document, default=_plain), encoding="utf-8")


def _write_samples(recording: Recording, path: Path) -> None:
    """Write the samples, one channel after the other; not mapped, since a full disk would end the process."""
    block = max(1, _BLOCK_VALUES // recording.stream.n_channels)
    with path.open("wb") as file:
        for start in range(0, recording.n_samples, block):
            values = recording.read_samples(start, min(start + block, recording.n_samples))
            for row, channel in enumerate(values):
                file.seek(4 * (row * recording.n_samples + start))
                file.write(np.asarray(channel, np.float32).tobytes())


def read_recording(folder: Path) -> Recording:
    """Return the recording that was written into a folder, and delete the folder.

    The samples stay mapped, except on Windows, which deletes no mapped file: there they are read into memory.

    Raises
    ------
    ValueError
        The files do not fit each other.
    """
    document: dict[str, Any] = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    stream = StreamInfo(**document["stream"] | {"ch_names": tuple(document["stream"]["ch_names"])})
    shape = (stream.n_channels, int(document["n_samples"]))
    if sys.platform == "win32":
        samples = np.fromfile(folder / _SAMPLES, np.float32).reshape(shape)
    else:
        samples = np.memmap(folder / _SAMPLES, np.float32, "r", shape=shape)
    timestamps = np.fromfile(folder / _TIMESTAMPS, np.float64) if (folder / _TIMESTAMPS).exists() else None
    if timestamps is not None and timestamps.size != shape[1]:
        raise ValueError(f"{timestamps.size} time stamps for {shape[1]} samples")

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        return np.array(samples[:, start:stop])

    recording = Recording(
        path=Path(document["path"]),
        stream=stream,
        n_samples=shape[1],
        read_samples=read_samples,
        lost=tuple(
            LostRun(start, n, None if channels is None else tuple(channels), cause)
            for start, n, channels, cause in document["lost"]
        ),
        events=_read_events(folder, document),
        timestamps=timestamps,
        started=None if document["started"] is None else datetime.fromisoformat(document["started"]),
        import_report=None if document["report"] is None else _report_adapter().validate_python(document["report"]),
    )
    shutil.rmtree(folder, ignore_errors=True)
    return recording


def _read_events(folder: Path, document: dict[str, Any]) -> tuple[Event, ...]:
    values = document["values"]
    kinds = list(map(EventKind, document["kinds"])) or [EventKind.MARK] * len(values)
    samples = np.fromfile(folder / _EVENT_SAMPLES, np.int64).tolist()
    durations = np.fromfile(folder / _EVENT_DURATIONS, np.float64).tolist()
    return tuple(starmap(Event, zip(samples, kinds, values, durations, strict=True)))


def _plain(value: np.generic) -> object:
    """Return a number of NumPy as one of Python."""
    return value.item()


@cache
def _report_adapter() -> TypeAdapter[ImportReport]:
    from pydantic import TypeAdapter  # only for other programs' files

    return TypeAdapter(ImportReport)
