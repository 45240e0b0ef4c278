"""``replay``: run a recording through the engine again, as fast as the machine can."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from neurofeedback.cli.helpers.common import echo, print_json


def replay(
    recording: Annotated[Path, typer.Argument(help="A session's folder, or any recording that can be read.")],
    profile: Annotated[str | None, typer.Option(help="Another profile than the recording's own.")] = None,
    baseline_s: Annotated[float | None, typer.Option(help="Plan the phases with a baseline of this length, s.")] = None,
    board: Annotated[str | None, typer.Option(help="BrainFlow board of a BrainFlow file, such as Muse2.")] = None,
    frames: Annotated[Path | None, typer.Option(help="Write the frame log here (TSV).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Run a recording through the engine again, with its own settings or another profile."""
    from neurofeedback.formats.reader import open_recording
    from neurofeedback.recording.frame_log import format_row  # numpy and scipy only when asked for
    from neurofeedback.settings.load import load_settings
    from neurofeedback.verification.replay import ReplaySummary, compare_with_log, replay

    source = open_recording(recording, board=board)
    replayed = replay(source, settings=load_settings(profile) if profile else None, baseline_s=baseline_s)
    summary, lines = ReplaySummary(), [replayed.header]
    start = time.perf_counter()
    with Progress(console=Console(stderr=True), transient=True, disable=json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("replaying", total=source.duration_s)
        for frame in replayed.frames:
            summary.update(frame)
            lines.append(format_row(frame))
            progress.update(task, completed=frame.onset)
    elapsed_s = time.perf_counter() - start
    if frames is not None:
        _write_frame_log(frames, lines)
    document = {
        "recording": str(source.path),
        "duration_s": round(source.duration_s, 3),
        "times_real_time": round(source.duration_s / elapsed_s, 1),
        **summary.as_dict(replayed.engine),
        "same_as_log": compare_with_log(source, lines) if profile is None and baseline_s is None else None,
    }
    if json:
        print_json(document)
    else:
        _print_document(document)


def _write_frame_log(path: Path, lines: list[str]) -> None:
    from neurofeedback.errors import RecordingError
    from neurofeedback.storage.atomic_files import write_atomic

    try:
        write_atomic(path, "".join(lines))
    except OSError as error:
        raise RecordingError(
            f"the frame log cannot be written to {path}", got=error.strerror, todo="choose another place"
        ) from None


def _print_document(document: dict[str, object]) -> None:
    for name, value in document.items():
        echo(f"{name.replace('_', ' ')}: {'n/a' if value is None else value}")
