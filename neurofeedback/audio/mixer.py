"""Render all that is heard as one sound, with crossfades between sound banks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.audio.sink import Bell
from neurofeedback.feedback.gain_ramps import MAX_VOLUME
from neurofeedback.feedback.loops import Loop, soft_limit
from neurofeedback.feedback.sound_bank import SoundBank
from neurofeedback.feedback.synthesis import (
    SynthState,
    add_bell_hit,
    add_speech,
    change_breath,
    cut_speech,
    render,
    with_master_silent,
)
from neurofeedback.types import Guidance


@dataclass(frozen=True, slots=True)
class Volume:
    """Volume relative to the settings, dB."""

    decibels: float


@dataclass(frozen=True, slots=True)
class Mute:
    """Silence on or off."""

    on: bool


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A sentence, spoken."""

    sound: Loop


@dataclass(frozen=True, slots=True)
class Hush:
    """End of what is being said."""


@dataclass(frozen=True, slots=True, eq=False)
class Breathe:
    """The sound of a breath, or the end of it."""

    sound: Loop | None


SoundCommand = Guidance | Bell | Volume | Mute | SoundBank | Speech | Hush | Breathe

_HUSH_S = 0.15
_BREATH_FADE_S = 0.5


class Mixer:
    """Renders sound by the latest commands. Used by one thread at a time.

    Parameters
    ----------
    sound_bank : SoundBank
        The sounds to play.
    state : SynthState, optional
        The state to continue from.
    """

    def __init__(self, sound_bank: SoundBank, state: SynthState | None = None) -> None:
        self._sound_bank = sound_bank
        self._state = state or SynthState()
        self._fading_out: list[tuple[SoundBank, SynthState]] = []
        self._guidance = Guidance()
        self._volume = 1.0
        self._muted = False
        self.playing = True

    @property
    def position(self) -> int:
        """Samples rendered so far."""
        return self._state.position

    @property
    def silent(self) -> bool:
        """Whether the sound has faded out."""
        return not self.playing and self._state.silent

    def apply(self, command: SoundCommand) -> None:
        """Apply a command from the next sample on."""
        match command:
            case Guidance():
                self._guidance = command
                if command.bell:
                    self._state = add_bell_hit(self._state, Bell.WANDER)
            case Bell():
                self._state = add_bell_hit(self._state, command)
            case Volume():
                self._volume = min(10 ** (command.decibels / 20), MAX_VOLUME)
            case Mute():
                self._muted = command.on
            case Speech():
                self._state = add_speech(self._state, command.sound)
            case Hush():
                self._state = cut_speech(self._state, round(_HUSH_S * self._sound_bank.sfreq))
            case Breathe():
                fade = round(_BREATH_FADE_S * self._sound_bank.sfreq)
                self._state = change_breath(self._state, command.sound, fade)
            case SoundBank() if command is not self._sound_bank:
                self._fading_out.append((self._sound_bank, self._state))
                self._sound_bank, self._state = command, with_master_silent(self._state)

    def render(self, n_samples: int) -> NDArray[np.float32]:
        """Return the sound of the next samples, float32 of shape (n_samples, 2), never above the ceiling."""
        volume = 0.0 if self._muted else self._volume
        self._state, mix = render(
            self._sound_bank, self._state, self._guidance, n_samples, master_on=self.playing, volume=volume
        )
        fading_out = self._fading_out
        if not fading_out:
            return mix
        self._fading_out = []
        for sound_bank, state in fading_out:
            after, sound = render(sound_bank, state, self._guidance, n_samples, master_on=False, volume=volume)
            mix += sound
            if not after.silent:
                self._fading_out.append((sound_bank, after))
        return soft_limit(mix, self._sound_bank.ceiling).astype(np.float32)

    def successor(self) -> Mixer:
        """Return a mixer that continues from here and fades in; this one is to be faded out."""
        return Mixer(self._sound_bank, with_master_silent(self._state))
