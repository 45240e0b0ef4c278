"""``simulate``: record sessions of a simulated meditator, with their ground truth."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurofeedback.cli.helpers.common import echo, print_json
from neurofeedback.cli.helpers.json_documents import SimulatedSessionDocument
from neurofeedback.errors import RecordingError
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from neurofeedback.acquisition.simulated import SimulatedSource
    from neurofeedback.recording.session_notes import SessionNotes
    from neurofeedback.session.config import SessionConfig, SessionResult
    from neurofeedback.simulation.disturbances import Disturbances
    from neurofeedback.simulation.feedback_response import FeedbackResponse
    from neurofeedback.simulation.ground_truth import TruthDescription
    from neurofeedback.simulation.packet_loss import RadioLink
    from neurofeedback.simulation.population import Person
    from neurofeedback.simulation.simulated_meditator import SimulatedSession

_MAX_EFFECT = 10.0
_MAX_DURATION_S = 4 * 3600.0


class PopulationChoice(StrEnum):
    """Populations that a person can be drawn from, as typed."""

    BREATH_NOVICE = "breath-novice"
    PROBE_POOLED = "probe-pooled"
    FIXED = "fixed"
    NULL = "null"


class DeviceFamily(StrEnum):
    """Device families, as typed."""

    MUSE = "muse"
    GANGLION = "ganglion"
    CYTON = "cyton"
    CYTON_DAISY = "cyton-daisy"


class EyesChoice(StrEnum):
    """Eyes closed or open, as typed."""

    CLOSED = "closed"
    OPEN = "open"


class ResponseChoice(StrEnum):
    """Responses to the feedback, as typed."""

    NONE = "none"
    RESPONDER = "responder"
    NON_RESPONDER = "non-responder"
    DISTRACTED = "distracted"


class ShiftChoice(StrEnum):
    """Shifts of a whole session, as typed."""

    NONE = "none"
    INFUSION = "infusion"


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder of recordings to add to.")],
    minutes: Annotated[float | None, typer.Option(help="Length of a session; else the profile's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same person and same samples.")] = 1,
    sessions: Annotated[int, typer.Option(min=1, max=1000, help="Number of sessions of the same person.")] = 1,
    days_apart: Annotated[float, typer.Option(min=0, help="Days between the sessions; the last one is today.")] = 0.0,
    effect: Annotated[
        float, typer.Option(min=0, max=_MAX_EFFECT, help="Factor on the effect of wandering on the signal; 0 is none.")
    ] = 1.0,
    population: Annotated[
        PopulationChoice, typer.Option(help="Population that the person is drawn from.")
    ] = PopulationChoice.BREATH_NOVICE,
    response: Annotated[
        ResponseChoice, typer.Option(help="Response to the tone: a responder wanders less, and learns.")
    ] = ResponseChoice.NONE,
    device_family: Annotated[DeviceFamily, typer.Option(help="Headset to simulate.")] = DeviceFamily.MUSE,
    eyes: Annotated[EyesChoice, typer.Option(help="Eyes closed or open.")] = EyesChoice.CLOSED,
    clean: Annotated[bool, typer.Option("--clean", help="No artifacts, no drift, no mains.")] = False,
    vigilance: Annotated[
        float,
        typer.Option(min=0, max=5, help="Loss of vigilance over time: theta up, alpha down, more wandering."),
    ] = 0.0,
    drowsiness: Annotated[
        float, typer.Option(min=0, max=1, help="Probability, after 20 min, that a drowsy episode follows an episode.")
    ] = 0.0,
    loss: Annotated[float, typer.Option(help="Share of packets lost, 0 to below 1.")] = 0.0,
    outage_every: Annotated[
        float | None, typer.Option(min=1, help="Mean time between outages of 0.5 to 5 s, s.")
    ] = None,
    session_sd: Annotated[
        float, typer.Option(min=0, max=3, help="SD of band powers from session to session, ln units.")
    ] = 0.0,
    shift: Annotated[
        ShiftChoice,
        typer.Option(help="Shift of the whole session: infusion is alpha down, gamma up, a flatter slope."),
    ] = ShiftChoice.NONE,
    ketamine: Annotated[
        float | None, typer.Option(min=0, max=1, help="Dose of an infusion within the session, mg/kg, such as 0.5.")
    ] = None,
    infusion_start: Annotated[float, typer.Option(min=0, help="Start of the infusion, min.")] = 10.0,
    infusion_minutes: Annotated[float, typer.Option(min=1, help="Length of the infusion, min.")] = 40.0,
    condition: Annotated[str, typer.Option(help="Tag the sessions with a condition, such as pre.")] = "",
    participant: Annotated[str, typer.Option(help="Letters and digits.")] = "01",
    profile: Annotated[str, typer.Option(help="Name of a profile, or a TOML file.")] = "default",
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Record sessions of a simulated meditator, with their ground truth."""
    from neurofeedback.recording import session_notes  # numpy and scipy only when asked for
    from neurofeedback.session.config import SessionConfig
    from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, EYES_OPEN, SHIFTS
    from neurofeedback.simulation.feedback_response import RESPONSES, apply_learning
    from neurofeedback.simulation.packet_loss import RadioLink, draw_outages
    from neurofeedback.simulation.population import draw_person
    from neurofeedback.simulation.substance_course import WITHOUT_ARTIFACTS, SubstanceCourse, SubstanceEffects

    substance = None
    if ketamine is not None:
        effects = WITHOUT_ARTIFACTS if clean else SubstanceEffects()
        substance = SubstanceCourse(60 * infusion_start, 60 * infusion_minutes, ketamine, effects=effects)
    disturbed = EYES_OPEN if eyes is EyesChoice.OPEN else EYES_CLOSED
    scene = SimulationSetup(
        SessionConfig("simulated", out, participant, profile, minutes, "none", fast=True),
        draw_person(seed, population, effect_scale=effect),
        RESPONSES[response],
        replace(
            CLEAN if clean else disturbed,
            vigilance=vigilance,
            drowsiness=drowsiness,
            shift=SHIFTS[shift],
            substance=substance,
        ),
        device_family,
        RadioLink(loss=loss, outages=draw_outages(_MAX_DURATION_S, outage_every or math.inf, seed)),
        seed,
    )
    notes = session_notes.SessionNotes(condition=condition, eyes=eyes)
    documents: list[SimulatedSessionDocument] = []
    for number in range(sessions):
        today = _setup_for_session(
            scene, number, session_sd, days_apart * (sessions - 1 - number) if days_apart else None
        )
        result, source = _run_session(today)
        if result.session_dir is not None:
            documents.append(_write_session_files(result.session_dir, source, today, notes))
        if result.exit_code:
            echo(f"neurofeedback: {result.message}", err=True)
            raise typer.Exit(result.exit_code)
        path = str(result.session_dir)
        line = tr(terminal.SESSION_NUMBER, number=number + 1, total=sessions, path=path) if sessions > 1 else path
        echo(line, err=json)
        person, response_now = apply_learning(scene.person, scene.response, source.correlation)
        scene = replace(scene, person=person, response=response_now)
    if json:
        print_json(documents[0] if len(documents) == 1 else {"sessions": documents})


