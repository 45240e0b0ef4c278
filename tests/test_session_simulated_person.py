"""The simulated person in a sitting: hears what is guided, answers what is asked, presses once an episode."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from neurofeedback.session.mailbox import Ask, Mailbox
from neurofeedback.session.simulated_person import SimulatedPerson, person_of
from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.conditions import CLEAN
from neurofeedback.simulation.devices import DEVICES
from neurofeedback.simulation.meditator import SimulatedSitting, sitting
from neurofeedback.simulation.population import Person
from neurofeedback.simulation.respondent import USUAL, answer, moment_at, presses
from neurofeedback.types import Event, EventKind, Frame, Guidance, Phase, State, Stream

SFREQ = 256


@dataclass
class Head:
    """A source whose truth is known and that remembers what it heard."""

    truth: SimulatedSitting
    heard: list[tuple[int, float]] = field(default_factory=list)
    stream: Stream = field(default_factory=lambda: Stream("simulated:1", 256.0, ("TP9", "AF7", "AF8", "TP10")))

    def hear(self, sample: int, level: float) -> None:
        self.heard.append((sample, level))


@pytest.fixture
def head() -> Head:
    truth = sitting(
        Person(), seconds=600, seed=1, montage=load_montage("muse"), device=DEVICES["muse"], conditions=CLEAN
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


def asked(mailbox: Mailbox, kind: Ask) -> list[str]:
    return [request.value for request in mailbox.requests() if request.kind is kind]


def test_the_tone_is_heard_frame_by_frame(head: Head) -> None:
    (person,) = person_of(head, Mailbox(), answers=False)
    person.frames([frame(64, 0.1), frame(128, 0.2)])
    assert head.heard == [(64, 0.1), (128, 0.2)]


def test_nobody_sits_behind_a_real_headset() -> None:
    assert person_of(object(), Mailbox(), answers=True) == ()


def test_who_only_hears_leaves_the_keys_to_others(head: Head) -> None:
    mailbox = Mailbox()
    (person,) = person_of(head, mailbox, answers=False)
    person.event(Event(64, EventKind.PROBE))
    for sample in range(128, 300 * SFREQ, 64):
        person.frames([frame(sample)])
    assert mailbox.requests() == []


def test_each_answer_comes_after_its_delay_and_waits_for_its_question(head: Head) -> None:
    mailbox = Mailbox()
    person = SimulatedPerson(head, mailbox, USUAL)
    chime = 20 * SFREQ
    true = answer(moment_at(head.truth, 20.0), 0, head.truth.seed)
    kinds = (EventKind.ANSWER_WHERE, EventKind.ANSWER_SURE, EventKind.ANSWER_SLEEPY)
    person.event(Event(chime, EventKind.PROBE))
    begun, given = chime, []
    for sample in range(chime + 64, chime + 30 * SFREQ, 64):
        person.frames([frame(sample)])
        for value in asked(mailbox, Ask.ANSWER):
            assert 0 <= sample - begun - true.delays_s[len(given)] * SFREQ < 64
            person.event(Event(sample, kinds[len(given)], value))
            begun = sample
            given.append(int(value))
    assert tuple(given) == true.keys


def test_a_question_that_went_away_is_answered_no_more(head: Head) -> None:
    mailbox = Mailbox()
    person = SimulatedPerson(head, mailbox, USUAL)
    person.event(Event(20 * SFREQ, EventKind.PROBE))
    person.event(Event(20 * SFREQ + 10, EventKind.UNANSWERED))
    for sample in range(21 * SFREQ, 40 * SFREQ, 64):
        person.frames([frame(sample)])
    assert asked(mailbox, Ask.ANSWER) == []
    person.close()


def test_wandering_is_noticed_as_the_respondent_notices_it(head: Head) -> None:
    mailbox = Mailbox()
    person = SimulatedPerson(head, mailbox, USUAL)
    pressed = []
    for sample in range(64, 600 * SFREQ, 64):
        person.frames([frame(sample)])
        pressed += [sample / SFREQ for _ in asked(mailbox, Ask.PRESS)]
    expected = presses(head.truth)
    assert len(expected) > 3
    assert pressed == pytest.approx(expected, abs=0.26)
