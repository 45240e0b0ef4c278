"""The integrity ledger of a recording: whether its samples, its clock and its files add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.locks import is_locked
from neurofeedback.recording.lost import count_lost
from neurofeedback.recording.reader import open_recording, session_at
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import Read, read_timing
from neurofeedback.session.books import Books, check_frames, check_markers, check_reads, check_summary
from neurofeedback.session.findings import Finding, Ruling, count, ruled, unjudged
from neurofeedback.session.repeats import MUSE_BLOCK, count_repeated, find_repeats, find_stale_blocks, fingerprints
from neurofeedback.session.timekeeping import check_drift, check_gaps, check_rate, check_samples, clock_of

_PIECE = 1 << 15
_BOOKS: dict[str, Callable[[Books], Finding]] = {
    "reads": check_reads,
    "markers": check_markers,
    "frames": check_frames,
    "summary": check_summary,
}


@dataclass(frozen=True, slots=True)
class Verification:
    """The ledger of one recording, a finding for each item."""

    path: Path
    findings: tuple[Finding, ...]

    @property
    def ruling(self) -> Ruling:
        """``wrong`` if anything is, else ``ok``; what cannot be judged is not wrong."""
        return Ruling.WRONG if any(found.ruling is Ruling.WRONG for found in self.findings) else Ruling.OK

    def document(self) -> dict[str, object]:
        """Return the ledger as plain values."""
        items = {
            found.item: {"verdict": found.ruling.value, "text": found.text, **found.figures} for found in self.findings
        }
        return {"recording": str(self.path), "verdict": self.ruling.value, "items": items}


def verify(path: Path, *, board: str | None = None) -> Verification:
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
    files = session_at(path) if path.exists() else None
    if files is not None:
        _leave_alone_if_live(files)
    recording = open_recording(path, board=board)
    reads = read_timing(files.computed("timing.tsv"))[0] if files else ()
    clock = clock_of(recording, reads)
    findings = [
        check_samples(recording, clock),
        check_rate(recording, clock),
        check_drift(clock),
        check_gaps(recording, clock),
        _loss(recording, own=files is not None),
        _duplicates(recording),
        *_books(files, recording, reads),
    ]
    return Verification(recording.path, tuple(findings))


def _leave_alone_if_live(files: SessionFiles) -> None:
    try:
        live = is_locked(files.lock)
    except OSError as error:
        raise RecordingError(
            f"it cannot be told whether the session {files.stem} is being recorded",
            got=f"{files.lock}: {error.strerror}",
            todo="remove that file if nothing is being recorded",
        ) from None
    if live:
        raise RecordingError(
            f"the session {files.stem} is being recorded right now, so it is left alone", todo="verify it when it ends"
        )


def _loss(recording: Recording, *, own: bool) -> Finding:
    lost, sfreq = recording.lost, recording.stream.sfreq
    n_lost = count_lost(lost)
    longest = max((run.n_samples for run in lost), default=0)
    share = n_lost / recording.n_samples
    figures = {"n_lost": n_lost, "n_runs": len(lost), "longest": longest, "share": round(share, 6)}
    if not lost:
        return ruled("loss", [], "no sample is marked as lost", figures)
    text = f"{n_lost:,} samples ({share:.2%}) in {count(len(lost), 'run')}, the longest {longest / sfreq:.3f} s"
    full = _n_not_zero(recording) if own else 0
    faults = [f"{count(full, 'sample')} marked as lost hold values instead of zeros"] if full else []
    return ruled("loss", faults, text, figures)


def _n_not_zero(recording: Recording) -> int:
    total = 0
    for run in recording.lost:
        data = recording.samples(run.start, run.start + run.n_samples)
        rows = slice(None) if run.channels is None else list(run.channels)
        total += int(np.count_nonzero(data[rows].any(axis=0)))
    return total


def _duplicates(recording: Recording) -> Finding:
    """Stretches that are there twice, and on a Muse the stale blocks its driver puts in for lost packets."""
    stream = recording.stream
    hashed = fingerprints(chunk.data for chunk in recording.chunks(_PIECE))
    repeats = find_repeats(hashed, stream.n_channels, stream.sfreq)
    n_repeated = count_repeated(repeats)
    faults = []
    if repeats:
        first = repeats[0]
        faults.append(
            f"{n_repeated / stream.sfreq:.1f} s of {recording.duration_s:.1f} s repeat earlier samples exactly "
            f"({count(len(repeats), 'place')}; {first.n_samples / stream.sfreq:.2f} s at "
            f"{first.start / stream.sfreq:.2f} s are those of {first.lag / stream.sfreq:.2f} s before)"
        )
    n_stale = _n_stale(recording) if stream.montage == "muse" and not repeats else 0
    if n_stale:
        faults.append(f"{count(n_stale, 'block')} of {MUSE_BLOCK} samples repeat the one before and are not marked")
    figures = {"n_repeated": n_repeated, "n_repeats": len(repeats), "n_stale_blocks": n_stale}
    return ruled("duplicates", faults, "no stretch is there twice", figures)


def _n_stale(recording: Recording) -> int:
    data = np.concatenate([chunk.data for chunk in recording.chunks(_PIECE)], axis=1)
    return sum(blocks.n_blocks for blocks in find_stale_blocks(data))


def _books(files: SessionFiles | None, recording: Recording, reads: tuple[Read, ...]) -> list[Finding]:
    if files is None:
        return [unjudged(item, "not a session of this program") for item in _BOOKS]
    books = Books(files, recording, reads)
    try:
        return [check(books) for check in _BOOKS.values()]
    except OSError as error:
        raise RecordingError(
            f"the session {files.stem} cannot be read",
            got=f"{error.filename}: {error.strerror}",
            todo="restore the file, or check the rights",
        ) from None
