"""What the answers of one sitting add up to, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from neurofeedback.analysis.probe_statistics import AnswerCounts, estimate_wandering_share
from neurofeedback.recording.events import probes_from_events
from neurofeedback.texts.format import format_percent
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.types import Event, EventKind, Probe

_FOCUS, _WANDER = 1, 2


def answer_sentences(events: Sequence[Event]) -> list[str]:
    """Say what a sitting's answers add up to; nothing where nothing was asked and no key was pressed."""
    probes = probes_from_events(events)
    n_presses = sum(event.kind is EventKind.PRESS for event in events)
    return [*(_probe_sentences(probes) if probes else ()), *_press_sentences(n_presses)]


def _probe_sentences(probes: Sequence[Probe]) -> list[str]:
    counts = {int(key): sum(probe.where == int(key) for probe in probes) for key, _ in WHERE.choices}
    unanswered = sum(probe.where is None for probe in probes)
    told = [f"{counts[int(key)]} {name}" for key, name in WHERE.choices if counts[int(key)]]
    told += [f"{unanswered} not answered"] if unanswered else []
    lines = [f"The chime asked {_times(len(probes))}: {', '.join(told)}."]
    share = estimate_wandering_share(AnswerCounts(counts[_WANDER], counts[_FOCUS]))
    if share:
        lines.append(
            f"By these answers the mind was elsewhere at {format_percent(share.value)} of the moments asked about "
            f"(between {format_percent(share.low)} and {format_percent(share.high)}, from {_answer_count(share.n)})."
        )
    sleepy = [probe.sleepy for probe in probes if probe.sleepy is not None]
    if sleepy:
        lines.append(
            f"Sleepiness, from 1 (wide awake) to 5 (nearly asleep), was {sum(sleepy) / len(sleepy):.1f} on average."
        )
    return lines


def _press_sentences(n_presses: int) -> list[str]:
    return [f"The mind's wandering was noticed and marked by a key {_times(n_presses)}."] if n_presses else []


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def _answer_count(n: int) -> str:
    return "1 answer" if n == 1 else f"{n} answers"
