"""What a key means at a moment of a sitting: the same in the window, in the terminal and on a presenter's remote."""

from __future__ import annotations

from neurofeedback.session.mailbox import Ask, Request, Snapshot
from neurofeedback.session.question import WHERE

LONGER_MINUTES = 5.0
VOLUME_STEP_DB = 3.0

PRESENTER = ("page_down", "page_up", "left", "right", "b", ".")
"""Keys that presenters' remotes send."""
_PRESENTER_WHERE = {"page_up": "1", "left": "1", "page_down": "2", "right": "2", "b": "3", ".": "3"}

HELP = {
    "space": "I was away",
    "1-5": "answer the question",
    "s": "leave the question",
    "p": "pause, go on",
    "+ -": "volume",
    "m": "mute, unmute",
    "l": f"{LONGER_MINUTES:g} minutes longer",
    "k": "mark",
    "q": "end",
}
"""What a person can press, for people; a presenter's remote means "I was away", or back and on answer where."""


def request_of(key: str, snapshot: Snapshot) -> Request | None:
    """Return what a key asks for; None for a key that means nothing now.

    Parameters
    ----------
    key : str
        A character, or a name: ``space``, ``page_up``, ``page_down``, ``left``, ``right``.

    Examples
    --------
    >>> request_of("space", Snapshot()), request_of("z", Snapshot())
    (Request(kind=<Ask.PRESS: 'press'>, value='', at_s=0.0), None)
    """
    if key in PRESENTER and snapshot.question is WHERE:
        return Request(Ask.ANSWER, _PRESENTER_WHERE[key])
    if key == "space" or key in PRESENTER:
        return Request(Ask.PRESS)
    if key in {"1", "2", "3", "4", "5"}:
        return Request(Ask.ANSWER, key)
    return _other(key.lower(), snapshot)


def _other(key: str, snapshot: Snapshot) -> Request | None:
    louder_db = {"+": VOLUME_STEP_DB, "=": VOLUME_STEP_DB, "-": -VOLUME_STEP_DB}.get(key)
    if louder_db is not None:
        return Request(Ask.VOLUME, repr(snapshot.volume_db + louder_db))
    if key == "o" and snapshot.baseline:
        return Request(Ask.BASELINE, "session" if snapshot.baseline == "own" else "own")
    return {
        "s": Request(Ask.SKIP),
        "p": Request(Ask.RESUME if snapshot.paused else Ask.PAUSE),
        "m": Request(Ask.MUTE, "off" if snapshot.muted else "on"),
        "l": Request(Ask.LONGER, repr(LONGER_MINUTES)),
        "k": Request(Ask.MARK),
        "q": Request(Ask.STOP),
    }.get(key)
