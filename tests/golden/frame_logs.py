"""Frame logs as tables, and what one says otherwise than another: shared by tests that compare with stored logs."""

from __future__ import annotations

import math
from collections.abc import Mapping

Table = dict[str, list[str]]

RENAMED_COLUMNS: Mapping[str, str] = {}
"""Columns of a stored log by the name they have today, where that has changed."""
ADDED_COLUMNS: frozenset[str] = frozenset()
"""Columns that stored logs do not have: those of features that were added later, and their z-scores."""
RELATIVE, ABSOLUTE = 1e-6, 1e-9
NOT_COMPARED = frozenset({"latency_ms"})
"""Columns that depend on the clock of a sitting."""


def table_of(text: str) -> Table:
    """Read a frame log: its cells as text, by column."""
    header, *rows = (line.split("\t") for line in text.splitlines())
    assert {len(row) for row in rows} <= {len(header)}
    return {name: [row[column] for row in rows] for column, name in enumerate(header)}


def differences(stored: str, now: str) -> list[str]:
    """Compare two logs: numbers to 1e-6, where there is none and all words exactly.

    Parameters
    ----------
    stored, now : str
        Text of both logs.

    Returns
    -------
    list of str
        The first difference of each column, in words; empty where the logs agree.
    """
    ours = {RENAMED_COLUMNS.get(name, name): cells for name, cells in table_of(stored).items()}
    theirs = {name: cells for name, cells in table_of(now).items() if name not in ADDED_COLUMNS}
    if list(ours) != list(theirs):
        return [f"columns: {sorted(set(ours) ^ set(theirs)) or 'another order'}"]
    found = (_first(name, cells, theirs[name]) for name, cells in ours.items() if name not in NOT_COMPARED)
    return [words for words in found if words]


def _first(name: str, ours: list[str], theirs: list[str]) -> str:
    if len(ours) != len(theirs):
        return f"{name}: {len(ours)} rows stored, {len(theirs)} now"
    for row, (one, other) in enumerate(zip(ours, theirs, strict=True), 1):
        if not _agree(one, other):
            return f"{name}, row {row}: {one} stored, {other} now"
    return ""


def _agree(one: str, other: str) -> bool:
    try:
        return one == other or math.isclose(float(one), float(other), rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except ValueError:  # a state, a phase, or no number
        return False
