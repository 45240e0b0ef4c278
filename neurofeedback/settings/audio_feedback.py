"""What the meditator hears and sees: tone, bell, sound (6.2, step 10)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from neurofeedback.settings.base import SettingsModel, Share, number


class FeedbackSettings(SettingsModel):
    """From index to tone and picture (6.2.10)."""

    ramp_low_u: float = number(-0.5, "index at which the tone begins, spreads", low=-4, high=4)
    ramp_width_u: float = number(2.0, "index range to full tone, spreads", low=0.1, high=8)
    slew_per_s: float = number(
        0.2, "fastest change of the gain in a second while the signal is good", low=0.01, high=20
    )
    slew_db_per_s: float = number(
        6.0, "fastest change of the tone in a second while the signal is good, dB", low=1, high=160
    )
    tone_depth: Share = Field(default=1.0, description="the person's own scale on the tone's depth")


class BellSettings(SettingsModel):
    """The wandering bell: sparse, and off unless asked for (6.2.7, 4.3)."""

    enabled: bool = Field(default=False, description="ring a soft bell when wandering is likely")
    prior_wandering_rate: float = number(
        0.35, "share of time spent wandering before the index says anything", low=0.01, high=0.99
    )
    index_weight: float = number(0.2, "how far one spread of the index moves it, ln odds", low=0.01, high=5)
    min_likelihood: float = number(
        0.42, "likelihood from which it may ring; .42 is the index 1.5 spreads up", low=0.01, high=0.99
    )
    dwell_s: float = number(4.0, "time it has to stay likely, s", low=0.25, high=60)
    refractory_s: float = number(20.0, "silence after a bell, s", low=1, high=3600)
    min_confidence: Share = Field(
        default=0.6, description="confidence it needs: more than there is before a person's own answers"
    )


class AudioSettings(SettingsModel):
    """What it sounds like. Levels are dB relative to full scale."""

    background: Literal["rain", "wind", "drone", "file"] = Field(
        default="rain", description="background sound; file takes background_file"
    )
    background_file: str = Field(default="", description="your own background sound, a WAV, FLAC, MP3 or OGG file")
    background_lufs: float = number(-33.0, "loudness of the bed, LUFS (ITU-R BS.1770)", low=-70, high=-12)
    tone_hz: float = number(196.0, "pitch of the guide tone, Hz", low=80, high=880)
    tone_slew_db_per_s: float = number(
        5.4, "fastest change of the guide tone as heard, dB a second; brightness adds some", low=1, high=160
    )
    tone_db: float = number(0.0, "level of the guide tone in the mix, dB", low=-40, high=0)
    bells_db: float = number(0.0, "level of bells and chimes in the mix, dB", low=-40, high=0)
    reward_layer: bool = Field(default=False, description="a soft chord while the index is below the threshold")
    drowsiness_shimmer: bool = Field(default=False, description="a light, high shimmer while drowsiness shows")
    interval_bell_min: float = number(0.0, "a bell after every so many minutes of practice; 0 for none", low=0, high=60)
    ceiling_dbfs: float = number(-18.0, "nothing is ever louder than this peak, dBFS", low=-60, high=-3)
    device: str = Field(default="", description="sound device by name; empty takes the system's default")
    sfreq_hz: Literal[44100, 48000] = Field(default=48000, description="sampling rate of the sound, Hz")
    buffer_ms: int = Field(default=30, ge=5, le=200, description="device buffer where the machine is calm, ms")
