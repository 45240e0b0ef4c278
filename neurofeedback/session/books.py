"""Whether the files of one session tell the same story: reads, gap markers, frames, summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording import frames as frame_log
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.brainvision import gap_markers
from neurofeedback.recording.events import GAP, gap_rows
from neurofeedback.recording.files import whole_lines
from neurofeedback.recording.lost import count_lost
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import Read
from neurofeedback.session.agreement import TOLERANCE, Agreement, compare, differing_versions
from neurofeedback.session.findings import Finding, count, ruled, unjudged
from neurofeedback.session.replay import replay
from neurofeedback.session.tally import versions

_MARKER = re.compile(rf"Mk\d+={GAP},,(\d+),(\d+),(\d+)")
_KILL_LOSES_S = 0.5
_PROGRAM = "neurofeedback-meditation"

Mark = tuple[int, int, str]
"""Place of a gap: first sample, samples, and the channels as the file calls them."""


@dataclass(frozen=True, slots=True)
class Books:
    """A session of this program, opened, with its reads."""

    files: SessionFiles
    recording: Recording
    reads: tuple[Read, ...]

    @property
    def in_order(self) -> bool:
        """The session ended in order, so nothing at its end may be missing."""
        return self.recording.summary.get("finished") is True

    @property
    def imported(self) -> bool:
        """The session is another program's recording; one without a clock has no reads."""
        return "imported_from" in self.recording.start


def check_reads(books: Books) -> Finding:
    """Hold the list of reads against the samples on disk."""
    if not books.reads and books.imported:
        return unjudged("reads", "it was imported from a file without a clock")
    if not books.reads:
        return ruled("reads", ["timing.tsv lists no read"], "")
    n_samples = books.recording.n_samples
    stops = [read.start + read.n_samples for read in books.reads]
    faults = [
        f"the read at sample {read.start} does not follow the one before, which ends at {stop}"
        for stop, read in zip([0, *stops], books.reads, strict=False)
        if read.start != stop
    ][:1]
    if stops[-1] > n_samples and books.in_order:
        faults.append(f"{count(stops[-1] - n_samples, 'sample')} that were read are missing at the end of the file")
    if stops[-1] < n_samples and books.in_order:
        faults.append(f"{count(n_samples - stops[-1], 'sample')} at the end of the file belong to no read")
    figures = {"n_reads": len(books.reads), "n_samples_read": stops[-1]}
    return ruled("reads", faults, f"{count(len(books.reads), 'read')} follow each other to the last sample", figures)


def check_markers(books: Books) -> Finding:
    """Hold the gaps in ``.vmrk`` and ``events.tsv`` against the lost runs of ``timing.tsv``."""
    recording, files = books.recording, books.files
    lost, stream = recording.lost, recording.stream
    told = {
        ".vmrk": (_markers(whole_lines(files.eeg("eeg.vmrk"))), _markers(gap_markers(lost, 2))),
        "events.tsv": (
            _events(whole_lines(files.eeg("events.tsv")), stream.sfreq),
            _events(gap_rows(lost, stream.ch_names, stream.sfreq).splitlines(), stream.sfreq),
        ),
    }
    faults = [
        f"{name} and timing.tsv tell of different gaps ({_difference(_clipped(found, recording.n_samples), listed)})"
        for name, (found, listed) in told.items()
        if _clipped(found, recording.n_samples) != listed
    ]
    text = f"{count(len(lost), 'gap')}, the same in .vmrk, events.tsv and timing.tsv" if lost else "no gap in any file"
    return ruled("markers", faults, text, {"n_gaps": len(lost)})


def _markers(lines: Iterable[str]) -> set[Mark]:
    found = filter(None, (_MARKER.match(line) for line in lines))
    return {(int(start) - 1, int(size), channel) for start, size, channel in (match.groups() for match in found)}


def _events(lines: Iterable[str], sfreq: float) -> set[Mark]:
    rows = [line.split("\t") for line in lines]
    return {(int(row[2]), round(float(row[1]) * sfreq), row[4]) for row in rows if row[3] == GAP}


def _clipped(marks: set[Mark], n_samples: int) -> set[Mark]:
    """Cut marks to the file: a kill can come between a gap's marks and its samples."""
    return {(start, min(size, n_samples - start), where) for start, size, where in marks if start < n_samples}


