"""The integrity ledger of a recording: whether its samples, its clock and its files add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.file_lock import is_locked
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead, read_timing
from neurofeedback.verification.check_result import CheckResult, CheckStatus, check_result, count_text, not_checkable
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


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """The ledger of one recording, a finding for each item."""

    path: Path
    results: tuple[CheckResult, ...]

    @property
    def status(self) -> CheckStatus:
        """``wrong`` if anything is, else ``ok``; what cannot be judged is not wrong."""
        return CheckStatus.WRONG if any(found.status is CheckStatus.WRONG for found in self.results) else CheckStatus.OK

    def as_dict(self) -> dict[str, object]:
        """Return the ledger as plain values."""
        items = {
            found.item: {"verdict": found.status.value, "text": found.text, **found.measurements}
            for found in self.results
        }
        return {"recording": str(self.path), "verdict": self.status.value, "items": items}


def verify(path: Path, *, board: str | None = None) -> VerificationResult:
    """Verify a recording; nothing in it is changed.

    Parameters
    ----------
    path : Path
        Whatever ``open_recording`` reads.
    board : str, optional
        The BrainFlow board a BrainFlow file is from, where its columns do not tell.

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
    clock = recording_clock(recording, reads)
    findings = [
        check_samples(recording, clock),
        check_rate(recording, clock),
        check_drift(clock),
        check_gaps(recording, clock),
        _check_loss(recording, own=files is not None),
        _check_duplicates(recording),
        *_check_data_files(files, recording, reads),
    ]
    return VerificationResult(recording.path, tuple(findings))


def _refuse_live_session(files: SessionFiles) -> None:
    try:
        live = is_locked(files.lock_path)
    except OSError as error:
        raise RecordingError(
            f"it cannot be told whether the session {files.stem} is being recorded",
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
    figures = {"n_lost": n_lost, "n_runs": len(lost), "longest": longest, "share": round(share, 6)}
    if not lost:
        return check_result("loss", [], "no sample is marked as lost", figures)
    text = f"{n_lost:,} samples ({share:.2%}) in {count_text(len(lost), 'run')}, the longest {longest / sfreq:.3f} s"
    full = _count_nonzero_lost(recording) if own else 0
    faults = [f"{count_text(full, 'sample')} marked as lost hold values instead of zeros"] if full else []
    return check_result("loss", faults, text, figures)


def _count_nonzero_lost(recording: Recording) -> int:
    total = 0
    for run in recording.lost:
        data = recording.read_samples(run.start, run.start + run.n_samples)
        rows = slice(None) if run.channels is None else list(run.channels)
        total += int(np.count_nonzero(data[rows].any(axis=0)))
    return total


def _check_duplicates(recording: Recording) -> CheckResult:
    """Stretches that are there twice, and on a Muse the stale blocks its driver puts in for lost packets."""
    stream = recording.stream
    hashed = hash_samples(chunk.data for chunk in recording.iter_chunks(_PIECE_SAMPLES))
    repeats = find_duplicates(hashed, stream.n_channels, stream.sfreq)
    n_repeated = count_duplicates(repeats)
    faults = []
    if repeats:
        first = repeats[0]
        faults.append(
            f"{n_repeated / stream.sfreq:.1f} s of {recording.duration_s:.1f} s repeat earlier samples exactly "
            f"({count_text(len(repeats), 'place')}; {first.n_samples / stream.sfreq:.2f} s at "
            f"{first.start / stream.sfreq:.2f} s are those of {first.lag / stream.sfreq:.2f} s before)"
        )
    n_stale = _count_stale_blocks(recording) if stream.montage == "muse" and not repeats else 0
    if n_stale:
        faults.append(
            f"{count_text(n_stale, 'block')} of {MUSE_BLOCK} samples repeat the one before and are not marked"
        )
    figures = {"n_repeated": n_repeated, "n_repeats": len(repeats), "n_stale_blocks": n_stale}
    return check_result("duplicates", faults, "no stretch is there twice", figures)


def _count_stale_blocks(recording: Recording) -> int:
    data = np.concatenate([chunk.data for chunk in recording.iter_chunks(_PIECE_SAMPLES)], axis=1)
    return sum(blocks.n_blocks for blocks in find_stale_blocks(data))


def _check_data_files(
    files: SessionFiles | None, recording: Recording, reads: tuple[DeviceRead, ...]
) -> list[CheckResult]:
    if files is None:
        return [not_checkable(item, "not a session of this program") for item in _FILE_CHECKS]
    books = CheckInput(files, recording, reads)
    try:
        return [check(books) for check in _FILE_CHECKS.values()]
    except OSError as error:
        raise RecordingError(
            f"the session {files.stem} cannot be read",
            got=f"{error.filename}: {error.strerror}",
            todo="restore the file, or check the rights",
        ) from None
