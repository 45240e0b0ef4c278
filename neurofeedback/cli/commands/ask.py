"""``ask``: a questionnaire in the terminal, kept with a session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from neurofeedback.cli.helpers.common import last_participant, recordings_folder
from neurofeedback.errors import SettingsError

if TYPE_CHECKING:
    from neurofeedback.settings.questionnaire import Item, Questionnaire


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Answer a questionnaire for a session: mood, sleepiness, expectancy, phq9, gad7, or your own.")(
        ask
    )


def ask(
    name: Annotated[str, typer.Argument(help="A questionnaire by name, or a TOML file.")],
    when: Annotated[Literal["before", "after"], typer.Option(help="Asked before or after the session.")] = "after",
    session: Annotated[str | None, typer.Option(help="Session label; the newest by default.")] = None,
    participant: Annotated[str | None, typer.Option(help="Whose; the last one who sat by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
) -> None:
    """Ask each item, keep the answers, say what is due."""
    from neurofeedback.recording.questionnaires import write_answers  # only when asked for, as all below
    from neurofeedback.settings.load import load_questionnaire

    folder = recordings_folder(recordings)
    questionnaire = load_questionnaire(name)
    stem = _find_stem(folder, participant or last_participant(folder), session)
    given = ask_items(questionnaire)
    if not given:
        typer.echo("\nNothing was answered, so nothing is kept.")
        return
    score = write_answers(folder, stem, questionnaire, when, given)
    print_score(questionnaire, given, score)


def ask_items(questionnaire: Questionnaire) -> dict[str, int]:
    """Ask every item; an empty line leaves one unanswered, and so does the end of the input all that follow."""
    typer.echo(questionnaire.title)
    if questionnaire.instruction:
        typer.echo(questionnaire.instruction)
    given: dict[str, int] = {}
    for item in questionnaire.items:
        try:
            value = _ask_item(questionnaire, item)
        except EOFError:
            break
        if value is not None:
            given[item.id] = value
    return given


def print_score(questionnaire: Questionnaire, answers: dict[str, int], score: int | None) -> None:
    """Say the score by the source's own name for it, and whatever plain word is due."""
    if score is None:
        typer.echo("Kept. There is no score, as not all of it was answered.")
    else:
        named = questionnaire.score_label(score)
        source = f', which its authors call "{named}"' if named else ""
        typer.echo(f"Kept. Score {score}{source}. It is no diagnosis.")
    for words in questionnaire.advice_for(answers):
        typer.echo(f"\n{words}")


def _ask_item(questionnaire: Questionnaire, item: Item) -> int | None:
    """Ask one item until the answer is one of its choices or empty."""
    choices = questionnaire.options(item)
    typer.echo(f"\n{item.text}")
    for choice in choices:
        typer.echo(f"  {choice.value}  {choice.text}")
    while True:
        line = input("> ").strip()
        if not line:
            return None
        if line in {str(choice.value) for choice in choices}:
            return int(line)
        typer.echo(f"One of {', '.join(str(choice.value) for choice in choices)}, or an empty line to leave it out.")


def _find_stem(folder: Path, participant: str, session: str | None) -> str:
    from neurofeedback.recording.bids_paths import check_label, find_session_stems

    check_label("participant", participant)
    stems = [stem for stem in find_session_stems(folder) if stem.startswith(f"sub-{participant}_")]
    wanted = f"ses-{session.removeprefix('ses-')}" if session else None
    found = [stem for stem in stems if wanted is None or stem.split("_")[1] == wanted]
    if found:
        return max(found, key=lambda stem: stem.split("_")[1])
    raise SettingsError(
        "there is no such session to keep the answers with",
        got=f"participant {participant}, session {session or 'the newest'}, in {folder}",
        allowed=", ".join(stem.split("_")[1] for stem in stems[-5:]) or "no session yet",
        todo="sit first, or pass --participant, --session or --recordings",
    )
