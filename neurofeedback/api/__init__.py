"""The public API for notebooks and scripts: live sources, the engine, and recordings."""

from neurofeedback.api.facts import read_answers, read_session_facts, save_answers, set_session_facts
from neurofeedback.api.live_engine import Engine, NamedFrame
from neurofeedback.api.live_source import LiveSource, open_source
from neurofeedback.api.recordings import probes, read_body, read_session, replay, verify
from neurofeedback.types import Chunk, Frame, StreamInfo

__all__ = [
    "Chunk",
    "Engine",
    "Frame",
    "LiveSource",
    "NamedFrame",
    "StreamInfo",
    "open_source",
    "probes",
    "read_answers",
    "read_body",
    "read_session",
    "read_session_facts",
    "replay",
    "save_answers",
    "set_session_facts",
    "verify",
]
