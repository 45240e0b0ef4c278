"""Checks and lock of a new session, so that recording errors appear before a device is opened."""

from __future__ import annotations

import errno
import shutil
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles, check_label, session_stems
from neurofeedback.recording.dataset import ensure_dataset
from neurofeedback.recording.session_header import SessionHeader
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.file_lock import FileLock, create_lock
from neurofeedback.storage.private_files import refuse_link

MIN_FREE_BYTES = 50_000_000
_MAX_LABELS_TRIED = 3600
_DATASET_NAMES = (
    "README",
    "dataset_description.json",
    "participants.tsv",
    "participants.json",
    ".participants.lock",
    f"{DERIVATIVES}/dataset_description.json",
    f"{DERIVATIVES}/.bidsignore",
)
"""Files of a dataset that a session reads, writes or locks: none of them may be a link."""


def check_recordings_folder(root: Path, participant: str, task: str = "meditation") -> None:
    """Create the dataset in ``root`` if needed, and check that a session of this participant can be recorded.

    Parameters
    ----------
    root : Path
        The recordings folder.
    participant, task : str
        BIDS labels.

    Raises
    ------
    SettingsError
        The participant or task label is not a BIDS label.
    RecordingError
        The folder cannot be written to, or its disk is full.
    """
    check_label("participant", participant)
    check_label("task", task)
    with _explain_disk_errors(root):
        for name in _DATASET_NAMES:
            refuse_link(root / name)
        ensure_dataset(root)
        _check_free_space(root)


def lock_session(root: Path, header: SessionHeader) -> tuple[SessionFiles, FileLock]:
    """Lock a free session label in ``root``, after the checks of ``check_recordings_folder``.

    Returns
    -------
    files : SessionFiles
        Paths of the session.
    lock : FileLock
        Lock of the session, to be released at its end.

    Raises
    ------
    SettingsError
        The participant or task label is not a BIDS label.
    RecordingError
        The folder cannot be written to, its disk is full, or no label is free.
    """
    check_recordings_folder(root, header.participant, header.task)
    with _explain_disk_errors(root):
        return _lock_free_label(root, header)


def _explain_disk_errors(root: Path) -> AbstractContextManager[None]:
    return explain_disk_errors(
        f"recordings cannot be written to {root}",
        allowed="a folder this user may write to",
        todo="choose another recordings folder (--recordings, or in Settings)",
    )


def _check_free_space(root: Path) -> None:
    free = shutil.disk_usage(root).free
    if free < MIN_FREE_BYTES:
        raise RecordingError(
            f"the disk of {root} has too little free space for a recording",
            got=f"{free / 1e6:.0f} MB free",
            allowed=f"at least {MIN_FREE_BYTES / 1e6:.0f} MB",
            todo="free disk space, or choose another recordings folder (--recordings, or in Settings)",
        )


def _lock_free_label(root: Path, header: SessionHeader) -> tuple[SessionFiles, FileLock]:
    """Lock the session label of the start second, or of the next free second."""
    for stem in islice(session_stems(header.participant, header.task, header.started), _MAX_LABELS_TRIED):
        files = SessionFiles.from_stem(root, stem)
        _check_inside_dataset(files)
        lock = create_lock(files.lock_path)
        if lock is None:
            continue
        if not (files.raw.exists() or files.derived.exists() or files.part_folder.exists()):
            return files, lock
        lock.release()
    raise FileExistsError(errno.EEXIST, "all session names of this hour are in use", str(root))


def _check_inside_dataset(files: SessionFiles) -> None:
    """Check that no session folder is a link out of the dataset, and that no link stands where a file will be."""
    tables = (files.root / "participants.tsv", files.root / "participants.json")
    for path in (*tables, files.raw, files.derived, files.part_folder, files.lock_path):
        refuse_link(path)
    root = files.root.resolve()
    for folder in (files.raw.parent, files.derived.parent, files.derived.parents[1]):
        if not folder.resolve().is_relative_to(root):
            raise RecordingError(
                f"{folder} is a link to a place outside the recordings folder",
                got=str(folder.resolve()),
                allowed=f"a folder below {root}",
                todo="remove the link, or choose another recordings folder (--recordings, or in Settings)",
            )
