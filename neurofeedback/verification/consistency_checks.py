"""Consistency checks between the files of a session: reads, gap markers, frames, summary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording import frame_log
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.brainvision.event_markers import COMMENT_TYPE, format_event_markers
from neurofeedback.recording.brainvision.headers import format_gap_markers
from neurofeedback.recording.events import GAP_TYPE, format_gap_rows
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead
from neurofeedback.session.summary import package_versions
from neurofeedback.storage.append_only import iter_complete_lines, read_complete_lines
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts
from neurofeedback.verification.check_result import CheckResult, Measurement, check_result, count_text, not_checkable
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
"""A gap: first sample, number of samples, and the channels as named in the file."""


@dataclass(frozen=True, slots=True)
class CheckInput:
    """A session of this program with its reads."""

    files: SessionFiles
    recording: Recording
    reads: Sequence[DeviceRead]

    @property
    def ended_normally(self) -> bool:
        """The session ended in order, so its end must be complete."""
        return self.recording.summary.finished is True

    @property
    def is_imported(self) -> bool:
        """The session is an imported recording; without a clock it has no reads."""
        start_state = self.recording.start_state
        return start_state is not None and start_state.imported_from is not None


def check_reads(session: CheckInput) -> CheckResult:
    """Compare the list of reads with the samples on disk."""
    if not session.reads and session.is_imported:
        return not_checkable("reads", tr(texts.IMPORTED_WITHOUT_CLOCK))
    if not session.reads:
        return check_result("reads", [tr(texts.NO_READS)], "")
    n_samples = session.recording.n_samples
    faults: list[str] = []
    stop = 0
    for read in session.reads:
        if read.start != stop and not faults:
            faults.append(tr(texts.READ_GAP, start=read.start, stop=stop))
        stop = read.start + read.n_samples
    if stop > n_samples and session.ended_normally:
        faults.append(tr(texts.SAMPLES_MISSING, samples=count_text(stop - n_samples, "sample")))
    if stop < n_samples and session.ended_normally:
        faults.append(tr(texts.SAMPLES_EXTRA, samples=count_text(n_samples - stop, "sample")))
    measurements: dict[str, Measurement] = {"n_reads": len(session.reads), "n_samples_read": stop}
    return check_result("reads", faults, tr(texts.READS, reads=count_text(len(session.reads), "read")), measurements)


def check_markers(session: CheckInput) -> CheckResult:
    """Compare the gaps in ``.vmrk`` and ``events.tsv`` with the lost runs of ``timing.tsv``, and the events of both."""
    recording, files = session.recording, session.files
    markers, rows = (read_complete_lines(files.eeg_file(name)) for name in ("eeg.vmrk", "events.tsv"))
    lost, stream = recording.lost, recording.stream
    gaps_by_file = {
        ".vmrk": (_vmrk_gaps(markers), _vmrk_gaps(format_gap_markers(lost, 2))),
        "events.tsv": (
            _event_gaps(rows, stream.sfreq),
            _event_gaps(format_gap_rows(lost, stream.ch_names, stream.sfreq).splitlines(), stream.sfreq),
        ),
    }
    faults = [
        tr(
            texts.DIFFERENT_GAPS,
            name=name,
            difference=_describe_difference(_clip_gaps(found, recording.n_samples), listed),
        )
        for name, (found, listed) in gaps_by_file.items()
        if _clip_gaps(found, recording.n_samples) != listed
    ]
    if recording.summary.model_fields_set:  # else it was not closed, and its tables may have torn ends
        faults += _event_marker_faults(markers, format_event_markers(rows[1:], stream.sfreq, recording.n_samples))
    text = tr(texts.GAPS, gaps=count_text(len(lost), "gap")) if lost else tr(texts.NO_GAPS)
    return check_result("markers", faults, text, {"n_gaps": len(lost)})


def _event_marker_faults(lines: Iterable[str], expected: Iterable[str]) -> list[str]:
    """Return a fault if the markers of events are others than those of the table. Older sessions have none."""
    found = Counter(entry for _, _, entry in (line.partition("=") for line in lines) if entry.startswith(COMMENT_TYPE))
    listed = Counter(expected)
    if not found or found == listed:
        return []
    difference = _join_difference((listed - found).total(), (found - listed).total())
    return [tr(texts.DIFFERENT_EVENTS, difference=difference)]


def _vmrk_gaps(lines: Iterable[str]) -> set[GapKey]:
    found = filter(None, (_MARKER.match(line) for line in lines))
    return {(int(start) - 1, int(size), channel) for start, size, channel in (match.groups() for match in found)}


def _event_gaps(lines: Iterable[str], sfreq: float) -> set[GapKey]:
    rows = [line.split("\t") for line in lines]
    return {(int(row[2]), round(float(row[1]) * sfreq), row[4]) for row in rows if row[3] == GAP_TYPE}


def _clip_gaps(gaps: set[GapKey], n_samples: int) -> set[GapKey]:
    """Clip gaps to the file: a kill can come between a gap's markers and its samples."""
    return {(start, min(size, n_samples - start), where) for start, size, where in gaps if start < n_samples}


