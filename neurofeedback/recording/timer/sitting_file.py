"""Sittings without a headset: one small JSON file each among the computed files, with the time sat."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError, field_serializer

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles, session_stems
from neurofeedback.recording.session_json import Document
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, write_json_atomic
from neurofeedback.storage.private_files import make_folder

_log = logging.getLogger(__name__)
SUFFIX = "sitting.json"
_TASK = "meditation"
_MAX_LABELS_TRIED = 3600


class SittingEvent(Document):
    """What a person did during a sitting, such as a mark; ``onset`` in seconds."""

    onset: float
    kind: str
    value: str


class TimerSitting(Document):
    """Content of a ``sitting.json``.

    Parameters
    ----------
    started : datetime
        Local start time with its time zone.
    programme, title : str
        Name and title of the practice.
    duration_s : float
        Time sat without pauses, s; after a crash the time until the last minute.
    planned_s : float, optional
        Planned length, s; None for one without end.
    finished : bool
        The program ended the sitting, and did not break off.
    completed : bool
        The plan was sat to its end.
    """

    started: AwareDatetime = Field(strict=False)
    programme: str
    title: str
    duration_s: float = Field(ge=0)
    planned_s: float | None = None
    finished: bool = False
    completed: bool = False
    events: tuple[SittingEvent, ...] = Field(default=(), strict=False)

    @field_serializer("started")
    def _format_time(self, value: datetime) -> str:
        return value.isoformat()


@dataclass(frozen=True, slots=True)
class SittingFile:
    """Where one sitting is stored."""

    files: SessionFiles

    @classmethod
    def create(cls, root: Path, participant: str, started: datetime) -> SittingFile:
        """Reserve the name of the start second, or of the next one that is free.

        Raises
        ------
        RecordingError
            The folder cannot be written.
        """
        with _explained(root):
            for stem in islice(session_stems(participant, _TASK, started), _MAX_LABELS_TRIED):
                files = SessionFiles.from_stem(root, stem)
                if files.raw.exists() or files.derived.exists() or files.part_folder.exists():
                    continue
                make_folder(files.derived)
                return cls(files)
        raise RecordingError("all session names of this hour are in use", got=str(root), todo="sit again later")

    @property
    def path(self) -> Path:
        """Path of the JSON file."""
        return self.files.derived_file(SUFFIX)

    def write(self, sitting: TimerSitting) -> None:
        """Write the sitting in one step.

        Raises
        ------
        RecordingError
            The folder cannot be written.
        """
        with _explained(self.files.root):
            write_json_atomic(self.path, sitting.model_dump(mode="python"))


def _explained(root: Path) -> AbstractContextManager[None]:
    return explain_disk_errors(
        f"the sitting cannot be saved in {root}",
        allowed="a folder this user may write to",
        todo="free disk space, or choose another recordings folder (--recordings, or in Settings)",
    )


def read_sittings(root: Path, participant: str | None = None) -> Iterator[tuple[SessionFiles, TimerSitting]]:
    """Read the sittings without a headset in a dataset; a file that cannot be read is left out, with a line in the log.

    Parameters
    ----------
    participant : str, optional
        Participant label; all participants by default.
    """
    for path in sorted(root.joinpath(DERIVATIVES).glob(f"sub-{participant or '*'}/ses-*/*_{SUFFIX}")):
        try:
            sitting = TimerSitting.model_validate(read_json(path))
        except (RecordingError, ValidationError) as error:
            _log.warning("the sitting %s is left out: %s", path, str(error).splitlines()[0])
            continue
        yield SessionFiles.from_stem(root, path.name.removesuffix(f"_{SUFFIX}")), sitting
