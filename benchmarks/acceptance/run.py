"""The command: run targets, show their tables, and write the results and the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.acceptance import cost, page
from benchmarks.acceptance.figures import Figure, Run, Target, Verdict
from benchmarks.acceptance.registry import TARGETS
from benchmarks.acceptance.results import ROOT, Outcome, commit, document, load, outcome_of, save
from benchmarks.generated_page import format_interval, format_number

Item = TypeVar("Item")
Result = TypeVar("Result")
_COLOURS = {Verdict.PASS: "green", Verdict.SHORT: "red"}
_console = Console()
DOCS = ROOT / "docs"


def main(  # noqa: PLR0917 - options of a command
    fast: Annotated[bool, typer.Option(help="only a few people for each target: a check that everything runs")] = False,
    only: Annotated[str, typer.Option(help="targets to run, such as T4,T5; all by default")] = "",
    json: Annotated[Path | None, typer.Option(help="file of results, kept for other targets")] = None,
    people: Annotated[int, typer.Option(min=2, help="maximum number of people for each figure")] = 1000,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    render: Annotated[bool, typer.Option(help="only render the page from the results")] = False,
) -> None:
    """Measure the acceptance targets. Exits with 1 if any falls short."""
    path = json or (None if fast else DOCS / "acceptance.json")
    results = load(path) if path else {"targets": {}}
    commit()  # cached: the commit at the start of the run
    short = False
    if not render:
        chosen = _chosen(only)
        if not fast:
            expected = cost.minutes([one.id for one in chosen], people, jobs)
            _console.print(f"This takes about {expected:.0f} min at the current speed of this machine.")
        with ProcessPoolExecutor(jobs) as pool:
            run = Run(fast, _mapper(pool) if jobs > 1 else _in_turn, people)
            for target in chosen:
                outcome = _measured(target, run)
                _show(outcome)
                short |= outcome.verdict == Verdict.SHORT
                results["targets"][target.id] = document(outcome, fast=fast)
                if path:
                    save(path, results)
    if path == DOCS / "acceptance.json":
        page.write(results, DOCS)
        _console.print(f"rendered {DOCS / 'acceptance.md'}")
    raise typer.Exit(1 if short else 0)


def _in_turn(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]


def _mapper(pool: ProcessPoolExecutor) -> Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]:
    return lambda function, items: list(pool.map(function, items))


def _chosen(only: str) -> list[Target]:
    if not only:
        return list(TARGETS.values())
    names = [name.strip() for name in only.split(",")]
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise typer.BadParameter(f"no such target: {', '.join(unknown)}; allowed: {', '.join(TARGETS)}")
    return [TARGETS[name] for name in names]


def _measured(target: Target, run: Run) -> Outcome:
    if target.measure is None:
        return Outcome(target, str(Verdict.NOT_BUILT), (), 0.0)
    begin = time.monotonic()
    figures = target.measure(run)
    if not figures:
        return Outcome(target, str(Verdict.NO_FILES), (), 0.0)
    return outcome_of(target, figures, time.monotonic() - begin)


def _show(outcome: Outcome) -> None:
    colour = _COLOURS.get(Verdict(outcome.verdict), "yellow")
    title = f"{outcome.target.id}  {outcome.target.what}: [{colour}]{outcome.verdict}[/] ({outcome.seconds:.0f} s)"
    if not outcome.figures:
        _console.print(f"{title} {outcome.target.why}")
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("figure", "value", "95 % interval", "n", "goal", "known", "verdict"):
        table.add_column(column, overflow="fold")
    for figure in outcome.figures:
        table.add_row(*_cells(figure), style=_COLOURS.get(figure.verdict, ""))
    _console.print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{format_number(figure.value)} {figure.unit}".strip(),
        format_interval(figure.low, figure.high),
        f"{figure.n} {figure.of}",
        "" if figure.goal is None else str(figure.goal),
        figure.known,
        str(figure.verdict),
    )
