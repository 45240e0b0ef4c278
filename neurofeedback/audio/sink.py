"""What every sink of sound can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from neurofeedback.types import Guidance


class Bell(StrEnum):
    """One-shot sounds."""

    BEGIN = "begin"
    PHASE = "phase"
    END = "end"
    INTERVAL = "interval"
    PROBE = "probe"
    WANDER = "wander"


class Sink(Protocol):
    """Renders guidance as sound. All methods return at once; none raises because a device is gone."""

    @property
    def description(self) -> str:
        """One line for people: where the sound goes."""
        ...

    @property
    def underruns(self) -> int:
        """Times the device wanted sound that was not ready, since it ran steadily."""
        ...

    def start(self) -> None:
        """Begin with the bed alone."""
        ...

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Sound like this from session time ``at_s`` (s) on. A file sink renders up to that time first."""
        ...

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell at session time ``at_s`` (s)."""
        ...

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Play so much louder than the settings say (dB) from session time ``at_s`` on, never above the ceiling."""
        ...

    def mute(self, on: bool, at_s: float) -> None:
        """Be silent, or sound again, from session time ``at_s`` (s) on."""
        ...

    def set_background(self, background: str, at_s: float) -> None:
        """Take another background sound, one of ``AudioSettings.background``, from session time ``at_s`` (s) on."""
        ...

    def stop(self, at_s: float) -> None:
        """Fade out and end; a file sink completes its file."""
        ...
