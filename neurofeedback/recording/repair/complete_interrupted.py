"""Write the missing files of one interrupted session (headers, sidecars, summary) from those on disk."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording import physio
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.bids_sidecars import finalize_eeg_sidecar
from neurofeedback.recording.brainvision.event_markers import add_event_markers
from neurofeedback.recording.brainvision.headers import format_gap_markers, format_marker_header
from neurofeedback.recording.events import sort_events
from neurofeedback.recording.lost_runs import clip_runs, count_lost_samples
from neurofeedback.recording.masking.played_feedback import CHUNK_BYTES, summarize_sealed
from neurofeedback.recording.session_json import (
    LatencyPercentiles,
    SessionStart,
    SessionSummary,
    read_start,
    write_summary,
)
from neurofeedback.recording.timing import read_timing
from neurofeedback.storage.append_only import cut_torn_line, cut_torn_sample, iter_complete_lines, read_complete_lines
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.storage.private_files import sync_tree
from neurofeedback.types import EventKind, LostRun, Phase

_UNKNOWN = SessionSummary(
    reconnects=None,
    duration_s=None,
    valid_fraction=None,
    reward_rate=None,
    iaf_hz=None,
    audio_underruns=None,
    probes=None,
    versions=None,
)


def finalize_session(files: SessionFiles, known: SessionSummary | None = None) -> None:
    """Remove incomplete log rows and samples, and write the files of a normal end, with ``finished`` false.

    Parameters
    ----------
    files : SessionFiles
        Paths of the session.
    known : SessionSummary, optional
        Entries for ``summary.json``; values found in the files replace them.

    Raises
    ------
    RecordingError
        A file of the session is missing or not in this program's format.
    OSError
        The disk cannot be written. The call can be repeated later.
    """
    known = known or SessionSummary()
    start = read_start(files.derived_file("start.json"))
    n_samples = cut_torn_sample(files.eeg_file("eeg.eeg"), 4 * start.stream.n_channels)
    for path in (files.eeg_file("events.tsv"), files.derived_file("timing.tsv"), files.frame_log):
        cut_torn_line(path)
    if files.sealed_feedback.exists():
        cut_torn_sample(files.sealed_feedback, CHUNK_BYTES)
    rows = sort_events(files.eeg_file("events.tsv"))
    for draft in (*files.eeg_file("").parent.glob(".*.draft"), *files.derived.glob(".*.draft")):
        draft.unlink()
    physio.write_bids_physio(files)
    _, lost = read_timing(files.derived_file("timing.tsv"))
    lost = clip_runs(lost, 0, n_samples)
    write_atomic(files.eeg_file("eeg.vmrk"), _gap_markers(files, start, lost))
    add_event_markers(files.eeg_file("eeg.vmrk"), rows, start.stream.sfreq, n_samples)
    finalize_eeg_sidecar(files, n_samples / start.stream.sfreq, known.mains_hz)
    for folder in (files.raw, files.derived):
        sync_tree(folder)
    from_files = _summarize_files(files, start, n_samples, lost).without_none().merge(summarize_sealed(files))
    write_summary(files.derived_file("summary.json"), _UNKNOWN.merge(known).merge(from_files), finished=False)


def _gap_markers(files: SessionFiles, start: SessionStart, lost: Iterable[LostRun]) -> str:
    return format_marker_header(files.stem, start.started) + "".join(format_gap_markers(lost, 2))


def _summarize_files(
    files: SessionFiles, start: SessionStart, n_samples: int, lost: tuple[LostRun, ...]
) -> SessionSummary:
    """Return the summary entries that can be computed from the files."""
    reads, _ = read_timing(files.derived_file("timing.tsv"))
    duration_s = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / start.stream.sfreq if reads else None
    kinds = Counter(
        cell for line in read_complete_lines(files.eeg_file("events.tsv")) for cell in line.split("\t")[3:4]
    )
    summary = SessionSummary(
        device=start.stream.device,
        sfreq=start.stream.sfreq,
        n_samples=n_samples,
        n_lost=count_lost_samples(lost),
        n_gaps=len(lost),
        duration_s=duration_s,
        probes=kinds[EventKind.PROBE],
        presses=kinds[EventKind.PRESS],
        versions=start.start_state.versions,
    )
    return summary.merge(_frame_statistics(files.frame_log))


def _frame_statistics(path: Path) -> SessionSummary:
    try:
        return _summarize_frames(line.split("\t") for line in iter_complete_lines(path))
    except (LookupError, ValueError) as error:
        raise RecordingError(
            f"{path} is not a frame log",
            got=repr(error),
            todo="remove the file; the session is then completed without it",
        ) from None


def _summarize_frames(log_rows: Iterator[list[str]]) -> SessionSummary:
    """Count the frames of a log, header first, row by row: the log of a night fills the memory."""
    names = next(log_rows, [])
    column = {name: number for number, name in enumerate(names)}
    phases: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    latency = array("d")
    onset = 0.0
    for row in log_rows:
        phase, valid = row[column["phase"]], row[column["valid"]] == "1"
        practice = valid and phase == Phase.PRACTICE
        phases[phase] += 1
        counts["unpaused"] += phase != Phase.PAUSE
        counts["valid"] += valid and phase != Phase.PAUSE
        counts["practice"] += practice
        counts["reward"] += practice and row[column["reward"]] == "1"
        onset = float(row[column["onset"]])
        if (text := row[column["latency_ms"]]) != "n/a":
            latency.append(float(text))
    n_frames = phases.total()
    hop_s = onset / n_frames if n_frames else 0.0
    return SessionSummary(
        n_frames=n_frames,
        phases={phase: round(n * hop_s, 3) for phase, n in phases.items()},
        valid_fraction=counts["valid"] / counts["unpaused"] if counts["unpaused"] else None,
        reward_rate=counts["reward"] / counts["practice"] if counts["practice"] else None,
        latency_ms=_percentiles(latency),
    )


def _percentiles(values: Iterable[float]) -> LatencyPercentiles:
    ranked = sorted(values)
    p50, p95, largest = (ranked[round(q * (len(ranked) - 1))] if ranked else None for q in (0.5, 0.95, 1.0))
    return LatencyPercentiles(p50=p50, p95=p95, max=largest)
