"""Wandering by answers: intervals and trends judged against people whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from neurofeedback.analysis.probe_statistics import (
    AnswerCounts,
    WanderingTrend,
    estimate_long_run_share,
    estimate_session_sd,
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


def test_no_change_is_seldom_significant() -> None:
    found = trends(0.0)
    assert np.mean([trend.is_significant for trend in found]) <= 0.05
    assert np.mean([trend.factor for trend in found]) == pytest.approx(1.0, abs=0.03)


def test_a_fall_is_found_with_its_size() -> None:
    found = trends(-0.25)
    truth = np.exp(-0.25)
    assert np.mean([trend.low <= truth <= trend.high for trend in found]) >= 0.93
    assert np.mean([trend.is_significant for trend in found]) >= 0.6
    assert np.mean([trend.last < trend.first for trend in found]) >= 0.95


def test_the_trend_is_statsmodels_with_the_excess_of_the_dispersion_inflated() -> None:
    """The formula of the docstring with the matrices written out."""
    sessions = person(4, -0.1)
    trend = fit_wandering_trend(sessions)
    assert trend is not None
    x = np.arange(12.0) - 5.5
    counts = np.array([[one.n_wander, one.n_focus] for one in sessions] + [[0.5, 0.5]] * 2)
    design = np.column_stack([np.ones(14), [*x, x[0], x[-1]]])
    plain = GLM(counts, design, family=Binomial()).fit()
    memory = 0.5 ** np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    maker = np.eye(12) - design[:12] @ np.linalg.pinv(design[:12])
    residual = maker @ memory
    phi = np.sum(plain.resid_pearson[:12] ** 2) / 10
    inflation = (x @ memory @ x / (x @ x)) / (np.trace(residual) / 10)
    free = np.trace(residual) ** 2 / np.trace(residual @ residual)
    half = stats.t.ppf(0.975, free) * plain.bse[1] * np.sqrt(1 + max(phi - 1, 0) * inflation)
    assert free == pytest.approx(7.3, abs=0.05)
    assert np.log([trend.low, trend.high]) == pytest.approx([plain.params[1] - half, plain.params[1] + half])
    assert trend.low < trend.quasibinomial_low < trend.factor < trend.quasibinomial_high < trend.high


def test_turning_time_around_turns_the_trend_around() -> None:
    sessions = person(3, -0.1)
    there, back = fit_wandering_trend(sessions), fit_wandering_trend(sessions[::-1])
    assert there
    assert back
    assert there.factor == pytest.approx(1 / back.factor, rel=0.02)
    assert there.low == pytest.approx(1 / back.high, rel=0.02)


def test_few_sessions_or_few_answers_have_no_trend() -> None:
    assert fit_wandering_trend(person(1, -2.0, n_sessions=7)) is None
    assert fit_wandering_trend(person(1, -0.3, n_sessions=8)) is not None
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
    assert spread.high / spread.low < (dense.high / dense.low) ** 0.5, "sessions two apart are less alike"


@pytest.mark.parametrize("answers", [AnswerCounts(10, 0), AnswerCounts(0, 10)])
def test_answers_of_one_kind_alone_are_no_trend(answers: AnswerCounts) -> None:
    assert fit_wandering_trend([answers] * 8) is None
    assert estimate_session_sd([answers] * 8) is None
    share = estimate_long_run_share([answers] * 8)
    assert share is not None
    assert (share.high == 1.0) if answers.n_wander else (share.low == 0.0)
    assert 0.0 < share.high - share.low < 0.5


@pytest.mark.parametrize("at", [0, 11])
def test_one_session_of_400_answers_makes_no_trend(at: int) -> None:
    sessions = [AnswerCounts(5, 10)] * 11
    sessions.insert(at, AnswerCounts(260, 140))
    trend = fit_wandering_trend(sessions)
    assert trend is not None
    assert not trend.is_significant
    assert trend.n_answers == 565
    share = estimate_long_run_share(sessions)
    assert share is not None
    assert share.low < 1 / 3 < share.high, "eleven of twelve sittings were like that"


def test_the_longer_run_waits_for_five_sessions_and_is_wider_than_these() -> None:
    sessions = person(6, 0.0, n_sessions=10)
    assert estimate_long_run_share(sessions[:4]) is None
    long_run = estimate_long_run_share(sessions)
    these = estimate_wandering_share(AnswerCounts(sum(s.n_wander for s in sessions), sum(s.n_focus for s in sessions)))
    assert long_run is not None
    assert these is not None
    assert long_run.n_sessions == 10
    assert long_run.low < these.low < these.high < long_run.high


def test_the_spread_between_sessions_is_found() -> None:
    alike = estimate_session_sd([AnswerCounts(5, 10)] * 10)
    assert alike == (0.0, 0.0)
    apart = estimate_session_sd([AnswerCounts(3, 17), AnswerCounts(14, 6)] * 10)
    assert apart is not None
    assert 0.7 < apart[0] < 1.1 < apart[1] < 2.0
    assert estimate_session_sd([AnswerCounts(3, 17)] * 4) is None
    assert estimate_session_sd([AnswerCounts(1, 0), AnswerCounts(0, 1)] * 4) is None, "one answer shows no spread"


@given(st.floats(0.02, 0.2), st.floats(0.45, 0.9), st.integers(5, 40), st.floats(0.0, 1.0))
def test_a_larger_fall_never_needs_more_sittings(fall: float, share: float, each: int, sd: float) -> None:
    small, large = sessions_needed(fall, share, each, sd), sessions_needed(2 * fall, share, each, sd)
    assert small is None or (large is not None and large <= small)


@given(st.integers(2, 40), st.floats(0.0, 0.6), st.floats(0.01, 0.4))
def test_more_spread_never_needs_fewer_sittings(each: int, sd: float, more: float) -> None:
    calm, restless = sessions_needed(0.2, 0.4, each, sd), sessions_needed(0.2, 0.4, each, sd + more)
    assert restless is None or (calm is not None and calm <= restless)


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
