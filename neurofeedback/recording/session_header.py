"""What is known of a session before its first sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from neurofeedback.recording.documents import SessionStart, StartState
from neurofeedback.types import StreamInfo


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """All that is known of a session before its first sample.

    Parameters
    ----------
    profile_toml : str
        The resolved profile, as ``settings.load.dump_profile`` writes it; empty for none.
    start_state : StartState
        What the session starts from: personal baseline, decoder weights, seed, versions.
    columns : tuple of str
        The engine's names of ``Frame.values``.
    started : datetime
        Local time, or with a time zone; names the session.
    mains_hz : int, optional
        Mains frequency, Hz, if known beforehand.
    """

    participant: str
    stream: StreamInfo
    profile_toml: str
    start_state: StartState
    columns: tuple[str, ...]
    started: datetime
    task: str = "meditation"
    mains_hz: int | None = None

    def as_start(self) -> SessionStart:
        """Return the content of ``start.json``."""
        return SessionStart(
            participant=self.participant,
            task=self.task,
            started=self.started.astimezone(),
            stream=self.stream,
            columns=self.columns,
            start_state=self.start_state,
        )
