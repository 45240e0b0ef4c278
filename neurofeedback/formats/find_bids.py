"""Find the EEG recordings of a BIDS dataset by their file names."""

from __future__ import annotations

import re
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import check_inside

_BIDS_NAME = re.compile(r"sub-[0-9A-Za-z]+_.*eeg\.[a-z]+")
_EEG_SUFFIXES = {".vhdr", ".edf", ".bdf", ".set", ".fif"}


def find_eeg_files(folder: Path) -> list[Path]:
    """List the EEG recordings below a BIDS folder, leaving out derivatives and hidden folders.

    Raises
    ------
    RecordingError
        A recording is a link that leads out of the dataset.
    """
    recordings = sorted(
        path for path in folder.rglob("*_eeg.*") if path.suffix in _EEG_SUFFIXES and _is_raw(path, folder)
    )
    for path in recordings:
        check_inside(path, find_dataset_root(path))
    return recordings


def _is_raw(path: Path, folder: Path) -> bool:
    parents = path.relative_to(folder).parts[:-1]
    return path.parent.name == "eeg" and not any(part.startswith(".") or part == "derivatives" for part in parents)


def find_dataset_root(path: Path) -> Path:
    """Return the dataset: the folder that holds the participant's folder."""
    participants = [folder for folder in path.parents if folder.name.startswith("sub-")]
    return participants[-1].parent if participants else path.parent


def find_single_recording(folder: Path) -> Path:
    """Return the only recording in a folder.

    Raises
    ------
    RecordingError
        The folder holds no recording, or several.
    """
    recordings = find_eeg_files(folder)
    if len(recordings) == 1:
        return recordings[0]
    if not recordings:
        raise RecordingError(
            f"{folder} holds no session and no EEG recording in BIDS layout", todo="name a folder or a file"
        )
    raise RecordingError(
        f"{folder} holds {len(recordings)} recordings",
        got=", ".join(path.name for path in recordings[-3:]),
        allowed="one recording",
        todo=f"name one, such as {recordings[-1]}",
    )


def is_named_by_bids(path: Path) -> bool:
    """Return whether a file has the name and folder of a BIDS recording."""
    return path.parent.name == "eeg" and _BIDS_NAME.fullmatch(path.name) is not None
