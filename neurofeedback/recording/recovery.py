"""What the next start does for sessions that a kill or a crash broke off: complete them, throw nothing away."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import cut_torn_sample
from neurofeedback.recording.bids_paths import SessionFiles, find_session_stems
from neurofeedback.recording.complete_interrupted import finalize_session
from neurofeedback.recording.dataset import publish_session
from neurofeedback.recording.documents import read_start
from neurofeedback.recording.file_lock import acquire_lock

_log = logging.getLogger(__name__)


def recover_sessions(root: Path) -> list[Path]:
    """Complete the sessions in a recordings folder that have no summary and that no live process holds.

    Returns
    -------
    list of Path
        The folders of computed files of the sessions completed.
    """
    completed: list[Path] = []
    for stem in _unfinished(root):
        files = SessionFiles.from_stem(root, stem)
        try:
            if _recover_one(files):
                completed.append(files.derived)
        except (OSError, RecordingError) as error:
            _log.warning("the session %s could not be completed: %s", stem, error)
    _remove_imports(root)
    _remove_stale_locks(root)
    return completed


def _unfinished(root: Path) -> list[str]:
    parts = {path.name[1:].removesuffix(".part") for path in root.glob(".sub-*.part")}
    placed = (SessionFiles.from_stem(root, stem) for stem in find_session_stems(root))
    broken = {files.stem for files in placed if not files.derived_file("summary.json").exists() or _is_emptied(files)}
    return sorted(parts | broken)


def _is_emptied(files: SessionFiles) -> bool:
    """Tell whether the samples are gone from a file that had some: what a power cut may do before they are synced."""
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
        if files.derived_file("summary.json").exists():  # it ended in order while this one waited for the lock
            return False
        finalize_session(files)
    finally:
        lock.release()
    _log.info("completed the session in %s, which had been broken off", files.raw)
    return True


def _move_empty_session(files: SessionFiles) -> None:
    """Move a session without samples out of the dataset, which it would make invalid; what is left of it is kept."""
    aside = files.root / f".{files.stem}.empty"
    for folder, name in ((files.raw, "raw"), (files.derived, "derived")):
        if folder.exists():
            aside.mkdir(exist_ok=True)
            folder.rename(aside / name)
    _log.warning(
        "the session %s has lost all its samples, as after a power cut; what is left of it is kept in %s",
        files.stem,
        aside,
    )


def _publish_part(files: SessionFiles) -> bool:
    """Move a session out of the folder it was built in; one without a whole sample is no session and goes."""
    part = files.in_part_folder()
    if part.raw.exists():
        if not _has_samples(part):
            shutil.rmtree(files.part_folder)
            return False
        cut_torn_sample(part.eeg_file("eeg.eeg"), _sample_bytes(part))
    publish_session(files)
    return True


def _has_samples(part: SessionFiles) -> bool:
    data, start = part.eeg_file("eeg.eeg"), part.derived_file("start.json")
    return data.exists() and start.exists() and data.stat().st_size >= _sample_bytes(part)


def _sample_bytes(files: SessionFiles) -> int:
    return 4 * read_start(files.derived_file("start.json")).stream.n_channels


def _remove_imports(root: Path) -> None:
    """Remove what a broken-off import left; the file it came from is where it was."""
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
