"""``ask``: answer a form in the terminal, with a sitting or without any."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from neurofeedback.cli.helpers.common import last_participant, recordings_folder
from neurofeedback.errors import SettingsError


def ask(
    name: Annotated[str, typer.Argument(help="A form by name, or a TOML file.")],
    when: Annotated[
        Literal["before", "after", "alone"],
        typer.Option(help="Asked before or after a sitting, or alone, without one."),
    ] = "alone",
    session: Annotated[str | None, typer.Option(help="Session label; with --when, the newest by default.")] = None,
    participant: Annotated[str | None, typer.Option(help="Participant; the last one by default.")] = None,
    at: Annotated[str, typer.Option(help="Time of the answers if not now, such as 2026-12-01T14:02.")] = "",
    by: Annotated[str, typer.Option(help="Who asks; self if the person answers alone.")] = "self",
    visit: Annotated[str, typer.Option(help="Visit of a course or study.")] = "",
    correct: Annotated[str, typer.Option(help="Entry that this one corrects, see `forms list`.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is corrected.")] = "",
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
) -> None:
    """Answer a form: mood, sleepiness, expectancy, phq9, gad7, or your own. Earlier answers stay."""
    from neurofeedback.cli.helpers.questionnaire import ask_and_save  # only when asked for, as all below
    from neurofeedback.recording.bids_paths import check_label
    from neurofeedback.recording.facts.session_facts import parse_time
    from neurofeedback.settings.load import load_questionnaire

    folder = recordings_folder(recordings)
    questionnaire = load_questionnaire(name)
    who = participant or last_participant(folder)
    check_label("participant", who)
    if correct and not reason:
        raise SettingsError("a correction needs a reason", todo='pass --reason "pressed the wrong key"')
    asked_at: datetime | None = parse_time(at) if at else None
    ask_and_save(
        questionnaire,
        folder,
        who,
        when="" if when == "alone" else when,
        session=_find_label(folder, who, session) if session or when != "alone" else "",
        asked_at=asked_at,
        asked_by=by,
        visit=visit,
        supersedes=correct,
        reason=reason,
    )


def _find_label(folder: Path, participant: str, session: str | None) -> str:
    from neurofeedback.recording.bids_paths import find_session_stems

    labels = [stem.split("_")[1] for stem in find_session_stems(folder) if stem.startswith(f"sub-{participant}_")]
    wanted = f"ses-{session.removeprefix('ses-')}" if session else max(labels, default="")
    if wanted in labels:
        return wanted
    raise SettingsError(
        "there is no such session to save the answers with",
        got=f"participant {participant}, session {session or 'the newest'}, in {folder}",
        allowed=", ".join(sorted(labels)[-5:]) or "no session yet",
        todo="leave out --session and --when, or pass --participant or --recordings",
    )
