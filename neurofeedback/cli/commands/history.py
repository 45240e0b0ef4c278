"""``history``: what many sessions add up to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import existing_recordings_folder, last_participant, plain_console, print_json

if TYPE_CHECKING:
    from neurofeedback.analysis.trends import HistorySummary
    from neurofeedback.recording.history import PastSession

_MAX_ROWS = 20


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
    from neurofeedback.analysis.trends import summarize_history
    from neurofeedback.recording.bids_paths import check_label  # only when asked for, as all below
    from neurofeedback.recording.history import cache_path, past_sessions

    folder = existing_recordings_folder(recordings)
    whose = participant or last_participant(folder)
    check_label("participant", whose)
    if rebuild:
        cache_path(folder).unlink(missing_ok=True)
    left_out: dict[str, str] = {}
    seen = summarize_history(past_sessions(folder, whose, on_skipped=left_out.__setitem__), left_out)
    if json:
        print_json(seen.document())
    else:
        _print_history(whose, seen)


def _print_history(participant: str, summary: HistorySummary) -> None:
    from rich.table import Table  # not for --help
    from rich.text import Text

    console = plain_console()
    console.print(f"Participant {participant}", style="bold")
    if summary.sessions:
        table = Table(box=None, pad_edge=False)
        for column in ("session", "began", "min", "signal", "wandering", "condition", "note"):
            table.add_column(column, overflow="fold")
        for session in summary.sessions[-_MAX_ROWS:]:
            table.add_row(*map(Text, _table_row(session, summary)))
        console.print(table)
        if len(summary.sessions) > _MAX_ROWS:
            console.print(f"({len(summary.sessions) - _MAX_ROWS} earlier ones are not listed)")
    for course in summary.courses:
        unit = f" {course.unit}" if course.unit else ""
        console.print(
            f"{course.name}: {course.first:.2f}{unit} at first, {course.last:.2f}{unit} lately "
            f"(usually within {course.spread:.2f}{unit})"
        )
    for sentence in summary.sentences:
        console.print(sentence)


def _table_row(session: PastSession, summary: HistorySummary) -> list[str]:
    share = next((share for past, share in summary.shares if past is session), None)
    wandering = f"{100 * share.value:.0f} % ({100 * share.low:.0f}-{100 * share.high:.0f})" if share else ""
    usable = "" if session.valid_fraction is None else f"{100 * session.valid_fraction:.0f} %"
    minutes = "" if session.duration_s is None else f"{session.duration_s / 60:.1f}"
    note = session.note.splitlines()[0][:40] if session.note else ""
    began = f"{session.started_at:%Y-%m-%d %H:%M}"
    label = session.stem.split("_")[1].removeprefix("ses-")
    return [label, began, minutes, usable, wandering, session.condition, note]
