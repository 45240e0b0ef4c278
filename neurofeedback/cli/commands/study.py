"""``study``: the commands of a study, and the one that processes many recordings."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from neurofeedback.cli.commands.studies import study_blinding, study_people, study_protocol, study_results
from neurofeedback.cli.helpers.common import echo, print_json
from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_RECORDING
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.study.batch import BatchRequest, BatchResult

study_app = typer.Typer(help="Protocol, allocation and results of a study; batch processing.", no_args_is_help=True)
for _command in (
    study_protocol.new,
    study_protocol.check,
    study_protocol.freeze,
    study_protocol.prereg,
    study_protocol.donors,
    study_protocol.status,
    study_people.allocate,
    study_people.install,
    study_people.enrol,
    study_people.reveal,
    study_people.unlock,
    study_blinding.guess,
    study_blinding.blinding,
    study_results.power,
    study_results.check_sham,
    study_results.check_played,
    study_results.merge,
    study_results.table,
    study_results.crednf,
):
    study_app.command()(_command)
study_app.command("next")(study_protocol.next_)


class WorkChoice(StrEnum):
    """What to do with each recording, as typed."""

    REPLAY = "replay"
    FEATURES = "features"


@study_app.command()
def batch(
    folder: Annotated[Path, typer.Argument(help="A dataset, or a folder of recordings.")],
    out: Annotated[Path, typer.Option(help="Table to write: .csv, or .parquet with the extra of that name.")],
    work: Annotated[
        WorkChoice, typer.Option(help="Totals of a replay, or the median of every feature in practice.")
    ] = WorkChoice.REPLAY,
    profile: Annotated[str | None, typer.Option(help="Another profile than each recording's own.")] = None,
    baseline_s: Annotated[float | None, typer.Option(help="Plan the phases with a baseline of this length, s.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes on this machine; -1 is one a core.")] = -1,
    cluster: Annotated[
        str | None,
        typer.Option(help="Dask scheduler, such as tcp://10.0.0.1:8786; its workers must see the same files."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Process every recording and write one table. A stopped batch continues; exit 4 if a recording failed."""
    from neurofeedback.study.batch import BatchRequest  # numpy and pandas when asked for
    from neurofeedback.study.jobs import BatchWork

    request = BatchRequest(folder, out, BatchWork(work.value), profile, baseline_s, jobs, cluster)
    try:
        result = _run_with_progress(request, quiet=json)
    except KeyboardInterrupt:
        echo(tr(terminal.STOPPED), err=True)
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
        print_json(
            {
                "table": str(out),
                "n_recordings": result.n_recordings,
                "n_known": result.n_already_done,
                "failures": result.failures,
            }
        )
        return
    echo(out)
    echo(tr(terminal.BATCH_COUNT, n=result.n_recordings, done=result.n_already_done), err=True)
    for recording, reason in result.failures.items():
        echo(f"{recording}: {reason}", err=True)
