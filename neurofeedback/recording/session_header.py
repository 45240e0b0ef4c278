"""What is known of a session before its first sample, and ``start.json``, which holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording.atomic_files import read_json
from neurofeedback.types import StreamInfo


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """All that is known of a session before its first sample.

    Parameters
    ----------
    profile_toml : str
        The resolved profile, as ``settings.load.dump_profile`` writes it.
    start : mapping
        What the sitting starts from: kept baseline, decoder weights, seed, versions.
    columns : tuple of str
        The engine's names of ``Frame.values``.
    started : datetime
        Local time, or with a time zone; names the session.
    mains_hz : int, optional
        Mains frequency, if known beforehand.
    """

    participant: str
    stream: StreamInfo
    profile_toml: str
    start_state: Mapping[str, object]
    columns: tuple[str, ...]
    started: datetime
    task: str = "meditation"
    mains_hz: int | None = None


def make_start_document(header: SessionHeader) -> dict[str, object]:
    """Return the content of ``start.json``."""
    stream = {field.name: getattr(header.stream, field.name) for field in fields(header.stream)}
    return {
        "participant": header.participant,
        "task": header.task,
        "started": header.started.astimezone().isoformat(),
        "stream": stream,
        "columns": header.columns,
        "start": header.start_state,
    }


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A session's ``start.json``, read back."""

    stream: StreamInfo
    columns: tuple[str, ...]
    started: datetime
    start_state: dict[str, object]


def read_start(path: Path) -> SessionStart:
    """Read what a session started from.

    Raises
    ------
    RecordingError
        The file is missing or not what this program writes.
    """
    document = read_json(path)
    try:
        stream = document["stream"] | {"ch_names": tuple(document["stream"]["ch_names"])}
        started = datetime.fromisoformat(document["started"])
        return SessionStart(StreamInfo(**stream), tuple(document["columns"]), started, document["start"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordingError(
            f"{path} does not describe a session", got=f"{type(error).__name__}: {error}", todo="restore the file"
        ) from None
