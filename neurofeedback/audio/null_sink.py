"""No sound at all."""

from __future__ import annotations

from neurofeedback.audio.sink import Bell
from neurofeedback.types import Guidance


class NullSink:
    """Takes everything and sounds nothing."""

    description = "no sound"
    underruns = 0

    def start(self) -> None:
        """Nothing to begin."""

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Nothing changes."""

    def ring(self, bell: Bell, at_s: float) -> None:
        """Nothing rings."""

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Nothing to make louder."""

    def mute(self, on: bool, at_s: float) -> None:
        """Stay as silent as it is."""

    def set_background(self, background: str, at_s: float) -> None:
        """Nothing changes."""

    def stop(self, at_s: float) -> None:
        """Nothing to end."""
