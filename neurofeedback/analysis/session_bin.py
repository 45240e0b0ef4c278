"""The bin of a dataset: sessions that a person deleted, which can be put back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.storage.private_files import make_folder

BIN = ".bin"
"""Folder of the bin in a dataset; BIDS ignores hidden folders."""


@dataclass(frozen=True, slots=True)
class BinnedSession:
    """A session in the bin: the paths it had, and where it is now."""

    files: SessionFiles
    folder: Path


def move_to_bin(files: SessionFiles) -> BinnedSession:
    """Move both folders of a session to the bin; nothing is deleted.

    Raises
    ------
    RecordingError
        The session is being recorded, is gone, or cannot be moved.
    """
    if files.lock_path.exists() and is_locked(files.lock_path):
        raise RecordingError("the sitting is being recorded", got=files.stem, todo="end it first")
    if not (files.raw.exists() or files.derived.exists()):
        raise RecordingError("the sitting's folder is gone", got=str(files.raw), todo="put it back; nothing is touched")
    binned = BinnedSession(files, _free_folder(files))
    try:
        make_folder(binned.folder)
        _move_all(((files.raw, binned.folder / "raw"), (files.derived, binned.folder / "derived")))
    except OSError as error:
        raise RecordingError(
            "the sitting could not be moved to the bin", got=str(error), todo="close what uses its files, then retry"
        ) from None
    return binned


def restore_from_bin(binned: BinnedSession) -> Path:
    """Put a session back where it was; return its raw folder.

    Raises
    ------
    RecordingError
        Its place is taken, or it cannot be moved.
    """
    files = binned.files
    if files.raw.exists() or files.derived.exists():
        raise RecordingError("the sitting's place is taken", got=str(files.raw), todo=f"move it out of {binned.folder}")
    try:
        for folder in (files.raw, files.derived):
            make_folder(folder.parent)
        _move_all(((binned.folder / "raw", files.raw), (binned.folder / "derived", files.derived)))
        binned.folder.rmdir()
    except OSError as error:
        raise RecordingError(
            "the sitting could not be put back", got=str(error), todo=f"move it out of {binned.folder} yourself"
        ) from None
    return files.raw


def _move_all(moves: tuple[tuple[Path, Path], ...]) -> None:
    """Move what exists; after an error, what was moved is moved back."""
    moved: list[tuple[Path, Path]] = []
    try:
        for old, new in moves:
            if old.exists():
                old.rename(new)
                moved.append((old, new))
    except OSError:
        for old, new in moved:
            new.rename(old)
        raise


def _free_folder(files: SessionFiles) -> Path:
    """Return a folder of the bin that does not exist; a session may be deleted, recorded again and deleted again."""
    folder = files.root / BIN / files.session_prefix
    number = 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{files.session_prefix}_{number}")
    return folder
