"""What an engine and a contact check return: contact of the electrodes, states, guidance and frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neurofeedback.types.events import Phase

INDEX_NAME = "mind-wandering index (EEG proxy)"
"""Name of the index in all texts, unless the evidence profile gives another."""


class State(StrEnum):
    """State of the meditator by the index, or why there is none."""

    FOCUS = "FOCUS"
    WANDER = "WANDER"
    UNKNOWN = "UNKNOWN"
    LOST = "LOST"


class ContactLevel(StrEnum):
    """Level of contact of one electrode."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"


class BackgroundMode(StrEnum):
    """Background sound: as chosen, plainer without a valid index, distinct while the headset is lost."""

    NORMAL = "own"
    NEUTRAL = "neutral"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ChannelContact:
    """Contact of one channel, with the reasons when it is not good (texts of ``texts.contact``)."""

    ch_name: str
    level: ContactLevel
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElectrodeQuality:
    """Contact quality of one electrode in one second, from the raw signal.

    Parameters
    ----------
    badness : float
        -4 to 4: contact is good below 1 and bad from 2 on.
    mains_uv : float
        Mains hum, rms in uV.
    sd_uv : float
        Robust SD without trend and mains hum, uV.
    lost_share : float
        Share of the second's samples that are lost.
    """

    contact: ChannelContact
    badness: float
    mains_uv: float
    sd_uv: float
    lost_share: float


@dataclass(frozen=True, slots=True)
class HeadsetFit:
    """Contact of the whole headset: each electrode's last second, and a summary of the last seconds.

    ``recent_quality`` (0 to 1) is the recent contact of each electrode and ``acceptable`` whether it is good enough;
    ``all_good`` is whether all are, ``good_enough`` whether a session can start. ``starts_in_s`` is the time until the
    session starts by itself if contact stays good enough; None while it is not.
    """

    electrodes: tuple[ElectrodeQuality, ...]
    recent_quality: tuple[float, ...]
    acceptable: tuple[bool, ...]
    all_good: bool
    good_enough: bool
    starts_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Guidance:
    """Feedback to render: sound and picture of one frame.

    ``tone_gain`` is 0 to 1, before volume, ceiling and mute; ``brightness``, ``ripple`` and ``mist`` are 0 to 1.
    ``immediate`` lifts the slew limit (UNKNOWN and LOST must not wait for it). ``bell`` rings the wandering bell once,
    now. ``reward`` and ``drowsy`` sound only if enabled. ``fallback_gain`` is the tone's gain if no guidance follows.
    ``calm`` plays the sign of calm.
    """

    tone_gain: float = 0.0
    brightness: float = 0.0
    background: BackgroundMode = BackgroundMode.NORMAL
    immediate: bool = False
    ripple: float = 0.0
    mist: float = 0.0
    bell: bool = False
    reward: bool = False
    drowsy: bool = False
    fallback_gain: float = 0.0
    calm: bool = False


@dataclass(frozen=True, slots=True)
class PlayedFeedback:
    """Feedback that is played in place of the one from the wearer's own index (sham).

    ``index_u`` and ``threshold`` are in baseline spreads; ``state`` is UNKNOWN or LOST exactly where the wearer's is.
    """

    index_u: float
    threshold: float
    reward: bool
    state: State
    guidance: Guidance


@dataclass(frozen=True, slots=True)
class Frame:
    """One estimate, every hop. The engine's ``columns`` name its ``values``.

    Parameters
    ----------
    index : int
        Frame number from 0.
    sample : int
        Sample index just after the frame's window: floor((index + 1) * sfreq * hop), exactly.
    onset : float
        ``sample / sfreq`` in seconds.
    signal : float
        Share of usable signal over the last 8 s, 0 to 1.
    index_u : float
        Smoothed index in baseline spreads; NaN without one.
    mwi : float
        Mind-wandering index (EEG proxy): 100 * Phi(index_u), 50 is the median of the baseline.
    threshold : float
        Reward threshold in the unit of index_u; NaN without a valid index.
    reward : bool
        Index below threshold in a valid frame.
    latency_ms : float
        Age of the newest sample when the sound was set; NaN in replay.
    values : tuple of float
        Features and z-scores in the order of the engine's ``columns``; NaN for missing ones.
    played : PlayedFeedback, optional
        Sham feedback that is played instead; None if the feedback is the wearer's own. All other fields are from the
        wearer's own signal, also in a sham session.
    """

    index: int
    sample: int
    onset: float
    phase: Phase
    valid: bool
    signal: float
    confidence: float
    state: State
    drowsy: bool
    index_u: float
    mwi: float
    threshold: float
    reward: bool
    guidance: Guidance
    values: tuple[float, ...]
    contacts: tuple[ChannelContact, ...]
    latency_ms: float = float("nan")
    played: PlayedFeedback | None = None

    @property
    def played_guidance(self) -> Guidance:
        """The guidance to render: the wearer's own, or the sham's."""
        return self.guidance if self.played is None else self.played.guidance
