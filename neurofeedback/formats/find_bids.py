"""The EEG recordings of any BIDS dataset, found by the names BIDS gives them."""

from __future__ import annotations

from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.formats.file_checks import check_inside

_EEG_SUFFIXES = {".vhdr", ".edf", ".bdf", ".set", ".fif"}


def find_eeg_files(folder: Path) -> list[Path]:
    """List the EEG recordings below a BIDS folder, without its derivatives and hidden folders.

    Raises
    ------
    RecordingError
        One of them is a link out of the dataset.
    """
    found = sorted(path for path in folder.rglob("*_eeg.*") if path.suffix in _EEG_SUFFIXES and _is_raw(path, folder))
    for path in found:
        check_inside(path, find_dataset_root(path))
    return found


def _is_raw(path: Path, folder: Path) -> bool:
    above = path.relative_to(folder).parts[:-1]
    return path.parent.name == "eeg" and not any(part.startswith(".") or part == "derivatives" for part in above)


def find_dataset_root(path: Path) -> Path:
    """Return the folder that holds the participant's, which is the dataset."""
    participants = [folder for folder in path.parents if folder.name.startswith("sub-")]
    return participants[-1].parent if participants else path.parent


def find_single_recording(folder: Path) -> Path:
    """Return the one recording a folder holds.

    Raises
    ------
    RecordingError
        It holds none or several.
    """
    found = find_eeg_files(folder)
    if len(found) == 1:
        return found[0]
    if not found:
        raise RecordingError(f"{folder} holds no session and no EEG of a BIDS dataset", todo="name a folder or a file")
    raise RecordingError(
        f"{folder} holds {len(found)} recordings",
        got=", ".join(path.name for path in found[-3:]),
        allowed="one recording",
        todo=f"name one, such as {found[-1]}",
    )
