"""The interface of every sound output."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from neurofeedback.audio.voice import Utterance
from neurofeedback.feedback.breath_pacer import Turn
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
    """Renders guidance as sound. All methods return at once, and none raises if a device is gone."""

    @property
    def description(self) -> str:
        """The output, as one line of text."""
        ...

    @property
    def underruns(self) -> int:
        """Number of times that sound was not ready in time, since the device ran steadily."""
        ...

    def start(self) -> None:
        """Start with the background sound alone."""
        ...

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Play this guidance from session time ``at_s`` (s) on. A file sink renders up to that time first."""
        ...

    def ring(self, bell: Bell, at_s: float) -> None:
        """Ring a bell at session time ``at_s`` (s)."""
        ...

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        """Sound the breath that begins at session time ``at_s`` (s); None ends the sound of the one before."""
        ...

    def speak(self, utterance: Utterance, at_s: float) -> None:
        """Say something at session time ``at_s`` (s), after what is being said."""
        ...

    def hush(self, at_s: float) -> None:
        """End what is being said, and say nothing that waits, at session time ``at_s`` (s)."""
        ...

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Play louder than the settings by this many dB from session time ``at_s`` on, never above the ceiling."""
        ...

    def mute(self, on: bool, at_s: float) -> None:
        """Switch silence on or off from session time ``at_s`` (s) on."""
        ...

    def set_background(self, background: str, at_s: float) -> None:
        """Play another background sound of ``AudioSettings.background`` from session time ``at_s`` (s) on."""
        ...

    def stop(self, at_s: float) -> None:
        """Fade out and end; a file sink completes its file."""
        ...
