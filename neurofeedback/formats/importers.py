"""Detect a file's format from its first bytes and import it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.formats.import_brainvision import read_brainvision
from neurofeedback.formats.import_edf import read_bdf, read_edf
from neurofeedback.formats.import_mne import read_eeglab, read_fif
from neurofeedback.formats.import_xdf import read_xdf
from neurofeedback.formats.rules.options import NO_OPTIONS, ImportOptions
from neurofeedback.formats.text import import_openbci
from neurofeedback.formats.text.import_brainflow import read_brainflow
from neurofeedback.formats.text.import_csv import find_heading, read_csv
from neurofeedback.formats.text.import_mind_monitor import read_mind_monitor
from neurofeedback.formats.text.import_neurofeedback_csv import SIGNATURE, read_neurofeedback_csv
from neurofeedback.formats.text.text_table import detect_encoding, to_table_lines
from neurofeedback.recording.recording import Recording

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """An import format: its name, the test of a file's first bytes and first line, and the function that reads it."""

    name: str
    matches: Callable[[bytes, bytes], bool]
    read: Callable[[Path, ImportOptions], Recording]


def _starts_with(*signatures: bytes) -> Callable[[bytes, bytes], bool]:
    return lambda head, _: head.startswith(signatures)


def _is_mind_monitor(head: bytes, _: bytes) -> bool:
    return head.lstrip(b'"').startswith(b"TimeStamp") and b"RAW_" in head and b"TP9" in head


def _is_csv_of(*kinds: str) -> Callable[[bytes, bytes], bool]:
    """Return a test whether a heading of a table names EEG channels, in a file of one of these kinds."""

    def matches(head: bytes, _: bytes) -> bool:
        lines = to_table_lines(head.decode("latin-1").splitlines())
        heading = find_heading(lines) if b"\0" not in head else None
        return heading is not None and heading.kind in kinds

    return matches


def _is_brainflow_row(head: bytes, _: bytes) -> bool:
    lines = to_table_lines(head.decode("latin-1").splitlines()[:4])
    try:
        return bool(lines) and len([float(cell) for cell in lines[0].split(",")]) > 2
    except ValueError:
        return False


def _is_brainvision(head: bytes, line: bytes) -> bool:
    return re.match(rb"Brain ?Vision (Core |V-Amp )?Data (Exchange )?Header", line) is not None


def _is_sd_card(head: bytes, _: bytes) -> bool:
    """Return whether the file starts with a row of an OpenBCI SD card.

    A row holds a counter of 2 hexadecimal digits, 8 or 16 values of 6 digits, and accelerations of 4 digits.
    """
    row = next((line for line in head.split(b"\n") if not line.startswith(b"%")), b"")
    cells = [cell.strip() for cell in row.split(b",")]
    widths = [len(cell) for cell in cells if cell]
    digits = all(set(cell) <= set(b"0123456789ABCDEFabcdef") for cell in cells)
    return digits and widths[:1] == [2] and widths.count(6) in {8, 16} and set(widths) <= {2, 4, 6}


IMPORT_FORMATS: tuple[ImportFormat, ...] = (
    ImportFormat("BrainVision", _is_brainvision, read_brainvision),
    ImportFormat("EDF", _starts_with(b"0       "), read_edf),
    ImportFormat("BDF", _starts_with(b"\xffBIOSEMI"), read_bdf),
    ImportFormat("FIF", _starts_with(b"\x00\x00\x00\x64\x00\x00\x00\x1f"), read_fif),
    ImportFormat("EEGLAB", _starts_with(b"MATLAB 5.0 MAT-file"), read_eeglab),
    ImportFormat("XDF", _starts_with(b"XDF:"), read_xdf),
    ImportFormat("Mind Monitor CSV", _is_mind_monitor, read_mind_monitor),
    ImportFormat(
        "OpenBCI GUI text", _starts_with(b"%OpenBCI Raw EEG", b"%OpenBCI Raw EXG"), import_openbci.read_openbci
    ),
    ImportFormat(
        "OpenBCI SD card, converted",
        _starts_with(b"%OBCI Data Log", b"%OBCI SD Convert"),
        import_openbci.read_converted_sd_card,
    ),
    ImportFormat("OpenBCI SD card", _is_sd_card, import_openbci.read_sd_card),
    ImportFormat("CSV of this program", _starts_with(SIGNATURE), read_neurofeedback_csv),
    ImportFormat("BrainFlow CSV", _is_brainflow_row, read_brainflow),
    ImportFormat("muse-lsl CSV", _is_csv_of("muse-lsl CSV"), read_csv),
    ImportFormat("Emotiv CSV", _is_csv_of("Emotiv CSV"), read_csv),
    ImportFormat("CSV with channel names", _is_csv_of("CSV"), read_csv),
)
FORMAT_NAMES = ", ".join(import_format.name for import_format in IMPORT_FORMATS)
_ARCHIVE_SIGNATURES = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "a MATLAB 7.3 (HDF5) file",
}


def import_file(path: Path, options: ImportOptions = NO_OPTIONS) -> Recording:
    """Read another program's file, in one of ``IMPORT_FORMATS``, with what the user states about it.

    Raises
    ------
    RecordingError
        The file is empty, in no known format, or damaged; the error says where.
    """
    head = _read_head(path)
    if not head.strip():
        raise RecordingError(f"{path} is empty", allowed=FORMAT_NAMES)
    import_format = detect_format(head)
    if import_format is not None:
        if options.board and import_format.read is not read_brainflow:
            raise RecordingError(
                f"{path} is not a BrainFlow file, so it takes no board",
                got=import_format.name,
                todo="leave out --board",
            )
        return import_format.read(path, options)
    headers = (path.with_suffix(suffix) for suffix in (".vhdr", ".ahdr"))
    header = next((header for header in headers if header != path and header.exists()), None)
    if path.suffix.lower() in {".eeg", ".vmrk", ".amrk"} and header is not None:
        return import_file(header, options)
    raise _unknown_format_error(path, head)


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None


def is_recording(path: Path) -> bool:
    """Return whether a file starts like a recording in a known format."""
    return detect_format(_read_head(path)) is not None


def _unknown_format_error(path: Path, head: bytes) -> RecordingError:
    problem = f"{path} is not a recording this program can read"
    for signature, name in _ARCHIVE_SIGNATURES.items():
        if head.startswith(signature):
            todo = "save it in EEGLAB with -v7" if b"HDF" in signature else "unpack it and import the file inside"
            return RecordingError(problem, got=name, allowed=FORMAT_NAMES, todo=todo)
    got = f"a file that begins with {head[:24]!r}"
    return RecordingError(problem, got=got, allowed=FORMAT_NAMES, todo="export it to EDF from the program that made it")


def detect_format(head: bytes) -> ImportFormat | None:
    r"""Return the format shown by a file's first bytes, or None if it is unknown.

    Examples
    --------
    >>> detect_format(b"timestamps,TP9,AF7,AF8,TP10,Right AUX\n0.0,1,2,3,4,5\n").name
    'muse-lsl CSV'
    """
    encoding = detect_encoding(head)
    text = head if encoding == "utf-8" else head.decode(encoding, errors="ignore").encode()
    line = text.split(b"\n", 1)[0].strip()
    return next((import_format for import_format in IMPORT_FORMATS if import_format.matches(text, line)), None)
