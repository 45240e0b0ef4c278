"""``history``: what many sessions add up to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.common import last_participant, plain_console, print_json, recordings_to_read

if TYPE_CHECKING:
    from neurofeedback.recording.history import PastSession
    from neurofeedback.report.trends import Overview

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Look back over many sessions: time, wandering by your own answers, signal.")(history)


def history(
    participant: Annotated[str | None, typer.Option(help="Whose; the last one who sat by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read every session again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Gather and tell."""
    from neurofeedback.recording.bids import check_label  # noqa: PLC0415 - only when asked for, as all below
    from neurofeedback.recording.history import cache_path, past_sessions  # noqa: PLC0415
    from neurofeedback.report.trends import overview  # noqa: PLC0415

    folder = recordings_to_read(recordings)
    whose = participant or last_participant(folder)
    check_label("participant", whose)
    if rebuild:
        cache_path(folder).unlink(missing_ok=True)
    left_out: dict[str, str] = {}
    seen = overview(past_sessions(folder, whose, leave_out=left_out.__setitem__), left_out)
    if json:
        print_json(seen.document())
    else:
        _tell(whose, seen)


def _tell(whose: str, seen: Overview) -> None:
    from rich.table import Table  # noqa: PLC0415 - not for --help
    from rich.text import Text  # noqa: PLC0415

    console = plain_console()
    console.print(f"Participant {whose}", style="bold")
    if seen.sessions:
        table = Table(box=None, pad_edge=False)
        for column in ("session", "began", "min", "signal", "wandering", "condition", "note"):
            table.add_column(column, overflow="fold")
        for session in seen.sessions[-_SHOWN:]:
            table.add_row(*map(Text, _cells(session, seen)))
        console.print(table)
        if len(seen.sessions) > _SHOWN:
            console.print(f"({len(seen.sessions) - _SHOWN} earlier ones are not listed)")
    for course in seen.courses:
        unit = f" {course.unit}" if course.unit else ""
        console.print(
            f"{course.name}: {course.first:.2f}{unit} at first, {course.last:.2f}{unit} lately "
            f"(usually within {course.spread:.2f}{unit})"
        )
    for sentence in seen.sentences:
        console.print(sentence)


def _cells(session: PastSession, seen: Overview) -> list[str]:
    share = next((share for past, share in seen.shares if past is session), None)
    wandering = f"{100 * share.value:.0f} % ({100 * share.low:.0f}-{100 * share.high:.0f})" if share else ""
    usable = "" if session.valid_fraction is None else f"{100 * session.valid_fraction:.0f} %"
    minutes = "" if session.duration_s is None else f"{session.duration_s / 60:.1f}"
    note = session.note.splitlines()[0][:40] if session.note else ""
    began = f"{session.when:%Y-%m-%d %H:%M}"
    label = session.stem.split("_")[1].removeprefix("ses-")
    return [label, began, minutes, usable, wandering, session.condition, note]
