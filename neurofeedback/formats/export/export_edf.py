"""EDF+ and BDF+ export: 16 or 24 bits over each channel's own range, with annotations."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import edfio
import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.ascii_names import to_ascii_names
from neurofeedback.formats.edf_file import open_edf
from neurofeedback.formats.mne_conversion import Annotation, data_in_volts, list_annotations
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.recording import Recording
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts

_log = logging.getLogger(__name__)
_LONGEST_RECORD_S = 4.0
_MAX_NUMBER_LENGTH = 8  # characters of a header field
_MAX_LABEL_LENGTH = 16
_MAX_STEP_UV = 1.0
_FIRST_DATE, _LAST_DATE = date(1985, 1, 1), date(2084, 12, 31)  # the years a two-digit year can mean


class _Format(NamedTuple):
    """One of the two formats: name, classes of edfio, and bytes of a sample."""

    name: str
    file: Any
    signal: Any
    n_bytes: int

    @property
    def n_steps(self) -> int:
        """Steps over a channel's range."""
        return 2 ** (8 * self.n_bytes) - 1


_EDF = _Format("EDF", edfio.Edf, edfio.EdfSignal, 2)
_BDF = _Format("BDF", edfio.Bdf, edfio.BdfSignal, 3)


def write_edf(recording: Recording, out: Path) -> None:
    """Write a recording as EDF+ (www.edfplus.info/specs/edfplus.html)."""
    _write(recording, out, _EDF)


def write_bdf(recording: Recording, out: Path) -> None:
    """Write a recording as BDF+, which is EDF+ with 24 bits."""
    _write(recording, out, _BDF)


def _write(recording: Recording, out: Path, to: _Format) -> None:
    data = data_in_volts(recording) * 1e6
    n_samples = recording.n_samples
    per_record = _samples_per_record(n_samples, recording.stream.sfreq)
    record_s = _round_to_header(per_record / recording.stream.sfreq)
    sfreq = per_record / record_s  # differs by less than 1 in a million if the header cannot hold the exact duration
    _warn_of_coarse_steps(recording, data, to)
    n_padding = -n_samples % per_record
    data = np.pad(data, ((0, 0), (0, n_padding)))
    padding = [Annotation(n_samples / sfreq, n_padding / sfreq, GAP_TYPE)] if n_padding else []
    try:
        signals = [
            to.signal(row, sfreq, label=label, physical_dimension="uV", physical_range=_physical_range(row))
            for label, row in zip(to_ascii_names(recording.stream.ch_names, _MAX_LABEL_LENGTH), data, strict=True)
        ]
        to.file(
            signals,
            recording=edfio.Recording(startdate=_start_date(recording)),
            starttime=recording.started.time() if recording.started else None,
            data_record_duration=record_s,
            annotations=[
                edf_annotation
                for annotation in (*list_annotations(recording), *padding)
                for edf_annotation in _edf_annotations(annotation)
            ],
        ).write(out)
        _round_record_onsets(out, to.n_bytes)
    except ValueError as error:
        _log.debug("%s: %s", out, error)
        raise RecordingError(
            f"the recording cannot be stored as {to.name}",
            got=f"{sfreq:g} Hz and values from {data.min():.4g} to {data.max():.4g} uV",
            allowed=f"what the header of {to.name} can hold",
            todo="export it to fif, which has no such limits",
        ) from None


def _round_record_onsets(out: Path, n_bytes: int) -> None:
    """Round the start of each record to 0.1 us; EDFlib refuses the binary rounding noise that edfio writes."""
    file = open_edf(out, n_bytes)
    signal = next(signal for signal in file.signals if signal.is_annotations)
    record_bytes, first = file.records.shape[1], signal.first * n_bytes
    with out.open("r+b") as stream:
        for record in range(file.n_records):
            content = file.records[record, first : first + signal.per_record * n_bytes].tobytes()
            onset, mark, rest = content.partition(b"\x14")
            rounded = f"{float(onset):+.7f}".rstrip("0").rstrip(".").encode()
            if len(rounded) < len(onset):
                stream.seek(file.header_bytes + record * record_bytes + first)
                stream.write((rounded + mark + rest).ljust(len(content), b"\0"))


def _warn_of_coarse_steps(recording: Recording, data: NDArray[np.float64], to: _Format) -> None:
    """Warn of channels whose range is so large that a step of the format is coarser than a microvolt."""
    steps_uv = np.ptp(data, axis=1) / to.n_steps
    coarse = np.flatnonzero(steps_uv > _MAX_STEP_UV).tolist()
    if coarse:
        names = ", ".join(recording.stream.ch_names[row] for row in coarse[:8])
        _log.warning(
            "%s", english(texts.COARSE_STEPS, format=to.name, channels=names, step_uv=float(steps_uv[coarse].max()))
        )


def _round_to_header(seconds: float) -> float:
    return float(f"{seconds:.6f}"[:_MAX_NUMBER_LENGTH])


def _samples_per_record(n_samples: int, sfreq: float) -> int:
    """Return the longest record length that divides the recording; else about one second, and the end is padded."""
    longest = int(_LONGEST_RECORD_S * sfreq)
    exact_lengths = (
        k
        for k in range(min(longest, n_samples), int(sfreq / 4), -1)
        if n_samples % k == 0 and _is_exact_in_header(k / sfreq)
    )
    return next(exact_lengths, None) or next(
        (k for k in range(round(sfreq), longest) if _is_exact_in_header(k / sfreq)), round(sfreq)
    )


def _is_exact_in_header(seconds: float) -> bool:
    """Return whether a header field can hold a duration without rounding."""
    return _round_to_header(seconds) == seconds


def _physical_range(row: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return a range for a flat channel; None for any other, whose range comes from its data."""
    return None if np.ptp(row) > 0 else (float(np.floor(row[0])) - 1, float(np.ceil(row[0])) + 1)


def _start_date(recording: Recording) -> date | None:
    day = recording.started.date() if recording.started else None
    return day if day and _FIRST_DATE <= day <= _LAST_DATE else None


def _edf_annotations(annotation: Annotation) -> Iterator[edfio.EdfAnnotation]:
    """Yield one annotation for all channels, or one per named channel, in MNE's form ``text@@channel``."""
    text = "".join(letter if letter.isprintable() else " " for letter in annotation.description)
    for name in annotation.ch_names or ("",):
        yield edfio.EdfAnnotation(annotation.onset, annotation.duration, f"{text}@@{name}" if name else text)
