"""How a session that did not end in order is completed from what is on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording import brainvision, physio
from neurofeedback.recording.atomic_files import (
    cut_torn_line,
    cut_torn_sample,
    read_complete_lines,
    write_atomic,
)
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.bids_sidecars import finalize_eeg_sidecar
from neurofeedback.recording.documents import (
    LatencyPercentiles,
    SessionStart,
    SessionSummary,
    read_start,
    write_summary,
)
from neurofeedback.recording.events import sort_events
from neurofeedback.recording.lost_runs import clip_runs, count_lost_samples
from neurofeedback.recording.timing import read_timing
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
    """Cut torn tails, and write what an orderly end would have written, with ``finished`` false.

    Parameters
    ----------
    known : SessionSummary, optional
        What ``summary.json`` is to hold where the files do not say.

    Raises
    ------
    RecordingError
        A file of the session is missing or not what this program writes.
    OSError
        The disk does not let it be completed; it can be tried again.
    """
    known = known or SessionSummary()
    start = read_start(files.derived_file("start.json"))
    n_samples = cut_torn_sample(files.eeg_file("eeg.eeg"), 4 * start.stream.n_channels)
    for path in (files.eeg_file("events.tsv"), files.derived_file("timing.tsv"), files.frame_log):
        cut_torn_line(path)
    sort_events(files.eeg_file("events.tsv"))
    for draft in (*files.eeg_file("").parent.glob(".*.draft"), *files.derived.glob(".*.draft")):
        draft.unlink()
    physio.write_bids_physio(files)
    _, lost = read_timing(files.derived_file("timing.tsv"))
    lost = clip_runs(lost, 0, n_samples)
    write_atomic(files.eeg_file("eeg.vmrk"), _markers(files, start, lost))
    finalize_eeg_sidecar(files, n_samples / start.stream.sfreq, known.mains_hz)
    found = _summarize_files(files, start, n_samples, lost).without_none()
    write_summary(files.derived_file("summary.json"), _UNKNOWN.merge(known).merge(found), finished=False)


def _markers(files: SessionFiles, start: SessionStart, lost: Iterable[LostRun]) -> str:
    return brainvision.format_marker_header(files.stem, start.started) + "".join(
        brainvision.format_gap_markers(lost, 2)
    )


def _summarize_files(
    files: SessionFiles, start: SessionStart, n_samples: int, lost: tuple[LostRun, ...]
) -> SessionSummary:
    """Return what the files hold."""
    reads, _ = read_timing(files.derived_file("timing.tsv"))
    host_s = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / start.stream.sfreq if reads else None
    kinds = Counter(
        cell for line in read_complete_lines(files.eeg_file("events.tsv")) for cell in line.split("\t")[3:4]
    )
    counted = SessionSummary(
        device=start.stream.device,
        sfreq=start.stream.sfreq,
        n_samples=n_samples,
        n_lost=count_lost_samples(lost),
        n_gaps=len(lost),
        duration_s=host_s,
        probes=kinds[EventKind.PROBE],
        presses=kinds[EventKind.PRESS],
        versions=start.start_state.versions,
    )
    return counted.merge(_frame_statistics(files.frame_log))


def _frame_statistics(path: Path) -> SessionSummary:
    try:
        return _summarize_frames([line.split("\t") for line in read_complete_lines(path)])
    except (KeyError, ValueError) as error:
        raise RecordingError(
            f"{path} is no frame log", got=repr(error), todo="remove it; the session is then completed without it"
        ) from None


def _summarize_frames(lines: list[list[str]]) -> SessionSummary:
    names, *rows = lines or [[]]
    table = [dict(zip(names, row, strict=False)) for row in rows]
    counted = [row for row in table if row.get("phase") != Phase.PAUSE]
    valid = [row for row in counted if row.get("valid") == "1"]
    practice = [row for row in valid if row.get("phase") == Phase.PRACTICE]
    hop_s = float(table[-1]["onset"]) / len(table) if table else 0.0
    frames_in = Counter(row.get("phase", "") for row in table)
    latency = [float(row["latency_ms"]) for row in table if row.get("latency_ms", "n/a") != "n/a"]
    return SessionSummary(
        n_frames=len(table),
        phases={phase: round(n_frames * hop_s, 3) for phase, n_frames in frames_in.items()},
        valid_fraction=len(valid) / len(counted) if counted else None,
        reward_rate=sum(row.get("reward") == "1" for row in practice) / len(practice) if practice else None,
        latency_ms=_percentiles(latency),
    )


def _percentiles(values: list[float]) -> LatencyPercentiles:
    ranked = sorted(values)
    p50, p95, largest = (ranked[round(q * (len(ranked) - 1))] if ranked else None for q in (0.5, 0.95, 1.0))
    return LatencyPercentiles(p50=p50, p95=p95, max=largest)
