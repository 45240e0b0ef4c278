"""``simulate``: whole sessions by a simulated meditator, their ground truth beside them."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.common import print_json

if TYPE_CHECKING:
    from neurofeedback.acquisition.simulated import SimulatedSource
    from neurofeedback.recording.after import After
    from neurofeedback.session.request import Outcome, SitRequest
    from neurofeedback.simulation.conditions import Conditions
    from neurofeedback.simulation.link import Link
    from neurofeedback.simulation.population import Person
    from neurofeedback.simulation.response import Response

_MOST_EFFECT = 10.0
_LONGEST_S = 4 * 3600.0


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


class Eyes(StrEnum):
    """Eyes, as typed."""

    CLOSED = "closed"
    OPEN = "open"


class Responding(StrEnum):
    """What the tone does to the person, as typed."""

    NONE = "none"
    RESPONDER = "responder"
    NON_RESPONDER = "non-responder"
    DISTRACTED = "distracted"


class Shifted(StrEnum):
    """Known differences of a whole session, as typed."""

    NONE = "none"
    INFUSION = "infusion"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Record sessions by a simulated meditator, with their ground truth.")(simulate)


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder of recordings to add to.")],
    minutes: Annotated[float | None, typer.Option(help="Length of a sitting; else the profile's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same person and same samples.")] = 1,
    sessions: Annotated[int, typer.Option(min=1, max=1000, help="So many sessions of the same person.")] = 1,
    days_apart: Annotated[float, typer.Option(min=0, help="Date them so many days apart, the last one today.")] = 0.0,
    effect: Annotated[
        float, typer.Option(min=0, max=_MOST_EFFECT, help="Factor on what wandering does to the signal; 0 is nothing.")
    ] = 1.0,
    population: Annotated[People, typer.Option(help="Whom to draw the person from.")] = People.BREATH_NOVICE,
    response: Annotated[
        Responding, typer.Option(help="What the tone does: who responds wanders for less, and learns.")
    ] = Responding.NONE,
    device_family: Annotated[Family, typer.Option(help="Headset to simulate.")] = Family.MUSE,
    eyes: Annotated[Eyes, typer.Option(help="Eyes closed or open.")] = Eyes.CLOSED,
    clean: Annotated[bool, typer.Option("--clean", help="No artifacts, no drift, no mains.")] = False,
    vigilance: Annotated[
        float, typer.Option(min=0, max=5, help="Tiring over a sitting: theta up, alpha down, more wandering.")
    ] = 0.0,
    drowsiness: Annotated[
        float, typer.Option(min=0, max=1, help="Chance, after 20 min, that an episode is followed by a drowsy one.")
    ] = 0.0,
    loss: Annotated[float, typer.Option(help="Share of packets lost on the way, 0 to below 1.")] = 0.0,
    outage_every: Annotated[
        float | None, typer.Option(min=1, help="Nothing gets through for .5 to 5 s, so often on average, s.")
    ] = None,
    session_sd: Annotated[
        float, typer.Option(min=0, max=3, help="Spread of band powers from session to session, ln units.")
    ] = 0.0,
    shift: Annotated[
        Shifted, typer.Option(help="What is different throughout: infusion is alpha down, gamma up, a flatter slope.")
    ] = Shifted.NONE,
    condition: Annotated[str, typer.Option(help="Tag the sessions with a condition, such as pre.")] = "",
    participant: Annotated[str, typer.Option(help="Letters and digits.")] = "01",
    profile: Annotated[str, typer.Option(help="Name of a profile, or a TOML file.")] = "default",
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Simulate sittings as fast as they go, through the same runner as real ones; questions are answered."""
    from neurofeedback.recording import after  # noqa: PLC0415 - numpy and scipy only when asked for
    from neurofeedback.session.request import SitRequest  # noqa: PLC0415
    from neurofeedback.simulation.conditions import CLEAN, EYES_CLOSED, EYES_OPEN, SHIFTS  # noqa: PLC0415
    from neurofeedback.simulation.link import Link, draw_outages  # noqa: PLC0415
    from neurofeedback.simulation.population import draw_person  # noqa: PLC0415
    from neurofeedback.simulation.response import RESPONSES, learned  # noqa: PLC0415

    disturbed = EYES_OPEN if eyes is Eyes.OPEN else EYES_CLOSED
    scene = Scene(
        SitRequest("simulated", out, participant, profile, minutes, "none", fast=True),
        draw_person(seed, population, effect_scale=effect),
        RESPONSES[response],
        replace(CLEAN if clean else disturbed, vigilance=vigilance, drowsiness=drowsiness, shift=SHIFTS[shift]),
        device_family,
        Link(loss=loss, outages=draw_outages(_LONGEST_S, outage_every or math.inf, seed)),
        seed,
    )
    said = after.After(condition=condition, eyes=eyes)
    told: list[dict[str, object]] = []
    for number in range(sessions):
        today = _today(scene, number, session_sd, days_apart * (sessions - 1 - number) if days_apart else None)
        outcome, source = _sit(today)
        if outcome.session is not None:
            told.append(_completed(outcome.session, source, today, said))
        if outcome.exit_code:
            typer.echo(f"neurofeedback: {outcome.message}", err=True)
            raise typer.Exit(outcome.exit_code)
        which = f"session {number + 1} of {sessions}: " if sessions > 1 else ""
        typer.echo(f"{which}{outcome.session}", err=json)
        person, response_now = learned(scene.person, scene.response, source.correlation)
        scene = replace(scene, person=person, response=response_now)
    if json:
        print_json(told[0] if len(told) == 1 else {"sessions": told})


