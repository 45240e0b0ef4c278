"""The questions of a probe, word for word. Any change of a word is a new version."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.texts.catalogue import ENGLISH, language
from neurofeedback.types import EventKind

WORDING_VERSION = "1"
"""Version of the English wording; ``wording_version`` names that of a session."""


@dataclass(frozen=True, slots=True)
class ProbeQuestion:
    """One question with the keys that answer it.

    Parameters
    ----------
    number : int
        1 where, 2 how sure, 3 how sleepy.
    wording : str
        What is asked.
    choices : tuple of (str, str)
        Key and what it stands for, in order.
    kind : EventKind
        How the answer is logged.
    """

    number: int
    wording: str
    choices: tuple[tuple[str, str], ...]
    kind: EventKind


WHERE = ProbeQuestion(
    1,
    "Just before the sound: where was your mind?",
    (("1", "on the breath"), ("2", "elsewhere"), ("3", "not sure")),
    EventKind.ANSWER_WHERE,
)
SURE = ProbeQuestion(
    2,
    "How sure are you?",
    (("1", "guessing"), ("2", "a little sure"), ("3", "fairly sure"), ("4", "very sure")),
    EventKind.ANSWER_SURE,
)
SLEEPY = ProbeQuestion(
    3,
    "How sleepy are you?",
    (("1", "wide awake"), ("2", "awake"), ("3", "in between"), ("4", "sleepy"), ("5", "nearly asleep")),
    EventKind.ANSWER_SLEEPY,
)
QUESTIONS = (WHERE, SURE, SLEEPY)
NOT_SURE = 3
"""The answer to where that leaves nothing to be sure of."""


def wording_version() -> str:
    """Return the version of the wording in the chosen language; every probe's row in ``events.tsv`` names it.

    Examples
    --------
    >>> wording_version()
    '1'
    """
    return WORDING_VERSION if language() == ENGLISH else f"{WORDING_VERSION}-{language()}"
