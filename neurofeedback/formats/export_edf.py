"""EDF+ and BDF+: 16 or 24 bits over each channel's own range, annotations inside."""

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
_MAX_NUMBER_LENGTH = 8  # characters a header field has
_MAX_LABEL_LENGTH = 16
_FIRST_DATE, _LAST_DATE = date(1985, 1, 1), date(2084, 12, 31)  # what two digits of a year can say


def write_edf(recording: Recording, out: Path) -> None:
    """Write EDF+ (www.edfplus.info/specs/edfplus.html)."""
    _write(recording, out, edfio.Edf, edfio.EdfSignal)


def write_bdf(recording: Recording, out: Path) -> None:
    """Write BDF+, which is EDF+ with 24 bits."""
    _write(recording, out, edfio.Bdf, edfio.BdfSignal)


def _write(recording: Recording, out: Path, kind: Any, signal: Any) -> None:
    data = data_in_volts(recording) * 1e6
    sfreq, n_samples = recording.stream.sfreq, recording.n_samples
    per_record = _samples_per_record(n_samples, sfreq)
    missing = -n_samples % per_record
    data = np.pad(data, ((0, 0), (0, missing)))
    filled = [Annotation(n_samples / sfreq, missing / sfreq, GAP_TYPE)] if missing else []
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
            annotations=[one for note in (*list_annotations(recording), *filled) for one in _edf_annotations(note)],
        ).write(out)
    except ValueError as error:
        raise RecordingError(
            "the recording does not fit into EDF", got=str(error)[:200], todo="export it to fif, which holds anything"
        ) from None


def _samples_per_record(n_samples: int, sfreq: float) -> int:
    """Find the longest record that divides the recording, or about a second if none does: the rest is filled."""
    longest = int(_LONGEST_RECORD_S * sfreq)
    fitting = (
        k
        for k in range(min(longest, n_samples), int(sfreq / 4), -1)
        if n_samples % k == 0 and _is_exact_in_header(k / sfreq)
    )
    return next(fitting, None) or next(
        (k for k in range(round(sfreq), longest) if _is_exact_in_header(k / sfreq)), round(sfreq)
    )


def _is_exact_in_header(seconds: float) -> bool:
    """Tell whether a header field can hold a duration as it is."""
    return float(f"{seconds:.6f}"[:_MAX_NUMBER_LENGTH]) == seconds


def _physical_range(row: NDArray[np.float64]) -> tuple[float, float] | None:
    """Give a flat channel some range; any other has its own."""
    return None if np.ptp(row) > 0 else (float(np.floor(row[0])) - 1, float(np.ceil(row[0])) + 1)


def _start_date(recording: Recording) -> date | None:
    day = recording.started.date() if recording.started else None
    return day if day and _FIRST_DATE <= day <= _LAST_DATE else None


def _edf_annotations(annotation: Annotation) -> Iterator[edfio.EdfAnnotation]:
    """Yield a note for all channels, or for each it is about, by MNE's convention ``text@@channel``."""
    text = "".join(letter if letter.isprintable() else " " for letter in annotation.description)
    for name in annotation.ch_names or ("",):
        yield edfio.EdfAnnotation(annotation.onset, annotation.duration, f"{text}@@{name}" if name else text)
