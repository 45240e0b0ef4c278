"""Whether the files of one session tell the same story: reads, gap markers, frames, summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording import frame_log
from neurofeedback.recording.atomic_files import read_complete_lines
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.brainvision import format_gap_markers
from neurofeedback.recording.events import GAP_TYPE, format_gap_rows
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead
from neurofeedback.session.summary import package_versions
from neurofeedback.verification.check_result import CheckResult, check_result, count_text, not_checkable
from neurofeedback.verification.compare_frames import (
    TOLERANCE,
    FrameComparison,
    compare_frame_logs,
    version_differences,
)
from neurofeedback.verification.replay import replay

_MARKER = re.compile(rf"Mk\d+={GAP_TYPE},,(\d+),(\d+),(\d+)")
_MAX_KILL_LOSS_S = 0.5
_PROGRAM = "neurofeedback-meditation"

GapKey = tuple[int, int, str]
"""Place of a gap: first sample, samples, and the channels as the file calls them."""


@dataclass(frozen=True, slots=True)
class CheckInput:
    """A session of this program, opened, with its reads."""

    files: SessionFiles
    recording: Recording
    reads: tuple[DeviceRead, ...]

    @property
    def ended_normally(self) -> bool:
        """The session ended in order, so nothing at its end may be missing."""
        return self.recording.summary.get("finished") is True

    @property
    def is_imported(self) -> bool:
        """The session is another program's recording; one without a clock has no reads."""
        return "imported_from" in self.recording.start_state


def check_reads(session: CheckInput) -> CheckResult:
    """Hold the list of reads against the samples on disk."""
    if not session.reads and session.is_imported:
        return not_checkable("reads", "it was imported from a file without a clock")
    if not session.reads:
        return check_result("reads", ["timing.tsv lists no read"], "")
    n_samples = session.recording.n_samples
    stops = [read.start + read.n_samples for read in session.reads]
    faults = [
        f"the read at sample {read.start} does not follow the one before, which ends at {stop}"
        for stop, read in zip([0, *stops], session.reads, strict=False)
        if read.start != stop
    ][:1]
    if stops[-1] > n_samples and session.ended_normally:
        faults.append(
            f"{count_text(stops[-1] - n_samples, 'sample')} that were read are missing at the end of the file"
        )
    if stops[-1] < n_samples and session.ended_normally:
        faults.append(f"{count_text(n_samples - stops[-1], 'sample')} at the end of the file belong to no read")
    figures = {"n_reads": len(session.reads), "n_samples_read": stops[-1]}
    return check_result(
        "reads", faults, f"{count_text(len(session.reads), 'read')} follow each other to the last sample", figures
    )


def check_markers(session: CheckInput) -> CheckResult:
    """Hold the gaps in ``.vmrk`` and ``events.tsv`` against the lost runs of ``timing.tsv``."""
    recording, files = session.recording, session.files
    lost, stream = recording.lost, recording.stream
    told = {
        ".vmrk": (_vmrk_gaps(read_complete_lines(files.eeg_file("eeg.vmrk"))), _vmrk_gaps(format_gap_markers(lost, 2))),
        "events.tsv": (
            _event_gaps(read_complete_lines(files.eeg_file("events.tsv")), stream.sfreq),
            _event_gaps(format_gap_rows(lost, stream.ch_names, stream.sfreq).splitlines(), stream.sfreq),
        ),
    }
    faults = [
        f"{name} and timing.tsv tell of different gaps "
        f"({_describe_difference(_clip_gaps(found, recording.n_samples), listed)})"
        for name, (found, listed) in told.items()
        if _clip_gaps(found, recording.n_samples) != listed
    ]
    text = (
        f"{count_text(len(lost), 'gap')}, the same in .vmrk, events.tsv and timing.tsv"
        if lost
        else "no gap in any file"
    )
    return check_result("markers", faults, text, {"n_gaps": len(lost)})


def _vmrk_gaps(lines: Iterable[str]) -> set[GapKey]:
    found = filter(None, (_MARKER.match(line) for line in lines))
    return {(int(start) - 1, int(size), channel) for start, size, channel in (match.groups() for match in found)}


def _event_gaps(lines: Iterable[str], sfreq: float) -> set[GapKey]:
    rows = [line.split("\t") for line in lines]
    return {(int(row[2]), round(float(row[1]) * sfreq), row[4]) for row in rows if row[3] == GAP_TYPE}


def _clip_gaps(gaps: set[GapKey], n_samples: int) -> set[GapKey]:
    """Cut marks to the file: a kill can come between a gap's marks and its samples."""
    return {(start, min(size, n_samples - start), where) for start, size, where in gaps if start < n_samples}


