"""How a session that did not end in order is completed from what is on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording import brainvision, physio
from neurofeedback.recording.atomic_files import (
    cut_torn_line,
    cut_torn_sample,
    read_complete_lines,
    write_atomic,
    write_json_atomic,
)
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.bids_sidecars import finalize_eeg_sidecar
from neurofeedback.recording.events import sort_events
from neurofeedback.recording.lost_runs import clip_runs, count_lost_samples
from neurofeedback.recording.session_header import SessionStart, read_start
from neurofeedback.recording.timing import read_timing
from neurofeedback.types import EventKind, LostRun, Phase

_UNKNOWN_ENTRIES = dict.fromkeys(
    ("reconnects", "duration_s", "valid_fraction", "reward_rate", "iaf_hz", "audio_underruns", "probes", "versions")
)


def finalize_session(files: SessionFiles, extra_entries: Mapping[str, object] | None = None) -> None:
    """Cut torn tails, and write what an orderly end would have written, with ``finished`` false.

    Parameters
    ----------
    known : mapping, optional
        Entries of ``summary.json`` that the files do not tell.

    Raises
    ------
    RecordingError
        A file of the session is missing or not what this program writes.
    OSError
        The disk does not let it be completed; it can be tried again.
    """
    extra_entries = extra_entries or {}
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
    finalize_eeg_sidecar(files, n_samples / start.stream.sfreq, extra_entries.get("mains_hz"))
    told = {key: value for key, value in _summarize_files(files, start, n_samples, lost).items() if value is not None}
    write_json_atomic(
        files.derived_file("summary.json"), {**_UNKNOWN_ENTRIES, **extra_entries, **told, "finished": False}
    )


def _markers(files: SessionFiles, start: SessionStart, lost: Iterable[LostRun]) -> str:
    return brainvision.format_marker_header(files.stem, start.started) + "".join(
        brainvision.format_gap_markers(lost, 2)
    )


def _summarize_files(
    files: SessionFiles, start: SessionStart, n_samples: int, lost: tuple[LostRun, ...]
) -> dict[str, object]:
    """Say what the files tell."""
    reads, _ = read_timing(files.derived_file("timing.tsv"))
    host_s = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / start.stream.sfreq if reads else None
    return {
        "device": start.stream.device,
        "sfreq": start.stream.sfreq,
        "n_samples": n_samples,
        "n_lost": count_lost_samples(lost),
        "n_gaps": len(lost),
        "duration_s": host_s,
        **_frame_statistics(files.frame_log),
        **_event_counts(files.eeg_file("events.tsv")),
        "versions": start.start_state.get("versions"),
    }


def _frame_statistics(path: Path) -> dict[str, object]:
    try:
        return _summarize_frames([line.split("\t") for line in read_complete_lines(path)])
    except (KeyError, ValueError) as error:
        raise RecordingError(
            f"{path} is no frame log", got=repr(error), todo="remove it; the session is then completed without it"
        ) from None


def _summarize_frames(lines: list[list[str]]) -> dict[str, object]:
    names, *rows = lines or [[]]
    table = [dict(zip(names, row, strict=False)) for row in rows]
    counted = [row for row in table if row.get("phase") != Phase.PAUSE]
    valid = [row for row in counted if row.get("valid") == "1"]
    practice = [row for row in valid if row.get("phase") == Phase.PRACTICE]
    hop_s = float(table[-1]["onset"]) / len(table) if table else 0.0
    frames_in = Counter(row.get("phase", "") for row in table)
    latency = [float(row["latency_ms"]) for row in table if row.get("latency_ms", "n/a") != "n/a"]
    return {
        "n_frames": len(table),
        "phases": {phase: round(n_frames * hop_s, 3) for phase, n_frames in frames_in.items()},
        "valid_fraction": len(valid) / len(counted) if counted else None,
        "reward_rate": sum(row.get("reward") == "1" for row in practice) / len(practice) if practice else None,
        "latency_ms": _percentiles(latency),
    }


def _event_counts(path: Path) -> dict[str, object]:
    kinds = Counter(cell for line in read_complete_lines(path) for cell in line.split("\t")[3:4])
    return {"probes": kinds[EventKind.PROBE], "presses": kinds[EventKind.PRESS]}


def _percentiles(values: list[float]) -> dict[str, float | None]:
    ranked = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: ranked[round(q * (len(ranked) - 1))] if ranked else None for name, q in at.items()}
