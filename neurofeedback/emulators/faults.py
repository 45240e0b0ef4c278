"""What can go wrong with a headset, as data: each fault with its time, in a schedule or on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from typing import Literal

from pydantic import Field, model_validator

from neurofeedback.errors import SettingsError
from neurofeedback.settings.strict import Share, Strict

_DAY_S = 86400.0


class Kind(StrEnum):
    """What goes wrong."""

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


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What a kind of fault is, for people, and which keys beside ``kind`` it must have and may have."""

    description: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ("at_s", "for_s")


_WHILE = ("at_s", "for_s")

KINDS: Mapping[Kind, KindSpec] = {
    Kind.LOSS: KindSpec("packets are lost, each with probability share", ("share",), (*_WHILE, "channels")),
    Kind.DUPLICATE: KindSpec("packets are sent twice, each with probability share", ("share",)),
    Kind.GARBAGE: KindSpec("noise bytes follow a packet with probability share", ("share",)),
    Kind.STALL: KindSpec("nothing is sent, though the link stands"),
    Kind.DROP: KindSpec("out of reach, and back after for_s"),
    Kind.UNPLUG: KindSpec("the port is gone, and back after for_s"),
    Kind.ABSENT: KindSpec("cannot be found until for_s after the emulator began", ("for_s",), ()),
    Kind.REFUSE: KindSpec("the first attempts to connect fail, as many as times says", (), ("times",)),
    Kind.REPLY: KindSpec("answers like another device when asked who it is, as often as times says", (), ("times",)),
    Kind.LIFTED: KindSpec(
        "electrodes off the head: noise from rail to rail, and mains", (), (*_WHILE, "channels", "hz")
    ),
    Kind.BROKEN: KindSpec("broken electrodes: noise as strong at every frequency", (), (*_WHILE, "channels")),
    Kind.MAINS: KindSpec("a hum of amplitude uv on top", ("uv",), (*_WHILE, "channels", "hz")),
    Kind.COUNTER: KindSpec("the packet counter jumps to this count", ("to",), ("at_s",)),
    Kind.CLOCK: KindSpec("the headset's clock jumps by by_s: ahead, or back (it waits)", ("by_s",), ("at_s",)),
}
"""Every kind of fault."""


class Fault(Strict):
    """One fault. Times count from the first sample of the first stream."""

    kind: Kind = Field(description="what goes wrong")
    at_s: float = Field(default=0.0, ge=0, le=_DAY_S, description="when it begins, s")
    for_s: float | None = Field(default=None, gt=0, le=_DAY_S, description="how long it lasts, s; to the end if absent")
    share: Share = Field(default=0.0, description="probability for each packet")
    channels: tuple[int, ...] | None = Field(
        default=None, min_length=1, description="electrodes, from 1; all if absent"
    )
    uv: float = Field(default=0.0, gt=0, le=1e5, description="amplitude, uV")
    hz: Literal[50, 60] = Field(default=50, description="mains frequency, Hz")
    to: int = Field(default=0, ge=0, le=65535, description="the next packet's count")
    by_s: float = Field(default=0.0, ge=-3600, le=3600, description="jump of the clock, s")
    times: int | None = Field(default=None, ge=1, le=1000, description="how often; always if absent")

    @model_validator(mode="after")
    def _has_what_its_kind_takes(self) -> Fault:
        spec, given = KINDS[self.kind], self.model_fields_set - {"kind"}
        if missing := set(spec.needs) - given:
            msg = f"{self.kind} needs {', '.join(sorted(missing))}"
            raise ValueError(msg)
        if surplus := given - {*spec.needs, *spec.may}:
            takes = ", ".join((*spec.needs, *spec.may)) or "nothing else"
            msg = f"{self.kind} does not take {', '.join(sorted(surplus))} (it takes {takes})"
            raise ValueError(msg)
        return self

    def lasts(self, at_s: float) -> bool:
        """Whether it is under way at this time (s)."""
        return self.at_s <= at_s and (self.for_s is None or at_s < self.at_s + self.for_s)

    def touches(self, channel: int) -> bool:
        """Whether it concerns a channel, by row from 0."""
        return self.channels is None or channel + 1 in self.channels


