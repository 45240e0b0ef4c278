"""Other programs' recordings. The format is found by content, never by name."""

from __future__ import annotations

import configparser
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.recording.events import GAP
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.tables import read_brainflow, read_muse_lsl, read_openbci
from neurofeedback.types import LostRun, Stream

if TYPE_CHECKING:
    from mne.io import BaseRaw

_log = logging.getLogger(__name__)
FORMATS = "BrainVision (.vhdr), EDF, BDF, FIF, BrainFlow CSV, OpenBCI GUI text, muse-lsl CSV"
_HEAD_BYTES = 4096
_MNE_KINDS = {"brainvision": "BrainVision", "edf": "EDF", "bdf": "BDF", "fif": "FIF"}
# What MNE's readers let escape on files that are cut off or not what they seem.
_BROKEN = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    EOFError,
    configparser.Error,
)


def import_file(path: Path, *, board: str | None = None) -> Recording:
    """Read another program's file; see ``FORMATS``.

    Raises
    ------
    RecordingError
        The file is empty, not EEG, or broken; it says where.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read", got=error.strerror or str(error)) from None
    if not head.strip():
        raise RecordingError(f"{path} is empty", allowed=FORMATS)
    kind = _kind(head)
    if kind in _MNE_KINDS:
        return _read_with_mne(path, kind)
    if kind == "brainflow":
        return read_brainflow(path, board)
    if kind in {"openbci", "muse-lsl"}:
        return (read_openbci if kind == "openbci" else read_muse_lsl)(path)
    header = path.with_suffix(".vhdr")
    if path.suffix.lower() in {".eeg", ".vmrk"} and header != path and header.exists():
        return import_file(header)
    raise RecordingError(
        f"{path} is not a recording this program can read",
        got=f"a file that begins with {head[:24]!r}",
        allowed=FORMATS,
        todo="export it to EDF from the program that made it",
    )


def _kind(head: bytes) -> str:
    r"""Name the format a file's first bytes show.

    Examples
    --------
    >>> _kind(b"timestamps,TP9,AF7,AF8,TP10,Right AUX\n0.0,1,2,3,4,5\n")
    'muse-lsl'
    """
    first_line = head.split(b"\n", 1)[0]
    signs: dict[str, bool] = {
        "brainvision": first_line.startswith((b"Brain Vision Data Exchange H", b"BrainVision Data Exchange H")),
        "edf": head.startswith(b"0       "),
        "bdf": head.startswith(b"\xffBIOSEMI"),
        "fif": head.startswith(b"\x00\x00\x00\x64\x00\x00\x00\x1f"),
        "openbci": first_line.startswith((b"%OpenBCI Raw EEG Data", b"%OpenBCI Raw EXG Data")),
        "muse-lsl": first_line.startswith(b"timestamps,") and b"TP9" in first_line,
        "brainflow": _numbers_between_tabs(first_line),
    }
    return next((kind for kind, seen in signs.items() if seen), "")


def _numbers_between_tabs(line: bytes) -> bool:
    cells = line.split(b"\t")
    try:
        return len([float(cell) for cell in cells]) > 2
    except ValueError:
        return False


def _read_with_mne(path: Path, kind: str) -> Recording:
    """Read with MNE, which gives volts; its warnings go to the log."""
    import mne  # noqa: PLC0415 - a third of a second that only other programs' files need

    readers: dict[str, Callable[[], BaseRaw]] = {
        "brainvision": lambda: mne.io.read_raw_brainvision(path),
        "edf": lambda: mne.io.read_raw_edf(path, infer_types=True),
        "bdf": lambda: mne.io.read_raw_bdf(path, infer_types=True),
        "fif": lambda: mne.io.read_raw_fif(path, allow_maxshield="yes"),
    }
    try:
        with warnings.catch_warnings(record=True) as caught, mne.utils.catch_logging("warning"):  # it logs to stdout
            warnings.simplefilter("always")
            raw = readers[kind]().pick("eeg")
            raw.get_data(stop=min(raw.n_times, 1000))
            if any("preload=True" in str(warning.message) for warning in caught):
                raw.load_data()
    except _BROKEN as error:
        raise RecordingError(
            f"{path} cannot be read as {_MNE_KINDS[kind]}",
            got=f"{type(error).__name__}: {_first_line(error)}",
            allowed="an unbroken file with EEG channels",
            todo="copy or export it again",
        ) from None
    for warning in caught:
        _log.warning("%s: %s", path.name, _first_line(warning.message))
    if raw.n_times == 0:
        raise RecordingError(f"{path} holds no samples", todo="copy or export it again")
    return _from_raw(path, raw)


def _from_raw(path: Path, raw: BaseRaw) -> Recording:
    def samples(start: int, stop: int) -> NDArray[np.float32]:
        try:
            return (np.asarray(raw.get_data(start=start, stop=stop)) * 1e6).astype(np.float32)
        except _BROKEN as error:
            raise RecordingError(
                f"{path} breaks off",
                got=f"{type(error).__name__}: {_first_line(error)} at sample {start}",
                todo="copy or export it again",
            ) from None

    sfreq = float(raw.info["sfreq"])
    sfreq = round(sfreq) if abs(sfreq - round(sfreq)) < 1e-6 else sfreq  # BrainVision stores whole intervals
    stream = Stream(device=f"playback:{path.name}", sfreq=float(sfreq), ch_names=tuple(raw.ch_names))
    return Recording(path, stream, raw.n_times, samples, lost=_gaps(raw))


def _gaps(raw: BaseRaw) -> tuple[LostRun, ...]:
    sfreq, marked = raw.info["sfreq"], raw.annotations
    return tuple(
        LostRun(round(onset * sfreq), round(duration * sfreq), None, "gap")
        for onset, duration, text in zip(marked.onset, marked.duration, marked.description, strict=True)
        if text.startswith(GAP)
    )


def _first_line(error: object) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0][:200]
