"""Import BrainVision files through MNE: renamed together, of a V-Amp, in Latin-1, with pauses between segments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.edf_file import decode_text
from neurofeedback.formats.file_checks import check_brainvision
from neurofeedback.formats.find_bids import is_named_by_bids
from neurofeedback.formats.import_mne import ChannelHeader, read_bids, read_raw
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.recording.import_report import ImportedGaps
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts
from neurofeedback.types import Event, EventKind, LostRun

_CHANNEL = re.compile(r"^(Ch\d+)=([^,\r\n]*),([^,\r\n]*),([^,\r\n]*)(?:,([^,\r\n]*))?(.*)$", re.MULTILINE)
_SEGMENT = re.compile(r"^Mk\d+=New Segment,[^,]*,(\d+),[^,]*,[^,\r\n]*(?:,(\d{20}))?", re.MULTILINE)
_EPOCHED = re.compile(r"^SegmentationType\s*=\s*MARKERBASED|^Averaged\s*=\s*YES", re.MULTILINE | re.IGNORECASE)
_CODEPAGE = re.compile(r"^Codepage\s*=.*$", re.MULTILINE | re.IGNORECASE)
_EMPTY_MARKERS = (
    "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nDataFile={data}\n[Marker Infos]\n"
)
_MARK = re.compile(
    r"^Mk\d+=(?!New Segment|[^,\r\n]*BAD_)([^,\r\n]*),([^,\r\n]*),(\d+),(\d*)[^\r\n]*\r?\n", re.MULTILINE
)
_MANY_MARKS = 5_000
_MAX_PAUSE_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class _Parts:
    """The files of a recording and their text."""

    header: str
    data: Path
    markers: str
    marker_suffix: str
    notices: tuple[str, ...]


def read_brainvision(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read a BrainVision recording from its header; data and marker file must be in the same folder."""
    check_brainvision(path)
    if is_named_by_bids(path):
        return _insert_pauses(read_bids(path, "BrainVision", options), _find_parts(path).markers)
    parts = _find_parts(path)
    if _EPOCHED.search(parts.header):
        raise RecordingError(
            f"{path} holds epochs or averages, not a continuous recording",
            got="a segmented BrainVision file",
            todo="export the recording before it was segmented",
        )
    channels = tuple(
        ChannelHeader(name.replace("\\1", ","), (unit if unit is not None else "").strip() or "uV", microvolts=True)
        for _, name, _, _, unit, _ in _CHANNEL.findall(_channel_section(parts.header))
    )
    left, marks = _take_many_marks(parts.markers, parts.header)
    with TemporaryDirectory() as folder:
        copy = Path(folder, f"header{path.suffix.lower()}")
        markers = copy.with_suffix(parts.marker_suffix)
        copy.write_text(_normalize(parts, markers.name), encoding="utf-8")
        markers.write_text(_with_codepage(left), encoding="utf-8")
        recording = read_raw(
            path,
            "BrainVision",
            lambda mne: mne.io.read_raw_brainvision(copy),
            options,
            channels=channels,
            notices=parts.notices,
            data_file=parts.data,
            marks=marks,
        )
    return _insert_pauses(recording, parts.markers)


def _take_many_marks(markers: str, header: str) -> tuple[str, tuple[Event, ...]]:
    """Take the marks out of a marker file with many of them: MNE needs a minute for a hundred thousand."""
    interval = re.search(r"^SamplingInterval\s*=\s*([\d.]+)", header, re.MULTILINE)
    found = _MARK.findall(markers) if interval and markers.count("\nMk") > _MANY_MARKS else []
    if not found or interval is None:
        return markers, ()
    sample_s = float(interval[1]) / 1e6
    marks = tuple(
        Event(int(at) - 1, EventKind.MARK, f"{kind}/{text}".replace("\\1", ","), int(n_samples or 0) * sample_s)
        for kind, text, at, n_samples in found
    )
    return _MARK.sub("", markers), marks


def _find_parts(path: Path) -> _Parts:
    header = decode_text(path.read_bytes())
    data, data_notices = _find_part(path, header, "DataFile", (".eeg", ".dat", ".seg"))
    if data is None:
        raise RecordingError(
            f"{path} cannot be read as BrainVision without its samples",
            got=f"no file {_named(header, 'DataFile') or path.with_suffix('.eeg').name} in its folder",
            todo="put the .eeg file beside the header",
        )
    suffix = ".amrk" if path.suffix.lower() == ".ahdr" else ".vmrk"
    marker_file, marker_notices = _find_part(path, header, "MarkerFile", (suffix,))
    if marker_file is None:
        text = _EMPTY_MARKERS.format(data=data.name)
        missing = (english(texts.NO_MARKER_FILE),) if _named(header, "MarkerFile") else ()
        return _Parts(header, data, text, suffix, (*data_notices, *missing))
    text = decode_text(marker_file.read_bytes())
    return _Parts(header, data, text, suffix, (*data_notices, *marker_notices))


