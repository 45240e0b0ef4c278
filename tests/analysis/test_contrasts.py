"""Intervals that cover, tests that seldom cry wolf, and no p where sessions are few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurofeedback.analysis.conditions.contrasts import (
    MIN_SESSIONS_FOR_TEST,
    Contrast,
    add_q_values,
    block_interval,
    order_inflation,
)
from neurofeedback.analysis.conditions.contrasts import (
    compute_contrast as compute_in_order,
)

values = st.lists(st.floats(-5, 5), min_size=1, max_size=8)


def in_turn(n_a: int, n_b: int) -> list[bool]:
    """Return an order of sessions in which the sides take turns as far as their numbers allow."""
    return [is_b for _, is_b in sorted([(k / n_a, False) for k in range(n_a)] + [(k / n_b, True) for k in range(n_b)])]


def compute_contrast(a: Sequence[float], b: Sequence[float], own_sd: float | None = None) -> Contrast:
    """Compare two sides that take turns."""
    return compute_in_order(a, b, own_sd, is_b=in_turn(len(a), len(b)) if a and b else None)


def drifting(rng: np.random.Generator, mean: float, n: int, sd: float = 0.3) -> list[float]:
    """Values of sessions that scatter by ``sd`` and by the mean of a slow drift (OU, 120 s, .2) over two minutes."""
    return list(mean + sd * rng.standard_normal(n) + 0.2 * 0.86 * rng.standard_normal(n))


@given(values, values)
def test_turning_the_sides_turns_the_sign(a: list[float], b: list[float]) -> None:
    there, back = compute_contrast(a, b), compute_contrast(b, a)
    assert there.difference == pytest.approx(-back.difference)
    if there.interval and back.interval:
        assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-9)
        assert there.p == pytest.approx(back.p)


@given(values, values)
def test_with_fewer_than_five_a_side_there_is_no_p(a: list[float], b: list[float]) -> None:
    found = compute_contrast(a, b)
    assert (found.p is None) == (min(len(a), len(b)) < MIN_SESSIONS_FOR_TEST)
    assert (found.interval is None) == (found.p is None) == (found.g is None)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=8, unique=True), st.floats(0.1, 10), st.floats(-3, 3))
def test_another_unit_changes_the_difference_and_not_g_nor_p(a: list[float], scale: float, shift: float) -> None:
    b = [value + 0.5 * (-1) ** place for place, value in enumerate(a)]
    plain, scaled = (
        compute_contrast(a, b),
        compute_contrast([scale * x + shift for x in a], [scale * x + shift for x in b]),
    )
    assert scaled.difference == pytest.approx(scale * plain.difference, abs=1e-6)
    if plain.sd and plain.sd > 1e-3:
        assert scaled.g == pytest.approx(plain.g, abs=1e-6)
        assert scaled.p == pytest.approx(plain.p, abs=1e-6)


def test_it_is_welchs_test() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, 6), rng.normal(1, 3, 9)
    found = compute_contrast(a.tolist(), b.tolist())
    other = stats.ttest_ind(b, a, equal_var=False)
    assert found.p == pytest.approx(other.pvalue)
    assert found.interval
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(other.confidence_interval()))


@pytest.mark.parametrize(("truth", "n"), [(0.0, 5), (0.0, 12), (0.4, 5), (0.8, 8)])
def test_intervals_cover_the_truth(truth: float, n: int) -> None:
    rng = np.random.default_rng(7)
    found = [compute_contrast(drifting(rng, 0, n), drifting(rng, truth, n)) for _ in range(400)]
    covered = np.mean([one.interval.low <= truth <= one.interval.high for one in found if one.interval])
    assert 0.92 <= covered <= 0.98
    g = truth / np.hypot(0.3, 0.2 * 0.86)
    covered = np.mean([one.g_interval.low <= g <= one.g_interval.high for one in found if one.g_interval])
    assert 0.90 <= covered <= 0.985


def test_where_nothing_differs_little_is_discovered() -> None:
    rng = np.random.default_rng(8)
    false = 0
    for _ in range(200):
        found = add_q_values({f"m{k}": compute_contrast(drifting(rng, 0, 6), drifting(rng, 0, 6)) for k in range(10)})
        false += any(one.q is not None and one.q <= 0.05 for one in found.values())
    assert false / 200 <= 0.08  # 5 % by definition; 10 of 200 +- 3


def test_q_is_never_below_p_and_keeps_its_order() -> None:
    rng = np.random.default_rng(9)
    found = add_q_values({f"m{k}": compute_contrast(drifting(rng, 0, 6), drifting(rng, k / 10, 6)) for k in range(10)})
    pairs = sorted((one.p, one.q) for one in found.values() if one.p is not None and one.q is not None)
    assert all(q >= p for p, q in pairs)
    assert [q for _, q in pairs] == sorted(q for _, q in pairs)
    assert add_q_values({"few": compute_contrast([1.0], [2.0])})["few"].q is None


def test_one_session_a_side_stands_beside_the_persons_own_scatter() -> None:
    found = compute_contrast([1.0], [1.5], own_sd=0.4)
    assert (found.difference, found.sd, found.p) == (0.5, 0.4, None)
    assert compute_contrast([1.0], [1.5]).sd is None
    assert compute_contrast([1.0, 2.0], [1.5, 2.5], own_sd=9.0).sd == pytest.approx(np.sqrt(0.5))


def test_difference_of_two_recordings_has_an_interval_from_blocks() -> None:
    assert block_interval([1.0], [2.0, 3.0]) is None
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(300):
        found = block_interval(rng.normal(0, 1, 4).tolist(), rng.normal(1, 1, 4).tolist())
        hits.append(bool(found and found.low <= 1 <= found.high))
    assert 0.91 <= np.mean(hits) <= 0.99


def test_sessions_that_are_all_alike_are_no_proof() -> None:
    found = compute_contrast([1.0] * 5, [1.0] * 5)
    assert (found.difference, found.p, found.g) == (0.0, 1.0, 0.0)


def test_a_side_without_sessions_is_refused() -> None:
    with pytest.raises(ValueError, match="without sessions"):
        compute_contrast([], [1.0])
    assert isinstance(compute_contrast([0.0], [1.0]), Contrast)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("aaaaabbbbb", 2.67), ("aabbbbbaaa", 1.77), ("ababababab", 0.43), ("abbabaabba", 0.65), ("aabbaabbaa", 0.88)],
)
def test_the_order_of_the_sides_has_its_number(order: str, expected: float) -> None:
    is_b = [side == "b" for side in order]
    assert order_inflation(is_b) == pytest.approx(expected, abs=0.01)
    assert order_inflation([not side for side in is_b]) == pytest.approx(expected, abs=0.01)
    assert order_inflation(is_b[::-1]) == pytest.approx(expected, abs=0.01)


def test_an_order_without_two_sides_has_no_number() -> None:
    for order in ([], [True], [False, True], [True] * 5):
        assert order_inflation(order) is None


@pytest.mark.parametrize(("order", "tested"), [("aaaaabbbbb", False), ("aabbbbbaaa", False), ("abbabaabba", True)])
def test_sides_apart_in_time_have_no_test_whatever_their_values(order: str, *, tested: bool) -> None:
    is_b = [side == "b" for side in order]
    for b in ([5.0, 6.0, 7.0, 6.0, 5.0], [0.0, 1.0, 2.0, 1.0, 0.0]):
        found = add_q_values({"one": compute_in_order([0.0, 1.0, 2.0, 1.0, 0.0], b, is_b=is_b)})["one"]
        assert found.separated is not tested
        parts = (found.p, found.q, found.g, found.interval, found.g_interval)
        assert all((part is not None) is tested for part in parts)
        assert found.sd is not None


def test_without_an_order_there_is_no_test() -> None:
    assert compute_in_order([1.0] * 5, [2.0] * 5).p is None


def test_values_that_hardly_differ_have_a_p() -> None:
    a = [1e8, 1e8, 1e8, 1e8, 1e8 + 1e-7]
    p = compute_contrast(a, a[::-1]).p
    assert p is not None
    assert 0 <= p <= 1
