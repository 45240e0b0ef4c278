"""Formatting of times, lengths, shares and the index."""

from __future__ import annotations

import pytest

from neurofeedback.texts.format import format_clock, format_duration, format_index, format_percent


@pytest.mark.parametrize(("seconds", "expected"), [(-3, "0:00"), (0.4, "0:00"), (59.6, "1:00"), (3600, "60:00")])
def test_format_clock(seconds: float, expected: str) -> None:
    assert format_clock(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (599.6, "10 minutes"), (1234, "21 minutes")],
)
def test_format_duration(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected


def test_index_and_percent_without_a_value() -> None:
    assert format_index(float("nan")) == "unknown"
    assert format_index(49.6) == "50"
    assert format_percent(float("nan")) == "n/a"
