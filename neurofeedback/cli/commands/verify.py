"""``verify``: check the integrity of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from neurofeedback.cli.helpers.common import echo, plain_console, print_json
from neurofeedback.errors import EXIT_RECORDING
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.verification.verify import VerificationResult

_STYLES = {"ok": "green", "wrong": "bold red", "cannot be judged": "dim"}


def verify(
    recording: Annotated[Path, typer.Argument(help="A session's folder, or any recording that can be read.")],
    board: Annotated[str | None, typer.Option(help="BrainFlow board of a BrainFlow file, such as Muse2.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Check that a recording adds up: samples, clock, gaps, duplicates, frames. Exit 4 if not."""
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
    for column in terminal.CHECK_COLUMNS:
        table.add_column(tr(column), overflow="fold")
    for result in verification.results:
        table.add_row(
            tr(result.item), Text(tr(result.status.value), style=_STYLES[result.status.value]), Text(result.text)
        )
    echo(verification.path)
    console = plain_console()
    console.print(table)
    console.print(_result_sentence(verification))


def _result_sentence(verification: VerificationResult) -> str:
    statuses = [result.status.value for result in verification.results]
    n_wrong, n_not_checkable = statuses.count("wrong"), statuses.count("cannot be judged")
    if n_wrong:
        verdict = tr(terminal.ITEMS_WRONG, n=n_wrong, total=len(statuses))
    else:
        verdict = tr(terminal.CHECKED_CORRECT if n_not_checkable else terminal.ALL_CORRECT)
    return f"{verdict} {tr(terminal.NOT_CHECKABLE, n=n_not_checkable)}" if n_not_checkable else verdict