@dataclass(frozen=True, slots=True)
class Scene:
    """Who sits, on what, under which disturbances."""

    request: SitRequest
    person: Person
    response: Response
    conditions: Conditions
    family: str
    link: Link
    seed: int


def _today(scene: Scene, number: int, session_sd: float, days_ago: float | None) -> Scene:
    """Return the sitting of one day: its own seed and shift, and its date (None is now)."""
    from neurofeedback.simulation.conditions import draw_day  # noqa: PLC0415

    seed = scene.seed + number
    started = None if days_ago is None else datetime.now().astimezone() - timedelta(days=days_ago)
    shift = scene.conditions.shift + draw_day(scene.seed, number, session_sd)
    return replace(
        scene,
        request=replace(scene.request, device=f"simulated:{seed}", seed=seed, started=started),
        conditions=replace(scene.conditions, shift=shift),
        seed=seed,
    )


def _sit(scene: Scene) -> tuple[Outcome, SimulatedSource]:
    from rich.console import Console  # noqa: PLC0415

    from neurofeedback.acquisition.simulated import SimulatedSource  # noqa: PLC0415
    from neurofeedback.cli.terminal import watch  # noqa: PLC0415
    from neurofeedback.session.sitting import Sitting  # noqa: PLC0415

    sources: list[SimulatedSource] = []

    def find(device: str, *, now: Callable[[], float], seed: int, duration_s: float) -> SimulatedSource:
        sources.append(
            SimulatedSource(
                seed,
                now,
                duration_s=duration_s,
                person=scene.person,
                family=scene.family,
                conditions=scene.conditions,
                link=scene.link,
                response=scene.response,
            )
        )
        return sources[0]

    quiet = not sys.stdout.isatty()  # a line for each session is enough for a file or a script
    return watch(Sitting(scene.request, find), Console(stderr=True, quiet=quiet)), sources[0]


def _completed(session: Path, source: SimulatedSource, scene: Scene, said: After) -> dict[str, object]:
    """Write what is true of a session and what is said of it; return what to tell of it."""
    from neurofeedback.cli.simulated_truth import write_truth  # noqa: PLC0415
    from neurofeedback.recording.after import write_after  # noqa: PLC0415
    from neurofeedback.recording.bids import SessionFiles  # noqa: PLC0415

    truth = source.truth
    write_truth(session, truth, scene.response)
    stem = next(session.glob("*_summary.json")).name.removesuffix("_summary.json")
    write_after(SessionFiles.of(session.parents[3], stem), said)
    return {"session": str(session), "seed": truth.seed, "wandering_share": round(truth.wandering_share(), 4)}
