"""The JSON documents that commands print with ``--json``; ``None`` is what is not known.

The keys of version 0.1.0 are unchanged. A value of another package's dataclass is stored by its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

Fields = Mapping[str, Any]
"""The fields of a dataclass by name."""


class LatencyDocument(TypedDict):
    """Median and 95th percentile of the latency, ms."""

    p50: float | None
    p95: float | None


class PhaseDocument(TypedDict):
    """One phase of a session, s."""

    phase: str
    start_s: float
    stop_s: float
    valid_fraction: float


class ContactShares(TypedDict):
    """Share of time at each contact level of one channel, and of each reason."""

    good: float
    fair: float
    bad: float
    reasons: dict[str, float]


class ReportDocument(TypedDict):
    """Figures of a session's report."""

    report: str
    session: str
    finished: bool
    duration_s: float
    valid_fraction: float | None
    phases: list[PhaseDocument]
    has_index: bool
    iaf_hz: float | None
    contact: dict[str, ContactShares]
    n_samples: int
    n_lost: int
    n_gaps: int
    effective_sfreq: float | None
    latency_ms: LatencyDocument | None


class ChannelDocument(TypedDict):
    """Contact of one channel over a check."""

    name: str
    verdict: str
    reasons: Sequence[str]
    badness: float
    mains_uv: float | None
    sd_uv: float | None
    loss_rate: float
    good_share: float | None


class ContactDocument(TypedDict):
    """Result of ``check``; the keys that may be missing are there once the headset has sent a signal."""

    device: str
    good_enough: bool
    sentence: str
    channels: list[ChannelDocument]
    sfreq: NotRequired[float]
    seconds: NotRequired[float]
    good_everywhere: NotRequired[bool]
    latency_ms: NotRequired[LatencyDocument]


class SimulatedSessionDocument(TypedDict):
    """A session that ``simulate`` recorded."""

    session: str
    seed: int
    wandering_share: float


class FeatureDirectionDocument(TypedDict):
    """Weight of one feature in a decoder, and what it means."""

    feature: str
    name: str
    weight: float
    sd: float
    direction: str
    chance: float


class DecoderDocument(TypedDict):
    """A person's decoder, how well it works, and what guides the next session."""

    participant: str
    badge: str
    sentence: str
    driving: str
    signs: list[FeatureDirectionDocument]
    evaluation: Fields
    with_presses: bool
    profiles: dict[str, float]
    drowsy_level: float
    sessions: list[str]
    excluded: list[str]
    notices: list[str]


class DoubtsDocument(TypedDict):
    """What limits the trend over sessions."""

    overlapping: Sequence[str]
    impossible_dates: list[str]
    uneven: str | None
    large_scatter: bool


class HistoryDocument(TypedDict):
    """Summary of a person's sessions."""

    sessions: list[Fields]
    sat_s: float
    practised_s: float
    days: int
    share: Fields | None
    long_run: Fields | None
    shares: list[Fields]
    conditions: dict[str, Fields]
    trend: Fields | None
    needed: list[Fields]
    doubts: DoubtsDocument
    courses: list[Fields]
    left_out: dict[str, str]


class SideDocument(TypedDict):
    """One side of a comparison: its sessions and what was noted after each."""

    name: str
    stems: Sequence[str]
    said: list[Fields]


class IndexNotCompared(TypedDict):
    """Why the index is not compared."""

    compared: bool
    why: str


class ComparisonDocument(TypedDict):
    """Comparison of two conditions of one person."""

    participant: str
    a: SideDocument
    b: SideDocument
    minutes: float
    longest_minutes: float
    separated: bool
    ch_names: Sequence[str]
    contrasts: dict[str, Fields]
    left_out: dict[str, str]
    missing: dict[str, Sequence[str]]
    notes: Sequence[str]
    index: IndexNotCompared
