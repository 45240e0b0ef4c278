"""How a sitting ended, for the terminal: what it was and where it is, or on stderr what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK, RecordingError
from neurofeedback.session.config import SessionResult
from neurofeedback.texts.format import format_duration, format_percent


def print_session_end(outcome: SessionResult) -> None:
    """Say how it ended, then of what was recorded how long it was, its signal, its answers, and where it is."""
    if outcome.exit_code in {EXIT_OK, EXIT_INTERRUPTED}:
        typer.echo(outcome.message)
    else:
        typer.echo(f"neurofeedback: {outcome.message}", err=True)
    if outcome.session_dir is None or not outcome.session_dir.is_dir():
        return
    for line in (*_duration_lines(outcome), *_answer_lines(outcome.session_dir)):
        typer.echo(line)
    for path in _file_lines(outcome.session_dir):
        typer.echo(path, err=True)


def _duration_lines(outcome: SessionResult) -> Iterator[str]:
    duration_s, usable = outcome.summary.get("duration_s"), outcome.summary.get("valid_fraction")
    if isinstance(duration_s, float):
        yield f"You sat for {format_duration(duration_s)}."
    if isinstance(usable, float):
        yield f"{format_percent(usable)} of it had a usable signal."


def _answer_lines(session: Path) -> list[str]:
    """Say what the answers add up to; a session that cannot be read back has none to tell."""
    from neurofeedback.formats.reader import open_recording  # after the sitting
    from neurofeedback.report.answer_sentences import answer_sentences

    try:
        recording = open_recording(session)
    except RecordingError:
        return []
    return answer_sentences(recording.events)


def _file_lines(session: Path) -> Iterator[str]:
    from neurofeedback.formats.reader import find_session  # after the sitting

    files = find_session(session)
    if files is not None:
        yield f"The recording is in {files.raw}"
    for page in sorted(session.glob("*_report.html")):
        yield f"The report is {page}"
