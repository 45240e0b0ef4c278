"""Experience-sampling probes: a state machine that counts samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from neurofeedback.recording.events import OWN_QUESTION
from neurofeedback.settings.session import ProbeSettings
from neurofeedback.texts.probe_questions import NOT_SURE, SLEEPY, SURE, WHERE, ProbeQuestion, wording_version
from neurofeedback.types import Command, Event, EventKind, Frame, Phase, Probe

PROBE_PHASES = frozenset({Phase.PRACTICE, Phase.TRANSFER})
"""Phases with probes; time in other phases and pauses does not count."""


class ProbeState(StrEnum):
    """The open question, if any."""

    IDLE = "quiet"
    WHERE = "where"
    SURE = "sure"
    SLEEPY = "sleepy"
    OWN = "own"


class ProbeEvent(StrEnum):
    """Events of a probe."""

    CHIME = "chime"
    OWN_CHIME = "chime of a practice's own question"
    ANSWER = "answer"
    NOT_SURE = "not sure"
    ABANDON = "leave"


TRANSITIONS: dict[tuple[ProbeState, ProbeEvent], ProbeState] = {
    (ProbeState.IDLE, ProbeEvent.CHIME): ProbeState.WHERE,
    (ProbeState.WHERE, ProbeEvent.ANSWER): ProbeState.SURE,
    (ProbeState.WHERE, ProbeEvent.NOT_SURE): ProbeState.SLEEPY,
    (ProbeState.SURE, ProbeEvent.ANSWER): ProbeState.SLEEPY,
    (ProbeState.SLEEPY, ProbeEvent.ANSWER): ProbeState.IDLE,
    (ProbeState.IDLE, ProbeEvent.OWN_CHIME): ProbeState.OWN,
    (ProbeState.OWN, ProbeEvent.ANSWER): ProbeState.IDLE,
    (ProbeState.OWN, ProbeEvent.ABANDON): ProbeState.IDLE,
    (ProbeState.WHERE, ProbeEvent.ABANDON): ProbeState.IDLE,
    (ProbeState.SURE, ProbeEvent.ABANDON): ProbeState.IDLE,
    (ProbeState.SLEEPY, ProbeEvent.ABANDON): ProbeState.IDLE,
}
"""Next state for each state and event; other pairs cannot happen."""

_QUESTIONS = {ProbeState.WHERE: WHERE, ProbeState.SURE: SURE, ProbeState.SLEEPY: SLEEPY}


def probe_times(settings: ProbeSettings, seed: int) -> Iterator[float]:
    """Yield the times of all probes in seconds of practice; endless, or empty if probes are off."""
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
    """Result of an action: rows to log, whether the chime rings, and a probe that has finished."""

    rows: tuple[Event | Command, ...] = ()
    chime: bool = False
    finished_probe: Probe | None = None


NO_ACTION = ActionResult()


class ProbeScheduler:
    """Starts probes at times drawn in advance, independent of the person and the signal.

    Parameters
    ----------
    seed : int
        Draws the times.
    sfreq : float
        Sampling frequency of all sample numbers here, Hz.
    own_question : ProbeQuestion, optional
        The question of a practice, which is asked alone in place of the standard ones.
    """

    def __init__(
        self, settings: ProbeSettings, seed: int, sfreq: float, own_question: ProbeQuestion | None = None
    ) -> None:
        self._sfreq = sfreq
        self._own_question = own_question
        self._timeout_s = settings.timeout_s
        left_out = {ProbeState.SURE: not settings.ask_sure, ProbeState.SLEEPY: not settings.ask_sleepy}
        self._left_out = frozenset(state for state, out in left_out.items() if out)
        self._min_response_s = settings.min_response_s
        self._times = probe_times(settings, seed)
        self._next_probe = self._draw_next_probe()
        self._n_practice = 0
        self._last_frame = 0
        self._phase = Phase.SETTLE
        self._state = ProbeState.IDLE
        self._opened = 0
        self._opened_s = self._last_key_s = 0.0
        self._probe = Probe(0)
        self.n_probes = 0

    @property
    def question(self) -> ProbeQuestion | None:
        """The open question."""
        return self._own_question if self._state is ProbeState.OWN else _QUESTIONS.get(self._state)

    def process_frames(self, frames: Iterable[Frame]) -> None:
        """Count the time in practice."""
        for frame in frames:
            if frame.phase in PROBE_PHASES:
                self._n_practice += frame.sample - self._last_frame
            self._last_frame, self._phase = frame.sample, frame.phase

    def tick(self, sample: int, clock_s: float | None = None) -> ActionResult:
        """Start a probe that is due, or close a question that has timed out; both times are now.

        Samples are placed anew when some come late, so questions and answers are timed by the clock where it is given.
        """
        now_s = self._time_s(sample, clock_s)
        if self.question is not None:
            is_over = now_s - self._opened_s >= self._timeout_s
            return self._close_question("time is up", sample) if is_over else NO_ACTION
        if self._n_practice < self._next_probe or self._phase not in PROBE_PHASES:
            return NO_ACTION
        while self._n_practice >= self._next_probe:  # several due during a loss of signal count as one
            self._next_probe = self._draw_next_probe()
        self.n_probes += 1
        self._probe = Probe(sample)
        own = self._own_question
        self._transition(ProbeEvent.CHIME if own is None else ProbeEvent.OWN_CHIME, sample, now_s)
        value = wording_version() if own is None else f"{OWN_QUESTION}{own.wording}"
        return ActionResult((Event(sample, EventKind.PROBE, value),), chime=True)

    def answer(self, value: int, sample: int, clock_s: float | None = None) -> ActionResult:
        """Take an answer; values that are not offered and repeats of a held key are ignored."""
        question, now_s = self.question, self._time_s(sample, clock_s)
        too_soon = now_s - max(self._opened_s, self._last_key_s) < self._min_response_s
        self._last_key_s = now_s
        sample = max(sample, self._opened)
        if question is None or too_soon or str(value) not in dict(question.choices):
            return NO_ACTION
        response_s = now_s - self._opened_s
        if self._state is ProbeState.OWN:
            answer = f"{value} {dict(question.choices)[str(value)]}"
            self._transition(ProbeEvent.ANSWER, sample, now_s)
            return ActionResult((Event(sample, question.kind, answer, response_s=response_s),))
        event = Event(sample, question.kind, str(value), response_s=response_s)
        self._probe = replace(self._probe, **{str(self._state): value}, answer_sample=sample)
        is_not_sure = self._state is ProbeState.WHERE and value == NOT_SURE
        self._transition(ProbeEvent.NOT_SURE if is_not_sure else ProbeEvent.ANSWER, sample, now_s)
        return ActionResult((event,), finished_probe=self._probe if self.question is None else None)

    def skip(self, sample: int) -> ActionResult:
        """Close the open question unanswered."""
        return self._close_question("skipped", sample)

    def pause(self, sample: int) -> ActionResult:
        """Close the open question: after a pause, a person can no longer report on the moment before the chime."""
        return self._close_question("pause", sample)

    def end(self, sample: int) -> ActionResult:
        """Close the open question at the end of the session."""
        return self._close_question("end", sample)

    def _close_question(self, reason: str, sample: int) -> ActionResult:
        if self.question is None:
            return NO_ACTION
        event = Event(max(sample, self._opened), EventKind.UNANSWERED, f"{self._state}: {reason}")
        probe = None if self._state is ProbeState.OWN else self._probe
        self._transition(ProbeEvent.ABANDON, sample, self._opened_s)
        return ActionResult((event,), finished_probe=probe)

    def _time_s(self, sample: int, clock_s: float | None) -> float:
        return sample / self._sfreq if clock_s is None else clock_s

    def _transition(self, event_kind: ProbeEvent, sample: int, now_s: float) -> None:
        self._state = TRANSITIONS[self._state, event_kind]
        while self._state in self._left_out:
            self._state = TRANSITIONS[self._state, ProbeEvent.ANSWER]
        self._opened, self._opened_s = sample, now_s

    def _draw_next_probe(self) -> float:
        return next(self._times, float("inf")) * self._sfreq
