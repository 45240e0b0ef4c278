"""What is said: plain, complete, and never more than the science allows."""

from __future__ import annotations

import re

import pytest

from neurofeedback.texts import session
from neurofeedback.types import INDEX_NAME, ChannelContact, ContactLevel, Phase, State

FORBIDDEN = re.compile(
    r"\bDMN\b|default mode|diagnos|\btreat|therap|patient|symptom|\bcure|disorder|clinic|medic|probabilit|percentile"
    r"|success|fail|score|well done",
    re.IGNORECASE,
)


def everything_said() -> list[str]:
    guidance = [session.guidance_text(phase, state) for phase in (None, *Phase) for state in (None, *State)]
    phases = [session.phase_label(phase) for phase in (None, *Phase)]
    return [*guidance, *phases, INDEX_NAME, session.INDEX_MEANING]


def test_every_moment_has_words() -> None:
    assert all(everything_said())


@pytest.mark.parametrize("said", everything_said())
def test_nothing_claims_or_scores(said: str) -> None:
    assert not FORBIDDEN.search(said)


def test_the_index_says_what_it_is() -> None:
    assert INDEX_NAME == "mind-wandering index (EEG proxy)"
    assert session.INDEX_MEANING.startswith("compared with your own baseline")


@pytest.mark.parametrize(
    "clause",
    [
        "experimental EEG-derived index",
        "points the wrong way for one in five to one in two people",
        "does not measure the default mode network, diagnose or treat any condition",
        "at most small benefits over control",
        "Muscle tension, drowsiness, poor contact and medication change the index",
    ],
)
def test_honest_claims_are_complete(clause: str) -> None:
    assert clause in session.DISCLAIMER


def test_a_lost_headset_outranks_everything_else() -> None:
    lost = session.guidance_text(Phase.PRACTICE, State.LOST)
    assert session.guidance_text(Phase.BASELINE, State.FOCUS, lost_s=1.2) == lost
    assert "headset" in lost


def test_calm_unknown_and_rippled_read_differently() -> None:
    said = {session.guidance_text(Phase.PRACTICE, state) for state in State}
    assert len(said) == len(State)


def test_contact_names_the_electrode_and_the_reason() -> None:
    contacts = [
        ChannelContact("TP9", ContactLevel.BAD, ("flat: no skin contact",)),
        ChannelContact("AF7", ContactLevel.GOOD),
        ChannelContact("AF8", ContactLevel.FAIR, ("muscle", "moving")),
    ]
    assert session.contact_text(contacts) == "TP9: flat: no skin contact · AF8: muscle, moving"
    assert len({session.contact_symbol(contact)[0] for contact in contacts}) == 3


def test_many_poor_contacts_are_summed_up() -> None:
    contacts = [ChannelContact(f"X{i}", ContactLevel.BAD, ("flat",)) for i in range(16)]
    assert session.contact_text(contacts).endswith("and 13 more")
    assert session.contact_text([]) == "Waiting for contact."
    assert session.contact_text([ChannelContact("Fz", ContactLevel.BAD)]) == "Fz: bad"


@pytest.mark.parametrize(("seconds", "said"), [(-3, "0:00"), (0.4, "0:00"), (59.6, "1:00"), (3600, "60:00")])
def test_clock(seconds: float, said: str) -> None:
    assert session.format_clock(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (599.6, "10 minutes"), (1234, "21 minutes")],
)
def test_duration(seconds: float, said: str) -> None:
    assert session.format_duration(seconds) == said


def test_what_is_not_known_is_said() -> None:
    assert session.format_index(float("nan")) == "unknown"
    assert session.format_index(49.6) == "50"
    assert session.format_percent(float("nan")) == "n/a"


@pytest.mark.parametrize(
    ("n_answers", "live", "said"),
    [
        (0, False, "The guidance follows what group studies found on average."),
        (0, True, "The guidance follows what group studies found on average; each new answer refines it."),
        (1, False, "The guidance follows what your own answer has taught so far."),
        (2, True, "The guidance follows what your own 2 answers have taught so far; each new answer refines it."),
    ],
)
def test_what_guides_is_one_sentence(n_answers: int, live: bool, said: str) -> None:
    assert session.index_source_text(INDEX_NAME, n_answers, learns_live=live) == said


def test_another_index_is_not_moved_by_answers() -> None:
    said = session.index_source_text("alpha index", 12, learns_live=True)
    assert said == "The guidance follows your alpha index; answers do not change it."
