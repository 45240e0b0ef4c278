"""Frozen values shared by all rooms: stream, chunk, command, frame, guidance.

Arrays are ``(n_channels, n_samples)`` in microvolts. A sample index counts from 0 at the first sample
of the recording, and sample index / sfreq is the time in seconds. Lost samples are NaN.
"""

from neurofeedback.types.events import Command, CommandKind, Event, EventKind, Phase, Probe
from neurofeedback.types.frames import (
    INDEX_NAME,
    BackgroundMode,
    ChannelContact,
    ContactLevel,
    ElectrodeQuality,
    Frame,
    Guidance,
    HeadsetFit,
    PlayedFeedback,
    State,
)
from neurofeedback.types.signal import LOW_BATTERY, AuxChunk, Chunk, LostRun, StreamInfo, frame_end

__all__ = [
    "INDEX_NAME",
    "LOW_BATTERY",
    "AuxChunk",
    "BackgroundMode",
    "ChannelContact",
    "Chunk",
    "Command",
    "CommandKind",
    "ContactLevel",
    "ElectrodeQuality",
    "Event",
    "EventKind",
    "Frame",
    "Guidance",
    "HeadsetFit",
    "LostRun",
    "Phase",
    "PlayedFeedback",
    "Probe",
    "State",
    "StreamInfo",
    "frame_end",
]
