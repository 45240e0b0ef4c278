"""What a report says in sentences: its first lines, and what a reader must know before the rest."""

from __future__ import annotations

from neurofeedback.feedback.words import clock_words, duration_words, phase_words, share_words
from neurofeedback.report.facts import Facts
from neurofeedback.types import EventKind, Phase

MAX_EVENTS = 200
_EVENTS = {
    EventKind.FIT: "fit",
    EventKind.MARK: "mark",
    EventKind.SIGNAL_LOST: "signal lost",
    EventKind.SIGNAL_BACK: "signal back",
    EventKind.STOP: "end",
}
_STOPS = {"done": "as planned", "asked": "ended early, as asked", "source": "the recording that was played ended"}


def participant(facts: Facts) -> str:
    """Participant's label, such as ``01``."""
    return facts.files.participant.removeprefix("sub-")


def first_lines(facts: Facts) -> tuple[str, str, str]:
    """How long, how much usable signal, what it was."""
    usable = facts.usable
    signal = "It is not known how much of it had a usable signal." if usable is None else _usable_words(usable)
    started = facts.start.started
    phases = ", ".join(phase_words(Phase(phase.phase)).lower() for phase in facts.phases) or "no phase was reached"
    what = (
        f"{phases[0].upper()}{phases[1:]} · {facts.recording.stream.device} · participant {participant(facts)} · "
        f"{started.day}\u00a0{started:%B}\u00a0{started:%Y},\u00a0{started:%H:%M}"
    )
    return f"The sitting lasted {duration_words(facts.recording.duration_s)}.", signal, what


def _usable_words(usable: float) -> str:
    return f"{share_words(usable)} of it had a usable signal." if usable else "None of it had a usable signal."


def notices(facts: Facts) -> list[str]:
    """Sentences that come before everything else: what is missing, and why."""
    found: list[str] = []
    if not facts.finished:
        found.append(
            "This session broke off: it was not closed in order. "
            f"What was recorded until then, {duration_words(facts.recording.duration_s)}, is here."
        )
    elif facts.stopped == "asked":
        found.append("The sitting was ended before its planned time.")
    if facts.usable == 0:
        found.append("No stretch of the signal was clear enough to judge, so nothing can be said about the sitting.")
    elif not facts.log.has_index:
        found.append(f"There is no index: {_why_no_index(facts)}.")
    return found


def _why_no_index(facts: Facts) -> str:
    reached = {phase.phase for phase in facts.phases}
    if not reached - {Phase.SETTLE, Phase.BASELINE}:
        return "the sitting ended before its baseline was complete"
    return "the baseline had too little clean signal to say what is usual for this person"


def event_rows(facts: Facts) -> list[tuple[str, str, str]]:
    """Time, name and detail of what happened besides the phases; at most 200."""
    sfreq = facts.recording.stream.sfreq
    return [
        (clock_words(event.sample / sfreq), _EVENTS[event.kind], _detail(event.kind, event.value))
        for event in facts.recording.events
        if event.kind in _EVENTS
    ]


def _detail(kind: EventKind, value: str) -> str:
    if kind is EventKind.STOP:
        return _STOPS.get(value, value)
    if kind is EventKind.SIGNAL_BACK:
        return f"after {value}"
    return "" if value == "n/a" else value
