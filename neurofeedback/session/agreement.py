"""A frame log against a fresh replay: byte for byte, else to 1e-6, else where they part. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from neurofeedback.recording.frames import first_difference

TOLERANCE = 1e-6
_CHANGE_NO_FRAME = ("brainflow", "miniaudio", "PyQt6")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a log and its replay agree.

    ``exact`` and ``close`` say where they first differ as text, and by more than ``TOLERANCE``; None for nowhere.
    """

    exact: str | None
    close: str | None


def compare(logged: Sequence[str], replayed: Sequence[str]) -> Agreement:
    r"""Compare two frame logs, all columns but ``latency_ms``.

    Parameters
    ----------
    logged, replayed : sequence of str
        Lines with the header first.

    Examples
    --------
    >>> head = "sample\tmwi\n"
    >>> compare([head, "64\t50.1\n"], [head, "64\t50.1000001\n"])
    Agreement(exact="row 1, mwi: '50.1' against '50.1000001'", close=None)
    """
    exact = first_difference(logged, replayed)
    return Agreement(exact, exact and _first_far(logged, replayed))


def _first_far(logged: Sequence[str], replayed: Sequence[str]) -> str | None:
    if len(logged) != len(replayed):
        return f"{len(logged) - 1} frames in the log, {len(replayed) - 1} in the replay"
    names = logged[0].rstrip("\n").split("\t")
    for row, (a, b) in enumerate(zip(logged, replayed, strict=True)):
        cells = zip_longest(names, a.rstrip("\n").split("\t"), b.rstrip("\n").split("\t"), fillvalue="")
        for name, x, y in cells:
            if x != y and name != "latency_ms" and not _close(x, y):
                return f"row {row}, {name}: {x!r} against {y!r}"
    return None


def _close(a: str, b: str) -> bool:
    """Numbers are of the order of one, so near zero the tolerance is absolute."""
    try:
        return math.isclose(float(a), float(b), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except ValueError:
        return False


def differing_versions(then: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Name what has another version now and could change a number.

    Examples
    --------
    >>> differing_versions({"numpy": "2.1", "PyQt6": "6.11"}, {"numpy": "2.4", "PyQt6": "6.12"})
    ['numpy 2.1 then, 2.4 here']
    """
    return [
        f"{name} {then.get(name, 'unknown')} then, {now.get(name, 'none')} here"
        for name in dict.fromkeys([*then, *now])
        if name not in _CHANGE_NO_FRAME and then.get(name) != now.get(name)
    ]
