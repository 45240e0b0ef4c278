"""``neurofeedback devices``: what can be connected, what each needs, and what is in reach now."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import catch_interrupts, print_json
from neurofeedback.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult

_BRAINFLOW_PREFIX = "brainflow:"
_SYNTHETIC = "synthetic"
_NOTHING_FOUND = (
    "Nothing is in reach. A Muse or Ganglion must be switched on and connected to no phone or other program; an "
    "OpenBCI dongle plugged in before its board is switched to PC. docs/headsets.md says more."
)


def register(app: typer.Typer) -> None:
    """Add ``devices`` to the program."""
    app.command()(devices)


def devices(
    scan: Annotated[bool, typer.Option("--scan", help="Find headsets in reach; takes five seconds.")] = False,
    port: Annotated[
        list[str] | None, typer.Option(help="With --scan: ask this serial port too, whatever it looks like.")
    ] = None,
    all_boards: Annotated[bool, typer.Option("--all", help="All boards that BrainFlow reads, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the headsets and other sources, with channels, rate and what each needs to connect."""
    if scan or port:
        _show_scan(port or [], as_json=as_json)
    else:
        _show_table(all_boards=all_boards, as_json=as_json)


def _show_table(*, all_boards: bool, as_json: bool) -> None:
    from neurofeedback.acquisition.device_table import list_devices  # loads BrainFlow

    with catch_interrupts() as interrupted:
        rows = list_devices()
    if interrupted.is_set():
        raise typer.Exit(EXIT_INTERRUPTED)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    common = sorted(
        (row for row in rows if not row.name.startswith(_BRAINFLOW_PREFIX)), key=lambda row: row.name == _SYNTHETIC
    )
    others = [row for row in rows if row.name.startswith(_BRAINFLOW_PREFIX)]
    for needs, alike in itertools.groupby([*common, *(others if all_boards else ())], key=lambda row: row.needs):
        for row in alike:
            typer.echo(f"{row.name:<24} {format_channels(row.n_channels, row.sfreq)}".rstrip())
        typer.echo(f"    {needs}")
    if not all_boards:
        typer.echo(f"{len(others)} more boards that BrainFlow reads are listed by `neurofeedback devices --all`.")


def _show_scan(ports: list[str], *, as_json: bool) -> None:
    from neurofeedback.acquisition.discovery import scan  # only when asked for

    findings = scan(ports)
    if as_json:
        print_json(asdict(findings))
        return
    typer.echo("\n".join(scan_lines(findings)))


def scan_lines(findings: ScanResult) -> list[str]:
    """Say what a scan found, a line each, and what stood in its way."""
    lines = [f"{found.device:<24} {found.about}" for found in findings.found]
    return [*(lines or [_NOTHING_FOUND]), *(f"- {hindrance}" for hindrance in findings.hindrances)]


def format_channels(n_channels: int | None, sfreq: float | None) -> str:
    """Say how much a device delivers; None where that depends on the file or board.

    Examples
    --------
    >>> extent(4, 256.0)
    '4 channels, 256 Hz'
    """
    return "" if n_channels is None or sfreq is None else f"{n_channels} channel{'s' * (n_channels != 1)}, {sfreq:g} Hz"
