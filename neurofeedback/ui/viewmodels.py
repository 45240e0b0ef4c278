"""Values of a finished session for the After page, read in a helper thread. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.analysis.body.body_file import load_or_compute_body
from neurofeedback.analysis.frame_table import Span, read_frame_table
from neurofeedback.errors import RecordingError
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.events import probes_from_events
from neurofeedback.recording.masking.masked_sessions import check_not_masked, is_masked
from neurofeedback.recording.session_notes import NoteValue, SessionNotes, read_notes, update_notes
from neurofeedback.report.answer_sentences import answer_sentences
from neurofeedback.report.body_sentences import body_sentences
from neurofeedback.report.decoder_summary import DecoderSummary, summarize_decoder
from neurofeedback.report.timeline_plot import downsample
from neurofeedback.types import EventKind, Frame, Phase

Floats = NDArray[np.float64]
POINTS = 600
_MAX_HALF_WIDTH = 30.0
"""Half width of the band at zero confidence, on the scale of the index."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexLine:
    """A downsampled index over time with the half width of its uncertainty band, on the scale of 0 to 100."""

    times_s: Floats
    mwi: Floats
    half_width: Floats
    threshold: Floats


@dataclass(frozen=True, slots=True)
class SessionOverview:
    """A finished session as the After page shows it.

    Parameters
    ----------
    gaps : tuple of Span
        Where the signal was ``unknown`` or ``lost``.
    probes : tuple of (float, str)
        Time of each probe (s) and its answer to where the mind was: ``1``, ``2``, ``3`` or empty.
    presses : tuple of float
        Times of self-caught wandering, s.
    masked : bool
        The session is masked, so that nothing of the index is shown.
    """

    line: IndexLine
    duration_s: float
    gaps: tuple[Span, ...] = ()
    phases: tuple[Span, ...] = ()
    probes: tuple[tuple[float, str], ...] = ()
    presses: tuple[float, ...] = ()
    answers: tuple[str, ...] = ()
    notes: SessionNotes = field(default_factory=SessionNotes)
    masked: bool = False


@dataclass(frozen=True, slots=True)
class WhatIfResult:
    """Result of replaying a session with another profile or target rate."""

    line: IndexLine
    reward_rate: float
    valid_fraction: float


def read_overview(session: Path) -> SessionOverview:
    """Read a finished session.

    Raises
    ------
    RecordingError
        The session cannot be read, or no longer exists.
    """
    files = _files(session)  # a folder that is gone is named before anything else
    recording = open_recording(session)
    log = read_frame_table(recording.frames_path)
    sfreq = recording.stream.sfreq
    mwi, threshold = log.mwi, log.threshold
    masked = is_masked(files)
    if masked:
        mwi, threshold = np.full(len(log), np.nan), np.full(len(log), np.nan)
    presses = tuple(e.sample / sfreq for e in recording.events if e.kind is EventKind.PRESS)
    return SessionOverview(
        line=_line(log.onset, mwi, threshold, log.confidence),
        duration_s=recording.duration_s,
        gaps=tuple(span for span in log.spans(log.unusable_reason) if span.label),
        phases=tuple(log.spans(log.phase)),
        probes=tuple((probe.sample / sfreq, str(probe.where or "")) for probe in probes_from_events(recording.events)),
        presses=presses,
        answers=tuple(answer_sentences(recording.events)),
        notes=read_notes(files),
        masked=masked,
    )


def describe_body(session: Path) -> tuple[str, ...]:
    """Return the sentences on heart, breath and stillness of a session; empty without a sensor for them.

    Raises
    ------
    RecordingError
        One of the signals cannot be read.
    """
    return tuple(body_sentences(load_or_compute_body(_files(session))))


def describe_decoder(session: Path) -> DecoderSummary:
    """Summarize the participant's decoder; takes longer the more sessions there are."""
    return summarize_decoder(_files(session))


def save_notes(session: Path, changes: Mapping[str, NoteValue]) -> None:
    """Write changed fields of the notes of a session."""
    update_notes(_files(session), changes)


def what_if(session: Path, profile: str, target_rate: float | None, step: Callable[[float], None]) -> WhatIfResult:
    """Replay a session with another profile or target rate; ``step`` is called with the progress (0 to 1)."""
    from neurofeedback.settings.load import load_settings
    from neurofeedback.verification.replay import replay  # slow to import

    check_not_masked(_files(session))
    recording = open_recording(session)
    settings = load_settings(profile)
    if target_rate is not None:
        threshold = settings.threshold.model_copy(update={"target_rate": target_rate})
        settings = settings.model_copy(update={"threshold": threshold})
    frames: list[Frame] = []
    for frame in replay(recording, settings=settings).frames:
        frames.append(frame)
        if not frame.index % 40:
            step(frame.onset / recording.duration_s)
    return _summarize_frames(frames)


def _summarize_frames(frames: list[Frame]) -> WhatIfResult:
    from scipy.special import ndtr

    rewards = [frame.reward for frame in frames if frame.valid and frame.phase is Phase.PRACTICE]
    columns = np.array([(f.onset, f.mwi, f.threshold, f.confidence) for f in frames], np.float64).reshape(-1, 4).T
    line = _line(columns[0], columns[1], 100 * ndtr(columns[2]), columns[3])
    usable = float(np.mean([frame.valid for frame in frames])) if frames else float("nan")
    return WhatIfResult(line, float(np.mean(rewards)) if rewards else float("nan"), usable)


def _line(times_s: Floats, mwi: Floats, threshold: Floats, confidence: Floats) -> IndexLine:
    """Downsample the line; its band is wider where the confidence is lower."""
    half_width = _MAX_HALF_WIDTH * (1 - np.nan_to_num(downsample(confidence, POINTS)))
    return IndexLine(downsample(times_s, POINTS), downsample(mwi, POINTS), half_width, downsample(threshold, POINTS))


def _files(session: Path) -> SessionFiles:
    files = find_session(session) if session.exists() else None
    if files is None:
        raise RecordingError(
            "the sitting's folder is gone", got=str(session), todo="put it back, or sit again; nothing else is touched"
        )
    return files
