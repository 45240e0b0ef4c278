"""Import of XDF files, as LabRecorder writes them: several streams, each with its own clock, on one common time."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import convert_library_errors
from neurofeedback.formats.rules.channels import classify_channel
from neurofeedback.formats.rules.choose_eeg import choose_eeg
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.rules.rate import ExpectedRates
from neurofeedback.formats.rules.tabular import recording_from_table
from neurofeedback.formats.rules.timing import RowTiming, time_rows
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, EventKind, StreamInfo

_log = logging.getLogger(__name__)
_TRIAL_SAMPLES = 20_000
_EEG_TYPES = {"EEG", "EXG"}
_MARKER_TYPE = re.compile(r"marker|event|trigger|stim|annotation", re.IGNORECASE)
_MAX_MARKS_PER_S = 20.0  # an irregular stream with more values holds a signal
_NEIGHBOURHOOD_S = 1.0


def read_xdf(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read the EEG stream of an XDF file by its time stamps, and every marker stream.

    A silence in the stream, or a restart of its clock, becomes a gap of lost samples.

    Raises
    ------
    RecordingError
        The file is damaged or holds no EEG, or its unit or rate cannot be found.
    """
    with convert_library_errors(path, "XDF"):
        streams = _load(path)
        eeg, notices = _choose_stream(path, streams)
        values = np.asarray(eeg["time_series"], np.float64).T
        times = np.asarray(eeg["time_stamps"], np.float64)
        channels = _classify_channels(eeg)
        markers = [stream for stream in streams if stream is not eeg and _is_marker_stream(stream)]
        marks = [mark for stream in markers for mark in _marks(stream)]
        others = [_describe_stream(stream) for stream in streams if stream is not eeg]
    middle = max(0, (values.shape[1] - _TRIAL_SAMPLES) // 2)
    chosen = choose_eeg(path, channels, values[:, middle : middle + _TRIAL_SAMPLES], options)
    data = values[list(chosen.rows)] * chosen.scales[:, np.newaxis]
    nominal = _nominal_rate(eeg)
    timing = time_rows(path, times.size, ExpectedRates(options.sfreq, nominal or None), times)
    facts = {"format": "XDF", "stream": _info_text(eeg, "name")}
    stream = StreamInfo(f"playback:{path.name}", timing.rate.sfreq, chosen.names, facts=facts)
    placed = [_place(time, timing, text) for time, text in marks]
    n_samples = int(timing.sample_index[-1]) + 1
    inside = [event for event in placed if 0 <= event.sample < n_samples]
    scattered = () if set(timing.scatter_notice) <= set(timing.notices) or not inside else timing.scatter_notice
    recording = recording_from_table(
        path,
        stream,
        data,
        timing=timing,
        events=_code_events(values, channels),
        n_marks_outside=len(placed) - len(inside),
        channels=(*chosen.channels, *others),
        notices=(*notices, *chosen.notices, *scattered),
    )
    return _add_marks(recording, inside)


def _add_marks(recording: Recording, marks: Sequence[Event]) -> Recording:
    events = tuple(sorted((*recording.events, *marks), key=lambda event: event.sample))
    report = recording.import_report
    if report is not None:
        report = replace(report, marks=replace(report.marks, n_read=len(events)))
    return replace(recording, events=events, import_report=report)


def _load(path: Path) -> list[dict[str, Any]]:
    import pyxdf  # needed only for XDF files

    logger = logging.getLogger("pyxdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    finally:
        logger.setLevel(level)
    return streams


def _choose_stream(path: Path, streams: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the stream of type EEG, and a notice if there are several; then it is the one with the most values."""
    eeg_streams = [
        stream for stream in streams if _info_text(stream, "type").upper() in _EEG_TYPES and len(stream["time_stamps"])
    ]
    if not eeg_streams:
        described = ", ".join(f"{_info_text(stream, 'name')} ({_info_text(stream, 'type')})" for stream in streams)
        raise RecordingError(f"{path} holds no EEG", got=described or "no stream", allowed="a stream of type EEG")
    chosen = max(eeg_streams, key=lambda stream: np.size(stream["time_series"]))
    if len(eeg_streams) == 1:
        return chosen, ()
    names = ", ".join(_info_text(stream, "name") for stream in eeg_streams)
    used = _info_text(chosen, "name")
    return chosen, (english(texts.SEVERAL_EEG_STREAMS, n=len(eeg_streams), names=names[:200], used=used),)


def _describe_stream(stream: Mapping[str, Any]) -> ImportedChannel:
    """Return a stream that is not the EEG, as a channel that holds marks or is left out."""
    name, kind = _info_text(stream, "name")[:80] or "n/a", _info_text(stream, "type")[:20] or "n/a"
    if _is_marker_stream(stream):
        return ImportedChannel(name, ChannelUse.MARKS)
    return ImportedChannel(name, ChannelUse.LEFT_OUT, english(texts.OTHER_STREAM, kind=kind))


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


def _classify_channels(eeg: Mapping[str, Any]) -> list[ImportedChannel]:
    return [
        classify_channel(
            str((channel.get("label") or [""])[0] or f"X{i}"),
            str((channel.get("type") or [""])[0] or ""),
            str((channel.get("unit") or [""])[0] or ""),
        )
        for i, channel in enumerate(_channel_descriptions(eeg), start=1)
    ]


def _nominal_rate(stream: Mapping[str, Any]) -> float:
    try:
        rate = float(_info_text(stream, "nominal_srate") or 0)
    except ValueError:
        return 0.0
    return rate if np.isfinite(rate) and rate > 0 else 0.0


def _is_marker_stream(stream: Mapping[str, Any]) -> bool:
    times = np.asarray(stream["time_stamps"])
    if not times.size or np.ndim(stream["time_series"]) not in {1, 2}:
        return False
    if _info_text(stream, "channel_format") == "string" or _MARKER_TYPE.search(_info_text(stream, "type")):
        return True
    irregular = _nominal_rate(stream) == 0 and np.shape(stream["time_series"])[1] == 1
    return irregular and times.size <= _MAX_MARKS_PER_S * max(1.0, float(np.ptp(times)))


def _marks(stream: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    """Yield time and text of each marker; of a regular stream of codes, each change to a code that is not 0."""
    previous = ""
    for time, values in zip(stream["time_stamps"], stream["time_series"], strict=True):
        text = " ".join(str(value) if isinstance(value, str) else f"{value:g}" for value in values)
        if _nominal_rate(stream) == 0 or (text != previous and text.strip("0 ")):
            yield float(time), text
        previous = text


def _code_events(values: NDArray[np.float64], channels: Sequence[ImportedChannel]) -> list[Event]:
    """Return the marks of the EEG stream's own trigger channels: changes to a code that is not 0."""
    events: list[Event] = []
    for codes, channel in zip(values, channels, strict=True):
        if channel.reason != english(texts.IS_TRIGGER) and not _MARKER_TYPE.search(channel.reason):
            continue
        codes_only = np.nan_to_num(codes)
        changes = np.flatnonzero((np.diff(codes_only, prepend=codes_only[:1]) != 0) & (codes_only != 0))
        if changes.size <= codes.size / 10:
            events += [Event(int(row), EventKind.MARK, f"{codes[row]:g}") for row in changes]
    return events


def _place(time: float, timing: RowTiming, text: str) -> Event:
    """Return a marker at its time on the sample axis, also in a silence; outside the recording, outside its samples."""
    times, index, sfreq = timing.times, timing.sample_index, timing.rate.sfreq
    if times is None:
        return Event(-1, EventKind.MARK, text)
    row = int(np.searchsorted(np.maximum.accumulate(times), time))
    width = max(1, round(_NEIGHBOURHOOD_S * sfreq))
    near = slice(max(0, min(row, times.size - 1) - width), row + width)
    delay = float(np.median(times[near] - index[near] / sfreq))
    return Event(round(float(np.clip((time - delay) * sfreq, -1e15, 1e15))), EventKind.MARK, text)
