"""``import``: import another program's recording as a session."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from neurofeedback.cli.helpers.common import echo, last_participant, plain_console, print_json, recordings_folder
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import imports as texts

if TYPE_CHECKING:
    from neurofeedback.verification.verified_import import SummaryRow


def import_(
    file: Annotated[Path, typer.Argument(help="A recording, or a BIDS folder that holds one.")],
    participant: Annotated[str | None, typer.Option(help="Letters and digits; the last one by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of recordings to add it to.")] = None,
    board: Annotated[str | None, typer.Option(help="BrainFlow board of a BrainFlow file, such as Muse2.")] = None,
    sfreq: Annotated[float | None, typer.Option(help="Sampling rate in Hz, if the file's is wrong.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, if the file's is missing or unknown.")] = None,
    task: Annotated[str, typer.Option(help="What was done; letters and digits.")] = "imported",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be imported.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Import another program's recording as a session, and show what was read; the file itself is not changed."""
    from neurofeedback.verification.verified_import import import_verified  # numpy and mne when asked for

    root = recordings_folder(recordings)
    with Progress(console=Console(stderr=True), transient=True, disable=json or not sys.stderr.isatty()) as progress:
        bar = progress.add_task("importing", total=1.0)
        done = import_verified(
            file,
            root,
            participant=participant or last_participant(root),
            board=board,
            sfreq=sfreq,
            unit=unit,
            task=task,
            dry_run=dry_run,
            progress=lambda share: progress.update(bar, completed=share),
        )
    if json:
        print_json(
            {
                "session": None if done.files is None else str(done.files.raw),
                "computed": None if done.files is None else str(done.files.derived),
                "summary": [row._asdict() for row in done.rows],
            }
        )
        return
    _print_summary(done.rows)
    echo(tr(texts.DRY_RUN) if done.files is None else done.files.raw)


def _print_summary(rows: Sequence[SummaryRow]) -> None:
    """Print the table to stderr, so that stdout holds the session's folder alone."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(row.label, Text(row.text, style="yellow" if row.warning else ""))
    plain_console(stderr=True).print(table)
