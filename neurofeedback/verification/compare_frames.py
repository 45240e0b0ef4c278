"""A frame log against a fresh replay: byte for byte, else to 1e-6, else where they part. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from neurofeedback.recording.frame_log import find_first_difference

TOLERANCE = 1e-6
_FRAME_NEUTRAL_PACKAGES = ("brainflow", "miniaudio", "PyQt6")


@dataclass(frozen=True, slots=True)
class FrameComparison:
    """How a log and its replay agree.

    ``exact`` and ``close`` say where they first differ as text, and by more than ``TOLERANCE``; None for nowhere.
    """

    find_first_difference: str | None
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
    >>> compare([head, "64\t50.1\n"], [head, "64\t50.1000001\n"])
    Agreement(exact="row 1, mwi: '50.1' against '50.1000001'", close=None)
    """
    exact = find_first_difference(logged, replayed)
    return FrameComparison(exact, exact and _find_beyond_tolerance(logged, replayed))


def _find_beyond_tolerance(logged: Sequence[str], replayed: Sequence[str]) -> str | None:
    if len(logged) != len(replayed):
        return f"{len(logged) - 1} frames in the log, {len(replayed) - 1} in the replay"
    names = logged[0].rstrip("\n").split("\t")
    for row, (a, b) in enumerate(zip(logged, replayed, strict=True)):
        cells = zip_longest(names, a.rstrip("\n").split("\t"), b.rstrip("\n").split("\t"), fillvalue="")
        for name, x, y in cells:
            if x != y and name != "latency_ms" and not _is_close(x, y):
                return f"row {row}, {name}: {x!r} against {y!r}"
    return None


def _is_close(a: str, b: str) -> bool:
    """Numbers are of the order of one, so near zero the tolerance is absolute."""
    try:
        return math.isclose(float(a), float(b), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except ValueError:
        return False


def version_differences(recorded: Mapping[str, object], current: Mapping[str, object]) -> list[str]:
    """Name what has another version now and could change a number.

    Examples
    --------
    >>> version_differences({"numpy": "2.1", "PyQt6": "6.11"}, {"numpy": "2.4", "PyQt6": "6.12"})
    ['numpy 2.1 then, 2.4 here']
    """
    return [
        f"{name} {recorded.get(name, 'unknown')} then, {current.get(name, 'none')} here"
        for name in dict.fromkeys([*recorded, *current])
        if name not in _FRAME_NEUTRAL_PACKAGES and recorded.get(name) != current.get(name)
    ]
