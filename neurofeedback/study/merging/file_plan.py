"""What a merge does with each file: copy it, join it with the one that is there, or refuse."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.storage.append_only import complete_length
from neurofeedback.storage.hash_chain import join_chains, read_chain
from neurofeedback.storage.private_files import refuse_link
from neurofeedback.study.protocol_lock import ProtocolLock

_HIDDEN = (".bidsignore",)
_HEADER_COPY = "_header.json"
_CACHES = ("_measures.npz", "_model.json")
_DESCRIPTIONS = ("dataset_description.json", "participants.json", "_sessions.json")
_LOCK = "code/study/protocol.lock"
_MISSING = "n/a"
_SHOWN = 4


@dataclass(slots=True)
class FilePlan:
    """What a merge writes. Nothing is written before the plan is complete.

    Parameters
    ----------
    target : Path
        The folder that the files go to; it need not exist.
    copies : dict
        File to copy by its name in the dataset.
    texts : dict
        New content of joined files by name.
    differing : list of str
        Descriptions of which the first one stays.
    """

    target: Path
    copies: dict[str, Path] = field(default_factory=dict[str, Path])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    differing: list[str] = field(default_factory=list[str])
    _conflicts: list[str] = field(default_factory=list[str])

    def add(self, root: Path) -> None:
        """Add all files of a dataset.

        Raises
        ------
        RecordingError
            A file has the same name and other content, or a record is damaged.
        OSError
            A file is a link or cannot be read.
        """
        for name, path in _dataset_files(root):
            self._add_file(name, path)
        if self._conflicts:
            shown = ", ".join(self._conflicts[:_SHOWN])
            raise RecordingError(
                "files have the same name and other content in the datasets",
                got=f"{len(self._conflicts)}: {shown}",
                todo="if this dataset was merged before and has changed since, merge all sites into a new folder",
            )

    def _add_file(self, name: str, path: Path) -> None:
        if name.endswith(".jsonl"):
            self._join(name, join_chains(self._text(name), _read_record(path)))
        elif self._current(name) is None:
            self.copies[name] = path
        elif self._is_same(name, path) or name.endswith(_CACHES):
            return
        elif name == "code/study/unblinding.tsv" or name.endswith((".bidsignore", ".incomplete")):
            self._join(name, _join_lines(self._text(name), _read(path)))
        elif name == "participants.tsv" or name.endswith("_sessions.tsv") or name.startswith("phenotype/"):
            joined = join_tables(self._text(name), _read(path)) if name.endswith(".tsv") else None
            if joined is None:
                self._conflicts.append(name)
            else:
                self._join(name, joined)
        elif name.endswith(_DESCRIPTIONS) or Path(name).name.startswith("README"):
            self.differing.append(name)
        elif name != _LOCK or not _is_same_lock(self._text(name), _read(path)):
            self._conflicts.append(name)

    def _current(self, name: str) -> Path | str | None:
        if name in self.texts:
            return self.texts[name]
        there = self.copies.get(name, self.target / name)
        return there if there.is_file() else None

    def _text(self, name: str) -> str:
        there = self._current(name)
        if not isinstance(there, Path):
            return there or ""
        return _read_record(there) if name.endswith(".jsonl") else _read(there)

    def _is_same(self, name: str, path: Path) -> bool:
        there = self._current(name)
        if isinstance(there, Path):
            return filecmp.cmp(there, path, shallow=False)
        return there == _read(path)

    def _join(self, name: str, text: str) -> None:
        if text != self._text(name) or self._current(name) is None:
            self.copies.pop(name, None)
            self.texts[name] = text


def join_tables(one: str, other: str) -> str | None:
    r"""Return the rows of two tab-separated tables by their first column; None if a cell differs.

    Missing cells are filled from the other table.

    Examples
    --------
    >>> join_tables("id\ta\n1\tx\n", "id\ta\tb\n2\ty\tn/a\n1\tx\tz\n")
    'id\ta\tb\n1\tx\tz\n2\ty\tn/a\n'
    >>> join_tables("id\ta\n1\tx\n", "id\ta\n1\ty\n") is None
    True
    """
    columns: list[str] = []
    rows: dict[str, dict[str, str]] = {}
    for text in (one, other):
        header, *lines = [line.split("\t") for line in text.removeprefix("\ufeff").splitlines() if line.strip()] or [[]]
        columns += [column for column in header if column not in columns]
        for cells in lines:
            row = rows.setdefault(cells[0], {})
            for column, cell in zip(header, cells, strict=False):
                if row.get(column, _MISSING) not in {_MISSING, cell} and cell != _MISSING:
                    return None
                if row.get(column, _MISSING) == _MISSING:
                    row[column] = cell
    table = [columns, *([row.get(column, _MISSING) for column in columns] for row in rows.values())]
    return "".join("\t".join(cells) + "\n" for cells in table)


def _join_lines(one: str, other: str) -> str:
    lines = dict.fromkeys((*one.splitlines(), *other.splitlines()))
    return "".join(f"{line}\n" for line in lines)


def _dataset_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a dataset with their names: no locks, no bin, and of hidden ones what recovery needs."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = [part for part in parts if part.startswith(".")]
        is_header = parts[0].startswith("sub-") and hidden == [parts[-1]] and parts[-1].endswith(_HEADER_COPY)
        if hidden and parts[-1] not in _HIDDEN and not is_header:
            continue
        refuse_link(path)
        if path.is_file():
            yield "/".join(parts), path


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="surrogateescape")


def _read_record(path: Path) -> str:
    """Return the complete lines of a record without faults; an incomplete last line is left where it is."""
    if faults := [number for number, kind in read_chain(path).faults if kind != "torn"]:
        raise RecordingError(
            "a record was changed or is damaged",
            got=f"{path}, line {faults[0]}",
            todo="restore it from a copy, then merge",
        )
    data = path.read_bytes()
    return data[: complete_length(data, None)].decode("utf-8")


def _is_same_lock(one: str, other: str) -> bool:
    locks = [ProtocolLock.model_validate_json(text) for text in (one, other)]
    return locks[0].sha256 == locks[1].sha256