class Schedule(Strict):
    """A file of faults: one ``[[fault]]`` table for each."""

    fault: tuple[Fault, ...] = Field(min_length=1, description="the faults, in any order")


@dataclass(frozen=True)
class Faults:
    """The faults of one emulated headset; times count from the first sample of the first stream, s.

    Parameters
    ----------
    loss : float
        Probability that a packet is lost, throughout.
    schedule : tuple of Fault
        All others.
    """

    loss: float = 0.0
    schedule: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.loss <= 1:
            raise SettingsError("loss is not a probability", got=self.loss, allowed="0 to 1")

    def under_way(self, kind: Kind, at_s: float) -> tuple[Fault, ...]:
        """Faults of a kind at this time (s)."""
        return tuple(fault for fault in self.schedule if fault.kind is kind and fault.lasts(at_s))

    def probability(self, kind: Kind, at_s: float, channel: int = 0) -> float:
        """Probability of a packet's loss, repetition or noise at this time (s); the largest counts.

        Examples
        --------
        >>> faults = Faults(schedule=(Fault(kind=Kind.LOSS, share=0.5, channels=(2,)),))
        >>> faults.probability(Kind.LOSS, 1.0, channel=0), faults.probability(Kind.LOSS, 1.0, channel=1)
        (0.0, 0.5)
        """
        always = self.loss if kind is Kind.LOSS else 0.0
        return max([always, *(fault.share for fault in self.under_way(kind, at_s) if fault.touches(channel))])

    def stalled(self, at_s: float) -> bool:
        """Whether the headset is silent at this time (s) though the link stands."""
        return bool(self.under_way(Kind.STALL, at_s))

    def dropped(self, at_s: float) -> bool:
        """Whether the headset is out of reach at this time (s)."""
        return bool(self.under_way(Kind.DROP, at_s))

    def unplugged(self, at_s: float) -> bool:
        """Whether the port is gone at this time (s)."""
        return bool(self.under_way(Kind.UNPLUG, at_s))

    def gone_for_good(self, at_s: float) -> bool:
        """Whether the port is gone at this time (s) and nothing brings it back."""
        return any(fault.for_s is None for fault in self.under_way(Kind.UNPLUG, at_s))

    def absent(self, on_s: float) -> bool:
        """Whether the headset cannot be found yet, this long (s) after the emulator began."""
        return bool(self.under_way(Kind.ABSENT, on_s))

    def answers_wrongly(self, kind: Kind, n_before: int) -> bool:
        """Whether an attempt fails (``refuse``) or is answered by a stranger (``reply``), after so many before it."""
        limits = [fault.times for fault in self.schedule if fault.kind is kind]
        return any(limit is None or n_before < limit for limit in limits)

    def clock_s(self, at_s: float) -> float:
        """How far the headset's clock has jumped until this time (s)."""
        return sum(fault.by_s for fault in self.under_way(Kind.CLOCK, at_s))

    def count(self, number: int, begun: int, rate: float) -> int:
        """Packet counter of packet ``number`` in a stream that began with packet ``begun``; ``rate`` packets a second.

        Examples
        --------
        >>> faults = Faults(schedule=(Fault(kind=Kind.COUNTER, at_s=2.0, to=250),))
        >>> [faults.count(number, 10, 10.0) for number in (10, 19, 20, 21)]
        [0, 9, 250, 251]
        """
        jumps = [(ceil(fault.at_s * rate), fault.to) for fault in self.schedule if fault.kind is Kind.COUNTER]
        passed = [jump for jump in jumps if begun <= jump[0] <= number]
        since, count = max([*passed, (begun, 0)], key=lambda jump: jump[0])
        return count + number - since

    def with_fault(self, fault: Fault) -> Faults:
        """Return these faults and one more."""
        return replace(self, schedule=(*self.schedule, fault))

    def cleared(self) -> Faults:
        """Return what is left when all is mended: jumps of counter and clock have happened and stay."""
        kept = tuple(fault for fault in self.schedule if fault.kind in {Kind.COUNTER, Kind.CLOCK})
        return replace(self, loss=0.0, schedule=kept)
