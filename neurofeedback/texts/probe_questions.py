"""The questions of a probe, word for word. Any change of a word is a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurofeedback.texts.catalogue import ENGLISH, language
from neurofeedback.types import EventKind

WORDING_VERSION = "1"
"""Version of the English wording; ``wording_version`` names that of a session."""

_STOPS = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class ProbeQuestion:
    """One question with the keys that answer it.

    Parameters
    ----------
    number : int
        1 where, 2 how sure, 3 how sleepy; 0 for the question of a practice.
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


def practice_question(wording: str, answers: Sequence[str]) -> ProbeQuestion:
    """Return the question of a practice; `WHERE` if it is the standard one word for word.

    Examples
    --------
    >>> practice_question("Was the mind wide?", ("yes", "no")).choices
    (('1', 'yes'), ('2', 'no'))
    """
    choices = tuple((str(key), answer.strip()) for key, answer in enumerate(answers, start=1))
    question = ProbeQuestion(0, wording.strip(), choices, EventKind.ANSWER_OWN)
    return WHERE if (question.wording, choices) == (WHERE.wording, WHERE.choices) else question


def spoken_question(question: ProbeQuestion) -> str:
    """Return a question with its answers as the voice says it.

    Examples
    --------
    >>> spoken_question(practice_question("Was the mind wide?", ("yes", "no")))
    'Was the mind wide? 1: yes. 2: no.'
    """
    answers = " ".join(f"{key}: {answer}{'' if answer.endswith(_STOPS) else '.'}" for key, answer in question.choices)
    return f"{question.wording} {answers}"


def wording_version() -> str:
    """Return the version of the wording in the chosen language; every probe's row in ``events.tsv`` names it.

    Examples
    --------
    >>> wording_version()
    '1'
    """
    return WORDING_VERSION if language() == ENGLISH else f"{WORDING_VERSION}-{language()}"
