"""Sentences about phase, state, contact and headset fit: complete, and without medical claims."""

from __future__ import annotations

import re

import pytest

from neurofeedback.texts.contact import FLAT
from neurofeedback.texts.session import DISCLAIMER, INDEX_MEANING
from neurofeedback.texts.situation import CHANNELS, situation
from neurofeedback.texts.status import (
    contact_hint,
    contact_symbol,
    contact_text,
    headset_fit_text,
    index_source_text,
    phase_label,
)
from neurofeedback.types import (
    INDEX_NAME,
    ChannelContact,
    ContactLevel,
    ElectrodeQuality,
    HeadsetFit,
    Phase,
    State,
)

FORBIDDEN = re.compile(
    r"\bDMN\b|default mode|diagnos|\btreat|therap|patient|symptom|\bcure|disorder|clinic|medic|probabilit|percentile"
    r"|success|fail|score|well done",
    re.IGNORECASE,
)


def guidance_text(phase: Phase | None, state: State | None, lost_s: float = 0.0, *, water: bool = True) -> str:
    channels = CHANNELS[situation(phase, state, lost_s=lost_s)]
    return channels.words if water else channels.plain_words


def all_sentences() -> list[str]:
    guidance = [guidance_text(phase, state) for phase in (None, *Phase) for state in (None, *State)]
    phases = [phase_label(phase) for phase in (None, *Phase)]
    return [*guidance, *phases, INDEX_NAME, INDEX_MEANING]


def test_every_phase_and_state_has_a_sentence() -> None:
    assert all(all_sentences())


@pytest.mark.parametrize("text", all_sentences())
def test_no_sentence_claims_or_scores(text: str) -> None:
    assert not FORBIDDEN.search(text)


def test_index_is_named_as_a_proxy() -> None:
    assert INDEX_NAME == "mind-wandering index (EEG proxy)"
    assert INDEX_MEANING.endswith("a higher number suggests more wandering")


@pytest.mark.parametrize(
    "clause",
    [
        "experimental number from brain waves (EEG)",
        "In some people it was mostly wrong",
        "hardly better than guessing",
        "does not measure the default mode network",
        "It diagnoses and treats nothing",
        "helped meditation a little at most",
        "Tense muscles, drowsiness, poor contact and medication change the number",
    ],
)
def test_disclaimer_contains_every_clause(clause: str) -> None:
    assert clause in DISCLAIMER


def test_lost_headset_overrides_every_phase_and_state() -> None:
    lost = guidance_text(Phase.PRACTICE, State.LOST)
    assert guidance_text(Phase.BASELINE, State.FOCUS, lost_s=1.2) == lost
    assert "headset" in lost


def test_every_state_has_its_own_sentence() -> None:
    sentences = {guidance_text(Phase.PRACTICE, state) for state in State}
    assert len(sentences) == len(State)


def test_contact_text_names_electrode_and_reason() -> None:
    contacts = [
        ChannelContact("TP9", ContactLevel.BAD, ("flat: no skin contact",)),
        ChannelContact("AF7", ContactLevel.GOOD),
        ChannelContact("AF8", ContactLevel.FAIR, ("muscle", "moving")),
    ]
    assert contact_text(contacts) == "TP9: flat: no skin contact · AF8: muscle, moving"
    assert len({contact_symbol(contact)[0] for contact in contacts}) == 3


def test_contact_text_limits_the_electrodes() -> None:
    contacts = [ChannelContact(f"X{i}", ContactLevel.BAD, ("flat",)) for i in range(16)]
    assert contact_text(contacts).endswith("and 13 more")
    assert contact_text([]) == "Waiting for contact."
    assert contact_text([ChannelContact("Fz", ContactLevel.BAD)]) == "Fz: bad"


