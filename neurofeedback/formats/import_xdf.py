"""Import of XDF files, as LabRecorder writes them: several streams, each with its own clock, on one common time."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import convert_library_errors
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.tabular import recording_from_table
from neurofeedback.formats.rules.timing import RowTiming
from neurofeedback.recording.import_report import ImportedRate, RateSource
from neurofeedback.recording.recording import Recording
from neurofeedback.types import Event, EventKind, StreamInfo

_log = logging.getLogger(__name__)
_UNIT_SCALES = {
    **dict.fromkeys(("", "uv", "µv", "μv", "microvolt", "microvolts"), 1.0),
    **dict.fromkeys(("v", "volt", "volts"), 1e6),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1e3),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-3),
}


def read_xdf(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read the EEG stream of an XDF file, and every marker stream.

    A pause in the stream, or a restart of its clock, becomes a gap of lost samples.

    Raises
    ------
    RecordingError
        The file is damaged, holds no EEG, or has units other than volts.
    """
    with convert_library_errors(path, "XDF"):
        streams = _load(path)
        eeg = _choose_eeg(path, streams)
        data = np.asarray(eeg["time_series"], np.float64).T * _scales_to_uv(path, eeg)[:, np.newaxis]
        stream = _stream(path, eeg)
        sample_index = _sample_index(eeg, stream.sfreq)
        events = [event for other in streams if other is not eeg for event in _marker_events(other, eeg["time_stamps"])]
    events.sort(key=lambda event: event.sample)
    times = np.asarray(eeg["time_stamps"])
    timing = RowTiming(sample_index, times, ImportedRate(stream.sfreq, RateSource.NOMINAL))
    return recording_from_table(path, stream, data, timing=timing, events=events)


def _load(path: Path) -> list[dict[str, Any]]:
    import pyxdf  # needed only for XDF files

    logger = logging.getLogger("pyxdf")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            streams, _ = pyxdf.load_xdf(str(path))
    finally:
        logger.setLevel(level)
    return streams


def _choose_eeg(path: Path, streams: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the stream of type EEG; of several, the one with the most values, and log which."""
    eeg_streams = [
        stream for stream in streams if _info_text(stream, "type").upper() == "EEG" and len(stream["time_stamps"])
    ]
    if not eeg_streams:
        described = ", ".join(f"{_info_text(stream, 'name')} ({_info_text(stream, 'type')})" for stream in streams)
        raise RecordingError(f"{path} holds no EEG", got=described or "no stream", allowed="a stream of type EEG")
    chosen = max(eeg_streams, key=lambda stream: np.size(stream["time_series"]))
    if len(eeg_streams) > 1:
        names = ", ".join(_info_text(stream, "name") for stream in eeg_streams)
        _log.warning(
            "%s holds %d EEG streams (%s); %s is read", path, len(eeg_streams), names, _info_text(chosen, "name")
        )
    return chosen


def _info_text(stream: Mapping[str, Any], key: str) -> str:
    value = (stream["info"].get(key) or [""])[0]
    return value if isinstance(value, str) else ""


def _channel_descriptions(eeg: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the header's description of each channel, or empty mappings if it does not describe them all."""
    desc = (eeg["info"].get("desc") or [None])[0]
    groups = (desc or {}).get("channels") or [None]
    channels = (groups[0] or {}).get("channel") or []
    n_channels = np.shape(eeg["time_series"])[1]
    return channels if len(channels) == n_channels else [{}] * n_channels


def _stream(path: Path, eeg: Mapping[str, Any]) -> StreamInfo:
    labels = [(channel.get("label") or [""])[0] for channel in _channel_descriptions(eeg)]
    names = tuple(str(label or f"X{i}") for i, label in enumerate(labels, start=1))
    sfreq = float(_info_text(eeg, "nominal_srate") or 0)
    facts = {"format": "XDF", "stream": _info_text(eeg, "name")}
    return StreamInfo(device=f"playback:{path.name}", sfreq=sfreq, ch_names=names, facts=facts)


def _scales_to_uv(path: Path, eeg: Mapping[str, Any]) -> NDArray[np.float64]:
    units = [str((channel.get("unit") or [""])[0] or "") for channel in _channel_descriptions(eeg)]
    unknown = sorted({unit for unit in units if unit.strip().lower() not in _UNIT_SCALES})
    if unknown:
        raise RecordingError(f"{path} has units other than volts", got=", ".join(unknown)[:80], allowed="V, mV, uV, nV")
    if not any(units):
        _log.warning("%s does not give its unit; its values are read as microvolts", path)
    return np.array([_UNIT_SCALES[unit.strip().lower()] for unit in units])


def _sample_index(eeg: Mapping[str, Any], sfreq: float) -> NDArray[np.int64]:
    """Return the sample number of each row, with a gap between two segments as long as the pause between them."""
    times = np.asarray(eeg["time_stamps"])
    lost = np.zeros(times.size, np.int64)
    for start, _ in eeg["info"].get("segments", [])[1:]:
        lost[start] = max(0, round(float(times[start] - times[start - 1]) * sfreq) - 1)
    return np.arange(times.size) + np.cumsum(lost)


def _marker_events(stream: Mapping[str, Any], times: NDArray[np.float64]) -> Iterator[Event]:
    """Yield the markers of a stream without a rate, each at the row nearest in time, at most 1 s away."""
    if float(_info_text(stream, "nominal_srate") or 0) > 0 and _info_text(stream, "channel_format") != "string":
        return
    for time, values in zip(stream["time_stamps"], stream["time_series"], strict=True):
        row = int(np.searchsorted(times, time))
        row -= row == times.size or (row > 0 and time - times[row - 1] < times[row] - time)
        if abs(times[row] - time) < 1.0:
            yield Event(row, EventKind.MARK, " ".join(str(value) for value in values))
