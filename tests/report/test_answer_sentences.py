"""A sitting's answers, told as they were given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.report.answer_sentences import answer_sentences
from neurofeedback.types import Event, EventKind

SFREQ = 250.0


def probe(at_s: float, where: str | None = None, sure: str | None = None, sleepy: str | None = None) -> list[Event]:
    start = round(at_s * SFREQ)
    answers = {EventKind.ANSWER_WHERE: where, EventKind.ANSWER_SURE: sure, EventKind.ANSWER_SLEEPY: sleepy}
    given_answers = [(kind, value) for kind, value in answers.items() if value is not None]
    return [
        Event(start, EventKind.PROBE, "1"),
        *(Event(start + round((k + 2) * SFREQ), kind, value) for k, (kind, value) in enumerate(given_answers)),
    ]


def test_answers_are_described_with_interval() -> None:
    events = [event for k in range(10) for event in probe(10 * k, "2" if k < 3 else "1", "3", "2")]
    lines = answer_sentences([*events, Event(9, EventKind.PRESS)])
    assert lines[0] == "The chime asked 10 times: 7 on the breath, 3 elsewhere."
    assert (
        "In 30 % of 10 answers the mind was elsewhere; for the whole sitting the share is likely 9 % to 61 %."
        in lines[1]
    )
    assert "was 2.0 on average" in lines[2]
    assert lines[3] == "You noticed your mind wandering once."


def test_answers_to_a_question_of_a_practice_are_listed_in_its_own_words() -> None:
    kinds = [("1 wide", 2.0), ("2 caught, up", 3.0), ("1 wide", 2.0), None]
    events: list[Event] = []
    for k, answer in enumerate(kinds):
        events.append(Event(5000 * k, EventKind.PROBE, "own: Was the mind wide?"))
        events += [] if answer is None else [Event(5000 * k + 400, EventKind.ANSWER_OWN, answer[0])]
    events.append(Event(20000, EventKind.UNANSWERED, "own: time is up"))
    assert answer_sentences(events) == [
        "The chime asked 4 times: Was the mind wide? 2 wide, 1 caught, up, 1 not answered."
    ]


def test_session_without_probes_has_no_sentence() -> None:
    assert answer_sentences([Event(5, EventKind.MARK)]) == []


def test_no_share_without_decided_answers() -> None:
    lines = answer_sentences([*probe(1, "3"), *probe(9)])
    assert lines == ["The chime asked twice: 1 not sure, 1 not answered."]


@given(st.lists(st.sampled_from(["1", "2", "3", None]), max_size=20))
def test_every_probe_is_counted_once(where: list[str | None]) -> None:
    lines = answer_sentences([event for k, key in enumerate(where) for event in probe(10 * k, key)])
    total = sum(int(part.split()[0]) for part in lines[0].split(": ")[1].split(", ")) if lines else 0
    assert total == len(where)