@dataclass(frozen=True, slots=True)
class SimulationSetup:
    """Everything that is simulated: session, person, response, disturbances, headset and link."""

    request: SessionConfig
    person: Person
    response: FeedbackResponse
    conditions: Disturbances
    family: str
    link: RadioLink
    seed: int


def _setup_for_session(
    setup: SimulationSetup, number: int, session_sd: float, days_ago: float | None
) -> SimulationSetup:
    """Return the setup of one session, with its own seed, shift and date (``days_ago`` None is now)."""
    from neurofeedback.simulation.disturbances import draw_session_shift

    seed = setup.seed + number
    started = None if days_ago is None else datetime.now().astimezone() - timedelta(days=days_ago)
    shift = setup.conditions.shift + draw_session_shift(setup.seed, number, session_sd)
    return replace(
        setup,
        request=replace(setup.request, device=f"simulated:{seed}", seed=seed, start_time=started),
        conditions=replace(setup.conditions, shift=shift),
        seed=seed,
    )


def _run_session(setup: SimulationSetup) -> tuple[SessionResult, SimulatedSource]:
    from rich.console import Console

    from neurofeedback.acquisition.simulated import SimulatedSource
    from neurofeedback.cli.helpers.terminal_view import run_in_terminal
    from neurofeedback.session.session import Session

    sources: list[SimulatedSource] = []

    def find(device: str, *, now: Callable[[], float], seed: int, duration_s: float) -> SimulatedSource:
        sources.append(
            SimulatedSource(
                seed,
                now,
                duration_s=duration_s,
                person=setup.person,
                family=setup.family,
                conditions=setup.conditions,
                link=setup.link,
                response=setup.response,
            )
        )
        return sources[0]

    quiet = not sys.stdout.isatty()  # a file or a script gets a line for each session only
    return run_in_terminal(Session(setup.request, find), Console(stderr=True, quiet=quiet)), sources[0]


