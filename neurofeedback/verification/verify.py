"""Verification of a recording: its samples, its clock and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead, read_timing
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.texts import verification as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.verification.check_result import (
    CheckResult,
    CheckStatus,
    Measurement,
    check_result,
    count_text,
    not_checkable,
)
from neurofeedback.verification.clock_checks import check_drift, check_gaps, check_rate, check_samples, recording_clock
from neurofeedback.verification.consistency_checks import (
    CheckInput,
    check_frames,
    check_markers,
    check_reads,
    check_summary,
)
from neurofeedback.verification.duplicate_samples import (
    MUSE_BLOCK,
    count_duplicates,
    find_duplicates,
    find_stale_blocks,
    hash_samples,
)

_PIECE_SAMPLES = 1 << 15
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
        Whatever ``open_recording`` reads.
    board : str, optional
        The BrainFlow board of a BrainFlow file, if its columns do not show it.

    Raises
    ------
    RecordingError
        It cannot be read, or is being recorded right now.
    """
    path = path.expanduser().absolute()
    files = find_session(path) if path.exists() else None
    if files is not None:
        _refuse_live_session(files)
    recording = open_recording(path, board=board)
    reads = read_timing(files.derived_file("timing.tsv"))[0] if files else ()
    results = (
        *verify_opened(recording, reads, own=files is not None),
        *_check_data_files(files, recording, reads),
    )
    return VerificationResult(recording.path, results)


def verify_opened(
    recording: Recording, reads: tuple[DeviceRead, ...] = (), *, own: bool = False
) -> tuple[CheckResult, ...]:
    """Check the samples and the clock of an opened recording; ``own`` if it is a session of this program."""
    clock = recording_clock(recording, reads)
    return (
        check_samples(recording, clock),
        check_rate(recording, clock),
        check_drift(clock),
        check_gaps(recording, clock),
        _check_loss(recording, own=own),
        _check_duplicates(recording),
    )


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


def _check_loss(recording: Recording, *, own: bool) -> CheckResult:
    lost, sfreq = recording.lost, recording.stream.sfreq
    n_lost = count_lost_samples(lost)
    longest = max((run.n_samples for run in lost), default=0)
    share = n_lost / recording.n_samples
    measurements: dict[str, Measurement] = {
        "n_lost": n_lost,
        "n_runs": len(lost),
        "longest": longest,
        "share": round(share, 6),
    }
    if not lost:
        return check_result("loss", [], tr(texts.NO_LOSS), measurements)
    text = tr(texts.LOSS, n=n_lost, share=share, runs=count_text(len(lost), "run"), longest_s=longest / sfreq)
    n_nonzero = _count_nonzero_lost(recording) if own else 0
    faults = [tr(texts.LOST_NOT_ZERO, samples=count_text(n_nonzero, "sample"))] if n_nonzero else []
    return check_result("loss", faults, text, measurements)


def _count_nonzero_lost(recording: Recording) -> int:
    total = 0
    for run in recording.lost:
        data = recording.read_samples(run.start, run.start + run.n_samples)
        rows = slice(None) if run.channels is None else list(run.channels)
        total += int(np.count_nonzero(data[rows].any(axis=0)))
    return total


def _check_duplicates(recording: Recording) -> CheckResult:
    """Find repeated stretches, and on a Muse the stale blocks its driver inserts for lost packets."""
    stream = recording.stream
    hashed = hash_samples(chunk.data for chunk in recording.iter_chunks(_PIECE_SAMPLES))
    duplicates = find_duplicates(hashed, stream.n_channels, stream.sfreq)
    n_repeated = count_duplicates(duplicates)
    faults = []
    if duplicates:
        first = duplicates[0]
        faults.append(
            tr(
                texts.REPEATS,
                repeated_s=n_repeated / stream.sfreq,
                duration_s=recording.duration_s,
                places=count_text(len(duplicates), "place"),
                first_s=first.n_samples / stream.sfreq,
                at_s=first.start / stream.sfreq,
                lag_s=first.lag / stream.sfreq,
            )
        )
    n_stale = _count_stale_blocks(recording) if stream.montage == "muse" and not duplicates else 0
    if n_stale:
        faults.append(tr(texts.STALE_BLOCKS, blocks=count_text(n_stale, "block"), size=MUSE_BLOCK))
    measurements = {"n_repeated": n_repeated, "n_repeats": len(duplicates), "n_stale_blocks": n_stale}
    return check_result("duplicates", faults, tr(texts.NO_DUPLICATES), measurements)


def _count_stale_blocks(recording: Recording) -> int:
    data = np.concatenate([chunk.data for chunk in recording.iter_chunks(_PIECE_SAMPLES)], axis=1)
    return sum(blocks.n_blocks for blocks in find_stale_blocks(data))


def _check_data_files(
    files: SessionFiles | None, recording: Recording, reads: tuple[DeviceRead, ...]
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
