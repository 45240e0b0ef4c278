"""``neurofeedback devices``: what can be connected, and what each needs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from neurofeedback.cli.common import print_json


def register(app: typer.Typer) -> None:
    """Add ``devices`` to the program."""
    app.command()(devices)


def devices(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the headsets and other sources, with channels, rate and what each needs to connect."""
    from neurofeedback.acquisition.open import device_table  # noqa: PLC0415 - loads BrainFlow

    rows = device_table()
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    for row in rows:
        typer.echo(f"{row.name:<24} {extent(row.n_channels, row.sfreq)}\n    {row.needs}")


def extent(n_channels: int | None, sfreq: float | None) -> str:
    """Say how much a device delivers; None where that depends on the file or board.

    Examples
    --------
    >>> extent(4, 256.0)
    '4 channels, 256 Hz'
    """
    return "" if n_channels is None or sfreq is None else f"{n_channels} channels, {sfreq:g} Hz"
