"""The simulated meditator in a sitting: hears the tone, answers the questions, presses the key.

It sits among the outlets, in the runner's own thread, so that a sitting as fast as it goes is the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from neurofeedback.session.mailbox import Ask, Mailbox, Request
from neurofeedback.session.outlets import Outlet
from neurofeedback.session.question import NOT_SURE
from neurofeedback.types import Chunk, Command, Event, EventKind, Frame

if TYPE_CHECKING:
    from neurofeedback.acquisition.simulated import SimulatedSource
    from neurofeedback.acquisition.source import Source
    from neurofeedback.simulation.respondent import Answer, Habits

_ANSWERED = frozenset({EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY})


@runtime_checkable
class Hearing(Protocol):
    """A source whose person can hear."""

    def hear(self, sample: int, level: float) -> None:
        """Let the person hear a level of the guide tone (0 to 1) from this sample on."""
        ...


def person_of(source: Source, mailbox: Mailbox, *, answers: bool) -> tuple[Outlet, ...]:
    """Return the person behind a simulated source, and nobody behind any other.

    Parameters
    ----------
    answers : bool
        Answer and press keys, too; else those are left to whoever sits in front of the screen.
    """
    if not isinstance(source, Hearing):
        return ()
    from neurofeedback.simulation.respondent import USUAL  # noqa: PLC0415 - SciPy, only where somebody is simulated

    return (SimulatedPerson(cast("SimulatedSource", source), mailbox, USUAL if answers else None),)


class SimulatedPerson:
    """Answers as ``simulation.respondent`` says, by the true state of the source.

    Parameters
    ----------
    habits : Habits or None
        How the person answers; None only hears.
    """

    def __init__(self, source: SimulatedSource, mailbox: Mailbox, habits: Habits | None) -> None:
        self._source, self._mailbox, self._habits = source, mailbox, habits
        self._sfreq = source.stream.sfreq
        self._n_probes = 0
        self._keys: list[tuple[int, float]] = []
        self._due: float | None = None
        self._pressed = -1

    def samples(self, chunk: Chunk) -> None:
        """See nothing of the signal."""

    def frames(self, frames: Sequence[Frame]) -> None:
        """Hear the tone, and press what is due."""
        for frame in frames:
            self._source.hear(frame.sample, frame.guidance.tone_gain)
        sample = frames[-1].sample
        if self._due is not None and sample >= self._due:
            value, _ = self._keys.pop(0)
            self._due = None
            self._mailbox.request(Request(Ask.ANSWER, str(value)))
        if self._habits is not None:
            self._notice(sample / self._sfreq, self._habits)

    def event(self, event: Event | Command) -> None:
        """Hear a chime, and see what has become of the question."""
        if self._habits is None:
            return
        if event.kind is EventKind.PROBE:
            self._keys = _keys(self._answer(event.sample, self._habits))
            self._n_probes += 1
            self._begin(event.sample)
        elif event.kind in _ANSWERED:
            self._begin(event.sample)
        elif event.kind is EventKind.UNANSWERED:
            self._keys, self._due = [], None

    def close(self) -> None:
        """Get up."""

    def _answer(self, sample: int, habits: Habits) -> Answer:
        from neurofeedback.simulation.respondent import answer, moment_at  # noqa: PLC0415

        truth = self._source.truth
        return answer(moment_at(truth, sample / self._sfreq), self._n_probes, truth.seed, habits)

    def _begin(self, sample: int) -> None:
        self._due = sample + self._keys[0][1] * self._sfreq if self._keys else None

    def _notice(self, time_s: float, habits: Habits) -> None:
        """Press the key where this episode of wandering is noticed, once."""
        from neurofeedback.simulation.respondent import notices_after  # noqa: PLC0415
        from neurofeedback.simulation.states import Mind  # noqa: PLC0415

        truth = self._source.truth
        number = sum(episode.onset_s < time_s for episode in truth.episodes) - 1
        episode = truth.episodes[max(number, 0)]
        if number == self._pressed or episode.mind is not Mind.WANDER:
            return
        if time_s - episode.onset_s >= notices_after(truth.seed, number, habits):
            self._pressed = number
            self._mailbox.request(Request(Ask.PRESS))


def _keys(answer: Answer) -> list[tuple[int, float]]:
    """Return the keys to press and how long each takes (s); who is not sure where is not asked how sure."""
    keys = list(zip(answer.keys, answer.delays_s, strict=True))
    return [keys[0], keys[2]] if answer.place == NOT_SURE else keys
