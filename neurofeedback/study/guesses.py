"""Guesses of the arm by participants and experimenters: stored as dated lines, counted by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import now_text
from neurofeedback.storage.atomic_files import explain_disk_errors
from neurofeedback.storage.hash_chain import append_entry, read_chain
from neurofeedback.study.enrolment import find_enrolment
from neurofeedback.study.protocol import Protocol
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.results.blinding import GuessTable

GuessWord = Literal["real", "sham", "unknown"]
Guesser = Literal["participant", "experimenter"]
MAX_TEXT = 1000
"""Longest text of an answer, characters."""

_ALLOWED = {
    "guess": "real, sham, unknown",
    "forced": "real, sham, or nothing",
    "sure": "a whole number from 0 to 10",
    "why": f"{MAX_TEXT} characters or fewer",
    "tried": f"{MAX_TEXT} characters or fewer",
}


class Guess(BaseModel):
    """One guess.

    ``forced`` is the choice of somebody who does not know; ``sure`` is 0 to 10; ``tried`` is what was tried out to see
    whether the sound follows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    participant: str
    visit: str
    guesser: Guesser
    at: str
    guess: GuessWord
    forced: Literal["real", "sham", ""] = ""
    sure: int = Field(ge=0, le=10)
    why: str = Field(default="", max_length=MAX_TEXT)
    tried: str = Field(default="", max_length=MAX_TEXT)


def guesses_path(root: Path) -> Path:
    """Return the path of a dataset's guesses."""
    return root / "sourcedata" / "study" / "guesses.jsonl"


def save_guess(root: Path, participant: str, visit: str, guesser: Guesser, answers: Mapping[str, str | int]) -> Guess:
    """Append a guess, and return it.

    Parameters
    ----------
    answers : mapping
        ``guess``, ``forced``, ``sure``, ``why`` and ``tried``.

    Raises
    ------
    SettingsError
        Nobody is enrolled under this number, there is no such visit, it has a guess, or an answer is not allowed.
    RecordingError
        The disk cannot be written.
    """
    person = check_guess(root, participant, visit, guesser)
    data = {"participant": person, "visit": visit, "guesser": guesser, "at": now_text(), **answers}
    try:
        guess = Guess.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise SettingsError(
            f"the answer to {name} cannot be used", got=repr(first["input"])[:80], allowed=_ALLOWED.get(name, "")
        ) from None
    with explain_disk_errors(f"{guesses_path(root)} cannot be written", todo="free disk space, then answer again"):
        append_entry(guesses_path(root), guess.model_dump())
    return guess


def check_guess(root: Path, participant: str, visit: str, guesser: Guesser) -> str:
    """Return the participant number as enrolled, if this person's arm can be guessed after this visit.

    Raises
    ------
    SettingsError
        Nobody is enrolled under this number, there is no such visit, or it has a guess.
    RecordingError
        The protocol is not frozen, or the guesses cannot be read.
    """
    protocol, _ = frozen_protocol(root)
    person = find_enrolment(root, participant).participant
    asked = [one.name for one in protocol.visits if one.ask_guess]
    if visit not in asked:
        raise SettingsError("after this visit nobody is asked to guess", got=repr(visit), allowed=", ".join(asked))
    if any((one.participant, one.visit, one.guesser) == (person, visit, guesser) for one in read_guesses(root)):
        raise SettingsError(f"the {guesser} has guessed after this visit", got=f"participant {person}, {visit}")
    return person


def read_guesses(root: Path) -> list[Guess]:
    """Return all guesses in order.

    Raises
    ------
    RecordingError
        The file was changed or is damaged.
    """
    chain = read_chain(guesses_path(root))
    try:
        guesses = [Guess.model_validate(dict(data)) for _, data in chain.content]
    except ValidationError:
        guesses = None
    if chain.faults or guesses is None:
        raise RecordingError(
            "the guesses were changed or are damaged", got=guesses_path(root), todo="restore the file from a copy"
        )
    return guesses


def count_guesses(
    guesses: Iterable[Guess], arms: Mapping[str, str], protocol: Protocol, *, guesser: Guesser, visit: str
) -> GuessTable:
    """Return the guesses after one visit by the kind of feedback that was played in it.

    Parameters
    ----------
    arms : mapping
        Arm by participant; guesses about others are left out.
    """
    period = protocol.visit(visit).period
    feedback = {arm.name: arm.feedback[min(period, len(arm.feedback)) - 1] for arm in protocol.arms}
    counts = dict.fromkeys(((word, group) for word in ("real", "sham", "unknown") for group in ("real", "sham")), 0)
    for one in guesses:
        if (one.guesser, one.visit) == (guesser, visit) and one.participant in arms:
            counts[one.guess, feedback[arms[one.participant]]] += 1
    return GuessTable(
        real_in_real=counts["real", "real"],
        real_in_sham=counts["real", "sham"],
        sham_in_real=counts["sham", "real"],
        sham_in_sham=counts["sham", "sham"],
        unknown_in_real=counts["unknown", "real"],
        unknown_in_sham=counts["unknown", "sham"],
    )
