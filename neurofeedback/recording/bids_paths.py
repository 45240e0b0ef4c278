"""BIDS names: allowed labels, and the path of each file of a session."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from neurofeedback.errors import SettingsError

DERIVATIVES = Path("derivatives", "neurofeedback")
_LABEL = re.compile(r"[0-9A-Za-z]{1,64}")


def check_label(what: str, label: str) -> None:
    """Check that a label is a BIDS label; the error suggests a valid one.

    Raises
    ------
    SettingsError
        The label is not 1 to 64 ASCII letters and digits.
    """
    if _LABEL.fullmatch(label):
        return
    ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    clean = re.sub(r"[^0-9A-Za-z]", "", ascii_only.removeprefix("sub-"))[:64]  # people often enter the folder's name
    raise SettingsError(
        f"the {what} label cannot be used in file names",
        got=repr(label[:80]),
        allowed="1 to 64 letters and digits (a BIDS label)",
        todo=f"try {clean}" if clean else "try 01",
    )


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """Paths of the files of one session.

    Parameters
    ----------
    root : Path
        The recordings folder, a BIDS dataset.
    stem : str
        Name of the session, such as ``sub-01_ses-20261122T091500_task-meditation``.
    raw, derived : Path
        Folders of the raw recording and of the computed files.
    """

    root: Path
    stem: str
    raw: Path
    derived: Path

    @classmethod
    def from_stem(cls, root: Path, stem: str) -> SessionFiles:
        """Return the paths of the session ``stem``, such as ``sub-01_ses-20261122T091500_task-meditation``."""
        sub, ses = stem.split("_")[:2]
        return cls(root, stem, root / sub / ses, root / DERIVATIVES / sub / ses)

    @property
    def participant(self) -> str:
        """Participant id and folder name, such as ``sub-01``."""
        return self.stem.split("_")[0]

    @property
    def session_label(self) -> str:
        """Session id and folder name, such as ``ses-20261122T091500``."""
        return self.stem.split("_")[1]

    @property
    def session_prefix(self) -> str:
        """Participant and session labels, such as ``sub-01_ses-20261122T091500``."""
        return "_".join(self.stem.split("_")[:2])

    @property
    def missing_folder(self) -> Path | None:
        """The session folder that was removed after the first chunk; None while both folders exist."""
        first_files = {self.raw: self.eeg_file("eeg.eeg"), self.derived: self.derived_file("start.json")}
        return next((folder for folder, file in first_files.items() if not file.exists()), None)

    @property
    def part_folder(self) -> Path:
        """The hidden folder in which a session is built."""
        return self.root / f".{self.stem}.part"

    @property
    def import_folder(self) -> Path:
        """The hidden folder in which an import is written; one left by a crash can be deleted."""
        return self.root / f".{self.stem}.import"

    @property
    def lock_path(self) -> Path:
        """The hidden file that a live session keeps locked."""
        return self.root / f".{self.session_prefix}.lock"

    def in_part_folder(self) -> SessionFiles:
        """Return the paths of the same files while the session is being built."""
        return SessionFiles(self.root, self.stem, self.part_folder / "raw", self.part_folder / "derived")

    def in_import_folder(self) -> SessionFiles:
        """Return the paths of the same files while a recording is being imported."""
        return SessionFiles(self.root, self.stem, self.import_folder / "raw", self.import_folder / "derived")

    def eeg_file(self, suffix: str) -> Path:
        """Return the path of a raw file by the end of its name, such as ``eeg.vhdr`` or ``events.tsv``."""
        return self.raw / "eeg" / f"{self.stem}_{suffix}"

    @property
    def scans(self) -> Path:
        """Path of the table of the session's recordings."""
        return self.raw / f"{self.session_prefix}_scans.tsv"

    @property
    def electrodes(self) -> Path:
        """Path of the table of measured electrode positions."""
        return self.eeg_file("").parent / f"{self.session_prefix}_space-CapTrak_electrodes.tsv"

    @property
    def coordsystem(self) -> Path:
        """Path of the description of the coordinate system of ``electrodes``."""
        return self.electrodes.with_name(self.electrodes.name.replace("electrodes.tsv", "coordsystem.json"))

    @property
    def header_copy(self) -> Path:
        """The hidden copy of ``start.json`` and ``settings.toml`` in the raw folder, for recovery."""
        return self.raw / f".{self.stem}_header.json"

    def derived_file(self, suffix: str) -> Path:
        """Return the path of a computed file by the end of its name, such as ``summary.json``."""
        return self.derived / f"{self.stem}_{suffix}"

    @property
    def frame_log(self) -> Path:
        """Path of the frame log."""
        return self.derived_file("desc-frames_timeseries.tsv")

    @property
    def sealed_feedback(self) -> Path:
        """Path of the sealed feedback of a session with hidden arms."""
        return self.derived_file("played.sealed")


def session_stems(participant: str, task: str, started: datetime) -> Iterator[str]:
    """Yield the stem of a session that began at ``started`` (local time), then the stems of the following seconds."""
    second = started.astimezone()
    while True:
        yield f"sub-{participant}_ses-{second:%Y%m%dT%H%M%S}_task-{task}"
        second += timedelta(seconds=1)


def find_session_stems(root: Path) -> list[str]:
    """Return the stems of the sessions in a dataset that have a ``start.json``, sorted by participant and time."""
    start_files = root.joinpath(DERIVATIVES).glob("sub-*/ses-*/*_start.json")
    return sorted(path.name.removesuffix("_start.json") for path in start_files)
