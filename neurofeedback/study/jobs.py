"""One job of a batch: a recording processed into a row of the table, or into a row with the error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.formats.file_checks import first_line
from neurofeedback.formats.reader import open_recording
from neurofeedback.recording.frame_log import format_row
from neurofeedback.recording.lost_runs import count_lost_samples
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import load_settings
from neurofeedback.types import Phase
from neurofeedback.verification.replay import ReplaySummary, compare_with_log, replay

_log = logging.getLogger(__name__)
Row = dict[str, object]
OK, FAILED = "ok", "failed"


class BatchWork(StrEnum):
    """Kinds of processing."""

    REPLAY = "replay"
    FEATURES = "features"


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One recording of a batch, as plain values that can be sent to another machine.

    ``key`` names the recording in the table. ``profile`` replaces the recording's own; ``baseline_s`` (s) plans the
    phases with another baseline length.
    """

    key: str
    path: str
    work: BatchWork
    profile: str | None = None
    baseline_s: float | None = None


def run_job(job: BatchJob) -> Row:
    """Run one job; an error becomes part of its row."""
    try:
        return {"recording": job.key, "status": OK, "error": "", **_result_columns(job)}
    except NeurofeedbackError as error:
        return failed_row(job, str(error))
    except Exception as error:  # noqa: BLE001 - an error in one recording must not stop the others
        _log.exception("%s", job.key)
        return failed_row(job, f"{type(error).__name__}: {first_line(error)}")


def failed_row(job: BatchJob, reason: str) -> Row:
    """Return the row of a recording that failed."""
    return {"recording": job.key, "status": FAILED, "error": " ".join(reason.split())}


def _result_columns(job: BatchJob) -> Row:
    recording = open_recording(Path(job.path))
    columns: Row = {
        "sfreq": recording.stream.sfreq,
        "n_channels": recording.stream.n_channels,
        "duration_s": round(recording.duration_s, 3),
        "n_lost": count_lost_samples(recording.lost),
    }
    functions: dict[BatchWork, Callable[[BatchJob, Recording], Row]] = {
        BatchWork.REPLAY: _replay_columns,
        BatchWork.FEATURES: _feature_medians,
    }
    return columns | functions[job.work](job, recording)


def _replay_columns(job: BatchJob, recording: Recording) -> Row:
    """Return the summary of a replay, and whether it equals the session's own log."""
    replayed = replay(
        recording, settings=load_settings(job.profile) if job.profile else None, baseline_s=job.baseline_s
    )
    summary, lines = ReplaySummary(), [replayed.header]
    for frame in replayed.frames:
        summary.update(frame)
        lines.append(format_row(frame))
    totals = summary.as_dict(replayed.engine)
    states = totals.pop("states")
    unchanged = job.profile is None and job.baseline_s is None
    shares = {f"share_{name.lower()}": share for name, share in states.items()} if isinstance(states, dict) else {}
    return {**totals, **shares, "same_as_log": compare_with_log(recording, lines) if unchanged else None}


def _feature_medians(job: BatchJob, recording: Recording) -> Row:
    """Return the median of every feature over the valid frames of practice."""
    replayed = replay(
        recording, settings=load_settings(job.profile) if job.profile else None, baseline_s=job.baseline_s
    )
    frames = [frame.values for frame in replayed.frames if frame.valid and frame.phase is Phase.PRACTICE]
    values = np.array(frames, dtype=np.float64).reshape(-1, len(replayed.engine.columns))
    medians = {
        name: float(np.median(column[finite])) if (finite := np.isfinite(column)).any() else None
        for name, column in zip(replayed.engine.columns, values.T, strict=True)
    }
    return {"n_valid_frames": len(frames), **medians}
