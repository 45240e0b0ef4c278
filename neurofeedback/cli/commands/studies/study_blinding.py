"""``study guess`` and ``study blinding``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.commands.studies.study_protocol import AsJson, Recordings
from neurofeedback.cli.helpers.common import echo, existing_recordings_folder, print_json, without_nan
from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

_WORDS = {"r": "real", "s": "sham", "d": "unknown"}


class GuesserChoice(StrEnum):
    """Who guesses, as typed."""

    PARTICIPANT = "participant"
    EXPERIMENTER = "experimenter"


def guess(
    participant: Annotated[str, typer.Argument(help="Participant number.")],
    visit: Annotated[str, typer.Option(help="The visit that has just ended.")],
    guesser: Annotated[GuesserChoice, typer.Option(help="Who guesses.")] = GuesserChoice.PARTICIPANT,
    recordings: Recordings = None,
) -> None:
    """Ask for the arm: a guess, how sure, and why. Ask before any result is shown."""
    from neurofeedback.study.guesses import check_guess

    root = existing_recordings_folder(recordings)
    check_guess(root, participant, visit, guesser.value)  # before anybody answers
    ask_and_save(root, participant, visit, guesser)


def ask_and_save(root: Path, participant: str, visit: str, guesser: GuesserChoice) -> None:
    """Ask for the arm and save the answers."""
    from neurofeedback.study.guesses import save_guess

    own = guesser is GuesserChoice.PARTICIPANT
    echo(tr(texts.GUESS_QUESTION if own else texts.GUESS_QUESTION_OTHER))
    word = _ask_choice(tr(texts.GUESS_CHOICES), _WORDS)
    forced = _ask_choice(tr(texts.FORCED_QUESTION), {"r": "real", "s": "sham"}) if word == "unknown" else ""
    sure = int(_ask_choice(tr(texts.SURE_QUESTION), {str(k): str(k) for k in range(11)}))
    answers: dict[str, str | int] = {
        "guess": word,
        "forced": forced,
        "sure": sure,
        "why": _ask_text(tr(texts.WHY_QUESTION)),
        "tried": _ask_text(tr(texts.TRIED_QUESTION)) if own else "",
    }
    save_guess(root, participant, visit, guesser.value, answers)
    echo(tr(texts.GUESS_SAVED))


def blinding(
    visit: Annotated[str, typer.Option(help="After which visit; the last with guesses by default.")] = "",
    recordings: Recordings = None,
    json: AsJson = False,
) -> None:
    """Print Bang's index by kind of feedback and James's, with intervals, for participants and experimenters."""
    from neurofeedback.study.enrolment import unlocked_arms
    from neurofeedback.study.protocol_lock import frozen_protocol
    from neurofeedback.study.results.blinding_report import blinding_results

    root = existing_recordings_folder(recordings)
    protocol, _ = frozen_protocol(root)
    if not protocol.has_sham:
        raise SettingsError("this study has no sham, so nobody guesses", got=protocol.name)
    arms = unlocked_arms(root)
    if arms is None:
        raise SettingsError(tr(texts.NEEDS_UNLOCK), todo="`neurofeedback study unlock` at the end of the study")
    results = blinding_results(root, protocol, arms, visit)
    if json:
        print_json([without_nan(result.as_dict()) for result in results])
        return
    for result in results:
        for line in result.lines():
            echo(line)
    echo(tr(texts.BLINDING_HELP))


def _ask_text(question: str) -> str:
    from neurofeedback.study.guesses import MAX_TEXT

    while True:
        typed = str(typer.prompt(question, default="", show_default=False))
        if len(typed) <= MAX_TEXT:
            return typed
        echo(tr(texts.TEXT_TOO_LONG, n=len(typed), limit=MAX_TEXT))


def _ask_choice(question: str, words: dict[str, str]) -> str:
    while True:
        typed = str(typer.prompt(question)).strip().lower()
        if typed in words:
            return words[typed]
