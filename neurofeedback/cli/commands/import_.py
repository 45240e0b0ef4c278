"""``import``: import another program's recording as a session."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from neurofeedback.cli.helpers.common import last_participant, print_json, recordings_folder


def import_(
    file: Annotated[Path, typer.Argument(help="A recording, or a BIDS folder that holds one.")],
    participant: Annotated[str | None, typer.Option(help="Letters and digits; the last one by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of recordings to add it to.")] = None,
    board: Annotated[str | None, typer.Option(help="BrainFlow board of a BrainFlow file, such as Muse2.")] = None,
    sfreq: Annotated[float | None, typer.Option(help="Sampling rate in Hz, if the file's is wrong.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, if the file's is missing or unknown.")] = None,
    task: Annotated[str, typer.Option(help="What was done; letters and digits.")] = "imported",
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Import another program's recording as a session; the file itself is not changed."""
    from neurofeedback.formats.session_import import import_recording  # numpy and mne when asked for

    root = recordings_folder(recordings)
    with Progress(console=Console(stderr=True), transient=True, disable=json or not sys.stderr.isatty()) as progress:
        bar = progress.add_task("importing", total=1.0)
        files = import_recording(
            file,
            root,
            participant=participant or last_participant(root),
            board=board,
            sfreq=sfreq,
            unit=unit,
            task=task,
            progress=lambda done: progress.update(bar, completed=done),
        )
    if json:
        print_json({"session": str(files.raw), "computed": str(files.derived)})
    else:
        typer.echo(files.raw)
