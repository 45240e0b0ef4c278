"""How the runner shows itself: a frozen snapshot that screens poll (latest wins), and keys that come back."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.types import INDEX_NAME, Contact, Fit, Frame, Phase, Stream


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All a screen needs to know, as plain values.

    Parameters
    ----------
    status : str
        ``connecting``, ``fitting``, ``running``, ``ended`` or ``failed``.
    message : str
        One sentence for people, or empty.
    elapsed_s, remaining_s, phase_remaining_s : float
        Session time, by sample count; the last two follow the plan.
    signal_lost_s : float
        How long nothing has arrived; 0 while the signal is there.
    traces : ndarray of float32, shape (n_channels, n_points)
        The last seconds of the filtered signal in microvolts, decimated for display; NaN in gaps.
    traces_s : float
        How many seconds ``traces`` spans.
    index_history : ndarray of float32, shape (n,)
        MWI of the last minutes, one value a frame, NaN where there was none.
    index_name : str
        What the index of this sitting is called.
    loss_rate : float
        Share of samples lost so far.
    fit : Fit, optional
        How the headset sits, while it is being fitted.
    """

    status: str = "connecting"
    message: str = ""
    stream: Stream | None = None
    phase: Phase | None = None
    elapsed_s: float = 0.0
    remaining_s: float = 0.0
    phase_remaining_s: float = 0.0
    signal_lost_s: float = 0.0
    frame: Frame | None = None
    contacts: tuple[Contact, ...] = ()
    traces: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    traces_s: float = 8.0
    index_history: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    index_name: str = INDEX_NAME
    loss_rate: float = 0.0
    latency_ms: float = float("nan")
    valid_fraction: float = 0.0
    sound: str = ""
    recording: Path | None = None
    fit: Fit | None = None


class Request:
    """What a person can ask of a running session."""

    STOP = "stop"
    MARK = "mark"
    BEGIN = "begin"


class Mailbox:
    """The runner puts snapshots in, screens poll them; requests go the other way."""

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    @property
    def snapshot(self) -> Snapshot:
        """The latest snapshot."""
        return self._snapshot

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the snapshot; a single reference assignment, so never torn."""
        self._snapshot = snapshot

    def request(self, what: str) -> None:
        """Ask the runner for something; it looks at least every 50 ms."""
        self._requests.put(what)

    def requests(self) -> list[str]:
        """Everything asked since the last look."""
        asked: list[str] = []
        while True:
            try:
                asked.append(self._requests.get_nowait())
            except queue.Empty:
                return asked
