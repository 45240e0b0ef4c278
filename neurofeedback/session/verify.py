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
from neurofeedback.session.drift import ClockFit, fit_clock
from neurofeedback.session.findings import Finding, Ruling, count, ruled, unjudged
from neurofeedback.session.repeats import (
    MUSE_BLOCK,
    count_repeated,
    find_repeats,
    find_stale_blocks,
    fingerprints,
)

_PIECE = 1 << 15
_TOLERANCE = 0.01
_TOLERANCE_S = 0.1
_BOOKS: dict[str, Callable[[Books], Finding]] = {
    "reads": check_reads,
    "markers": check_markers,
    "frames": check_frames,
    "summary": check_summary,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """What a recording's clock says; ``fit`` is None where there is none that runs, and ``name`` says why."""

    name: str
    fit: ClockFit | None = None
    device: ClockFit | None = None


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
    clock = _clock(recording, reads)
    findings = [
        _samples(recording, clock),
        _rate(recording, clock),
        _drift(clock),
        _gaps(recording, clock),
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


def _clock(recording: Recording, reads: tuple[Read, ...]) -> Clock:
    """Take the host's clock of our own reads, or another program's timestamps."""
    sfreq = recording.stream.sfreq
    if reads:
        stops = np.array([read.start + read.n_samples for read in reads])
        host = np.array([read.host_time for read in reads])
        device = np.array([np.nan if read.device_time is None else read.device_time for read in reads])
        clock = Clock("the host's clock", fit_clock(stops, host, sfreq), fit_clock(stops, device, sfreq))
    elif recording.timestamps is not None:
        stops = np.arange(1, recording.n_samples + 1)
        clock = Clock("the file's timestamps", fit_clock(stops, recording.timestamps, sfreq))
    else:
        return Clock("no clock in the file")
    if clock.fit is None:
        return Clock("too short to hold against its clock")
    return clock if clock.fit.clock_s > 0 else Clock("its clock does not run")


def _samples(recording: Recording, clock: Clock) -> Finding:
    n_samples, sfreq = recording.n_samples, recording.stream.sfreq
    if clock.fit is None:
        return unjudged(
            "samples", f"{clock.name} ({n_samples:,} samples, {recording.duration_s:.1f} s at {sfreq:g} Hz)"
        )
    expected = round(n_samples * clock.fit.ratio)
    told = f"{n_samples:,} present, {expected:,} expected by {clock.name} in {expected / sfreq:.2f} s"
    off = abs(expected - n_samples)
    wrong = off > _TOLERANCE * expected + _TOLERANCE_S * sfreq
    whole = f"{expected / sfreq:.1f} s are recorded as {recording.duration_s:.1f} s: {told}"
    return ruled("samples", [whole] if wrong else [], told, {"n_samples": n_samples, "n_expected": expected})


def _rate(recording: Recording, clock: Clock) -> Finding:
    if clock.fit is None:
        return unjudged("rate", clock.name)
    nominal = recording.stream.sfreq
    sfreq, off = nominal / clock.fit.ratio, 1 / clock.fit.ratio - 1
    text = f"{sfreq:.2f} Hz by {clock.name}, nominal {nominal:g} Hz ({off:+.2%})"
    wrong = abs(off) > _TOLERANCE + _TOLERANCE_S / clock.fit.clock_s
    return ruled("rate", [text] if wrong else [], text, {"sfreq": round(sfreq, 4), "nominal_sfreq": nominal})


def _drift(clock: Clock) -> Finding:
    fit = clock.fit
    if fit is None:
        return unjudged("drift", clock.name)
    if fit.drift is None:
        return unjudged("drift", "too short to measure")
    text = f"{_ppm(fit)}; jitter {fit.jitter_ms:.1f} ms, at most {fit.worst_ms:.0f} ms late"
    figures: dict[str, object] = {
        "ppm": round(fit.drift.ppm, 2),
        "ppm_95": [round(fit.drift.low, 2), round(fit.drift.high, 2)],
        "jitter_ms": round(fit.jitter_ms, 3),
        "worst_ms": round(fit.worst_ms, 3),
    }
    if clock.device is not None and clock.device.drift is not None:
        text += f"; by the device's clock {_ppm(clock.device)}"
        figures["device_ppm"] = round(clock.device.drift.ppm, 2)
    wrong = abs(fit.drift.ppm) > 1e6 * _TOLERANCE and fit.clock_s > _TOLERANCE_S / _TOLERANCE
    return ruled("drift", [text] if wrong else [], text, figures)


def _ppm(fit: ClockFit) -> str:
    if fit.drift is None:
        return "n/a"
    return f"{fit.drift.ppm:+.1f} ppm of nominal ({fit.drift.low:+.1f} to {fit.drift.high:+.1f})"


def _gaps(recording: Recording, clock: Clock) -> Finding:
    """Where time passed that neither samples nor lost runs account for."""
    if clock.fit is None:
        return unjudged("gaps", clock.name)
    jumps, sfreq = clock.fit.jumps, recording.stream.sfreq
    faults = [
        f"{count(len(jumps), 'jump')} of the clock with no lost samples to explain it: "
        + ", ".join(f"{jump.seconds:+.2f} s at {jump.sample / sfreq:.1f} s" for jump in jumps[:3])
        + (", ..." if len(jumps) > 3 else "")
    ]
    figures = {"jumps": [{"sample": jump.sample, "seconds": round(jump.seconds, 3)} for jump in jumps[:100]]}
    return ruled("gaps", faults if jumps else [], "no time is missing between samples", figures)


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
    return [check(books) for check in _BOOKS.values()]
