"""``compare``: two conditions of one person side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import existing_recordings_folder, last_participant, plain_console, print_json

if TYPE_CHECKING:
    from neurofeedback.analysis.comparison import Comparison


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Hold two conditions of one person side by side: raw measures, never the index.")(compare)


def compare(
    a: Annotated[str, typer.Argument(help="A condition such as pre, or session labels with commas between.")],
    b: Annotated[str, typer.Argument(help="The other, such as post_24h.")],
    participant: Annotated[str | None, typer.Option(help="Whose; the last one who sat by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write a page (HTML) there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Compare, tell, and write the page if asked."""
    from neurofeedback.analysis.comparison import compare_conditions
    from neurofeedback.recording.bids_paths import check_label  # all of this only when asked for
    from neurofeedback.report.comparison_page import write_comparison_page

    folder = existing_recordings_folder(recordings)
    whose = participant or last_participant(folder)
    check_label("participant", whose)
    comparison = _with_progress(lambda progress: compare_conditions(folder, whose, a, b, progress=progress), quiet=json)
    if json:
        print_json(comparison.document())
    else:
        _print_comparison(comparison)
    if out is not None:
        typer.echo(f"The page is {write_comparison_page(comparison, out)}", err=json)


def _with_progress(compute, *, quiet: bool) -> Comparison:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty()) as bar:
        task = bar.add_task("Opening sessions", total=None)
        return compute(lambda done, total: bar.update(task, completed=done, total=total))


def _print_comparison(comparison: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    from neurofeedback.report.comparison_page import measure_rows

    tested = any(one.p is not None for one in comparison.contrasts.values())
    columns = {"measure": "text", comparison.a.name: "a", comparison.b.name: "b", "difference": "difference"}
    columns |= {"95 % interval": "interval", "g": "g", "p": "p", "q": "q"} if tested else {"own scatter": "spread"}
    if any(one.within for one in comparison.contrasts.values()):
        columns["within these two recordings only"] = "within"
    console = plain_console()
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(Text(name), overflow="fold")
    for row in measure_rows(comparison.contrasts):
        table.add_row(*(Text(getattr(row, field)) for field in columns.values()))
    console.print(
        f"Participant {comparison.participant}: {len(comparison.a.stems)} and {len(comparison.b.stems)} sessions, "
        f"{comparison.minutes:.1f} minutes of clean signal of each, on {', '.join(comparison.ch_names)}"
    )
    console.print(table)
    for note in (*comparison.notes, *(f"Left out: {stem}, {why}" for stem, why in comparison.left_out.items())):
        console.print(note)
