"""``simulate``: a whole session by a simulated meditator, its ground truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from neurofeedback.cli.common import print_json

if TYPE_CHECKING:
    from neurofeedback.session.request import Outcome
    from neurofeedback.simulation.meditator import SimulatedSitting

_MOST_EFFECT = 10.0


class People(StrEnum):
    """Populations a person can be drawn from, as typed."""

    BREATH_NOVICE = "breath-novice"
    PROBE_POOLED = "probe-pooled"
    FIXED = "fixed"
    NULL = "null"


class Family(StrEnum):
    """Device families, as typed."""

    MUSE = "muse"
    GANGLION = "ganglion"
    CYTON = "cyton"
    CYTON_DAISY = "cyton-daisy"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Record a session by a simulated meditator, with its ground truth.")(simulate)


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder of recordings to add the session to.")],
    minutes: Annotated[float | None, typer.Option(help="Length of the sitting; else the profile's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same person and same samples.")] = 1,
    effect: Annotated[
        float, typer.Option(min=0, max=_MOST_EFFECT, help="Factor on what wandering does to the signal; 0 is nothing.")
    ] = 1.0,
    population: Annotated[People, typer.Option(help="Whom to draw the person from.")] = People.BREATH_NOVICE,
    device_family: Annotated[Family, typer.Option(help="Headset to simulate.")] = Family.MUSE,
    clean: Annotated[bool, typer.Option("--clean", help="No artifacts, no drift, no mains.")] = False,
    loss: Annotated[float, typer.Option(help="Share of packets lost on the way, 0 to below 1.")] = 0.0,
    participant: Annotated[str, typer.Option(help="Letters and digits.")] = "01",
    profile: Annotated[str, typer.Option(help="Name of a profile, or a TOML file.")] = "default",
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Simulate a sitting as fast as it goes, through the same runner as a real one."""
    from neurofeedback.acquisition.simulated import SimulatedSource  # noqa: PLC0415 - numpy and scipy when asked for
    from neurofeedback.cli.terminal import watch  # noqa: PLC0415
    from neurofeedback.session.request import SitRequest  # noqa: PLC0415
    from neurofeedback.session.sitting import Sitting  # noqa: PLC0415
    from neurofeedback.simulation.conditions import CLEAN, EYES_CLOSED  # noqa: PLC0415
    from neurofeedback.simulation.link import Link  # noqa: PLC0415
    from neurofeedback.simulation.population import draw_person  # noqa: PLC0415

    request = SitRequest(f"simulated:{seed}", out, participant, profile, minutes, "none", seed, fast=True)
    make = partial(
        SimulatedSource,
        person=draw_person(seed, population, effect_scale=effect),
        family=device_family,
        conditions=CLEAN if clean else EYES_CLOSED,
        link=Link(loss=loss),
    )
    sources: list[SimulatedSource] = []

    def find(device: str, *, now: Callable[[], float], seed: int, duration_s: float) -> SimulatedSource:
        sources.append(make(seed, now, duration_s=duration_s))
        return sources[0]

    outcome = watch(Sitting(request, find), Console(stderr=True))
    if outcome.session is not None:
        write_truth(outcome.session, sources[0].truth)
        _tell(outcome, sources[0].truth, json=json)
    raise typer.Exit(outcome.exit_code)


def write_truth(session: Path, truth: SimulatedSitting) -> None:
    """Write what is true of a simulated sitting beside what the program computed of it.

    Raises
    ------
    RecordingError
        The files cannot be written.
    """
    from neurofeedback.errors import RecordingError  # noqa: PLC0415
    from neurofeedback.recording.files import read_json, rewrite, rewrite_json  # noqa: PLC0415
    from neurofeedback.simulation import truth as tables  # noqa: PLC0415

    summary = next(session.glob("*_summary.json"))
    stem = summary.name.removesuffix("_summary.json")
    n_samples = int(read_json(summary)["n_samples"])
    written = (
        ("truth", tables.STATES_HEADER, tables.state_rows(truth, n_samples)),
        ("truthevents", tables.EVENTS_HEADER, tables.event_rows(truth, n_samples / truth.device.sfreq)),
    )
    try:
        for label, header, rows in written:
            table = session / f"{stem}_desc-{label}_timeseries.tsv"
            rewrite(table, "".join("\t".join(row) + "\n" for row in (header, *rows)))
            columns = {name: tables.COLUMNS[name] for name in header}
            rewrite_json(table.with_suffix(".json"), {**columns, **tables.facts(truth)})
    except OSError as error:
        raise RecordingError(
            "the ground truth cannot be written",
            got=error.strerror,
            todo=f"make room and simulate again; the recording is kept in {session}",
        ) from None


def _tell(outcome: Outcome, truth: SimulatedSitting, *, json: bool) -> None:
    if json:
        wandering = round(truth.wandering_share(), 4)
        print_json({"session": str(outcome.session), "seed": truth.seed, "wandering_share": wandering})
    else:
        typer.echo(f"{outcome.session}")
