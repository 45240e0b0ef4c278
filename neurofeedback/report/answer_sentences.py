"""Sentences about the answers and presses of one session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from neurofeedback.analysis.probe_statistics import AnswerCounts, estimate_wandering_share
from neurofeedback.recording.events import OWN_QUESTION, probes_from_events
from neurofeedback.texts import report
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_percent
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.types import Event, EventKind, Probe

_FOCUS, _WANDER = 1, 2
_MIN_FOR_SHARE = 5  # of fewer answers the interval is nearly everything


def answer_sentences(events: Sequence[Event]) -> list[str]:
    """Return sentences about a session's answers and presses; none without probes and presses."""
    probes = probes_from_events(events)
    n_presses = sum(event.kind is EventKind.PRESS for event in events)
    return [*(_probe_sentences(probes) if probes else ()), *_own_sentences(events), *_press_sentences(n_presses)]


def _probe_sentences(probes: Sequence[Probe]) -> list[str]:
    counts = {int(key): sum(probe.where == int(key) for probe in probes) for key, _ in WHERE.choices}
    n_unanswered = sum(probe.where is None for probe in probes)
    answers = [f"{counts[int(key)]} {tr(name)}" for key, name in WHERE.choices if counts[int(key)]]
    answers += [tr(report.NOT_ANSWERED, n=n_unanswered)] if n_unanswered else []
    lines = [tr(report.PROBES_ASKED, times=_times(len(probes)), answers=", ".join(answers))]
    share = estimate_wandering_share(AnswerCounts(counts[_WANDER], counts[_FOCUS]))
    if share and share.n >= _MIN_FOR_SHARE:
        value, low, high = (format_percent(one) for one in (share.value, share.low, share.high))
        lines.append(
            tr(report.WANDERING_SHARE, share=value, low=low, high=high, answers=tr(report.N_ANSWERS, n=share.n))
        )
    sleepy = [probe.sleepy for probe in probes if probe.sleepy is not None]
    if sleepy:
        lines.append(tr(report.SLEEPINESS, mean=f"{sum(sleepy) / len(sleepy):.1f}"))
    return lines


def _own_sentences(events: Sequence[Event]) -> list[str]:
    """Return one sentence for each question of a practice: how often it was asked, and its answers in order."""
    n_asked = Counter[str]()
    given: dict[str, Counter[str]] = {}
    question = ""
    for event in events:
        if event.kind is EventKind.PROBE:
            is_own = event.value.startswith(OWN_QUESTION)
            question = event.value.removeprefix(OWN_QUESTION) if is_own else ""
            n_asked[question] += is_own
            given.setdefault(question, Counter())
        elif event.kind is EventKind.ANSWER_OWN and question:
            given[question][event.value] += 1
    return [_own_sentence(question, n, given[question]) for question, n in n_asked.items() if n]


def _own_sentence(question: str, n_asked: int, given: Counter[str]) -> str:
    answers = [f"{given[answer]} {answer.partition(' ')[2]}" for answer in sorted(given)]
    n_unanswered = n_asked - given.total()
    answers += [tr(report.NOT_ANSWERED, n=n_unanswered)] if n_unanswered else []
    return tr(report.OWN_ASKED, times=_times(n_asked), question=question, answers=", ".join(answers))


def _press_sentences(n_presses: int) -> list[str]:
    return [tr(report.PRESSES, times=_times(n_presses))] if n_presses else []


def _times(n: int) -> str:
    if n <= 2:
        return tr(report.ONCE if n == 1 else report.TWICE)
    return tr(report.TIMES, n=n)
