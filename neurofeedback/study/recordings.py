"""The recordings of a folder: sessions of this program, any BIDS dataset's EEG, or plain files."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.formats.bids_files import find_eeg_files
from neurofeedback.formats.importers import is_recording
from neurofeedback.formats.reader import find_sessions


def find_recordings(folder: Path) -> list[Path]:
    """List what a batch works on, in the order of names.

    Raises
    ------
    RecordingError
        There is no folder, or nothing in it that can be read.
    """
    if not folder.is_dir():
        raise RecordingError(f"there is no folder at {folder}", todo="name a dataset, or a folder of recordings")
    found = [files.raw for files in find_sessions(folder.absolute())] or find_eeg_files(folder)
    found = found or sorted(path for path in folder.iterdir() if path.is_file() and is_recording(path))
    if not found:
        raise RecordingError(f"{folder} holds no recording that can be read", todo="name another folder")
    return found
