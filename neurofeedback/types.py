"""Frozen values shared by all rooms: stream, chunk, command, frame, guidance.

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
"""Name of the index in all texts, unless the evidence profile gives another."""


class Phase(StrEnum):
    """Phases of a session in order; rest and pause come in between.

    A pause is not part of the plan: its frames are logged but not used, and the plan waits for its end.
    """

    SETTLE = "settle"
    BASELINE = "baseline"
    PRACTICE = "practice"
    REST = "rest"
    TRANSFER = "transfer"
    DEBRIEF = "debrief"
    PAUSE = "pause"


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
class StreamInfo:
    """Description of the signal a source delivers; fixed for one recording.

    Parameters
    ----------
    device : str
        Device name as typed by the user, such as ``synthetic`` or ``cyton:/dev/ttyUSB0``.
    sfreq : float
        Nominal sampling frequency in Hz.
    ch_names : tuple of str
        Names of the EEG channels, in row order.
    montage : str
        Name of the montage that fits this device, or ``auto`` to derive regions from the channel names.
    placed_freely : bool
        The device has numbered inputs; the montage defines the electrode positions.
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
    """Samples that did not arrive or were not numbers.

    ``channels`` are row indices, or None for all. ``cause`` is ``lost``, ``invalid`` (NaN or infinity
    from the device, or a block its driver delivered twice) or ``gap`` (nothing arrived for a while).
    """

    start: int
    n_samples: int
    channels: tuple[int, ...] | None = None
    cause: str = "lost"


@dataclass(frozen=True, slots=True, eq=False)
class AuxChunk:
    """Samples of another signal of the same device, such as motion or pulse; recorded, not used for the index.

    Parameters
    ----------
    label : str
        Which signal: a BIDS label, such as ``motion``.
    sfreq : float
        Nominal sampling frequency in Hz.
    ch_names, units : tuple of str
        Names and units of the rows; ``n/a`` for an unknown unit.
    start_s : float
        Time of this signal's sample 0 since the recording's first sample, s.
    first_sample : int
        Index of the first sample; chunks of one signal follow each other without gap or overlap.
    data : ndarray of float32, shape (n_channels, n_samples)
        NaN for missing samples.
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
    """Samples of one read, any number. ``data`` is float32 microvolts, NaN exactly for the samples in ``lost``.

    ``device_time`` is the device's timestamp of the last sample (s, its own epoch), ``host_time`` the
    host's monotonic clock when the read returned (s), ``buffer_delay_s`` how long the last sample had
    waited in the buffer before the read (s; 0 if unknown). ``auxiliary`` holds the device's other signals.
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
    """Inputs besides samples that change frames. Each is a row of ``events.tsv``; replay applies it again."""

    PHASE = "phase"
    TARGET_RATE = "target_rate"
    TONE_DEPTH = "tone_depth"
    PAUSE = "pause"
    DECODER = "decoder"
    BASELINE = "baseline"


class EventKind(StrEnum):
    """Events that are logged but change no frame."""

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
    """An input that takes effect at the first frame that ends at or after ``sample``."""

    sample: int
    kind: CommandKind
    value: str


@dataclass(frozen=True, slots=True)
class Event:
    """A row of ``events.tsv`` that is not a command.

    ``response_s`` is the time from the question to this answer, s; None for all other events.
    """

    sample: int
    kind: EventKind
    value: str = "n/a"
    duration_s: float = 0.0
    response_s: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One question about the last moments, and its answers; None for an answer that was not given.

    Parameters
    ----------
    sample : int
        Sample of the chime.
    where : int, optional
        1 on the breath, 2 elsewhere, 3 not sure.
    sure : int, optional
        How sure, 1 to 4.
    sleepy : int, optional
        How sleepy, 1 to 5.
    answer_sample : int, optional
        Sample of the last answer.
    """

    sample: int
    where: int | None = None
    sure: int | None = None
    sleepy: int | None = None
    answer_sample: int | None = None


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
    now. ``reward`` and ``drowsy`` sound only if enabled.
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
