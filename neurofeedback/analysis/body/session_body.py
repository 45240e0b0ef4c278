"""Heart rate, breath rate, stillness and the match to a breath pacer of one session. Descriptions, without a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from neurofeedback.analysis.body.body_file import (
    BodyWindow,
    MovementAgreement,
    PacerMatch,
    RateSummary,
    SessionBody,
    VariabilitySummary,
)
from neurofeedback.analysis.frame_table import FrameTable, read_frame_table
from neurofeedback.analysis.segment_means import segment_mean
from neurofeedback.feedback.breath_pacer import LEAD_S
from neurofeedback.processing.body.breath import measure_breath
from neurofeedback.processing.body.heart import HeartMeasures, measure_heart, pulse_variability
from neurofeedback.processing.body.live import PULSE_LABELS, split_motion
from neurofeedback.processing.body.motion import Motion
from neurofeedback.processing.body.rhythm import MIN_SFREQ, RateWindow
from neurofeedback.recording.recording import Recording
from neurofeedback.types import AuxChunk, CommandKind, Phase, State

NORMAL_BREATH = (9.0, 24.0)
"""Breath rates (a minute) that count as normal for pulse variability: from 0.15 Hz on the heart follows the breath in
the band called high frequency (Task Force 1996 Circulation 93:1043)."""

MATCH = 0.5
"""Largest difference of a breath rate that matches the pacer's, a minute."""

_SAME_S = 0.05  # frames end within a sample of a quarter of a second


@dataclass(frozen=True, slots=True)
class PacedSpan:
    """A part of a session with a breath pacer: start and stop (s), and breaths a minute."""

    start_s: float
    stop_s: float
    pace: float


def measure_body(recording: Recording, signals: Sequence[AuxChunk]) -> SessionBody:
    """Return the body measures of a session from its auxiliary signals, in any order and number."""
    by_label = {one.label: one for one in signals if one.sfreq >= MIN_SFREQ}
    acceleration, motion = split_motion(by_label["motion"]) if "motion" in by_label else (None, None)
    pulse = next((by_label[label] for label in PULSE_LABELS if label in by_label), None)
    heart = None
    if pulse is not None:
        heart = measure_heart(pulse.data.astype(float), pulse.sfreq, pulse.start_s, motion)
    breath = measure_breath(acceleration, motion, heart)
    paced, pauses = find_paced_spans(recording), find_pauses(recording)
    apart = [*pauses, *((span.start_s, span.stop_s) for span in paced)]
    free = [window for window in breath if not _overlaps(window, apart)]
    return SessionBody(
        heart=None if heart is None else _summarize(heart.windows),
        heart_channel="" if heart is None or pulse is None else pulse.ch_names[heart.channel],
        variability=None if heart is None else _rest_variability(heart, free, pauses),
        breath=_summarize(free) if free else None,
        pacers=tuple(_match(span, breath, pauses) for span in paced) if breath else (),
        still_share=None if motion is None else motion.still_share(motion.start_s, motion.start_s + motion.still.size),
        movement=None if motion is None else compare_movement(motion, read_frame_table(recording.frames_path)),
        windows=(*_rows("heart", () if heart is None else heart.windows), *_rows("breath", breath)),
    )


def compare_movement(motion: Motion, frames: FrameTable) -> MovementAgreement | None:
    """Count the seconds in which the head moved, by whether the gate left their signal out; None without a second."""
    seconds = np.round(frames.onset).astype(np.int64)
    whole = (np.abs(frames.onset - seconds) < _SAME_S) & (frames.phase != Phase.PAUSE) & (frames.state != State.LOST)
    newest = seconds[whole] - 1 - round(motion.start_s)
    covered = (newest >= 1) & (newest < motion.still.size)
    newest, valid = newest[covered], frames.valid[whole][covered]
    known = np.isfinite(motion.accel_rms[newest]) & np.isfinite(motion.accel_rms[newest - 1])
    moved = ~(motion.still[newest] & motion.still[newest - 1])[known]
    valid = valid[known]
    if not valid.size:
        return None
    n_moved_accepted = int((moved & valid).sum())
    return MovementAgreement(
        int((~valid).sum()), int(valid.sum()), int(moved.sum()) - n_moved_accepted, n_moved_accepted
    )


