"""What the next start does for sessions that a kill or a crash broke off: complete them, throw nothing away."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids import SessionFiles, find_stems
from neurofeedback.recording.completion import complete
from neurofeedback.recording.dataset import place
from neurofeedback.recording.files import cut_torn_sample
from neurofeedback.recording.header import read_start
from neurofeedback.recording.locks import take

_log = logging.getLogger(__name__)


def recover(root: Path) -> list[Path]:
    """Complete the sessions in a recordings folder that have no summary and that no live process holds.

    Returns
    -------
    list of Path
        The folders of computed files of the sessions completed.
    """
    completed: list[Path] = []
    for stem in _unfinished(root):
        files = SessionFiles.of(root, stem)
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
    placed = (SessionFiles.of(root, stem) for stem in find_stems(root))
    broken = {files.stem for files in placed if not files.computed("summary.json").exists() or _is_emptied(files)}
    return sorted(parts | broken)


def _is_emptied(files: SessionFiles) -> bool:
    """Tell whether the samples are gone from a file that had some: what a power cut may do before they are synced."""
    data = files.eeg("eeg.eeg")
    return data.exists() and data.stat().st_size == 0


def _recover_one(files: SessionFiles) -> bool:
    lock = take(files.lock)
    if lock is None:
        return False
    try:
        if files.part.exists() and not _place_part(files):
            return False
        if _is_emptied(files):
            _set_aside(files)
            return False
        if files.computed("summary.json").exists():  # it ended in order while this one waited for the lock
            return False
        complete(files)
    finally:
        lock.release()
    _log.info("completed the session in %s, which had been broken off", files.raw)
    return True


def _set_aside(files: SessionFiles) -> None:
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


def _place_part(files: SessionFiles) -> bool:
    """Move a session out of the folder it was built in; one without a whole sample is no session and goes."""
    part = files.in_part()
    if part.raw.exists():
        if not _has_samples(part):
            shutil.rmtree(files.part)
            return False
        cut_torn_sample(part.eeg("eeg.eeg"), _unit(part))
    place(files)
    return True


def _has_samples(part: SessionFiles) -> bool:
    data, start = part.eeg("eeg.eeg"), part.computed("start.json")
    return data.exists() and start.exists() and data.stat().st_size >= _unit(part)


def _unit(files: SessionFiles) -> int:
    return 4 * read_start(files.computed("start.json")).stream.n_channels


def _remove_imports(root: Path) -> None:
    """Remove what a broken-off import left; the file it came from is where it was."""
    for folder in root.glob(".sub-*.import"):
        lock = take(SessionFiles.of(root, folder.name[1:].removesuffix(".import")).lock)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _remove_stale_locks(root: Path) -> None:
    for path in root.glob(".sub-*.lock"):
        lock = take(path)
        if lock is not None:
            lock.release()
