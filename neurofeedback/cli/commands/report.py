"""``report``: one session as a page to read, print and hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.helpers.common import print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Write a session's report: one HTML file to read, print and hand on.")(report)


def report(
    session: Annotated[Path, typer.Argument(help="The session's folder, or any file in it.")],
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Write the report and say where it is."""
    from neurofeedback.report.session_page import create_report  # matplotlib and mne only when asked for

    made = create_report(session)
    if json:
        print_json(made.document)
    else:
        typer.echo(made.path)
    if show and typer.launch(str(made.path)) != 0:
        typer.echo(f"No program here opens it; the file is {made.path}", err=True)
