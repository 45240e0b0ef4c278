"""What a session is put together from."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.acquisition.source import Source
from neurofeedback.audio.sink import Sink
from neurofeedback.engine import Engine
from neurofeedback.recording.writer import SessionWriter
from neurofeedback.session.mailbox import Mailbox
from neurofeedback.session.outlets import Outlet
from neurofeedback.session.pace import Clock
from neurofeedback.session.phases import PhaseKeeper
from neurofeedback.session.refitting import Refitting
from neurofeedback.settings.model import Settings
from neurofeedback.types import INDEX_NAME, Stream


@dataclass(slots=True)
class Parts:
    """Everything a runner needs; ``seed`` draws the times of questions, ``model`` says what drives the guidance."""

    source: Source
    stream: Stream
    writer: SessionWriter
    engine: Engine
    keeper: PhaseKeeper
    sink: Sink
    clock: Clock
    mailbox: Mailbox
    settings: Settings
    seed: int = 0
    outlets: tuple[Outlet, ...] = ()
    index_name: str = INDEX_NAME
    refitting: Refitting | None = None
    model: str = ""