def _named(header: str, key: str) -> str:
    found = re.search(rf"^\s*{key}\s*=\s*(.*?)\s*$", header, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def _find_part(path: Path, header: str, key: str, suffixes: Sequence[str]) -> tuple[Path | None, tuple[str, ...]]:
    """Return the file that the header names, else one named like the header; and a notice if both exist."""
    name = _named(header, key).replace("$b", path.stem)
    siblings = {entry.name.lower(): entry for entry in path.parent.iterdir()}
    named = siblings.get(name.lower())
    endings = (Path(name).suffix.lower(), *suffixes) if name else suffixes
    same_name = next((siblings[n] for ending in endings if (n := f"{path.stem}{ending}".lower()) in siblings), None)
    if named is not None and same_name is not None and named != same_name:
        return named, (english(texts.TWO_CANDIDATES, used=named.name, other=same_name.name),)
    if named is None and same_name is not None and name:
        return same_name, (english(texts.RENAMED, named=name[:80], used=same_name.name),)
    return named or same_name, ()


def _normalize(parts: _Parts, marker_name: str) -> str:
    """Return the header in UTF-8 with the paths of the files found, and every unit as microvolts.

    The true units are applied with the rules for all formats.
    """
    header = _with_codepage(parts.header)
    for key, value in (("DataFile", str(parts.data)), ("MarkerFile", marker_name)):
        line = re.compile(rf"^\s*{key}\s*=.*$", re.MULTILINE | re.IGNORECASE)
        entry = f"{key}={value}"
        if line.search(header):
            header = line.sub(lambda _, entry=entry: entry, header, count=1)
        else:
            header = header.replace("[Common Infos]", f"[Common Infos]\n{entry}", 1)
    section = _channel_section(header)
    return header.replace(section, _CHANNEL.sub(lambda m: f"{m[1]}={m[2]},{m[3]},{m[4]},µV{m[6]}", section), 1)


def _channel_section(header: str) -> str:
    """Return the lines that describe the channels; those of coordinates have the same keys."""
    found = re.search(r"^\[Channel Infos\].*?(?=^\[|\Z)", header, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return found.group() if found else ""


def _with_codepage(text: str) -> str:
    if _CODEPAGE.search(text):
        return _CODEPAGE.sub("Codepage=UTF-8", text, count=1)
    return text.replace("[Common Infos]", "[Common Infos]\nCodepage=UTF-8", 1)


def _insert_pauses(recording: Recording, markers: str) -> Recording:
    """Return the recording with the pauses between its segments as gaps, by the times of their markers."""
    sfreq, report = recording.stream.sfreq, recording.import_report
    segments = [(int(position) - 1, _parse_time(time)) for position, time in _SEGMENT.findall(markers)]
    inner = [(start, time) for start, time in segments if 0 < start < recording.n_samples]
    if not inner or report is None:
        return recording
    first = next((time for start, time in segments if start <= 0), None)
    inserted: list[tuple[int, int]] = []
    total = 0
    for start, time in inner:
        late_s = (time - first).total_seconds() - (start + total) / sfreq if time and first else 0.0
        n_samples = round(late_s * sfreq) if late_s * sfreq > 1 and late_s < _MAX_PAUSE_S else 0
        inserted.append((start, n_samples))
        total += n_samples
    notice = () if all(n for _, n in inserted) else (english(texts.PAUSE_UNKNOWN, n=sum(not n for _, n in inserted)),)
    starts = np.array([0, *(start for start, _ in inserted)], np.int64)
    shifts = np.concatenate([[0], np.cumsum([n for _, n in inserted])]).astype(np.int64)

    def place(sample: int) -> int:
        return sample + int(shifts[np.searchsorted(starts, sample, side="right") - 1])

    gaps = tuple(LostRun(place(start) - n, n, None, "gap") for start, n in inserted if n)
    lost = (*(replace(run, start=place(run.start)) for run in recording.lost), *gaps)
    n_samples = recording.n_samples + total

    def read_samples(start: int, stop: int) -> NDArray[np.float32]:
        data = np.full((recording.stream.n_channels, stop - start), np.nan, np.float32)
        for low, high, shift in _pieces(starts, shifts, recording.n_samples):
            a, b = max(low + shift, start), min(high + shift, stop)
            if a < b:
                data[:, a - start : b - start] = recording.read_samples(a - shift, b - shift)
        return data

    return replace(
        recording,
        n_samples=n_samples,
        read_samples=read_samples,
        lost=lost,
        events=tuple(replace(event, sample=place(event.sample)) for event in recording.events),
        import_report=replace(report, gaps=ImportedGaps.from_runs(lost, sfreq), notices=(*report.notices, *notice)),
    )


def _pieces(starts: NDArray[np.int64], shifts: NDArray[np.int64], n_samples: int) -> Iterator[tuple[int, int, int]]:
    """Yield first sample, stop and shift of each segment."""
    edges = [*starts.tolist(), n_samples]
    yield from zip(edges[:-1], edges[1:], shifts.tolist(), strict=True)


def _parse_time(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S%f")
    except ValueError:
        return None
