"""What a finished session is shown by: its lines, its report, and the values of a past one. No Qt here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.errors import EXIT_OK
from neurofeedback.session.config import SessionResult
from neurofeedback.texts import after, course, home
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_duration, format_percent
from neurofeedback.texts.session_notices import COMPLETE, ENDED_EARLY

if TYPE_CHECKING:
    from neurofeedback.analysis.history import PastSession
    from neurofeedback.ui.background import TaskHandle

SHORT_S = 60.0
"""A sitting that ended sooner may have been begun by mistake."""


def headline_lines(result: SessionResult, *, without_feedback: bool = False) -> tuple[str, str]:
    """Return the lines on length and usable signal; empty where the summary has no number.

    Examples
    --------
    >>> from neurofeedback.recording.session_json import SessionSummary
    >>> headline_lines(SessionResult(0, summary=SessionSummary(duration_s=600.0, valid_fraction=0.9)))
    ('You sat for 10 minutes.', '90 % of it had a usable signal.')
    """
    summary = result.summary
    duration, usable = (summary.duration_s, summary.valid_fraction) if summary else (None, None)
    length = course.RECORDED_FOR if without_feedback else after.DURATION
    return (
        "" if duration is None else tr(length, length=format_duration(duration)),
        "" if usable is None else tr(after.USABLE_SIGNAL, share=format_percent(usable)),
    )


def last_session_line(result: SessionResult) -> str:
    """Return one line about a session for the first page; empty if it never ran."""
    summary = result.summary
    duration, usable = (summary.duration_s, summary.valid_fraction) if summary else (None, None)
    if duration is None:
        return ""
    length = format_duration(duration)
    if usable is None:
        return tr(home.LAST_SESSION, length=length)
    return tr(home.LAST_SESSION_WITH_SIGNAL, length=length, share=format_percent(usable))


def find_report(session: Path | None) -> Path | None:
    """Return the report of a session, beside it or among the derivatives; None if there is none."""
    if session is None:
        return None
    derivatives = session.parents[1] / "derivatives" / "neurofeedback" / session.parent.name / session.name
    found = [
        path for folder in (session, derivatives) if folder.is_dir() for path in sorted(folder.rglob("*_report.html"))
    ]
    return found[0] if found else None


def write_missing_report(session: Path, handle: TaskHandle) -> Path:
    """Write the report of a session that has none, as after a kill; called in a helper thread."""
    from neurofeedback.report.session_page import write_report  # slow to import

    handle.report_progress(0.0)
    return write_report(session)


def is_without_feedback(recording: Path | None) -> bool:
    """Return whether a recording was made without feedback."""
    return recording is not None and any(recording.glob("eeg/*_task-rest_eeg.vhdr"))


def closing_lines(result: SessionResult, recording: Path | None) -> tuple[str, str]:
    """Return the title of a finished session, and the message that says more than the title; it may be empty."""
    title = course.ONLY_RECORDED if is_without_feedback(recording) else after.OVER
    if result.exit_code != EXIT_OK:
        title = after.BROKE_OFF if recording is not None else after.NOT_STARTED
    return tr(title), result.message.removeprefix(tr(COMPLETE)).strip()


def is_short(result: SessionResult) -> bool:
    """Return whether a session ended within a minute, so that it may not be worth keeping."""
    duration = result.summary.duration_s if result.summary else None
    return duration is not None and duration < SHORT_S and result.session_dir is not None


def is_worth_asking(result: SessionResult) -> bool:
    """Return whether there was a sitting to ask about, with or without a headset, of at least a minute."""
    if result.session_dir is not None:
        return not is_short(result)
    duration = result.summary.duration_s if result.summary else None
    return duration is not None and duration >= SHORT_S


def past_result(session: PastSession, folder: Path) -> SessionResult:
    """Return a past session as the result that it once had."""
    from neurofeedback.recording.session_json import SessionSummary  # NumPy

    summary = SessionSummary(duration_s=session.duration_s, valid_fraction=session.valid_fraction)
    return SessionResult(EXIT_OK, "" if session.finished else tr(ENDED_EARLY), folder, summary)
