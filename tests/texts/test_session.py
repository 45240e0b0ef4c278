"""What is said when there is little to say: before the first signal, and while nothing arrives."""

from __future__ import annotations

from neurofeedback.texts.headset_fit import contact_hint, headset_fit_text
from neurofeedback.texts.session import guidance_text, index_source_text
from neurofeedback.types import ChannelContact, ContactLevel, ElectrodeQuality, HeadsetFit, Phase, State


def fit(verdict: ContactLevel, *, everywhere: bool, enough: bool) -> HeadsetFit:
    electrode = ElectrodeQuality(
        ChannelContact("TP9", verdict, () if verdict is ContactLevel.GOOD else ("muscle",)), 0.5, 1.0, 9.0, 0.0
    )
    return HeadsetFit((electrode,), (0.5,), (everywhere,), everywhere, enough)


def test_before_the_first_signal_it_says_that_it_waits() -> None:
    assert "Waiting" in headset_fit_text(None)
    assert "Waiting" in guidance_text(None, None)
    assert contact_hint(None) == ""


def test_while_nothing_arrives_it_says_so_whatever_was_before() -> None:
    good = fit(ContactLevel.GOOD, everywhere=True, enough=True)
    assert headset_fit_text(good) == "Good contact everywhere."
    assert headset_fit_text(good, lost_s=2.0) == "Nothing arrives from the headset."
    assert guidance_text(Phase.PRACTICE, State.FOCUS, lost_s=2.0) == guidance_text(Phase.PRACTICE, State.LOST)


def test_an_electrode_that_sits_fairly_is_good_enough_or_on_its_way() -> None:
    assert headset_fit_text(fit(ContactLevel.FAIR, everywhere=True, enough=True)) == "Good enough everywhere."
    assert headset_fit_text(fit(ContactLevel.FAIR, everywhere=False, enough=False)) == "Looking good so far."


def test_another_index_is_named_and_answers_do_not_change_it() -> None:
    assert (
        index_source_text("alpha", 12, learns_live=True) == "The guidance follows your alpha; answers do not change it."
    )


def test_what_keeps_most_electrodes_from_sitting_well_is_told_with_what_helps() -> None:
    poor = fit(ContactLevel.BAD, everywhere=False, enough=False)
    assert headset_fit_text(poor) == "Not yet: 0 of 1 electrodes sit well."
    assert contact_hint(poor) == "Let jaw and forehead go soft."
    assert contact_hint(fit(ContactLevel.GOOD, everywhere=True, enough=True)) == ""


def test_outside_practice_the_words_are_the_phases() -> None:
    assert guidance_text(Phase.BASELINE, State.WANDER) == guidance_text(Phase.BASELINE, None)
    assert guidance_text(Phase.BASELINE, None) != guidance_text(Phase.PRACTICE, State.WANDER)
