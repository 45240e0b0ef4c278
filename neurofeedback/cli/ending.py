"""How a sitting ended, for the terminal: what it was and where it is, or on stderr what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from neurofeedback.errors import EXIT_INTERRUPTED, EXIT_OK, RecordingError
from neurofeedback.feedback.words import duration_words, share_words
from neurofeedback.session.request import Outcome


def tell_ending(outcome: Outcome) -> None:
    """Say how it ended, then of what was recorded how long it was, its signal, its answers, and where it is."""
    if outcome.exit_code in {EXIT_OK, EXIT_INTERRUPTED}:
        typer.echo(outcome.message)
    else:
        typer.echo(f"neurofeedback: {outcome.message}", err=True)
    if outcome.session is None or not outcome.session.is_dir():
        return
    for line in (*_figures(outcome), *_answers(outcome.session)):
        typer.echo(line)
    for path in _places(outcome.session):
        typer.echo(path, err=True)


def _figures(outcome: Outcome) -> Iterator[str]:
    duration_s, usable = outcome.summary.get("duration_s"), outcome.summary.get("valid_fraction")
    if isinstance(duration_s, float):
        yield f"You sat for {duration_words(duration_s)}."
    if isinstance(usable, float):
        yield f"{share_words(usable)} of it had a usable signal."


def _answers(session: Path) -> list[str]:
    """Say what the answers add up to; a session that cannot be read back has none to tell."""
    from neurofeedback.recording.reader import open_recording  # noqa: PLC0415 - after the sitting
    from neurofeedback.report.answers import answer_lines  # noqa: PLC0415

    try:
        recording = open_recording(session)
    except RecordingError:
        return []
    return answer_lines(recording.events)


def _places(session: Path) -> Iterator[str]:
    from neurofeedback.recording.reader import session_at  # noqa: PLC0415 - after the sitting

    files = session_at(session)
    if files is not None:
        yield f"The recording is in {files.raw}"
    for page in sorted(session.glob("*_report.html")):
        yield f"The report is {page}"
