"""Frames without anything that follows from the index or from what is played, for screens and other programs.

A person who hears the sound and sees the wearer's own index beside it can infer the arm, so a masked session shows
neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurofeedback.session.outputs.network_outputs import SessionOutput
from neurofeedback.types import Chunk, Command, Event, Frame, Guidance, State


def masked_frame(frame: Frame) -> Frame:
    """Return a frame with NaN in place of index, threshold and features, no guidance, and LOST or UNKNOWN as state."""
    return replace(
        frame,
        confidence=math.nan,
        state=State.LOST if frame.state is State.LOST else State.UNKNOWN,
        drowsy=False,
        index_u=math.nan,
        mwi=math.nan,
        threshold=math.nan,
        reward=False,
        guidance=Guidance(tone_gain=math.nan),
        values=(math.nan,) * len(frame.values),
        played=None,
    )


@dataclass(frozen=True, slots=True)
class MaskedOutput:
    """Sends masked frames to an output; samples and events as they are."""

    output: SessionOutput

    @property
    def description(self) -> str:
        """Where the session is sent, and who can read it."""
        return self.output.description

    def process_chunk(self, chunk: Chunk) -> None:
        """Send a chunk."""
        self.output.process_chunk(chunk)

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Send masked frames."""
        self.output.process_frames([masked_frame(frame) for frame in frames])

    def process_event(self, event: Event | Command) -> None:
        """Send an event."""
        self.output.process_event(event)

    def close(self) -> None:
        """Close the output."""
        self.output.close()
