"""Formatting of times, lengths, shares and the index."""

from __future__ import annotations

from math import isfinite


def format_clock(seconds: float) -> str:
    """Return a time as minutes and seconds; an endless time as a dash.

    Examples
    --------
    >>> format_clock(725.4), format_clock(float("inf"))
    ('12:05', '–')
    """
    if not isfinite(seconds):
        return "–"
    whole = max(0, int(seconds + 0.5))
    return f"{whole // 60}:{whole % 60:02d}"


def format_duration(seconds: float) -> str:
    """Return a length of time in words; from ten minutes on without seconds.

    Examples
    --------
    >>> format_duration(1200), format_duration(90), format_duration(31)
    ('20 minutes', '1 minute 30 seconds', '31 seconds')
    """
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if minutes >= 10 or not rest:
        minutes, rest = round(seconds / 60), 0
    parts = (_with_plural(minutes, "minute"), _with_plural(rest, "second"))
    return " ".join(part for part in parts if part) or "0 seconds"


def _with_plural(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def format_percent(share: float) -> str:
    """Return a share in percent, or ``n/a``."""
    return f"{100 * share:.0f} %" if isfinite(share) else "n/a"


def format_index(mwi: float) -> str:
    """Return the index as a whole number, or ``unknown``."""
    return f"{mwi:.0f}" if isfinite(mwi) else "unknown"
