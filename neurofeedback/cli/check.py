"""``check``: how a headset sits and what its link is worth, live, without recording anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.choosing import choose_device
from neurofeedback.cli.common import note_interrupts, plain_console, print_json, recordings_folder
from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK

if TYPE_CHECKING:
    from neurofeedback.session.checking import Checking
    from neurofeedback.session.mailbox import Snapshot
    from neurofeedback.session.pace import Clock

_JSON_S = 10.0
_LATE_S = 3.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    device: Annotated[
        str | None, typer.Option(help="Headset or stream, see `neurofeedback devices`; the last one, else one found.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="How long to look, s; else until Ctrl-C (10 with --json).", min=1, max=86400)
    ] = None,
    profile: Annotated[str, typer.Option(help="Profile with the limits of contact, by name or file.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Show contact, mains hum and loss of every electrode, live; nothing is recorded."""
    device = choose_device(recordings_folder()) if device is None else device
    from neurofeedback.cli.check_view import Tally, view  # noqa: PLC0415 - scipy and BrainFlow come with these
    from neurofeedback.session.checking import checking  # noqa: PLC0415
    from neurofeedback.session.pace import RealClock  # noqa: PLC0415
    from neurofeedback.settings.load import load_settings  # noqa: PLC0415

    settings, clock, tally = load_settings(profile), RealClock(), Tally()
    if as_json and seconds is None:
        seconds = _JSON_S
    plain_console(stderr=True).print(f"Connecting to {device}")
    with (
        note_interrupts() as interrupted,
        checking(device, settings, clock) as looking,
        view(plain_console(), quiet=as_json) as show,
    ):
        for snapshot in _looks(looking, clock, seconds):
            if interrupted.is_set():
                break
            if tally.push(snapshot, looking.link):
                show(snapshot, looking.link.facts)
    if as_json:
        print_json(tally.document(device))
    raise typer.Exit(EXIT_INTERRUPTED if interrupted.is_set() else EXIT_OK)


def _looks(looking: Checking, clock: Clock, seconds: float | None) -> Iterator[Snapshot]:
    """Look for so many seconds of signal, or without end; a silent device does not hold it up."""
    begun = clock.now()
    for snapshot in looking.snapshots():
        yield snapshot
        if seconds is None:
            continue
        if looking.link.n_samples >= seconds * looking.stream.sfreq or clock.now() - begun >= seconds + _LATE_S:
            return
