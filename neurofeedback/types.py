"""Frozen values that all rooms share: stream, chunk, command, frame, guidance.

Arrays are ``(n_channels, n_samples)`` in microvolts. A sample index counts from 0 at the first sample
of the recording, and sample index / sfreq is the time in seconds. Lost samples are NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


INDEX_NAME = "mind-wandering index (EEG proxy)"
"""What the index is called wherever a person reads of it, unless its evidence profile names another."""


class Phase(StrEnum):
    """The stretches of a sitting, in their order; rest and pause come in between.

    A pause is no part of any plan: its frames are logged, count for nothing, and the plan waits for its end.
    """

    SETTLE = "settle"
    BASELINE = "baseline"
    PRACTICE = "practice"
    REST = "rest"
    TRANSFER = "transfer"
    DEBRIEF = "debrief"
    PAUSE = "pause"


class State(StrEnum):
    """What a frame says about the meditator, or that it says nothing."""

    FOCUS = "FOCUS"
    WANDER = "WANDER"
    UNKNOWN = "UNKNOWN"
    LOST = "LOST"


class ContactLevel(StrEnum):
    """Contact of one electrode."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"


class BackgroundMode(StrEnum):
    """Colour of the background sound: as chosen, plainer while unsure, distinct while the headset is lost."""

    NORMAL = "own"
    NEUTRAL = "neutral"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a source delivers: fixed for one recording.

    Parameters
    ----------
    device : str
        Device name as a person types it, such as ``synthetic`` or ``cyton:/dev/ttyUSB0``.
    sfreq : float
        Nominal sampling frequency in Hz.
    ch_names : tuple of str
        Names of the EEG channels, in row order.
    montage : str
        Name of the montage that fits this device, or ``auto`` to derive regions from the channel names.
    placed_freely : bool
        The device has numbered inputs; where its electrodes sit, the montage says.
    """

    device: str
    sfreq: float
    ch_names: tuple[str, ...]
    montage: str = "auto"
    placed_freely: bool = False
    reference: str = "n/a"
    ground: str = "n/a"
    manufacturer: str = "n/a"
    model: str = "n/a"
    serial: str = "n/a"
    facts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def n_channels(self) -> int:
        """Number of EEG channels."""
        return len(self.ch_names)


@dataclass(frozen=True, slots=True)
class LostRun:
    """Samples that never arrived or were not numbers.

    ``channels`` are row indices, or None for all. ``cause`` is ``lost``, ``invalid`` (NaN or infinity
    from the device, or a block its driver gave out twice) or ``gap`` (nothing arrived for a while).
    """

    start: int
    n_samples: int
    channels: tuple[int, ...] | None = None
    cause: str = "lost"


@dataclass(frozen=True, slots=True, eq=False)
class AuxChunk:
    """A stretch of another signal of the same device, such as motion or pulse; recorded, never estimated from.

    Parameters
    ----------
    label : str
        Which signal: a BIDS label, such as ``motion``.
    sfreq : float
        Nominal sampling frequency in Hz.
    ch_names, units : tuple of str
        Names and units of the rows; ``n/a`` for a unit nobody tells.
    start_s : float
        Time of this signal's sample 0 since the recording's first sample, s.
    first_sample : int
        Index of the first sample here; stretches of one signal follow each other without hole or overlap.
    data : ndarray of float32, shape (n_channels, n_samples)
        NaN where nothing was measured.
    """

    label: str
    sfreq: float
    ch_names: tuple[str, ...]
    units: tuple[str, ...]
    start_s: float
    first_sample: int
    data: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What one read delivered, any size. ``data`` is float32 microvolts, NaN exactly where ``lost`` says.

    ``device_time`` is the device's timestamp of the last sample (s, its own epoch), ``host_time`` the
    host's monotonic clock when the read returned (s), ``waited_s`` how long the last sample had been
    waiting there for the read (s; 0 where nobody knows). ``auxiliary`` is what came of the device's other signals.
    """

    first_sample: int
    data: NDArray[np.float32]
    lost: tuple[LostRun, ...] = ()
    device_time: float | None = None
    host_time: float = 0.0
    auxiliary: tuple[AuxChunk, ...] = ()
    buffer_delay_s: float = 0.0

    @property
    def n_samples(self) -> int:
        """Number of samples in this chunk."""
        return self.data.shape[1]

    @property
    def stop(self) -> int:
        """Sample index just after this chunk."""
        return self.first_sample + self.data.shape[1]


class CommandKind(StrEnum):
    """What besides samples may change a frame. Each is a row of ``events.tsv`` and is fed back by replay."""

    PHASE = "phase"
    TARGET_RATE = "target_rate"
    TONE_DEPTH = "tone_depth"
    PAUSE = "pause"
    DECODER = "decoder"
    BASELINE = "baseline"


