"""What a report says in sentences: its first lines, and what a reader must know before the rest."""

from __future__ import annotations

from neurofeedback.report.session_data import SessionData
from neurofeedback.session.status_text import phase_label
from neurofeedback.texts.format import format_clock, format_duration, format_percent
from neurofeedback.types import EventKind, Phase

MAX_EVENTS = 200
_EVENTS = {
    EventKind.HEADSET_FIT: "fit",
    EventKind.MARK: "mark",
    EventKind.SIGNAL_LOST: "signal lost",
    EventKind.SIGNAL_BACK: "signal back",
    EventKind.STOP: "end",
}
_STOPS = {"done": "as planned", "asked": "ended early, as asked", "source": "the recording that was played ended"}


def participant_label(data: SessionData) -> str:
    """Participant's label, such as ``01``."""
    return data.files.participant.removeprefix("sub-")


def lead_sentences(data: SessionData) -> tuple[str, str, str]:
    """How long, how much usable signal, what it was."""
    usable = data.valid_fraction
    signal = "It is not known how much of it had a usable signal." if usable is None else _usable_sentence(usable)
    started = data.start.started
    phases = ", ".join(phase_label(Phase(phase.phase)).lower() for phase in data.phases) or "no phase was reached"
    what = (
        f"{phases[0].upper()}{phases[1:]} · {data.recording.stream.device} · participant {participant_label(data)} · "
        f"{started.day}\u00a0{started:%B}\u00a0{started:%Y},\u00a0{started:%H:%M}"
    )
    return f"The sitting lasted {format_duration(data.recording.duration_s)}.", signal, what


def _usable_sentence(usable: float) -> str:
    return f"{format_percent(usable)} of it had a usable signal." if usable else "None of it had a usable signal."


def notices(data: SessionData) -> list[str]:
    """Sentences that come before everything else: what is missing, and why."""
    found: list[str] = []
    if not data.finished:
        found.append(
            "This session broke off: it was not closed in order. "
            f"What was recorded until then, {format_duration(data.recording.duration_s)}, is here."
        )
    elif data.stop_reason == "asked":
        found.append("The sitting was ended before its planned time.")
    if data.valid_fraction == 0:
        found.append("No stretch of the signal was clear enough to judge, so nothing can be said about the sitting.")
    elif not data.frames.has_index:
        found.append(f"There is no index: {_why_no_index(data)}.")
    return found


def _why_no_index(data: SessionData) -> str:
    reached = {phase.phase for phase in data.phases}
    if not reached - {Phase.SETTLE, Phase.BASELINE}:
        return "the sitting ended before its baseline was complete"
    return "the baseline had too little clean signal to say what is usual for this person"


def event_rows(data: SessionData) -> list[tuple[str, str, str]]:
    """Time, name and detail of what happened besides the phases; at most 200."""
    sfreq = data.recording.stream.sfreq
    return [
        (format_clock(event.sample / sfreq), _EVENTS[event.kind], _detail(event.kind, event.value))
        for event in data.recording.events
        if event.kind in _EVENTS
    ]


def _detail(kind: EventKind, value: str) -> str:
    if kind is EventKind.STOP:
        return _STOPS.get(value, value)
    if kind is EventKind.SIGNAL_BACK:
        return f"after {value}"
    return "" if value == "n/a" else value
