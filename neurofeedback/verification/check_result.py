"""The result of one check: its item, status and reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts

Measurement = bool | int | float | str | Sequence[str] | Sequence[float] | Sequence[Mapping[str, float]]
"""One number, text or list that a check has measured."""


class CheckStatus(StrEnum):
    """Outcome of a check."""

    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKABLE = "cannot be judged"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check with its reason, and the measurements behind it under names with units."""

    item: str
    status: CheckStatus
    text: str
    measurements: Mapping[str, Measurement] = field(default_factory=dict[str, Measurement])


def check_result(
    item: str, faults: list[str], text: str, measurements: Mapping[str, Measurement] | None = None
) -> CheckResult:
    """Return a result that is wrong if there are faults, and then lists them.

    Examples
    --------
    >>> check_result("markers", [], "3 gaps").status, check_result("markers", ["one is missing"], "3 gaps").text
    (<CheckStatus.OK: 'ok'>, 'one is missing')
    """
    status = CheckStatus.WRONG if faults else CheckStatus.OK
    return CheckResult(item, status, "; ".join(faults) or text, measurements or {})


def not_checkable(item: str, reason: str) -> CheckResult:
    """Return the result of a check that is not possible, with the reason."""
    return CheckResult(item, CheckStatus.NOT_CHECKABLE, reason)


def count_text(number: int, word: str) -> str:
    """Return a number with its noun, in the plural unless it is 1.

    Examples
    --------
    >>> count_text(1, "sample"), count_text(12345, "block")
    ('1 sample', '12,345 blocks')
    """
    one, many = texts.COUNTS[word]
    return tr(one if number == 1 else many, n=number)
