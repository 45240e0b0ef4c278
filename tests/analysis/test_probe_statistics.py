"""Wandering by answers: intervals and trends judged against people whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

from neurofeedback.analysis.probe_statistics import (
    AnswerCounts,
    WanderingTrend,
    estimate_wandering_share,
    fit_wandering_trend,
    sessions_needed,
)

counts = st.integers(0, 40)


def person(seed: int, slope: float, n_sessions: int = 12, each: int = 18) -> list[AnswerCounts]:
    """Somebody whose log odds of wandering change by ``slope`` a session and scatter by .3 besides."""
    rng = np.random.default_rng(seed)
    eta = -0.7 + slope * np.arange(n_sessions) + 0.3 * rng.standard_normal(n_sessions)
    wandered = rng.binomial(each, 1 / (1 + np.exp(-eta)))
    return [AnswerCounts(int(n), each - int(n)) for n in wandered]


def trends(slope: float, n_people: int = 120) -> list[WanderingTrend]:
    found = [fit_wandering_trend(person(seed, slope)) for seed in range(n_people)]
    return [trend for trend in found if trend is not None]


@given(counts, counts)
def test_the_interval_holds_the_share_and_stays_between_none_and_all(n_wander: int, n_focus: int) -> None:
    share = estimate_wandering_share(AnswerCounts(n_wander, n_focus))
    if share is None:
        assert n_wander + n_focus == 0
        return
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.high - share.low > 0


@given(counts, counts)
def test_wandering_and_focus_are_each_others_mirror(n_wander: int, n_focus: int) -> None:
    one, other = (
        estimate_wandering_share(AnswerCounts(n_wander, n_focus)),
        estimate_wandering_share(AnswerCounts(n_focus, n_wander)),
    )
    if one and other:
        assert one.low == pytest.approx(1 - other.high)


def test_the_interval_covers_the_truth_of_most_sittings() -> None:
    rng = np.random.default_rng(1)
    shares = [estimate_wandering_share(AnswerCounts(int(n), 20 - int(n))) for n in rng.binomial(20, 0.33, 400)]
    covered = np.mean([share.low <= 0.33 <= share.high for share in shares if share])
    assert 0.92 <= covered <= 0.98


def test_no_change_is_seldom_taken_for_one() -> None:
    found = trends(0.0)
    assert np.mean([trend.is_significant for trend in found]) <= 0.1
    assert np.mean([trend.factor for trend in found]) == pytest.approx(1.0, abs=0.03)


def test_a_fall_is_found_with_its_size() -> None:
    found = trends(-0.15)
    truth = np.exp(-0.15)
    assert np.mean([trend.low <= truth <= trend.high for trend in found]) >= 0.88
    assert np.mean([trend.is_significant for trend in found]) >= 0.6
    assert np.mean([trend.last < trend.first for trend in found]) >= 0.95


def test_turning_time_around_turns_the_trend_around() -> None:
    sessions = person(3, -0.1)
    there, back = fit_wandering_trend(sessions), fit_wandering_trend(sessions[::-1])
    assert there
    assert back
    assert there.factor == pytest.approx(1 / back.factor, rel=0.02)


def test_few_sessions_or_few_answers_have_no_trend() -> None:
    assert fit_wandering_trend(person(1, 0.0, n_sessions=4)) is None
    assert fit_wandering_trend(person(1, 0.0, each=3)) is None
    assert fit_wandering_trend([]) is None


def test_sessions_without_answers_keep_their_place() -> None:
    sessions = person(5, -0.1)
    sparse = [answers for pair in zip(sessions, [AnswerCounts(0, 0)] * 12, strict=True) for answers in pair]
    dense, spread = fit_wandering_trend(sessions), fit_wandering_trend(sparse)
    assert dense
    assert spread
    assert spread.factor == pytest.approx(dense.factor**0.5, rel=0.02)
    assert spread.n_sessions == 12


@pytest.mark.parametrize("answers", [AnswerCounts(10, 0), AnswerCounts(0, 10)])
def test_answers_of_one_kind_alone_are_no_trend(answers: AnswerCounts) -> None:
    assert fit_wandering_trend([answers] * 8) is None


@given(st.floats(0.02, 0.3), st.floats(0.1, 0.9), st.integers(5, 40))
def test_a_larger_fall_never_needs_more_sittings(fall: float, share: float, each: int) -> None:
    small, large = sessions_needed(fall, share, each), sessions_needed(2 * fall, share, each)
    assert small is None or (large is not None and large <= small)


def test_the_sittings_said_to_be_needed_do_suffice() -> None:
    n = sessions_needed(0.30, 0.45, 20)
    assert n
    rng = np.random.default_rng(2)
    truth = np.linspace(0.45 + 0.15, 0.45 - 0.15, n)
    seen = []
    for _ in range(60):
        trend = fit_wandering_trend([AnswerCounts(int(k), 20 - int(k)) for k in rng.binomial(20, truth)])
        seen.append(bool(trend and trend.is_significant and trend.factor < 1))
    assert np.mean(seen) >= 0.65


def test_sessions_without_any_scatter_have_the_interval_of_plain_logistic_regression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As rounding does to the curvature for hundreds of sittings that are the same; here for thirty, which are fast."""
    known = fit_wandering_trend([AnswerCounts(5, 10)] * 30)
    fit = BinomialBayesMixedGLM.fit_map

    def rounded(self: BinomialBayesMixedGLM) -> object:
        result = fit(self)
        result.fe_sd = np.sqrt(-result.fe_sd)
        return result

    monkeypatch.setattr(BinomialBayesMixedGLM, "fit_map", rounded)
    trend = fit_wandering_trend([AnswerCounts(5, 10)] * 30)
    assert known is not None
    assert trend is not None
    assert trend.factor == pytest.approx(1.0, abs=1e-3)
    assert 1 - trend.low == pytest.approx(1 - known.low, rel=0.1)
    assert trend.high > 1.0 > trend.low


def test_over_many_sittings_the_trend_is_as_honest() -> None:
    truth = -0.004
    found = [fit_wandering_trend(person(seed, truth, n_sessions=120)) for seed in range(120)]
    covered = [trend.low <= np.exp(truth) <= trend.high for trend in found if trend]
    assert 0.9 <= np.mean(covered) <= 0.99


def test_a_trend_does_not_jump_where_the_way_to_find_it_changes() -> None:
    few, many = (
        fit_wandering_trend(person(7, -0.02, n_sessions=60)),
        fit_wandering_trend(person(7, -0.02, n_sessions=61)),
    )
    assert few
    assert many
    assert few.factor == pytest.approx(many.factor, rel=0.01)
    assert np.log(few.high / few.low) == pytest.approx(np.log(many.high / many.low), rel=0.25)


def test_a_lifetime_of_sittings_has_a_trend() -> None:
    trend = fit_wandering_trend([AnswerCounts(5, 10)] * 10_000)
    assert trend
    assert not trend.is_significant
    assert trend.factor == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("half", [5, 100])
def test_a_mind_that_stopped_wandering_for_good_breaks_nothing(half: int) -> None:
    trend = fit_wandering_trend([AnswerCounts(10, 0)] * half + [AnswerCounts(0, 10)] * half)
    assert trend
    assert trend.last < 0.05
    assert trend.first > 0.95
    assert np.isfinite([trend.factor, trend.low, trend.high]).all()
