"""``compare``: compare two conditions of one person."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import (
    echo,
    existing_recordings_folder,
    last_participant,
    plain_console,
    print_json,
)
from neurofeedback.cli.helpers.json_documents import ComparisonDocument, Fields, SideDocument
from neurofeedback.texts import comparison as comparison_texts
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.analysis.comparison import Comparison, ComparisonSide
    from neurofeedback.analysis.conditions.contrasts import Contrast

_CONTRAST_KEYS = {"sd": "spread", "within_interval": "within"}


def compare(
    a: Annotated[
        str, typer.Argument(help='A condition such as pre, or comma-separated session labels; "Before: pre" names it.')
    ],
    b: Annotated[str, typer.Argument(help="The other, such as post_24h.")],
    participant: Annotated[str | None, typer.Option(help="Participant; the last one by default.")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write an HTML report to this path.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Compare two conditions of one person: raw measures, never the index."""
    from neurofeedback.analysis.comparison import compare_conditions
    from neurofeedback.recording.bids_paths import check_label  # all of this only when asked for

    folder = existing_recordings_folder(recordings)
    who = participant or last_participant(folder)
    check_label("participant", who)
    comparison = _with_progress(
        lambda progress: compare_conditions(folder, who, a, b, progress=progress, n_jobs=-1), quiet=json
    )
    if json:
        print_json(comparison_document(comparison))
    else:
        _print_comparison(comparison)
    if out is not None:
        from neurofeedback.report.comparison_page import write_comparison_page  # matplotlib, which takes a second

        echo(tr(terminal.COMPARISON_PATH, path=write_comparison_page(comparison, out)), err=json)


def comparison_document(comparison: Comparison) -> ComparisonDocument:
    """Return a comparison as plain values, with the keys that ``--json`` has had since version 0.1.0."""
    from neurofeedback.analysis.resting_measures import MEASURES

    return {
        "participant": comparison.participant,
        "a": _side_document(comparison.a),
        "b": _side_document(comparison.b),
        "minutes": comparison.minutes,
        "longest_minutes": comparison.longest_minutes,
        "separated": comparison.separated,
        "ch_names": comparison.ch_names,
        "contrasts": {
            name: {**asdict(MEASURES[name]), **_contrast_document(one)} for name, one in comparison.contrasts.items()
        },
        "left_out": dict(comparison.left_out),
        "missing": dict(comparison.missing),
        "notes": comparison.notes,
        "index": {"compared": False, "why": tr(comparison_texts.NO_INDEX)},
    }


def _side_document(side: ComparisonSide) -> SideDocument:
    return {"name": side.name, "stems": side.stems, "said": [asdict(notes) for notes in side.notes]}


def _contrast_document(contrast: Contrast) -> Fields:
    document = asdict(contrast) | {"n": contrast.n}
    return {_CONTRAST_KEYS.get(name, name): value for name, value in document.items()}


def _with_progress(compute: Callable[[Callable[[int, int], object]], Comparison], *, quiet: bool) -> Comparison:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty()) as bar:
        task = bar.add_task(tr(terminal.OPENING_SESSIONS), total=None)
        return compute(lambda done, total: bar.update(task, completed=done, total=total))


def _print_comparison(comparison: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    from neurofeedback.report.comparison_page import finding_sentence, measure_rows

    contrasts = comparison.contrasts.values()
    columns = {
        tr(terminal.MEASURE): "text",
        comparison.a.name: "a",
        comparison.b.name: "b",
        tr(terminal.DIFFERENCE): "difference",
    }
    if comparison.missing:
        columns[tr(comparison_texts.N_SESSIONS)] = "n"
    if any(one.p is not None for one in contrasts):
        columns |= {tr(terminal.INTERVAL_95): "interval", "g": "g", "p": "p", "q": "q"}
    else:
        columns |= {tr(terminal.OWN_SD): "sd"}
    if any(one.within_interval for one in contrasts):
        columns[tr(terminal.WITHIN_RECORDINGS)] = "within_interval"
    console = plain_console()
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(Text(name), overflow="fold")
    for row in measure_rows(comparison.contrasts):
        table.add_row(*(Text(getattr(row, field)) for field in columns.values()))
    console.print(
        tr(
            terminal.COMPARED,
            participant=comparison.participant,
            n_a=len(comparison.a.stems),
            n_b=len(comparison.b.stems),
            minutes=f"{comparison.minutes:.1f}",
            channels=", ".join(comparison.ch_names),
        )
    )
    console.print(table)
    for note in (finding_sentence(comparison), *comparison.notes):
        console.print(note)
    for stem, reason in comparison.left_out.items():
        console.print(tr(terminal.SESSION_LEFT_OUT, session=stem, reason=reason))
