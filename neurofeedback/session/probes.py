"""When a person is asked, and what: a state machine that knows samples and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from neurofeedback.settings.session import ProbeSettings
from neurofeedback.texts.probe_questions import NOT_SURE, SLEEPY, SURE, WHERE, WORDING_VERSION, ProbeQuestion
from neurofeedback.types import Command, Event, EventKind, Frame, Phase, Probe

PROBE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER})
"""The phases in which questions come; no other, and no pause, brings one nearer."""


class ProbeState(StrEnum):
    """Which question is open, if any."""

    IDLE = "quiet"
    WHERE = "where"
    SURE = "sure"
    SLEEPY = "sleepy"


class ProbeEvent(StrEnum):
    """What can happen to a question."""

    CHIME = "chime"
    ANSWER = "answer"
    NOT_SURE = "not sure"
    ABANDON = "leave"


TRANSITIONS: dict[tuple[ProbeState, ProbeEvent], ProbeState] = {
    (ProbeState.IDLE, ProbeEvent.CHIME): ProbeState.WHERE,
    (ProbeState.WHERE, ProbeEvent.ANSWER): ProbeState.SURE,
    (ProbeState.WHERE, ProbeEvent.NOT_SURE): ProbeState.SLEEPY,
    (ProbeState.SURE, ProbeEvent.ANSWER): ProbeState.SLEEPY,
    (ProbeState.SLEEPY, ProbeEvent.ANSWER): ProbeState.IDLE,
    (ProbeState.WHERE, ProbeEvent.ABANDON): ProbeState.IDLE,
    (ProbeState.SURE, ProbeEvent.ABANDON): ProbeState.IDLE,
    (ProbeState.SLEEPY, ProbeEvent.ABANDON): ProbeState.IDLE,
}
"""Where each move leads; a move that is not here changes nothing."""

_QUESTIONS = {ProbeState.WHERE: WHERE, ProbeState.SURE: SURE, ProbeState.SLEEPY: SLEEPY}


def probe_times(settings: ProbeSettings, seed: int) -> Iterator[float]:
    """Yield the times of all questions in seconds of practice, drawn beforehand: without end, or none at all."""
    low, high = settings.interval_s
    if not settings.enabled or high == 0:
        return
    rng = np.random.default_rng([seed, 0x9E0BE])
    at_s = 0.0
    while True:
        at_s += float(rng.uniform(low, high))
        yield at_s


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What a moment brings: rows to log, whether the chime rings, and the probe once it is over."""

    rows: tuple[Event | Command, ...] = ()
    chime: bool = False
    finished_probe: Probe | None = None


NO_ACTION = ActionResult()


class ProbeScheduler:
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
        self._timeout = settings.timeout_s * sfreq
        self._min_response = settings.min_response_s * sfreq
        self._times = probe_times(settings, seed)
        self._next_probe = self._draw_next_probe()
        self._n_practice = 0
        self._last_frame = 0
        self._phase = Phase.SETTLE
        self._state = ProbeState.IDLE
        self._opened = self._last_key = 0
        self._probe = Probe(0)
        self.n_probes = 0

    @property
    def question(self) -> ProbeQuestion | None:
        """The question now open."""
        return _QUESTIONS.get(self._state)

    def process_frames(self, frames: Iterable[Frame]) -> None:
        """Count practice by its frames."""
        for frame in frames:
            if frame.phase in PROBE_PHASES:
                self._n_practice += frame.sample - self._last_frame
            self._last_frame, self._phase = frame.sample, frame.phase

    def tick(self, sample: int) -> ActionResult:
        """Ring if it is time, or close a question that has waited too long; ``sample`` is now."""
        if self.question is not None:
            return self._close_question("time is up", sample) if sample - self._opened >= self._timeout else NO_ACTION
        if self._n_practice < self._next_probe or self._phase not in PROBE_PHASES:
            return NO_ACTION
        while self._n_practice >= self._next_probe:  # what fell due while nothing arrived is asked once
            self._next_probe = self._draw_next_probe()
        self.n_probes += 1
        self._probe = Probe(sample)
        self._transition(ProbeEvent.CHIME, sample)
        return ActionResult((Event(sample, EventKind.PROBE, WORDING_VERSION),), chime=True)

    def answer(self, value: int, sample: int) -> ActionResult:
        """Take an answer; a key that is not offered, or repeats by itself, changes nothing."""
        question = self.question
        too_soon = sample - max(self._opened, self._last_key) < self._min_response
        self._last_key = sample
        if question is None or too_soon or str(value) not in dict(question.choices):
            return NO_ACTION
        event = Event(sample, question.kind, str(value), response_s=(sample - self._opened) / self._sfreq)
        self._probe = replace(self._probe, **{str(self._state): value}, answer_sample=sample)
        unsure = self._state is ProbeState.WHERE and value == NOT_SURE
        self._transition(ProbeEvent.NOT_SURE if unsure else ProbeEvent.ANSWER, sample)
        return ActionResult((event,), finished_probe=self._probe if self.question is None else None)

    def skip(self, sample: int) -> ActionResult:
        """Leave what is open unanswered."""
        return self._close_question("skipped", sample)

    def pause(self, sample: int) -> ActionResult:
        """Drop what is open: the moments before the chime are past once a pause is over."""
        return self._close_question("pause", sample)

    def end(self, sample: int) -> ActionResult:
        """Close what is open when the sitting ends."""
        return self._close_question("end", sample)

    def _close_question(self, why: str, sample: int) -> ActionResult:
        if self.question is None:
            return NO_ACTION
        event = Event(max(sample, self._opened), EventKind.UNANSWERED, f"{self._state}: {why}")
        self._transition(ProbeEvent.ABANDON, sample)
        return ActionResult((event,), finished_probe=self._probe)

    def _transition(self, move: ProbeEvent, sample: int) -> None:
        self._state = TRANSITIONS[self._state, move]
        self._opened = sample

    def _draw_next_probe(self) -> float:
        return next(self._times, float("inf")) * self._sfreq
