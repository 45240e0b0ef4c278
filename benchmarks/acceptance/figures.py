"""Targets and their figures, each with goal and verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from benchmarks.acceptance.statistics import Estimate

Item = TypeVar("Item")
Result = TypeVar("Result")


class Verdict(StrEnum):
    """Result of comparing a figure with its goal."""

    PASS = "pass"  # noqa: S105 - a verdict
    SHORT = "short"
    REPORTED = "reported"
    NOT_BUILT = "not yet built"
    NO_FILES = "files not given"


@dataclass(frozen=True, slots=True)
class Goal:
    """Range of accepted values, [low, high]."""

    low: float = -math.inf
    high: float = math.inf

    def met(self, value: float) -> bool:
        """Return whether a value meets the goal; NaN never does."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if math.isinf(self.low):
            return f"<= {self.high:g}"
        if math.isinf(self.high):
            return f">= {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


def at_most(limit: float) -> Goal:
    """Return the goal of not being above a limit."""
    return Goal(high=limit)


def at_least(limit: float) -> Goal:
    """Return the goal of not being below a limit."""
    return Goal(low=limit)


def between(low: float, high: float) -> Goal:
    """Return the goal of lying within limits."""
    return Goal(low, high)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Parameters
    ----------
    goal : Goal or None
        None for a figure that is only reported.
    known : str
        What the prototypes behind the target reached.
    n : int
        People, or events where ``of`` says so.
    """

    name: str
    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 1
    unit: str = ""
    goal: Goal | None = None
    known: str = ""
    of: str = "people"

    @property
    def verdict(self) -> Verdict:
        """Return the verdict on the value; the interval is not part of it."""
        if self.goal is None:
            return Verdict.REPORTED
        return Verdict.PASS if self.goal.met(self.value) else Verdict.SHORT


def figure(
    name: str, estimate: Estimate, goal: Goal | None = None, *, unit: str = "", known: str = "", of: str = "people"
) -> Figure:
    """Return a figure from an estimate, with an optional goal."""
    return Figure(name, estimate.value, estimate.low, estimate.high, estimate.n, unit, goal, known, of)


def verdict_of(figures: Iterable[Figure]) -> Verdict:
    """Return the verdict of a target: short if any figure is short."""
    verdicts = [one.verdict for one in figures]
    if Verdict.SHORT in verdicts:
        return Verdict.SHORT
    return Verdict.PASS if Verdict.PASS in verdicts else Verdict.REPORTED


@dataclass(frozen=True, slots=True)
class Run:
    """Options of a run: number of people, and how to map over them.

    ``map`` applies a module-level function to every item, in order.
    """

    fast: bool
    map: Callable[[Callable[[Item], Result], Sequence[Item]], list[Result]]
    most: int = 1000

    def people(self, full: int, fast: int) -> range:
        """Return the seeds of the people in this run."""
        return range(1, 1 + min(self.most, fast if self.fast else full))


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the acceptance table.

    ``measure`` is None if it is not built yet; ``why`` is the reason.
    """

    id: str
    what: str
    measure: Callable[[Run], list[Figure]] | None = None
    fast: bool = True
    why: str = ""
    population: str = ""
