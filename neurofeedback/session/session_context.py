"""The parts of a running session."""

from __future__ import annotations

from dataclasses import dataclass

from neurofeedback.acquisition.source import Source
from neurofeedback.audio.sink import Sink
from neurofeedback.engine import FrameEngine
from neurofeedback.learning.decoder_thread import DecoderThread
from neurofeedback.recording.session_writer import SessionWriter
from neurofeedback.session.clock import Clock
from neurofeedback.session.live_state import LiveState
from neurofeedback.session.marker_input import LslMarkers
from neurofeedback.session.outputs.network_outputs import SessionConsumer
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.settings.model import Settings
from neurofeedback.texts.probe_questions import ProbeQuestion
from neurofeedback.types import INDEX_NAME, StreamInfo


@dataclass(slots=True)
class SessionContext:
    """The parts a runner needs; ``seed`` draws the times of probes, ``model_text`` says what drives the guidance.

    ``own_question`` is that of the practice, if it has one; the markers of ``marker_input`` are recorded.
    ``model_record`` says the same in English, for the recording. ``outputs_text`` says what is open to other programs,
    and ``masked`` whether nothing may show what is played. With ``stop_advice`` the voice says at the start that the
    person can end at any time.
    """

    source: Source
    stream: StreamInfo
    writer: SessionWriter
    engine: FrameEngine
    phase_controller: PhaseController
    sink: Sink
    clock: Clock
    live_state: LiveState
    settings: Settings
    seed: int = 0
    consumers: tuple[SessionConsumer, ...] = ()
    marker_input: LslMarkers | None = None
    index_name: str = INDEX_NAME
    decoder_thread: DecoderThread | None = None
    model_text: str = ""
    model_record: str = ""
    outputs_text: str = ""
    stop_advice: bool = False
    masked: bool = False
    own_question: ProbeQuestion | None = None
