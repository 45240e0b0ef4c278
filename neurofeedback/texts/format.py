"""Formatting of times, lengths, shares and the index."""

from __future__ import annotations

from datetime import date
from math import isfinite

from neurofeedback.texts.catalogue import ENGLISH, language, localize_number, tr

ONE_MINUTE = "1 minute"
MINUTES = "{n} minutes"
ONE_SECOND = "1 second"
SECONDS = "{n} seconds"
NOT_AVAILABLE = "n/a"
UNKNOWN = "unknown"
DATE = "{day}\u00a0{month}\u00a0{year}"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


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
    parts = (_with_plural(minutes, ONE_MINUTE, MINUTES), _with_plural(rest, ONE_SECOND, SECONDS))
    return " ".join(part for part in parts if part) or tr(SECONDS, n=0)


def _with_plural(number: int, one: str, many: str) -> str:
    return "" if not number else tr(one) if number == 1 else tr(many, n=number)


def format_percent(share: float) -> str:
    """Return a share in percent, or ``n/a``."""
    return f"{100 * share:.0f} %" if isfinite(share) else tr(NOT_AVAILABLE)


def format_index(mwi: float) -> str:
    """Return the index as a whole number, or ``unknown``."""
    return f"{mwi:.0f}" if isfinite(mwi) else tr(UNKNOWN)


def format_number(value: float, digits: int) -> str:
    """Return a number with so many digits after the decimal sign.

    Examples
    --------
    >>> format_number(2.25, 1), format_number(70, 0)
    ('2.2', '70')
    """
    return localize_number(f"{value:.{digits}f}")


def format_date(day: date) -> str:
    r"""Return a date with the name of its month.

    Examples
    --------
    >>> format_date(date(2026, 11, 30))
    '30\xa0November\xa02026'
    """
    return tr(DATE, day=day.day, month=tr(MONTHS[day.month - 1]), year=day.year)


def inside_sentence(label: str) -> str:
    """Return a label as it stands within a sentence: small letters in English, unchanged where nouns are capital.

    Examples
    --------
    >>> inside_sentence("Without feedback")
    'without feedback'
    """
    return label.lower() if language() == ENGLISH else label
