"""Which format a file is in, by its first bytes, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.importers import muse, openbci
from neurofeedback.recording.importers.brainflow import read_brainflow
from neurofeedback.recording.importers.mne_raw import read_bdf, read_brainvision, read_edf, read_eeglab, read_fif
from neurofeedback.recording.importers.own_csv import SIGN, read_own_csv
from neurofeedback.recording.importers.text import encoding_of
from neurofeedback.recording.importers.xdf import read_xdf
from neurofeedback.recording.recording import Recording

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, how its first bytes and first line show it, and what reads it."""

    name: str
    shown: Callable[[bytes, bytes], bool]
    read: Callable[[Path], Recording]


def _begins(*signs: bytes) -> Callable[[bytes, bytes], bool]:
    return lambda head, _: head.startswith(signs)


def _muse_after(sign: bytes) -> Callable[[bytes, bytes], bool]:
    return lambda _, line: line.startswith(sign) and b"TP9" in line


def _numbers_between_tabs(_: bytes, line: bytes) -> bool:
    cells = line.split(b"\t")
    try:
        return len([float(cell) for cell in cells]) > 2
    except ValueError:
        return False


def _is_card(head: bytes, _: bytes) -> bool:
    """Tell a row of an SD card: a counter of 2 hexadecimal digits, 8 or 16 values of 6, acceleration of 4."""
    row = next((line for line in head.split(b"\n") if not line.startswith(b"%")), b"")
    cells = [cell.strip() for cell in row.split(b",")]
    widths = [len(cell) for cell in cells if cell]
    digits = all(set(cell) <= set(b"0123456789ABCDEFabcdef") for cell in cells)
    return digits and widths[:1] == [2] and widths.count(6) in {8, 16} and set(widths) <= {2, 4, 6}


FORMATS: tuple[Format, ...] = (
    Format("BrainVision", _begins(b"Brain Vision Data Exchange H", b"BrainVision Data Exchange H"), read_brainvision),
    Format("EDF", _begins(b"0       "), read_edf),
    Format("BDF", _begins(b"\xffBIOSEMI"), read_bdf),
    Format("FIF", _begins(b"\x00\x00\x00\x64\x00\x00\x00\x1f"), read_fif),
    Format("EEGLAB", _begins(b"MATLAB 5.0 MAT-file"), read_eeglab),
    Format("XDF", _begins(b"XDF:"), read_xdf),
    Format("muse-lsl CSV", _muse_after(b"timestamps,"), muse.read_muse_lsl),
    Format("Mind Monitor CSV", _muse_after(b"TimeStamp,"), muse.read_mind_monitor),
    Format("OpenBCI GUI text", _begins(b"%OpenBCI Raw EEG", b"%OpenBCI Raw EXG"), openbci.read_openbci),
    Format("OpenBCI SD card, converted", _begins(b"%OBCI Data Log"), openbci.read_converted_card),
    Format("OpenBCI SD card", _is_card, openbci.read_card),
    Format("CSV of this program", _begins(SIGN), read_own_csv),
    Format("BrainFlow CSV", _numbers_between_tabs, read_brainflow),
)
NAMES = ", ".join(form.name for form in FORMATS)
_PACKED = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"\x89HDF": "a MATLAB 7.3 (HDF5) file"}


def import_file(path: Path, *, board: str | None = None) -> Recording:
    """Read another program's file, in one of ``FORMATS``.

    Raises
    ------
    RecordingError
        The file is empty, not EEG, or broken; it says where.
    """
    head = _head(path)
    if not head.strip():
        raise RecordingError(f"{path} is empty", allowed=NAMES)
    form = format_of(head)
    if form is not None:
        if form.read is read_brainflow:
            return read_brainflow(path, board)
        if board:
            raise RecordingError(f"{path} has no board to be named", got=form.name, todo="leave out --board")
        return form.read(path)
    header = path.with_suffix(".vhdr")
    if path.suffix.lower() in {".eeg", ".vmrk"} and header != path and header.exists():
        return import_file(header)
    raise _refusal(path, head)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None


def is_recording(path: Path) -> bool:
    """Tell whether a file begins like a recording."""
    return format_of(_head(path)) is not None


def _refusal(path: Path, head: bytes) -> RecordingError:
    what = f"{path} is not a recording this program can read"
    for sign, name in _PACKED.items():
        if head.startswith(sign):
            todo = "save it in EEGLAB with -v7" if b"HDF" in sign else "unpack it and import what is inside"
            return RecordingError(what, got=name, allowed=NAMES, todo=todo)
    got = f"a file that begins with {head[:24]!r}"
    return RecordingError(what, got=got, allowed=NAMES, todo="export it to EDF from the program that made it")


def format_of(head: bytes) -> Format | None:
    r"""Find the format a file's first bytes show.

    Examples
    --------
    >>> format_of(b"timestamps,TP9,AF7,AF8,TP10,Right AUX\n0.0,1,2,3,4,5\n").name
    'muse-lsl CSV'
    """
    encoding = encoding_of(head)
    text = head if encoding == "utf-8" else head.decode(encoding, errors="ignore").encode()
    line = text.split(b"\n", 1)[0].strip()
    return next((form for form in FORMATS if form.shown(text, line)), None)
