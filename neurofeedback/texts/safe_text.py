"""Text of other origin made safe to show or pass on: control characters escaped, identifying names replaced."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
_PARTICIPANT = re.compile(r"\bsub-[0-9A-Za-z]+")
_MIN_NAME_LENGTH = 3


def escape_controls(text: str) -> str:
    r"""Return a text whose control characters are visible, so that a terminal does not carry them out.

    Line breaks and tabs stay. Signs that reverse the direction of writing are escaped too.

    Examples
    --------
    >>> escape_controls("Muse\x1b[2J\u202e one\n")
    'Muse\\x1b[2J\\u202e one\n'
    """
    return _CONTROLS.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def plain_tooltip(text: str) -> str:
    """Return a text for a tooltip of Qt, which would read it as HTML if it looks like it.

    Examples
    --------
    >>> plain_tooltip("calm <img src=x> & warm")
    '<qt style="white-space: pre-wrap">calm &lt;img src=x&gt; &amp; warm</qt>'
    """
    return f'<qt style="white-space: pre-wrap">{html.escape(escape_controls(text))}</qt>'


def redact(text: str, names: Iterable[tuple[str, str]]) -> str:
    """Return a text without participant labels and these names.

    Parameters
    ----------
    text : str
        Any text.
    names : iterable of (str, str)
        Each name and what replaces it, in the order of replacement.

    Examples
    --------
    >>> redact("/home/anna/recordings/sub-P7 of anna, annamaria", [("/home/anna", "~"), ("anna", "<user>")])
    '~/recordings/sub-... of <user>, annamaria'
    """
    for name, replacement in names:
        if len(name) < _MIN_NAME_LENGTH:  # "/" as home folder, or no name
            continue
        text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])", lambda _, new=replacement: new, text)
    return _PARTICIPANT.sub("sub-...", text)


def one_line(text: str) -> str:
    r"""Return a text on one line, for a cell of a table.

    Examples
    --------
    >>> one_line("slept badly,\nwoke at\t4")
    'slept badly, woke at 4'
    """
    return " ".join(text.split())
