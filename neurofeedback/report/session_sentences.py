"""Sentences of a session's report: first lines, notices, events and baseline."""

from __future__ import annotations

import numpy as np

from neurofeedback.learning.decoder_sentences import feature_label
from neurofeedback.recording.session_json import SessionSummary
from neurofeedback.report.session_data import SessionData
from neurofeedback.texts import report
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_clock, format_date, format_duration, format_percent, inside_sentence
from neurofeedback.texts.status import phase_label
from neurofeedback.types import EventKind, Phase

MAX_EVENTS = 200
_TYPICAL_DIFFERENCE = 2.0
_EVENTS = {
    EventKind.HEADSET_FIT: report.EVENT_HEADSET_FIT,
    EventKind.MARK: report.EVENT_MARK,
    EventKind.SIGNAL_LOST: report.EVENT_SIGNAL_LOST,
    EventKind.SIGNAL_BACK: report.EVENT_SIGNAL_BACK,
    EventKind.STOP: report.EVENT_STOP,
}
_STOPS = {"done": report.STOPPED_AS_PLANNED, "asked": report.STOPPED_EARLY, "source": report.STOPPED_BY_SOURCE}
_FEEDBACK_SOURCES = {"own": report.GUIDED_BY_OWN_BASELINE, "session": report.GUIDED_BY_SESSION_BASELINE}


def participant_label(data: SessionData) -> str:
    """Return the participant's label, such as ``01``."""
    return data.files.participant.removeprefix("sub-")


def lead_sentences(data: SessionData) -> tuple[str, str, str]:
    """Return the first lines: duration, share of usable signal, and phases, device, participant and date."""
    return (
        tr(report.DURATION, duration=format_duration(data.recording.duration_s)),
        _usable_signal_sentence(data.valid_fraction),
        _session_line(data),
    )


def _usable_signal_sentence(valid_fraction: float | None) -> str:
    if valid_fraction is None:
        return tr(report.USABLE_SIGNAL_NOT_KNOWN)
    if not valid_fraction:
        return tr(report.NO_USABLE_SIGNAL)
    return tr(report.USABLE_SIGNAL, share=format_percent(valid_fraction))


def _session_line(data: SessionData) -> str:
    started = data.start.started
    phases = ", ".join(inside_sentence(phase_label(Phase(phase.phase))) for phase in data.phases) or tr(report.NO_PHASE)
    return tr(
        report.SESSION_LINE,
        phases=f"{phases[0].upper()}{phases[1:]}",
        device=data.recording.stream.device,
        participant=participant_label(data),
        started=f"{format_date(started)},\u00a0{started:%H:%M}",
    )


def notices(data: SessionData) -> list[str]:
    """Return the sentences that come before the figures: what is missing, and why."""
    found: list[str] = []
    if not data.finished:
        found.append(tr(report.NOT_CLOSED, duration=format_duration(data.recording.duration_s)))
    elif data.stop_reason == "asked":
        found.append(tr(report.ENDED_EARLY))
    if data.valid_fraction == 0:
        found.append(tr(report.NO_CLEAR_SIGNAL))
    elif not data.frames.has_index:
        found.append(_no_index_sentence(data))
    elif not np.nan_to_num(data.frames.confidence).any():
        found.append(tr(report.NO_CONFIDENCE))
    return found


def _no_index_sentence(data: SessionData) -> str:
    reached = {phase.phase for phase in data.phases}
    if not reached - {Phase.SETTLE, Phase.BASELINE}:
        return tr(report.NO_INDEX_WITHOUT_BASELINE)
    return tr(report.NO_INDEX_WITHOUT_CLEAN_BASELINE)


def event_rows(data: SessionData) -> list[tuple[str, str, str]]:
    """Return time, name and detail of all events other than changes of phase and answers."""
    sfreq = data.recording.stream.sfreq
    return [
        (format_clock(event.sample / sfreq), tr(_EVENTS[event.kind]), _detail(event.kind, event.value))
        for event in data.recording.events
        if event.kind in _EVENTS
    ]


def _detail(kind: EventKind, value: str) -> str:
    if kind is EventKind.STOP:
        return tr(_STOPS[value]) if value in _STOPS else value
    if kind is EventKind.SIGNAL_BACK:
        return tr(report.SIGNAL_BACK_AFTER, duration=value)
    return "" if value == "n/a" else value


def baseline_sentences(summary: SessionSummary, features: tuple[str, ...], feedback_source: str) -> list[str]:
    """Return how a session's baseline differed from the person's average one, and which one feedback was relative to.

    Parameters
    ----------
    summary : SessionSummary
        The summary of the session.
    features : tuple of str
        Features of the index.
    feedback_source : str
        ``session`` or ``own``, as set.

    Returns
    -------
    list of str
        Empty while there are fewer than three good baselines.
    """
    comparison = summary.personal_differences
    if comparison is None:
        return []
    differences = {name: comparison.differences[name] for name in features if name in comparison.differences}
    if not differences:
        return []
    listed = "; ".join(f"{feature_label(name)} {difference:+.1f}" for name, difference in differences.items())
    far = any(abs(difference) > _TYPICAL_DIFFERENCE for difference in differences.values())
    return [
        tr(report.BASELINE_DIFFERENCE, n=comparison.n_sessions, differences=listed),
        tr(report.BASELINE_FAR if far else report.BASELINE_TYPICAL),
        tr(_FEEDBACK_SOURCES[feedback_source]),
    ]
