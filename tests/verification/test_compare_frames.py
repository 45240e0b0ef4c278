"""Comparison of a frame log with its replay: exact, within the tolerance, beyond it, or of another length."""

from __future__ import annotations

import pytest

from neurofeedback.verification.compare_frames import TOLERANCE, compare_frame_logs, version_differences

HEAD = "sample\tstate\tmwi\tlatency_ms\n"
LOG = [HEAD, "64\tfocus\t50.25\t3.1\n", "128\tn/a\tn/a\t2.9\n"]


def changed(row: str, at: int = 1) -> list[str]:
    return [*LOG[:at], row, *LOG[at + 1 :]]


def test_equal_logs_have_no_difference_whatever_their_latency() -> None:
    compared = compare_frame_logs(LOG, changed("64\tfocus\t50.25\t99\n"))
    assert (compared.first_difference, compared.first_beyond_tolerance) == (None, None)


@pytest.mark.parametrize("factor", [0.5, -0.5])
def test_difference_within_the_tolerance_is_named_as_text_alone(factor: float) -> None:
    compared = compare_frame_logs(LOG, changed(f"64\tfocus\t{50.25 * (1 + factor * TOLERANCE):.9f}\t3.1\n"))
    assert compared.first_difference
    assert "row 1, mwi: '50.25'" in compared.first_difference
    assert compared.first_beyond_tolerance is None


@pytest.mark.parametrize(
    ("row", "at", "difference"),
    [
        ("64\tfocus\t50.26\t3.1\n", 1, "row 1, mwi: '50.25' against '50.26'"),
        ("64\twander\t50.25\t3.1\n", 1, "row 1, state: 'focus' against 'wander'"),
        ("128\tn/a\t0\t2.9\n", 2, "row 2, mwi: 'n/a' against '0'"),
        ("64\tfocus\n", 1, "row 1, mwi: '50.25' against ''"),
    ],
)
def test_first_difference_beyond_the_tolerance_names_row_and_column(row: str, at: int, difference: str) -> None:
    assert compare_frame_logs(LOG, changed(row, at)).first_beyond_tolerance == difference


def test_logs_of_different_length_are_named_by_their_counts() -> None:
    compared = compare_frame_logs(LOG, LOG[:-1])
    assert compared.first_difference
    assert compared.first_beyond_tolerance
    assert {"2", "1"} <= set(compared.first_beyond_tolerance.replace(",", " ").split())


def test_packages_that_cannot_change_a_number_are_left_out() -> None:
    recorded = {"numpy": "2.1", "PyQt6": "6.11", "scipy": "1.15"}
    assert version_differences(recorded, recorded) == []
    assert version_differences(recorded, {"numpy": "2.1", "mne": "1.13"}) == [
        "scipy 1.15 then, none here",
        "mne unknown then, 1.13 here",
    ]
