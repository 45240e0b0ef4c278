"""The bin of a dataset: folders that a person deleted, which can be put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.storage.private_files import make_folder

BIN = ".bin"
"""Folder of the bin in a dataset; BIDS ignores hidden folders."""
Moves = tuple[tuple[Path, Path], ...]


@dataclass(frozen=True, slots=True)
class BinnedSession:
    """A session in the bin: its folder there, and where each of its own folders was and is."""

    folder: Path
    moves: Moves


def move_to_bin(root: Path, name: str, folders: Sequence[Path], lock: Path) -> BinnedSession:
    """Move the folders of a session to the bin of a dataset; nothing is deleted.

    Parameters
    ----------
    root : Path
        The dataset.
    name : str
        Name of the session; its folder in the bin begins with it.
    folders : sequence of Path
        Its folders, whichever exist.
    lock : Path
        The file that is locked while the session is recorded.

    Raises
    ------
    RecordingError
        The session is being recorded, is gone, or cannot be moved.
    """
    if lock.exists() and is_locked(lock):
        raise RecordingError("the sitting is being recorded", got=name, todo="end it first")
    if not any(folder.exists() for folder in folders):
        raise RecordingError(
            "the sitting's folder is gone", got=str(folders[0]), todo="put it back; nothing is touched"
        )
    folder = _free_folder(root / BIN / name)
    moves = tuple((old, folder / str(number)) for number, old in enumerate(folders) if old.exists())
    try:
        make_folder(folder)
        _move_all(moves)
    except OSError as error:
        raise RecordingError(
            "the sitting could not be moved to the bin", got=str(error), todo="close what uses its files, then retry"
        ) from None
    return BinnedSession(folder, moves)


def restore_from_bin(binned: BinnedSession) -> None:
    """Put a session back where it was.

    Raises
    ------
    RecordingError
        Its place is taken, or it cannot be moved.
    """
    taken = next((old for old, _ in binned.moves if old.exists()), None)
    if taken is not None:
        raise RecordingError("the sitting's place is taken", got=str(taken), todo=f"move it out of {binned.folder}")
    try:
        for old, _ in binned.moves:
            make_folder(old.parent)
        _move_all(tuple((new, old) for old, new in binned.moves))
        binned.folder.rmdir()
    except OSError as error:
        raise RecordingError(
            "the sitting could not be put back", got=str(error), todo=f"move it out of {binned.folder} yourself"
        ) from None


def _move_all(moves: Moves) -> None:
    """Move all folders; after an error, what was moved is moved back."""
    moved: list[tuple[Path, Path]] = []
    try:
        for old, new in moves:
            old.rename(new)
            moved.append((old, new))
    except OSError:
        for old, new in moved:
            new.rename(old)
        raise


def _free_folder(folder: Path) -> Path:
    """Return a folder that does not exist; a session may be deleted, recorded again and deleted again."""
    free, number = folder, 1
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}_{number}")
    return free
