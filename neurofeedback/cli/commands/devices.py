"""``devices``: the devices that can be connected and what each needs, or those in reach now."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import catch_interrupts, echo, print_json
from neurofeedback.errors import EXIT_INTERRUPTED
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.acquisition.scan_result import ScanResult

_BRAINFLOW_PREFIX = "brainflow:"
_SYNTHETIC = "synthetic"


def devices(
    scan: Annotated[bool, typer.Option("--scan", help="Find headsets in reach; takes five seconds.")] = False,
    port: Annotated[
        list[str] | None, typer.Option(help="With --scan: try this serial port too, whatever it looks like.")
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
    from neurofeedback.acquisition.supported_devices import list_devices  # loads BrainFlow

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
    for needs, group in itertools.groupby([*common, *(others if all_boards else ())], key=lambda row: row.needs):
        for row in group:
            echo(f"{row.name:<24} {format_channels(row.n_channels, row.sfreq)}".rstrip())
        echo(f"    {needs}")
    if not all_boards:
        echo(tr(terminal.MORE_BOARDS, n=len(others)))


def _show_scan(ports: list[str], *, as_json: bool) -> None:
    from neurofeedback.acquisition.discovery import scan  # only when asked for

    result = scan(ports)
    if as_json:
        found = [{"device": one.device, "about": one.about} for one in result.found]
        print_json(asdict(result) | {"found": found})
        return
    echo("\n".join(scan_lines(result)))


def scan_lines(result: ScanResult) -> list[str]:
    """Return the result of a scan: one line for each device found, then one for each problem."""
    lines = [f"{device.device:<24} {device.about}" for device in result.found]
    return [*(lines or [tr(terminal.NOTHING_FOUND)]), *(f"- {hindrance}" for hindrance in result.hindrances)]


def format_channels(n_channels: int | None, sfreq: float | None) -> str:
    """Return the channels and rate of a device as text; empty where they depend on the file or board (None).

    Examples
    --------
    >>> format_channels(4, 256.0)
    '4 channels, 256 Hz'
    """
    if n_channels is None or sfreq is None:
        return ""
    return tr(terminal.ONE_CHANNEL if n_channels == 1 else terminal.CHANNELS, n=n_channels, sfreq=f"{sfreq:g}")
