"""What a sitting is asked to be, and how it came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # NumPy takes 0.1 s, and the command line needs only the request to show its help
    from neurofeedback.session.live_state import LiveState


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """One sitting as asked for.

    ``minutes`` None takes the profile's own length. ``fast`` lets time pass as fast as the machine can, for
    sources that this program paces itself (simulated, playback). ``lsl_out`` (``machine`` or ``network``) and
    ``osc_out`` (``PORT`` or ``HOST:PORT``) send the sitting on; empty for not. ``fit`` lets the headset be put on
    first: the sitting begins when it sits well, or when somebody begins anyway. ``programme`` names a plan of
    segments; empty for the profile's own. ``probe_interval_s`` is the mean time between questions, 0 for none and None
    for the profile's; ``learn_live`` lets each answer refine the minutes that follow, None for the profile's.
    ``changes`` are settings that differ from the profile's, by section and name. ``started`` dates a simulated
    sitting; None is now.
    """

    device: str
    recordings: Path
    participant: str = "01"
    profile: str = "default"
    minutes: float | None = None
    audio: str = "auto"
    seed: int | None = None
    fast: bool = False
    lsl_out: str = ""
    osc_out: str = ""
    wait_for_fit: bool = False
    programme: str = ""
    probe_interval_s: float | None = None
    learn_live: bool | None = None
    settings_overrides: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    start_time: datetime | None = None


COMPLETE_TEXT = "The sitting is complete."
"""How the message of a sitting begins that lasted as long as was planned."""


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How a sitting ended: exit code, one sentence, where it is, and the summary that was saved."""

    exit_code: int
    message: str = ""
    session_dir: Path | None = None
    summary: Mapping[str, object] = field(default_factory=dict[str, object])


class RunningSession(Protocol):
    """A sitting under way, as screens see it (``session.sitting.Sitting`` is the real one)."""

    @property
    def live_state(self) -> LiveState:
        """Snapshots out, requests in."""
        ...

    def start(self) -> None:
        """Begin in a thread of its own; returns at once."""
        ...

    def stop(self) -> None:
        """Ask for an orderly end; returns at once. Without a planned end, the first time ends the practice only."""
        ...

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        """Wait for the end (s); None if it is still running."""
        ...
