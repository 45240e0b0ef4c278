"""Settings of what the meditator hears and sees: guide tone, bell, sound."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from neurofeedback.settings.base import SettingsModel, Share, number

BackgroundName = Literal[
    "rain", "heavy_rain", "wind", "sea", "stream", "night", "drone", "bowls", "white", "pink", "brown", "file"
]
"""Names of the background sounds; ``file`` is the person's own."""

ToneTimbre = Literal["pad", "bowl", "breath"]
"""Voices of the guide tone."""


class FeedbackSettings(SettingsModel):
    """Mapping from the index to the guide tone and the picture ("Guidance" in ``docs/algorithm.md``)."""

    ramp_low_u: float = number(-0.5, "index at which the tone starts, baseline spreads", low=-4, high=4)
    ramp_width_u: float = number(2.0, "index range from silence to the full tone, baseline spreads", low=0.1, high=8)
    slew_per_s: float = number(0.2, "maximum change of the gain per second while the signal is good", low=0.01, high=20)
    slew_db_per_s: float = number(
        6.0, "maximum change of the tone per second while the signal is good, dB", low=1, high=160
    )
    tone_depth: Share = Field(default=1.0, description="how much of the tone's range is used: 0 none, 1 all")


class BellSettings(SettingsModel):
    """The wandering bell: rare, and off by default."""

    enabled: bool = Field(default=False, description="ring a soft bell when wandering is likely")
    prior_wandering_rate: float = number(0.35, "prior: share of time spent mind-wandering", low=0.01, high=0.99)
    index_weight: float = number(0.2, "change of the ln odds of wandering per spread of the index", low=0.01, high=5)
    min_likelihood: float = number(
        0.42, "minimum likelihood of wandering for the bell; 0.42 is an index 1.5 spreads up", low=0.01, high=0.99
    )
    dwell_s: float = number(4.0, "time the likelihood must stay above it, s", low=0.25, high=60)
    refractory_s: float = number(20.0, "minimum time between two bells, s", low=1, high=3600)
    min_confidence: Share = Field(
        default=0.6, description="minimum confidence for the bell; more than a model without your own answers has"
    )


class CalmSettings(SettingsModel):
    """The sign of calm: a soft chord after a stretch of focus, off by default."""

    enabled: bool = Field(default=False, description="play a soft chord after some seconds of focus in practice")
    dwell_s: float = number(10.0, "time of focus before the sign of calm, s", low=2, high=300)
    length_s: float = number(8.0, "time the sign of calm sounds, s", low=4, high=60)
    refractory_s: float = number(30.0, "minimum time between two signs of calm, s", low=5, high=3600)
    min_confidence: Share = Field(default=0.05, description="minimum confidence for the sign of calm")


class AudioSettings(SettingsModel):
    """Sounds and their levels, in dB relative to full scale."""

    background: BackgroundName = Field(default="rain", description="background sound; file plays background_file")
    background_file: str = Field(default="", description="your own background sound, a WAV, FLAC, MP3 or OGG file")
    background_lufs: float = number(-33.0, "loudness of the background, LUFS (ITU-R BS.1770)", low=-70, high=-12)
    background_follows: bool = Field(
        default=False,
        description="your own file guides in place of the tone: softer and duller as the mind wanders",
    )
    tone_timbre: ToneTimbre = Field(default="pad", description="voice of the guide tone: warm pad, bowl or breath")
    tone_hz: float = number(196.0, "pitch of the guide tone, Hz", low=80, high=880)
    tone_slew_db_per_s: float = number(
        5.4, "maximum change of the audible guide tone without brightness, dB per second", low=1, high=160
    )
    tone_db: float = number(0.0, "level of the guide tone in the mix, dB", low=-40, high=0)
    calm_db: float = number(0.0, "level of the sign of calm in the mix, dB", low=-40, high=0)
    bells_db: float = number(0.0, "level of bells and chimes in the mix, dB", low=-40, high=0)
    voice_enabled: bool = Field(default=False, description="speak phases, questions and the state of the headset")
    voice_db: float = number(0.0, "level of the voice in the mix, dB", low=-40, high=0)
    voice_language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="language of the voice, such as de; en uses recordings, others espeak-ng",
    )
    voice_speed: float = number(1.0, "speed of the system's voice; 1 is 150 words a minute", low=0.5, high=2)
    voice_folder: str = Field(
        default="", description="folder of your own recordings, WAV files named by the id of the sentence"
    )
    reward_layer: bool = Field(default=False, description="play a soft chord while the index is below the threshold")
    drowsiness_shimmer: bool = Field(default=False, description="play a high shimmer while drowsiness is detected")
    interval_bell_min: float = number(0.0, "minutes of practice between interval bells; 0 for none", low=0, high=60)
    ceiling_dbfs: float = number(-18.0, "maximum peak level of all sound, dBFS", low=-60, high=-3)
    device: str = Field(default="", description="name of the sound device; empty for the system default")
    sfreq_hz: Literal[44100, 48000] = Field(default=48000, description="sampling rate of the sound, Hz")
    buffer_ms: int = Field(default=30, ge=5, le=200, description="initial device buffer, ms; longer after underruns")
