"""``train --study``: record the visit of a participant that is due; the arm is shown nowhere."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from neurofeedback.cli.helpers.common import echo
from neurofeedback.errors import EXIT_SETTINGS, NeurofeedbackError, SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts

if TYPE_CHECKING:
    from neurofeedback.session.config import SessionConfig
    from neurofeedback.study.masked.visit import DueVisit


def prepare_visit(config: SessionConfig, participant: str | None, visit: str, deviation: str) -> SessionConfig:
    """Show the person and the visit, ask whether they are right, and return the session of that visit.

    Raises
    ------
    SettingsError
        No participant is named, the visit is not due, or an option is set that the protocol decides.
    RecordingError
        The protocol is not frozen, or allocation, run key, donors or run-in cannot be used.
    """
    from neurofeedback.study.masked.visit import find_due_visit, open_visit, visit_session  # NumPy, not for --help

    if participant is None:
        raise SettingsError("a study has no participant by default", todo="pass --participant")
    check_own_options(config)
    root = config.recordings
    due = find_due_visit(root, participant, visit, datetime.now().astimezone().date(), deviation)
    part = open_visit(root, due)
    _show(root, due)
    if sys.stdin.isatty() and not typer.confirm(
        tr(texts.CONFIRM_PERSON, participant=due.enrolment.participant), default=False
    ):
        raise typer.Exit(EXIT_SETTINGS)
    return visit_session(config, due, part, deviation)


def ask_guesses(config: SessionConfig, *, completed: bool) -> None:
    """Ask the participant for the arm at the end of a visit, if the protocol says so, before anything is shown.

    Not after a visit that broke off, as the first guess stands. An error is shown, and what follows goes on.
    """
    from neurofeedback.cli.commands.studies.study_blinding import GuesserChoice, ask_and_save
    from neurofeedback.study.guesses import check_guess
    from neurofeedback.study.protocol_lock import frozen_protocol

    if config.study is None or not completed:
        return
    start = config.study.start
    try:
        protocol, _ = frozen_protocol(config.recordings)
        if protocol.visit(start.visit).ask_guess:
            check_guess(config.recordings, start.participant, start.visit, "participant")
            ask_and_save(config.recordings, start.participant, start.visit, GuesserChoice.PARTICIPANT)
    except NeurofeedbackError as error:  # such as a repeated visit: the first guess stands
        echo(error, err=True)
    except typer.Abort:  # no answer: what follows is still asked
        echo(tr(texts.NO_GUESS), err=True)


def visit_forms(config: SessionConfig) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the forms before and after the visit of a session; None for a session of no study."""
    from neurofeedback.study.protocol_lock import frozen_protocol

    if config.study is None:
        return None
    visit = frozen_protocol(config.recordings)[0].visit(config.study.start.visit)
    return visit.forms_before, visit.forms_after


def check_own_options(config: SessionConfig) -> None:
    """Refuse options that the protocol decides.

    Raises
    ------
    SettingsError
        One is set.
    """
    own = {
        "--profile": config.profile != "default",
        "--minutes": config.minutes is not None,
        "--programme": bool(config.programme),
        "--probe-every": config.probe_interval_s is not None,
        "--learn-live": config.learn_live is not None,
        "--mode": config.mode != "practice",
        "--breaths-per-min": bool(config.settings_overrides),
        "--condition, --substance, --dose, --route": config.facts is not None,
    }
    if chosen := [name for name, is_set in own.items() if is_set]:
        raise SettingsError(tr(texts.OWN_OPTIONS), got=", ".join(chosen), todo="leave it out")


def _show(root: Path, due: DueVisit) -> None:
    from neurofeedback.study.protocol import read_protocol

    protocol = read_protocol(root)
    instruction = protocol.instruction(due.enrolment.open_part)
    echo(
        tr(
            texts.VISIT_TO_RECORD,
            participant=due.enrolment.participant,
            number=due.status.number,
            n=len(protocol.visits),
            visit=due.visit.name,
            instruction=instruction.text,
        )
    )
    if due.deviations:
        echo(tr(texts.DEVIATES, reasons=", ".join(due.deviations)))
