"""One line of a verification: what was looked at, the verdict, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CheckStatus(StrEnum):
    """Whether a thing adds up."""

    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKABLE = "cannot be judged"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A verdict on one item with its reason, and the figures behind it under names that carry their units."""

    item: str
    status: CheckStatus
    text: str
    measurements: Mapping[str, object] = field(default_factory=dict[str, object])


def check_result(
    item: str, faults: list[str], text: str, measurements: Mapping[str, object] | None = None
) -> CheckResult:
    """Return a finding that is wrong where there are faults, and then says which.

    Examples
    --------
    >>> ruled("markers", [], "3 gaps").ruling, ruled("markers", ["one is missing"], "3 gaps").text
    (<Ruling.OK: 'ok'>, 'one is missing')
    """
    ruling = CheckStatus.WRONG if faults else CheckStatus.OK
    return CheckResult(item, ruling, "; ".join(faults) or text, measurements or {})


def not_checkable(item: str, reason: str) -> CheckResult:
    """Return a finding that nothing can be said, and why."""
    return CheckResult(item, CheckStatus.NOT_CHECKABLE, reason)


def count_text(number: int, word: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count(1, "sample"), count(12345, "block")
    ('1 sample', '12,345 blocks')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
