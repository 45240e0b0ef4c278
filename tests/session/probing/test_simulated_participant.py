"""The simulated participant: hears the tone, answers probes, presses once an episode."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from neurofeedback.session.live_state import LiveState, RequestKind
from neurofeedback.session.probing.simulated_participant import SimulatedParticipant, simulated_participant_for
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.disturbances import CLEAN
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.probe_responses import DEFAULT_HABITS, draw_answer, draw_presses, snapshot_at
from neurofeedback.simulation.simulated_meditator import SimulatedSession, draw_session
from neurofeedback.types import Event, EventKind, Frame, Guidance, Phase, State, StreamInfo

SFREQ = 256


@dataclass
class Head:
    """Source with a known truth that records the tone levels."""

    truth: SimulatedSession
    tones: list[tuple[int, float]] = field(default_factory=list)
    stream: StreamInfo = field(default_factory=lambda: StreamInfo("simulated:1", 256.0, ("TP9", "AF7", "AF8", "TP10")))

    def set_tone_level(self, sample: int, level: float) -> None:
        self.tones.append((sample, level))


@pytest.fixture
def head() -> Head:
    truth = draw_session(
        Person(), seconds=600, seed=1, montage=load_montage("muse"), headset=HEADSETS["muse"], disturbances=CLEAN
    )
    return Head(truth)


def frame(sample: int, level: float = 0.3) -> Frame:
    return Frame(
        index=sample // 64 - 1,
        sample=sample,
        onset=sample / SFREQ,
        phase=Phase.PRACTICE,
        valid=True,
        signal=1.0,
        confidence=0.3,
        state=State.FOCUS,
        drowsy=False,
        index_u=0.0,
        mwi=50.0,
        threshold=0.0,
        reward=True,
        guidance=Guidance(tone_gain=level),
        values=(),
        contacts=(),
    )


def asked(mailbox: LiveState, kind: RequestKind) -> list[str]:
    return [request.value for request in mailbox.drain_requests() if request.kind is kind]


def test_participant_gets_the_tone_of_each_frame(head: Head) -> None:
    (person,) = simulated_participant_for(head, LiveState(), answers=False)
    person.process_frames([frame(64, 0.1), frame(128, 0.2)])
    assert head.tones == [(64, 0.1), (128, 0.2)]


def test_real_headset_has_no_simulated_participant() -> None:
    assert simulated_participant_for(object(), LiveState(), answers=True) == ()


def test_participant_without_habits_sends_no_keys(head: Head) -> None:
    mailbox = LiveState()
    (person,) = simulated_participant_for(head, mailbox, answers=False)
    person.process_event(Event(64, EventKind.PROBE))
    for sample in range(128, 300 * SFREQ, 64):
        person.process_frames([frame(sample)])
    assert mailbox.drain_requests() == []


def test_answers_come_after_their_delay(head: Head) -> None:
    mailbox = LiveState()
    person = SimulatedParticipant(head, mailbox, DEFAULT_HABITS)
    chime = 20 * SFREQ
    true = draw_answer(snapshot_at(head.truth, 20.0), 0, head.truth.seed)
    kinds = (EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY)
    person.process_event(Event(chime, EventKind.PROBE))
    begun, given = chime, []
    for sample in range(chime + 64, chime + 30 * SFREQ, 64):
        person.process_frames([frame(sample)])
        for value in asked(mailbox, RequestKind.ANSWER):
            assert 0 <= sample - begun - true.response_times_s[len(given)] * SFREQ < 64
            person.process_event(Event(sample, kinds[len(given)], value))
            begun = sample
            given.append(int(value))
    assert tuple(given) == true.codes


def test_closed_question_gets_no_answer(head: Head) -> None:
    mailbox = LiveState()
    person = SimulatedParticipant(head, mailbox, DEFAULT_HABITS)
    person.process_event(Event(20 * SFREQ, EventKind.PROBE))
    person.process_event(Event(20 * SFREQ + 10, EventKind.UNANSWERED))
    for sample in range(21 * SFREQ, 40 * SFREQ, 64):
        person.process_frames([frame(sample)])
    assert asked(mailbox, RequestKind.ANSWER) == []


def test_participant_presses_when_wandering_is_noticed(head: Head) -> None:
    mailbox = LiveState()
    person = SimulatedParticipant(head, mailbox, DEFAULT_HABITS)
    pressed = []
    for sample in range(64, 600 * SFREQ, 64):
        person.process_frames([frame(sample)])
        pressed += [sample / SFREQ for _ in asked(mailbox, RequestKind.PRESS)]
    expected = draw_presses(head.truth)
    assert len(expected) > 3
    assert pressed == pytest.approx(expected, abs=0.26)
