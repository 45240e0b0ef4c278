"""The EDF and BDF file formats: header, data records and annotations, continuous or with gaps (edfplus.info/specs)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError

_FIXED_BYTES = 256
_FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)  # bytes per signal: label, transducer, unit, four limits, filter, samples
_MAX_SIGNALS = 4096
_MAX_KNOWN_TEXTS = 1024
_CENTURY_START = 85  # two-digit years from 85 on are 19xx
_TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")
_ANNOTATIONS = {"EDF Annotations", "BDF Annotations"}


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """A signal of an EDF file: its header fields, and ``first``, its first sample within a data record."""

    label: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[float, float]
    per_record: int
    first: int

    @property
    def is_annotations(self) -> bool:
        """Whether the signal holds annotations instead of samples."""
        return self.label in _ANNOTATIONS

    @property
    def gain(self) -> float:
        """Physical units per digital step; 0 if the header gives no range."""
        span = self.digital[1] - self.digital[0]
        return (self.physical[1] - self.physical[0]) / span if span else 0.0


class TimedText(NamedTuple):
    """An annotation: onset since the start of the file and duration, s, and text."""

    onset_s: float
    duration_s: float
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class EdfFile:
    """An opened EDF or BDF file.

    Parameters
    ----------
    signals : tuple of EdfSignal
        All signals, annotations included.
    record_s : float
        Duration of a data record, s.
    n_records, n_announced : int
        Number of complete data records, and the number in the header (-1: unknown).
    discontinuous : bool
        The header says that there may be gaps between the records.
    started : datetime or None
        Date and time in the header, taken as UTC.
    records : ndarray, shape (n_records, n_bytes)
        The data records, mapped into memory.
    n_bytes : int
        Bytes of a sample: 2 in EDF, 3 in BDF.
    header_bytes : int
        Length of the header.
    """

    path: Path
    signals: tuple[EdfSignal, ...]
    record_s: float
    n_records: int
    n_announced: int
    discontinuous: bool
    started: datetime | None
    records: NDArray[np.uint8]
    n_bytes: int
    header_bytes: int

    def digital(self, signal: EdfSignal, start: int, stop: int) -> NDArray[np.int32]:
        """Return the digital samples of a signal in the records from ``start`` up to ``stop``."""
        first, last = signal.first * self.n_bytes, (signal.first + signal.per_record) * self.n_bytes
        raw = np.ascontiguousarray(self.records[start:stop, first:last])
        if self.n_bytes == 2:
            return raw.view("<i2").reshape(-1).astype(np.int32)
        padded = np.zeros((*raw.shape[:1], signal.per_record, 4), np.uint8)
        padded[..., 1:] = raw.reshape(-1, signal.per_record, 3)
        return padded.view("<i4").reshape(-1) >> 8  # the shift extends the sign

    def physical(self, signal: EdfSignal, start: int, stop: int) -> NDArray[np.float64]:
        """Return the samples of a signal in its own unit."""
        steps = self.digital(signal, start, stop).astype(np.float64) - signal.digital[0]
        return signal.physical[0] + steps * signal.gain

    def annotations(self) -> tuple[NDArray[np.float64] | None, list[TimedText]]:
        """Return the onset of each record, s, and all annotations.

        The onsets are None if a record lacks the time of its start.
        """
        signals = [signal for signal in self.signals if signal.is_annotations]
        onsets = np.full(self.n_records, np.nan)
        texts: list[TimedText] = []
        decode = lru_cache(_MAX_KNOWN_TEXTS)(decode_text)  # a million marks have few different texts
        for number, signal in enumerate(signals):
            first, last = signal.first * self.n_bytes, (signal.first + signal.per_record) * self.n_bytes
            for record in range(self.n_records):
                entries = list(_parse_tals(self.records[record, first:last].tobytes(), decode))
                if number == 0 and entries:
                    onsets[record] = entries[0].onset_s
                texts.extend(entry for entry in entries if entry.text)
        return (onsets if signals and np.isfinite(onsets).all() else None), texts


def _parse_tals(data: bytes, decode: Callable[[bytes], str]) -> Iterator[TimedText]:
    """Yield the time-stamped annotations of a record; that of the record itself has an empty text."""
    for onset, duration, content in _TAL.findall(data):
        for text in content.split(b"\x14"):
            yield TimedText(float(onset), float(duration or 0), decode(text))


def decode_text(data: bytes) -> str:
    """Return text that is UTF-8 as the standards want it, or of Western Windows or Latin-1 as many programs write it.

    Examples
    --------
    >>> decode_text("müde".encode()), decode_text("müde".encode("latin-1"))
    ('müde', 'müde')
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def open_edf(path: Path, n_bytes: int) -> EdfFile:
    """Read the header of an EDF (2 bytes a sample) or BDF file (3 bytes) and map its records.

    Raises
    ------
    RecordingError
        The header is damaged, or the file holds no complete record.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            fixed = file.read(_FIXED_BYTES)
            n_signals = int(_number(path, fixed[252:256], "number of signals"))
            if not 0 < n_signals <= _MAX_SIGNALS:
                raise _damaged(path, f"{n_signals} signals")
            fields = file.read(_FIXED_BYTES * n_signals)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None
    if len(fields) < _FIXED_BYTES * n_signals:
        raise _damaged(path, "an incomplete header")
    signals = _read_signals(path, fields, n_signals)
    record_bytes = sum(signal.per_record for signal in signals) * n_bytes
    header_bytes = _FIXED_BYTES * (n_signals + 1)
    n_records = (size - header_bytes) // record_bytes if record_bytes else 0
    if n_records <= 0:
        raise RecordingError(f"{path} holds no samples", got="no complete data record", todo="copy or export it again")
    return EdfFile(
        path,
        signals,
        _number(path, fixed[244:252], "duration of a record"),
        n_records,
        int(_number(path, fixed[236:244], "number of records")),
        fixed[192:197] in {b"EDF+D", b"BDF+D"},
        _parse_start(fixed),
        np.memmap(path, np.uint8, "r", header_bytes, (n_records, record_bytes)),
        n_bytes,
        header_bytes,
    )


def _read_signals(path: Path, fields: bytes, n_signals: int) -> tuple[EdfSignal, ...]:
    columns: list[list[bytes]] = []
    at = 0
    for width in _FIELDS:
        columns.append([fields[at + i * width : at + (i + 1) * width] for i in range(n_signals)])
        at += width * n_signals
    labels, _, units, low, high, digital_low, digital_high, _, counts, _ = columns
    per_record = [int(_number(path, count, "samples in a record")) for count in counts]
    if min(per_record) < 0:
        raise _damaged(path, f"{min(per_record)} samples in a record")
    limits: Sequence[Sequence[bytes]] = (low, high, digital_low, digital_high)
    ranges = [[_limit(field) for field in column] for column in limits]
    firsts = np.cumsum([0, *per_record]).tolist()
    return tuple(
        EdfSignal(
            _text(labels[i]),
            _text(units[i]),
            (ranges[0][i], ranges[1][i]),
            (ranges[2][i], ranges[3][i]),
            per_record[i],
            firsts[i],
        )
        for i in range(n_signals)
    )


def _text(field: bytes) -> str:
    return decode_text(field).replace("\0", " ").strip()


def _limit(field: bytes) -> float:
    """Return a limit of a signal's range; NaN if it is no number, so that this signal alone is left out."""
    try:
        return float(_text(field).replace(",", "."))
    except ValueError:
        return float("nan")


def _number(path: Path, field: bytes, name: str) -> float:
    value = _limit(field)
    if not np.isfinite(value):
        raise _damaged(path, f"{_text(field)[:20]!r} as the {name}")
    return value


def _damaged(path: Path, got: str) -> RecordingError:
    kind = "BDF" if path.suffix.lower() == ".bdf" else "EDF"
    return RecordingError(
        f"{path} cannot be read as {kind}", got=f"a header with {got}", todo="copy or export it again"
    )


def _parse_start(fixed: bytes) -> datetime | None:
    numbers = [int(part) for part in re.findall(rb"\d+", fixed[168:176] + b" " + fixed[176:184])]
    try:
        day, month, year, hour, minute, second = numbers
        return datetime(year + (1900 if year >= _CENTURY_START else 2000), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
