"""``neurofeedback devices``: what can be connected, what each needs, and what is in reach now."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.common import note_interrupts, print_json
from neurofeedback.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from neurofeedback.acquisition.findings import Findings

_OTHER = "brainflow:"
_MADE_UP = "synthetic"
_NOTHING = (
    "Nothing is in reach. A Muse or Ganglion must be switched on and connected to no phone or other program; an "
    "OpenBCI dongle plugged in before its board is switched to PC. docs/headsets.md says more."
)


def register(app: typer.Typer) -> None:
    """Add ``devices`` to the program."""
    app.command()(devices)


def devices(
    look: Annotated[bool, typer.Option("--scan", help="Find headsets in reach; takes five seconds.")] = False,
    port: Annotated[
        list[str] | None, typer.Option(help="With --scan: ask this serial port too, whatever it looks like.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All boards that BrainFlow reads, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the headsets and other sources, with channels, rate and what each needs to connect."""
    if look or port:
        _show_scan(port or [], as_json=as_json)
    else:
        _show_table(every=every, as_json=as_json)


def _show_table(*, every: bool, as_json: bool) -> None:
    from neurofeedback.acquisition.table import device_table  # noqa: PLC0415 - loads BrainFlow

    with note_interrupts() as interrupted:
        rows = device_table()
    if interrupted.is_set():
        raise typer.Exit(EXIT_INTERRUPTED)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    common = sorted((row for row in rows if not row.name.startswith(_OTHER)), key=lambda row: row.name == _MADE_UP)
    others = [row for row in rows if row.name.startswith(_OTHER)]
    for needs, alike in itertools.groupby([*common, *(others if every else ())], key=lambda row: row.needs):
        for row in alike:
            typer.echo(f"{row.name:<24} {extent(row.n_channels, row.sfreq)}".rstrip())
        typer.echo(f"    {needs}")
    if not every:
        typer.echo(f"{len(others)} more boards that BrainFlow reads are listed by `neurofeedback devices --all`.")


def _show_scan(ports: list[str], *, as_json: bool) -> None:
    from neurofeedback.acquisition.discovery import scan  # noqa: PLC0415 - only when asked for

    findings = scan(ports)
    if as_json:
        print_json(asdict(findings))
        return
    typer.echo("\n".join(describe(findings)))


def describe(findings: Findings) -> list[str]:
    """Say what a scan found, a line each, and what stood in its way."""
    lines = [f"{found.device:<24} {found.about}" for found in findings.found]
    return [*(lines or [_NOTHING]), *(f"- {hindrance}" for hindrance in findings.hindrances)]


def extent(n_channels: int | None, sfreq: float | None) -> str:
    """Say how much a device delivers; None where that depends on the file or board.

    Examples
    --------
    >>> extent(4, 256.0)
    '4 channels, 256 Hz'
    """
    return "" if n_channels is None or sfreq is None else f"{n_channels} channel{'s' * (n_channels != 1)}, {sfreq:g} Hz"
