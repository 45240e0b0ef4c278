"""What the runner shows: traces and index history kept small, and the snapshot made from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurofeedback.session.controls import Controls
from neurofeedback.session.mailbox import Snapshot
from neurofeedback.session.parts import Parts
from neurofeedback.session.question import Question
from neurofeedback.types import Frame

_TRACE_S = 8.0
_TRACE_POINTS_PER_S = 64
_RECENT_S = 4.0
_HISTORY_FRAMES = 1200


class Traces:
    """The last seconds of the filtered signal, thinned for display; independent of the measurement."""

    def __init__(self, n_channels: int, sfreq: float) -> None:
        self._step = max(1, round(sfreq / _TRACE_POINTS_PER_S))
        self._skip = 0
        self.seconds = _TRACE_S
        self._n_recent = round(_RECENT_S * sfreq)
        self._pieces: deque[NDArray[np.float64]] = deque()
        self._points = np.full((n_channels, int(_TRACE_S * sfreq / self._step)), np.nan, np.float32)

    def push(self, filtered: NDArray[np.float64]) -> None:
        """Add ``(n_channels, n_samples)`` in uV."""
        thinned = filtered[:, self._skip :: self._step].astype(np.float32)
        self._skip = (self._skip - filtered.shape[1]) % self._step
        self._keep(filtered)
        n_points = self._points.shape[1]
        self._points = np.concatenate([self._points, thinned], axis=1)[:, -n_points:]

    def _keep(self, filtered: NDArray[np.float64]) -> None:
        self._pieces.append(filtered)
        while sum(piece.shape[1] for piece in self._pieces) - self._pieces[0].shape[1] >= self._n_recent:
            self._pieces.popleft()

    @property
    def recent(self) -> tuple[NDArray[np.float64], ...]:
        """The last seconds at full rate ``(n_channels, n_samples)`` in uV, in the pieces they came in."""
        return tuple(self._pieces)

    @property
    def points(self) -> NDArray[np.float32]:
        """The traces ``(n_channels, n_points)``; a new array after every push."""
        return self._points


class IndexHistory:
    """The index of the last minutes, one value a frame."""

    def __init__(self) -> None:
        self._values: list[float] = []

    def push(self, mwi: float) -> None:
        """Add one frame's index, NaN without one."""
        self._values.append(mwi)
        if len(self._values) > 2 * _HISTORY_FRAMES:
            del self._values[:-_HISTORY_FRAMES]

    @property
    def values(self) -> NDArray[np.float32]:
        """The last minutes, oldest first."""
        return np.array(self._values[-_HISTORY_FRAMES:], dtype=np.float32)


class Screen:
    """Makes snapshots of a session; what it is told frame by frame it keeps."""

    def __init__(self, parts: Parts, controls: Controls) -> None:
        self._parts, self._controls = parts, controls
        self._traces = Traces(parts.stream.n_channels, parts.stream.sfreq)
        self._history = IndexHistory()
        self._frame: Frame | None = None

    def push(self, frames: Sequence[Frame]) -> None:
        """Take the frames just made, at least one."""
        self._frame = frames[-1]
        for frame in frames:
            self._history.push(frame.mwi)
        self._traces.push(self._parts.engine.recent_filtered)

    def snapshot(
        self,
        *,
        n_received: int,
        n_lost: int,
        lost_s: float,
        message: str,
        valid_fraction: float,
        question: Question | None,
        n_probes: int,
        model: str,
    ) -> Snapshot:
        """Put together what a screen needs to know now."""
        parts, controls, frame, sfreq = self._parts, self._controls, self._frame, self._parts.stream.sfreq
        phase_end, sitting_end = parts.keeper.ends
        return Snapshot(
            status="running",
            message=message,
            stream=parts.stream,
            phase=parts.keeper.phase,
            elapsed_s=n_received / sfreq,
            remaining_s=max(0.0, (sitting_end - n_received) / sfreq),
            phase_remaining_s=max(0.0, (phase_end - n_received) / sfreq),
            signal_lost_s=lost_s,
            frame=frame,
            contacts=frame.contacts if frame else (),
            traces=self._traces.points,
            traces_s=self._traces.seconds,
            recent=self._traces.recent,
            columns=parts.engine.columns,
            index_history=self._history.values,
            index_name=parts.index_name,
            loss_rate=n_lost / n_received if n_received else 0.0,
            latency_ms=frame.latency_ms if frame else float("nan"),
            valid_fraction=valid_fraction,
            sound=parts.sink.description,
            recording=parts.writer.raw,
            question=question,
            n_probes=n_probes,
            paused=controls.paused,
            volume_db=controls.volume_db,
            muted=controls.muted,
            target_rate=controls.target_rate,
            tone_depth=controls.tone_depth,
            baseline=controls.baseline,
            model=model,
            may_go_on=parts.keeper.may_go_on,
        )