def find_paced_spans(recording: Recording) -> list[PacedSpan]:
    """Return the parts of a session with a breath pacer, by the plan and the commands that began its segments.

    A segment that was added while the session ran has no pacer, and comes after all that have one.
    """
    plan = () if recording.start_state is None else recording.start_state.plan or ()
    sfreq = recording.stream.sfreq
    starts = [command.sample / sfreq for command in recording.commands if command.kind is CommandKind.PHASE]
    if plan and plan[0].phase == Phase.SETTLE:  # the first settling begins without a command
        starts.insert(0, 0.0)
    edges = [*starts, recording.duration_s]
    return [
        PacedSpan(start_s + LEAD_S, stop_s, segment.breaths_per_min)
        for segment, (start_s, stop_s) in zip(plan, pairwise(edges), strict=False)
        if segment.breaths_per_min
    ]


def find_pauses(recording: Recording) -> list[tuple[float, float]]:
    """Return start and stop (s) of each pause of a session."""
    pauses: list[tuple[float, float]] = []
    began: float | None = None
    for command in recording.commands:
        if command.kind is CommandKind.PAUSE:
            at_s = command.sample / recording.stream.sfreq
            if command.value == "on" and began is None:
                began = at_s
            elif command.value == "off" and began is not None:
                pauses.append((began, at_s))
                began = None
    return pauses if began is None else [*pauses, (began, recording.duration_s)]


def _overlaps(window: RateWindow, spans: Sequence[tuple[float, float]]) -> bool:
    return any(window.start_s < stop_s and window.stop_s > start_s for start_s, stop_s in spans)


def _summarize(windows: Sequence[RateWindow]) -> RateSummary:
    found = segment_mean(np.array([window.rate for window in windows]))
    reasons = Counter(window.reason for window in windows if window.reason is not None)
    return RateSummary(
        mean=None if found is None else found.mean,
        low=None if found is None else found.low,
        high=None if found is None else found.high,
        good_share=sum(window.good for window in windows) / len(windows),
        n_windows=len(windows),
        main_reason=reasons.most_common(1)[0][0] if reasons else "",
    )


def _rest_variability(
    heart: HeartMeasures, breath: Sequence[RateWindow], pauses: Sequence[tuple[float, float]]
) -> VariabilitySummary | None:
    """Return the pulse variability of windows that lie within one of normal breathing."""
    low, high = NORMAL_BREATH
    normal = [one for one in breath if one.good and low <= one.rate <= high]
    found = pulse_variability(
        [
            beats
            for window, beats in zip(heart.windows, heart.beats, strict=True)
            if beats is not None
            and not _overlaps(window, pauses)
            and any(one.start_s <= window.start_s and window.stop_s <= one.stop_s for one in normal)
        ]
    )
    return None if found is None else VariabilitySummary(found.rmssd_ms, found.low_ms, found.high_ms, found.n_windows)


def _match(span: PacedSpan, breath: Sequence[RateWindow], pauses: Sequence[tuple[float, float]]) -> PacerMatch:
    inside = [
        one
        for one in breath
        if one.start_s >= span.start_s and one.stop_s <= span.stop_s and not _overlaps(one, pauses)
    ]
    rates = np.array([one.rate for one in inside if one.good])
    return PacerMatch(
        pace=span.pace,
        breath_rate=float(rates.mean()) if rates.size else None,
        matched_share=float(np.mean(np.abs(rates - span.pace) <= MATCH)) if rates.size else None,
        n_windows=len(inside),
        n_good=int(rates.size),
    )


def _rows(measure: str, windows: Sequence[RateWindow]) -> list[BodyWindow]:
    return [
        BodyWindow(
            measure,
            round(one.start_s, 3),
            round(one.stop_s, 3),
            round(one.rate, 2) if one.good else None,
            round(one.half_width, 2) if one.good else None,
            one.reason or "",
        )
        for one in windows
    ]