class EventKind(StrEnum):
    """What is logged but changes no frame."""

    HEADSET_FIT = "fit"
    START = "start"
    STOP = "stop"
    SIGNAL_LOST = "signal_lost"
    SIGNAL_BACK = "signal_back"
    MARK = "mark"
    PROBE = "probe"
    ANSWER_WHERE = "answer_where"
    ANSWER_SURE = "answer_sure"
    ANSWER_SLEEPY = "answer_sleepy"
    UNANSWERED = "unanswered"
    PRESS = "press"
    PRESSES_IGNORED = "presses_ignored"
    SESSION_EXTENDED = "longer"
    VOLUME = "volume"
    MUTE = "mute"
    BACKGROUND = "bed"
    MODEL = "model"
    LATE_BASELINE = "late_baseline"


@dataclass(frozen=True, slots=True)
class Command:
    """Takes effect at the first frame that ends at or after ``sample``."""

    sample: int
    kind: CommandKind
    value: str


@dataclass(frozen=True, slots=True)
class Event:
    """A row of ``events.tsv`` that is no command.

    ``response_s`` is how long a person took from the question's appearance to this answer, s; None for all else.
    """

    sample: int
    kind: EventKind
    value: str = "n/a"
    duration_s: float = 0.0
    response_s: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One question about the last moments, and what was answered; None where nothing was.

    Parameters
    ----------
    sample : int
        The chime.
    where : int, optional
        1 on the breath, 2 elsewhere, 3 not sure.
    sure : int, optional
        How sure, 1 to 4.
    sleepy : int, optional
        How sleepy, 1 to 5.
    answered : int, optional
        Sample of the last answer.
    """

    sample: int
    where: int | None = None
    sure: int | None = None
    sleepy: int | None = None
    answer_sample: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelContact:
    """Contact of one channel, with the reasons when it is not good, such as ``flat`` or ``muscle``."""

    ch_name: str
    level: ContactLevel
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElectrodeQuality:
    """How one electrode sat in one second, from the raw signal.

    Parameters
    ----------
    badness : float
        Below 1 contact is good, from 2 on bad; -4 to 4.
    mains_uv : float
        Mains hum, rms in uV.
    sd_uv : float
        Robust SD without trend and mains hum, uV.
    lost_share : float
        Share of the second that never arrived.
    """

    contact: ChannelContact
    badness: float
    mains_uv: float
    sd_uv: float
    lost_share: float


@dataclass(frozen=True, slots=True)
class HeadsetFit:
    """How a headset sits: each electrode's last second, and what the last seconds add up to.

    ``fills`` (0 to 1) is how good each electrode has been of late, ``steady`` which are good enough;
    ``everywhere`` is all of them, ``enough`` what a sitting needs. ``begins_in_s`` is how long it must stay so
    for a sitting to begin by itself; None while it is not good enough.
    """

    electrodes: tuple[ElectrodeQuality, ...]
    recent_quality: tuple[float, ...]
    acceptable: tuple[bool, ...]
    all_good: bool
    good_enough: bool
    starts_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the meditator is to hear and see; the rim renders it and adds nothing.

    ``tone_gain`` is 0 to 1, commanded, before volume, ceiling and mute; ``brightness``, ``ripple`` and
    ``mist`` are 0 to 1. ``immediate`` lifts the slew limit (UNKNOWN and LOST must not wait for it). ``bell`` rings
    the wandering bell once, now. ``reward`` and ``drowsy`` sound only where the person wished for it.
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


@dataclass(frozen=True, slots=True)
class Frame:
    """One estimate, every hop. ``columns`` of the engine that made it names ``values``.

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
        Smoothed index in baseline spreads; NaN where there is none.
    mwi : float
        Mind-wandering index (EEG proxy): 100 * Phi(index_u), 50 is the baseline's middle.
    threshold : float
        Where reward begins, in the unit of index_u; NaN before practice.
    reward : bool
        Index below threshold in a valid frame.
    latency_ms : float
        Age of the newest sample when the sound was set; NaN in replay.
    values : tuple of float
        Features and z-scores in the order of the engine's ``columns``; NaN where there is none.
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


def frame_end(index: int, sfreq: float, hop_s: float) -> int:
    """Sample index at which frame (or block) ``index`` ends, in exact arithmetic.

    Examples
    --------
    >>> [frame_end(i, 250.0, 0.25) for i in range(4)]
    [62, 125, 187, 250]
    """
    return int((index + 1) * Fraction(sfreq).limit_denominator(10**6) * Fraction(hop_s).limit_denominator(10**6))
