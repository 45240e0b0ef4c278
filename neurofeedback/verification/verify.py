"""Verification of a recording: its samples, its clock and its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import find_session, find_sessions, open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead, read_timing
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts
from neurofeedback.verification.check_facts import check_record, check_session_facts, has_facts
from neurofeedback.verification.check_result import (
    CheckResult,
    CheckStatus,
    Measurement,
    not_checkable,
)
from neurofeedback.verification.consistency_checks import (
    CheckInput,
    check_frames,
    check_markers,
    check_reads,
    check_summary,
)
from neurofeedback.verification.sample_checks import verify_opened

_FILE_CHECKS: dict[str, Callable[[CheckInput], CheckResult]] = {
    "reads": check_reads,
    "markers": check_markers,
    "frames": check_frames,
    "summary": check_summary,
}


class VerificationDocument(TypedDict):
    """Results of a verification as JSON."""

    recording: str
    verdict: str
    items: dict[str, dict[str, Measurement]]


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Results of all checks of one recording."""

    path: Path
    results: tuple[CheckResult, ...]

    @property
    def status(self) -> CheckStatus:
        """``wrong`` if any result is, else ``ok``."""
        return (
            CheckStatus.WRONG if any(result.status is CheckStatus.WRONG for result in self.results) else CheckStatus.OK
        )

    def as_dict(self) -> VerificationDocument:
        """Return the results as JSON values."""
        items: dict[str, dict[str, Measurement]] = {
            result.item: {"verdict": result.status.value, "text": result.text, **result.measurements}
            for result in self.results
        }
        return {"recording": str(self.path), "verdict": self.status.value, "items": items}


def verify(path: Path, *, board: str | None = None) -> VerificationResult:
    """Verify a recording without changing it.

    Parameters
    ----------
    path : Path
        Whatever ``open_recording`` reads, or a recordings folder: then its answers, entries and change log, and its
        session if it holds one only.
    board : str, optional
        The BrainFlow board of a BrainFlow file, if its columns do not show it.

    Raises
    ------
    RecordingError
        It cannot be read, or is being recorded right now.
    """
    path = path.expanduser().absolute()
    record = check_record(path) if (path / "dataset_description.json").exists() and has_facts(path) else []
    if record and len(find_sessions(path)) != 1:
        return VerificationResult(path, tuple(record))
    files = find_session(path) if path.exists() else None
    if files is not None:
        _refuse_live_session(files)
    recording = open_recording(path, board=board)
    reads = read_timing(files.derived_file("timing.tsv"))[0] if files else ()
    results = (
        *verify_opened(recording, reads, own=files is not None),
        *_check_data_files(files, recording, reads),
        *(check_session_facts(files) if files is not None and has_facts(files.root) else ()),
        *record,
    )
    return VerificationResult(recording.path, results)


def _refuse_live_session(files: SessionFiles) -> None:
    try:
        live = is_locked(files.lock_path)
    except OSError as error:
        raise RecordingError(
            f"the lock of the session {files.stem} cannot be read",
            got=f"{files.lock_path}: {error.strerror}",
            todo="remove that file if nothing is being recorded",
        ) from None
    if live:
        raise RecordingError(
            f"the session {files.stem} is being recorded right now, so it is left alone", todo="verify it when it ends"
        )


def _check_data_files(
    files: SessionFiles | None, recording: Recording, reads: Sequence[DeviceRead]
) -> list[CheckResult]:
    if files is None:
        return [not_checkable(item, tr(texts.NOT_A_SESSION)) for item in _FILE_CHECKS]
    check_input = CheckInput(files, recording, reads)
    try:
        return [check(check_input) for check in _FILE_CHECKS.values()]
    except OSError as error:
        raise RecordingError(
            f"the session {files.stem} cannot be read",
            got=f"{error.filename}: {error.strerror}",
            todo="restore the file, or check its permissions",
        ) from None
