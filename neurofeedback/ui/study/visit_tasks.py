"""What the experimenter's page reads and writes, in helper threads. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurofeedback.session.config import SessionConfig
    from neurofeedback.study.agenda import Agenda
    from neurofeedback.study.guesses import Guesser
    from neurofeedback.study.schedule import VisitStatus
    from neurofeedback.ui.background import TaskHandle


def now() -> datetime:
    """Return the local time."""
    return datetime.now().astimezone()


def today() -> date:
    """Return the local date."""
    return now().date()


def read_study(root: Path, handle: TaskHandle) -> tuple[Agenda, bool]:
    """Complete sessions that broke off, and return who is due, with whether there were such sessions.

    Raises
    ------
    RecordingError
        The protocol is not frozen, the clock is behind the recordings, or a record was changed.
    """
    from neurofeedback.recording.recovery import recover_sessions  # NumPy
    from neurofeedback.study.agenda import read_agenda

    completed = recover_sessions(root)
    handle.report_progress(0.0)
    return read_agenda(root, today()), bool(completed)


def open_session(base: SessionConfig, status: VisitStatus, deviation: str, handle: TaskHandle) -> SessionConfig:
    """Return the session of a visit, ready to be recorded.

    Raises
    ------
    SettingsError
        The visit is not due any more, or the study is unlocked.
    RecordingError
        The allocation, the run key, the donors or the run-in are missing or cannot be used.
    """
    from neurofeedback.study.masked.visit import find_due_visit, open_visit, visit_session

    due = find_due_visit(base.recordings, status.participant, status.visit.name, today(), deviation)
    part = open_visit(base.recordings, due)
    handle.report_progress(0.0)  # nothing is logged of a visit that was cancelled
    return visit_session(base, due, part, deviation)


def link_forms(root: Path, status: VisitStatus, session: str, _handle: TaskHandle) -> None:
    """Join the forms of today to the session that followed them."""
    from neurofeedback.study.agenda import link_forms_before

    link_forms_before(root, status.participant, status.visit, session, today())


def leave_form_out(root: Path, form: str, participant: str, why: str, _handle: TaskHandle) -> None:
    """Log that a form was left out."""
    from neurofeedback.recording.facts.forms import log_not_asked

    log_not_asked(root, form, participant, why)


def store_guess(
    root: Path, status: VisitStatus, guesser: Guesser, answers: Mapping[str, str | int], _handle: TaskHandle
) -> None:
    """Save a guess of the arm."""
    from neurofeedback.study.guesses import save_guess

    save_guess(root, status.participant, status.visit.name, guesser, answers)
