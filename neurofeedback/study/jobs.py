"""What a batch does with one recording: a row of figures, or a row that says why there are none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from neurofeedback.errors import NeurofeedbackError
from neurofeedback.recording.frames import row
from neurofeedback.recording.importers.guards import first_line
from neurofeedback.recording.lost import count_lost
from neurofeedback.recording.reader import open_recording
from neurofeedback.recording.recording import Recording
from neurofeedback.session.replay import ReplaySummary, compared_with_log, replay
from neurofeedback.settings.load import load_settings
from neurofeedback.types import Phase

_log = logging.getLogger(__name__)
Row = dict[str, object]
OK, FAILED = "ok", "failed"


class Work(StrEnum):
    """What is done with each recording."""

    REPLAY = "replay"
    FEATURES = "features"


@dataclass(frozen=True, slots=True)
class Job:
    """One recording's share of a batch; plain values, so that it can go to another machine.

    ``key`` names the recording in the table. ``profile`` is another profile than the recording's own, ``baseline_s``
    lays the phases out anew.
    """

    key: str
    path: str
    work: Work
    profile: str | None = None
    baseline_s: float | None = None


def run(job: Job) -> Row:
    """Do one job; what is wrong with its recording becomes part of its row."""
    try:
        return {"recording": job.key, "status": OK, "error": "", **_figures(job)}
    except NeurofeedbackError as error:
        return failed(job, str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours on one recording must not cost the others
        _log.exception("%s", job.key)
        return failed(job, f"{type(error).__name__}: {first_line(error)}")


def failed(job: Job, why: str) -> Row:
    """Return the row of a recording that has no figures."""
    return {"recording": job.key, "status": FAILED, "error": " ".join(why.split())}


def _figures(job: Job) -> Row:
    recording = open_recording(Path(job.path))
    about: Row = {
        "sfreq": recording.stream.sfreq,
        "n_channels": recording.stream.n_channels,
        "duration_s": round(recording.duration_s, 3),
        "n_lost": count_lost(recording.lost),
    }
    works: dict[Work, Callable[[Job, Recording], Row]] = {Work.REPLAY: _replay, Work.FEATURES: _features}
    return about | works[job.work](job, recording)


def _replay(job: Job, recording: Recording) -> Row:
    """Return what a replay adds up to, and whether it gave the session's own log."""
    replayed = replay(
        recording, settings=load_settings(job.profile) if job.profile else None, baseline_s=job.baseline_s
    )
    summary, lines = ReplaySummary(), [replayed.header]
    for frame in replayed.frames:
        summary.push(frame)
        lines.append(row(frame))
    told = summary.document(replayed.engine)
    states = told.pop("states")
    own = job.profile is None and job.baseline_s is None
    shares = {f"share_{name.lower()}": share for name, share in states.items()} if isinstance(states, dict) else {}
    return {**told, **shares, "same_as_log": compared_with_log(recording, lines) if own else None}


def _features(job: Job, recording: Recording) -> Row:
    """Return the median of every feature over the valid frames of practice."""
    replayed = replay(
        recording, settings=load_settings(job.profile) if job.profile else None, baseline_s=job.baseline_s
    )
    frames = [frame.values for frame in replayed.frames if frame.valid and frame.phase is Phase.PRACTICE]
    values = np.array(frames, dtype=np.float64).reshape(-1, len(replayed.engine.columns))
    medians = {
        name: float(np.median(column[known])) if (known := np.isfinite(column)).any() else None
        for name, column in zip(replayed.engine.columns, values.T, strict=True)
    }
    return {"n_valid_frames": len(frames), **medians}
