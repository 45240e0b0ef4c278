"""One line of a verification: what was looked at, the verdict, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Ruling(StrEnum):
    """Whether a thing adds up."""

    OK = "ok"
    WRONG = "wrong"
    UNJUDGED = "cannot be judged"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one item with its reason, and the figures behind it under names that carry their units."""

    item: str
    ruling: Ruling
    text: str
    figures: Mapping[str, object] = field(default_factory=dict[str, object])


def ruled(item: str, faults: list[str], text: str, figures: Mapping[str, object] | None = None) -> Finding:
    """Return a finding that is wrong where there are faults, and then says which.

    Examples
    --------
    >>> ruled("markers", [], "3 gaps").ruling, ruled("markers", ["one is missing"], "3 gaps").text
    (<Ruling.OK: 'ok'>, 'one is missing')
    """
    ruling = Ruling.WRONG if faults else Ruling.OK
    return Finding(item, ruling, "; ".join(faults) or text, figures or {})


def unjudged(item: str, why: str) -> Finding:
    """Return a finding that nothing can be said, and why."""
    return Finding(item, Ruling.UNJUDGED, why)


def count(number: int, word: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count(1, "sample"), count(12345, "block")
    ('1 sample', '12,345 blocks')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
