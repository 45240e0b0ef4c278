"""``ask``: answer a questionnaire in the terminal and save the answers with a session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from neurofeedback.cli.helpers.common import echo, last_participant, recordings_folder
from neurofeedback.errors import SettingsError
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr


def ask(
    name: Annotated[str, typer.Argument(help="A questionnaire by name, or a TOML file.")],
    when: Annotated[Literal["before", "after"], typer.Option(help="Asked before or after the session.")] = "after",
    session: Annotated[str | None, typer.Option(help="Session label; the newest by default.")] = None,
    participant: Annotated[str | None, typer.Option(help="Participant; the last one by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
) -> None:
    """Answer a questionnaire for a session: mood, sleepiness, expectancy, phq9, gad7, or your own."""
    from neurofeedback.cli.helpers.questionnaire import ask_items, print_score  # only when asked for, as all below
    from neurofeedback.session.questionnaires import write_answers
    from neurofeedback.settings.load import load_questionnaire

    folder = recordings_folder(recordings)
    questionnaire = load_questionnaire(name)
    stem = _find_stem(folder, participant or last_participant(folder), session)
    answers = ask_items(questionnaire)
    if not answers:
        echo(f"\n{tr(terminal.NOTHING_ANSWERED)}")
        return
    score = write_answers(folder, stem, questionnaire, when, answers)
    print_score(questionnaire, answers, score)


def _find_stem(folder: Path, participant: str, session: str | None) -> str:
    from neurofeedback.recording.bids_paths import check_label, find_session_stems

    check_label("participant", participant)
    stems = [stem for stem in find_session_stems(folder) if stem.startswith(f"sub-{participant}_")]
    label = f"ses-{session.removeprefix('ses-')}" if session else None
    matching = [stem for stem in stems if label is None or stem.split("_")[1] == label]
    if matching:
        return max(matching, key=lambda stem: stem.split("_")[1])
    raise SettingsError(
        "there is no such session to save the answers with",
        got=f"participant {participant}, session {session or 'the newest'}, in {folder}",
        allowed=", ".join(stem.split("_")[1] for stem in stems[-5:]) or "no session yet",
        todo="record a session first, or pass --participant, --session or --recordings",
    )
