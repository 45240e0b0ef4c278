"""Metadata of a session that are available before its first sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from neurofeedback.recording.session_json import SessionStart, StartState
from neurofeedback.types import StreamInfo


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """Metadata of a session before its first sample.

    Parameters
    ----------
    participant : str
        Participant label, without ``sub-``.
    stream : StreamInfo
        Channels, sampling rate and device.
    profile_toml : str
        The resolved profile, as ``settings.load.dump_profile`` writes it; empty for none.
    start_state : StartState
        State at the start: personal baseline, decoder weights, seed, versions.
    columns : tuple of str
        Names of the engine's ``Frame.values``.
    started : datetime
        Start time, local or with a time zone; it becomes the session label.
    task : str
        BIDS task label.
    mains_hz : int, optional
        Mains frequency, Hz; None if it is unknown.
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
