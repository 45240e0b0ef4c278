"""What a sitting is asked to be, and how it came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # NumPy takes 0.1 s, and the command line needs only the request to show its help
    from neurofeedback.session.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class SitRequest:
    """One sitting as asked for.

    ``minutes`` None takes the profile's own length. ``fast`` lets time pass as fast as the machine can, for
    sources that this program paces itself (simulated, playback). ``lsl_out`` (``machine`` or ``network``) and
    ``osc_out`` (``PORT`` or ``HOST:PORT``) send the sitting on; empty for not. ``fit`` lets the headset be put on
    first: the sitting begins when it sits well, or when somebody begins anyway.
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
    fit: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sitting ended: exit code, one sentence, where it is, and the summary that was saved."""

    exit_code: int
    message: str = ""
    session: Path | None = None
    summary: Mapping[str, object] = field(default_factory=dict[str, object])


class RunningSitting(Protocol):
    """A sitting under way, as screens see it (``session.sitting.Sitting`` is the real one)."""

    @property
    def mailbox(self) -> Mailbox:
        """Snapshots out, requests in."""
        ...

    def start(self) -> None:
        """Begin in a thread of its own; returns at once."""
        ...

    def stop(self) -> None:
        """Ask for an orderly end; returns at once."""
        ...

    def join(self, timeout_s: float | None = None) -> Outcome | None:
        """Wait for the end (s); None if it is still running."""
        ...
