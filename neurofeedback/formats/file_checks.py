"""Safety checks for foreign files: data named outside the folder, links out of the dataset, decompression bombs."""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError, RecordingError

_log = logging.getLogger(__name__)
_NAMED_FILE = re.compile(rb"^\s*(DataFile|MarkerFile)\s*=\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_MAX_UNPACKED_BYTES = 2_000_000_000
_BLOCK_BYTES = 1 << 20
_MAT_HEADER_BYTES = 128
_COMPRESSED = 15  # the MATLAB element type miCOMPRESSED
_FIF_TAG = struct.Struct(">iIii")  # kind, type, size, position of the next tag


_CAUSES = (
    (r"number of trials|epochs|segmented", "epochs, not a continuous recording"),
    (r"no raw data|evoked|average", "no continuous recording, but perhaps averages or epochs"),
    (r"split|next file|continuation", "a part of a split recording whose other parts are missing"),
    (r"No such file|does not exist|FileNotFound", "a file that belongs to it is missing"),
    (r"picks|no channel|no EEG", "no EEG channel"),
)
_DAMAGED = "contents that do not fit its format"


@contextmanager
def convert_library_errors(path: Path, kind: str) -> Iterator[None]:
    """Turn any exception a library raises on a broken file into a RecordingError.

    Raises
    ------
    RecordingError
        The library failed; the error names the file, the format and the cause. The library's message is logged.
    """
    try:
        yield
    except NeurofeedbackError:
        raise
    except Exception as error:  # noqa: BLE001 - MNE raises bare Exception, and a broken file can cause any error
        _log.debug("%s: %s: %s", path, type(error).__name__, first_line(error))
        raise RecordingError(
            f"{path} cannot be read as {kind}",
            got=_describe(error),
            allowed="an undamaged file with EEG channels",
            todo="copy or export it again",
        ) from None


def _describe(error: Exception) -> str:
    """Return the cause of a library's error in plain words."""
    message = f"{type(error).__name__}: {error}"
    return next((cause for pattern, cause in _CAUSES if re.search(pattern, message, re.IGNORECASE)), _DAMAGED)


def check_inside(path: Path, root: Path) -> None:
    """Refuse a file that is a link out of its dataset.

    Raises
    ------
    RecordingError
        The file is outside ``root``; the error names the link's target.
    """
    if not path.resolve().is_relative_to(root.resolve()):
        raise RecordingError(
            f"{path} is a link that leaves its dataset",
            got=str(path.resolve()),
            allowed=f"a file below {root}",
            todo="copy the file into the dataset",
        )


def check_brainvision(path: Path) -> None:
    """Refuse a BrainVision header whose data or marker file is not in the same folder.

    Raises
    ------
    RecordingError
        An entry of the header names a file in another folder.
    """
    for key, name in _NAMED_FILE.findall(path.read_bytes()[:65536]):
        file_name = name.decode("utf-8", errors="replace")
        if "/" in file_name or "\\" in file_name or "\0" in file_name:
            raise RecordingError(
                f"the {key.decode()} of {path} is not in the same folder",
                got=repr(file_name[:80]),
                allowed="the name of a file in the same folder",
                todo="move the file there and correct the header",
            )


def check_mat(path: Path) -> None:
    """Refuse a MATLAB file that decompresses to more data than any recording has.

    Raises
    ------
    RecordingError
        The file decompresses to more than 2 GB.
    """
    total = 0
    with path.open("rb") as file:
        file.seek(_MAT_HEADER_BYTES)
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack("<II", tag)
            start = file.tell()
            if kind == _COMPRESSED:
                total += _unpacked_size(path, file.read(size), _MAX_UNPACKED_BYTES - total)
            file.seek(start + size)


def check_fif(path: Path) -> None:
    """Refuse a FIF file that ends inside a tag or whose tags form a loop, which MNE would follow forever.

    Raises
    ------
    RecordingError
        A tag is cut off or points backwards; the error names the byte of the tag.
    """
    tag_start, n_bytes = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(tag := file.read(_FIF_TAG.size)) == _FIF_TAG.size:
            _, _, size, following = _FIF_TAG.unpack(tag)
            if tag_start + _FIF_TAG.size + size > n_bytes:
                raise RecordingError(
                    f"{path} is cut off",
                    got=f"{n_bytes} bytes, which end inside the tag at byte {tag_start}",
                    todo="copy or export it again",
                )
            stop = tag_start + _FIF_TAG.size + size if following == 0 else following
            if stop <= tag_start:
                if following < 0:
                    return
                raise RecordingError(f"{path} is damaged", got=f"a tag at byte {tag_start} that leads back to {stop}")
            tag_start = stop
            file.seek(tag_start)


def _unpacked_size(path: Path, packed: bytes, max_bytes: int) -> int:
    decompressor, size = zlib.decompressobj(), 0
    remaining = packed
    while remaining and not decompressor.eof:
        n_new = len(decompressor.decompress(remaining, _BLOCK_BYTES))
        size += n_new
        remaining = decompressor.unconsumed_tail
        if size > max_bytes:
            raise RecordingError(
                f"{path} decompresses to more data than any recording has",
                got=f"over {_MAX_UNPACKED_BYTES / 1e9:g} GB from {len(packed) / 1e6:.1f} MB",
                todo="do not trust this file",
            )
        if not n_new and not remaining:
            break
    return size


def first_line(error: object) -> str:
    """Return the first line of an error's message, at most 200 characters."""
    return (str(error).strip() or repr(error)).splitlines()[0][:200]
