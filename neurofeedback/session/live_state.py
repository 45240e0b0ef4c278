"""The live state of a session: the latest snapshot for screens, and requests to the runner."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurofeedback.texts.probe_questions import ProbeQuestion
from neurofeedback.texts.situation import Situation, situation
from neurofeedback.types import INDEX_NAME, ChannelContact, Frame, HeadsetFit, Phase, State, StreamInfo

if TYPE_CHECKING:
    from neurofeedback.audio.voice import Utterance  # slow to import
    from neurofeedback.processing.body.live import LiveBody
    from neurofeedback.session.fit.impedance_reading import ImpedanceReading

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """State of a session for a screen.

    Parameters
    ----------
    status : str
        ``connecting``, ``fitting``, ``running``, ``ended`` or ``failed``; ``idle`` without a session.
    message : str
        One sentence for the person, or empty.
    elapsed_s, remaining_s, phase_remaining_s : float
        Session time, by sample count; the last two follow the plan, infinite where it has no end.
    signal_lost_s : float
        Time since the last sample during a loss of signal, else 0.
    traces : ndarray of float32, shape (n_channels, n_points)
        The last seconds of the filtered signal in microvolts, decimated for display; NaN in gaps.
    traces_s : float
        How many seconds ``traces`` spans.
    recent_filtered : tuple of ndarray, each (n_channels, n_samples)
        The last seconds of the filtered signal in microvolts at full rate, in the pieces they came in; NaN in gaps.
    columns : tuple of str
        Names of ``frame.values``.
    index_history : ndarray of float32, shape (n,)
        MWI of the last minutes, one value a frame, NaN where there was none.
    index_name : str
        Name of the index of this session; empty if it shows none.
    loss_rate : float
        Share of samples lost so far.
    headset_fit : HeadsetFit, optional
        During the headset fit.
    impedance : ImpedanceReading, optional
        During the headset fit, where the headset measures impedance.
    question : ProbeQuestion, optional
        The open question.
    n_probes : int
        Probes so far.
    volume_db : float
        Volume relative to the profile's level, dB.
    target_rate, tone_depth : float
        Current values, 0 to 1.
    feedback_source : str
        Baseline that drives the sound, ``session`` or ``own``; empty without a personal baseline.
    model_text : str
        What drives the guidance, in one sentence; empty at first.
    outputs : str
        What is open to other programs or computers, empty if nothing is.
    can_extend : bool
        The session is about to end and can be extended.
    battery : float, optional
        Charge of the headset's battery, %; None where the headset does not report it.
    practice : str
        Title of a practice that has no feedback as a whole; empty otherwise.
    guide_text : str
        The latest text of the practice, as long as it is to be shown; empty otherwise.
    masked : bool
        Nothing here shows what is played, or the index.
    breaths_per_min : float
        Pace of the breath pacer in this segment; 0 without one.
    segment_s : float
        Time since the start of this segment without pauses, s.
    body : LiveBody, optional
        Heart, breath and stillness of the last minute; for the researcher's window alone.
    """

    status: str = "connecting"
    message: str = ""
    stream: StreamInfo | None = None
    phase: Phase | None = None
    elapsed_s: float = 0.0
    remaining_s: float = 0.0
    phase_remaining_s: float = 0.0
    signal_lost_s: float = 0.0
    frame: Frame | None = None
    contacts: tuple[ChannelContact, ...] = ()
    traces: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    traces_s: float = 8.0
    recent_filtered: tuple[NDArray[np.float64], ...] = ()
    columns: tuple[str, ...] = ()
    index_history: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    index_name: str = INDEX_NAME
    loss_rate: float = 0.0
    latency_ms: float = float("nan")
    valid_fraction: float = 0.0
    sound: str = ""
    recording: Path | None = None
    headset_fit: HeadsetFit | None = None
    impedance: ImpedanceReading | None = None
    question: ProbeQuestion | None = None
    n_probes: int = 0
    paused: bool = False
    volume_db: float = 0.0
    muted: bool = False
    target_rate: float = 0.0
    tone_depth: float = 1.0
    feedback_source: str = ""
    model_text: str = ""
    outputs: str = ""
    can_extend: bool = False
    battery: float | None = None
    practice: str = ""
    guide_text: str = ""
    masked: bool = False
    breaths_per_min: float = 0.0
    segment_s: float = 0.0
    body: LiveBody | None = None


def situation_of(snapshot: Snapshot) -> Situation:
    """Return what is true at the moment of a snapshot, as the feedback that is played shows it.

    In a masked session it is what is true of any practice.
    """
    frame = snapshot.frame
    shown = None if frame is None else frame if frame.played is None else frame.played
    if snapshot.masked and shown is not None and shown.state is not State.LOST:
        shown = None
    return situation(
        snapshot.phase,
        None if shown is None else shown.state,
        lost_s=snapshot.signal_lost_s,
        paused=snapshot.paused,
        confidence=None if frame is None else frame.confidence,
        without_feedback=bool(snapshot.practice),
    )


_WITHOUT_GUIDE = frozenset({Situation.CONNECTING, Situation.LOST, Situation.PAUSED, Situation.UNCLEAR})


def guide_text_of(snapshot: Snapshot) -> str:
    """Return the practice's text to be shown in place of the guidance; empty where something else matters more."""
    return "" if situation_of(snapshot) in _WITHOUT_GUIDE else snapshot.guide_text


class RequestKind(StrEnum):
    """Kinds of requests to a running session."""

    BEGIN = "begin"
    IMPEDANCE = "impedance"
    STOP = "stop"
    MARK = "mark"
    PRESS = "press"
    ANSWER = "answer"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "longer"
    VOLUME = "volume"
    MUTE = "mute"
    TARGET_RATE = "target_rate"
    TONE_DEPTH = "tone_depth"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``at_s`` is its time by the session's clock, s."""

    kind: RequestKind
    value: str = ""
    at_s: float = field(default=0.0, compare=False)


class LiveState:
    """Exchange between runner and screens: snapshots one way, requests the other.

    Parameters
    ----------
    now : callable
        The session's clock, s; stamps every request.
    has_system_voice : bool
        A screen says by the system's own voice what it takes from ``drain_speech``.
    """

    def __init__(self, now: Callable[[], float] = float, *, has_system_voice: bool = False) -> None:
        self._now = now
        self.has_system_voice = has_system_voice
        self._speech: queue.SimpleQueue[Utterance | None] = queue.SimpleQueue()
        self._snapshot = Snapshot()
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()

    @property
    def snapshot(self) -> Snapshot:
        """The latest snapshot."""
        return self._snapshot

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the snapshot; a single reference assignment, so never torn."""
        self._snapshot = snapshot

    def send_request(self, request: Request) -> None:
        """Send a request to the runner, which reads them at least every 50 ms."""
        self._requests.put(replace(request, at_s=self._now()))

    def drain_requests(self) -> list[Request]:
        """Return the requests since the last call."""
        return _drain(self._requests)

    def send_speech(self, utterance: Utterance | None) -> None:
        """Have the screen say something by the system's own voice; None ends what it says."""
        if self.has_system_voice:
            self._speech.put(utterance)

    def drain_speech(self) -> list[Utterance | None]:
        """Return what the screen is to say since the last call."""
        return _drain(self._speech)


def _drain(waiting: queue.SimpleQueue[Item]) -> list[Item]:
    """Return all that waits in a queue."""
    items: list[Item] = []
    while True:
        try:
            items.append(waiting.get_nowait())
        except queue.Empty:
            return items
