"""Append-only files of JSON lines in which each line holds the hash of the line before it.

A changed line does not fit its own hash, and the line after a removed one does not fit the line before it. The end of
a file can be cut off without a trace, so the hashes of lines are also written to another such file.

A file of a merged dataset holds several such chains, one after the other. Chains of copies of one dataset begin alike;
their common lines are read once.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from neurofeedback.errors import RecordingError
from neurofeedback.storage.append_only import AppendOnlyFile
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.storage.file_lock import waited_lock
from neurofeedback.storage.private_files import make_folder, sync_folder, truncate_file

JsonObject = Mapping[str, JsonValue]
_START = "0" * 64
_BLOCK_BYTES = 1 << 16
_LINE_KEYS = {"previous", "salt", "data", "hash"}


@dataclass(frozen=True, slots=True)
class ChainLine:
    """One line of the file: its hash, and its content; None where the content was removed on purpose."""

    hash: str
    data: JsonObject | None


@dataclass(frozen=True, slots=True)
class Chain:
    """The readable lines of a file, and what is wrong with it as ``(line number, kind)``.

    A kind is ``unreadable``, ``changed`` (the line does not fit its hash), ``order`` (a line is missing, added or in
    another place before this one) or ``torn`` (the last line is not complete).
    """

    lines: tuple[ChainLine, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()

    @property
    def content(self) -> Iterator[tuple[str, JsonObject]]:
        """Hash and content of the lines that have content."""
        return ((line.hash, line.data) for line in self.lines if line.data is not None)


def append_entry(path: Path, data: JsonObject) -> str:
    """Append a line, bring it to the disk, and return its hash.

    An incomplete last line, as a kill during writing leaves it, is moved to a file beside this one.

    Raises
    ------
    RecordingError
        A text holds half of a letter (a lone surrogate, as a terminal of another encoding passes on).
    OSError
        The disk cannot be written, or the file is a link. The file is as it was.
    """
    _check_letters(data)
    make_folder(path.parent)
    with chain_lock(path):
        is_new = not path.exists()
        _complete_last_line(path)
        last = find_last(path, lambda _line: True)
        previous = last.hash if last else _START
        salt = secrets.token_hex(8)  # without it, a removed answer could be guessed from its hash
        hash_ = _hash(previous, salt, data)
        line = {"previous": previous, "salt": salt, "data": data, "hash": hash_}
        file = AppendOnlyFile(path)
        size = file.size
        try:
            file.append(_dump(line).encode() + b"\n")
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise
        finally:
            file.close()
        if is_new:
            sync_folder(path.parent)
    return hash_


@contextmanager
def chain_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file of lines, so that two programs append one after the other."""
    with waited_lock(path.with_name(f".{path.name}.lock")):
        yield


def read_chain(path: Path) -> Chain:
    """Read a file of lines and check each against its hash. A missing file has no lines."""
    if not path.exists():
        return Chain()
    text = path.read_bytes().decode("utf-8", errors="replace")
    *complete, rest = text.split("\n")
    lines: dict[str, ChainLine] = {}  # chains of copies of one dataset have the first lines in common
    faults: list[tuple[int, str]] = []
    previous = _START
    for number, raw in enumerate(complete, start=1):
        line = _parse(raw)
        if line is None:
            faults.append((number, "unreadable"))
            continue
        if line["previous"] not in {previous, _START}:
            faults.append((number, "order"))
        is_removed = line.get("removed") is True
        if not is_removed and _hash(line["previous"], line["salt"], line["data"]) != line["hash"]:
            faults.append((number, "changed"))
        previous = str(line["hash"])
        lines.setdefault(previous, ChainLine(previous, None if is_removed else cast("JsonObject", line["data"])))
    if rest.strip("\0 \r"):
        faults.append((len(complete) + 1, "torn"))
    return Chain(tuple(lines.values()), tuple(faults))


def join_chains(target: str, source: str) -> str:
    """Return the lines of two files together: chains of the source that the target lacks, then those of the target.

    Of a chain that continues another one the longer stays. Content that was removed in either file is removed in both.
    The last chain stays that of the target, and later lines follow it.

    Parameters
    ----------
    target, source : str
        Complete lines of two files without faults.
    """
    known, found = _split_chains(target), _split_chains(source)
    removed = {hash_: raw for chain in (*known, *found) for hash_, raw in chain.items() if "removed" in json.loads(raw)}
    added: list[dict[str, str]] = []
    for chain in found:
        place = next((k for k, one in enumerate(known) if _continues(one, chain)), None)
        if place is None:
            added.append(chain)
        else:
            known[place] = max(known[place], chain, key=len)
    return "".join(f"{removed.get(hash_, raw)}\n" for chain in (*added, *known) for hash_, raw in chain.items())


