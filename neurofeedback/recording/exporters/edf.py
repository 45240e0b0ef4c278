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
from neurofeedback.recording.events import GAP
from neurofeedback.recording.exporters.names import plain_names
from neurofeedback.recording.mne_session import Note, notes, volts
from neurofeedback.recording.recording import Recording

_LONGEST_RECORD_S = 4.0
_LONGEST_NUMBER = 8  # characters a header field has
_LONGEST_LABEL = 16
_FIRST_DATE, _LAST_DATE = date(1985, 1, 1), date(2084, 12, 31)  # what two digits of a year can say


def write_edf(recording: Recording, out: Path) -> None:
    """Write EDF+ (www.edfplus.info/specs/edfplus.html)."""
    _write(recording, out, edfio.Edf, edfio.EdfSignal)


def write_bdf(recording: Recording, out: Path) -> None:
    """Write BDF+, which is EDF+ with 24 bits."""
    _write(recording, out, edfio.Bdf, edfio.BdfSignal)


def _write(recording: Recording, out: Path, kind: Any, signal: Any) -> None:
    data = volts(recording) * 1e6
    sfreq, n_samples = recording.stream.sfreq, recording.n_samples
    per_record = _samples_per_record(n_samples, sfreq)
    missing = -n_samples % per_record
    data = np.pad(data, ((0, 0), (0, missing)))
    filled = [Note(n_samples / sfreq, missing / sfreq, GAP)] if missing else []
    try:
        signals = [
            signal(row, sfreq, label=label, physical_dimension="uV", physical_range=_range(row))
            for label, row in zip(plain_names(recording.stream.ch_names, _LONGEST_LABEL), data, strict=True)
        ]
        kind(
            signals,
            recording=edfio.Recording(startdate=_date(recording)),
            starttime=recording.started.time() if recording.started else None,
            data_record_duration=per_record / sfreq,
            annotations=[one for note in (*notes(recording), *filled) for one in _annotations(note)],
        ).write(out)
    except ValueError as error:
        raise RecordingError(
            "the recording does not fit into EDF", got=str(error)[:200], todo="export it to fif, which holds anything"
        ) from None


def _samples_per_record(n_samples: int, sfreq: float) -> int:
    """Find the longest record that divides the recording, or about a second if none does: the rest is filled."""
    longest = int(_LONGEST_RECORD_S * sfreq)
    fitting = (
        k for k in range(min(longest, n_samples), int(sfreq / 4), -1) if n_samples % k == 0 and _exact(k / sfreq)
    )
    return next(fitting, None) or next((k for k in range(round(sfreq), longest) if _exact(k / sfreq)), round(sfreq))


def _exact(seconds: float) -> bool:
    """Tell whether a header field can hold a duration as it is."""
    return float(f"{seconds:.6f}"[:_LONGEST_NUMBER]) == seconds


def _range(row: NDArray[np.float64]) -> tuple[float, float] | None:
    """Give a flat channel some range; any other has its own."""
    return None if np.ptp(row) > 0 else (float(np.floor(row[0])) - 1, float(np.ceil(row[0])) + 1)


def _date(recording: Recording) -> date | None:
    day = recording.started.date() if recording.started else None
    return day if day and _FIRST_DATE <= day <= _LAST_DATE else None


def _annotations(note: Note) -> Iterator[edfio.EdfAnnotation]:
    """Yield a note for all channels, or for each it is about, by MNE's convention ``text@@channel``."""
    text = "".join(letter if letter.isprintable() else " " for letter in note.text)
    for name in note.ch_names or ("",):
        yield edfio.EdfAnnotation(note.onset, note.duration, f"{text}@@{name}" if name else text)
