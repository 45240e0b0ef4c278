"""``train``: run one session, in the window or in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from neurofeedback.cli.commands.studies.study_visit import (
    ask_guesses,
    check_own_options,
    prepare_visit,
    visit_forms,
)
from neurofeedback.cli.helpers.common import (
    echo,
    existing_recordings_folder,
    last_participant,
    plain_console,
    recordings_folder,
    require_window,
)
from neurofeedback.cli.helpers.select_device import select_device
from neurofeedback.cli.helpers.window import open_window, session_with_report
from neurofeedback.errors import EXIT_OK, EXIT_SETTINGS
from neurofeedback.session.config import NO_DEVICE, RunningSession, SessionConfig, SettingOverride
from neurofeedback.texts import course, forms, home, terminal
from neurofeedback.texts.catalogue import tr

if TYPE_CHECKING:
    from rich.console import Console

    from neurofeedback.cli.helpers.attendant_keys import AttendantKeys
    from neurofeedback.recording.facts.session_facts import SessionFacts

KEYS = (
    "Keys in the terminal view, typed or piped in: space, or a presenter's remote: my mind wandered; 1 to 5: answer a "
    "question; s: skip it; p: pause and resume; + and -: volume; m: mute; l: 5 minutes longer; k: mark; q: end. With "
    "--mode record or a substance, an attendant enters by d a dose, e the end of the infusion, v vital signs, n a "
    "note, and x stops the sound."
)


def train(
    device: Annotated[
        str | None,
        typer.Option(help="Headset or stream, see `neurofeedback devices`; the last one, else one found; or none."),
    ] = None,
    participant: Annotated[str | None, typer.Option(help="Letters and digits; the last one, else 01.")] = None,
    profile: Annotated[str, typer.Option(help="Name of a profile, or a TOML file.")] = "default",
    minutes: Annotated[float | None, typer.Option(help="Length of the whole sitting; else the profile's.")] = None,
    programme: Annotated[
        str, typer.Option(help="Practice by name or TOML file: first, 10-minutes, open-end, body-scan, timer ...")
    ] = "",
    probe_every: Annotated[
        float | None, typer.Option(help="Mean seconds between questions; 0 for none; else the profile's.")
    ] = None,
    breaths_per_min: Annotated[
        float | None, typer.Option(help="Pace of a breath pacer, 4 to 8 a minute; else the practice's.")
    ] = None,
    learn_live: Annotated[
        bool | None, typer.Option(help="Learn from each answer during the session; else as the profile says.")
    ] = None,
    headless: Annotated[bool, typer.Option(help="Terminal view instead of the window.")] = False,
    mode: Annotated[
        Literal["practice", "record"], typer.Option(help="record: no feedback, index, questions or baseline.")
    ] = "practice",
    condition: Annotated[str, typer.Option(help="Condition of this session, such as home, pre, during.")] = "",
    substance: Annotated[str, typer.Option(help="Substance; the session then counts for no baseline.")] = "",
    dose: Annotated[str, typer.Option(help="Dose as prescribed, such as 0.5 mg/kg.")] = "",
    route: Annotated[str, typer.Option(help="Route, such as iv.")] = "",
    audio: Annotated[str, typer.Option(help="auto, none, device:NAME (see doctor) or a new WAV file.")] = "auto",
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    study: Annotated[
        Path | None, typer.Option(help="Dataset of a study: record the participant's visit that is due.")
    ] = None,
    visit: Annotated[str, typer.Option(help="Visit of the study, if not the next one.")] = "",
    deviation: Annotated[str, typer.Option(help="Why a visit is recorded early, late or again.")] = "",
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.", min=0)] = None,
    fast: Annotated[bool, typer.Option(help="As fast as the machine can; simulated and playback only.")] = False,
    lsl_out: Annotated[str, typer.Option(help="Send raw, frames and markers by LSL: machine, or network.")] = "",
    lsl_markers: Annotated[
        str, typer.Option(help="Record the markers of this LSL stream of this machine, by its name.")
    ] = "",
    output: Annotated[
        list[str] | None, typer.Option(help="Output of an installed plug-in: NAME or NAME:ARGUMENT; may be repeated.")
    ] = None,
    osc_out: Annotated[str, typer.Option(help="Send frames by OSC: PORT of this machine, or HOST:PORT.")] = "",
    allow_network: Annotated[
        bool, typer.Option("--allow-network", help="Send LSL also where other computers on the network can read it.")
    ] = False,
) -> None:
    """Sit: settle, baseline, practice with feedback, transfer, debrief."""
    folder = _dataset(recordings, study)
    if not headless:
        require_window()  # before a scan that takes seconds
    opens_study = study is not None and not headless
    chosen_device = _choose_device(device, programme, folder, opens_study=opens_study)
    with_headset = chosen_device != NO_DEVICE
    config = SessionConfig(
        device=chosen_device,
        recordings=folder,
        participant=last_participant(folder) if participant is None else participant,
        profile=profile,
        minutes=minutes,
        audio=audio,
        seed=seed,
        fast=fast,
        lsl_out=lsl_out,
        osc_out=osc_out,
        lsl_markers=lsl_markers,
        outputs=tuple(output or ()),
        allow_network=allow_network or _network_is_allowed(lsl_out),
        wait_for_fit=not headless and not fast and with_headset,
        programme=programme,
        probe_interval_s=probe_every,
        learn_live=learn_live,
        settings_overrides=_pacer_override(breaths_per_min),
        mode=mode,
        facts=_facts(condition, substance, dose, route),
    )
    if study is not None:
        config = _prepare_study(config, participant, visit, deviation, headless=headless)
    if config.facts is not None and config.facts.under_substance:
        _confirm_substance()
    if not headless:
        raise typer.Exit(open_window(folder, config))
    from neurofeedback.cli.helpers.questionnaire import SessionQuestionnaires  # NumPy, and not for --help
    from neurofeedback.cli.helpers.terminal_view import print_session_end, run_in_terminal

    console = plain_console(stderr=True)
    _ask_about_access(folder, console)
    session = session_with_report(config)
    console.print(tr(terminal.RECORDINGS_FOLDER, folder=folder))
    for sentence in session.notices:
        console.print(sentence)
    questionnaires = SessionQuestionnaires(
        config.profile, folder, config.participant, visit_forms(config), config.facts.visit if config.facts else ""
    )
    is_terminal = sys.stdin.isatty()  # piped keys are for the session
    if is_terminal and with_headset:
        questionnaires.ask_before()
    elif with_headset:
        questionnaires.log_not_asked(tr(forms.NOT_ASKED_PIPED))
    attendant = _attendant_keys(config, session)
    result = run_in_terminal(session, plain_console(), attendant)
    if attendant is not None and (unsaved := attendant.close()):
        echo(f"{tr(course.NOT_SAVED)} {unsaved}", err=True)
    if is_terminal and result.session_dir is not None:
        ask_guesses(config, completed=result.exit_code == EXIT_OK)
        questionnaires.link_and_ask_after(result.session_dir)
    print_session_end(result)
    raise typer.Exit(result.exit_code)


def _dataset(recordings: Path | None, study: Path | None) -> Path:
    return recordings_folder(recordings) if study is None else existing_recordings_folder(study)


def _prepare_study(
    base: SessionConfig, participant: str | None, visit: str, deviation: str, *, headless: bool
) -> SessionConfig:
    """Return the session of a visit; in the window the page of the study begins it, and the program ends with it."""
    if headless:
        return prepare_visit(base, participant, visit, deviation)
    from neurofeedback.study.protocol_lock import frozen_protocol
    from neurofeedback.ui.app_state import StudyOpening

    check_own_options(base)
    frozen_protocol(base.recordings)  # a mistake in it is printed before a window opens
    opening = StudyOpening(base, participant or "", visit, deviation)
    raise typer.Exit(open_window(base.recordings, study=opening))


def _attendant_keys(config: SessionConfig, session: RunningSession) -> AttendantKeys | None:
    """Return the keys of an attendant, in a recording without feedback and under a substance."""
    from neurofeedback.cli.helpers.attendant_keys import AttendantKeys

    facts = config.facts
    if config.mode != "record" and (facts is None or not facts.under_substance):
        return None
    substance = "" if facts is None else facts.substance
    return AttendantKeys(config.recordings, config.participant, substance, send=session.live_state.send_request)


def _choose_device(device: str | None, programme: str, folder: Path, *, opens_study: bool) -> str:
    """Return the device of the session; none for a practice that uses no headset.

    The page of a study looks for the headset itself; its device is empty until then.
    """
    if opens_study:
        return device or ""
    if programme:
        from neurofeedback.settings.load import load_programme  # not for --help

        if not load_programme(programme).headset:
            return NO_DEVICE
    return select_device(folder) if device is None else device


def _pacer_override(breaths_per_min: float | None) -> tuple[SettingOverride, ...]:
    return () if breaths_per_min is None else (SettingOverride("pacer", "breaths_per_min", breaths_per_min),)


def _network_is_allowed(lsl_out: str) -> bool:
    """Ask whether LSL may be sent where other computers could read it; False without need or terminal."""
    if not lsl_out or not sys.stdin.isatty():
        return False
    from neurofeedback.session.outputs.network_outputs import needs_permission

    return needs_permission(lsl_out) and typer.confirm(tr(terminal.ALLOW_NETWORK_QUESTION), default=False)


def _facts(condition: str, substance: str, dose: str, route: str) -> SessionFacts | None:
    if not any((condition, substance, dose, route)):
        return None
    from neurofeedback.recording.facts.session_facts import SessionFacts

    return SessionFacts(condition=condition, substance=substance, dose=dose, route=route)


def _confirm_substance() -> None:
    """Print what to know before a session under a substance; a person at a terminal confirms it."""
    for text in (course.BEFORE_A_SUBSTANCE, course.INTENDED_USE):
        echo(f"{tr(text)}\n", err=True)
    if sys.stdin.isatty() and not typer.confirm(tr(course.WITH_AN_ATTENDANT), default=False):
        raise typer.Exit(EXIT_SETTINGS)


def _ask_about_access(folder: Path, console: Console) -> None:
    """Ask once whether a dataset that others can read is to be private; without a terminal, print how."""
    from neurofeedback.storage.dataset_access import accept_access, is_access_open, restrict_recordings

    if not is_access_open(folder):
        return
    console.print(tr(home.ACCESS_QUESTION, folder=folder))
    if not sys.stdin.isatty():
        console.print(tr(terminal.MAKE_PRIVATE_HINT, folder=folder))
    elif typer.confirm(tr(terminal.MAKE_PRIVATE_QUESTION), default=True):
        restrict_recordings(folder)
    else:
        accept_access(folder)
