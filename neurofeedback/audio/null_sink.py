"""The sound output that is silent."""

from __future__ import annotations

from neurofeedback.audio.sink import Bell
from neurofeedback.audio.voice import Utterance
from neurofeedback.feedback.breath_pacer import Turn
from neurofeedback.texts import sound
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Guidance


class NullSink:
    """Accepts every command and plays nothing."""

    underruns = 0

    @property
    def description(self) -> str:
        """The output, as one line of text."""
        return tr(sound.NO_SOUND)

    def start(self) -> None:
        """Do nothing."""

    def set_guidance(self, guidance: Guidance, at_s: float) -> None:
        """Do nothing."""

    def ring(self, bell: Bell, at_s: float) -> None:
        """Do nothing."""

    def breathe(self, turn: Turn | None, at_s: float) -> None:
        """Do nothing."""

    def speak(self, utterance: Utterance, at_s: float) -> None:
        """Do nothing."""

    def hush(self, at_s: float) -> None:
        """Do nothing."""

    def set_volume_db(self, volume_db: float, at_s: float) -> None:
        """Do nothing."""

    def mute(self, on: bool, at_s: float) -> None:
        """Do nothing."""

    def set_background(self, background: str, at_s: float) -> None:
        """Do nothing."""

    def stop(self, at_s: float) -> None:
        """Do nothing."""
