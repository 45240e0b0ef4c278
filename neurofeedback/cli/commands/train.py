"""``train``: one sitting, in the window or in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurofeedback.cli.helpers.common import last_participant, plain_console, recordings_folder, require_window
from neurofeedback.cli.helpers.select_device import select_device
from neurofeedback.cli.helpers.window import open_window, session_with_report
from neurofeedback.session.config import SessionConfig

_KEYS = (
    "Keys in the terminal view, typed or piped in: space, or a presenter's remote: I was away; 1 to 5: answer a "
    "question; s: leave it; p: pause and go on; + and -: volume; m: mute; l: 5 minutes longer; k: mark; q: end."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Sit: settle, baseline, practice with feedback, transfer, debrief.", epilog=_KEYS)(train)


def train(
    device: Annotated[
        str | None, typer.Option(help="Headset or stream, see `neurofeedback devices`; the last one, else one found.")
    ] = None,
    participant: Annotated[str | None, typer.Option(help="Letters and digits; the last one, else 01.")] = None,
    profile: Annotated[str, typer.Option(help="Name of a profile, or a TOML file.")] = "default",
    minutes: Annotated[float | None, typer.Option(help="Length of the whole sitting; else the profile's.")] = None,
    programme: Annotated[
        str, typer.Option(help="Segments by name or TOML file: first, 10-minutes, 45-minutes, open-end ...")
    ] = "",
    probe_every: Annotated[
        float | None, typer.Option(help="Mean seconds between questions; 0 for none; else the profile's.")
    ] = None,
    learn_live: Annotated[
        bool | None, typer.Option(help="Each answer refines the minutes after it; else as the profile says.")
    ] = None,
    headless: Annotated[bool, typer.Option(help="Terminal view instead of the window.")] = False,
    audio: Annotated[str, typer.Option(help="auto, none, device:NAME (see doctor) or a new WAV file.")] = "auto",
    recordings: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of whatever is drawn at random.", min=0)] = None,
    fast: Annotated[bool, typer.Option(help="As fast as it goes; simulated and playback only.")] = False,
    lsl_out: Annotated[str, typer.Option(help="Send raw, frames and markers by LSL: machine, or network.")] = "",
    osc_out: Annotated[str, typer.Option(help="Send frames by OSC: PORT of this machine, or HOST:PORT.")] = "",
) -> None:
    """Run one sitting and exit with its code."""
    if not headless:
        require_window()  # before a scan of some seconds
    folder = recordings_folder(recordings)
    request = SessionConfig(
        device=select_device(folder) if device is None else device,
        recordings=folder,
        participant=last_participant(folder) if participant is None else participant,
        profile=profile,
        minutes=minutes,
        audio=audio,
        seed=seed,
        fast=fast,
        lsl_out=lsl_out,
        osc_out=osc_out,
        wait_for_fit=not headless and not fast,
        programme=programme,
        probe_interval_s=probe_every,
        learn_live=learn_live,
    )
    if not headless:
        raise typer.Exit(open_window(folder, request))
    from neurofeedback.cli.ending import print_session_end  # NumPy, and not for --help
    from neurofeedback.cli.helpers.questionnaire import (
        SessionQuestionnaires,  # scipy and BrainFlow load while a person reads
    )
    from neurofeedback.cli.helpers.terminal_view import run_in_terminal

    sitting = session_with_report(request)
    console = plain_console(stderr=True)
    console.print(f"Recordings go to {folder}")
    for sentence in sitting.notices:
        console.print(sentence)
    forms = SessionQuestionnaires(profile) if sys.stdin.isatty() else None  # piped keys are for the sitting
    if forms:
        forms.ask_before()
    outcome = run_in_terminal(sitting, plain_console())
    if forms and outcome.session_dir is not None:
        forms.save_and_ask_after(outcome.session_dir)
    print_session_end(outcome)
    raise typer.Exit(outcome.exit_code)
