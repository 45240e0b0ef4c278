"""``check``: contact and link quality of a headset, live, without recording anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import catch_interrupts, echo, plain_console, print_json, recordings_folder
from neurofeedback.cli.helpers.select_device import select_device
from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK
from neurofeedback.texts import headset_fit, terminal
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.contact import FLAT

if TYPE_CHECKING:
    from neurofeedback.session.clock import Clock
    from neurofeedback.session.fit.contact_check import ContactCheck
    from neurofeedback.session.live_state import Snapshot

_JSON_S = 10.0
_TIMEOUT_MARGIN_S = 3.0


def check(
    device: Annotated[
        str | None, typer.Option(help="Headset or stream, see `neurofeedback devices`; the last one, else one found.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="How long to check, s; else until Ctrl-C (10 with --json).", min=1, max=86400)
    ] = None,
    profile: Annotated[str, typer.Option(help="Profile with the limits of contact, by name or file.")] = "default",
    impedance: Annotated[
        bool, typer.Option("--impedance", help="Measure the impedance of each electrode and end (Ganglion).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Show contact, mains hum and loss of every electrode, live; nothing is recorded."""
    device = select_device(recordings_folder()) if device is None else device
    if impedance:
        _show_impedances(device, profile, as_json=as_json)
        return
    from neurofeedback.cli.helpers.contact_view import (  # scipy and BrainFlow come with these
        ContactStatistics,
        live_view,
    )
    from neurofeedback.session.clock import RealClock
    from neurofeedback.session.fit.contact_check import open_contact_check
    from neurofeedback.settings.load import load_settings

    settings, clock, statistics = load_settings(profile), RealClock(), ContactStatistics()
    if as_json and seconds is None:
        seconds = _JSON_S
    plain_console(stderr=True).print(tr(terminal.CONNECTING, device=device))
    with (
        catch_interrupts() as interrupted,
        open_contact_check(device, settings, clock) as contact_check,
        live_view(plain_console(), quiet=as_json) as show,
    ):
        for snapshot in _snapshots(contact_check, clock, seconds):
            if interrupted.is_set():
                break
            if statistics.update(snapshot, contact_check.link_monitor):
                show(snapshot, contact_check.link_monitor.stats)
    if as_json:
        print_json(statistics.as_dict(device))
    raise typer.Exit(EXIT_INTERRUPTED if interrupted.is_set() else EXIT_OK)


def _show_impedances(device: str, profile: str, *, as_json: bool) -> None:
    from neurofeedback.session.clock import RealClock  # NumPy and BrainFlow come with these
    from neurofeedback.session.fit.impedance import measure_impedances
    from neurofeedback.session.fit.impedance_reading import ACCEPTABLE_KOHM
    from neurofeedback.settings.load import load_settings

    plain_console(stderr=True).print(tr(headset_fit.MEASURING_IMPEDANCE))
    found = measure_impedances(device, load_settings(profile), RealClock())
    if as_json:
        print_json([{"name": one.ch_name or "reference", "kohm": one.kohm, "level": one.level} for one in found])
        return
    for one in found:
        name = one.ch_name or tr(headset_fit.IMPEDANCE_REFERENCE)
        echo(f"{name:<10}  {one.kohm:>6.0f} kOhm  {tr(one.level)}")
    if any(one.kohm > ACCEPTABLE_KOHM for one in found):
        echo(tr(headset_fit.HINTS[FLAT]))


def _snapshots(contact_check: ContactCheck, clock: Clock, seconds: float | None) -> Iterator[Snapshot]:
    """Yield snapshots for so many seconds of signal, or without end; a silent device ends it a little later."""
    start = clock.now()
    for snapshot in contact_check.snapshots():
        yield snapshot
        if seconds is None:
            continue
        if (
            contact_check.link_monitor.n_samples >= seconds * contact_check.stream.sfreq
            or clock.now() - start >= seconds + _TIMEOUT_MARGIN_S
        ):
            return
