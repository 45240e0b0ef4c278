"""``study``: work over many recordings."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from neurofeedback.cli.helpers.common import print_json
from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_RECORDING

if TYPE_CHECKING:
    from neurofeedback.study.batch import BatchRequest, BatchResult

study_app = typer.Typer(help="Work over many recordings.", no_args_is_help=True)


class WorkChoice(StrEnum):
    """What to do with each recording, as typed."""

    REPLAY = "replay"
    FEATURES = "features"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(study_app, name="study")


@study_app.command()
def batch(
    folder: Annotated[Path, typer.Argument(help="A dataset, or a folder of recordings.")],
    out: Annotated[Path, typer.Option(help="Table to write: .csv, or .parquet with the extra of that name.")],
    work: Annotated[
        WorkChoice, typer.Option(help="What replays add up to, or the median of every feature in practice.")
    ] = WorkChoice.REPLAY,
    profile: Annotated[str | None, typer.Option(help="Another profile than each recording's own.")] = None,
    baseline_s: Annotated[float | None, typer.Option(help="Lay the phases out anew with this baseline, s.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes on this machine; -1 is one a core.")] = -1,
    cluster: Annotated[
        str | None,
        typer.Option(help="Dask scheduler, such as tcp://10.0.0.1:8786; its workers must see the same files."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Work on every recording and write one table. Stopped, it goes on where it was; exit 4 if one was bad."""
    from neurofeedback.study.batch import BatchRequest  # numpy and pandas when asked for
    from neurofeedback.study.jobs import BatchWork as Kind

    request = BatchRequest(folder, out, Kind(work.value), profile, baseline_s, jobs, cluster)
    try:
        result = _run_with_progress(request, quiet=json)
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _print_result(result, out, json=json)
    if result.failures:
        raise typer.Exit(EXIT_RECORDING)


def _run_with_progress(request: BatchRequest, *, quiet: bool) -> BatchResult:
    from neurofeedback.study.batch import run_batch

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty()
    ) as progress:
        bar = progress.add_task("recordings", total=None)
        return run_batch(request, lambda done, of: progress.update(bar, completed=done, total=of))


def _print_result(result: BatchResult, out: Path, *, json: bool) -> None:
    if json:
        told = {"table": str(out), "n_recordings": result.n_recordings, "n_known": result.n_already_done}
        print_json({**told, "failures": result.failures})
        return
    typer.echo(out)
    typer.echo(f"{result.n_recordings} recordings, {result.n_already_done} of them done before", err=True)
    for recording, why in result.failures.items():
        typer.echo(f"{recording}: {why}", err=True)
