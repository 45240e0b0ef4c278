"""Find interrupted sessions at the next start and recover each; recorded samples are never deleted."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.dataset import publish_session, restore_participants
from neurofeedback.recording.facts.merge_entries import complete_events
from neurofeedback.recording.repair.complete_interrupted import finalize_session
from neurofeedback.recording.repair.rebuild_session import (
    find_copied_stems,
    has_torn_files,
    read_start_or_copy,
    rebuild_session,
)
from neurofeedback.storage.append_only import cut_torn_sample
from neurofeedback.storage.atomic_files import is_torn
from neurofeedback.storage.file_lock import acquire_lock
from neurofeedback.storage.private_files import make_folder

_log = logging.getLogger(__name__)


def recover_sessions(root: Path) -> list[Path]:
    """Complete the sessions in a recordings folder that have no summary and are not locked by a live process.

    Entries that an attendant made during them become rows of their events.

    Parameters
    ----------
    root : Path
        The recordings folder.

    Returns
    -------
    list of Path
        Folders of computed files of the completed sessions.
    """
    completed: list[Path] = []
    _restore_table(root)
    for stem in _unfinished(root):
        files = SessionFiles.from_stem(root, stem)
        try:
            if _recover_one(files):
                completed.append(files.derived)
                complete_events(files)
        except (OSError, RecordingError) as error:
            _log.warning("the session %s could not be completed: %s", stem, error)
    try:
        _remove_imports(root)
        _remove_stale_locks(root)
    except OSError as error:  # a read-only disk
        _log.info("left-behind files in %s stay: %s", root, error)
    return completed


def _restore_table(root: Path) -> None:
    try:
        restore_participants(root)
    except OSError as error:
        _log.warning("the table of participants in %s could not be restored: %s", root, error)


def _unfinished(root: Path) -> list[str]:
    if not root.is_dir():
        return []
    parts = {path.name[1:].removesuffix(".part") for path in root.glob(".sub-*.part")}
    published = {*find_session_stems(root), *find_copied_stems(root)}
    sessions = (SessionFiles.from_stem(root, stem) for stem in published)
    incomplete = {files.stem for files in sessions if has_torn_files(files) or _is_emptied(files)}
    return sorted(parts | incomplete)


def _is_emptied(files: SessionFiles) -> bool:
    """Return whether a session's sample file is empty, as after a power cut before the first sync."""
    data = files.eeg_file("eeg.eeg")
    return data.exists() and data.stat().st_size == 0


def _recover_one(files: SessionFiles) -> bool:
    lock = acquire_lock(files.lock_path)
    if lock is None:
        return False
    try:
        if files.part_folder.exists() and not _publish_part(files):
            return False
        if _is_emptied(files):
            _move_empty_session(files)
            return False
        rebuild_session(files)
        if not is_torn(files.derived_file("summary.json")):  # it ended normally
            return False
        finalize_session(files)
    finally:
        lock.release()
    _log.info("completed the interrupted session in %s", files.raw)
    return True


def _move_empty_session(files: SessionFiles) -> None:
    """Move the files of a session without samples out of the dataset, since BIDS forbids an empty recording."""
    empty_folder = files.root / f".{files.stem}.empty"
    for folder, name in ((files.raw, "raw"), (files.derived, "derived")):
        if folder.exists():
            make_folder(empty_folder)
            folder.rename(empty_folder / name)
    _log.warning(
        "the session %s lost all its samples, perhaps in a power cut; its other files are now in %s",
        files.stem,
        empty_folder,
    )


def _publish_part(files: SessionFiles) -> bool:
    """Publish a session from its hidden folder, or delete it without a complete sample. Return True if published."""
    part = files.in_part_folder()
    if part.raw.exists():
        if not _has_samples(part):
            shutil.rmtree(files.part_folder)
            return False
        cut_torn_sample(part.eeg_file("eeg.eeg"), _sample_bytes(part))
    publish_session(files)
    return True


def _has_samples(part: SessionFiles) -> bool:
    data = part.eeg_file("eeg.eeg")
    try:
        return data.exists() and data.stat().st_size >= _sample_bytes(part)
    except RecordingError:  # cut off before its header was on the disk, which comes before the first sample
        return False


def _sample_bytes(files: SessionFiles) -> int:
    return 4 * read_start_or_copy(files).stream.n_channels


def _remove_imports(root: Path) -> None:
    """Remove the folders of interrupted imports. The imported files are elsewhere and are not touched."""
    for folder in root.glob(".sub-*.import"):
        lock = acquire_lock(SessionFiles.from_stem(root, folder.name[1:].removesuffix(".import")).lock_path)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _remove_stale_locks(root: Path) -> None:
    for path in root.glob(".sub-*.lock"):
        lock = acquire_lock(path)
        if lock is not None:
            lock.release()
