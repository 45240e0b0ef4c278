"""What a file from elsewhere may not do: name data outside its folder, leave its dataset, or unpack without end."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError, RecordingError

_NAMED_FILE = re.compile(rb"^\s*(DataFile|MarkerFile)\s*=\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_MOST_UNPACKED = 2_000_000_000
_BLOCK_BYTES = 1 << 20
_MAT_HEADER_BYTES = 128
_COMPRESSED = 15
_FIF_TAG = struct.Struct(">iIii")  # kind, type, size, where the next one is


@contextmanager
def convert_library_errors(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a library lets escape on a broken file into one message.

    Raises
    ------
    RecordingError
        It names the file, the format, and what the library said.
    """
    try:
        yield
    except NeurofeedbackError:
        raise
    except Exception as error:  # noqa: BLE001 - MNE raises bare Exception, and files hold anything
        raise RecordingError(
            f"{path} cannot be read as {kind}",
            got=f"{type(error).__name__}: {first_line(error)}",
            allowed="an unbroken file with EEG channels",
            todo="copy or export it again",
        ) from None


def check_inside(path: Path, root: Path) -> None:
    """Refuse a file that a link takes out of its dataset.

    Raises
    ------
    RecordingError
        It names where the link leads.
    """
    if not path.resolve().is_relative_to(root.resolve()):
        raise RecordingError(
            f"{path} is a link that leaves its dataset",
            got=str(path.resolve()),
            allowed=f"a file below {root}",
            todo="copy the file into the dataset",
        )


def check_brainvision(path: Path) -> None:
    """Refuse a BrainVision header whose data or markers are not beside it.

    Raises
    ------
    RecordingError
        It names the entry.
    """
    for key, name in _NAMED_FILE.findall(path.read_bytes()[:65536]):
        told = name.decode("utf-8", errors="replace")
        if "/" in told or "\\" in told or "\0" in told:
            raise RecordingError(
                f"the {key.decode()} of {path} is not beside it",
                got=repr(told[:80]),
                allowed="the name of a file in the same folder",
                todo="move the file there and mend the header",
            )


def check_mat(path: Path) -> None:
    """Refuse a MATLAB file that unpacks to more than any recording.

    Raises
    ------
    RecordingError
        It says how much, and at which byte.
    """
    total = 0
    with path.open("rb") as file:
        file.seek(_MAT_HEADER_BYTES)
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack("<II", tag)
            at = file.tell()
            if kind == _COMPRESSED:
                total += _unpacked_size(path, file.read(size), _MOST_UNPACKED - total)
            file.seek(at + size)


def check_fif(path: Path) -> None:
    """Refuse a FIF file that ends inside a tag, or whose tags lead back to one before: MNE would follow them for ever.

    Raises
    ------
    RecordingError
        It names the byte of the tag.
    """
    at, n_bytes = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(tag := file.read(_FIF_TAG.size)) == _FIF_TAG.size:
            _, _, size, following = _FIF_TAG.unpack(tag)
            if at + _FIF_TAG.size + size > n_bytes:
                raise RecordingError(
                    f"{path} is cut off",
                    got=f"{n_bytes} bytes, of a tag at byte {at} a part",
                    todo="copy or export it again",
                )
            stop = at + _FIF_TAG.size + size if following == 0 else following
            if stop <= at:
                if following < 0:
                    return
                raise RecordingError(f"{path} is damaged", got=f"a tag at byte {at} that leads back to {stop}")
            at = stop
            file.seek(at)


def _unpacked_size(path: Path, packed: bytes, max_bytes: int) -> int:
    unpacker, size = zlib.decompressobj(), 0
    waiting = packed
    while waiting and not unpacker.eof:
        piece = len(unpacker.decompress(waiting, _BLOCK_BYTES))
        size += piece
        waiting = unpacker.unconsumed_tail
        if size > max_bytes:
            raise RecordingError(
                f"{path} unpacks to more than any recording",
                got=f"over {_MOST_UNPACKED / 1e9:g} GB from {len(packed) / 1e6:.1f} MB",
                todo="do not trust this file",
            )
        if not piece and not waiting:
            break
    return size


def first_line(error: object) -> str:
    """Return the first line of what an error says, short."""
    return (str(error).strip() or repr(error)).splitlines()[0][:200]
