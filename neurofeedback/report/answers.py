"""The answers of one sitting: what was asked when, what was said, and what that adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from neurofeedback.feedback.words import share_words
from neurofeedback.report.wandering import Answers, share_of
from neurofeedback.types import Event, EventKind

WHERE = {"1": "on the breath", "2": "elsewhere", "3": "not sure"}
_ENDS = (EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY)


@dataclass(frozen=True, slots=True)
class Asked:
    """One probe: when its chime sounded (s), and what was answered; None where nothing was.

    ``where`` is a key of ``WHERE``, ``sure`` 1 to 4, ``sleepy`` 1 to 5; ``waited_s`` is from the chime to the first
    answer.
    """

    at_s: float
    where: str | None = None
    sure: int | None = None
    sleepy: int | None = None
    waited_s: float | None = None


def asked(events: Iterable[Event], sfreq: float) -> list[Asked]:
    """Gather the probes of a session with their answers, in order."""
    found: list[Asked] = []
    for event in events:
        if event.kind is EventKind.PROBE:
            found.append(Asked(event.sample / sfreq))
        elif event.kind in _ENDS and found:
            found[-1] = _answered(found[-1], event, sfreq)
    return found


def _answered(probe: Asked, event: Event, sfreq: float) -> Asked:
    if event.kind is EventKind.ANSWER_WHERE:
        return replace(probe, where=event.value, waited_s=event.sample / sfreq - probe.at_s)
    value = int(event.value) if event.value.isdigit() else None
    return replace(probe, sure=value) if event.kind is EventKind.ANSWER_SURE else replace(probe, sleepy=value)


def answer_lines(probes: Sequence[Asked], n_presses: int) -> list[str]:
    """Say what a sitting's answers add up to; nothing where nothing was asked and no key was pressed."""
    return [*(_said(probes) if probes else ()), *_pressed(n_presses)]


def _said(probes: Sequence[Asked]) -> list[str]:
    counts = {name: sum(probe.where == key for probe in probes) for key, name in WHERE.items()}
    unanswered = sum(probe.where is None for probe in probes)
    told = [f"{n} {name}" for name, n in counts.items() if n] + ([f"{unanswered} not answered"] if unanswered else [])
    lines = [f"The chime asked {_times(len(probes))}: {', '.join(told)}."]
    share = share_of(Answers(counts["elsewhere"], counts["on the breath"]))
    if share:
        lines.append(
            f"By these answers the mind was elsewhere at {share_words(share.value)} of the moments asked about "
            f"(between {share_words(share.low)} and {share_words(share.high)}, from {_answers(share.n)})."
        )
    sleepy = [probe.sleepy for probe in probes if probe.sleepy is not None]
    if sleepy:
        lines.append(
            f"Sleepiness, from 1 (wide awake) to 5 (nearly asleep), was {sum(sleepy) / len(sleepy):.1f} on average."
        )
    return lines


def _pressed(n_presses: int) -> list[str]:
    return [f"The mind's wandering was noticed and marked by a key {_times(n_presses)}."] if n_presses else []


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def _answers(n: int) -> str:
    return "1 answer" if n == 1 else f"{n} answers"
