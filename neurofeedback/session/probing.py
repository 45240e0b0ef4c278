"""When a person is asked, and what: a state machine that knows samples and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from neurofeedback.session.question import NOT_SURE, SLEEPY, SURE, WHERE, WORDING, Question
from neurofeedback.settings.sitting import ProbeSettings
from neurofeedback.types import Command, Event, EventKind, Frame, Phase, Probe

ASKED_IN = frozenset({Phase.PRACTICE, Phase.TRANSFER})
"""The phases in which questions come; no other, and no pause, brings one nearer."""


class Stage(StrEnum):
    """Which question is open, if any."""

    QUIET = "quiet"
    WHERE = "where"
    SURE = "sure"
    SLEEPY = "sleepy"


class Move(StrEnum):
    """What can happen to a question."""

    CHIME = "chime"
    ANSWER = "answer"
    NOT_SURE = "not sure"
    LEAVE = "leave"


TABLE: dict[tuple[Stage, Move], Stage] = {
    (Stage.QUIET, Move.CHIME): Stage.WHERE,
    (Stage.WHERE, Move.ANSWER): Stage.SURE,
    (Stage.WHERE, Move.NOT_SURE): Stage.SLEEPY,
    (Stage.SURE, Move.ANSWER): Stage.SLEEPY,
    (Stage.SLEEPY, Move.ANSWER): Stage.QUIET,
    (Stage.WHERE, Move.LEAVE): Stage.QUIET,
    (Stage.SURE, Move.LEAVE): Stage.QUIET,
    (Stage.SLEEPY, Move.LEAVE): Stage.QUIET,
}
"""Where each move leads; a move that is not here changes nothing."""

_QUESTIONS = {Stage.WHERE: WHERE, Stage.SURE: SURE, Stage.SLEEPY: SLEEPY}


def chime_times(settings: ProbeSettings, seed: int) -> Iterator[float]:
    """Yield the times of all questions in seconds of practice, drawn beforehand: without end, or none at all."""
    low, high = settings.apart_s
    if not settings.asked or high == 0:
        return
    rng = np.random.default_rng([seed, 0x9E0BE])
    at_s = 0.0
    while True:
        at_s += float(rng.uniform(low, high))
        yield at_s


@dataclass(frozen=True, slots=True)
class Step:
    """What a moment brings: rows to log, whether the chime rings, and the probe once it is over."""

    rows: tuple[Event | Command, ...] = ()
    chime: bool = False
    finished: Probe | None = None


NOTHING = Step()


class Prober:
    """Asks at the times drawn beforehand, whatever the person does and however the signal is.

    Parameters
    ----------
    seed : int
        Draws the times.
    sfreq : float
        Samples a second of all places here, Hz.
    """

    def __init__(self, settings: ProbeSettings, seed: int, sfreq: float) -> None:
        self._sfreq = sfreq
        self._patience = settings.answer_s * sfreq
        self._least = settings.least_response_s * sfreq
        self._times = chime_times(settings, seed)
        self._due = self._next_due()
        self._practised = 0
        self._last_frame = 0
        self._phase = Phase.SETTLE
        self._stage = Stage.QUIET
        self._opened = self._last_key = 0
        self._probe = Probe(0)
        self.n_probes = 0

    @property
    def question(self) -> Question | None:
        """The question now open."""
        return _QUESTIONS.get(self._stage)

    def push(self, frames: Iterable[Frame]) -> None:
        """Count practice by its frames."""
        for frame in frames:
            if frame.phase in ASKED_IN:
                self._practised += frame.sample - self._last_frame
            self._last_frame, self._phase = frame.sample, frame.phase

    def look(self, sample: int) -> Step:
        """Ring if it is time, or close a question that has waited too long; ``sample`` is now."""
        if self.question is not None:
            return self._leave("time is up", sample) if sample - self._opened >= self._patience else NOTHING
        if self._practised < self._due or self._phase not in ASKED_IN:
            return NOTHING
        while self._practised >= self._due:  # what fell due while nothing arrived is asked once
            self._due = self._next_due()
        self.n_probes += 1
        self._probe = Probe(sample)
        self._move(Move.CHIME, sample)
        return Step((Event(sample, EventKind.PROBE, WORDING),), chime=True)

    def answer(self, value: int, sample: int) -> Step:
        """Take an answer; a key that is not offered, or repeats by itself, changes nothing."""
        question = self.question
        too_soon = sample - max(self._opened, self._last_key) < self._least
        self._last_key = sample
        if question is None or too_soon or str(value) not in dict(question.choices):
            return NOTHING
        event = Event(sample, question.kind, str(value), response_s=(sample - self._opened) / self._sfreq)
        self._probe = replace(self._probe, **{str(self._stage): value}, answered=sample)
        unsure = self._stage is Stage.WHERE and value == NOT_SURE
        self._move(Move.NOT_SURE if unsure else Move.ANSWER, sample)
        return Step((event,), finished=self._probe if self.question is None else None)

    def skip(self, sample: int) -> Step:
        """Leave what is open unanswered."""
        return self._leave("skipped", sample)

    def pause(self, sample: int) -> Step:
        """Drop what is open: the moments before the chime are past once a pause is over."""
        return self._leave("pause", sample)

    def end(self, sample: int) -> Step:
        """Close what is open when the sitting ends."""
        return self._leave("end", sample)

    def _leave(self, why: str, sample: int) -> Step:
        if self.question is None:
            return NOTHING
        event = Event(max(sample, self._opened), EventKind.UNANSWERED, f"{self._stage}: {why}")
        self._move(Move.LEAVE, sample)
        return Step((event,), finished=self._probe)

    def _move(self, move: Move, sample: int) -> None:
        self._stage = TABLE[self._stage, move]
        self._opened = sample

    def _next_due(self) -> float:
        return next(self._times, float("inf")) * self._sfreq


_FIELDS = {question.kind: stage.value for stage, question in _QUESTIONS.items()}


def probes_of(events: Iterable[Event]) -> tuple[Probe, ...]:
    """Put the rows of a session together again: each chime with what was answered to it.

    Examples
    --------
    >>> rows = (Event(100, EventKind.PROBE, "1"), Event(350, EventKind.ANSWER_WHERE, "2", response_s=1.0))
    >>> probes_of(rows)
    (Probe(sample=100, where=2, sure=None, sleepy=None, answered=350),)
    """
    found: list[Probe] = []
    for event in events:
        if event.kind is EventKind.PROBE:
            found.append(Probe(event.sample))
        elif found and event.kind in _FIELDS:
            found[-1] = replace(found[-1], **{_FIELDS[event.kind]: int(event.value)}, answered=event.sample)
    return tuple(found)
