"""BIDS names: labels that may be in them, and where each file of a session stands."""

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
    """Refuse what is not a BIDS label, with a cleaned one as suggestion.

    Raises
    ------
    SettingsError
        Anything but 1 to 64 ASCII letters and digits.
    """
    if _LABEL.fullmatch(label):
        return
    ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    clean = re.sub(r"[^0-9A-Za-z]", "", ascii_only.removeprefix("sub-"))[:64]  # the folder's name is often typed
    raise SettingsError(
        f"the {what} label cannot be used in file names",
        got=repr(label[:80]),
        allowed="1 to 64 letters and digits (a BIDS label)",
        todo=f"try {clean}" if clean else "try 01",
    )


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """Where the files of one session stand: ``raw`` and ``derived`` are its two folders."""

    root: Path
    stem: str
    raw: Path
    derived: Path

    @classmethod
    def from_stem(cls, root: Path, stem: str) -> SessionFiles:
        """Build the places of the session ``stem``, such as ``sub-01_ses-20261122T091500_task-meditation``."""
        sub, ses = stem.split("_")[:2]
        return cls(root, stem, root / sub / ses, root / DERIVATIVES / sub / ses)

    @property
    def participant(self) -> str:
        """Participant folder and id, such as ``sub-01``."""
        return self.stem.split("_")[0]

    @property
    def session_prefix(self) -> str:
        """Participant and session, such as ``sub-01_ses-20261122T091500``."""
        return "_".join(self.stem.split("_")[:2])

    @property
    def missing_folder(self) -> Path | None:
        """The folder of the session that was removed after its first chunk; None while both are there."""
        begun = {self.raw: self.eeg_file("eeg.eeg"), self.derived: self.derived_file("start.json")}
        return next((folder for folder, file in begun.items() if not file.exists()), None)

    @property
    def part_folder(self) -> Path:
        """The dot-folder a session is built in."""
        return self.root / f".{self.stem}.part"

    @property
    def import_folder(self) -> Path:
        """The dot-folder a whole recording is written to; one left behind is worth nothing."""
        return self.root / f".{self.stem}.import"

    @property
    def lock_path(self) -> Path:
        """The dot-file a live session holds locked."""
        return self.root / f".{self.session_prefix}.lock"

    def in_part_folder(self) -> SessionFiles:
        """Return the same files while the session is being built."""
        return SessionFiles(self.root, self.stem, self.part_folder / "raw", self.part_folder / "derived")

    def in_import_folder(self) -> SessionFiles:
        """Return the same files while a whole recording is being written."""
        return SessionFiles(self.root, self.stem, self.import_folder / "raw", self.import_folder / "derived")

    def eeg_file(self, suffix: str) -> Path:
        """Path of a raw file, by the end of its name, such as ``eeg.vhdr`` or ``events.tsv``."""
        return self.raw / "eeg" / f"{self.stem}_{suffix}"

    @property
    def scans(self) -> Path:
        """The table of the session's recordings."""
        return self.raw / f"{self.session_prefix}_scans.tsv"

    @property
    def electrodes(self) -> Path:
        """The table of measured electrode places."""
        return self.eeg_file("").parent / f"{self.session_prefix}_space-CapTrak_electrodes.tsv"

    @property
    def coordsystem(self) -> Path:
        """What the places of ``electrodes`` are measured from."""
        return self.electrodes.with_name(self.electrodes.name.replace("electrodes.tsv", "coordsystem.json"))

    def derived_file(self, suffix: str) -> Path:
        """Path of a computed file, by the end of its name, such as ``summary.json``."""
        return self.derived / f"{self.stem}_{suffix}"

    @property
    def frame_log(self) -> Path:
        """The frame log."""
        return self.derived_file("desc-frames_timeseries.tsv")


def session_stems(participant: str, task: str, started: datetime) -> Iterator[str]:
    """Yield the stem of a session that began at ``started``, in local time, then those of the seconds after it."""
    second = started.astimezone()
    while True:
        yield f"sub-{participant}_ses-{second:%Y%m%dT%H%M%S}_task-{task}"
        second += timedelta(seconds=1)


def find_session_stems(root: Path) -> list[str]:
    """List the sessions this program recorded in a dataset, by participant and time."""
    starts = root.joinpath(DERIVATIVES).glob("sub-*/ses-*/*_start.json")
    return sorted(path.name.removesuffix("_start.json") for path in starts)