def _write_session_files(
    session: Path, source: SimulatedSource, setup: SimulationSetup, notes: SessionNotes
) -> SimulatedSessionDocument:
    """Write the ground truth and the notes of a session; return what ``--json`` prints of it."""
    from neurofeedback.recording.bids_paths import SessionFiles
    from neurofeedback.recording.session_notes import write_notes

    truth = source.truth
    write_truth(session, truth, setup.response)
    stem = next(session.glob("*_summary.json")).name.removesuffix("_summary.json")
    write_notes(SessionFiles.from_stem(session.parents[3], stem), notes)
    return {"session": str(session), "seed": truth.seed, "wandering_share": round(truth.wandering_share(), 4)}


def _truth_document(description: TruthDescription) -> dict[str, object]:
    """Return the description of the ground truth with its keys on disk; those of 0.1.0."""
    return {
        "Seed": description.seed,
        "Person": asdict(description.person),
        "EffectUnits": description.effect_units,
        "Conditions": asdict(description.disturbances),
        "WanderingShare": description.wandering_share,
        "Response": asdict(description.response),
    }


def write_truth(session: Path, truth: SimulatedSession, response: FeedbackResponse | None = None) -> None:
    """Write the ground truth of a simulated session into its folder of computed files.

    Raises
    ------
    RecordingError
        The files cannot be written.
    """
    from neurofeedback.recording.session_json import read_summary
    from neurofeedback.simulation import ground_truth as tables
    from neurofeedback.simulation.feedback_response import NO_RESPONSE
    from neurofeedback.storage.atomic_files import write_atomic, write_json_atomic

    summary = next(session.glob("*_summary.json"))
    stem = summary.name.removesuffix("_summary.json")
    n_samples = read_summary(summary).n_samples or 0
    written = (
        ("truth", tables.STATES_HEADER, tables.state_rows(truth, n_samples)),
        ("truthevents", tables.EVENTS_HEADER, tables.event_rows(truth, n_samples / truth.headset.sfreq)),
    )
    course = tables.course_rows(truth, n_samples / truth.headset.sfreq)
    if course:
        written = (*written, ("truthcourse", tables.COURSE_HEADER, course))
    try:
        for label, header, rows in written:
            table = session / f"{stem}_desc-{label}_timeseries.tsv"
            write_atomic(table, "".join("\t".join(row) + "\n" for row in (header, *rows)))
            columns = {name: tables.COLUMNS[name] for name in header}
            description = _truth_document(tables.describe_truth(truth, response or NO_RESPONSE))
            write_json_atomic(table.with_suffix(".json"), {**columns, **description})
    except OSError as error:
        raise RecordingError(
            "the ground truth cannot be written",
            got=error.strerror,
            todo=f"free disk space and simulate again; the recording is saved in {session}",
        ) from None
