"""The indices of blinding of a study after one visit, for each kind of guesser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from pydantic import JsonValue

from neurofeedback.errors import SettingsError
from neurofeedback.study.guesses import Guesser, count_guesses, read_guesses
from neurofeedback.study.protocol import Protocol
from neurofeedback.study.results.blinding import (
    SMALL_ARM,
    GuessTable,
    adjusted_bang_index,
    bang_index,
    james_index,
)
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

GROUPS = ("real", "sham")


@dataclass(frozen=True, slots=True)
class BlindingResult:
    """Guesses of one kind of guesser after one visit."""

    guesser: Guesser
    visit: str
    table: GuessTable

    @property
    def n(self) -> int:
        """Number of guesses."""
        return sum(sum(self.table.counts(group)) for group in GROUPS)

    def lines(self) -> list[str]:
        """Return the result as sentences."""
        lines = [tr(texts.BLINDING_TITLE, by=self.guesser, n=self.n, visit=self.visit)]
        for group in GROUPS:
            counts = self.table.counts(group)
            if not sum(counts):
                continue
            shown = [(bang_index(*counts), texts.WALD)]
            if sum(counts) < SMALL_ARM:
                shown.append((adjusted_bang_index(*counts), texts.ADJUSTED))
            lines += [
                tr(
                    texts.BANG_LINE,
                    group=group,
                    value=index.value,
                    low=index.low,
                    high=index.high,
                    method=tr(method),
                    n=sum(counts),
                    unknown=counts[2],
                )
                for index, method in shown
            ]
        james = james_index(self.table)
        if math.isnan(james.value):
            return lines
        return [*lines, tr(texts.JAMES_LINE, value=james.value, low=james.low, high=james.high)]

    def as_dict(self) -> JsonValue:
        """Return the result as plain values."""
        bang: dict[str, JsonValue] = {
            group: {
                "wald": {**asdict(bang_index(*self.table.counts(group)))},
                "adjusted": {**asdict(adjusted_bang_index(*self.table.counts(group)))},
            }
            for group in GROUPS
        }
        return {
            "guesser": self.guesser,
            "visit": self.visit,
            "counts": {**asdict(self.table)},
            "bang": bang,
            "james": {**asdict(james_index(self.table))},
        }


def blinding_results(root: Path, protocol: Protocol, arms: Mapping[str, str], visit: str = "") -> list[BlindingResult]:
    """Return the results of all who guessed after a visit; by default the last visit with guesses.

    Raises
    ------
    SettingsError
        There is no such visit, or nobody guessed after it.
    """
    guesses = read_guesses(root)
    with_guesses = [one.name for one in protocol.visits if any(guess.visit == one.name for guess in guesses)]
    chosen = visit or (with_guesses[-1] if with_guesses else "")
    if chosen not in with_guesses:
        raise SettingsError("there are no guesses", got=visit or root, allowed=", ".join(with_guesses) or "none yet")
    return [
        BlindingResult(guesser, chosen, count_guesses(guesses, arms, protocol, guesser=guesser, visit=chosen))
        for guesser in get_args(Guesser)
        if any((one.guesser, one.visit) == (guesser, chosen) for one in guesses)
    ]
