"""Phases, commands, events and probes of a session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


class CommandKind(StrEnum):
    """Inputs besides samples that change frames. Each is a row of ``events.tsv``; replay applies it again."""

    PHASE = "phase"
    TARGET_RATE = "target_rate"
    TONE_DEPTH = "tone_depth"
    PAUSE = "pause"
    DECODER = "decoder"
    BASELINE = "baseline"
    LATE = "late"


class EventKind(StrEnum):
    """Events that are logged but change no frame."""

    HEADSET_FIT = "fit"
    START = "start"
    STOP = "stop"
    SIGNAL_LOST = "signal_lost"
    SIGNAL_BACK = "signal_back"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    DISK_BLOCKED = "disk_blocked"
    DISK_BACK = "disk_back"
    MARK = "mark"
    PROBE = "probe"
    ANSWER_WHERE = "answer_where"
    ANSWER_SURE = "answer_sure"
    ANSWER_SLEEPY = "answer_sleepy"
    ANSWER_OWN = "answer_own"
    UNANSWERED = "unanswered"
    PRESS = "press"
    PRESSES_IGNORED = "presses_ignored"
    SESSION_EXTENDED = "longer"
    VOLUME = "volume"
    MUTE = "mute"
    BACKGROUND = "bed"
    MODEL = "model"
    LATE_BASELINE = "late_baseline"
    ENTRY = "entry"
    VOICE = "voice"
    BATTERY_LOW = "battery_low"


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
