"""The simulated participant: hears the tone, answers probes and presses the key.

It runs in the runner's thread, so that a fast session is the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from neurofeedback.session.live_state import LiveState, Request, RequestKind
from neurofeedback.session.outputs.network_outputs import SessionConsumer
from neurofeedback.texts.probe_questions import NOT_SURE
from neurofeedback.types import Chunk, Command, Event, EventKind, Frame

if TYPE_CHECKING:
    from neurofeedback.acquisition.simulated import SimulatedSource
    from neurofeedback.acquisition.source import Source
    from neurofeedback.simulation.probe_responses import ProbeAnswer, ResponseHabits

_ANSWER_KINDS = frozenset({EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY})


@runtime_checkable
class ToneListener(Protocol):
    """A source with a simulated person who hears the tone."""

    def set_tone_level(self, sample: int, level: float) -> None:
        """Set the level of the guide tone (0 to 1) from this sample on."""
        ...


def simulated_participant_for(source: Source, live_state: LiveState, *, answers: bool) -> tuple[SessionConsumer, ...]:
    """Return the participant of a simulated source; empty for another source.

    Parameters
    ----------
    answers : bool
        Answer probes and press the key; else that is left to the user.
    """
    if not isinstance(source, ToneListener):
        return ()
    from neurofeedback.simulation.probe_responses import DEFAULT_HABITS  # SciPy, only for a simulated person

    return (SimulatedParticipant(cast("SimulatedSource", source), live_state, DEFAULT_HABITS if answers else None),)


class SimulatedParticipant:
    """Answers by the true state of the source; see ``simulation.probe_responses``.

    Parameters
    ----------
    habits : ResponseHabits or None
        How the person answers; None for a person who only hears.
    """

    def __init__(self, source: SimulatedSource, live_state: LiveState, habits: ResponseHabits | None) -> None:
        self._source, self._live_state, self._habits = source, live_state, habits
        self._sfreq = source.stream.sfreq
        self._n_probes = 0
        self._keys: list[tuple[int, float]] = []
        self._key_due: float | None = None
        self._last_noticed_episode = -1

    def process_chunk(self, chunk: Chunk) -> None:
        """Ignore the signal."""

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Hear the tone, and press keys that are due."""
        for frame in frames:
            self._source.set_tone_level(frame.sample, frame.played_guidance.tone_gain)
        sample = frames[-1].sample
        if self._key_due is not None and sample >= self._key_due:
            value, _ = self._keys.pop(0)
            self._key_due = None
            self._live_state.send_request(Request(RequestKind.ANSWER, str(value)))
        if self._habits is not None:
            self._press_if_noticed(sample / self._sfreq, self._habits)

    def process_event(self, event: Event | Command) -> None:
        """Plan the answers to a probe."""
        if self._habits is None:
            return
        if event.kind is EventKind.PROBE:
            self._keys = _answer_keys(self._answer(event.sample, self._habits))
            self._n_probes += 1
            self._schedule_key(event.sample)
        elif event.kind in _ANSWER_KINDS:
            self._schedule_key(event.sample)
        elif event.kind is EventKind.UNANSWERED:
            self._keys, self._key_due = [], None

    def _answer(self, sample: int, habits: ResponseHabits) -> ProbeAnswer:
        from neurofeedback.simulation.probe_responses import draw_answer, snapshot_at

        truth = self._source.truth
        return draw_answer(snapshot_at(truth, sample / self._sfreq), self._n_probes, truth.seed, habits)

    def _schedule_key(self, sample: int) -> None:
        self._key_due = sample + self._keys[0][1] * self._sfreq if self._keys else None

    def _press_if_noticed(self, time_s: float, habits: ResponseHabits) -> None:
        """Press the key once when this episode of wandering is noticed."""
        from neurofeedback.simulation.probe_responses import draw_notice_delay
        from neurofeedback.simulation.states import MentalState

        truth = self._source.truth
        number = sum(episode.onset_s < time_s for episode in truth.episodes) - 1
        episode = truth.episodes[max(number, 0)]
        if number == self._last_noticed_episode or episode.state is not MentalState.WANDER:
            return
        if time_s - episode.onset_s >= draw_notice_delay(truth.seed, number, habits):
            self._last_noticed_episode = number
            self._live_state.send_request(Request(RequestKind.PRESS))


def _answer_keys(answer: ProbeAnswer) -> list[tuple[int, float]]:
    """Return the keys and their response times (s); after "not sure" the question "how sure" does not follow."""
    keys = list(zip(answer.codes, answer.response_times_s, strict=True))
    return [keys[0], keys[2]] if answer.attention == NOT_SURE else keys
