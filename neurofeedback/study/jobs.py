"""One job of a batch: a recording processed into a row of the table, or into a row with the error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
Cell = str | float | None
LEADING_COLUMNS = ("recording", "status", "error")
_OK, _FAILED = "ok", "failed"


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


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row of the table: a recording with its values by column, or with the error that prevented them."""

    recording: str
    error: str = ""
    values: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether there was an error."""
        return bool(self.error)

    def as_columns(self) -> dict[str, Cell]:
        """Return all columns in their order in the table.

        Examples
        --------
        >>> BatchRow("a.edf", values={"sfreq": 256.0}).as_columns()
        {'recording': 'a.edf', 'status': 'ok', 'error': '', 'sfreq': 256.0}
        """
        status = _FAILED if self.failed else _OK
        return {"recording": self.recording, "status": status, "error": self.error, **self.values}

    @classmethod
    def from_columns(cls, columns: Mapping[str, Cell]) -> BatchRow:
        """Return the row with these columns."""
        values = {name: value for name, value in columns.items() if name not in LEADING_COLUMNS}
        return cls(str(columns["recording"]), str(columns["error"]), values)


def run_job(job: BatchJob) -> BatchRow:
    """Run one job; an error becomes part of its row."""
    try:
        return BatchRow(job.key, values=_result_columns(job))
    except NeurofeedbackError as error:
        return failed_row(job, str(error))
    except Exception as error:  # noqa: BLE001 - an error in one recording must not stop the others
        _log.exception("%s", job.key)
        return failed_row(job, f"{type(error).__name__}: {first_line(error)}")


def failed_row(job: BatchJob, reason: str) -> BatchRow:
    """Return the row of a recording that failed."""
    return BatchRow(job.key, " ".join(reason.split()))


def _result_columns(job: BatchJob) -> dict[str, Cell]:
    recording = open_recording(Path(job.path))
    columns: dict[str, Cell] = {
        "sfreq": recording.stream.sfreq,
        "n_channels": recording.stream.n_channels,
        "duration_s": round(recording.duration_s, 3),
        "n_lost": count_lost_samples(recording.lost),
    }
    functions: dict[BatchWork, Callable[[BatchJob, Recording], dict[str, Cell]]] = {
        BatchWork.REPLAY: _replay_columns,
        BatchWork.FEATURES: _feature_medians,
    }
    return columns | functions[job.work](job, recording)


def _replay_columns(job: BatchJob, recording: Recording) -> dict[str, Cell]:
    """Return the summary of a replay, and whether it equals the session's own log."""
    replayed = replay(
        recording, settings=load_settings(job.profile) if job.profile else None, baseline_s=job.baseline_s
    )
    summary, lines = ReplaySummary(), [replayed.header]
    for frame in replayed.frames:
        summary.update(frame)
        lines.append(format_row(frame))
    totals = summary.as_dict(replayed.engine)
    unchanged = job.profile is None and job.baseline_s is None
    return {
        "n_frames": totals["n_frames"],
        "valid_fraction": totals["valid_fraction"],
        "reward_rate": totals["reward_rate"],
        "iaf_hz": totals["iaf_hz"],
        "baseline_clean_s": totals["baseline_clean_s"],
        **{f"share_{name.lower()}": share for name, share in totals["states"].items()},
        "same_as_log": compare_with_log(recording, lines) if unchanged else None,
    }


def _feature_medians(job: BatchJob, recording: Recording) -> dict[str, Cell]:
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
