"""``verify``: the integrity ledger of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from neurofeedback.cli.helpers.common import plain_console, print_json
from neurofeedback.errors import EXIT_RECORDING

if TYPE_CHECKING:
    from neurofeedback.verification.verify import VerificationResult

_STYLES = {"ok": "green", "wrong": "bold red", "cannot be judged": "dim"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Check that a recording adds up: samples, clock, gaps, duplicates, frames. Exit 4 if not.")(verify)


def verify(
    recording: Annotated[Path, typer.Argument(help="A session's folder, or any recording that can be read.")],
    board: Annotated[str | None, typer.Option(help="BrainFlow board of a BrainFlow file, such as Muse2.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Verify, tell, and exit with 4 if something does not add up."""
    from neurofeedback.verification.verify import CheckStatus, verify  # numpy and scipy only when asked for

    verification = verify(recording, board=board)
    if json:
        print_json(verification.as_dict())
    else:
        _print_verification(verification)
    if verification.status is CheckStatus.WRONG:
        raise typer.Exit(EXIT_RECORDING)


def _print_verification(verification: VerificationResult) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("item", "verdict", "why"):
        table.add_column(column, overflow="fold")
    for found in verification.results:
        table.add_row(found.item, Text(found.status.value, style=_STYLES[found.status.value]), Text(found.text))
    typer.echo(verification.path)
    console = plain_console()
    console.print(table)
    console.print(_result_sentence(verification))


def _result_sentence(verification: VerificationResult) -> str:
    told = [found.status.value for found in verification.results]
    n_wrong, n_unjudged = told.count("wrong"), told.count("cannot be judged")
    verdict = f"{n_wrong} of {len(told)} items do not add up." if n_wrong else "What can be judged adds up."
    return f"{verdict} {n_unjudged} cannot be judged." if n_unjudged else verdict.replace("What can be judged", "All")
