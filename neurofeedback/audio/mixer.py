"""Everything that is heard now, as one sound: the latest orders carried out, crossings of instruments included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurofeedback.audio.sink import Bell
from neurofeedback.feedback.instrument import Instrument
from neurofeedback.feedback.knobs import TOP_VOLUME
from neurofeedback.feedback.texture import limit
from neurofeedback.feedback.tone import Voice, behind_curtain, render, strike
from neurofeedback.types import Guidance


@dataclass(frozen=True, slots=True)
class Volume:
    """So much louder than the settings say, dB."""

    decibels: float


@dataclass(frozen=True, slots=True)
class Mute:
    """Silence, or sound again."""

    on: bool


Order = Guidance | Bell | Volume | Mute | Instrument


class Mixer:
    """Renders by the latest orders. Belongs to one thread at a time.

    Parameters
    ----------
    instrument : Instrument
        What it sounds with.
    voice : Voice, optional
        Where to go on from.
    """

    def __init__(self, instrument: Instrument, voice: Voice | None = None) -> None:
        self._instrument = instrument
        self._voice = voice or Voice()
        self._leaving: list[tuple[Instrument, Voice]] = []
        self._guidance = Guidance()
        self._volume = 1.0
        self._muted = False
        self.sounding = True

    @property
    def position(self) -> int:
        """Samples rendered so far."""
        return self._voice.position

    @property
    def silent(self) -> bool:
        """The curtain has fallen over everything."""
        return not self.sounding and self._voice.silent

    def take(self, order: Order) -> None:
        """Carry out an order from the next sample on."""
        match order:
            case Guidance():
                self._guidance = order
                if order.bell:
                    self._voice = strike(self._voice, Bell.WANDER)
            case Bell():
                self._voice = strike(self._voice, order)
            case Volume():
                self._volume = min(10 ** (order.decibels / 20), TOP_VOLUME)
            case Mute():
                self._muted = order.on
            case Instrument() if order is not self._instrument:
                self._leaving.append((self._instrument, self._voice))
                self._instrument, self._voice = order, behind_curtain(self._voice)

    def render(self, n_samples: int) -> NDArray[np.float32]:
        """Sound for the next samples, float32 of shape (n_samples, 2), never beyond the ceiling."""
        volume = 0.0 if self._muted else self._volume
        self._voice, mix = render(
            self._instrument, self._voice, self._guidance, n_samples, sounding=self.sounding, volume=volume
        )
        leaving = self._leaving
        if not leaving:
            return mix
        self._leaving = []
        for instrument, voice in leaving:
            after, sound = render(instrument, voice, self._guidance, n_samples, sounding=False, volume=volume)
            mix += sound
            if not after.silent:
                self._leaving.append((instrument, after))
        return limit(mix, self._instrument.ceiling).astype(np.float32)

    def successor(self) -> Mixer:
        """Another mixer that goes on from here behind its own curtain; this one is to be faded out."""
        return Mixer(self._instrument, behind_curtain(self._voice))