def _difference(found: set[Mark], listed: set[Mark]) -> str:
    missing, extra = len(listed - found), len(found - listed)
    parts = [f"{missing} missing" if missing else "", f"{extra} too many" if extra else ""]
    return ", ".join(filter(None, parts))


def check_frames(books: Books) -> Finding:
    """Replay the session and hold its frame log against that."""
    recording = books.recording
    if recording.frames_path is None:
        missing = "it was imported, so there were no frames" if books.imported else "the frame log is missing"
        return unjudged("frames", missing)
    if recording.profile is None:
        return unjudged("frames", "the session's settings cannot be used here")
    try:
        replayed = replay(recording)
        lines = [replayed.header, *map(frame_log.row, replayed.frames)]
    except NeurofeedbackError as error:
        return unjudged("frames", f"the replay fails: {error}")
    logged = [f"{line}\n" for line in whole_lines(recording.frames_path)]
    n_unlogged = 0 if books.in_order else _unlogged_tail(books, len(logged), lines)
    agreement = compare(logged, lines[: len(lines) - n_unlogged])
    tail = f"; the last {count(n_unlogged, 'frame')} had not been logged when it broke off" if n_unlogged else ""
    return _frames_ruled(agreement, recording.start.get("versions"), len(logged) - 1, tail)


def _unlogged_tail(books: Books, n_logged: int, lines: list[str]) -> int:
    """Count the frames at the end that a kill may have kept from the log: of the last read, and of half a second."""
    last = books.reads[-1].start if books.reads else 0
    since = last - _KILL_LOSES_S * books.recording.stream.sfreq
    return sum(int(line.split("\t")[1]) > since for line in lines[max(1, n_logged) :])


def _frames_ruled(agreement: Agreement, stored: object, n_frames: int, tail: str) -> Finding:
    """Judge by the versions: another processor may change the last bit, another program the frames."""
    then = stored if isinstance(stored, Mapping) else {}
    changed = differing_versions(then, versions()) if then else ["versions then unknown"]
    figures = {"n_frames": n_frames, "identical": agreement.exact is None, "differing_versions": changed}
    if agreement.exact is None:
        return ruled("frames", [], f"{count(n_frames, 'frame')} identical to a fresh replay{tail}", figures)
    why = ", ".join(changed) or "the same versions, so another processor"
    if agreement.close is None:
        text = f"{count(n_frames, 'frame')} equal a fresh replay to {TOLERANCE:g}, not byte for byte ({why}){tail}"
        return ruled("frames", [], text, figures)
    if then and then.get(_PROGRAM) != versions().get(_PROGRAM):
        return unjudged("frames", f"recorded by another version of this program ({why}); {agreement.close}")
    return ruled("frames", [f"log and fresh replay differ at {agreement.close}"], "", figures)


def check_summary(books: Books) -> Finding:
    """Hold ``summary.json`` against what the other files add up to."""
    summary, recording = books.recording.summary, books.recording
    if not summary:
        return unjudged("summary", "the session broke off and is not completed yet; the next start does it")
    facts: dict[str, object] = {
        "device": recording.stream.device,
        "sfreq": recording.stream.sfreq,
        "n_samples": recording.n_samples,
        "n_lost": count_lost(recording.lost),
        "n_gaps": len(recording.lost),
    }
    if recording.frames_path is not None:
        facts["n_frames"] = max(0, len(whole_lines(recording.frames_path)) - 1)
    faults = [
        f"{name} is {summary.get(name)!r}, the files say {fact!r}"
        for name, fact in facts.items()
        if summary.get(name) != fact
    ]
    faults += _duration_fault(books)
    ended = "" if books.in_order else "; the session broke off and was completed later"
    return ruled("summary", faults, f"agrees with the files{ended}", {"finished": books.in_order})


def _duration_fault(books: Books) -> list[str]:
    told, reads = books.recording.summary.get("duration_s"), books.reads
    if not isinstance(told, int | float) or not reads:
        return []
    by_reads = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / books.recording.stream.sfreq
    slack = 0.5 + 0.01 * by_reads
    return [f"duration_s is {told:g}, the reads say {by_reads:.3f}"] if abs(told - by_reads) > slack else []
