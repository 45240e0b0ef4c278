"""Today's baseline beside the usual one, said in the report once three are kept."""

from __future__ import annotations

import pytest

from neurofeedback.recording.session_json import SessionSummary, parse_document
from neurofeedback.report.session_sentences import baseline_sentences

FEATURES = ("theta_frontal", "beta_all")


def summary(theta: float) -> SessionSummary:
    past = {"n_sessions": 5, "differences": {"theta_frontal": theta, "beta_all": -0.3}}
    return parse_document(SessionSummary, {"usual_baseline": past})


def test_typical_session_is_described_as_typical() -> None:
    first, second, third = baseline_sentences(summary(0.4), FEATURES, "session")
    assert "5 earlier sessions: theta power, frontal +0.4; beta power, whole head -0.3" in first
    assert second == "Days usually differ by this much."
    assert third == "Feedback was relative to today's baseline."


def test_an_unusual_day_is_not_put_down_to_practice() -> None:
    _, second, third = baseline_sentences(summary(-3.1), FEATURES, "own")
    assert "the fit of the headset, tiredness or medication" in second
    assert third == "Feedback was relative to the average baseline."


@pytest.mark.parametrize("document", [{}, {"usual_baseline": None}, {"usual_baseline": {}}, summary(1.0).as_dict()])
def test_no_sentence_without_personal_baseline(document: dict[str, object]) -> None:
    assert baseline_sentences(parse_document(SessionSummary, document), ("chi_all",), "session") == []