def _describe_difference(found: set[GapKey], listed: set[GapKey]) -> str:
    return _join_difference(len(listed - found), len(found - listed))


def _join_difference(missing: int, extra: int) -> str:
    parts = [
        tr(texts.GAPS_MISSING, n=missing) if missing else "",
        tr(texts.GAPS_EXTRA, n=extra) if extra else "",
    ]
    return ", ".join(filter(None, parts))


def check_frames(session: CheckInput) -> CheckResult:
    """Replay the session and compare its frame log with the replay."""
    recording = session.recording
    if recording.frames_path is None:
        return not_checkable("frames", tr(texts.IMPORTED_WITHOUT_FRAMES if session.is_imported else texts.NO_FRAME_LOG))
    if recording.profile is None:
        return not_checkable("frames", tr(texts.UNUSABLE_SETTINGS))
    n_logged = _count_lines(recording.frames_path)
    cut: list[int] = []
    try:
        replayed = replay(recording)
        lines = chain([replayed.header], map(frame_log.format_row, replayed.frames))
        logged = (f"{line}\n" for line in iter_complete_lines(recording.frames_path))
        expected = lines if session.ended_normally else _leave_unlogged_out(session, n_logged, lines, cut)
        comparison = compare_frame_logs(logged, expected)
    except NeurofeedbackError as error:
        return not_checkable("frames", tr(texts.REPLAY_FAILED, error=error))
    unlogged = tr(texts.UNLOGGED, frames=count_text(len(cut), "frame")) if cut else ""
    versions = recording.start_state and recording.start_state.versions
    return _frames_result(comparison, versions or {}, n_logged - 1, unlogged)


def _leave_unlogged_out(session: CheckInput, n_logged: int, lines: Iterable[str], cut: list[int]) -> Iterator[str]:
    """Yield lines without those that a kill may have cut from the log: of the last read and half a second.

    The rows that are left out are appended to ``cut``.
    """
    last = session.reads[-1].start if session.reads else 0
    since = last - _MAX_KILL_LOSS_S * session.recording.stream.sfreq
    for row, line in enumerate(lines):
        if row >= max(1, n_logged) and int(line.split("\t")[1]) > since:
            cut.append(row)
        else:
            yield line


def _count_lines(path: Path) -> int:
    return sum(1 for _ in iter_complete_lines(path))


def _frames_result(comparison: FrameComparison, then: Mapping[str, str], n_frames: int, unlogged: str) -> CheckResult:
    """Return the result by the versions: another processor may change the last bit, another version the frames."""
    frames = count_text(n_frames, "frame")
    changed = version_differences(then, package_versions()) if then else [tr(texts.UNKNOWN_VERSIONS)]
    measurements: dict[str, Measurement] = {
        "n_frames": n_frames,
        "identical": comparison.first_difference is None,
        "version_differences": changed,
    }
    if comparison.first_difference is None:
        return check_result("frames", [], tr(texts.FRAMES_IDENTICAL, frames=frames, unlogged=unlogged), measurements)
    reason = ", ".join(changed) or tr(texts.SAME_VERSIONS)
    if comparison.first_beyond_tolerance is None:
        text = tr(texts.FRAMES_CLOSE, frames=frames, tolerance=TOLERANCE, reason=reason, unlogged=unlogged)
        return check_result("frames", [], text, measurements)
    if then and then.get(_PROGRAM) != package_versions().get(_PROGRAM):
        text = tr(texts.FRAMES_OTHER_VERSION, reason=reason, difference=comparison.first_beyond_tolerance)
        return not_checkable("frames", text)
    fault = tr(texts.FRAMES_DIFFER, difference=comparison.first_beyond_tolerance)
    return check_result("frames", [fault], "", measurements)


def check_summary(session: CheckInput) -> CheckResult:
    """Compare ``summary.json`` with the other files."""
    summary, recording = session.recording.summary, session.recording
    if not summary.model_fields_set:
        return not_checkable("summary", tr(texts.NOT_COMPLETED))
    expected: dict[str, str | int | float] = {
        "device": recording.stream.device,
        "sfreq": recording.stream.sfreq,
        "n_samples": recording.n_samples,
        "n_lost": count_lost_samples(recording.lost),
        "n_gaps": len(recording.lost),
    }
    if recording.frames_path is not None:
        expected["n_frames"] = max(0, _count_lines(recording.frames_path) - 1)
    faults = [
        tr(texts.SUMMARY_VALUE, name=name, value=getattr(summary, name), expected=value)
        for name, value in expected.items()
        if getattr(summary, name) != value
    ]
    faults += _duration_faults(session)
    text = tr(texts.SUMMARY if session.ended_normally else texts.SUMMARY_RECOVERED)
    return check_result("summary", faults, text, {"finished": session.ended_normally})


def _duration_faults(session: CheckInput) -> list[str]:
    duration_s, reads = session.recording.summary.duration_s, session.reads
    if duration_s is None or not reads:
        return []
    by_reads = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / session.recording.stream.sfreq
    slack = 0.5 + 0.01 * by_reads
    if abs(duration_s - by_reads) <= slack:
        return []
    return [tr(texts.SUMMARY_DURATION, duration_s=duration_s, by_reads_s=by_reads)]
