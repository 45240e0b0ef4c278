"""EDF+ and BDF+ export: 16 or 24 bits over each channel's own range, with annotations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import edfio
import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.ascii_names import to_ascii_names
from neurofeedback.formats.mne_conversion import Annotation, data_in_volts, list_annotations
from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.recording.recording import Recording

_LONGEST_RECORD_S = 4.0
_MAX_NUMBER_LENGTH = 8  # characters of a header field
_MAX_LABEL_LENGTH = 16
_FIRST_DATE, _LAST_DATE = date(1985, 1, 1), date(2084, 12, 31)  # the years a two-digit year can mean


def write_edf(recording: Recording, out: Path) -> None:
    """Write a recording as EDF+ (www.edfplus.info/specs/edfplus.html)."""
    _write(recording, out, edfio.Edf, edfio.EdfSignal)


def write_bdf(recording: Recording, out: Path) -> None:
    """Write a recording as BDF+, which is EDF+ with 24 bits."""
    _write(recording, out, edfio.Bdf, edfio.BdfSignal)


def _write(recording: Recording, out: Path, kind: Any, signal: Any) -> None:
    data = data_in_volts(recording) * 1e6
    sfreq, n_samples = recording.stream.sfreq, recording.n_samples
    per_record = _samples_per_record(n_samples, sfreq)
    n_padding = -n_samples % per_record
    data = np.pad(data, ((0, 0), (0, n_padding)))
    padding = [Annotation(n_samples / sfreq, n_padding / sfreq, GAP_TYPE)] if n_padding else []
    try:
        signals = [
            signal(row, sfreq, label=label, physical_dimension="uV", physical_range=_physical_range(row))
            for label, row in zip(to_ascii_names(recording.stream.ch_names, _MAX_LABEL_LENGTH), data, strict=True)
        ]
        kind(
            signals,
            recording=edfio.Recording(startdate=_start_date(recording)),
            starttime=recording.started.time() if recording.started else None,
            data_record_duration=per_record / sfreq,
            annotations=[
                edf_annotation
                for annotation in (*list_annotations(recording), *padding)
                for edf_annotation in _edf_annotations(annotation)
            ],
        ).write(out)
    except ValueError as error:
        raise RecordingError(
            "the recording cannot be stored as EDF",
            got=str(error)[:200],
            todo="export it to fif, which has no such limits",
        ) from None


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
    return float(f"{seconds:.6f}"[:_MAX_NUMBER_LENGTH]) == seconds


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
