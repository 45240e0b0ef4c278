"""The public API for notebooks and scripts: live sources, the engine, and recordings."""

from neurofeedback.api.live_engine import Engine, NamedFrame
from neurofeedback.api.live_source import LiveSource, open_source
from neurofeedback.api.recordings import read_session, replay, verify
from neurofeedback.types import Chunk, Frame, StreamInfo

__all__ = [
    "Chunk",
    "Engine",
    "Frame",
    "LiveSource",
    "NamedFrame",
    "StreamInfo",
    "open_source",
    "read_session",
    "replay",
    "verify",
]
