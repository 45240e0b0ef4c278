"""What is said when there is little to say: before the first signal, and while nothing arrives."""

from __future__ import annotations

from neurofeedback.feedback.fit_words import fit_words, help_words
from neurofeedback.feedback.words import guidance_words, model_words
from neurofeedback.types import Contact, Electrode, Fit, Phase, State, Verdict


def fit(verdict: Verdict, *, everywhere: bool, enough: bool) -> Fit:
    electrode = Electrode(Contact("TP9", verdict, () if verdict is Verdict.GOOD else ("muscle",)), 0.5, 1.0, 9.0, 0.0)
    return Fit((electrode,), (0.5,), (everywhere,), everywhere, enough)


def test_before_the_first_signal_it_says_that_it_waits() -> None:
    assert "Waiting" in fit_words(None)
    assert "Waiting" in guidance_words(None, None)
    assert help_words(None) == ""


def test_while_nothing_arrives_it_says_so_whatever_was_before() -> None:
    good = fit(Verdict.GOOD, everywhere=True, enough=True)
    assert fit_words(good) == "Good contact everywhere."
    assert fit_words(good, lost_s=2.0) == "Nothing arrives from the headset."
    assert guidance_words(Phase.PRACTICE, State.FOCUS, lost_s=2.0) == guidance_words(Phase.PRACTICE, State.LOST)


def test_an_electrode_that_sits_fairly_is_good_enough_or_on_its_way() -> None:
    assert fit_words(fit(Verdict.FAIR, everywhere=True, enough=True)) == "Good enough everywhere."
    assert fit_words(fit(Verdict.FAIR, everywhere=False, enough=False)) == "Looking good so far."


def test_another_index_is_named_and_answers_do_not_change_it() -> None:
    assert model_words("alpha", 12, live=True) == "The guidance follows your alpha; answers do not change it."


def test_what_keeps_most_electrodes_from_sitting_well_is_told_with_what_helps() -> None:
    poor = fit(Verdict.BAD, everywhere=False, enough=False)
    assert fit_words(poor) == "Not yet: 0 of 1 electrodes sit well."
    assert help_words(poor) == "Let jaw and forehead go soft."
    assert help_words(fit(Verdict.GOOD, everywhere=True, enough=True)) == ""


def test_outside_practice_the_words_are_the_phases() -> None:
    assert guidance_words(Phase.BASELINE, State.WANDER) == guidance_words(Phase.BASELINE, None)
    assert guidance_words(Phase.BASELINE, None) != guidance_words(Phase.PRACTICE, State.WANDER)
