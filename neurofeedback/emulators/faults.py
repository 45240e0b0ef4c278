"""Faults of a headset as data: each with its time, in a schedule or added while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.errors import SettingsError
from neurofeedback.settings.base import SettingsModel, Share
from neurofeedback.texts.technical import emulator as texts

_DAY_S = 86400.0


class FaultKind(StrEnum):
    """Kind of a fault."""

    LOSS = "loss"
    DUPLICATE = "duplicate"
    GARBAGE = "garbage"
    STALL = "stall"
    DROP = "drop"
    UNPLUG = "unplug"
    ABSENT = "absent"
    REFUSE = "refuse"
    REPLY = "reply"
    LIFTED = "lifted"
    BROKEN = "broken"
    MAINS = "mains"
    COUNTER = "counter"
    CLOCK = "clock"
    STRANGE = "strange"
    BATTERY = "battery"
    SATURATED = "saturated"


@dataclass(frozen=True, slots=True)
class FaultKindSpec:
    """Description of a kind of fault, and the required and optional keys beside ``kind``."""

    description: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ("at_s", "for_s")


_TIME_KEYS = ("at_s", "for_s")

FAULT_KINDS: Mapping[FaultKind, FaultKindSpec] = {
    FaultKind.LOSS: FaultKindSpec(texts.LOSS, ("share",), (*_TIME_KEYS, "channels")),
    FaultKind.DUPLICATE: FaultKindSpec(texts.DUPLICATE, ("share",)),
    FaultKind.GARBAGE: FaultKindSpec(texts.GARBAGE, ("share",)),
    FaultKind.STALL: FaultKindSpec(texts.STALL),
    FaultKind.DROP: FaultKindSpec(texts.DROP),
    FaultKind.UNPLUG: FaultKindSpec(texts.UNPLUG),
    FaultKind.ABSENT: FaultKindSpec(texts.ABSENT, ("for_s",), ()),
    FaultKind.REFUSE: FaultKindSpec(texts.REFUSE, (), ("times",)),
    FaultKind.REPLY: FaultKindSpec(texts.REPLY, (), ("times",)),
    FaultKind.LIFTED: FaultKindSpec(texts.LIFTED, (), (*_TIME_KEYS, "channels", "hz")),
    FaultKind.BROKEN: FaultKindSpec(texts.BROKEN, (), (*_TIME_KEYS, "channels")),
    FaultKind.MAINS: FaultKindSpec(texts.MAINS, ("uv",), (*_TIME_KEYS, "channels", "hz")),
    FaultKind.COUNTER: FaultKindSpec(texts.COUNTER, ("to",), ("at_s",)),
    FaultKind.CLOCK: FaultKindSpec(texts.CLOCK, ("by_s",), ("at_s",)),
    FaultKind.STRANGE: FaultKindSpec(texts.STRANGE, ("share",)),
    FaultKind.BATTERY: FaultKindSpec(texts.BATTERY, ("percent",)),
    FaultKind.SATURATED: FaultKindSpec(texts.SATURATED),
}
"""Every kind of fault."""

COMMON_FAULTS = frozenset(
    {FaultKind.LOSS, FaultKind.DUPLICATE, FaultKind.STALL, FaultKind.DROP, FaultKind.COUNTER, FaultKind.CLOCK}
    | {FaultKind.LIFTED, FaultKind.BROKEN, FaultKind.MAINS}
)
"""Kinds of faults that every headset can have."""


class Fault(SettingsModel):
    """One fault. Times count from the first sample of the first stream."""

    kind: FaultKind = Field(description=texts.KEY_KIND)
    at_s: float = Field(default=0.0, ge=0, le=_DAY_S, description=texts.KEY_AT_S)
    for_s: float | None = Field(default=None, gt=0, le=_DAY_S, description=texts.KEY_FOR_S)
    share: Share = Field(default=0.0, description=texts.KEY_SHARE)
    channels: tuple[int, ...] | None = Field(default=None, min_length=1, description=texts.KEY_CHANNELS)
    uv: float = Field(default=0.0, gt=0, le=1e5, description=texts.KEY_UV)
    hz: Literal[50, 60] = Field(default=50, description=texts.KEY_HZ)
    to: int = Field(default=0, ge=0, le=65535, description=texts.KEY_TO)
    by_s: float = Field(default=0.0, ge=-3600, le=3600, description=texts.KEY_BY_S)
    percent: float = Field(default=0.0, ge=0, lt=128, description=texts.KEY_PERCENT)
    times: int | None = Field(default=None, ge=1, le=1000, description=texts.KEY_TIMES)

    @model_validator(mode="after")
    def _check_keys(self) -> Fault:
        spec, given = FAULT_KINDS[self.kind], self.model_fields_set - {"kind"}
        if missing := set(spec.required) - given:
            msg = f"{self.kind} needs {', '.join(sorted(missing))}"
            raise ValueError(msg)
        if surplus := given - {*spec.required, *spec.optional}:
            takes = ", ".join((*spec.required, *spec.optional)) or "nothing else"
            msg = f"{self.kind} does not take {', '.join(sorted(surplus))} (it takes {takes})"
            raise ValueError(msg)
        return self

    def is_active(self, at_s: float) -> bool:
        """Whether it is active at this time (s)."""
        return self.at_s <= at_s and (self.for_s is None or at_s < self.at_s + self.for_s)

    def affects(self, channel: int) -> bool:
        """Whether it affects a channel, by row from 0."""
        return self.channels is None or channel + 1 in self.channels


class FaultSchedule(SettingsModel):
    """A file of faults: one ``[[fault]]`` table for each."""

    fault: tuple[Fault, ...] = Field(min_length=1, description=texts.KEY_FAULT)


@dataclass(frozen=True)
class Faults:
    """The faults of one emulated headset; times count from the first sample of the first stream, s.

    Parameters
    ----------
    loss : float
        Probability that a packet is lost, throughout.
    schedule : tuple of Fault
        All other faults.
    """

    loss: float = 0.0
    schedule: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.loss <= 1:
            raise SettingsError("loss is not a probability", got=self.loss, allowed="0 to 1")

    def active(self, kind: FaultKind, at_s: float) -> tuple[Fault, ...]:
        """Return the faults of a kind at this time (s)."""
        return tuple(fault for fault in self.schedule if fault.kind is kind and fault.is_active(at_s))

    def probability(self, kind: FaultKind, at_s: float, channel: int = 0) -> float:
        """Return the probability of a packet's loss, duplication or noise at this time (s); the largest counts.

        Examples
        --------
        >>> faults = Faults(schedule=(Fault(kind=FaultKind.LOSS, share=0.5, channels=(2,)),))
        >>> faults.probability(FaultKind.LOSS, 1.0, channel=0), faults.probability(FaultKind.LOSS, 1.0, channel=1)
        (0.0, 0.5)
        """
        always = self.loss if kind is FaultKind.LOSS else 0.0
        return max([always, *(fault.share for fault in self.active(kind, at_s) if fault.affects(channel))])

    def stalled(self, at_s: float) -> bool:
        """Whether the headset is silent at this time (s) although it is connected."""
        return bool(self.active(FaultKind.STALL, at_s))

    def dropped(self, at_s: float) -> bool:
        """Whether the headset is out of reach at this time (s)."""
        return bool(self.active(FaultKind.DROP, at_s))

    def unplugged(self, at_s: float) -> bool:
        """Whether the port is gone at this time (s)."""
        return bool(self.active(FaultKind.UNPLUG, at_s))

    def permanently_unplugged(self, at_s: float) -> bool:
        """Whether the port is gone at this time (s) for good."""
        return any(fault.for_s is None for fault in self.active(FaultKind.UNPLUG, at_s))

    def absent(self, on_s: float) -> bool:
        """Whether the headset cannot be found yet, this long (s) after the emulator's start."""
        return bool(self.active(FaultKind.ABSENT, on_s))

    def attempt_fails(self, kind: FaultKind, n_before: int) -> bool:
        """Whether an attempt fails (``refuse``) or gets a wrong answer (``reply``), after ``n_before`` attempts."""
        limits = [fault.times for fault in self.schedule if fault.kind is kind]
        return any(limit is None or n_before < limit for limit in limits)

    def clock_offset_s(self, at_s: float) -> float:
        """Return the sum of the clock's jumps until this time (s)."""
        return sum(fault.by_s for fault in self.active(FaultKind.CLOCK, at_s))

    def packet_counter(self, number: int, first_packet: int, rate: float) -> int:
        """Return the counter of packet ``number`` in a stream from packet ``first_packet`` on, at ``rate`` packets/s.

        Examples
        --------
        >>> faults = Faults(schedule=(Fault(kind=FaultKind.COUNTER, at_s=2.0, to=250),))
        >>> [faults.packet_counter(number, 10, 10.0) for number in (10, 19, 20, 21)]
        [0, 9, 250, 251]
        """
        jumps = [(ceil(fault.at_s * rate), fault.to) for fault in self.schedule if fault.kind is FaultKind.COUNTER]
        passed = [jump for jump in jumps if first_packet <= jump[0] <= number]
        since, count = max([*passed, (first_packet, 0)], key=lambda jump: jump[0])
        return count + number - since

    def with_fault(self, fault: Fault) -> Faults:
        """Return these faults and one more."""
        return replace(self, schedule=(*self.schedule, fault))

    def cleared(self) -> Faults:
        """Return only the jumps of counter and clock, which have happened and stay."""
        jumps = tuple(fault for fault in self.schedule if fault.kind in {FaultKind.COUNTER, FaultKind.CLOCK})
        return replace(self, loss=0.0, schedule=jumps)
