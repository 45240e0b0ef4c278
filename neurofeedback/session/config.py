"""The configuration and the result of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:  # NumPy takes 0.1 s, and the command line needs only the request to show its help
    from neurofeedback.feedback.sham import ShamSource
    from neurofeedback.recording.facts.session_facts import SessionFacts
    from neurofeedback.recording.masking.played_feedback import SealChunk
    from neurofeedback.recording.session_json import SessionSummary, StudyStart
    from neurofeedback.session.live_state import LiveState


NO_DEVICE = "none"
"""Name of the device of a sitting without a headset."""

SessionMode: TypeAlias = Literal["practice", "record"]
SettingValue: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class SettingOverride:
    """A value for one setting in place of the profile's; ``section`` and ``name`` are those of the profile.

    With ``unless_set`` it applies only where the profile does not set a value itself.
    """

    section: str
    name: str
    value: SettingValue
    unless_set: bool = False


@dataclass(frozen=True, slots=True)
class StudyPart:
    """What a session needs of the study that it belongs to. The series and the seal are shown nowhere.

    Parameters
    ----------
    start : StudyStart
        What the session stores; nothing in it depends on the arm.
    sham : ShamSource, optional
        The series that is played or not; None in a study without sham, and in a visit without feedback.
    seal : SealChunk, optional
        Seals what is played; None without ``sham``.
    feedback : bool
        Whether the practice has feedback; without, it is a transfer.
    """

    start: StudyStart
    sham: ShamSource | None = field(default=None, repr=False)
    seal: SealChunk | None = field(default=None, repr=False)
    feedback: bool = True


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Configuration of one session.

    Parameters
    ----------
    minutes : float, optional
        Length; None for the profile's.
    fast : bool
        Run as fast as the machine can, for sources that this program paces (simulated, playback).
    lsl_out, osc_out : str
        Send the session by LSL (``machine`` or ``network``) and OSC (``PORT`` or ``HOST:PORT``); empty for not.
    outputs : tuple of str
        Outputs of other packages, each ``NAME`` or ``NAME:ARGUMENT`` of an entry point.
    lsl_markers : str
        Name of an LSL stream of this machine whose markers are recorded as events; empty for none.
    allow_network : bool
        Send LSL for this machine also where other computers on the network could read it.
    wait_for_fit : bool
        Start only when the headset fits well, or when the person starts anyway.
    programme : str
        Name of a plan of segments; empty for the profile's.
    probe_interval_s : float, optional
        Mean time between probes, s; 0 for no probes, None for the profile's.
    learn_live : bool, optional
        Refit the decoder after each answer; None for the profile's setting.
    settings_overrides : tuple of SettingOverride
        Settings that differ from the profile's.
    start_time : datetime, optional
        Date of a simulated session; None for now.
    mode : {"practice", "record"}
        ``record`` for one rest without feedback, index, questions and baseline.
    facts : SessionFacts, optional
        Facts entered before the session, such as a substance and its dose.
    study : StudyPart, optional
        The study that the session belongs to.
    has_system_voice : bool
        A screen says by the system's own voice what has no recording and no engine.
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
    lsl_markers: str = ""
    outputs: tuple[str, ...] = ()
    allow_network: bool = False
    wait_for_fit: bool = False
    programme: str = ""
    probe_interval_s: float | None = None
    learn_live: bool | None = None
    settings_overrides: tuple[SettingOverride, ...] = ()
    start_time: datetime | None = None
    mode: SessionMode = "practice"
    facts: SessionFacts | None = None
    study: StudyPart | None = None
    has_system_voice: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether nothing may show what is played."""
        return self.study is not None and self.study.start.masked


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How a session ended: exit code, one sentence, its folder, and its summary; None if nothing was recorded."""

    exit_code: int
    message: str = ""
    session_dir: Path | None = None
    summary: SessionSummary | None = None


class RunningSession(Protocol):
    """A session as screens see it; see ``session.Session``."""

    @property
    def live_state(self) -> LiveState:
        """Snapshots out, requests in."""
        ...

    def start(self) -> None:
        """Start in a thread; returns at once."""
        ...

    def stop(self) -> None:
        """Request an orderly end; returns at once. Without a planned end, the first request ends only the practice."""
        ...

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        """Wait up to ``timeout_s``; None if the session is still running."""
        ...
