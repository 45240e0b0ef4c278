"""Comparison of a frame log with a fresh replay: byte for byte, else to 1e-6. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts

TOLERANCE = 1e-6
_FRAME_NEUTRAL_PACKAGES = ("brainflow", "miniaudio", "PyQt6")


@dataclass(frozen=True, slots=True)
class FrameComparison:
    """First differences between a log and its replay, as text and by more than ``TOLERANCE``; None for none."""

    first_difference: str | None
    first_beyond_tolerance: str | None


def compare_frame_logs(logged: Iterable[str], replayed: Iterable[str]) -> FrameComparison:
    r"""Compare two frame logs, all columns but ``latency_ms``, in one pass.

    Parameters
    ----------
    logged, replayed : iterable of str
        Lines with the header first.

    Examples
    --------
    >>> head = "sample\tmwi\n"
    >>> compare_frame_logs([head, "64\t50.1\n"], [head, "64\t50.1000001\n"])
    FrameComparison(first_difference="row 1, mwi: '50.1' against '50.1000001'", first_beyond_tolerance=None)
    """
    exact = beyond = None
    n_logged = n_replayed = -1  # the headers are no frames
    names: list[str] = []
    for row, (a, b) in enumerate(zip_longest(logged, replayed)):
        n_logged += a is not None
        n_replayed += b is not None
        if a is None or b is None:
            exact = exact or f"row {row}: only in the {'second' if a is None else 'first'} log"
            continue
        names = names or a.rstrip("\r\n").split("\t")
        if a != b:
            exact = exact or _find_cell(names, row, a, b, lambda x, y: x == y)
            beyond = beyond or _find_cell(names, row, a, b, _is_close)
    if n_logged != n_replayed:
        beyond = tr(texts.FRAME_COUNTS_DIFFER, n_logged=n_logged, n_replayed=n_replayed)
    return FrameComparison(exact, exact and beyond)


def _find_cell(names: Sequence[str], row: int, a: str, b: str, is_same: Callable[[str, str], bool]) -> str | None:
    """Return the first cell of a row that is not the same, as text; None without one."""
    cells = zip_longest(names, a.rstrip("\r\n").split("\t"), b.rstrip("\r\n").split("\t"), fillvalue="")
    for name, x, y in cells:
        if name != "latency_ms" and x != y and not is_same(x, y):
            return f"row {row}, {name}: {x!r} against {y!r}" if row else f"header, {name}: {x!r} against {y!r}"
    return None


def _is_close(a: str, b: str) -> bool:
    """Return whether two cells are equal to ``TOLERANCE``, which is absolute near zero."""
    try:
        return math.isclose(float(a), float(b), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except ValueError:
        return False


def version_differences(recorded: Mapping[str, object], current: Mapping[str, object]) -> list[str]:
    """Return the packages that could change a number and have another version now.

    Examples
    --------
    >>> version_differences({"numpy": "2.1", "PyQt6": "6.11"}, {"numpy": "2.4", "PyQt6": "6.12"})
    ['numpy 2.1 then, 2.4 here']
    """
    return [
        tr(
            texts.VERSION_CHANGED,
            package=name,
            then=recorded.get(name, "unknown"),
            here=current.get(name, "none"),
        )
        for name in dict.fromkeys([*recorded, *current])
        if name not in _FRAME_NEUTRAL_PACKAGES and recorded.get(name) != current.get(name)
    ]
