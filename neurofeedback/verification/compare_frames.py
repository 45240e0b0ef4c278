"""Comparison of a frame log with a fresh replay: byte for byte, else to 1e-6. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from neurofeedback.recording.frame_log import find_first_difference
from neurofeedback.texts import verification as texts
from neurofeedback.texts.catalogue import tr

TOLERANCE = 1e-6
_FRAME_NEUTRAL_PACKAGES = ("brainflow", "miniaudio", "PyQt6")


@dataclass(frozen=True, slots=True)
class FrameComparison:
    """First differences between a log and its replay, as text and by more than ``TOLERANCE``; None for none."""

    first_difference: str | None
    first_beyond_tolerance: str | None


def compare_frame_logs(logged: Sequence[str], replayed: Sequence[str]) -> FrameComparison:
    r"""Compare two frame logs, all columns but ``latency_ms``.

    Parameters
    ----------
    logged, replayed : sequence of str
        Lines with the header first.

    Examples
    --------
    >>> head = "sample\tmwi\n"
    >>> compare_frame_logs([head, "64\t50.1\n"], [head, "64\t50.1000001\n"])
    FrameComparison(first_difference="row 1, mwi: '50.1' against '50.1000001'", first_beyond_tolerance=None)
    """
    exact = find_first_difference(logged, replayed)
    return FrameComparison(exact, exact and _find_beyond_tolerance(logged, replayed))


def _find_beyond_tolerance(logged: Sequence[str], replayed: Sequence[str]) -> str | None:
    if len(logged) != len(replayed):
        return tr(texts.FRAME_COUNTS_DIFFER, n_logged=len(logged) - 1, n_replayed=len(replayed) - 1)
    names = logged[0].rstrip("\n").split("\t")
    for row, (a, b) in enumerate(zip(logged, replayed, strict=True)):
        cells = zip_longest(names, a.rstrip("\n").split("\t"), b.rstrip("\n").split("\t"), fillvalue="")
        for name, x, y in cells:
            if x != y and name != "latency_ms" and not _is_close(x, y):
                return f"row {row}, {name}: {x!r} against {y!r}"
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