def _describe_difference(found: set[GapKey], listed: set[GapKey]) -> str:
    missing, extra = len(listed - found), len(found - listed)
    parts = [f"{missing} missing" if missing else "", f"{extra} too many" if extra else ""]
    return ", ".join(filter(None, parts))


def check_frames(session: CheckInput) -> CheckResult:
    """Replayed the session and hold its frame log against that."""
    recording = session.recording
    if recording.frames_path is None:
        missing = "it was imported, so there were no frames" if session.is_imported else "the frame log is missing"
        return not_checkable("frames", missing)
    if recording.profile is None:
        return not_checkable("frames", "the session's settings cannot be used here")
    try:
        replayed = replay(recording)
        lines = [replayed.header, *map(frame_log.format_row, replayed.frames)]
    except NeurofeedbackError as error:
        return not_checkable("frames", f"the replay fails: {error}")
    logged = [f"{line}\n" for line in read_complete_lines(recording.frames_path)]
    n_unlogged = 0 if session.ended_normally else _count_unlogged(session, len(logged), lines)
    agreement = compare_frame_logs(logged, lines[: len(lines) - n_unlogged])
    tail = f"; the last {count_text(n_unlogged, 'frame')} had not been logged when it broke off" if n_unlogged else ""
    return _frames_result(agreement, recording.start_state.get("versions"), len(logged) - 1, tail)


def _count_unlogged(session: CheckInput, n_logged: int, lines: list[str]) -> int:
    """Count the frames at the end that a kill may have kept from the log: of the last read, and of half a second."""
    last = session.reads[-1].start if session.reads else 0
    since = last - _MAX_KILL_LOSS_S * session.recording.stream.sfreq
    return sum(int(line.split("\t")[1]) > since for line in lines[max(1, n_logged) :])


def _frames_result(agreement: FrameComparison, stored: object, n_frames: int, tail: str) -> CheckResult:
    """Judge by the versions: another processor may change the last bit, another program the frames."""
    then = stored if isinstance(stored, Mapping) else {}
    changed = version_differences(then, package_versions()) if then else ["versions then unknown"]
    figures = {
        "n_frames": n_frames,
        "identical": agreement.find_first_difference is None,
        "version_differences": changed,
    }
    if agreement.find_first_difference is None:
        return check_result("frames", [], f"{count_text(n_frames, 'frame')} identical to a fresh replay{tail}", figures)
    why = ", ".join(changed) or "the same versions, so another processor"
    if agreement.first_beyond_tolerance is None:
        text = f"{count_text(n_frames, 'frame')} equal a fresh replay to {TOLERANCE:g}, not byte for byte ({why}){tail}"
        return check_result("frames", [], text, figures)
    if then and then.get(_PROGRAM) != package_versions().get(_PROGRAM):
        return not_checkable(
            "frames", f"recorded by another version of this program ({why}); {agreement.first_beyond_tolerance}"
        )
    return check_result("frames", [f"log and fresh replay differ at {agreement.first_beyond_tolerance}"], "", figures)


def check_summary(session: CheckInput) -> CheckResult:
    """Hold ``summary.json`` against what the other files add up to."""
    summary, recording = session.recording.summary, session.recording
    if not summary:
        return not_checkable("summary", "the session broke off and is not completed yet; the next start does it")
    facts: dict[str, object] = {
        "device": recording.stream.device,
        "sfreq": recording.stream.sfreq,
        "n_samples": recording.n_samples,
        "n_lost": count_lost_samples(recording.lost),
        "n_gaps": len(recording.lost),
    }
    if recording.frames_path is not None:
        facts["n_frames"] = max(0, len(read_complete_lines(recording.frames_path)) - 1)
    faults = [
        f"{name} is {summary.get(name)!r}, the files say {fact!r}"
        for name, fact in facts.items()
        if summary.get(name) != fact
    ]
    faults += _duration_faults(session)
    ended = "" if session.ended_normally else "; the session broke off and was completed later"
    return check_result("summary", faults, f"agrees with the files{ended}", {"finished": session.ended_normally})


def _duration_faults(session: CheckInput) -> list[str]:
    told, reads = session.recording.summary.get("duration_s"), session.reads
    if not isinstance(told, int | float) or not reads:
        return []
    by_reads = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / session.recording.stream.sfreq
    slack = 0.5 + 0.01 * by_reads
    return [f"duration_s is {told:g}, the reads say {by_reads:.3f}"] if abs(told - by_reads) > slack else []
