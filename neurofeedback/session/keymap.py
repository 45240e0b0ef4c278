"""The keys of a session, the same in the window, in the terminal and on a presenter's remote."""

from __future__ import annotations

from neurofeedback.session.live_state import Request, RequestKind, Snapshot
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import EventKind

EXTEND_MINUTES = 5.0
VOLUME_STEP_DB = 3.0

PRESENTER_KEYS = ("page_down", "page_up", "left", "right", "b", ".")
"""Keys of presenters' remotes."""
_BY_PRESENTER = frozenset({EventKind.ANSWER_WHERE, EventKind.ANSWER_OWN})
_PRESENTER_ANSWERS = {"page_up": "1", "left": "1", "page_down": "2", "right": "2", "b": "3", ".": "3"}


def key_help() -> dict[str, str]:
    """Return the keys and what each does, as shown to the person."""
    return {key: tr(text, minutes=EXTEND_MINUTES) for key, text in session_notices.KEYS.items()}


def request_for_key(key: str, snapshot: Snapshot) -> Request | None:
    """Return the request of a key; None for a key without meaning in this state.

    Parameters
    ----------
    key : str
        A character, or a name: ``space``, ``page_up``, ``page_down``, ``left``, ``right``.

    Examples
    --------
    >>> request_for_key("space", Snapshot()), request_for_key("z", Snapshot())
    (Request(kind=<RequestKind.PRESS: 'press'>, value='', at_s=0.0), None)
    """
    if key in PRESENTER_KEYS and (question := snapshot.question) is not None and question.kind in _BY_PRESENTER:
        return Request(RequestKind.ANSWER, _PRESENTER_ANSWERS[key])
    if key == "space" or key in PRESENTER_KEYS:
        return Request(RequestKind.PRESS)
    if key in {"1", "2", "3", "4", "5"}:
        return Request(RequestKind.ANSWER, key)
    return _control_request(key.lower(), snapshot)


def _control_request(key: str, snapshot: Snapshot) -> Request | None:
    louder_db = {"+": VOLUME_STEP_DB, "=": VOLUME_STEP_DB, "-": -VOLUME_STEP_DB}.get(key)
    if louder_db is not None:
        return Request(RequestKind.VOLUME, repr(snapshot.volume_db + louder_db))
    if key == "o" and snapshot.feedback_source:
        return Request(RequestKind.BASELINE, "session" if snapshot.feedback_source == "own" else "own")
    return {
        "s": Request(RequestKind.SKIP),
        "p": Request(RequestKind.RESUME if snapshot.paused else RequestKind.PAUSE),
        "m": Request(RequestKind.MUTE, "off" if snapshot.muted else "on"),
        "l": Request(RequestKind.EXTEND, repr(EXTEND_MINUTES)),
        "k": Request(RequestKind.MARK),
        "q": Request(RequestKind.STOP),
    }.get(key)