def chain_heads(text: str) -> list[str]:
    """Return the hash of the last line of each chain in complete lines."""
    return [list(chain)[-1] for chain in _split_chains(text)]


def _split_chains(text: str) -> list[dict[str, str]]:
    """Return the raw lines of each chain by their hashes."""
    found: list[dict[str, str]] = []
    for raw in text.split("\n")[:-1]:
        line = json.loads(raw)
        if line["previous"] == _START:
            found.append({})
        found[-1][line["hash"]] = raw
    return found


def _continues(one: dict[str, str], other: dict[str, str]) -> bool:
    """Return whether one of two chains begins with the other."""
    return all(a == b for a, b in zip(one, other, strict=False))


def find_last(path: Path, wanted: Callable[[str], bool]) -> ChainLine | None:
    """Return the last line whose raw text is wanted; None if there is none. Lines are not checked."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        stop = file.seek(0, os.SEEK_END)
        rest = b""
        while stop > 0:
            start = max(0, stop - _BLOCK_BYTES)
            file.seek(start)
            head, *lines = (file.read(stop - start) + rest).split(b"\n")
            for raw in [*reversed(lines), *([head] if start == 0 else [])]:
                text = raw.decode("utf-8", errors="replace")
                if text and wanted(text) and (line := _parse(text)) is not None:
                    return ChainLine(str(line["hash"]), cast("JsonObject | None", line.get("data")))
            stop, rest = start, head
    return None


def remove_content(path: Path, is_removed: Callable[[JsonObject], bool]) -> int:
    """Remove the content of some lines and return their number. Their hashes stay, so that the chain can be checked.

    An incomplete last line is moved to a file beside this one, as ``append_entry`` does.

    Raises
    ------
    OSError
        The disk cannot be written. The file is as it was.
    """
    if not path.exists():
        return 0
    with chain_lock(path):
        _complete_last_line(path)
        intact: list[str] = []
        n_removed = 0
        for raw in path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
            line = _parse(raw)
            if line is not None and "data" in line and is_removed(cast("JsonObject", line["data"])):
                n_removed += 1
                raw = _dump({"previous": line["previous"], "removed": True, "hash": line["hash"]})  # noqa: PLW2901
            intact.append(raw)
        if n_removed:
            write_atomic(path, "".join(f"{line}\n" for line in intact))
    return n_removed


def _complete_last_line(path: Path) -> None:
    """Complete or set aside a last line without newline: an editor may have cut the newline, or a kill the line."""
    if not path.exists():
        return
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    rest = data[end:]
    if not rest:
        return
    if _parse(rest.decode("utf-8", errors="replace").strip()) is not None:
        _append(path, b"\n")
        return
    _append(path.with_name(f"{path.name}.incomplete"), rest.strip(b"\0") + b"\n")
    truncate_file(path, end)


def _append(path: Path, data: bytes) -> None:
    file = AppendOnlyFile(path)
    try:
        file.append(data)
    finally:
        file.close()


def _parse(raw: str) -> dict[str, JsonValue] | None:
    """Return a line as this program writes it, with or without content; None for anything else."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict):
        return None
    found = cast("dict[str, JsonValue]", line)
    is_whole = found.keys() >= _LINE_KEYS and isinstance(found["data"], dict)
    is_removed = found.get("removed") is True and {"previous", "hash"} <= found.keys()
    return found if is_whole or is_removed else None


def _hash(previous: JsonValue, salt: JsonValue, data: JsonValue | JsonObject) -> str:
    return hashlib.sha256(_dump([previous, salt, data]).encode("utf-8", "surrogatepass")).hexdigest()


def _check_letters(data: JsonObject) -> None:
    text = _dump(data)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RecordingError(
            "this text holds a letter that cannot be saved",
            got=ascii(text[max(0, error.start - 20) : error.end]),
            todo="enter it again with other letters; check that the terminal's encoding is UTF-8",
        ) from None


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