@pytest.mark.parametrize(
    ("n_answers", "live", "expected"),
    [
        (0, False, "How the tone reacts is based on studies of other people."),
        (
            0,
            True,
            "How the tone reacts is based on studies of other people, and on your answers once there are enough.",
        ),
        (1, False, "How the tone reacts is based on studies of other people and on your one answer."),
        (
            2,
            True,
            "How the tone reacts is based on studies of other people and on your own 2 answers. New answers can change "
            "that during this sitting.",
        ),
    ],
)
def test_index_source_depends_on_answers(n_answers: int, live: bool, expected: str) -> None:
    assert index_source_text(INDEX_NAME, n_answers, learns_live=live) == expected


@pytest.mark.parametrize("n_answers", [0, 200])
def test_status_without_trust_states_a_neutral_tone(n_answers: int) -> None:
    text = index_source_text(INDEX_NAME, n_answers, learns_live=True, trust=0.0)
    assert "no better than guessing" in text
    assert "the tone stays neutral" in text


def test_index_source_of_another_index_mentions_no_learning() -> None:
    text = index_source_text("alpha index", 12, learns_live=True)
    assert text == "The tone follows your alpha index; answers do not change it."


def make_fit(level: ContactLevel, *, all_good: bool, good_enough: bool) -> HeadsetFit:
    electrode = ElectrodeQuality(
        ChannelContact("TP9", level, () if level is ContactLevel.GOOD else ("muscle",)), 0.5, 1.0, 9.0, 0.0
    )
    return HeadsetFit((electrode,), (0.5,), (all_good,), all_good, good_enough)


def test_texts_before_the_first_signal() -> None:
    assert "Waiting" in headset_fit_text(None)
    assert "Waiting" in guidance_text(None, None)
    assert contact_hint(None) == ""


def test_texts_while_no_samples_arrive() -> None:
    good = make_fit(ContactLevel.GOOD, all_good=True, good_enough=True)
    assert headset_fit_text(good) == "Good contact everywhere."
    assert headset_fit_text(good, lost_s=2.0) == "No data from the headset."
    assert guidance_text(Phase.PRACTICE, State.FOCUS, lost_s=2.0) == guidance_text(Phase.PRACTICE, State.LOST)


def test_fair_contact_is_good_enough_or_improving() -> None:
    assert headset_fit_text(make_fit(ContactLevel.FAIR, all_good=True, good_enough=True)) == "Good enough everywhere."
    assert headset_fit_text(make_fit(ContactLevel.FAIR, all_good=False, good_enough=False)) == "Looking good so far."


@pytest.mark.parametrize(
    ("names", "reason", "beginning"),
    [
        (("TP9",), FLAT, "Left ear (TP9): Press"),
        (("AF7", "TP10"), FLAT, "Left forehead (AF7), right ear (TP10): Press"),
        (("AF7", "AF8", "TP10"), FLAT, "Press"),
        (("Cz",), FLAT, "Press"),
        (("TP9",), "moving", "Hold still"),
    ],
)
def test_hint_names_the_place_where_it_helps(names: tuple[str, ...], reason: str, beginning: str) -> None:
    contacts = [ChannelContact(name, ContactLevel.BAD, (reason,)) for name in names]
    poor = tuple(ElectrodeQuality(contact, 0.5, 1.0, 9.0, 0.0) for contact in contacts)
    n = len(names)
    fit = HeadsetFit(poor, (0.0,) * n, (False,) * n, all_good=False, good_enough=False)
    assert contact_hint(fit).startswith(beginning)


def test_poor_contact_comes_with_a_hint() -> None:
    poor = make_fit(ContactLevel.BAD, all_good=False, good_enough=False)
    assert headset_fit_text(poor) == "Not yet: 0 of 1 electrodes sit well."
    assert contact_hint(poor) == "Let jaw and forehead go soft."
    assert contact_hint(make_fit(ContactLevel.GOOD, all_good=True, good_enough=True)) == ""


def test_guidance_outside_practice_depends_on_the_phase_only() -> None:
    assert guidance_text(Phase.BASELINE, State.WANDER) == guidance_text(Phase.BASELINE, None)
    assert guidance_text(Phase.BASELINE, None) != guidance_text(Phase.PRACTICE, State.WANDER)
